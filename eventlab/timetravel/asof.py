"""What was known then: past state joined onto rows that carry a time and a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.errors import InvalidQuestion, MissingColumn
from eventlab.frames import taken
from eventlab.timetravel.names import MOMENT

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
    clocks, times, keys = _clocks(by), _listed(on), _listed(key)
    if len(times) != len(clocks):
        raise InvalidQuestion.on_each_clock(on, by)
    projection.require_key(tuple(keys) if len(keys) > 1 else keys[0])
    _require_columns(frame, times, keys)
    readings = {
        clock: _readings(frame[name], clock) for clock, name in zip(clocks, times, strict=True)
    }
    found = _states(projection, _about(projection, log, frame, keys), frame[keys], readings)
    return _joined(frame, found, prefix)


def _clocks(by: Names) -> list[str]:
    named = _listed(by)
    if not set(named) <= set(CLOCKS) or len(set(named)) != len(named) or not named:
        raise InvalidQuestion.clock("asof", by)
    return [CLOCKS[name] for name in named]


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _require_columns(frame: pd.DataFrame, times: list[str], keys: list[str]) -> None:
    for role, names in (("on", times), ("key", keys)):
        for name in names:
            if name not in frame:
                raise MissingColumn(role, name, map(str, frame.columns))


def _readings(column: pd.Series[Any], clock: str) -> Any:
    """Return a column as values of a clock: whole numbers of microseconds, or positions."""
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise InvalidQuestion.missing_time(str(column.name), column.index[gaps].tolist()[0])
    if clock == "position":
        return column.to_numpy("int64")
    if pd.api.types.is_numeric_dtype(column.dtype):
        raise InvalidQuestion.not_a_time(str(column.name), column.dtype)
    return _microseconds(pd.to_datetime(column, utc=True))


def _microseconds(times: pd.Series[Any]) -> Any:
    """Return times as numbers; what is finer is cut off, so that no row sees a later event."""
    return times.dt.floor("us").astype(frames.UTC_TIME).astype("int64").to_numpy()


def _about(projection: TimeTravel, log: Log, frame: pd.DataFrame, keys: Sequence[str]) -> Log:
    """Return the part of the log that can touch a key of the frame."""
    if not projection.by_stream:
        return log
    streams = [name for name in frame[keys[0]].unique().tolist() if isinstance(name, str)]
    return log.stream(*streams) if streams else log.until(position=0)


def _states(
    projection: TimeTravel, log: Log, keys: pd.DataFrame, readings: dict[str, Any]
) -> pd.DataFrame:
    """Return for each row the state of its key when the clocks read so: missing where there is none."""
    if "occurred_at" in readings:
        log = log.until(occurred=LAST_MOMENT)
    if not log.cut.by_occurrence:
        [(clock, values)] = readings.items()
        return _latest(projection, log, keys, clock, values)
    if set(readings) == {"occurred_at"}:
        return _latest(projection, log, keys, "occurred_at", readings["occurred_at"])
    return _known_and_happened(projection, log, keys, readings)


def _known_and_happened(
    projection: TimeTravel, log: Log, keys: pd.DataFrame, readings: dict[str, Any]
) -> pd.DataFrame:
    """Fold, for every different past that was known, what had happened by then.

    An event recorded late changes every later state in order of occurrence, so there is no single fold
    whose parts would answer: it takes one for each.
    """
    order = log.frame("select position, recorded_at from events order by position")
    happened = readings.pop("occurred_at", np.full(len(keys), np.iinfo("int64").max))
    [(clock, known)] = readings.items()
    heads = np.searchsorted(_values(order[clock]), known, side="right")
    parts = []
    for head in tqdm(np.unique(heads), desc="asof", unit=" pasts", delay=2, leave=False):
        cut = log.until(position=int(order["position"].iloc[head - 1]) if head else 0)
        rows = heads == head
        parts.append(_latest(projection, cut, keys[rows], "occurred_at", happened[rows], rows))
    return pd.concat(parts).sort_index() if parts else _latest(projection, log, keys, clock, known)


def _latest(
    projection: TimeTravel, log: Log, keys: pd.DataFrame, clock: str, values: Any, rows: Any = None
) -> pd.DataFrame:
    """Return for each row the last state of its key at or before a reading of the clock of the fold."""
    changes = projection.changes(log)
    codes = _codes(changes[list(projection.key_names)], keys)
    known = pd.DataFrame(
        {
            "key": codes[: len(changes)],
            "reading": _values(changes[clock]),
            "found": range(len(changes)),
        }
    )
    asked = pd.DataFrame({"key": codes[len(changes) :], "reading": values})
    asked["row"] = np.arange(len(asked))
    met = pd.merge_asof(asked.sort_values("reading", kind="stable"), known, on="reading", by="key")
    found = met.sort_values("row")["found"].fillna(-1).to_numpy("int64")
    places = np.where(np.append(changes["alive"].to_numpy(), False)[found], found, -1)
    fields = changes.drop(columns=[*projection.key_names, *MOMENT, "alive"])
    columns = {**fields, "position": changes["position"]}
    return pd.DataFrame(
        {str(name): taken(column, places) for name, column in columns.items()}
    ).set_axis(np.arange(len(keys)) if rows is None else np.flatnonzero(rows))


def _codes(known: pd.DataFrame, asked: pd.DataFrame) -> Any:
    """Return a number for each key, the same for the same key in both frames."""
    columns = [
        [*frames.values(one), *frames.values(other)]
        for (_, one), (_, other) in zip(known.items(), asked.items(), strict=True)
    ]
    keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    numbers: dict[Any, int] = {}
    return np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), "int64", len(keys))


def _values(column: pd.Series[Any]) -> Any:
    return column.to_numpy("int64") if column.name == "position" else _microseconds(column)


def _joined(frame: pd.DataFrame, found: pd.DataFrame, prefix: str) -> pd.DataFrame:
    found = found.add_prefix(prefix).set_axis(frame.index)
    twice = [str(name) for name in found if name in frame]
    if twice:
        raise InvalidQuestion.clash(twice)
    return pd.concat([frame, found], axis="columns")
