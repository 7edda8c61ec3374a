"""The DuckDB database behind a store: connections, threads and transactions.

DuckDB lets one process open a file for writing, and any number of that process's threads, each through
a cursor of its own. This module knows nothing of events.
"""

from __future__ import annotations

import copy
import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self
from weakref import WeakSet, finalize

import duckdb

from eventlab.errors import MemoryExceeded, NotWritten, StoreError, StoreForked
from eventlab.statements import execute, raise_if_interrupted
from eventlab.store.knownstreams import KnownStreams
from eventlab.store.opening import connect
from eventlab.store.scans import Scans
from eventlab.store.sqltext import literal, quoted
from eventlab.upcasting import Chains

if TYPE_CHECKING:
    from eventlab.store.cut import Cut
    from eventlab.store.ledger import Field
    from eventlab.store.upcasted import Overlay, StillOverlay


NO_UPCASTERS = Chains()
_BUSY = 0.002  # seconds until a connection that is in use is looked at again


class Guest(Protocol):
    """Somebody who works with a database on a thread of their own."""

    def stop(self) -> None:
        """Let go of it; it is about to be closed."""


class Database:
    """An open DuckDB database that hands every caller a cursor of its own."""

    is_branch = False
    attached: Attached | None = None
    _process: int | None = None

    def __init__(
        self, path: Path | None, *, read_only: bool, memory_limit: str | None = None
    ) -> None:
        self.path, self.read_only = path, read_only
        self._process = os.getpid() if path and not read_only else None
        self._open(connect(path, read_only=read_only, memory_limit=memory_limit))

    def _open(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._branches: WeakSet[BranchDatabase] = WeakSet()
        self._guests: WeakSet[Guest] = WeakSet()
        self.plain_scans = Scans()
        self.stored_scans = Scans()  # without what the upcasters of a parent made
        self.overlay: Overlay | StillOverlay | None = None
        self._stored: Self | None = None
        self.known_streams = KnownStreams()

    def scans(self, cut: Cut) -> Scans:
        """Return how the events of a cut are read, with upcasted ones in the place of old ones."""
        if self.overlay is None:
            return self.plain_scans
        self._require_open()
        return self.overlay.over(self.plain_scans, cut)

    def scans_within(self, con: duckdb.DuckDBPyConnection, cut: Cut) -> Scans:
        """Return how they are read in an open transaction, with what it has not yet committed."""
        return self.overlay.within(con, self.plain_scans, cut) if self.overlay else self.plain_scans

    @property
    def upcasters(self) -> Chains:
        """What old events are shown with."""
        return self.overlay.chains if self.overlay else NO_UPCASTERS

    def shown_fields(self, stored: Iterable[Field], cut: Cut) -> Iterable[Field]:
        """Return the payload fields that are shown to who reads a cut, given those that are stored."""
        return self.overlay.fields(stored, cut) if self.overlay else stored

    def shown_fields_within(
        self, con: duckdb.DuckDBPyConnection, stored: Iterable[Field], cut: Cut
    ) -> Iterable[Field]:
        """Return the same in an open transaction, with what it has not yet committed."""
        return self.overlay.fields_within(con, stored, cut) if self.overlay else stored

    def as_stored(self) -> Self:
        """Return the same open database without upcasters."""
        if self.overlay is None:
            return self
        if self._stored is None:
            self._stored = copy.copy(self)
            self._stored.overlay = None
        return self._stored

    def still(self, cut: Cut) -> Self:
        """Return the same open database with the upcasted events of a cut as of now, and none that follow.

        To be taken before a moment is held: one that began earlier would not see what these were made of.
        """
        if self.overlay is None:
            return self
        self._require_open()
        made = copy.copy(self)
        made.overlay = self.overlay.still(self.plain_scans, cut)
        return made

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the same database; it costs 4 µs."""
        return self._require_open().cursor()

    def _require_ours(self) -> None:
        if self._process not in (None, os.getpid()):
            raise StoreForked(self.path, self._process)

    def _require_open(self) -> duckdb.DuckDBPyConnection:
        self._require_ours()
        if self._connection is None:
            raise StoreError(self._is_closed())
        return self._connection

    def branch(self) -> BranchDatabase:
        """Return an empty database in memory that can read this one, and is closed with it."""
        made = BranchDatabase(self.cursor(), self)
        self._branches.add(made)
        return made

    def catalog(self) -> str:
        """Return the name of this database in a query that reads several, quoted."""
        [(name,)] = self.cursor().execute("select current_database()").fetchall()
        return quoted(name)

    @contextmanager
    def borrowed(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a connection that nobody else uses meanwhile, and keep it for the next.

        DuckDB 2.0 takes 4 µs to make one and 5 ms to let go of one that has read from a large table.
        """
        self._require_ours()
        try:
            con = self._idle.pop()
        except IndexError:
            con = self.cursor()
        try:
            yield con
        except duckdb.Error as error:
            if self.closed:
                raise StoreError(self._is_closed()) from error
            if isinstance(error, duckdb.OutOfMemoryException):
                raise MemoryExceeded(str(error)) from error
            raise
        except RuntimeError as error:
            raise_if_interrupted(error)
            raise
        # Only after success: a connection that failed may have a result that nobody fetched.
        if not self.closed:
            self._idle.append(con)

    def before_close(self, guest: Guest) -> None:
        """Have somebody stop before this is closed, for as long as they live."""
        self._guests.add(guest)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._connection is None

    def close(self) -> None:
        """Write everything to the file and release it; closing twice is harmless.

        What other threads are in the middle of is waited for, be it only an abandoned read.
        """
        if self._connection is not None:
            for guest in list(self._guests):
                guest.stop()
            for branch in list(self._branches):
                branch.close()
            if self.overlay:
                self.overlay.close()
            while self._idle:
                self._idle.pop().close()
            self._let_go(self._connection)
            self._connection = None
            if self._stored is not None:
                self._stored._connection = None

    def _let_go(self, connection: duckdb.DuckDBPyConnection) -> None:
        _close_when_free(connection)

    def _is_closed(self) -> str:
        return f"the store {self} is closed: open it again with EventStore(…)."

    def _spoken(self) -> str:
        return repr(str(self.path)) if self.path else "a store in memory"

    def __str__(self) -> str:
        return repr(str(self.path)) if self.path else "in memory"


_branch_numbers = itertools.count(1)


class BranchDatabase(Database):
    """A database in memory, attached to its parent's connection; it holds the parent that it reads from.

    Its schema ``eventlab_own`` holds what is written here; ``main`` shows it together with what is shared.
    Every cursor looks for tables in that order, so INSERT INTO events is the own table and main.events is
    all. A file is a database called by its name, and so no file may have the name of the schema.
    """

    is_branch = True
    attached: Attached

    def __init__(self, connection: duckdb.DuckDBPyConnection, parent: Database) -> None:
        self.path, self.read_only, self.parent = None, False, parent
        self.name = f"eventlab_branch_{next(_branch_numbers)}"
        self.attached = Attached(connection, self.name, parent)
        self._open(connection)
        connection.execute(f"create schema {self.name}.eventlab_own")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection that writes here and reads both."""
        con = super().cursor()
        con.execute(f"set search_path = '{self.name}.eventlab_own,{self.name}.main'")
        return con

    def _let_go(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.attached.forget()

    def _is_closed(self) -> str:
        return f"this {self} is closed, by itself or with that store: open that store and branch again."

    def _spoken(self) -> str:
        return f"a {self}"

    def __str__(self) -> str:
        return f"branch of {self.parent._spoken()}"


class Attached:
    """A database in memory that is attached to a connection for as long as anybody holds this.

    It holds its host, who lent the connection: if that went first, it would close this connection too, which
    could then detach nothing.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, host: object) -> None:
        # Said, because in a file that is open read-only DuckDB 2.0 would attach read-only too.
        connection.execute(f"attach ':memory:' as {name} (read_write)")
        self.forget = finalize(self, _detach, connection, name, host)
        self.forget.atexit = False


