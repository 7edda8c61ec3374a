"""The event store: a log that can be appended to, in one DuckDB file or in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd

from eventlab import times
from eventlab.checks import is_path
from eventlab.errors import InvalidDigest, InvalidEvent, NotAStore, StoreError, StoreNeeded
from eventlab.errors.family import short
from eventlab.event import Event, RecordedEvent, require_id, require_stream
from eventlab.store import causes, changes, read_tables, schema
from eventlab.store.append import Appended, Writer
from eventlab.store.branch import database_of
from eventlab.store.branch_plan import Plan, worked_out
from eventlab.store.bulk import Table, load
from eventlab.store.columns_in import Roles
from eventlab.store.condition import Condition, require_condition
from eventlab.store.cut import Cut, require_names
from eventlab.store.database import Database, Guest
from eventlab.store.expectation import ANY, Expected, require_expectation
from eventlab.store.frame_table import FrameTable
from eventlab.store.identity import position_of
from eventlab.store.ledger import Ledger, Participant, Watcher, ledger_of
from eventlab.store.log import Log
from eventlab.store.scans import Scan
from eventlab.store.seal import Seal, seal, seals_frame
from eventlab.store.upcasted import Overlay
from eventlab.store.verify import verify
from eventlab.upcasting import Chains, Upcaster


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
    upcasters : iterable of Upcaster, optional
        Show old events as today's code wants them, wherever the log is read; see `eventlab.upcaster`. What is
        stored stays as it is, and ``log.events(raw=True)`` shows it. An event is written with the schema it
        says; one that says none is of today's shape, and so has the schema at which its upcasters end.
    memory_limit : str, optional
        What DuckDB may take, such as ``"500MB"``, for this file wherever this process has it open. Left out:
        four fifths of what the machine has, most of it as a cache.

    Raises
    ------
    StoreLocked
        When another process has the file open for writing.
    NotAStore, NewerFormat
        When the file is something else, or was made by a newer eventlab.
    InvalidUpcaster
        When the upcasters form no chain.

    Notes
    -----
    Close a store before other code of the same process opens its file, be it to copy it: on POSIX systems
    whoever closes a file lets go of all locks that the process has on it, DuckDB's too, and then another
    process could write beside this one. To open the file as a store once more is safe.

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
        upcasters: Iterable[Upcaster] = (),
        memory_limit: str | None = None,
    ) -> None:
        chains = Chains(upcasters)
        place = _place(path, read_only)
        database = Database(place, read_only=read_only, memory_limit=memory_limit)
        ledger = ledger_of(place)
        with ledger.lock:
            ledger.forget()  # the file may be another one than the last of this name
            _prepare(database)
        super().__init__(database, ledger, Cut())
        moment = (lambda: times.utc(clock(), "clock")) if clock else times.now
        self._writer = Writer(database, ledger, moment, ids)
        self._show_upcasted(chains, Scan())

    def append(
        self,
        stream: str,
        events: Event | Sequence[Event],
        *,
        expected: Expected = ANY,
        condition: Condition | None = None,
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
        condition : Condition, optional
            What must not have happened meanwhile, in whichever stream. Checked as well as ``expected``.

        Returns
        -------
        Appended
            ``version`` and ``position`` of the last event. ``duplicate`` is True when exactly this
            batch, by its event ids, was stored before; then nothing is written.

        Raises
        ------
        ConcurrencyError
            When the stream is elsewhere: someone appended in between. Nothing is written. It is a
            `ConditionFailed`, which names the event that matches, where the condition does not hold.
        DuplicateEventError
            When an event id is taken by anything but the same batch. Nothing is written.
        """
        done = self._writer.append(
            require_stream(stream),
            causes.caused(_batch(events), self._ledger),
            require_expectation(expected),
            require_condition(condition),
        )
        self._ledger.tell(done.position)
        return done

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
        schema: str | int | None = None,
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
            payload fields, and a missing cell an absent field. Dates, decimals and bytes (base64)
            become exact text, also inside lists and dicts.
        schema : str or int, optional
            The column with the shape of each payload, or the shape of all of them: 1 where all rows are
            old and the store has upcasters. Left out, or missing: today's.

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
            schema=schema,
        )
        return self.load(FrameTable(frame, roles), roles)

    def load(self, table: Table, roles: Roles) -> Appended:
        """Append every row of a table that SQL can read; what importers build on."""
        done = load(self._writer, table, roles)
        self._ledger.tell(done.position)
        return done

    def find(self, event_id: str, *, raw: bool = False) -> RecordedEvent | None:
        """Return the event of this id, whether given or the store's own ``stream@version``, or None.

        With ``raw=True`` as it is stored, also where upcasters do not show it.
        """
        with self.borrowed() as con:
            position = position_of(con, require_id(event_id))
        if position is None:
            return None
        log = self.as_stored() if raw else self
        return next(iter(log.at(position)), None)

    def version(self, stream: str) -> int:
        """Return the version of a stream, 0 where there is none; also where upcasters hide its last event."""
        [name] = require_names("streams", (stream,))
        with self.no_appends(), self.borrowed() as con:
            known = self._ledger.stream_head(con, name)
        return known.version if known else 0

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody of every append of this process, after it is committed."""
        self._ledger.watch(watcher)

    def upkeep(self, name: str | None = None) -> AbstractContextManager[object]:
        """Return the lock of whoever keeps something beside the log: one in this process at a time.

        With a name it is that of one read model, so that none waits for another.
        """
        return self._ledger.upkeep if name is None else self._ledger.upkeep_of(name)

    def no_appends(self) -> AbstractContextManager[object]:
        """Return the lock of the writers in this process."""
        return self._ledger.lock

    def join(self, participant: Participant) -> None:
        """Let somebody change tables of their own in the transaction of every append, one of each name."""
        self._ledger.participants[participant.name] = participant

    def leave(self, name: str) -> None:
        """Let a participant go."""
        self._ledger.participants.pop(name, None)

    def has_joined(self, name: str) -> bool:
        """Tell whether somebody of that name takes part in every append."""
        return name in self._ledger.participants

    def before_close(self, guest: Guest) -> None:
        """Have somebody stop before this store is closed, for as long as they live."""
        self._database.before_close(guest)

    def read_models(self) -> pd.DataFrame:
        """Return the read models kept in this store, one row each, by name.

        Returns
        -------
        DataFrame
            ``name, version, checkpoint, lag`` (events it has not taken in yet), ``rows`` (missing where
            another program has deleted them).
        """
        with self.borrowed() as con:
            return read_tables.listed(con)

    def handling(
        self, consumer: str, event: RecordedEvent, *, named: str | None = None
    ) -> AbstractContextManager[None]:
        """Let all that is appended in the block be caused by an event that is being handled.

        With ``named`` it gets ids that begin so, and are the same however often the event is handled.
        """
        return causes.Handling(causes.Cause(self._ledger, consumer, event, named))

    def now(self) -> datetime:
        """Return the time by the clock of this store, naive UTC."""
        return self._writer.clock()

    def require_writable(self) -> None:
        """Refuse to write where the file is open for reading only."""
        self._writer.require_writable()

    @property
    def head(self) -> int:
        """The position of the last event, 0 for an empty store; also where upcasters show nothing there."""
        with self.borrowed() as con:
            return self._ledger.seen_position(con)

    @property
    def read_only(self) -> bool:
        """Whether the file is open for reading only."""
        return self._database.read_only

    def seal(self) -> Seal:
        """Seal all that was appended since the last seal; note the digest somewhere else.

        The digest is the SHA-256 of the digest before it and of every event since, stream names
        included. The store keeps it in a chain, with 8 bytes per event that tell `verify` which event was
        changed. What is sealed is what is found: verify() first where you have doubts.

        Returns
        -------
        Seal
            ``number, position, events, digest, sealed_at``; the last one again when nothing is new.

        Raises
        ------
        ReadOnly
            When the file is open for reading only.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore(clock=lambda: "2026-01-31")
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> sealed = store.seal()
        >>> sealed.position, sealed.events, len(sealed.digest), store.seal() == sealed
        (2, 2, 64, True)
        """
        return seal(self._writer)

    def seals(self) -> pd.DataFrame:
        """Return all seals, one row each, oldest first: ``number, position, events, digest, sealed_at``."""
        with self.borrowed() as con:
            return seals_frame(con)

    def verify(self, digest: str | Seal | None = None) -> pd.DataFrame:
        """Return what is wrong with the history in this store; an empty frame when all is well.

        Parameters
        ----------
        digest : str or Seal, optional
            A digest that seal() once gave and that was kept elsewhere. It need not be the last.

        Returns
        -------
        DataFrame
            One row per finding, by position: ``position, kind, stream, version`` (of the event that
            stands there now, if one does), ``detail``. Against the seals: ``changed``, ``missing``,
            ``swapped``, ``foreign`` (not there when sealed), ``damaged seal``, ``other digest``. In the
            whole log, sealed or not: ``gap``, ``foreign`` (a position taken twice, or below 1), ``broken
            version``, ``clock steps back``, ``unknown stream``, ``changed`` (a stream's category), ``broken
            payload`` (no object), ``broken schema`` (below 1), ``missing value``, ``endless time``. Where
            nothing of all this is found: ``damaged index`` (events that who asks for their stream may miss).
            Where the columns are not those of a store: ``other table`` alone.

        Raises
        ------
        InvalidDigest
            When the digest given is not one.

        Notes
        -----
        Who can write the file can also seal anew what they forged, or cut off the end together with its
        seals. The file alone cannot show that; a digest kept elsewhere does. No seal shows what
        happened before sealing, or that an event was true, and events behind the last seal are only
        checked for what every log must be. Swaps are told apart among the first 300 changed events of a
        seal; further ones are ``changed``. The list of known payload fields is not sealed.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        >>> noted = store.seal().digest
        >>> len(store.verify(noted))
        0
        >>> store.verify("0" * 64)[["position", "kind"]]
           position          kind
        0         1  other digest
        """
        noted = digest.digest if isinstance(digest, Seal) else digest
        with self.borrowed() as con:
            return verify(con, _require_digest(noted))

    def branch(
        self,
        *,
        at: int | None = None,
        drop: Iterable[int] | Log = (),
        edit: Mapping[int, Event | Mapping[str, Any]] | None = None,
        insert: Mapping[int, Any] | None = None,
    ) -> Branch:
        """Return another history: a store in memory that shares the past with this one.

        Nothing is copied and this store is never touched; what it appends later is not seen by the branch.
        The branch is a store like any other: it can be cut, folded, appended to and branched again. Its
        positions, and the versions in each stream, count 1, 2, 3 … without gaps, so what follows a dropped
        event moves down and what follows an inserted one moves up. All positions given here are this store's.

        Parameters
        ----------
        at : int, optional
            The last position shared. Left out: the head; 0 shares nothing.
        drop : iterable of int, or Log
            The events that never happened: positions, or a log such as ``store.only("CardRedeemed")``.
        edit : dict of position to dict or Event, optional
            What happened otherwise: a dict changes these payload fields and keeps the rest of the event; an
            `Event` stands in its place, in the same stream and recorded at the same time.
        insert : dict of position to (stream, event), optional
            What also happened, behind that position; 0 is the beginning. Give a pair, where the event may be
            a list of events, or a list of pairs. They are recorded with the event before them. An event out
            of a log will do: dropped from one stream, it can be put into another.

        Returns
        -------
        Branch
            An `EventStore` whose ``origin`` says what was changed. It is closed with this store.

        Raises
        ------
        InvalidBranch
            When a position does not exist or is given twice, or there is no such event; or when upcasters
            show several events at a position to edit, or none. Nothing is made.
        PayloadError, DuplicateEventError
            When an event of the branch's own cannot be stored, or its id is taken.

        Notes
        -----
        Event ids that were given stay. An event nobody named is called ``stream@version``: where versions
        move, the name moves, and a ``causation_id`` of that form with it; where its event was dropped it is
        missing. Payload fields are known as the parent has seen them, also those of dropped events.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append(
        ...     "card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 30, 40)]
        ... )
        >>> fork = store.branch(
        ...     drop=[1], edit={2: {"amount": 5}}, insert={3: ("card-8", el.Event("CardSold"))}
        ... )
        >>> [event.data for event in fork], len(store)
        ([{'amount': 5}, {'amount': 40}, {}], 3)
        >>> fork.origin
               kind  parent_position  position  stream        type
        0    shared                3         2     NaN         NaN
        1   dropped                1      <NA>  card-7  CardLoaded
        2    edited                2         1  card-7  CardLoaded
        3  inserted                3         3  card-8    CardSold
        """
        asked = changes.asked(self, at, drop, edit, insert)
        return Branch(self, worked_out(self, asked, self._writer.clock()))

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._database.closed

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

    def _show_upcasted(self, chains: Chains, scan: Scan) -> None:
        if chains:
            self._database.overlay = Overlay(self._database, self._ledger, chains, scan)

    def _title(self) -> str:
        if self._database.closed:
            return f"EventStore {self._database}, closed"
        return f"EventStore {self._database}: {self._counted()}"


class Branch(EventStore):
    """Another history of a store: what `EventStore.branch` returns.

    Attributes
    ----------
    origin : DataFrame
        What the branch is made of, one row each: first how much is ``shared``, then every event
        ``dropped``, ``edited`` and ``inserted``, in the parent's order. Columns ``kind``,
        ``parent_position`` (of an inserted event: the one it follows), ``position`` in the branch, ``stream``
        and ``type``.
    """

    def __init__(self, parent: EventStore, plan: Plan) -> None:
        database = database_of(parent._database, plan)
        with parent.borrowed() as con:
            index = parent._ledger.stream_index.seen_from_branch(
                con, parent._database.catalog(), plan.at
            )
        ledger = Ledger(holds_broken=parent.holds_broken_payloads, stream_index=index)
        Log.__init__(self, database, ledger, Cut())
        self._writer = replace(parent._writer, database=database, ledger=ledger)
        self._show_upcasted(parent.upcasters, database.plain_scans.by_lookup[-1])
        self._plan = plan

    @property
    def origin(self) -> pd.DataFrame:
        """What is shared with the parent and what was changed; one row each."""
        return self._plan.origin()

    def _title(self) -> str:
        state = "closed" if self._database.closed else self._counted()
        return f"EventStore, {self._database} {self._plan.spoken()}: {state}"


def _place(path: str | os.PathLike[str] | None, read_only: bool) -> Path | None:
    if path is not None and not is_path(path):
        raise StoreError(
            f"{short(path)} ({type(path).__name__}) is no path of a file: give text such as "
            "'cards.duckdb', or nothing for a store in memory."
        )
    if path is not None and str(path) != ":memory:":
        return Path(path).expanduser()
    if read_only:
        raise StoreError("a store in memory starts empty, so read_only=True needs a path.")
    return None


def _prepare(database: Database) -> None:
    try:
        con = database.cursor()
        if schema.contents(con):
            schema.require_known_format(con, database.path or Path(":memory:"))
            if not database.read_only:
                schema.require_stream_index(con)
        else:
            _create(database)
    except BaseException:
        database.close()
        raise


def require_store(found: object, asked: str) -> None:
    """Refuse what nothing can be kept in, a cut of a store too."""
    if not isinstance(found, EventStore):
        raise StoreNeeded(asked, found, is_cut=isinstance(found, Log))


def _create(database: Database) -> None:
    if database.read_only and database.path:
        raise NotAStore(database.path, "it has no tables")
    schema.create(database.cursor())


def _require_digest(digest: object) -> str | None:
    if digest is None:
        return None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest.strip().lower()):
        raise InvalidDigest(digest)
    return digest.strip().lower()


_ONE_THING = (str, bytes, Mapping, RecordedEvent, pd.DataFrame)
"""What can be gone through like a batch, and is none: named as a whole where it is refused."""


def _batch(events: Event | Sequence[Event]) -> Sequence[Event]:
    batch: Sequence[Any] = [events]
    if isinstance(events, Iterable) and not isinstance(events, _ONE_THING):
        batch = list(events)
    for event in batch:
        if not isinstance(event, Event):
            raise InvalidEvent(
                f"{short(event)} is a {type(event).__name__}, not an Event: "
                "append el.Event('CardLoaded', {'amount': 20}) or a list of them; a table of events goes in "
                "with append_frame."
            )
    return batch


_DIGEST = re.compile("[0-9a-f]{64}")
