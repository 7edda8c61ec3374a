"""States of projections written down, so that folding can go on from them.

What `Snapshots` and `ReadModel` share: which columns a state is kept in, and how it is read back exactly.
"""
