"""Which moments the slider stops at, and what the events between them did.

Reads a log and a projection once, into a `Reading`. A projection that knows its ``changes`` is asked
for them one single time; any other function log → DataFrame is called at every stop and neighbouring
answers are compared. Knows nothing of how a scene looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd

from eventlab.errors import FoldFailed, TimeMachineError
from eventlab.event import RecordedEvent
from eventlab.widgets.scenes import Key, Reading, Row, Touch
from eventlab.widgets.values import known, same

MOST_STEPS = 3000
"""Stops by default; one day of New York flights has 2,515 events."""

MOST_CALLS = 500
"""Stops by default where a function is called at each of them."""


MOMENT = ("position", "version", "type", "occurred_at", "recorded_at")
"""The columns of changes that say which event a row stands for."""


class Log(Protocol):
    """What a time machine asks of a log."""

    def __iter__(self) -> Iterator[RecordedEvent]: ...
    def __len__(self) -> int: ...
    def positions(self) -> Sequence[int]:
        """Return the positions of its events, each once, in fold order."""

    @property
    def has_parts(self) -> bool:
        """Whether events may share a position."""

    def until(self, *, position: int) -> Log:
        """Return the log up to a position."""

    def up_to(self, event: RecordedEvent) -> Log:
        """Return the log up to one of its events, in fold order."""


Projection: TypeAlias = Callable[[Any], pd.DataFrame]
"""A `Fold`, a `Projection`, or any function log → DataFrame with one row per key."""


def read(
    log: Log, projection: Projection, key: Any = None, max_steps: int | None = None
) -> Reading:
    """Return what the events of a log did to a projection, at no more than `max_steps` stops.

    With a `key`, only events that touch it are stops. An empty log has one step, the empty past.

    Raises
    ------
    TimeMachineError
        When the log is no log, the projection no projection, or no event ever touched the key.
    """
    _require_log(log)
    _require_projection(projection)
    if hasattr(projection, "changes"):
        return _read_changes(log, projection, key, max_steps or MOST_STEPS)
    return _read_frames(log, projection, key, max_steps or MOST_CALLS)


def frame(log: Log, projection: Projection, reading: Reading, step: int) -> pd.DataFrame:
    """Return the state at a step as the projection gives it: of the reading's key, or of all keys."""
    part = about(log, projection, reading.key)
    state = projection(part.up_to(reading.events[step - 1]) if step else part.until(position=0))
    return state if reading.key is None else state[state.index.isin([_index_of(reading.key)])]


def about(log: Log, projection: Any, key: tuple[Any, ...] | None) -> Log:
    """Return the part of a log that can touch a key; without a key, or where none can tell, all of it."""
    if key is None or not hasattr(projection, "about"):
        return log
    part: Log = projection.about(log, _index_of(key))
    return part


