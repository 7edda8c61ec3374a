"""Which stop is meant by a time, by a position, by "the next of its kind"; which are left by a filter.

Two that answer alike: one looks through a reading, the other asks DuckDB about a log too long to be
read. What a time means is told by a clock, that of the world (``occurred``) or that of the store
(``recorded``): the stop of the event that happened last at or before it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from operator import index
from typing import Any, Literal, Protocol, TypeAlias

from eventlab.checks import is_integer
from eventlab.errors import InvalidEvent, TimeMachineError
from eventlab.event import RecordedEvent
from eventlab.times import Moment, utc
from eventlab.widgets.chosen import Only, passes
from eventlab.widgets.longlog import LongLog, Numbers
from eventlab.widgets.scenes import Key, Reading
from eventlab.widgets.stops import KINDS, named

Clock: TypeAlias = Literal["occurred", "recorded"]

OF_CLOCK = {"occurred": "occurred_at", "recorded": "recorded_at"}
"""The part of the envelope that a clock tells."""

Steps: TypeAlias = "Sequence[int] | Numbers"
"""Steps in increasing order; of a long log these are millions."""

_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def moment_of(time: Moment, today: datetime | None) -> datetime:
    """Return the time that was meant; one without a day, such as ``"17:30"``, is of today.

    Raises
    ------
    TimeMachineError
        When it is no time.

    Examples
    --------
    >>> moment_of("17:30", datetime(2013, 1, 1, 9))
    datetime.datetime(2013, 1, 1, 17, 30)
    """
    of_day = _OF_DAY.fullmatch(time) if isinstance(time, str) else None
    try:
        if of_day is None or today is None:
            return utc(time)
        hour, minute, second = (int(part or 0) for part in of_day.groups())
        return today.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except (InvalidEvent, ValueError):
        raise TimeMachineError.no_such_time(time) from None


def require_position(position: object) -> int:
    """Return a whole number, or refuse what is none."""
    if not is_integer(position):
        raise TimeMachineError.no_place()
    return index(position)


def require_kind(of: object) -> str:
    """Return ``"type"`` or ``"key"``, or refuse what is neither."""
    if of not in ("type", "key"):
        raise TimeMachineError.no_such_kind(of)
    return str(of)


class Places(Protocol):
    """What a time machine asks when it is to go somewhere."""

    def at_time(self, moment: datetime, clock: Clock) -> int:
        """Return the step behind the event that happened last at or before a time; 0 before all."""

    def at_position(self, position: int) -> int:
        """Return the last step at or before a position."""

    def seek(self, step: int, by: int, of: str, only: Only) -> int | None:
        """Return the next step (`by` 1) or the one before (-1) of the same type or key; None if none.

        It is one of those that a filter leaves.
        """

    def left(self, only: Only) -> Steps:
        """Return the steps that a filter leaves, without step 0, which it always leaves."""

    def known(self, kind: str, names: Sequence[str]) -> set[str]:
        """Return those of some names of a kind (``types`` …) that an event has."""

    def counts(self, kind: str) -> dict[str, int]:
        """Return how many events have each name of a kind, the most frequent first."""


class InReading:
    """Stops that were all read."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def at_time(self, moment: datetime, clock: Clock) -> int:
        """Return the step behind the event that happened last at or before a time; 0 before all."""
        times = [getattr(event, OF_CLOCK[clock]) for event in self._reading.events]
        there = [(time, step) for step, time in enumerate(times, start=1) if time <= moment]
        return max(there, default=(None, 0))[1]

    def at_position(self, position: int) -> int:
        """Return the step behind the last event, by position, at or before one."""
        places = enumerate((event.position for event in self._reading.events), start=1)
        return max(((at, step) for step, at in places if at <= position), default=(0, 0))[1]

    def seek(self, step: int, by: int, of: str, only: Only) -> int | None:
        """Return the next step that way whose event has the type, or touches a key, of this one's."""
        if not step:
            return None
        wanted = self._kinds(step, of)
        onward = [other for other in self.left(only) if (other - step) * by > 0][::by]
        return next((other for other in onward if self._kinds(other, of) & wanted), None)

    def left(self, only: Only) -> Steps:
        """Return the steps that a filter leaves, without step 0, which it always leaves."""
        steps = enumerate(self._reading.events, start=1)
        return [step for step, event in steps if passes(event, only)]

    def known(self, kind: str, names: Sequence[str]) -> set[str]:
        """Return those of some names of a kind that an event has."""
        return set(names).intersection(self.counts(kind))

    def counts(self, kind: str) -> dict[str, int]:
        """Return how many events have each name of a kind, the most frequent first."""
        found = Counter(filter(None, named(self._reading.events, kind)))
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def _kinds(self, step: int, of: str) -> frozenset[Any]:
        event: RecordedEvent = self._reading.events[step - 1]
        return frozenset([event.type]) if of == "type" else self._touched.get(step, frozenset())

    @cached_property
    def _touched(self) -> dict[int, frozenset[Key]]:
        found: dict[int, set[Key]] = {}
        for step, key, _ in self._reading.touches:
            found.setdefault(step, set()).add(key)
        return {step: frozenset(keys) for step, keys in found.items()}


