"""The family all errors belong to, and how they quote what was found."""

from __future__ import annotations


class EventLabError(Exception):
    """The family: catch it to catch everything eventlab raises on purpose."""


def short(value: object) -> str:
    """Return how a value reads, shortened where it is long.

    Examples
    --------
    >>> short("card-7"), short(17), short(2**20_000)[:9]
    ("'card-7'", '17', '0x1000000')
    """
    try:
        return shortened(repr(value))
    except ValueError:  # Python spells integers of more than 4,300 digits by powers of two only
        return shortened(hex(value) if isinstance(value, int) else object.__repr__(value))


def shortened(text: str) -> str:
    """Return the beginning of a long text."""
    return text if len(text) <= 200 else f"{text[:200]}…"
