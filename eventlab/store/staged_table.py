"""A file as a table that SQL can read: copied once into a database of its own, then taken in slices.

A file has no rows to point at, and its types are known only at its end. So one statement stages it in a
temporary DuckDB file, where a range of rows is found at once whatever its place. Memory stays flat; the disk
that holds temporary files (``TMPDIR``) needs about a third of the file's size. What a format means is not
known here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import duckdb
from tqdm.auto import tqdm

from eventlab.errors import ImportFailed
from eventlab.store.columns_in import ROW
from eventlab.store.sqltext import literal, quoted


class Column(NamedTuple):
    """A column of the table: its SQL type, and how SQL takes it from the staged file."""

    sql_type: str
    cell: str


class Source(Protocol):
    """A file of some format."""

    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads all of the file."""

    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the columns that the staged file has, or refuse it."""

    def refusal(self, reason: str) -> ImportFailed:
        """Return the error that says what DuckDB found wrong with the file."""


class StagedTable:
    """A file on its way into a store; leaving the ``with`` block removes the copy."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._columns: dict[str, Column] = {}
        self._rows = 0

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="eventlab_")
        self._alias = quoted(Path(self._folder.name).name)
        self._staged = f"{self._alias}.main.staged"
        self._con: duckdb.DuckDBPyConnection | None = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._con is not None:
                self._con.execute(f"detach {self._alias}")
        finally:
            self._folder.cleanup()

    @property
    def rows(self) -> int:
        """How many rows were staged."""
        return self._rows

    def columns(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Stage the file and return the SQL type of every column."""
        con.execute(
            f"attach {literal(str(Path(self._folder.name, 'staged.duckdb')))} as {self._alias}"
        )
        self._con = con
        con.execute(_MEASURED)
        try:
            _run(con, f"create table {self._staged} as {self._source.query(con)}")
        except duckdb.Error as error:
            raise self._source.refusal(str(error)) from error
        [(self._rows,)] = con.execute(f"select count(*) from {self._staged}").fetchall()
        self._columns = self._source.columns(con, self._staged)
        return {name: column.sql_type for name, column in self._columns.items()}

    def slice(self, con: duckdb.DuckDBPyConnection, start: int, stop: int) -> str:
        """Return these rows; DuckDB finds a range of rowids without reading the others."""
        cells = ", ".join(f"{column.cell} as {quoted(n)}" for n, column in self._columns.items())
        return (
            f"(select {cells}, rowid + 1 as {ROW} from {self._staged} "
            f"where rowid >= {start} and rowid < {stop})"
        )


# DuckDB measures how far a statement is only where it may show a bar; ours is shown instead.
_MEASURED = "set enable_progress_bar = true; set enable_progress_bar_print = false"


def _run(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement that may take long, and show how far it is."""
    with ThreadPoolExecutor(1) as pool, tqdm(total=100, unit="%", desc="read", delay=2) as progress:
        running = pool.submit(con.execute, statement)
        try:
            while not running.done():
                _show(progress, con)
                wait([running], timeout=0.1)
        except BaseException:
            con.interrupt()
            raise
        running.result()


def _show(progress: tqdm, con: duckdb.DuckDBPyConnection) -> None:
    progress.update(max(0, int(con.query_progress()) - progress.n))
