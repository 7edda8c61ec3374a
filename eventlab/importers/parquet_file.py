"""Parquet, whose columns have types already; NULL, also as a field of a structure, is a missing value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from eventlab.errors import UnreadableFile
from eventlab.importers.files import File
from eventlab.store.columns_in import require_distinct
from eventlab.store.sqltext import quoted
from eventlab.store.staged_table import Column

if TYPE_CHECKING:
    import duckdb

MOST_DIGITS = 38
"""DuckDB 2.0 makes floats of decimals that have more."""


class ParquetFile(File):
    """Typed columns."""

    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads all columns as they are."""
        schema = iter(con.execute(_SCHEMA.format(self.sql_path)).fetchall())
        _, columns, _ = next(schema)
        self.roles.require_in(self._members(columns, schema))
        return f"from {self.scan('read_parquet')}"

    def _members(
        self, count: int, schema: Iterator[tuple[str, int, int]], group: str = ""
    ) -> list[str]:
        """Return the names in a group, or refuse what DuckDB would rename or round in it, at any depth.

        A schema is a tree: behind each member stand those of its own.
        """
        names = []
        for name, own, digits in islice(schema, count):
            names.append(name and group + name)
            if digits > MOST_DIGITS:
                raise UnreadableFile.long_decimals(self.path, names[-1], digits, MOST_DIGITS)
            self._members(own, schema, f"{names[-1]}.")
        return require_distinct(names)

    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the columns with their types."""
        described = con.execute(f"describe {staged}").fetchall()
        return {name: _column(quoted(name), sql_type) for name, sql_type, *_ in described}


def _column(cell: str, sql_type: str) -> Column:
    if sql_type == "VARIANT":
        return Column("JSON", f"{cell}::json")
    return Column(sql_type, cell)


_SCHEMA = """
select name, coalesce(num_children, 0), coalesce(precision, 0) from parquet_schema({})
"""
