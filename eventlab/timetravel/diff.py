"""What changed between two moments, field by field, and the event that did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab.equality import same
from eventlab.frames import places, taken, values
from eventlab.timetravel.causes import NO_CAUSES, Cells
from eventlab.timetravel.names import ENDED

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
    cells, found = both.changed()
    since = before.end if before.begins(after) else 0
    position, kind = projection.causes(after, since, cells) if len(cells) else NO_CAUSES
    named = both.named(cells, found, projection.key_names)
    return named.assign(position=position, type=kind).astype(COLUMNS)


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

    def changed(self) -> tuple[Cells, pd.DataFrame]:
        """Return the cells that differ, by key and then field: which they are, and a row for each."""
        parts = [self._of(field) for field in self._fields]
        rows = np.concatenate([row for row, _, _ in parts]) if parts else np.array([], "int64")
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        fields = np.repeat(np.arange(len(parts)), [len(row) for row, _, _ in parts])[order]
        gone = np.where(self._is[rows] < 0, len(parts), fields)
        return Cells(self.keys, rows, [*self._fields, ENDED], gone), pd.DataFrame(
            {
                "field": _each(self._fields, fields),
                "before": _together([found for _, found, _ in parts], order),
                "after": _together([found for _, _, found in parts], order),
                "change": self._change(rows),
            }
        )

    def named(self, cells: Cells, found: pd.DataFrame, key_names: Sequence[str]) -> pd.DataFrame:
        """Return cells with the columns of their key before them."""
        return found.set_axis(self.keys.take(cells.rows)).reset_index(names=_key_columns(key_names))

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
    found: Any = column.astype(object).to_numpy(copy=True)
    found[column.isna()] = None
    return found


def _together(parts: list[Any], order: Any) -> Any:
    return np.concatenate(parts)[order] if parts else np.array([], object)
