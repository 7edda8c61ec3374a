"""``python -m eventlab``: the same as the command ``eventlab``."""

import sys

from eventlab.command import main

if __name__ == "__main__":
    sys.exit(main())
