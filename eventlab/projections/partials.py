"""Partial aggregates: what a part of a log contributes to a state, so that the next part can be added.

Each verb of a column says in three pieces of SQL what events contribute, how a later contribution is added to
an earlier one, and what the value is in the end. State at a position is then a state before it and the
events between, which is what snapshots and panels live on. Exact in the order of positions only; as
ever, the last digit of a sum of floats depends on the order of adding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pandas as pd

from eventlab import frames
from eventlab.frames import Families
from eventlab.projections.columns import Column
from eventlab.projections.sql import Bind, Bound, Query
from eventlab.statements import execute
from eventlab.store.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from eventlab.store.log import Log


class Monoid(NamedTuple):
    """A verb in three pieces of SQL: over contributions, over an earlier and a later part, over a part."""

    of_events: str
    added: str
    final: str = "{part}"


MONOIDS = {
    "total": Monoid(
        "sum({value})",
        "coalesce({early} + {late}, {early}, {late})",
        "coalesce({part}, 0)",
    ),
    "count": Monoid("count({value})", "coalesce({early}, 0) + coalesce({late}, 0)"),
    "first": Monoid("arg_min({value}, {order})", "coalesce({early}, {late})"),
    "last": Monoid("arg_max({value}, {order})", "coalesce({late}, {early})"),
    # Not least() and greatest(): given a VARIANT 1 and 2^60, DuckDB 2.0 says that 2^60 is the least.
    "least": Monoid(
        "min({value})", "case when {late} < {early} then {late} else coalesce({early}, {late}) end"
    ),
    "greatest": Monoid(
        "max({value})", "case when {late} > {early} then {late} else coalesce({early}, {late}) end"
    ),
    "distinct": Monoid(
        "list(distinct {value}) filter (where {value} is not null)",
        "list_distinct(list_concat({early}, {late}))",
        "coalesce(len({part}), 0)",
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
        return [*self.keys, *self._names, "position"]

    def of_events(self) -> str:
        """Return what ``events`` contribute, for each key that lives after them."""
        return self.query.grouped([f"{sql} as {part}" for part, sql in self._of_events().items()])

    def continued(self, before: str) -> str:
        """Return the parts of ``before`` with those of ``events`` added; what ended in them starts afresh."""
        keys = ", ".join(self.keys)
        added = [f"{sql} as {part}" for part, sql in self.added().items()]
        return (
            f"select {keys}, {', '.join(added)}, coalesce(late.position, early.position) as position "
            f"from ({self._living(before)}) as early full join ({self.of_events()}) as late using ({keys})"
        )

    def onward(self, position: str, before: str = "") -> str:
        """Return each key as it was at a position, then as each later event left it, if it lives then.

        ``before`` are the parts of events that are not among ``events``. The columns are those of a state,
        and ``alive``.
        """
        early, late = (self._only(f"position {sign} {position}") for sign in ("<=", ">"))
        known = early.continued(before) if before else early.of_events()
        added = ", ".join(f"{sql} as {part}" for part, sql in self.added().items())
        keys, parts = ", ".join(self.keys), ", ".join(self._names)
        followed = (
            f"with early as materialized (select *, 0 as _life, 0 as el_part from ({known}))\n"
            f"select {keys}, {parts}, position, el_part, true as alive from early union all\n"
            f"select {keys}, {added}, late.position, late.el_part, alive\n"
            f"from ({late._running()}) as late left join early using ({keys}, _life)"
        )
        fields = ", ".join(self.final("case when alive then {value} end"))
        return (
            f"select {keys}, {fields}, position, alive\n"
            f"from ({followed}) as onward order by position, el_part"
        )

    def later(self, before: str) -> str:
        """Return what each of ``events`` made of the keys it touched: the fields, ``position``, ``alive``.

        ``before`` are the parts of the events before these.
        """
        added = ", ".join(f"{sql} as {part}" for part, sql in self.added().items())
        keys = ", ".join(self.keys)
        rows = (
            f"select {keys}, {added}, late.position, late.el_part, alive from ({self._running()}) as late "
            f"left join (select *, 0 as _life from ({before})) as early using ({keys}, _life)"
        )
        fields = ", ".join(self.final("case when alive then {value} end"))
        return f"select {fields}, position, alive from ({rows}) as later order by position, el_part, {keys}"

    def added(self, early: str = "early.{part}") -> dict[str, str]:
        """Return for each part how that of ``late`` is added to an earlier one."""
        return {
            part: monoid.added.format(early=early.format(part=part), late=f"late.{part}")
            for _, monoid, part in self._columns()
        }

    def late(self) -> str:
        """Return what ``events`` contribute, and whether their keys ended in them before.

        A key that ended and did not come back has no position.
        """
        if not self.query.ends_with:
            return f"select *, false as afresh from ({self.of_events()})"
        return (
            f"select {', '.join(self.columns)}, _ended is not null as afresh from ({self.of_events()}) "
            f"full join ({self.query.endings()}) as ended using ({', '.join(self.keys)})"
        )

    def final(self, shown: str = "{value}") -> list[str]:
        """Return the fields as SQL over a row of parts."""
        return [
            f"{shown.format(value=monoid.final.format(part=part))} as {quoted(name)}"
            for (name, _), monoid, part in self._columns()
        ]

    def _of_events(self) -> dict[str, str]:
        return {
            part: monoid.of_events.format(value=quoted(name), order=self.query.order_key)
            for (name, _), monoid, part in self._columns()
        }

    def _running(self) -> str:
        """Return what ``events`` up to each one contribute to the life of a key, and which life it is."""
        life = "_life" if self.query.ends_with else "0 as _life"
        place = "el_part" if self.query.parts else "0 as el_part"
        parts = [f"{sql} over life as {part}" for part, sql in self._of_events().items()]
        return self.query.running(["position", place, life, self.query.alive, *parts])

    def _only(self, condition: str) -> Parts:
        return replace(self, query=replace(self.query, only=condition))

    def _living(self, before: str) -> str:
        if not self.query.ends_with:
            return before
        ended = self.query.endings()
        return (
            f"select * from ({before}) anti join ({ended}) as ended using ({', '.join(self.keys)})"
        )

    def state(
        self,
        log: Log,
        con: duckdb.DuckDBPyConnection,
        rows: str,
        params: Mapping[str, Any],
        newest: int | None = None,
        families: Families | None = None,
        *,
        many: bool = False,
    ) -> pd.DataFrame:
        """Return rows of parts as a state: the keys as they are named, the fields, ``position``.

        They are sorted by key, or only the newest are left, the newest first. The families of its columns
        depend on the types of the parts alone.
        """
        state = frames.query(con, self._final(rows, newest), params, families, many=many)
        if not self.query.is_by_number:
            return state
        state = log.named(state)
        return state if newest is None else state.sort_values("position", ascending=False)

    def families(
        self, con: duckdb.DuckDBPyConnection, rows: str, params: Mapping[str, Any]
    ) -> Families:
        """Return the families of the state's columns."""
        return frames.described(con, self._final(rows), params)

    def _final(self, rows: str, newest: int | None = None) -> str:
        keys = ", ".join(self.keys)
        order = f"order by {keys}" if not self.query.is_by_number else ""
        if newest is not None:
            order = f"order by position desc, {keys} limit {newest:d}"
        return f"select {keys}, {', '.join(self.final())}, position from ({rows}) as parts {order}"

    @property
    def _names(self) -> list[str]:
        return [f"part_{at}" for at, _ in enumerate(self.query.columns)]

    def _columns(self) -> Iterator[tuple[tuple[str, Column], Monoid, str]]:
        monoids = [MONOIDS[column.verb] for _, column in self.query.columns]
        return zip(self.query.columns, monoids, self._names, strict=True)


