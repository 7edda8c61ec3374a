"""Appending: check, number and insert a batch of events in one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import duckdb

from eventlab.errors import ConcurrencyError, DuplicateEventError, EventLabError, ReadOnly
from eventlab.event import Event
from eventlab.store import rows
from eventlab.store.condition import Condition, require_holds
from eventlab.store.database import Database, transaction
from eventlab.store.expectation import Expected, is_met, require_met
from eventlab.store.identity import (
    given_id,
    is_taken,
    refuse_twice_in_batch,
    repeated_batch,
    taken_id,
)
from eventlab.store.ledger import Field, Ledger, LogHead, StreamHead


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the last event of an append stands; ``duplicate`` when it stood there already."""

    stream: str
    version: int
    position: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """Appends to one database; every writer of a file shares its ledger and so its lock."""

    database: Database
    ledger: Ledger
    clock: Callable[[], datetime]
    ids: Callable[[], str] | None

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        expected: Expected,
        condition: Condition | None = None,
    ) -> Appended:
        """Write the batch, or raise and write nothing."""
        self.require_writable()
        with self.ledger.lock:
            try:
                return self.attempted(lambda: self._append(stream, events, expected, condition))
            except CONFLICTS as error:
                self.ledger.forget()
                raise self._conflict(stream, expected, str(error)) from error
            except KeyboardInterrupt:
                self.ledger.forget()  # it may have come between the commit and remembering it
                raise

    def attempted(self, write: Callable[[], Appended], times: int = 3) -> Appended:
        """Return what a write gives, tried again where another connection of this process came before it."""
        for _ in range(times - 1):
            with suppress(*CONFLICTS):
                return write()
            self.ledger.forget()  # they wrote behind its back
        return write()

    def require_writable(self) -> None:
        """Refuse to write where the file is open for reading only."""
        if self.database.read_only and self.database.path:
            raise ReadOnly(self.database.path)

    def recorded_now(self, head: LogHead) -> datetime:
        """Return the store's time, which never steps back."""
        now = self.clock()
        return now if head.recorded_at is None else max(now, head.recorded_at)

    def _conflict(self, stream: str, expected: Expected, reason: str) -> EventLabError:
        if event_id := taken_id(reason):
            return DuplicateEventError(event_id, _GIVEN_TWICE)
        head = self.ledger.stream_head(self.database.cursor(), stream)
        return ConcurrencyError(stream, expected, head.version if head else 0)

    def _append(
        self,
        stream: str,
        events: Sequence[Event],
        expected: Expected,
        condition: Condition | None,
    ) -> Appended:
        with self.database.borrowed() as con, transaction(con):
            if done := repeated_batch(con, stream, events):
                return Appended(stream, done.version, done.position, duplicate=True)
            known = self._expected_head(con, stream, expected)
            require_holds(con, self.database, self.ledger, stream, condition)
            log_head = self.ledger.log_head(con)
            if not events:
                return Appended(stream, known.version if known else 0, log_head.position)
            head = known or StreamHead(log_head.stream_no + 1, 0)
            if known is None:
                rows.insert_stream(con, head.stream_no, stream)
            written = self._insert(con, stream, events, log_head, head)
            self.ledger.stream_index.keep_up(con, log_head.position, written.position)
            fields = self._note_fields(con, events)
            self.ledger.take_part(con, written.position, fields)
        self._remember(stream, written, log_head, fields)
        return Appended(stream, written.version, written.position)

    def _expected_head(
        self, con: duckdb.DuckDBPyConnection, stream: str, expected: Expected
    ) -> StreamHead | None:
        """Return where the stream stands; only the file itself, not memory, may refuse a writer."""
        known = self.ledger.stream_head(con, stream)
        if not is_met(expected, known.version if known else 0):
            known = self.ledger.read_stream_head(con, stream)
        require_met(stream, expected, known.version if known else 0)
        return known

    def _insert(
        self,
        con: duckdb.DuckDBPyConnection,
        stream: str,
        events: Sequence[Event],
        log_head: LogHead,
        head: StreamHead,
    ) -> rows.Row:
        recorded_at = self.recorded_now(log_head)
        batch = [
            rows.row_of(
                event,
                position=log_head.position + place,
                stream_no=head.stream_no,
                version=head.version + place,
                recorded_at=recorded_at,
                given_id=self._id(event, stream, head.version + place),
                schema=self.database.upcasters.schema_of(event.type),
            )
            for place, event in enumerate(events, start=1)
        ]
        if self.ids:
            refuse_twice_in_batch(row.given_id for row in batch)
        if self.ids and self.database.is_branch:
            self._refuse_shared_ids(con, batch)
        rows.insert(con, batch)
        return batch[-1]

    def _refuse_shared_ids(self, con: duckdb.DuckDBPyConnection, batch: Sequence[rows.Row]) -> None:
        """Look for new ids in the past that a branch shares, which no unique key of its own covers."""
        for row in batch:
            if row.given_id is not None and is_taken(con, row.given_id):
                raise DuplicateEventError(row.given_id, _GIVEN_TWICE)

    def _id(self, event: Event, stream: str, version: int) -> str | None:
        named = event.event_id or (self.ids() if self.ids else None)
        return given_id(named, stream, version)

    def _note_fields(self, con: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> list[Field]:
        known = self.ledger.fields(con)
        new = [field for field in rows.fields_of(events) if field not in known]
        rows.insert_fields(con, len(known), new)
        return new

    def _remember(self, stream: str, last: rows.Row, before: LogHead, fields: list[Field]) -> None:
        log_head = LogHead(last.position, last.recorded_at, max(before.stream_no, last.stream_no))
        self.ledger.wrote(log_head, {stream: StreamHead(last.stream_no, last.version)}, fields)


_GIVEN_TWICE = "was given out by ids= a second time"
CONFLICTS = (duckdb.ConstraintException, duckdb.TransactionException)
