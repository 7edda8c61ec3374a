"""Read models: projections kept as tables beside the log, one event at a time.

Writing and reading come apart here: who appends knows of no read model, and a read model is behind the log
until it catches up. Lesson 07 watches it happen.
"""

from eventlab.readmodels.readmodel import ReadModel

__all__ = ["ReadModel"]
