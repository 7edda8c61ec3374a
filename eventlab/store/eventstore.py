"""The event store: a log that can be appended to, in one DuckDB file or in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from eventlab import times
from eventlab.errors import InvalidEvent, NotAStore, StoreError
from eventlab.event import Event, require_stream
from eventlab.store import schema
from eventlab.store.append import Appended, Writer
from eventlab.store.bulk import Table, load
from eventlab.store.columns_in import Roles
from eventlab.store.cut import Cut
from eventlab.store.database import Database
from eventlab.store.expectation import ANY, Expected, require_expectation
from eventlab.store.frame_table import FrameTable
from eventlab.store.ledger import ledger_of
from eventlab.store.log import Log


class EventStore(Log):
    """An append-only store of events, and the log of all of them.

    Parameters
    ----------
    path : str or Path, optional
        A DuckDB file, made when it does not exist. Left out: the store lives in memory.
    read_only : bool
        Open an existing file for reading only; several processes may do that at once.
    clock : callable, optional
        Returns the time to record, so that a lesson or a test has a fixed one. Naive is UTC.
        ``recorded_at`` never steps back, whatever the clock says.
    ids : callable, optional
        Returns an id for every event that brings none, such as ``lambda: str(uuid4())``. Left out:
        an event is named by its place, ``card-7@3``.

    Raises
    ------
    StoreLocked
        When another process has the file open for writing.
    NotAStore, NewerFormat
        When the file is something else, or was made by a newer eventlab.

    Examples
    --------
    >>> import eventlab as el
    >>> with el.EventStore() as store:
    ...     store.append("card-7", el.Event("CardLoaded", {"amount": 20}), expected=el.NO_STREAM)
    Appended(stream='card-7', version=1, position=1, duplicate=False)
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        read_only: bool = False,
        clock: Callable[[], times.Moment] | None = None,
        ids: Callable[[], str] | None = None,
    ) -> None:
        place = _place(path, read_only)
        ledger = ledger_of(place)
        database = Database(place, read_only=read_only)
        with ledger.lock:
            ledger.forget()  # the file may be another one than the last of this name
            _prepare(database)
        super().__init__(database, ledger, Cut())
        moment = (lambda: times.utc(clock(), "clock")) if clock else times.now
        self._writer = Writer(database, ledger, moment, ids)

    def append(
        self, stream: str, events: Event | Sequence[Event], *, expected: Expected = ANY
    ) -> Appended:
        """Append one event or several to a stream, all or nothing.

        Parameters
        ----------
        stream : str
            The stream's name; the text before its first ``-`` is the category.
        events : Event or sequence of Event
            What happened, in order. An empty sequence only checks the expectation.
        expected : ANY, NO_STREAM, STREAM_EXISTS or int
            Where the stream must stand: the version you read before you decided.

        Returns
        -------
        Appended
            ``version`` and ``position`` of the last event. ``duplicate`` is True when exactly this
            batch, by its event ids, was stored before; then nothing is written.

        Raises
        ------
        ConcurrencyError
            When the stream is elsewhere: someone appended in between. Nothing is written.
        DuplicateEventError
            When an event id is taken by anything but the same batch. Nothing is written.
        """
        return self._writer.append(
            require_stream(stream), _batch(events), require_expectation(expected)
        )

    def append_frame(
        self,
        frame: pd.DataFrame,
        *,
        stream: str,
        type: str,
        occurred_at: str | None = None,
        recorded_at: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        event_id: str | None = None,
        data: str | None = None,
    ) -> Appended:
        """Append every row of a frame as an event, in the order of the rows, all or nothing.

        Parameters
        ----------
        frame : DataFrame
            One row per event.
        stream, type : str
            The columns with the stream's name and the event's type.
        occurred_at, recorded_at : str, optional
            Columns with times (UTC where they name no zone). Times of recording must not step back.
            Left out: an event occurred when it was recorded, and is recorded now.
        actor, reason, correlation_id, causation_id, event_id : str, optional
            Columns for the envelope. With ``event_id`` the same frame again writes nothing.
        data : str, optional
            The column with the payload, as dicts or JSON text. Left out: all other columns become
            payload fields, and a missing cell an absent field. Dates and decimals become exact text.

        Returns
        -------
        Appended
            Where the last event stands.

        Raises
        ------
        MissingColumn
            When a column named does not exist; the sentence lists those there are.
        ImportFailed
            When a row cannot become an event, naming row and column. Nothing is written.
        DuplicateEventError
            When an event id is taken by anything but the same rows. Nothing is written.

        Examples
        --------
        >>> import pandas as pd
        >>> import eventlab as el
        >>> sales = pd.DataFrame(
        ...     {
        ...         "card": ["card-7", "card-7"],
        ...         "kind": ["CardLoaded", "CardRedeemed"],
        ...         "ts": ["2026-01-05", "2026-01-09"],
        ...         "amount": [20, 5],
        ...     }
        ... )
        >>> store = el.EventStore()
        >>> done = store.append_frame(sales, stream="card", type="kind", occurred_at="ts")
        >>> [event.data for event in store]
        [{'amount': 20}, {'amount': 5}]
        """
        roles = Roles(
            stream=stream,
            type=type,
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor=actor,
            reason=reason,
            correlation_id=correlation_id,
            causation_id=causation_id,
            event_id=event_id,
            data=data,
        )
        return self.load(FrameTable(frame, roles), roles)

    def load(self, table: Table, roles: Roles) -> Appended:
        """Append every row of a table that SQL can read; what importers build on."""
        return load(self._writer, table, roles)

    @property
    def path(self) -> Path | None:
        """The file, or None in memory."""
        return self._database.path

    def close(self) -> None:
        """Write everything to the file and let go of it; closing twice is harmless."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _title(self) -> str:
        if self._database.closed:
            return f"EventStore {self._database}, closed"
        return f"EventStore {self._database}: {len(self):,} events"


def _place(path: str | os.PathLike[str] | None, read_only: bool) -> Path | None:
    if path is not None and str(path) not in ("", ":memory:"):
        return Path(path).expanduser()
    if read_only:
        raise StoreError("a store in memory starts empty, so read_only=True needs a path.")
    return None


def _prepare(database: Database) -> None:
    try:
        con = database.cursor()
        if schema.contents(con):
            schema.require_known_format(con, database.path or Path(":memory:"))
        else:
            _create(database)
    except BaseException:
        database.close()
        raise


def _create(database: Database) -> None:
    if database.read_only and database.path:
        raise NotAStore(database.path, "it has no tables")
    schema.create(database.cursor())


def _batch(events: Event | Sequence[Event]) -> Sequence[Event]:
    batch = list(events) if isinstance(events, Iterable) else [events]
    for event in batch:
        if not isinstance(event, Event):
            raise InvalidEvent(
                f"{event!r} is a {type(event).__name__}, not an Event: "
                "append el.Event('CardLoaded', {'amount': 20}) or a list of them."
            )
    return batch