class Carried:
    """The partial aggregates of a growing part of a log, in a temporary table of a connection.

    Leaving the ``with`` block drops it. The parts of the log are added in the order of their positions.
    """

    def __init__(self, log: Log, query: Callable[[Bind, Log], Query]) -> None:
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
        parts = Parts(self._query(bound, part).by_number())
        columns = ", ".join(parts.columns)
        rows = parts.of_events()
        if self._table is not None:
            rows = parts.continued(f"select {columns} from temp.{self._table}")
        following = "el_even" if self._table != "el_even" else "el_odd"
        query, cut = part.query(f"select {columns} from ({rows})")
        execute(
            self._con,
            f"create or replace temp table {following} as {query}",
            {**cut, **bound.params},
        )
        self._table = following

    def changes(self, part: Log) -> pd.DataFrame:
        """Return what the events of a part that is not yet added make of the fields and keys they touch."""
        bound = Bound()
        parts = Parts(self._query(bound, part).by_number())
        columns = ", ".join(parts.columns)
        before = f"select {columns} from temp.{self._table}"
        if self._table is None:
            before = f"select {columns} from ({parts.of_events()}) limit 0"
        query, cut = part.query(parts.later(before))
        return frames.query(self._con, query, {**cut, **bound.params})

    def state(self) -> pd.DataFrame:
        """Return the state so far: the keys, the fields, ``position``."""
        parts = Parts(self._query(literal, self._log).by_number())
        many = self._log.may_be_long(self._con)
        return parts.state(self._log, self._con, f"from temp.{self._table}", {}, many=many)
