"""The DuckDB database behind a store: files, locks, threads and transactions.

DuckDB lets one process open a file for writing, and any number of that process's threads, each through
a cursor of its own. This module turns its refusals into plain sentences and knows nothing of events.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from eventlab.errors import NotAStore, StoreError, StoreLocked


class Database:
    """An open DuckDB database that hands every caller a cursor of its own."""

    def __init__(self, path: Path | None, *, read_only: bool) -> None:
        self.path, self.read_only = path, read_only
        self._connection: duckdb.DuckDBPyConnection | None = _connect(path, read_only)
        self._idle: list[duckdb.DuckDBPyConnection] = []

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the same database; it costs 4 µs."""
        if self._connection is None:
            raise StoreError(f"the store {self} is closed: open it again with EventStore(…).")
        return self._connection.cursor()

    @contextmanager
    def borrowed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection that nobody else uses meanwhile, and keep it for the next.

        DuckDB 2.0 takes 4 µs to make one and 5 ms to let go of one that has read from a large table.
        """
        con = self._idle.pop() if self._idle else self.cursor()
        yield con
        # Only after success: a connection that failed may have a result that nobody fetched.
        if not self.closed:
            self._idle.append(con)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._connection is None

    def close(self) -> None:
        """Write everything to the file and release it; closing twice is harmless."""
        if self._connection is not None:
            while self._idle:
                self._idle.pop().close()
            self._connection.close()
            self._connection = None

    def __str__(self) -> str:
        return repr(str(self.path)) if self.path else "in memory"


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection, mode: str = "") -> Iterator[None]:
    """Commit what the block did, or roll all of it back."""
    con.execute(f"begin transaction {mode}")
    try:
        yield
        con.execute("commit")
    except BaseException:
        _roll_back(con)
        raise


@contextmanager
def reading(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Hold one moment of the database for the block; DuckDB refuses every write in it."""
    with transaction(con, "read only"):
        yield


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    # A failed commit has rolled back already, and so has a connection that is closed.
    with suppress(duckdb.TransactionException, duckdb.ConnectionException):
        con.execute("rollback")


def _connect(path: Path | None, read_only: bool) -> duckdb.DuckDBPyConnection:
    if path is None:
        return duckdb.connect(":memory:")
    _require_place(path, read_only)
    try:
        _require_duckdb_file(path)
        # Resolved, for to DuckDB a name such as "md:cards" or ":memory:cards" is no file.
        return duckdb.connect(path.resolve(), read_only=read_only)
    except (duckdb.IOException, OSError) as error:
        raise _plain_sentence(path, str(error)) from error
    except duckdb.ConnectionException as error:
        raise StoreLocked(path, f"this one, process {os.getpid()}, in the other mode") from error


def _require_place(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{str(path)!r} is a folder: give the path of a file inside it.")
    if read_only and not path.exists():
        raise StoreError(
            f"{str(path)!r} does not exist, so there is nothing to read: "
            "check the path, or leave out read_only=True to make a new store."
        )
    if not path.parent.is_dir():
        raise StoreError(f"the folder {str(path.parent)!r} does not exist: make it first.")


def _require_duckdb_file(path: Path) -> None:
    """Look before DuckDB does: for a file of SQLite it would fetch an extension from the network."""
    if not path.exists():
        return
    with path.open("rb") as file:
        if file.read(12)[8:] != b"DUCK":
            raise NotAStore(path, "it is no DuckDB file")


def _plain_sentence(path: Path, reason: str) -> StoreError:
    holder = re.search(r"held in (?P<program>\S*) ?\(PID (?P<pid>\d+)\)", reason)
    if holder:
        return StoreLocked(
            path, f"process {holder['pid']}, {holder['program'] or 'unknown program'}"
        )
    if "lock" in reason.lower():
        return StoreLocked(path, "its number is not known")
    return StoreError(f"{str(path)!r} could not be opened: {reason}")
