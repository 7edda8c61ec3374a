"""Where snapshots lie in the file: a list of what there is, and a table of rows for each rule.

A snapshot is a cache and nothing else: any of this may be dropped, and no answer changes. The tables are
made when the first snapshot is taken. What a row means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import duckdb

from eventlab.statements import execute
from eventlab.store.database import has_table, transaction

TABLES = """
create table if not exists snapshot_rules (
    rule       integer primary key,
    name       varchar not null,
    version    bigint not null,
    definition varchar not null,
    types      varchar not null,
    unique (name, version, definition, types)
);

create table if not exists snapshots (
    rule     integer not null,
    position bigint not null,
    rows     bigint not null,
    digest   varchar not null,
    primary key (rule, position)
);
"""


class Rule(NamedTuple):
    """What snapshots are kept under: another definition, or other types, are another rule."""

    name: str
    version: int
    definition: str
    types: str


class Kept(NamedTuple):
    """One snapshot: where it was taken, and what its rows must come to."""

    position: int
    rows: int
    digest: str


class SnapshotTable:
    """The snapshots of one rule in one database, on a connection of the caller's."""

    def __init__(self, number: int, columns: Sequence[str]) -> None:
        self.number, self.columns = number, list(columns)

    @classmethod
    def find(
        cls, con: duckdb.DuckDBPyConnection, rule: Rule, columns: Sequence[str]
    ) -> SnapshotTable | None:
        """Return the table of a rule, if one was ever made."""
        if not has_table(con, "snapshot_rules"):
            return None
        found = execute(con, _FIND, list(rule)).fetchall()
        return cls(found[0][0], columns) if found else None

    @classmethod
    def make(
        cls,
        con: duckdb.DuckDBPyConnection,
        rule: Rule,
        columns: Sequence[str],
        empty: str,
        params: dict[str, Any],
    ) -> SnapshotTable:
        """Return the table of a rule; a new one has the columns and types of a query, `empty`."""
        with transaction(con):
            execute(con, TABLES)
        with transaction(con):
            table = cls.find(con, rule, columns) or cls._registered(con, rule, columns)
            execute(
                con,
                f"create table if not exists {table.name} as "
                f"select 0::bigint as snapshot, * from ({empty}) limit 0",
                params,
            )
        return table

    @classmethod
    def _registered(
        cls, con: duckdb.DuckDBPyConnection, rule: Rule, columns: Sequence[str]
    ) -> SnapshotTable:
        [(number,)] = execute(
            con, "select coalesce(max(rule), 0) + 1 from snapshot_rules"
        ).fetchall()
        execute(con, "insert into snapshot_rules values (?, ?, ?, ?, ?)", [number, *rule])
        return cls(number, columns)

    @classmethod
    def has_of_name(cls, con: duckdb.DuckDBPyConnection, name: str) -> bool:
        """Whether there are snapshots of any rule of this name."""
        if not has_table(con, "snapshot_rules"):
            return False
        query = "select 1 from snapshots join snapshot_rules using (rule) where name = ? limit 1"
        return bool(execute(con, query, [name]).fetchall())

    @property
    def name(self) -> str:
        """The table with the rows."""
        return f"snapshot_rows_{self.number}"

    def rows(self, position: str) -> str:
        """Return the SELECT for the rows of one snapshot, whose position is a parameter of this name."""
        return f"select {', '.join(self.columns)} from {self.name} where snapshot = {position}"

    def kept(self, con: duckdb.DuckDBPyConnection) -> list[Kept]:
        """Return all snapshots, the first one first."""
        found = execute(
            con,
            "select position, rows, digest from snapshots where rule = ? order by position",
            [self.number],
        )
        return [Kept(*row) for row in found.fetchall()]

    def keep(
        self, con: duckdb.DuckDBPyConnection, position: int, rows: str, params: dict[str, Any]
    ) -> Kept:
        """Take a snapshot from a SELECT of its rows, in a transaction of its own."""
        with transaction(con):
            execute(
                con,
                f"insert into {self.name} select {position:d}, {', '.join(self.columns)} from ({rows})",
                params,
            )
            kept = Kept(position, *self.measured(con, position))
            execute(con, "insert into snapshots values (?, ?, ?, ?)", [self.number, *kept])
        return kept

    def measured(self, con: duckdb.DuckDBPyConnection, position: int) -> tuple[int, str]:
        """Return how many rows a snapshot has, and a digest of them whatever their order."""
        hashed = f"hash({', '.join(self.columns)})"
        [(rows, total)] = execute(
            con,
            f"select count(*), coalesce(sum({hashed}::hugeint), 0) from {self.name} where snapshot = ?",
            [position],
        ).fetchall()
        return rows, str(total)

    def drop(self, con: duckdb.DuckDBPyConnection, positions: Iterable[int]) -> None:
        """Delete some snapshots."""
        chosen = list(positions)
        with transaction(con):
            execute(
                con,
                f"delete from {self.name} where snapshot in (select unnest(?::bigint[]))",
                [chosen],
            )
            execute(
                con,
                "delete from snapshots where rule = ? and position in (select unnest(?::bigint[]))",
                [self.number, chosen],
            )


_FIND = """
select rule from snapshot_rules
where (name, version, definition, types) = (?::varchar, ?::bigint, ?::varchar, ?::varchar)
"""
