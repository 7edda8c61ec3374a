"""When to try again: how long to wait after a failure, and the time by which that is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eventlab.store.consumer_tables import Letter

Backoff = Callable[[int], float]
"""Seconds to wait after the first, second, third … failed attempt."""


def doubling(first: float = 0.1, most: float = 30.0) -> Backoff:
    """Return a backoff that doubles, up to a limit, in seconds.

    Examples
    --------
    >>> wait = doubling(0.1, most=1)
    >>> [wait(attempt) for attempt in (1, 2, 3, 4, 5)]
    [0.1, 0.2, 0.4, 0.8, 1]
    """
    return lambda attempt: min(first * 2 ** min(attempt - 1, 60), most)


def storable(text: str) -> str:
    r"""Return a text as it can be kept: what is no valid Unicode is written out.

    Examples
    --------
    >>> storable("caf\udce9")
    'caf\\udce9'
    """
    return text.encode(errors="backslashreplace").decode()


class Timer:
    """Seconds that pass. With a `sleep` of the caller's, only what is slept passes: nothing really waits."""

    def __init__(self, sleep: Callable[[float], None] | None = None) -> None:
        self._sleep, self._slept = sleep, 0.0

    def now(self) -> float:
        """Return the seconds so far, since whenever."""
        return self._slept if self._sleep else time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let some pass."""
        (self._sleep or time.sleep)(seconds)
        self._slept += seconds

    def left_of(self, seconds: float | None) -> float | None:
        """Let some pass if a `sleep` of the caller's says how, and return what is left to really wait."""
        if seconds is None or self._sleep is None:
            return seconds
        self.sleep(seconds)
        return 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """An event that a handler failed on: how often, how, and when it may be tried again."""

    position: int
    attempts: int
    error: str
    first_failed_at: datetime
    last_failed_at: datetime
    due: float = 0.0

    @classmethod
    def after(
        cls, before: Trouble | None, position: int, error: Exception, at: datetime
    ) -> Trouble:
        """Return the trouble after one more failed attempt."""
        said = storable(f"{type(error).__name__}: {error}")
        if before is None or before.position != position:
            return cls(position, 1, said, at, at)
        return cls(position, before.attempts + 1, said, before.first_failed_at, at)

    @classmethod
    def of(cls, letter: Letter) -> Trouble | None:
        """Return the trouble that made a dead letter; None for one that only waits behind another."""
        if not letter.attempts:
            return None
        return cls(
            letter.position,
            letter.attempts,
            letter.error,
            letter.first_failed_at,
            letter.last_failed_at,
        )

    def letter(self, consumer: str, key: str) -> Letter:
        """Return what is kept when an event is given up."""
        return Letter(
            consumer,
            self.position,
            key,
            self.attempts,
            self.error,
            self.first_failed_at,
            self.last_failed_at,
        )
