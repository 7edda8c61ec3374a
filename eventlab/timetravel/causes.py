"""Which event did what `diff` found: for each changed cell its position and its type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab.frames import places
from eventlab.timetravel.names import ENDED
from eventlab.timetravel.told import one_each

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Cells:
    """Fields of keys: for each the place of its key, and which of a few names it has.

    One of the names stands for the ending of a key's life, `ENDED`.
    """

    keys: pd.Index[Any]
    rows: Array
    names: list[str]
    numbers: Array

    def __len__(self) -> int:
        return len(self.rows)

    def by_name(self) -> Iterator[tuple[str, Array]]:
        """Yield the names that there are cells of, and which these are."""
        for number, name in enumerate(self.names):
            if len(chosen := np.flatnonzero(self.numbers == number)):
                yield name, chosen


Causes = tuple["pd.Series[Any]", "pd.Series[Any]"]
"""Positions and types of events, missing where there is none."""

NO_CAUSES: Causes = pd.Series(dtype="Int64"), pd.Series(dtype="str")


def causes_by_marks(projection: TimeTravel, log: Log, since: int, cells: Cells) -> Causes:
    """Return the events behind cells as the marks of all keys tell them."""
    positions = _positions(projection, log, since, cells)
    return positions, types_of(log, positions)


def _positions(projection: TimeTravel, log: Log, since: int, cells: Cells) -> pd.Series[Any]:
    found = np.full(len(cells), np.nan)  # a double holds any position that is met
    fields = [name for name, _ in cells.by_name() if name != ENDED]
    if not (fields or projection.ends_with):
        return pd.Series(found).astype("Int64")
    marks = projection.marks(log, since, fields)
    where = places(marks.index, cells.keys)[cells.rows]
    for name, chosen in cells.by_name():
        column = marks[name].to_numpy("float64", na_value=np.nan)
        found[chosen] = np.append(column, np.nan)[where[chosen]]
    return pd.Series(found).astype("Int64")


def types_of(log: Log, positions: pd.Series[Any]) -> pd.Series[Any]:
    """Return the types of the events at some positions; several may share one."""
    wanted = positions.dropna().drop_duplicates().astype("int64")
    found = log.frame_beside(
        f"select position, type from events semi join el_beside using (position) order by {log.order_by}",
        pd.DataFrame({"position": wanted}),
    )
    return positions.map(one_each(found).set_index("position")["type"])
