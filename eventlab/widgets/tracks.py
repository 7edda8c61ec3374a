"""What lies under the slider, by which axis: the lanes of events and marks, and where every stop stands.

By position all stops are equally far apart. By a clock they stand where their times do, on a scale that
draws long idle pauses narrow. Here all stops were read; `tracks_of_log` answers alike for a log that is
too long for that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from eventlab.widgets.axis import AXES, Axis, scale
from eventlab.widgets.scenes import Reading
from eventlab.widgets.stops import microseconds, numbers
from eventlab.widgets.strip import (
    BINS,
    Lane,
    Track,
    bin_of,
    bins_for,
    lanes,
    marked,
    track,
)
from eventlab.widgets.ticks import timed

FINE = 10_000
"""In so many parts of the track a browser is told where the stops stand."""

Marks = Mapping[str, Sequence[int]]
"""Positions, by what they stand for."""


class Tracks(Protocol):
    """What a time machine asks of what lies under its slider."""

    def on(self, axis: Axis, stops: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the track of an axis as JSON has it; of a log thinned to some stops, those."""

    def ready(self, axis: Axis) -> Iterable[Axis]:
        """Return the axes whose tracks may be had when that of one is: they take no time."""


class OfReading:
    """The tracks of stops that were all read."""

    def __init__(self, reading: Reading, marks: Marks) -> None:
        self._reading, self._marks = reading, marks
        self._positions = [event.position for event in reading.events]

    def on(self, axis: Axis, stops: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the track of an axis as JSON has it."""
        types = [event.type for event in self._reading.events]
        if axis == "position":
            last = len(types)
            marks = marks_at(self._marks, self._step_at, lambda step: bin_of(step, last))
            return told(track([*marks, *lanes(types)], bins_for(last)))
        times = [microseconds(getattr(event, f"{axis}_at")) for event in self._reading.events]
        on = scale(times)
        places = [0.0, *on.place(times)]
        marks = marks_at(self._marks, self._step_at, lambda step: part_of(places[step]))
        drawn = track([*marks, *lanes(types, list(map(part_of, places[1:])))], BINS)
        return told(timed(drawn, axis, on), range(len(places)), places)

    def ready(self, axis: Axis) -> Iterable[Axis]:
        """Return all axes."""
        return AXES

    def _step_at(self, position: int) -> int:
        return bisect_right(self._positions, position)


def part_of(place: float) -> int:
    """Return the part of the track whose bar stands at a place."""
    return int(float(place) * BINS + 0.5) - 1


def told(
    drawn: Track, steps: Sequence[int] | None = None, places: Sequence[float] = ()
) -> dict[str, Any]:
    """Return a track as JSON has it; where stops are not equally far apart, with the places of some."""
    shown = drawn._asdict()
    if steps is None:
        return shown
    fine = [round(float(place) * FINE) for place in places]
    return {**shown, "steps": numbers(steps), "places": numbers(fine)}


def marks_at(marks: Marks, step_at: Callable[[int], int], part: Callable[[int], int]) -> list[Lane]:
    """Return the lanes of marks, given how a position becomes a step, and a step a part of the track."""
    return [marked(name, [part(step_at(at)) for at in places]) for name, places in marks.items()]
