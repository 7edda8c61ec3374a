"""What changed between two moments, field by field, and the event that did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab.equality import same
from eventlab.frames import places, taken, values
from eventlab.timetravel.names import ENDED
from eventlab.timetravel.told import one_each

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

COLUMNS = {
    "field": "str",
    "before": "object",
    "after": "object",
    "change": "str",
    "position": "Int64",
    "type": "str",
}


def diff(projection: TimeTravel, before: Log, after: Log) -> pd.DataFrame:
    """Return one row per changed field, as `TimeTravel.diff` says."""
    early, late = projection(before), projection(after)
    both = _BothStates(early, late)
    rows, cells = both.changed()
    position = _positions(projection, before, after, cells, both.keys, rows)
    found = both.named(rows, cells, projection.key_names)
    return found.assign(position=position, type=_types(after, position)).astype(COLUMNS)


def diff_of_states(early: pd.DataFrame, late: pd.DataFrame) -> pd.DataFrame:
    """Return the same of two states that came from anywhere, without the events that did it."""
    both = _BothStates(early, late)
    names = [str(name or f"key_{at}") for at, name in enumerate(late.index.names, start=1)]
    found = both.named(*both.changed(), names)
    return found.astype({name: COLUMNS[name] for name in found if name in COLUMNS})


def _key_columns(key_names: Sequence[str]) -> list[str]:
    if len(key_names) == 1:
        return ["key"]
    return [f"key_{name}" if name in COLUMNS else name for name in key_names]


class _BothStates:
    """Two states, key by key and field by field."""

    def __init__(self, early: pd.DataFrame, late: pd.DataFrame) -> None:
        self._early, self._late = early, late
        same_keys = early.index.equals(late.index)
        self.keys = late.index if same_keys else early.index.union(late.index)
        self._was, self._is = (places(state.index, self.keys) for state in (early, late))
        columns = dict.fromkeys([*early.columns, *late.columns])
        self._fields = [name for name in columns if name != "position"]

    def changed(self) -> tuple[Any, pd.DataFrame]:
        """Return the cells that differ, by key and then field; and for each the place of its key."""
        parts = [self._of(field) for field in self._fields]
        rows = np.concatenate([row for row, _, _ in parts]) if parts else np.array([], "int64")
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        fields = np.repeat(np.arange(len(parts)), [len(row) for row, _, _ in parts])
        return rows, pd.DataFrame(
            {
                "field": _each(self._fields, fields[order]),
                "before": _together([found for _, found, _ in parts], order),
                "after": _together([found for _, _, found in parts], order),
                "change": self._change(rows),
            }
        )

    def named(self, rows: Any, cells: pd.DataFrame, key_names: Sequence[str]) -> pd.DataFrame:
        """Return cells with the columns of their key before them."""
        return cells.set_axis(self.keys.take(rows)).reset_index(names=_key_columns(key_names))

    def _of(self, field: str) -> tuple[Any, Any, Any]:
        early, late = (_column(state, field) for state in (self._early, self._late))
        differ = _differ(early, late, self._was, self._is)
        rows = np.flatnonzero(differ)
        return rows, *(
            _plain(taken(c, at[rows])) for c, at in ((early, self._was), (late, self._is))
        )

    def _change(self, rows: Any) -> Any:
        new, gone = self._was[rows] < 0, self._is[rows] < 0
        return _each(["appeared", "vanished", "changed"], np.select([new, gone], [0, 1], 2))


def _each(texts: list[str], numbers: Any) -> Any:
    """Return for each of many numbers one of a few texts."""
    return pd.array(texts, dtype="str").take(numbers)


def _column(state: pd.DataFrame, field: str) -> pd.Series[Any]:
    return state[field] if field in state else pd.Series([None] * len(state), dtype=object)


def _differ(early: pd.Series[Any], late: pd.Series[Any], was: Any, now: Any) -> Any:
    """Return for each key whether its cell differs, a missing key's cell being a missing value."""
    if early.dtype == object or late.dtype == object or early.dtype.kind != late.dtype.kind:
        pairs = zip(values(taken(early, was)), values(taken(late, now)), strict=True)
        return np.fromiter((not same(one, other) for one, other in pairs), bool, len(was))
    one, other = taken(early, was), taken(late, now)
    gaps = one.isna().to_numpy(), other.isna().to_numpy()
    alike = (one == other).fillna(value=False).to_numpy(bool)
    return ~np.where(gaps[0] | gaps[1], gaps[0] & gaps[1], alike)


def _plain(column: pd.Series[Any]) -> Any:
    """Return a column as an array of Python objects: integers beside texts stay integers."""
    found = np.empty(len(column), object)
    found[:] = values(column)
    return found


def _together(parts: list[Any], order: Any) -> Any:
    return np.concatenate(parts)[order] if parts else np.array([], object)


def _positions(
    projection: TimeTravel,
    before: Log,
    after: Log,
    cells: pd.DataFrame,
    keys: pd.Index[Any],
    rows: Any,
) -> pd.Series[Any]:
    """Return for each cell the position of the event that did it: for a key that went, its ending."""
    if cells.empty:
        return pd.Series(dtype="Int64")
    since = before.head if before.begins(after) else 0
    marks = projection.marks(after, since, cells["field"].unique().tolist())
    names = cells["field"].where(cells["change"] != "vanished", ENDED)
    numbers, columns = pd.factorize(names)
    found = np.column_stack([marks[name].to_numpy("float64", na_value=np.nan) for name in columns])
    found = np.vstack(
        [found, np.full((1, len(columns)), np.nan)]
    )  # for keys it does not know: row -1
    return pd.Series(found[places(marks.index, keys)[rows], numbers]).astype(
        "Int64"
    )  # a double holds any position that is met


def _types(log: Log, positions: pd.Series[Any]) -> pd.Series[Any]:
    wanted = positions.dropna().drop_duplicates().astype("int64")
    found = log.frame_beside(
        f"select position, type from events semi join el_beside using (position) order by {log.order_by}",
        pd.DataFrame({"position": wanted}),
    )
    return positions.map(one_each(found).set_index("position")["type"])
