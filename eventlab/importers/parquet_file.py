"""Parquet, whose columns have types already; NULL, also inside a structure, is a missing cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventlab.errors import UnreadableFile
from eventlab.importers.files import File
from eventlab.store.columns_in import require_distinct
from eventlab.store.sqltext import quoted
from eventlab.store.staged_table import Column

if TYPE_CHECKING:
    import duckdb


class ParquetFile(File):
    """Typed columns."""

    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads all columns as they are."""
        read = f"from {self.scan('read_parquet')}"
        names = [name for name, *_ in con.execute(f"describe {read}").fetchall()]
        self._require_own(names, con)
        self.roles.require_in(require_distinct(names))
        return read

    def _require_own(self, names: list[str], con: duckdb.DuckDBPyConnection) -> None:
        """Refuse columns that differ only in capitals: DuckDB renames the second."""
        schema = f"parquet_schema({self.sql_path})"
        own = {name for (name,) in con.execute(f"select name from {schema}").fetchall()}
        for renamed in set(names) - own:
            raise UnreadableFile.same_name(self.path, renamed.rpartition("_")[0])

    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the columns with their types."""
        described = con.execute(f"describe {staged}").fetchall()
        return {name: _column(quoted(name), sql_type) for name, sql_type, *_ in described}


def _column(cell: str, sql_type: str) -> Column:
    if sql_type == "VARIANT":
        return Column("JSON", f"{cell}::json")
    return Column(sql_type, cell)
