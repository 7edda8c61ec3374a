"""Partial aggregates: what a part of a log contributes to a state, so that parts can be put together.

Each verb of a column is a small monoid: what events contribute (``of_events``), how two contributions
merge, and the value in the end. State at a position is then the merger of a state before it with the
events between, which is what snapshots and panels live on. Exact in the order of positions only; as
ever, the last digit of a sum of floats depends on the order of adding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import pandas as pd

from eventlab import frames
from eventlab.columns import Column
from eventlab.projection_sql import Bind, Bound, Query
from eventlab.store.sqltext import literal, quoted

if TYPE_CHECKING:
    from eventlab.store.log import Log


class Monoid(NamedTuple):
    """A verb in three steps of SQL; ``{0}`` and ``{1}`` are its parts, ``{value}`` a contribution."""

    of_events: tuple[str, ...]
    merged: tuple[str, ...]
    final: str


_POSITION = "{bound}(position) filter (where {value} is not null)"

MONOIDS = {
    "total": Monoid(("sum({value})",), ("sum({0})",), "coalesce({0}, 0)"),
    "count": Monoid(("count({value})",), ("sum({0})::bigint",), "coalesce({0}, 0)"),
    "first": Monoid(
        ("arg_min({value}, position)", _POSITION.format(bound="min", value="{value}")),
        ("arg_min({0}, {1})", "min({1})"),
        "{0}",
    ),
    "last": Monoid(
        ("arg_max({value}, position)", _POSITION.format(bound="max", value="{value}")),
        ("arg_max({0}, {1})", "max({1})"),
        "{0}",
    ),
    "least": Monoid(("min({value})",), ("min({0})",), "{0}"),
    "greatest": Monoid(("max({value})",), ("max({0})",), "{0}"),
    "distinct": Monoid(
        ("list(distinct {value}) filter (where {value} is not null)",),
        ("list_distinct(flatten(list({0}) filter (where {0} is not null)))",),
        "coalesce(len({0}), 0)",
    ),
}


@dataclass(frozen=True)
class Parts:
    """The partial aggregates of a projection as SQL, one row per key: keys, parts, ``position``."""

    query: Query

    @property
    def keys(self) -> list[str]:
        """The columns of the key."""
        return self.query.keys

    @property
    def columns(self) -> list[str]:
        """All columns of a row."""
        return [*self.keys, *(name for names in self._names() for name in names), "position"]

    def of_events(self) -> str:
        """Return what ``events`` contribute, for each key that lives after them."""
        parts = [
            f"{sql.format(value=quoted(name))} as {part}"
            for (name, column), names in zip(self.query.columns, self._names(), strict=True)
            for sql, part in zip(MONOIDS[column.verb].of_events, names, strict=True)
        ]
        return self.query.grouped(parts)

    def ended(self) -> str:
        """Return the keys of ``events`` whose life ended in them: what came before counts no more."""
        return self.query.endings()

    def merged(self, *rows: str) -> str:
        """Return rows of parts put together, given as SQL that selects the columns."""
        parts = [
            f"{sql.format(*names)} as {part}"
            for (_, column), names in zip(self.query.columns, self._names(), strict=True)
            for sql, part in zip(MONOIDS[column.verb].merged, names, strict=True)
        ]
        keys = ", ".join(self.keys)
        together = " union all ".join(rows)
        return (
            f"select {keys}, {', '.join(parts)}, max(position) as position "
            f"from ({together}) group by {keys}"
        )

    def continued(self, before: str) -> str:
        """Return the parts of ``before`` and ``events`` together, what ended in them left out."""
        keys, columns = ", ".join(self.keys), ", ".join(self.columns)
        kept = f"select {columns} from ({before})"
        if self.query.ends_with:
            kept += f" anti join ({self.ended()}) as ended using ({keys})"
        return self.merged(kept, f"select {columns} from ({self.of_events()})")

    def final(self, rows: str, order: str = "", limit: str = "") -> str:
        """Return rows of parts as a state: the keys as they are named, the fields, ``position``."""
        fields = [
            f"{MONOIDS[column.verb].final.format(*names)} as {quoted(name)}"
            for (name, column), names in zip(self.query.columns, self._names(), strict=True)
        ]
        keys, names = ", ".join(self.keys), ""
        if self.keys == ["stream_no"]:
            keys, names = "names.stream as key", "join main.streams as names using (stream_no)"
        return (
            f"select {keys}, {', '.join(fields)}, position from ({rows}) as parts {names} "
            f"order by {order or self._order()} {limit}"
        )

    def _order(self) -> str:
        return "key" if self.keys == ["stream_no"] else ", ".join(self.keys)

    def _names(self) -> Iterator[tuple[str, ...]]:
        for at, (_, column) in enumerate(self.query.columns):
            yield tuple(f"part_{at}_{number}" for number in range(_size(column)))


def _size(column: Column) -> int:
    return len(MONOIDS[column.verb].of_events)


class Carried:
    """The partial aggregates of a growing part of a log, in a temporary table of a connection.

    Leaving the ``with`` block drops it. The parts of the log are added in the order of their positions.
    """

    def __init__(self, log: Log, query: Callable[[Bind], Query]) -> None:
        self._log, self._query = log, query
        self._table: str | None = None

    def __enter__(self) -> Self:
        self._con = self._log.cursor()
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()  # temporary tables go with their connection

    def add(self, part: Log) -> None:
        """Add what the events of a part contribute."""
        bound = Bound()
        parts = Parts(self._query(bound).by_number())
        columns = ", ".join(parts.columns)
        rows = parts.of_events()
        if self._table is not None:
            rows = parts.continued(f"select {columns} from temp.{self._table}")
        following = "el_even" if self._table != "el_even" else "el_odd"
        query, cut = part.query(f"select {columns} from ({rows})")
        self._con.execute(
            f"create or replace temp table {following} as {query}", {**cut, **bound.params}
        )
        self._table = following

    def state(self) -> pd.DataFrame:
        """Return the state so far: the keys, the fields, ``position``."""
        parts = Parts(self._query(literal).by_number())
        return frames.query(self._con, parts.final(f"from temp.{self._table}"))
