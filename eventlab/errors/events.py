"""Events that cannot be stored as they are."""

from __future__ import annotations

from eventlab.errors.family import EventLabError


class InvalidEvent(EventLabError, ValueError):
    """An event, or one field of it, cannot be stored without altering it."""


class PayloadError(InvalidEvent):
    """A payload field holds something JSON would lose or change."""

    def __init__(self, field: str, problem: str, advice: str) -> None:
        self.field = field
        super().__init__(f"payload field {field!r} {problem}: {advice}.")
