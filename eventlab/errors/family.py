"""The family all errors belong to, and how they quote what was found."""

from __future__ import annotations


class EventLabError(Exception):
    """The family: catch it to catch everything eventlab raises on purpose."""


def short(value: object) -> str:
    """Return how a value reads, shortened where it is long."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