class InLog:
    """Stops of a long log, whose keys are its streams."""

    def __init__(self, log: LongLog) -> None:
        self._long = log
        self._counts: dict[str, dict[str, int]] = {}

    def at_time(self, moment: datetime, clock: Clock) -> int:
        """Return the step behind the event that happened last at or before a time; 0 before all."""
        time = OF_CLOCK[clock]
        found = self._long.log.select(
            f"select position from events where {time} <= $el_moment "
            f"order by {time} desc, position desc limit 1",
            {"el_moment": moment},
        ).fetchall()
        return self.at_position(found[0][0]) if found else 0

    def at_position(self, position: int) -> int:
        """Return the last step at or before a position."""
        return bisect_right(self._long.positions, position)

    def seek(self, step: int, by: int, of: str, only: Only) -> int | None:
        """Return the next step that way whose event is of the type, or the stream, of this one's."""
        if not step:
            return None
        event = self._long.event(step)
        alike = {"types": [event.type]} if of == "type" else {"streams": [event.stream]}
        part = _cut(_cut(self._long.log, only), alike)
        if by > 0:
            part, order = part.since(position=event.position + 1), "asc"
        else:
            part, order = part.until(position=event.position - 1), "desc"
        # Sorted and cut short, not min(position): so DuckDB ends where it has found one.
        found = part.select(
            f"select position from events where {_BY_ACTOR} order by position {order} limit 1",
            _actors(only),
        ).fetchall()
        return self.at_position(found[0][0]) if found else None

    def left(self, only: Only) -> Steps:
        """Return the steps that a filter leaves, without step 0, which it always leaves."""
        found = _cut(self._long.log, only).select(
            f"select position from events where {_BY_ACTOR} order by position", _actors(only)
        )
        return self._long.steps(found.fetchnumpy()["position"])

    def known(self, kind: str, names: Sequence[str]) -> set[str]:
        """Return those of some names of a kind that an event has."""
        asked = {kind: names}
        found = _cut(self._long.log, asked).select(
            f"select distinct {KINDS[kind]} from events where {_BY_ACTOR}", _actors(asked)
        )
        return {name for (name,) in found.fetchall()}

    def counts(self, kind: str) -> dict[str, int]:
        """Return how many events have each name of a kind, the most frequent first; they are counted once."""
        if kind not in self._counts:
            ranked = f"select * from ({_COUNTED[kind]}) as found(name, n) order by n desc, name"
            found = self._long.log.select(ranked).fetchall()
            self._counts[kind] = {name: count for name, count in found if name}
        return self._counts[kind]


# Streams are counted by their numbers, and named when there is one row for each.
_COUNTED = {
    "types": "select type, count(*) from events group by all",
    "streams": "select key, n from (select stream_no, count(*) as n from events group by all) "
    "join main.streams as names(stream_no, key, _category) using (stream_no)",
    "actors": "select actor, count(*) from events group by all",
}

_BY_ACTOR = "(len($el_actors::varchar[]) = 0 or actor in (select unnest($el_actors::varchar[])))"


def _actors(only: Only) -> dict[str, list[str]]:
    return {"el_actors": list(only.get("actors", ()))}


def _cut(log: Any, only: Only) -> Any:
    """Return the part of a log with the types and streams of a filter."""
    log = log.only(*only["types"]) if only.get("types") else log
    return log.stream(*only["streams"]) if only.get("streams") else log