def _detach(connection: duckdb.DuckDBPyConnection, name: str, _host: object) -> None:
    """Let go of an attached database and of the connection that attached it."""
    with suppress(duckdb.ConnectionException):  # closed already, with the whole database
        connection.execute(f"detach {name}")
        _close_when_free(connection)


def _close_when_free(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection and its cursors; DuckDB 2.0 refuses while a thread is in a call on one of them."""
    while True:
        with suppress(duckdb.ResourceInUseException):
            return connection.close()
        time.sleep(_BUSY)


def beside(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return another connection to the same tables; ``con.cursor()`` alone would forget the branch."""
    [(path,)] = execute(con, "select current_setting('search_path')").fetchall()
    made = con.cursor()
    if path:
        made.execute(f"set search_path = {literal(path)}")
    return made


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether there is a table in the database itself: a branch must not see those of its parent.

    Not to be asked inside a transaction, which a no would end.
    """
    try:
        execute(con, f"select 1 from {name} limit 0")
    except duckdb.CatalogException:
        return False
    return True


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection, mode: str = "") -> Iterator[None]:
    """Commit what the block did, or roll all of it back.

    Raises
    ------
    NotWritten
        When the file cannot be written; another writer who came first is DuckDB's own exception.
    MemoryExceeded
        When it takes more memory than was allowed.
    """
    execute(con, f"begin transaction {mode}")
    try:
        yield
        execute(con, "commit")
    except BaseException as error:
        _roll_back(con)
        if isinstance(error, duckdb.OutOfMemoryException):
            raise MemoryExceeded(str(error)) from error
        if isinstance(error, duckdb.Error) and _COULD_NOT_WRITE in str(error):
            raise NotWritten(str(error)) from error
        raise


_COULD_NOT_WRITE = "Could not write"


@contextmanager
def reading(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Hold one moment of the database for the block; DuckDB refuses every write in it."""
    with transaction(con, "read only"):
        yield


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    # A failed commit has rolled back already, and so has a connection that is closed.
    with suppress(duckdb.TransactionException, duckdb.ConnectionException):
        execute(con, "rollback")
