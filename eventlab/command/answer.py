"""What a subcommand gives back: the text to print, and how it went."""

from __future__ import annotations

from typing import NamedTuple

FINE, FOUND, REFUSED = 0, 1, 2


class Answer(NamedTuple):
    """A text for the reader, and the exit code.

    ``FINE`` is 0; ``FOUND`` (1) says that something was wrong with what was looked at; ``REFUSED`` (2) that
    nothing could be looked at, as argparse says it of a wrong option.
    """

    text: str
    code: int = FINE
