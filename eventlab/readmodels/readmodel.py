"""A projection kept as a table beside the log, and brought forward by the events that came since."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from html import escape
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd
from tqdm.auto import tqdm

from eventlab.background import Background
from eventlab.checks import is_text, is_whole
from eventlab.errors import (
    AppendRefused,
    EventLabError,
    InvalidProjection,
    ReadModelBehind,
    ReadModelError,
    ReadModelFailed,
    ReadModelRefused,
    RowsMissing,
    StoreError,
)
from eventlab.readmodels.upkeep import Drifted, Upkeep
from eventlab.statements import Params
from eventlab.store import read_tables, require_store
from eventlab.store.database import reading, transaction
from eventlab.store.within import LogWithin
from eventlab.timetravel import TimeTravel

if TYPE_CHECKING:
    import duckdb

    from eventlab.projections import Fold, Projection
    from eventlab.store import EventStore
    from eventlab.store.ledger import Field
    from eventlab.store.read_tables import Standing

POLL = 1.0
"""Seconds after which a read model in the background looks at the log though nobody told it to."""


class ReadModel:
    """The state of a projection as a table in the store's file, kept up to date event by event.

    Calling a projection folds the log each time; a read model keeps what was folded, and takes in what came
    since: `catch_up` by hand, `run` in the background, or in the transaction of every append with
    ``inline=True``. Until then it is behind, and `lag` says by how many events. Rows and checkpoint are
    committed together, so an event is in it once or not at all, whatever is killed in between.

    Parameters
    ----------
    store : EventStore
        A store in a file or in memory; one open for reading shows the rows that are there.
    projection : Fold or Projection
        What a row is. A `Fold` must have states that can be kept exactly, as in `Snapshots`.
    name : str, optional
        What it is kept under; by default the name of the projection. Two read models of one name share
        their table.
    inline : bool
        True brings it up to date now and then in the transaction of every append of this process, until
        it is dropped or the store closed: never behind, but every append pays, and what it cannot take in
        is refused.

    Attributes
    ----------
    name : str
        What it is kept under.
    error : EventLabError or None
        Why it stopped; None once it goes on.

    Raises
    ------
    ReadModelRefused
        When there can be no such read model.
    RuleChanged
        When asked for rows that another version or definition of the projection has made; `rebuild`
        replaces them.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
    >>> cards = el.Projection("cards", balance=el.total("amount"))
    >>> view = el.ReadModel(store, cards)
    >>> view.lag, view.catch_up(), view.lag
    (2, 2, 0)
    >>> view.frame()
            balance  position
    stream
    card-7       25         2
    """

    def __init__(
        self,
        store: EventStore,
        projection: Projection | Fold,
        name: str | None = None,
        inline: bool = False,
    ) -> None:
        require_store(store, "ReadModel(store, projection)")
        if not isinstance(projection, TimeTravel):
            raise ReadModelRefused(projection)
        self.name = _require_name(projection.name if name is None else name)
        self._upkeep = Upkeep(self.name, projection, store.upcasters.definition)
        self._store, self._projection, self.inline = store, projection, inline
        self.error: EventLabError | None = None
        self._runner: Background | None = None
        self._moved = Event()
        self._is_listed = False
        if inline and not store.read_only:
            self._join()

    # -- where it stands ---------------------------------------------------------------------------

    @property
    def checkpoint(self) -> int:
        """The position of the last event taken in, 0 before the first."""
        kept = self._standing()
        return kept.checkpoint if kept else 0

    @property
    def lag(self) -> int:
        """How many events of the log it has not taken in yet."""
        checkpoint, head = self._checkpoint_and_head()
        return head - checkpoint

    @property
    def running(self) -> bool:
        """Whether it is brought forward in the background."""
        return self._runner is not None and self._runner.is_alive

    def __len__(self) -> int:
        """Return how many rows there are."""
        with self._reading() as (con, kept):
            return read_tables.rows_of(con, kept.table) if kept else 0

    # -- reading -----------------------------------------------------------------------------------

    def frame(self) -> pd.DataFrame:
        """Return the rows: what the projection gives for the log up to the checkpoint.

        Returns
        -------
        DataFrame
            Index: the key, sorted. Columns: the fields, then ``position``, that of the last event
            folded into the row. Nothing is folded to answer.
        """
        with self._reading() as (con, kept):
            if kept is not None:
                self._upkeep.require_same_rule(kept)
                self._end_for(kept, self._store.head)
                log = LogWithin(self._store.until(position=kept.checkpoint), con)
                return self._upkeep.lane.frame(con, kept.table, log)
        return self._projection(self._store.until(position=0))

    def sql(self, query: str, params: Params = None) -> pd.DataFrame:
        """Return what a SELECT says of the rows; they are the table ``read_model``.

        Its columns are those of ``frame().reset_index()``.

        Parameters
        ----------
        query : str
            Any SELECT; anything that could write is refused.
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
        >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> view = el.ReadModel(store, cards, inline=True)
        >>> view.sql("select stream, balance from read_model where balance > ?", [10])
           stream  balance
        0  card-7       20
        """
        rows = self.frame().reset_index()
        with self._store.borrowed() as con:
            return read_tables.answer(con, rows, query, params)

    # -- going on ----------------------------------------------------------------------------------

    def catch_up(self, limit: int | None = None, *, until: int | None = None) -> int:
        """Take in events that came since, and return how many.

        Parameters
        ----------
        limit : int, optional
            How many at most.
        until : int, optional
            The last position to take in: with it, a read model stands at a moment of the past.

        Raises
        ------
        ReadModelFailed
            When an event cannot be taken in. The read model stands right before it, and `error` keeps
            the error; nothing is skipped.
        RuleChanged, CheckpointBeyondLog, CheckpointMoved
            When its rows are of another rule, or of events that the log or its checkpoint does not have.
        """
        self._store.require_writable()
        _require_number("limit", limit)
        _require_number("until", until)
        with self._alone():
            return self._catch_up(limit, until, lambda: True, quiet=False)

    def wait(self, position: int, timeout: float = 10.0) -> int:
        """Wait until the event at a position is taken in, and return the checkpoint.

        Who has appended waits for ``done.position``, to read what they wrote. It is taken in by `run`, or by
        another thread.

        Raises
        ------
        ReadModelBehind
            When it is not after so many seconds; it is a ``TimeoutError`` too.
        ReadModelFailed
            When it stopped at an error before that.
        """
        ends = time.monotonic() + timeout
        while True:
            checkpoint, head = self._checkpoint_and_head()
            if checkpoint >= position:
                return checkpoint
            if self.error is not None and not self.running:
                raise self.error
            left = ends - time.monotonic()
            if left <= 0:
                raise ReadModelBehind(self.name, position, checkpoint, head, timeout, self.running)
            self._moved.clear()
            self._moved.wait(
                min(left, 0.05)
            )  # another process-wide read model may move the same rows

    def rebuild(self, *, until: int | None = None) -> int:
        """Make all rows afresh from the log, and return how many events that took.

        They are made in a table of their own, and take the place of the old rows in one transaction: a
        reader sees the old ones or the new ones. Whatever breaks it off leaves the old ones.

        Parameters
        ----------
        until : int, optional
            The last position to take in. Left out: the head.
        """
        self._store.require_writable()
        _require_number("until", until)
        with self._alone():
            self._list()
            head = self._store.head
            self._rebuild(head if until is None else min(until, head))
            self._settle()
        return self.checkpoint

    def drop(self) -> None:
        """Stop it, and delete its rows and its checkpoint; the log has all to make them again."""
        self._store.require_writable()
        self.stop()
        self._store.leave(self.name)
        with self._alone(), self._writing(0) as (con, _):
            kept = self._standing()
            if kept is not None:
                read_tables.drop(con, self.name, kept)

    # -- in the background ---------------------------------------------------------------------------

    def run(self, poll: float = POLL) -> None:
        """Catch up in the background, after every append of this process, until `stop` or the store's end.

        An error stops it; `error` says which.

        Parameters
        ----------
        poll : float
            Seconds after which it looks at the log though nobody told it to.
        """
        self._store.require_writable()
        if self.inline:
            raise ReadModelRefused.runs_inline(self.name)
        if self.running:
            return
        self.error = None
        self._runner = Background(
            self._run_once, self._note, name=f"eventlab-{self.name}", patience=lambda: poll
        )
        self._runner.start()
        self._store.before_close(self)
        self._store.watch(self)

    def stop(self) -> None:
        """End what `run` began, after the events that are being taken in."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.stop()

    def appended(self, position: int) -> None:
        """Hear of an append."""
        if self._runner is not None:
            self._runner.wake()

    def take_part(self, con: duckdb.DuckDBPyConnection, position: int, fields: list[Field]) -> None:
        """Take in the events of an append, in its transaction; an error refuses it."""
        if self._store.closed:
            self._store.leave(self.name)
            return
        try:
            log = LogWithin(self._store, con, stored=fields)
            self._upkeep.from_where_left(
                position,
                lambda kept: self._upkeep.advance(con, log, kept, position),
                lambda: read_tables.standing(con, self.name),
            )
        except Exception as error:
            cause = error.cause if isinstance(error, Drifted) else error
            refused = AppendRefused(self.name, getattr(error, "position", position), cause)
            self._note(refused)
            raise refused from cause
        self._settle()

    # -- how rows are brought forward ----------------------------------------------------------------

    def _catch_up(
        self, limit: int | None, until: int | None, go_on: Callable[[], bool], *, quiet: bool
    ) -> int:
        """Take in events, a batch in a transaction; of a batch that fails, all before the failing event."""
        self._list()
        head = self._store.head

        def from_there(kept: Standing | None) -> int:
            return self._brought(kept, self._target(kept, head, limit, until), go_on, quiet=quiet)

        high = head if until is None else min(until, head)
        return self._upkeep.from_where_left(high, from_there, self._standing)

    def _brought(
        self, kept: Standing | None, target: int, go_on: Callable[[], bool], *, quiet: bool
    ) -> int:
        """Take in the events up to a target, and return how many."""
        start = at = kept.checkpoint if kept else 0
        failing = _Failing()
        with self._bar(target - start, quiet=quiet) as bar:
            while at < target and go_on():
                high = failing.next(at, min(at + self._upkeep.lane.batch, target))
                try:
                    kept = self._taken_in(kept, high)
                except (InvalidProjection, ReadModelError, StoreError):
                    raise
                except Exception as error:  # one of the events may be at fault
                    if high == at + 1:
                        self._stop_at(high, error)
                    failing = _Failing(high, getattr(error, "position", None))
                else:
                    bar.update(high - at)
                    at = high
        self._settle()
        return at - start

    def _target(
        self, kept: Standing | None, head: int, limit: int | None, until: int | None
    ) -> int:
        """Return up to where it is to go."""
        start = kept.checkpoint if kept else 0
        head = self._end_for(kept, head)
        if kept is not None:
            self._upkeep.require_same_rule(kept)
        if until is not None and until < start:
            raise ReadModelRefused.goes_back(self.name, until, start)
        ends = [
            head,
            *([] if until is None else [until]),
            *([] if limit is None else [start + limit]),
        ]
        return min(ends)

    def _taken_in(self, kept: Standing | None, high: int) -> Standing:
        """Take in the events up to a position, and return how it stands then."""
        with self._writing(high) as (con, log):
            kept = self._upkeep.advance(con, log, kept, high)
        self._moved.set()
        return kept

    def _rebuild(self, high: int) -> None:
        try:
            with self._writing(high) as (con, log), self._bar(high) as bar:
                for made in self._upkeep.refill(con, log, high):
                    bar.update(made.checkpoint - bar.n)
        except EventLabError:
            raise
        except Exception as error:
            raise self._explained(error, 1, high) from error

    def _run_once(self, go_on: Callable[[], bool]) -> None:
        with self._alone():
            self._catch_up(None, None, go_on, quiet=True)

    def _join(self) -> None:
        with self._alone(), self._store.no_appends():
            self._catch_up(None, None, lambda: True, quiet=False)
            self._store.join(self)

    def _stop_at(self, position: int, error: Exception) -> NoReturn:
        """Note at which event it stopped, and say why."""
        [event] = self._store.as_stored().at(position)
        cause = self._explained(error, position, position)
        failed = ReadModelFailed(self.name, position, event.type, cause)
        self._note(failed)
        raise failed from cause

    def _explained(self, error: Exception, first: int, last: int) -> Exception:
        """Return what the projection itself says of some events; DuckDB's own words say less."""
        if isinstance(error, EventLabError):
            return error.cause if isinstance(error, Drifted) else error
        try:
            self._projection(self._store.since(position=first).until(position=last))
        except EventLabError as better:
            return better
        return error

    def _note(self, error: Exception) -> None:
        self.error = _bare(
            error if isinstance(error, EventLabError) else ReadModelError(str(error))
        )
        self._moved.set()

    def _settle(self) -> None:
        self.error = None
        self._moved.set()

    # -- locks, transactions and progress ------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else of this process move these rows: no other thread, and no append that does."""
        joined = self._store.has_joined(self.name)
        with self._store.upkeep(self.name), self._store.no_appends() if joined else nullcontext():
            yield

    @contextmanager
    def _writing(self, high: int) -> Iterator[tuple[duckdb.DuckDBPyConnection, LogWithin]]:
        """Lend a connection in a transaction, and the log as that sees it, to be read up to a position."""
        with self._store.borrowed() as con:
            log = LogWithin.committed(self._store, con, high)
            try:
                with transaction(con):
                    yield con, log
            except BaseException:
                con.close()
                raise

    @contextmanager
    def _reading(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Standing | None]]:
        """Lend a connection and how the read model stands, both of one moment."""
        with self._store.borrowed() as con:
            is_listed = self._any(con)
            with reading(con):
                kept = read_tables.standing(con, self.name) if is_listed else None
                with read_tables.there(self.name, kept.table) if kept else nullcontext():
                    yield con, kept

    def _standing(self) -> Standing | None:
        with self._store.borrowed() as con:
            return read_tables.standing(con, self.name) if self._any(con) else None

    def _checkpoint_and_head(self) -> tuple[int, int]:
        """Return where it stands and where the log ends, which it must not be beyond."""
        kept = self._standing()
        head = self._end_for(kept, self._store.head)
        return kept.checkpoint if kept else 0, head

    def _end_for(self, kept: Standing | None, head: int) -> int:
        """Return where the log ends, which the checkpoint must not be beyond."""
        if kept is not None and kept.checkpoint > head:
            with self._store.no_appends():  # who has committed both may not have told of it yet
                head = self._store.head
            self._upkeep.require_within(kept, head)
        return head

    def _any(self, con: duckdb.DuckDBPyConnection) -> bool:
        return self._is_listed or read_tables.has_any(con)

    def _list(self) -> None:
        if not self._is_listed:
            with self._store.upkeep(), self._store.borrowed() as con:
                read_tables.prepare(con)
            self._is_listed = True

    def _bar(self, events: int, *, quiet: bool = False) -> Any:
        """Return a progress bar, but for what is done in one step: that would only see its end."""
        quiet = quiet or events <= self._upkeep.lane.batch
        return tqdm(
            total=events, desc=self.name, unit=" events", delay=2, leave=False, disable=quiet
        )

    # -- how it reads --------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<ReadModel {self.name!r}: {', '.join(self._facts())}>"

    def _repr_html_(self) -> str:
        return f"<p>ReadModel {escape(repr(self.name))}: {escape(', '.join(self._facts()))}</p>"

    def _facts(self) -> list[str]:
        if self._store.closed:
            return ["its store is closed"]
        try:
            with self._reading() as (con, kept):
                rows = read_tables.rows_of(con, kept.table) if kept else 0
        except RowsMissing:
            return ["its rows are missing: rebuild() makes them afresh"]
        checkpoint, head = kept.checkpoint if kept else 0, self._store.head
        behind = (
            f"{head - checkpoint:,} behind" if checkpoint <= head else f"beyond the log's {head:,}"
        )
        return [f"{rows:,} rows", f"at position {checkpoint:,}", behind, self._mode()]

    def _mode(self) -> str:
        if self.error is not None:
            return f"stopped ({self.error})"
        if self.inline:
            return "inline"
        return "running" if self.running else "by hand"


class _Failing:
    """Where in a batch an event fails: at or before a position, or exactly there."""

    def __init__(self, within: int = 0, exactly: int | None = None) -> None:
        self._within, self._exactly = within, exactly

    def next(self, at: int, otherwise: int) -> int:
        """Return how far to go next: right before the event where it is known, else half the way to it."""
        if self._within <= at:
            return otherwise
        half = (at + self._within) // 2
        before = half if self._exactly is None else min(self._exactly - 1, self._within - 1)
        return max(at + 1, before)


def _bare(error: EventLabError) -> EventLabError:
    """Return an error without the way there, whose frames would keep connections, and so the file, open."""
    bare = type(error).__new__(type(error))
    EventLabError.__init__(bare, *error.args)
    vars(bare).update(vars(error))
    return bare


def _require_name(name: object) -> str:
    if not is_text(name) or not name:
        raise ReadModelRefused.name(name)
    return name


def _require_number(role: str, found: object) -> None:
    if found is not None and not is_whole(found, least=0):
        raise ReadModelRefused.number(role, found)
