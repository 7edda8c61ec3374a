"""The family all errors belong to, and how they quote what was found."""

from __future__ import annotations


class EventLabError(Exception):
    """The family: catch it to catch everything eventlab raises on purpose."""


def short(value: object) -> str:
    """Return how a value reads, shortened where it is long."""
    return shortened(repr(value))


def shortened(text: str) -> str:
    """Return the beginning of a long text."""
    return text if len(text) <= 200 else f"{text[:200]}…"
