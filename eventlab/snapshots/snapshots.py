"""A projection that goes on from states it kept, instead of folding from the first event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm.auto import tqdm

from eventlab.checks import is_whole
from eventlab.equality import equal_but_for_rounding
from eventlab.errors import SnapshotRefused, SnapshotWarning
from eventlab.keeping.keeper import Start, keeper_of
from eventlab.snapshots.deletions import DELETIONS
from eventlab.snapshots.shelf import Shelf, Unsound
from eventlab.store import require_store
from eventlab.timetravel import Key, TimeTravel
from eventlab.timetravel.causes import Causes, Cells
from eventlab.timetravel.newest import newest_by_stream

if TYPE_CHECKING:
    from eventlab.projections import Fold, Projection
    from eventlab.store import EventStore, Log
    from eventlab.store.snapshot_tables import Kept

LEAST = 1000
"""Events between snapshots, at least, where no interval is given."""

ATTEMPTS = 3
"""To answer from a snapshot, before all is folded afresh: somebody may delete them again and again."""


class Snapshots(TimeTravel):
    """The same verbs and answers as a projection, from snapshots kept in the store's file.

    Snapshots are taken now, and after appends of this process, where the store can be written. They are a
    cache: `drop` deletes them, and no answer changes. They are used for every cut that shows the log, or
    some of its streams, up to a position or a time of recording; any other cut is folded afresh. They
    belong to one definition of the projection: if its version, rule, or the types of its fields change, it
    gets new ones. Only the last digits of a sum of floats may differ, which depend on the order of adding;
    whole numbers and decimals are exact.

    Parameters
    ----------
    store : EventStore
        A store in a file or in memory; one open for reading uses the snapshots that are there.
    projection : Fold or Projection
        A `Fold` must have states that JSON can keep exactly: dicts, lists, tuples, texts, numbers,
        decimals, dates and times, in a dataclass or NamedTuple at the outside.
    every : int, optional
        Events from one snapshot to the next. Left out: as many as there are keys, and at least 1,000, so
        that what is kept grows with the log and not with its square.

    Attributes
    ----------
    replayed : int
        How many events the last call folded.

    Raises
    ------
    SnapshotRefused
        When a state cannot be kept exactly; it names the field.

    Warns
    -----
    SnapshotWarning
        Once, when snapshots are damaged or were taken of another definition.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": 1}) for _ in range(25)])
    >>> cards = el.Projection("cards", balance=el.total("amount"))
    >>> fast = el.Snapshots(store, cards, every=10)
    >>> fast(store)
            balance  position
    stream
    card-7       25        25
    >>> fast.replayed
    5
    """

    def __init__(
        self, store: EventStore, projection: Projection | Fold, every: int | None = None
    ) -> None:
        require_store(store, "Snapshots(store, projection)")
        keeper = keeper_of(projection)
        if keeper is None:
            raise SnapshotRefused.no_projection(projection)
        if every is not None and not is_whole(every, least=1):
            raise SnapshotRefused.interval(every)
        self._store, self._projection, self._keeper, self.every = store, projection, keeper, every
        self.name, self.version = projection.name, projection.version
        self.key_names, self.ends_with = projection.key_names, projection.ends_with
        self._folded: list[Log] = []
        self._shelf = Shelf(store, projection, keeper)
        self._due = (0, 0)
        if not store.read_only:
            self.update()
            store.watch(self)

    @property
    def replayed(self) -> int:
        """How many events the last call folded."""
        return sum(map(len, self._folded))

    # -- what a projection is asked ----------------------------------------------------------------

    @property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]
        """The columns of the state, as far as they are known before any log is read."""
        return self._projection.fields

    @property
    def definition(self) -> str:
        """The whole rule as text."""
        return self._projection.definition

    @property
    def by_stream(self) -> bool:
        """Whether the key of an event is simply its stream."""
        return self._projection.by_stream

    @property
    def skips(self) -> bool:
        """Whether an event may leave its key untouched."""
        return self._projection.skips

    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log, from the last snapshot before it."""
        self.require_log(log)
        return self._answered(log, self._keeper.state, self._projection)

    def newest(self, log: Log, rows: int) -> pd.DataFrame:
        """Return so many rows of the state, those changed last, the newest first."""
        found = newest_by_stream(self, log, rows)
        if found is not None:
            return found
        return self._answered(
            log,
            lambda start, tail: self._keeper.newest(start, tail, rows),
            lambda whole: self._projection.newest(whole, rows),
        )

    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched: all of them, so every event is folded."""
        self.require_log(log)
        self._folded = [self._ended(log if key is None else self.about(log, key))]
        return self._projection.changes(log, key)

    def course(self, log: Log, field: str, cuts: Sequence[int]) -> Iterator[pd.DataFrame]:
        """Yield what a field became at each event, a part of the log at a time: every event is folded."""
        self._folded = [self._ended(log)]
        yield from self._projection.course(log, field, cuts)

    def onward(self, log: Log, position: int) -> pd.DataFrame:
        """Return the state at a position, then each later change: from the last snapshot before it."""
        return self._answered(
            log,
            lambda start, tail: self._keeper.onward(start, tail, position),
            lambda whole: self._projection.onward(whole, position),
            until=position,
        )

    def marks(self, log: Log, since: int = 0, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Return for each key and field the position of the event that last changed it."""
        return self._projection.marks(log, since, fields)

    def causes(self, log: Log, since: int, cells: Cells) -> Causes:
        """Return the events that did what `diff` found since a position."""
        return self._projection.causes(log, since, cells)

    def states(self, log: Log, cuts: Sequence[Any], by: str = "position") -> Iterator[pd.DataFrame]:
        """Yield the state at each of some cuts: from snapshots where they are far apart."""
        if by == "occurred" or not log.cut.is_prefix or self._start(log)[0] is None:
            self._folded = [log.until(**{by: cut}) for cut in cuts[-1:]]
            yield from self._projection.states(log, cuts, by)
            return
        folded: list[Log] = []
        for state in super().states(log, cuts, by):
            folded += self._folded
            yield state
        self._folded = folded

    # -- upkeep ------------------------------------------------------------------------------------

    def update(self) -> Snapshots:
        """Take the snapshots that are missing, each in a transaction of its own, and return self.

        Interrupted, it leaves those taken so far. Damaged ones are taken again. A store open for reading
        raises `ReadOnly`.
        """
        self._store.require_writable()
        with self._store.upkeep():
            kept = self._shelf.cleared()
            last, head = kept[-1] if kept else None, self._store.head
            begin = last.position if last else 0
            with tqdm(
                total=head - begin,
                desc=f"snapshots of {self.name}",
                unit=" events",
                delay=2,
                leave=False,
            ) as bar:
                while (following := self._next(last)) <= head:
                    last = self._shelf.take(last, following)
                    bar.update(last.position - bar.n - begin)
            self._due = len(self._store.fields()), following
        return self

    def appended(self, position: int) -> None:
        """Keep up with an append; whatever goes wrong here, the append is done."""
        if self._store.closed:  # and another store open on the same file
            return
        known, due = self._due
        fields = known
        try:
            fields = len(self._store.fields())
            if position >= due or fields != known:
                self.update()
        except Exception as error:
            # What fails once fails again: it is not tried at every append, and ever more rarely.
            self._due = fields, position + max(LEAST, position - due)
            self._shelf.warn("not taken", SnapshotWarning.not_taken(self.name, error))

    def drop(self) -> None:
        """Delete all snapshots of this projection; no answer changes. Not in a store open for reading."""
        self._store.require_writable()
        with self._store.upkeep():
            self._shelf.drop()

    def kept(self) -> pd.DataFrame:
        """Return what is stored, folding nothing: one row per snapshot, ``position`` and ``rows``."""
        found = [(one.position, one.rows) for one in self._shelf.kept()]
        return pd.DataFrame(found, columns=["position", "rows"]).astype("int64")

    def verify(self) -> pd.DataFrame:
        """Return one row per snapshot: whether it is what was kept, and what a replay gives.

        Returns
        -------
        DataFrame
            ``position``, ``rows``, ``intact`` (its digest still holds) and ``equal`` (it is the state that
            folding from the first event gives, but for the rounding of floats).
        """
        found = [row for kept in self._shelf.kept() if (row := self._verified(kept))]
        frame = pd.DataFrame(found, columns=["position", "rows", "intact", "equal"])
        return frame.astype({"position": "int64", "rows": "int64", "intact": bool, "equal": bool})

    def _verified(self, kept: Kept) -> tuple[int, int, bool, bool] | None:
        """Return the row of one snapshot, None where it is deleted meanwhile."""
        while True:
            before = DELETIONS.mark()
            if kept not in self._shelf.kept():
                return None
            intact = self._shelf.is_intact(kept)
            equal = intact and self._equals_replay(kept)
            if not DELETIONS.since(before):
                return kept.position, kept.rows, intact, equal

    def _equals_replay(self, kept: Kept) -> bool:
        log = self._store.until(position=kept.position)
        state = self._keeper.state(self._shelf.start(kept), log.since(position=kept.position + 1))
        return equal_but_for_rounding(state, self._projection(log))

    def _next(self, last: Kept | None) -> int:
        if self.every is not None:
            return (last.position if last else 0) + self.every
        return last.position + max(LEAST, last.rows) if last else LEAST

    # -- which snapshot to go on from --------------------------------------------------------------

    def _answered(
        self,
        log: Log,
        from_snapshot: Callable[[Start, Log], pd.DataFrame],
        afresh: Callable[[Log], pd.DataFrame],
        *,
        until: int | None = None,
    ) -> pd.DataFrame:
        """Return an answer that goes on from a snapshot; that of a damaged or deleted one does not count."""
        for _ in range(ATTEMPTS):
            before = DELETIONS.mark()
            kept, tail = self._start(log, until)
            if kept is None:
                return afresh(tail)
            with suppress(Unsound), self._shelf.looking_at(kept, before):
                return from_snapshot(self._shelf.start(kept, log.cut.streams), tail)
        self._folded = [self._ended(log)]
        return afresh(*self._folded)

    def _start(self, log: Log, until: int | None = None) -> tuple[Kept | None, Log]:
        """Return what to go on from, at the end of a log or an earlier position, and what is left to fold."""
        ended = self._ended(log)
        kept = self._snapshot(ended if until is None else ended.until(position=until))
        tail = ended if kept is None else ended.since(position=kept.position + 1)
        self._folded = [tail]
        return kept, tail

    def _snapshot(self, log: Log) -> Kept | None:
        """Return the last snapshot before the end of a log, if it can be gone on from."""
        streams = log.cut.streams
        if not (log.is_of(self._store) and log.cut.is_prefix):
            return None
        if streams is not None and not self.by_stream:
            return None
        return self._shelf.last(self._end(log))

    def _end(self, log: Log) -> int:
        """Return a position up to which a log shows everything."""
        high, recorded = int(log.cut.position.high), log.cut.recorded.high
        return high if recorded is None else min(high, self._store.until(recorded=recorded).head)

    def _ended(self, log: Log) -> Log:
        """Return a log that ends where it ends now, so that it can be counted whenever somebody asks."""
        if log.cut.position.high is not None:
            return log
        return log.until(position=(self._store if log.is_of(self._store) else log).head)

    # -- how it reads ------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<{self._title()}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._title())}</p>"

    def _title(self) -> str:
        kept = self._shelf.kept()
        if not kept:
            return f"Snapshots of {self.name!r}: none"
        rows = sum(one.rows for one in kept)
        return (
            f"Snapshots of {self.name!r}: {len(kept):,} up to position {kept[-1].position:,}, "
            f"{rows:,} rows"
        )
