"""State at many moments at once: for plots, tables of month ends, and models that learn from the past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.checks import is_integer
from eventlab.errors import InvalidQuestion
from eventlab.times import utc

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

AXES = ("position", "recorded", "occurred")


def panel(projection: TimeTravel, log: Log, at: Iterable[Any], by: str) -> pd.DataFrame:
    """Return the state at each of many cuts, as `TimeTravel.panel` says."""
    asked = _moments(at, by)
    cuts = sorted(set(asked))
    watched = tqdm(
        projection.states(log, cuts, by),
        total=len(cuts),
        desc=projection.name,
        unit=" cuts",
        delay=2,
        leave=False,
    )
    states = dict(zip(cuts, watched, strict=True))
    found = [states[cut] for cut in asked] or [projection(log.until(position=0))]
    rows: pd.DataFrame = pd.concat(_typed_alike(found), ignore_index=True)
    # set_index() would hash every key again.
    return rows.set_axis(_index(found, asked, by))


def _typed_alike(states: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return the states, their columns that hold nothing yet with the type that they have at other cuts."""
    known: dict[str, set[Any]] = {}
    for state in states:
        for name, column in state.items():
            if not _holds_nothing(column):
                known.setdefault(str(name), set()).add(frames.nullable(column.dtype))
    types = {name: kinds.pop() for name, kinds in known.items() if len(kinds) == 1}
    return [_typed(state, types) for state in states]


def _typed(state: pd.DataFrame, types: dict[str, Any]) -> pd.DataFrame:
    empty = [name for name in state if name in types and _holds_nothing(state[name])]
    return state.astype({name: types[name] for name in empty}) if empty else state


def _holds_nothing(column: pd.Series[Any]) -> bool:
    return column.dtype == object and bool(column.isna().all())


def parts_between(log: Log, cuts: Sequence[Any], by: str) -> Iterator[Log]:
    """Yield what of a log lies up to the first cut, then what lies from each cut to the next."""
    for low, high in pairwise([None, *cuts]):
        part = log.until(**{by: high})
        yield part if low is None else part.since(**{by: _after(low)})


def carries_on(log: Log, by: str) -> bool:
    """Whether the fold of a later cut begins with that of an earlier one."""
    return by == "occurred" or not log.cut.by_occurrence


def _after(moment: Any) -> Any:
    return moment + (1 if isinstance(moment, int) else timedelta(microseconds=1))


def _moments(at: Iterable[Any], by: str) -> list[Any]:
    if by not in AXES:
        raise InvalidQuestion.axis("panel", by, AXES)
    if isinstance(at, str) or not isinstance(at, Iterable):
        raise InvalidQuestion.no_cuts(at)
    if by == "position":
        return [_position(cut) for cut in at]
    return [utc(cut, "at") for cut in at]


def _position(cut: Any) -> int:
    if not is_integer(cut):
        raise InvalidQuestion.no_position("panel", cut)
    return index(cut)


def _index(states: list[pd.DataFrame], asked: list[Any], by: str) -> pd.MultiIndex:
    """Return (cut, key) for all rows; each different cut and key is kept once, and looked up."""
    cuts: pd.Index[Any] = pd.Index(asked, dtype="int64" if by == "position" else "datetime64[us]")
    cuts = cuts if by == "position" else pd.DatetimeIndex(cuts).tz_localize("UTC")
    moments = cuts.unique().sort_values()
    rows = [len(state) for state in states] if asked else []
    levels, codes = zip(*_parts([state.index for state in states]), strict=True)
    return pd.MultiIndex(
        levels=[moments, *levels],  # type: ignore[list-item]  # pandas-stubs asks for lists
        codes=[np.repeat(_narrow(moments.get_indexer(cuts)), rows), *codes],  # type: ignore[list-item]
        names=["cut", *states[0].index.names],
    )


def _parts(indexes: list[pd.Index[Any]]) -> Iterator[tuple[pd.Index[Any], Any]]:
    """Yield each part of the keys: its different values, and which of them stands in each row."""
    for part in range(indexes[0].nlevels):
        columns = [index.get_level_values(part) for index in indexes]
        values = columns[-1].unique()
        found = [_narrow(frames.places(values, column)) for column in columns]
        # isin() takes 0.6 s for 100,000 texts in pandas 3.1
        if strange := [c for c, at in zip(columns, found, strict=True) if (at < 0).any()]:
            for column in strange:
                values = values.union(column.unique())
            found = [_narrow(frames.places(values, column)) for column in columns]
        yield values, np.concatenate(found)


def _narrow(places: Any) -> Any:
    """Return places as pandas keeps them, for a panel of ten million rows in half the memory."""
    return places.astype("int32")