def _index_of(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else key


def thinned(total: int, most: int) -> list[int]:
    """Return 0 and at most `most` numbers from 1 to `total`, evenly spread, both ends kept; of one the last.

    Examples
    --------
    >>> thinned(3, 10), thinned(10, 4), thinned(10, 1)
    ([0, 1, 2, 3], [0, 1, 4, 7, 10], [0, 10])
    """
    first = 1 if most > 1 else total
    return [0, *np.linspace(first, total, min(total, most)).round().astype(int).tolist()]


def _read_changes(log: Log, projection: Any, key: Any, max_steps: int) -> Reading:
    changes, failed = as_far_as_it_goes(log, lambda part: _changes(part, projection, key))
    key_names = list(projection.key_names)
    fields = [name for name in changes.columns if name not in {*key_names, *MOMENT, "alive"}]
    if key is not None and failed is None:
        _require_touched(projection, log, key, changes)
    part = about(log, projection, None if key is None else parts_of(key))
    touching = None if key is None else _touching(part, projection, changes, failed)
    numbers = thinned(_stops_of(log) if touching is None else len(touching), max_steps)
    positions, events = _walk(part, numbers, touching)
    stops = positions if touching is None else touching
    return Reading(
        name=str(projection.name),
        key_names=key_names,
        fields=fields,
        key=None if key is None else parts_of(key),
        total=len(stops),
        numbers=numbers,
        events=events,
        touches=list(_touches(changes, key_names, fields, stops, numbers)),
        in_order=positions == sorted(positions),
        replayed=len(positions),
        errors={} if failed is None else failures(events, failed),
    )


def as_far_as_it_goes(
    log: Any, ask: Callable[[Any], pd.DataFrame]
) -> tuple[pd.DataFrame, FoldFailed | None]:
    """Return what a projection says of a log, up to the event at which it fails, and that failure.

    In order of occurrence no position says how far that is; there the failure is raised.
    """
    try:
        return ask(log), None
    except FoldFailed as failed:
        if log.cut.by_occurrence:
            raise
        return ask(log.until(position=failed.position - 1)), failed


def failures(events: list[RecordedEvent], failed: FoldFailed) -> dict[int, str]:
    """Return for each step from a failure on what went wrong: no state is known from there."""
    steps = enumerate(events, start=1)
    return {step: str(failed) for step, event in steps if event.position >= failed.position}


def _changes(log: Log, projection: Any, key: Any) -> pd.DataFrame:
    found: pd.DataFrame = projection.changes(log) if key is None else projection.changes(log, key)
    return found


def _touching(
    part: Log, projection: Any, changes: pd.DataFrame, failed: FoldFailed | None
) -> list[int]:
    """Return the positions of the events that touch a key; behind a failure, of all that may."""
    there = changes["position"].tolist()
    if failed is not None:
        rest = [event.position for event in part if event.position >= failed.position]
        there += rest if projection.by_stream else rest[:1]
    return list(dict.fromkeys(there))


def _walk(
    log: Log, numbers: list[int], touching: list[int] | None = None
) -> tuple[list[int], list[RecordedEvent]]:
    """Return the positions of all events in fold order, and the events that are stops."""
    stops = set(numbers if touching is None else (touching[n - 1] for n in numbers[1:]))
    positions: list[int] = []
    events: list[RecordedEvent] = []
    for number, event in enumerate(_last_of_position(log), start=1):
        positions.append(event.position)
        if (number if touching is None else event.position) in stops:
            events.append(event)
    return positions, events


def _stops_of(log: Log) -> int:
    return len(log.positions()) if log.has_parts else len(log)


def _last_of_position(log: Log) -> Iterator[RecordedEvent]:
    """Yield the last event of each position: upcasters may have made several events of one."""
    for _, events in groupby(log, key=attrgetter("position")):
        *_, last = events
        yield last


def _touches(
    changes: pd.DataFrame,
    key_names: list[str],
    fields: list[str],
    stops: list[int],
    numbers: list[int],
) -> Iterator[Touch]:
    number = pd.Series(range(1, len(stops) + 1), index=stops, dtype="int64")
    at = np.searchsorted(numbers, number.loc[changes["position"]])
    if len(numbers) <= len(
        stops
    ):  # thinned: of what a key went through between two stops, the last
        last = ~changes[key_names].assign(_step=at).duplicated(keep="last")
        changes, at = changes[last], at[last]
    yield from touches_of(changes, at.tolist(), key_names, fields)


def touches_of(
    changes: pd.DataFrame, steps: list[int], key_names: list[str], fields: list[str]
) -> Iterator[Touch]:
    """Yield what each row of changes did, given the step it belongs to."""
    keys = zip(*(values_of(changes[name]) for name in key_names), strict=True)
    rows = zip(*(values_of(changes[name]) for name in fields), strict=True)
    for step, key, row, alive in zip(steps, keys, rows, changes["alive"].tolist(), strict=True):
        yield Touch(step, key, row if alive else None)


def values_of(column: pd.Series[Any]) -> list[Any]:
    """Return a column as plain Python, None where a value is missing."""
    return [known(value) for value in column.tolist()]


def _read_frames(log: Log, function: Projection, key: Any, max_steps: int) -> Reading:
    numbers = thinned(_stops_of(log), max_steps)
    positions, events = _walk(log, numbers)
    _require_position_order(positions)
    frames, errors = _answers(function, log, [0, *(event.position for event in events)])
    columns = dict.fromkeys(str(name) for frame in frames for name in frame)
    fields = [name for name in columns if name != "position"]
    reading = Reading(
        name=_name(function),
        key_names=[str(name or "key") for name in frames[-1].index.names],
        fields=fields,
        key=None if key is None else parts_of(key),
        total=len(positions),
        numbers=numbers,
        events=events,
        touches=list(_differences([_rows(frame, fields, key) for frame in frames])),
        replayed=sum(numbers),
        errors=errors,
    )
    if key is not None and events and reading.key not in reading.keys:
        raise TimeMachineError.unknown_key(reading.name, key, {k for f in frames for k in f.index})
    return reading


def _name(function: Any) -> str:
    name = getattr(function, "name", None) or getattr(function, "__name__", "")
    return name if name and name != "<lambda>" else "state"


def _answers(
    function: Projection, log: Log, cuts: list[int]
) -> tuple[list[pd.DataFrame], dict[int, str]]:
    """Return a frame for each cut: where the function fails the one before, and what went wrong."""
    frames: list[pd.DataFrame] = []
    errors: dict[int, str] = {}
    for step, cut in enumerate(cuts):
        try:
            frames.append(_answer(function, log, cut))
        except TimeMachineError:
            raise
        except Exception as error:  # the author's code may fail in any way, and the slider goes on
            if not frames:
                raise
            frames.append(frames[-1])
            errors[step] = (
                f"{_name(function)} failed at position {cut}: {type(error).__name__}: {error}"
            )
    return frames, errors


def _answer(function: Projection, log: Log, position: int) -> pd.DataFrame:
    answer = function(log.until(position=position))
    if not isinstance(answer, pd.DataFrame):
        raise TimeMachineError.not_a_frame(function, answer)
    if not answer.index.is_unique:
        raise TimeMachineError.repeated_key(function, answer.index[answer.index.duplicated()][0])
    named = answer.rename(columns=str)
    if not named.columns.is_unique:
        raise TimeMachineError.repeated_column(
            function, named.columns[named.columns.duplicated()][0]
        )
    return named


def _rows(frame: pd.DataFrame, fields: list[str], key: Any) -> dict[Key, Row]:
    keys = map(parts_of, frame.index.tolist())
    absent = [None] * len(frame)
    columns = [values_of(frame[name]) if name in frame else absent for name in fields]
    rows = zip(*columns, strict=True) if columns else ((),) * len(frame)
    return {k: row for k, row in zip(keys, rows, strict=True) if key is None or k == parts_of(key)}


def _differences(states: list[dict[Key, Row]]) -> Iterator[Touch]:
    before: dict[Key, Row] = {}
    for step, state in enumerate(states):
        yield from (Touch(step, key, None) for key in before if key not in state)
        for key, row in state.items():
            if key not in before or not same(before[key], row):
                yield Touch(step, key, row)
        before = state


def parts_of(key: Any) -> Key:
    """Return a label of a frame's index as a key: always a tuple."""
    return key if isinstance(key, tuple) else (key,)


def _require_log(log: Any) -> None:
    if not (hasattr(log, "until") and hasattr(log, "__iter__") and hasattr(log, "__len__")):
        raise TimeMachineError.not_a_log(log)


def _require_projection(projection: Any) -> None:
    if not callable(projection):
        raise TimeMachineError.not_a_projection(projection)


def _require_position_order(positions: list[int]) -> None:
    if positions != sorted(positions):
        raise TimeMachineError.not_in_position_order()


def _require_touched(projection: Any, log: Log, key: Any, changes: pd.DataFrame) -> None:
    if changes.empty and len(log):
        others = projection.changes(log)[list(projection.key_names)]
        found = others.drop_duplicates().itertuples(index=False, name=None)
        raise TimeMachineError.unknown_key(str(projection.name), key, found)
