"""What eventlab costs, each figure as a ratio within one run: `make bench`."""

import os

# The progress bars of the package would run through the table; the one over the large log asks to be seen.
os.environ.setdefault("TQDM_DISABLE", "1")
