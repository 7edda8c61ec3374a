"""What the writers of one store share: the lock, where every stream stands, and the fields seen.

DuckDB could be asked for all of it on every append, at half a millisecond a question. One process
writes a store at a time, so what it wrote last is known; the unique keys of the file stay the judge,
and a writer they contradict forgets what it knew and reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from threading import Lock, RLock
from typing import NamedTuple, Protocol
from weakref import WeakSet, WeakValueDictionary

import duckdb

from eventlab.statements import execute
from eventlab.store.stream_index import StreamIndex

REMEMBERED_STREAMS = 200_000


class StreamHead(NamedTuple):
    """Where one stream stands."""

    stream_no: int
    version: int


class LogHead(NamedTuple):
    """Where the whole store stands."""

    position: int
    recorded_at: datetime | None
    stream_no: int


class Field(NamedTuple):
    """A payload field seen in events of a type, with the kind of value it held."""

    type: str
    field: str
    kind: str


class Watcher(Protocol):
    """Somebody who wants to know of appends."""

    def appended(self, position: int) -> None:
        """Hear that the log now ends at a position."""


class Participant(Protocol):
    """Somebody whose own tables change in the transaction of every append."""

    name: str

    def take_part(self, con: duckdb.DuckDBPyConnection, position: int, fields: list[Field]) -> None:
        """Bring them forward to a position, before the commit; an error here refuses the append.

        ``fields`` are all payload fields seen so far, those of the append too.
        """


class Ledger:
    """The shared memory of a store's writers in this process; hold ``lock`` while writing.

    ``holds_broken`` says whether some payload is no object; None that nobody has looked yet.
    """

    def __init__(
        self, *, holds_broken: bool | None = False, stream_index: StreamIndex | None = None
    ) -> None:
        self.lock = RLock()
        self.stream_index = stream_index or StreamIndex()
        self._at_first_holds_broken = holds_broken
        self.upkeep = (
            RLock()
        )  # of what is kept beside the log; nobody who waits for it holds the other
        self._catalogue = Lock()  # of its own: a query must not wait for a long import
        self._watchers: WeakSet[Watcher] = WeakSet()
        self.participants: dict[str, Participant] = {}
        self._upkeep_of: dict[str, RLock] = {}
        self.forget()

    def upkeep_of(self, name: str) -> RLock:
        """Return the lock of whoever brings one read model forward."""
        with self._catalogue:
            return self._upkeep_of.setdefault(name, RLock())

    def take_part(
        self, con: duckdb.DuckDBPyConnection, position: int, new: Iterable[Field]
    ) -> None:
        """Let all participants change their tables in the transaction of an append.

        ``new`` are payload fields that it has brought; those that are known already do no harm.
        """
        if participants := list(self.participants.values()):
            fields = list(self.fields(con) | dict.fromkeys(new))
            for participant in participants:
                participant.take_part(con, position, fields)

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody of every append from now on, for as long as they live."""
        self._watchers.add(watcher)

    def tell(self, position: int) -> None:
        """Tell all watchers of an append that is committed."""
        for watcher in list(self._watchers):
            watcher.appended(position)

    def forget(self) -> None:
        """Read everything again from the file next time."""
        self._log_head: LogHead | None = None
        self._reached: int | None = None
        self._streams: dict[str, StreamHead] = {}
        self.stream_index.forget()
        with self._catalogue:
            self._fields: dict[Field, None] | None = None
            self._holds_broken = self._at_first_holds_broken

    def log_head(self, con: duckdb.DuckDBPyConnection) -> LogHead:
        """Return the last position, recorded time and stream number.

        Once it is known a position is taken twice, and so refused, where another connection wrote meanwhile.
        """
        if self._log_head is None:
            self._log_head = stored_head(con)
        return self._log_head

    def seen_position(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return the last position without the lock: what the file says may be old soon, and is not kept."""
        head = self._log_head
        if head is not None:
            return head.position
        [(position,)] = execute(
            con, "select coalesce(max(position), 0) from main.events"
        ).fetchall()
        return int(position)

    def reached(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return a position that the log has reached; nobody is asked twice whether it has gone on."""
        reached = self._reached
        if reached is None or self._log_head is not None:
            self._reached = reached = self.seen_position(con)
        return reached

    def stream_head(self, con: duckdb.DuckDBPyConnection, stream: str) -> StreamHead | None:
        """Return number and version of a stream, or None when it does not exist."""
        known = self._streams.get(stream)
        return known or self.read_stream_head(con, stream)

    def fields(self, con: duckdb.DuckDBPyConnection) -> dict[Field, None]:
        """Return the payload fields seen so far, in the order they were first seen."""
        with self._catalogue:
            if self._fields is None:
                self._fields = dict.fromkeys(stored_fields(con))
            return self._fields

    def fields_within(self, con: duckdb.DuckDBPyConnection) -> list[Field]:
        """Return the same as a transaction sees them, which may have begun before the last append."""
        [(seen,)] = execute(con, "select count(*) from main.fields").fetchall()
        with self._catalogue:
            known = list(self._fields or ())
        return known[:seen] if seen <= len(known) else stored_fields(con)

    def holds_broken(self, look: Callable[[], bool]) -> bool:
        """Tell whether some payload is no object; what is appended is checked, so it is looked up once."""
        with self._catalogue:
            if self._holds_broken is None:
                self._holds_broken = look()
            return self._holds_broken

    def wrote(self, head: LogHead, streams: dict[str, StreamHead], fields: list[Field]) -> None:
        """Remember what a committed write left behind.

        The fields first: who is told of the new head then finds those of its events.
        """
        if fields:
            with self._catalogue:
                if self._fields is not None:
                    self._fields = self._fields | dict.fromkeys(fields)
        self._log_head = head
        if len(self._streams) > REMEMBERED_STREAMS:
            self._streams.clear()
        self._streams.update(streams)

    def read_stream_head(self, con: duckdb.DuckDBPyConnection, stream: str) -> StreamHead | None:
        """Return what the file itself says of a stream."""
        rows = execute(
            con, "select stream_no from main.streams where stream = ?", [stream]
        ).fetchall()
        if not rows:
            return None
        [(stream_no,)] = rows
        head = StreamHead(stream_no, self._version(con, stream_no))
        # Before, another connection could go on unnoticed, see `log_head`.
        if self._log_head is not None:
            self._streams[stream] = head
        return head

    def _version(self, con: duckdb.DuckDBPyConnection, stream_no: int) -> int:
        last = self.stream_index.last(con, stream_no) if self.is_indexed(con) else None
        if last is not None and (found := execute(con, _VERSION_AT, [last, stream_no]).fetchall()):
            return int(found[0][0])
        [(version,)] = execute(con, _LAST_VERSION, [stream_no]).fetchall()
        return int(version)

    def is_indexed(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Tell whether the events of a stream are looked up."""
        return self.stream_index.serves(lambda: self.reached(con))


_VERSION_AT = "select version from main.events where position = ? and stream_no = ?"

_LAST_VERSION = "select coalesce(max(version), 0) from main.events where stream_no = ?"


def stored_head(con: duckdb.DuckDBPyConnection) -> LogHead:
    """Return where the store stands as a connection sees it."""
    [row] = execute(
        con,
        "select coalesce(max(position), 0), max(recorded_at), "
        "(select coalesce(max(stream_no), 0) from main.streams) from main.events",
    ).fetchall()
    return LogHead(*row)


def stored_fields(con: duckdb.DuckDBPyConnection) -> list[Field]:
    """Return the payload fields that a connection sees, in the order they were first seen."""
    rows = execute(con, "select type, field, kind from main.fields order by seen").fetchall()
    return [Field(*row) for row in rows]


_of_open_files: WeakValueDictionary[Path, Ledger] = WeakValueDictionary()
_registering = RLock()


def ledger_of(path: Path | None) -> Ledger:
    """Return the ledger that all stores open on this file in this process share."""
    if path is None:
        return Ledger()
    with _registering:
        return _of_open_files.setdefault(path.resolve(), Ledger(holds_broken=None))
