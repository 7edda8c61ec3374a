"""What was known then: past state joined onto rows that carry a time and a key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.checks import is_text
from eventlab.errors import InvalidQuestion, MissingColumn
from eventlab.timetravel.past import NEVER, Past, numbers

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

LAST_MOMENT = "9999-12-31T23:59:59.999999"

CLOCKS = {"recorded": "recorded_at", "occurred": "occurred_at", "position": "position"}

Names = str | Sequence[str]


def asof(
    projection: TimeTravel,
    log: Log,
    frame: pd.DataFrame,
    on: Names,
    key: Names,
    by: Names,
    prefix: str,
) -> pd.DataFrame:
    """Return the frame with the state of each row's key at its time, as `TimeTravel.asof` says."""
    clocks, times, keys = _clocks(by), _listed("on", on), _listed("key", key)
    if len(times) != len(clocks):
        raise InvalidQuestion.on_each_clock(on, by)
    projection.require_key(tuple(keys) if len(keys) > 1 else keys[0])
    _require_columns(frame, times, keys)
    _require_keys(frame[keys])
    if not is_text(prefix):
        raise InvalidQuestion.no_prefix(prefix)
    readings = {
        clock: _readings(frame[name], clock) for clock, name in zip(clocks, times, strict=True)
    }
    found = _states(projection, _about(projection, log, frame[keys]), frame[keys], readings)
    return _joined(frame, found, prefix)


def _clocks(by: Names) -> list[str]:
    named = _listed("by", by)
    two = len(named) == 2 and "occurred" in named
    if (
        not set(named) <= set(CLOCKS)
        or len(set(named)) != len(named)
        or not (two or len(named) == 1)
    ):
        raise InvalidQuestion.clock("asof", by)
    return [CLOCKS[name] for name in named]


def _listed(role: str, names: Any) -> list[str]:
    several = [names] if isinstance(names, str) else names
    listed = list(several) if isinstance(several, Iterable) else []
    if not listed or not all(map(_can_be_known, listed)):
        raise InvalidQuestion.no_names(role, names)
    return listed


def _require_columns(frame: Any, times: list[str], keys: list[str]) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise InvalidQuestion.no_rows(frame)
    for role, names in (("on", times), ("key", keys)):
        for name in names:
            if name not in frame:
                raise MissingColumn(role, name, map(str, frame.columns))
            if isinstance(frame[name], pd.DataFrame):
                raise InvalidQuestion.columns_of_one_name("the frame given to asof()", name)


def _require_keys(keys: pd.DataFrame) -> None:
    for name, column in keys.items():
        found = column.items() if column.dtype == object else ()
        wrong = [(row, key) for row, key in found if not _can_be_known(key)]
        if wrong:
            raise InvalidQuestion.no_key(str(name), *wrong[0])


def _can_be_known(found: Any) -> bool:
    """Tell whether there can be a key, or a column, of this name: a list is none."""
    try:
        hash(found)
    except TypeError:
        return False
    return True


def _readings(column: pd.Series[Any], clock: str) -> Any:
    """Return a column as values of a clock: whole numbers of microseconds, or positions."""
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise InvalidQuestion.missing_time(str(column.name), column.index[gaps].tolist()[0])
    return numbers(_positions(column) if clock == "position" else _times(column))


def _positions(column: pd.Series[Any]) -> pd.Series[Any]:
    of_numbers = column.dtype.kind in "iuf" and bool((column == column // 1).all())
    if len(column) and not of_numbers:
        raise InvalidQuestion.not_positions(str(column.name), column.dtype)
    return column.astype("int64")


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of times or texts as times in UTC, each text read for itself.

    Left to guess, pandas 3 takes the first text's form for all, and 01/02 for the second of January.
    """
    if len(column) and pd.api.types.is_numeric_dtype(column.dtype):
        raise InvalidQuestion.not_a_time(str(column.name), column.dtype)
    times = pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce")
    wrong = times.isna().to_numpy()
    if wrong.any():
        raise InvalidQuestion.unreadable_time(str(column.name), column[wrong].iloc[0])
    return times


def _about(projection: TimeTravel, log: Log, keys: pd.DataFrame) -> Log:
    """Return the part of the log that can touch a key of the frame."""
    if not projection.by_stream:
        return log
    streams = [name for name in keys.iloc[:, 0].unique().tolist() if isinstance(name, str)]
    return log.stream(*streams) if streams else log.until(position=0)


def _states(
    projection: TimeTravel, log: Log, keys: pd.DataFrame, readings: dict[str, Any]
) -> pd.DataFrame:
    """Return for each row the state of its key when the clocks read so: missing where there is none."""
    if "occurred_at" in readings:
        log = log.until(occurred=LAST_MOMENT)
    past = Past.of(projection, log, keys)
    if log.cut.by_occurrence and set(readings) != {"occurred_at"}:
        happened = readings.pop("occurred_at", np.full(len(keys), NEVER))
        [(clock, known)] = readings.items()
        return _known_and_happened(projection, log, keys, past, clock, known, happened)
    [(clock, values)] = readings.items()
    return past.states(past.latest(past.reading(clock), values))


def _known_and_happened(
    projection: TimeTravel,
    log: Log,
    keys: pd.DataFrame,
    past: Past,
    clock: str,
    known: Any,
    happened: Any,
) -> pd.DataFrame:
    """Fold once for all rows, and again for those between whose events one was recorded late.

    Such an event changes every state behind it in order of occurrence, so there is no single fold whose
    parts would answer: it takes one for each past that was known, of the keys concerned.
    """
    places, sure = past.known(clock, known, happened)
    if sure.all():
        return past.states(places)
    order = log.frame("select position, recorded_at from events order by position")
    heads = np.searchsorted(numbers(order[clock]), known, side="right")
    parts = [past.states(places[sure]).set_axis(np.flatnonzero(sure))] if sure.any() else []
    late = np.unique(heads[~sure])
    for head in tqdm(late, desc="asof", unit=" pasts", delay=2, leave=False):
        rows = np.flatnonzero((heads == head) & ~sure)
        cut = log.until(position=int(order["position"].iloc[head - 1]))
        anew = Past.of(projection, _about(projection, cut, keys.iloc[rows]), keys.iloc[rows])
        found = anew.states(anew.latest(anew.reading("occurred_at"), happened[rows]))
        parts.append(found.set_axis(rows))
    return _together(parts)


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return parts as one frame; a field that was nothing in one of them has its type from the others."""
    found = pd.concat(parts).sort_index()
    untyped = [name for name in found if found[name].dtype == object]
    return found.assign(
        **{str(name): frames.column(frames.values(found[name])).array for name in untyped}
    )


def _joined(frame: pd.DataFrame, found: pd.DataFrame, prefix: str) -> pd.DataFrame:
    found = found.add_prefix(prefix).set_axis(frame.index)
    twice = [str(name) for name in found if name in frame]
    if twice:
        raise InvalidQuestion.clash(twice)
    return pd.concat([frame, found], axis="columns")
