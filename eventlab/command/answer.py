"""What a subcommand gives back: the text to print, how it went, and what is still to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

FINE, FOUND, REFUSED = 0, 1, 2


class Answer(NamedTuple):
    """A text for the reader, and the exit code.

    ``FINE`` is 0; ``FOUND`` (1) says that something was wrong with what was looked at; ``REFUSED`` (2) that
    nothing could be looked at, as argparse says it of a wrong option. What is to run ``then``, once the text
    is printed, gives the exit code itself.
    """

    text: str
    code: int = FINE
    then: Callable[[], int] | None = None
