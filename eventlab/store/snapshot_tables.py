"""Where snapshots lie in the file: a list of what there is, and a table of rows for each rule.

A snapshot is a cache and nothing else: any of this may be dropped, and no answer changes. The tables are
made when the first snapshot is taken. What a row means is not known here.

Other programs can change any of this. Lists of another shape count for none, and are made afresh by whoever
takes a snapshot; a digest is of rule and position too, so no rows of something else pass for those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import duckdb

from eventlab.statements import execute
from eventlab.store.database import transaction

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

_LISTS = [
    ("snapshot_rules", "rule", "INTEGER"),
    ("snapshot_rules", "name", "VARCHAR"),
    ("snapshot_rules", "version", "BIGINT"),
    ("snapshot_rules", "definition", "VARCHAR"),
    ("snapshot_rules", "types", "VARCHAR"),
    ("snapshots", "rule", "INTEGER"),
    ("snapshots", "position", "BIGINT"),
    ("snapshots", "rows", "BIGINT"),
    ("snapshots", "digest", "VARCHAR"),
]


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

    def __init__(self, number: int, rule: Rule, columns: Sequence[str]) -> None:
        self.number, self.rule, self.columns = number, rule, list(columns)

    @classmethod
    def find(
        cls, con: duckdb.DuckDBPyConnection, rule: Rule, columns: Sequence[str]
    ) -> SnapshotTable | None:
        """Return the table of a rule, if one was ever made."""
        return cls._listed(con, rule, columns) if _shape_of_lists(con) == _LISTS else None

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
        if cls.are_lists_damaged(con):
            with transaction(con):
                _drop(con, "snapshot_rules")
                _drop(con, "snapshots")
        with transaction(con):
            execute(con, TABLES)
        with transaction(con):
            table = cls._listed(con, rule, columns) or cls._registered(con, rule, columns)
            rows = f"select 0::bigint as snapshot, * from ({empty}) limit 0"
            if not table._is_made_as(con, rows, params):
                _drop(con, table.name)
                execute(con, f"create table {table.name} as {rows}", params)
        return table

    @classmethod
    def _listed(
        cls, con: duckdb.DuckDBPyConnection, rule: Rule, columns: Sequence[str]
    ) -> SnapshotTable | None:
        found = execute(con, _FIND, list(rule)).fetchall()
        return cls(found[0][0], rule, columns) if found else None

    @classmethod
    def _registered(
        cls, con: duckdb.DuckDBPyConnection, rule: Rule, columns: Sequence[str]
    ) -> SnapshotTable:
        [(number,)] = execute(
            con, "select coalesce(max(rule), 0) + 1 from snapshot_rules"
        ).fetchall()
        execute(con, "insert into snapshot_rules values (?, ?, ?, ?, ?)", [number, *rule])
        execute(con, "delete from snapshots where rule = ?", [number])
        table = cls(number, rule, columns)
        _drop(con, table.name)
        return table

    @classmethod
    def are_lists_damaged(cls, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether what is called like our lists is something else."""
        return _shape_of_lists(con) not in ([], _LISTS)

    @classmethod
    def has_of_name(cls, con: duckdb.DuckDBPyConnection, name: str) -> bool:
        """Whether there are snapshots of any rule of this name."""
        if _shape_of_lists(con) != _LISTS:
            return False
        query = "select 1 from snapshots join snapshot_rules using (rule) where name = ? limit 1"
        return bool(execute(con, query, [name]).fetchall())

    @property
    def name(self) -> str:
        """The table with the rows."""
        return f"snapshot_rows_{self.number}"

    def rows(self, position: str, columns: Sequence[str] = ()) -> str:
        """Return the SELECT for columns of one snapshot, whose position is a parameter of this name."""
        chosen = ", ".join(columns or self.columns)
        return f"select {chosen} from {self.name} where snapshot = {position}"

    def _is_made_as(
        self, con: duckdb.DuckDBPyConnection, rows: str, params: dict[str, Any]
    ) -> bool:
        made = [(column, kind) for _, column, kind in _shape(con, [self.name])]
        return made == [row[:2] for row in execute(con, f"describe {rows}", params).fetchall()]

    def kept(self, con: duckdb.DuckDBPyConnection) -> list[Kept]:
        """Return all snapshots, the first one first."""
        found = execute(
            con,
            "select position, rows, digest from snapshots where rule = ? and position > 0 order by position",
            [self.number],
        )
        return [Kept(*row) for row in found.fetchall()]

    def keep(
        self, con: duckdb.DuckDBPyConnection, position: int, rows: str, params: dict[str, Any]
    ) -> Kept:
        """Take a snapshot from a SELECT of its rows, in a transaction of its own.

        Sorted by key they take a quarter less room.
        """
        with transaction(con):
            execute(con, f"delete from {self.name} where snapshot = ?", [position])
            execute(
                con,
                f"insert into {self.name} select {position:d}, {', '.join(self.columns)} from ({rows}) "
                f"order by {self.columns[0]}",
                params,
            )
            kept = Kept(position, *self.measured(con, position))
            execute(con, "insert into snapshots values (?, ?, ?, ?)", [self.number, *kept])
        return kept

    def measured(self, con: duckdb.DuckDBPyConnection, position: int) -> tuple[int, str]:
        """Return how many rows a snapshot has, and a digest of them in any order, and of what it is."""
        [(rows, digest)] = execute(
            con,
            "select count(*), "
            f"hash($what, count(*), coalesce(sum(hash({', '.join(self.columns)})::hugeint), 0))::varchar "
            f"from {self.name} where snapshot = $position",
            {"what": repr((*self.rule, position)), "position": position},
        ).fetchall()
        return rows, digest

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


def _shape_of_lists(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return _shape(con, ["snapshot_rules", "snapshots"])


def _shape(con: duckdb.DuckDBPyConnection, tables: list[str]) -> list[tuple[str, ...]]:
    """Return what there is of some tables: a row for each column, or for each view."""
    return execute(con, _SHAPE, [tables]).fetchall()


def _drop(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Delete a table, or the view that stands in its place."""
    for _, what, kind in _shape(con, [name])[:1]:
        execute(con, f"drop {'view' if (what, kind) == _VIEW else 'table'} {name}")


_VIEW = ("", "view")
_SHAPE = """
with ours as (select unnest(?::varchar[]) as table_name)
select table_name, column_name, data_type from (
    select table_name, column_name, data_type, column_index from duckdb_columns()
    where database_name = current_database() and table_name in (from ours)
    and table_name in (select table_name from duckdb_tables() where database_name = current_database())
    union all
    select view_name, '', 'view', 0 from duckdb_views()
    where database_name = current_database() and view_name in (from ours)
)
order by table_name, column_index
"""
_FIND = """
select rule from snapshot_rules
where (name, version, definition, types) = (?::varchar, ?::bigint, ?::varchar, ?::varchar)
"""
