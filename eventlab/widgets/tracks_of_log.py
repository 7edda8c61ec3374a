"""The tracks under the slider of a log that is too long to be read: DuckDB counts, and picks some times.

On an axis of time the stops between those that were picked stand in proportion.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from eventlab.widgets.axis import Axis, Scale, scale
from eventlab.widgets.longlog import LongLog
from eventlab.widgets.reading import thinned
from eventlab.widgets.stops import moment_at
from eventlab.widgets.strip import BINS, Lane, bin_of, bins_for, gathered, track
from eventlab.widgets.ticks import timed
from eventlab.widgets.tracks import Marks, marks_at, part_of, told

PICKED = 1000
"""Stops whose time is read."""

LOOKED_INTO = 16
"""The longest pauses between these, which are looked into for the pause that no event interrupts."""


class OfLog:
    """The tracks of a long log; those of a clock are worked out when they are asked for."""

    def __init__(self, log: LongLog, marks: Marks) -> None:
        self._long, self._marks = log, marks

    def on(self, axis: Axis, stops: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the track of an axis as JSON has it; of a log thinned to some stops, with those."""
        last = self._long.total
        if axis == "position" or not last:
            marks = marks_at(self._marks, self._step_at, lambda step: bin_of(step, last))
            return told(track([*marks, *lanes_of_long(self._long.log, last)], bins_for(last)))
        steps = list(stops) if stops is not None else thinned(last, PICKED)
        times = self._times(steps[1:], axis)
        on = self._scale(times, axis)
        marks = marks_at(self._marks, self._step_at, lambda step: self._part(step, axis, on))
        drawn = track([*marks, *lanes_in_time(self._long.log, axis, on)], BINS)
        places = [0.0, *on.place(times)]
        return told(timed(drawn, axis, on), steps if stops is None else range(len(steps)), places)

    def ready(self, axis: Axis) -> Iterable[Axis]:
        """Return the axis, and that of positions."""
        return dict.fromkeys(("position", axis))

    def _step_at(self, position: int) -> int:
        return bisect_right(self._long.positions, position)

    def _part(self, step: int, axis: Axis, on: Scale) -> int:
        return part_of(on.place(self._times([step], axis)[0])) if step else 0

    def _times(self, steps: Sequence[int], axis: Axis) -> list[int]:
        """Return the times of the events behind some steps, in microseconds."""
        found = self._long.log.select(
            f"select epoch_us({axis}_at) from events "
            "where position in (select unnest($el_picked::bigint[])) order by position",
            {"el_picked": [self._long.position(step) for step in steps]},
        )
        return [time for (time,) in found.fetchall()]

    def _scale(self, picked: Sequence[int], axis: Axis) -> Scale:
        """Return the scale of all times, out of those picked and the longest pauses between them."""
        ends = f"select epoch_us(min({axis}_at)), epoch_us(max({axis}_at)) from events"
        known = sorted({*picked, *self._long.log.select(ends).fetchall()[0]})
        wide = sorted(pairwise(known), key=lambda pause: pause[0] - pause[1])[:LOOKED_INTO]
        return scale([*known, *(edge for pause in wide for edge in self._longest(*pause, axis))])

    def _longest(self, low: int, high: int, axis: Axis) -> tuple[int, ...]:
        """Return the longest pause between two times of events."""
        found = self._long.log.select(
            "select low, high from (select lag(time) over (order by time) as low, time as high from "
            f"(select distinct epoch_us({axis}_at) as time from events "
            f"where {axis}_at between $el_low and $el_high)) "
            "where low is not null order by high - low desc limit 1",
            {"el_low": moment_at(low), "el_high": moment_at(high)},
        )
        return tuple(edge for pause in found.fetchall() for edge in pause)


def lanes_of_long(log: Any, total: int) -> list[Lane]:
    """Return the lanes of events that stand equally far apart."""
    first = log.head - total + 1
    has_gaps = bool(
        log.select(
            "select 1 from events where position < $el_first limit 1", {"el_first": first}
        ).fetchall()
    )
    step = "row_number() over (order by position) - 1" if has_gaps else "position - $el_first"
    rows = log.select(
        f"select type, step * {bins_for(total):d} // {total:d} as part, count(*) "
        f"from (select type, {step} as step from events) group by all order by all",
        {} if has_gaps else {"el_first": first},
    )
    return gathered(rows.fetchall())


def lanes_in_time(log: Any, axis: Axis, on: Scale) -> list[Lane]:
    """Return the lanes of events that stand where their times do."""
    place, params = _place_in_sql(on)
    rows = log.select(
        f"select type, floor(({place}) * {BINS:d} + 0.5)::integer - 1 as part, count(*) "
        f"from (select type, epoch_us({axis}_at) as time from events) group by all order by all",
        params,
    )
    return gathered(rows.fetchall())


def _place_in_sql(on: Scale) -> tuple[str, dict[str, float]]:
    """Return the way from a time to its place: in proportion between any two knots of the scale."""
    if len(on.times) < 2:
        return "1.0", {}
    params: dict[str, float] = {}
    cases = []
    for n, ((low, high), (start, end)) in enumerate(
        zip(pairwise(on.times), pairwise(on.places), strict=True)
    ):
        params |= {f"el_low_{n}": low, f"el_high_{n}": high, f"el_start_{n}": start}
        params[f"el_slope_{n}"] = (end - start) / (high - low)
        cases.append(
            f"when time <= $el_high_{n} then $el_start_{n} + (time - $el_low_{n}) * $el_slope_{n}"
        )
    return f"case {' '.join(cases)} else 1.0 end", params
