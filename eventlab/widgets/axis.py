"""Where on the track a time lies, when ten idle months must not eat it.

The track is 1 wide. Step 0 stands at 0; times follow in proportion, but for the longest idle pauses,
which are all drawn equally narrow, with a mark and a text that says how long they were. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np

from eventlab.errors import TimeMachineError

Axis: TypeAlias = Literal["position", "recorded", "occurred"]

AXES: tuple[Axis, ...] = ("position", "recorded", "occurred")
"""By what the track is divided: equally between the events, or by one of the two clocks."""

LEAD = 0.02
"""Where the first event stands: before it lies the past before all events."""

GAP = 0.03
"""How wide an idle pause is drawn."""

MOST_GAPS = 8
"""Idle pauses that are drawn narrow."""

_UNITS = {
    "year": 365.2425 * 86_400,
    "month": 30.436875 * 86_400,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
"""Seconds of each."""


def require_axis(axis: object) -> Axis:
    """Return an axis, or refuse what is none."""
    found = next((known for known in AXES if known == axis), None)
    if found is None:
        raise TimeMachineError.no_such_axis(axis, AXES)
    return found


@dataclass(frozen=True)
class Gap:
    """An idle pause: from where to where on the track, and its length in words."""

    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Scale:
    """The way from times, in microseconds, to places; in proportion between any two of its knots."""

    times: list[int]
    places: list[float]
    gaps: list[Gap]

    def place(self, times: Any) -> Any:
        """Return the places of some times."""
        return np.interp(times, self.times, self.places)


def scale(times: Sequence[int]) -> Scale:
    """Return the scale on which times lie, whatever their order.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> found = scale([0, day, 2 * day, 302 * day, 303 * day])
    >>> found.gaps[0].words, found.place([0, 2 * day, 302 * day, 303 * day]).round(3).tolist()
    ('10 months', [0.02, 0.653, 0.683, 1.0])
    """
    there = sorted(set(times))
    if len(there) < 2:
        return Scale([0], [1.0], [])
    idle = idle_pauses(there)
    knots = sorted({there[0], there[-1], *(edge for pause in idle for edge in pause)})
    widths = _widths(knots, idle)
    places = [LEAD, *(LEAD + np.cumsum(widths)).tolist()]
    places[-1] = 1.0
    gaps = [
        Gap(low, high, duration(end - start))
        for (start, end), (low, high) in zip(pairwise(knots), pairwise(places), strict=True)
        if (start, end) in idle
    ]
    return Scale(knots, places, gaps)


def idle_pauses(times: Sequence[int]) -> set[tuple[int, int]]:
    """Return the pauses that would eat the track, given sorted times: the longest first, eight at most.

    A pause is idle when it is more than ten times as long as the usual one, and takes more than a
    twentieth of what is left without the longer ones.
    """
    pauses = sorted(pairwise(times), key=lambda pause: pause[0] - pause[1])
    usual = _length(
        pauses[len(pauses) // 2]
    )  # of an even number the shorter of the two in the middle
    left = times[-1] - times[0]
    idle: set[tuple[int, int]] = set()
    for pause in pauses[:MOST_GAPS]:
        if _length(pause) <= 10 * usual or _length(pause) * 20 <= left:
            break
        idle.add(pause)
        left -= _length(pause)
    return idle


def duration(microseconds: int) -> str:
    """Return a length of time in the largest unit of which there are two.

    >>> duration(300 * 86_400_000_000), duration(30 * 3_600_000_000), duration(1_000_000)
    ('10 months', '30 hours', '1 second')
    """
    seconds = microseconds / 1_000_000
    for unit, length in _UNITS.items():
        if (count := seconds / length) >= 1.95:
            return f"{count:.0f} {unit}s"
    return "1 second" if seconds >= 0.5 else "less than a second"


def _length(pause: tuple[int, int]) -> int:
    return pause[1] - pause[0]


def _widths(knots: list[int], idle: set[tuple[int, int]]) -> list[float]:
    """Return how wide the part between each two knots is: an idle one as a gap, others in proportion."""
    parts = list(pairwise(knots))
    busy = sum(_length(part) for part in parts if part not in idle)
    room = 1 - LEAD - GAP * len(idle)
    return [GAP if part in idle else room * _length(part) / busy for part in parts]
