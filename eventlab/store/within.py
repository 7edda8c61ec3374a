"""A log as one transaction sees it: whatever it has appended and not yet committed is in it.

What is kept beside the log is brought up to date in the transaction that keeps it, and may have to read
events that nobody else sees yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import duckdb

from eventlab.errors.upcasting import UNREADABLE
from eventlab.event import RecordedEvent
from eventlab.store import reading
from eventlab.store.bulk import KIND_OF_JSON
from eventlab.store.cut import Cut
from eventlab.store.knownstreams import KnownStreams
from eventlab.store.ledger import Field
from eventlab.store.log import Log
from eventlab.store.scans import Scans
from eventlab.store.sqltext import payload_field


class LogWithin(Log):
    """A log that is read on one connection, in the transaction that is open there.

    ``stored`` are the payload fields as of that transaction; what the ledger remembers may be of another.
    """

    def __init__(
        self,
        log: Log,
        con: duckdb.DuckDBPyConnection,
        *,
        stored: list[Field] | None = None,
        known: list[Field] | None = None,
        cut: Cut | None = None,
        is_committed: bool = False,
        known_streams: KnownStreams | None = None,
    ) -> None:
        super().__init__(log._database, log._ledger, log.cut if cut is None else cut)
        self._con, self._is_committed = con, is_committed
        self._known_streams = known_streams or KnownStreams()
        self._stored = stored
        if known is not None:
            self.known = known

    @classmethod
    def committed(cls, log: Log, con: duckdb.DuckDBPyConnection, high: int) -> LogWithin:
        """Return the same for a transaction that begins next, appends nothing, and reads up to a position.

        All fields that are known now are then in events that it sees. Where an old event cannot be shown, the
        log ends at that position.
        """
        try:
            known = log.fields()
        except UNREADABLE:
            log = log.until(position=high)
            known = log.fields()
        return cls(log, con, known=known, is_committed=True, known_streams=log.known_streams)

    @cached_property
    def known(self) -> list[Field]:
        """The payload fields as of the transaction, as upcasters show them."""
        stored = self._ledger.fields_within(self._con) if self._stored is None else self._stored
        return list(self._database.shown_fields_within(self._con, stored, self.cut))

    def fields_within(self, con: duckdb.DuckDBPyConnection) -> list[Field]:
        """Return those of them that this log may show."""
        return self.shown(self.known)

    @property
    def known_streams(self) -> KnownStreams:
        """Those that all know, or of this transaction alone, which may be rolled back."""
        return self._known_streams

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return the one connection."""
        return self._con

    def borrowed(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Lend the one connection."""
        return nullcontext(self._con)

    def moment(self, con: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        """Do nothing: the transaction is one moment."""
        return nullcontext()

    def batches(self, *, by_stream: bool = False) -> Iterator[list[RecordedEvent]]:
        """Yield lists of recorded events, leaving the connection free in between.

        Those that are committed are the same on any connection, and read ahead on another one.
        """
        if self._is_committed:
            log = Log(self._database, self._ledger, self.cut)
            yield from log.batches(by_stream=by_stream)
            return
        low, high = self.cut.position.low or 1, self.cut.position.high or self.head
        for first in range(low, high + 1, reading.SLICE):
            part = self.between(first, first + reading.SLICE - 1)
            yield from list(reading.batches(part))

    def between(self, first: int, last: int) -> LogWithin:
        """Return the events from one position to another."""
        return self._again(cut=self.cut.since(first, None, None).until(last, None, None))

    def knowing(self, fields: Iterable[Field]) -> LogWithin:
        """Return the same log as it was read when only some of its payload fields had been seen."""
        return self._again(known=list(fields))

    def first_with(self, seen: Field) -> int:
        """Return the position of the first event in which a field holds a value of a kind, 0 if none does."""
        kind = KIND_OF_JSON.format(f"json_type({payload_field(seen.field)}::json)")
        untyped = self.knowing(())  # or the query would read each value as the type that is known
        [(position,)] = untyped.run(
            self._con,
            f"select min(position) from events where type = $type and {kind} = $kind",
            {"type": seen.type, "kind": seen.kind},
        ).fetchall()
        return int(position or 0)

    def _scans(self) -> Scans:
        return self._database.scans_within(self._con, self.cut)

    def _known(self, con: duckdb.DuckDBPyConnection) -> Iterable[Field]:
        return self.known

    def _shown(self, stored: Iterable[Field]) -> Iterable[Field]:
        return stored  # for the known ones are so already

    def _with(self, cut: Cut) -> LogWithin:
        return self._again(cut=cut)

    def _again(self, **other: Any) -> LogWithin:
        same = {
            "known": self.known,
            "cut": self.cut,
            "is_committed": self._is_committed,
            "known_streams": self._known_streams,
        }
        return LogWithin(self, self._con, **{**same, **other})
