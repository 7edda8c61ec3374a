"""The log: a read-only, lazy view of the events of a store. Every cut of a log is a log again.

A log holds a database and a cut, and reads nothing until it is asked: for its length, its events, a
summary, or SQL. What a slider moves is this cut. Folding is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from html import escape
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.errors.upcasting import UNREADABLE
from eventlab.event import RecordedEvent
from eventlab.remembered import Remembered
from eventlab.statements import Params, execute
from eventlab.store import broken, question, reading
from eventlab.store.cut import Cut
from eventlab.store.database import Database
from eventlab.store.database import reading as reading_moment
from eventlab.store.knownstreams import MOST_NAMED, Array, KnownStreams, Numbers
from eventlab.store.ledger import Field, Ledger
from eventlab.store.query import Query
from eventlab.store.question import AFTER_DATA, BEFORE_DATA
from eventlab.store.scans import Scans
from eventlab.store.sqltext import column_types, payload_field
from eventlab.store.stream_index import Streams
from eventlab.store.trace import trace
from eventlab.times import Moment
from eventlab.upcasting import Chains

# The text of a query over events says what its columns are, with the types of payload fields in it.
_FAMILIES = Remembered[frames.Families]()
_SQL_TYPES = Remembered[list[str]]()


class Log:
    """A lazy, read-only view of recorded events; cut it, read it, fold it.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5, 10)])
    >>> len(store), len(store.until(position=2)), store.stream("card-7").since(position=2).head
    (3, 2, 3)
    """

    def __init__(self, database: Database, ledger: Ledger, cut: Cut) -> None:
        self._database, self._ledger, self.cut = database, ledger, cut

    # -- cuts -----------------------------------------------------------------------------------

    def until(
        self,
        *,
        position: int | None = None,
        recorded: Moment | None = None,
        occurred: Moment | None = None,
    ) -> Log:
        """Return the log up to and including a bound, or several at once.

        Parameters
        ----------
        position : int, optional
            The last position to show. 0 gives the empty past.
        recorded : time, optional
            What did we know at that time? UTC where no zone is named; a bare date is its first moment.
        occurred : time, optional
            What had happened by that time? Such a log is folded in the order of
            ``(occurred_at, position)``, because events may be recorded late.
        """
        return self._with(self.cut.until(position, recorded, occurred))

    def since(
        self,
        *,
        position: int | None = None,
        recorded: Moment | None = None,
        occurred: Moment | None = None,
    ) -> Log:
        """Return the log from a bound on, including it; the bounds are those of until()."""
        return self._with(self.cut.since(position, recorded, occurred))

    def stream(self, *names: str) -> Log:
        """Return the events of one stream, or several; an unknown name gives an empty log."""
        return self._with(self.cut.among("streams", names))

    def category(self, *names: str) -> Log:
        """Return the events of all streams of a category, the text before the first ``-``."""
        return self._with(self.cut.among("categories", names))

    def only(self, *types: str) -> Log:
        """Return the events of these types."""
        return self._with(self.cut.among("types", types))

    def matching(self, query: Query) -> Log:
        """Return the events that match a query of types and tags, of whichever stream."""
        return self._with(self.cut.matching(query))

    def as_stored(self) -> Log:
        """Return the log without upcasters: events as they were written, also those that are not shown.

        A branch holds its own events; what it shares is as its parent shows it.
        """
        return Log(self._database.as_stored(), self._ledger, self.cut)

    @property
    def upcasters(self) -> Chains:
        """What this log shows old events with."""
        return self._database.upcasters

    # -- reading --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._one("select count(*) from events")

    @property
    def head(self) -> int:
        """The last position shown, 0 for an empty log."""
        return self._one("select coalesce(max(position), 0) from events")

    def positions(self) -> Sequence[int]:
        """Return the positions of all events in fold order: where none is left out, without reading them."""
        first, last, events = self._row(
            "select coalesce(min(position), 1), coalesce(max(position), 0), count(*) from events"
        )
        if last - first + 1 == events and self.order_by == "position":
            return range(first, last + 1)
        found = self.frame(f"select position from events order by {self.order_by}")
        return list(dict.fromkeys(found["position"].tolist()))

    def __iter__(self) -> Iterator[RecordedEvent]:
        """Yield recorded events in fold order, reading a row group of DuckDB at a time."""
        for batch in self.batches():
            yield from batch

    def at(self, position: int) -> list[RecordedEvent]:
        """Return the events at one position: one, but where upcasters made several of it or none.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        >>> [event.type for event in store.at(1)], store.at(2)
        (['CardLoaded'], [])
        """
        # Not list(part), which would ask for its length: one more query.
        return list(iter(self.since(position=position).until(position=position)))

    def batches(self, *, by_stream: bool = False) -> Iterator[list[RecordedEvent]]:
        """Yield lists of about 2,000 recorded events, all of one moment.

        They come in fold order; with `by_stream`, those of a log that `is_long` do so stream by stream only.
        """
        still = Log(self._database.still(self.cut), self._ledger, self.cut)
        return reading.batches(still, by_stream=by_stream)

    @property
    def is_long(self) -> bool:
        """Whether it is too long to be read at once."""
        return len(self) > reading.SLICE

    def events(self, *, expand: bool = False, raw: bool = False) -> pd.DataFrame:
        """Return the events as a frame, one row per event in position order.

        Parameters
        ----------
        expand : bool
            True gives a column per payload field, in the order the fields were first seen, with the
            type its values have; False gives the payload as dicts in one column, ``data``. A field
            named like an envelope column is called ``data.<field>``.
        raw : bool
            True shows the events as they are stored, without upcasters, as `as_stored` does.

        Returns
        -------
        DataFrame
            Columns ``position, stream, version, type, occurred_at, data, actor, reason, recorded_at,
            correlation_id, causation_id, event_id, tags, schema``; times are UTC.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore(clock=lambda: "2026-01-31T12:00")
        >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20, "holder": "Mara"}))
        >>> store.events(expand=True)[["position", "stream", "type", "amount", "holder"]]
           position  stream        type  amount holder
        0         1  card-7  CardLoaded      20   Mara
        """
        if raw:
            return self.as_stored().events(expand=expand)
        payload = self._payload_columns() if expand else {"data": "data"}
        columns = ", ".join([*BEFORE_DATA, *payload.values(), *AFTER_DATA])
        frame = self.frame(f"select {columns} from events order by {self._by_position}")
        return frame.set_axis([*BEFORE_DATA, *payload, *AFTER_DATA], axis="columns")

    def streams(self) -> pd.DataFrame:
        """Return one row per stream, sorted by name: its events, their time span, how it ends."""
        return self.frame(
            f"""
            select stream, category, events, version, first_at, last_at, last_type, last_position
            from (
                select stream_no, count(*) as events, max(version) as version,
                       min(occurred_at) as first_at, max(occurred_at) as last_at,
                       arg_max(type, ({self._by_position})) as last_type, max(position) as last_position
                from events group by stream_no
            ) join main.streams using (stream_no)
            order by stream
            """
        )

    def types(self) -> pd.DataFrame:
        """Return one row per event type, sorted by name: events, streams, time span, payload fields."""
        summary = self.frame(
            """
            select type, count(*) as events, count(distinct stream_no) as streams,
                   min(occurred_at) as first_at, max(occurred_at) as last_at
            from events group by type order by type
            """
        )
        fields = [
            ", ".join(_unique(f.field for f in self.fields() if f.type == t))
            for t in summary["type"]
        ]
        return summary.assign(fields=pd.Series(fields, dtype="str", index=summary.index))

    def sql(self, query: str, params: Params = None) -> pd.DataFrame:
        """Return what a SELECT says of this log; the table ``events`` is the cut.

        Parameters
        ----------
        query : str
            Any SELECT. Payload fields are written ``data.<field>`` and have the types they were
            stored with; where a field holds fields of its own, or values of several types, name the
            type: ``data.seat.price::DOUBLE``. Anything that could write is refused.
        params : sequence or mapping, optional
            Values for ``?`` or ``$name`` in the query.

        Raises
        ------
        SQLError
            When the query is not one SELECT, could write, or DuckDB cannot run it.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append(
        ...     "card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 2.5)]
        ... )
        >>> store.sql(
        ...     "select type, sum(data.amount) as total from events where data.amount > ? group by 1",
        ...     [1],
        ... )
                 type  total
        0  CardLoaded   22.5
        """
        with self.borrowed() as con:
            return question.answer(
                con,
                self.cut,
                self._scans().of(self.cut),
                self.shown(self._known(con)),
                query,
                params,
                self._streams(con),
            )

    def trace(self, correlation_id: str) -> pd.DataFrame:
        r"""Return which event caused which, of all that share a correlation id, as a tree.

        Parameters
        ----------
        correlation_id : str
            What the events of one conversation share.

        Returns
        -------
        DataFrame
            One row per event of this log, each somewhere below its cause, effects of the same cause by
            position: ``tree`` (a drawing, to be printed), ``depth`` (0 for a root), ``position, stream,
            type, event_id, causation_id, occurred_at, actor``. A root names no cause, or one that is
            not in this log or this conversation. Of events that cause each other in a circle the
            first is the root, marked ↺. An unknown id gives no row.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> def append(stream, type, cause=None):
        ...     event = el.Event(type, correlation_id="order-7", causation_id=cause)
        ...     return store.append(stream, event)
        >>> done = append("order-7", "OrderPlaced")
        >>> done = append("payment-3", "PaymentTaken", "order-7@1")
        >>> done = append("parcel-5", "ParcelSent", "order-7@1")
        >>> done = append("letter-1", "ReceiptSent", "payment-3@1")
        >>> print(*store.trace("order-7")["tree"], sep="\n")
        OrderPlaced
        ├─ PaymentTaken
        │  └─ ReceiptSent
        └─ ParcelSent
        """
        return trace(self, correlation_id)

    def fields(self) -> list[Field]:
        """Return the payload fields seen in events of the types this log may show, oldest first."""
        with self.borrowed() as con:
            return self.shown(self._known(con))

    def begins(self, other: Log) -> bool:
        """Whether another log shows the same events as this one, and then perhaps later ones."""
        return self.is_of(other) and self.cut.begins(other.cut)

    # -- what projections build on ---------------------------------------------------------------

    def up_to(self, event: RecordedEvent) -> Log:
        """Return the log up to and including one of its events, in the order in which it is folded."""
        return self._with(self.cut.up_to(event.occurred_at, event.position))

    @property
    def holds_broken_payloads(self) -> bool:
        """Whether the store holds payloads that are no objects; then this log may show one."""
        with self.borrowed() as con:
            return self._ledger.holds_broken(lambda: broken.are_there(con))

    def require_payloads(self) -> None:
        """Refuse to compute with this log where the payload of an event is no object.

        Raises
        ------
        BrokenPayload
            It names the first such event.
        """
        if self.holds_broken_payloads:
            broken.require_none(self)

    @property
    def order_by(self) -> str:
        """The SQL order in which this log is folded."""
        order = "occurred_at, position" if self.cut.by_occurrence else "position"
        return f"{order}, el_part" if self.has_parts else order

    @property
    def order_key(self) -> str:
        """The same order as one SQL value, for ``arg_max`` and comparisons."""
        return "position" if self.order_by == "position" else f"({self.order_by})"

    @property
    def has_parts(self) -> bool:
        """Whether upcasters made several events of one, which then share a position."""
        return self._scans().have_parts

    def shown(self, fields: Iterable[Field]) -> list[Field]:
        """Return which of the stored payload fields, and of those made by upcasters, this log may show."""
        types = self.cut.types
        return [f for f in self._shown(fields) if types is None or f.type in types]

    def is_of(self, other: Log) -> bool:
        """Tell whether both logs show the same open store."""
        return self._database is other._database

    @property
    def end(self) -> int:
        """Where it ends: its head, or a later position with nothing of it in between, found much sooner."""
        if self.cut.recorded.high is not None:
            return self.head
        whole, high = self._with(Cut()).head, self.cut.position.high
        return whole if high is None else min(int(high), whole)

    @property
    def begins_streams(self) -> bool:
        """Whether the first event of each stream is the one of version 1, so that none is left out before."""
        return self.cut.is_prefix and not (self._database.overlay or self._database.is_branch)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a database connection of the caller's own."""
        return self._database.cursor()

    def borrowed(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Lend a database connection for the length of a block."""
        return self._database.borrowed()

    def moment(self, con: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
        """Hold one moment of the database on a connection for a block."""
        return reading_moment(con)

    def select(
        self, body: str, params: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run a query whose ``events`` is this cut, and return the executed cursor."""
        return self.run(self.cursor(), body, params)

    def run(
        self, con: duckdb.DuckDBPyConnection, body: str, params: Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run it on a connection that may be inside a transaction."""
        query, bound = self.query(body)
        return execute(con, query, {**bound, **(params or {})})

    def query(self, body: str) -> tuple[str, dict[str, Any]]:
        """Return the full SQL of a query over this cut, and the cut's own parameters."""
        with self.borrowed() as con:
            return self._over(con, self._scans(), body, self._streams(con))

    def plain_query(self, body: str) -> str:
        """Return the SQL of a query as it would be over one plain table, wherever its rows are."""
        with self.borrowed() as con:
            return self._over(con, Scans(), body)[0]

    def sql_types(self, body: str) -> list[str]:
        """Return the types of the columns that a query over this cut gives."""

        def described() -> list[str]:
            return [str(column[1]) for column in self.select(body).description or []]

        with self.borrowed() as con:
            text, _ = self._over(con, self._scans(), body)
        return _SQL_TYPES.of(text, described)

    def frame(self, body: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return what a query over this cut gives, with the house's dtypes."""
        query, bound = self.query(body)
        asked = {**bound, **(params or {})}
        with self.borrowed() as con:
            families = _FAMILIES.of(query, lambda: frames.described(con, query, asked))
            return frames.query(con, query, asked, families, many=self.may_be_long(con))

    def may_be_long(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Tell whether it may hold many events, as far as its cut and the length of the whole log say."""
        if self.cut.streams is not None:
            return False
        position = self.cut.position
        high = self._ledger.reached(con) if position.high is None else position.high
        return bool(high - (position.low or 1) + 1 >= frames.MANY)

    def frame_beside(self, body: str, beside: pd.DataFrame) -> pd.DataFrame:
        """Return what a query over this cut and a frame of the caller's gives; to SQL it is ``el_beside``."""
        query, bound = self.query(body)
        with self.borrowed() as con:
            con.register("el_beside", beside)
            try:
                return frames.query(con, query, bound, many=len(beside) >= frames.MANY)
            finally:
                con.unregister("el_beside")

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows with the names of streams, by which they are sorted, in place of ``stream_no``."""
        if len(rows) == 1 and self._one_stream is not None:  # nothing to sort
            return self.with_names(rows)
        numbers = rows.pop("stream_no").to_numpy("int64")
        with self.borrowed() as con:
            places, names = self.known_streams.sorted(con, numbers)
        sorted_rows = rows.take(places).reset_index(drop=True)
        sorted_rows.insert(0, "key", names)
        return sorted_rows

    def stream_numbers(self) -> Numbers | None:
        """Return the numbers of the streams that were named, where they are known and each is there."""
        with self.borrowed() as con:
            numbers = self._stream_numbers(con)
        is_complete = numbers is not None and len(numbers) == len(self.cut.streams or ())
        return numbers if is_complete else None

    def with_names(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows as they stand, with the names of streams in place of ``stream_no``."""
        numbers = rows.pop("stream_no").to_numpy("int64")
        with self.borrowed() as con:
            if self._one_stream is None:
                names = self.known_streams.index(con, numbers)
            else:
                names = pd.Index(self.names_within(con, numbers), dtype="str")
        rows.insert(0, "key", names)
        return rows

    def stream_names(self, numbers: Sequence[int] | Array) -> Array:
        """Return the name of each of some streams, given their numbers."""
        with self.borrowed() as con:
            return self.names_within(con, np.asarray(numbers, "int64"))

    def names_within(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> Array:
        """Return the same on a connection that may be inside a transaction; of one stream it is known."""
        if self._one_stream is None:
            return self.known_streams.names(con, numbers)
        found = np.empty(len(numbers), "object")
        found.fill(self._one_stream)  # np.full() would take a NUL from its end
        return found

    def fields_within(self, con: duckdb.DuckDBPyConnection) -> list[Field]:
        """Return the payload fields as its upcasters show them, as of the moment of a connection."""
        return self.shown(self._ledger.fields_within(con))

    @property
    def known_streams(self) -> KnownStreams:
        """The numbers and names of streams that need not be looked for again."""
        return self._database.known_streams

    # -- details --------------------------------------------------------------------------------

    @property
    def _one_stream(self) -> str | None:
        """The name of the one stream that was asked for, if it was one."""
        streams = self.cut.streams or ()
        return next(iter(streams)) if len(streams) == 1 else None

    @property
    def _by_position(self) -> str:
        return "position, el_part" if self.has_parts else "position"

    def _scans(self) -> Scans:
        """Return how events are read, with upcasted ones in the place of old ones."""
        return self._database.scans(self.cut)

    def _known(self, con: duckdb.DuckDBPyConnection) -> Iterable[Field]:
        """Return the payload fields seen so far."""
        return self._ledger.fields(con)

    def _shown(self, stored: Iterable[Field]) -> Iterable[Field]:
        """Return them as its upcasters show them."""
        return self._database.shown_fields(stored, self.cut)

    def _over(
        self,
        con: duckdb.DuckDBPyConnection,
        scans: Scans,
        body: str,
        streams: Streams | None = None,
    ) -> tuple[str, dict[str, Any]]:
        fields = self.shown(self._known(con))
        return question.over(self.cut, scans.of(self.cut), fields, body, streams)

    def _streams(self, con: duckdb.DuckDBPyConnection) -> Streams | None:
        """Return what spares a query over a few streams to look for them and their events."""
        numbers = self._stream_numbers(con)
        if numbers is None:
            return None
        if not self._ledger.is_indexed(con):
            return Streams(numbers)
        index, (low, high) = self._ledger.stream_index, self._stored_span()
        return Streams(numbers, index.positions(con, numbers.values(), low, high))

    def _stream_numbers(self, con: duckdb.DuckDBPyConnection) -> Numbers | None:
        named = self.cut.streams
        if not named or len(named) > MOST_NAMED:
            return None
        if len(named) == 1 and not self._ledger.is_indexed(con):
            return None
        return self.known_streams.numbers(con, named)

    def _stored_span(self) -> tuple[int | None, int | None]:
        """Return between which positions of the file its events lie; those of a branch have moved."""
        bounds = self.cut.position
        return (None, None) if self._database.is_branch else (bounds.low, bounds.high)

    def _one(self, body: str) -> int:
        return int(self._row(body)[0])

    def _row(self, body: str) -> tuple[Any, ...]:
        with self.borrowed() as con:
            [row] = self.run(con, body).fetchall()
        return tuple(row)

    def _with(self, cut: Cut) -> Log:
        return Log(self._database, self._ledger, cut)

    def _payload_columns(self) -> dict[str, str]:
        """Return name and SQL of a column per payload field; SQL itself never sees the odd names."""
        present = {name for (name,) in self.select("select distinct type from events").fetchall()}
        fields = [field for field in self.fields() if field.type in present or not present]
        taken = {*BEFORE_DATA, *AFTER_DATA}
        return {
            f"data.{name}" if name in taken or name.startswith("data.") else name: (
                f"{payload_field(name)} as field_{at}"
            )
            for at, name in enumerate(column_types(fields))
        }

    def __repr__(self) -> str:
        return f"<{self._title()}>"

    def _repr_html_(self) -> str:
        title = f"<p>{escape(self._title())}</p>"
        if self._database.closed:
            return title
        log, _ = self._readable()
        first = log.until(position=log._tenth_position()).events()
        return title + first.to_html(index=False)

    def _tenth_position(self) -> int:
        rows = self.select("select position from events order by position limit 10").fetchall()
        return int(rows[-1][0]) if rows else 0

    def _title(self) -> str:
        cut = f" ({self.cut})" if str(self.cut) else ""
        if self._database.closed:
            return f"Log of a closed store{cut}"
        return f"Log of {self._counted()}{cut}"

    def _counted(self) -> str:
        """Return how many events it shows, in words."""
        log, behind = self._readable()
        return f"{len(log):,} events{behind}"

    def _readable(self) -> tuple[Log, str]:
        """Return what of it can be shown, and in words what cannot: a log is never shown as an error."""
        try:
            self.fields()
        except UNREADABLE as error:
            behind = f" and one at position {error.position:,} that cannot be shown"
            return self.until(position=error.position - 1), behind
        return self, ""


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
