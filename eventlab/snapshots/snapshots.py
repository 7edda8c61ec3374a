"""A projection that goes on from states it kept, instead of folding from the first event."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm.auto import tqdm

from eventlab.errors import SnapshotRefused, SnapshotWarning
from eventlab.snapshots.keeper import Start, keeper_of
from eventlab.store.snapshot_tables import Kept, Rule, SnapshotTable
from eventlab.timetravel import Key, TimeTravel

if TYPE_CHECKING:
    from eventlab.fold import Fold
    from eventlab.projection import Projection
    from eventlab.store import EventStore, Log

LEAST = 1000
"""Events between snapshots, at least, where no interval is given."""


class Snapshots(TimeTravel):
    """The same verbs and answers as a projection, from snapshots kept in the store's file.

    Snapshots are taken now, and after appends of this process, where the store can be written. They are a
    cache: `drop` deletes them, and no answer changes. They are used for every cut that shows the log, or
    some of its streams, up to a position or a time of recording; any other cut is folded afresh. They
    belong to one definition of the projection: if its version, rule, or the types of its fields change, it
    gets new ones.

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
        keeper = keeper_of(projection)
        if keeper is None:
            raise SnapshotRefused.no_projection(projection)
        if every is not None and (
            isinstance(every, bool) or not isinstance(every, int) or every < 1
        ):
            raise SnapshotRefused.interval(every)
        self._store, self._projection, self._keeper, self.every = store, projection, keeper, every
        self.name, self.version = projection.name, projection.version
        self.key_names = projection.key_names
        self.replayed = 0
        self._trusted: dict[int, bool] = {}
        self._warned: set[str] = set()
        self._known: tuple[int, SnapshotTable | None, list[Kept]] | None = None
        if self._is_writable:
            self.update()
            store.watch(self)

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

    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log, from the last snapshot before it."""
        start = self._start(log)
        if start is None:
            self.replayed = len(log)
            return self._projection(log)
        tail = log.since(position=start.position + 1)
        self.replayed = len(tail)
        return self._keeper.state(start, tail)

    def newest(self, log: Log, rows: int) -> pd.DataFrame:
        """Return so many rows of the state, those changed last, the newest first."""
        start = self._start(log)
        if start is None:
            self.replayed = len(log)
            return self._projection.newest(log, rows)
        tail = log.since(position=start.position + 1)
        self.replayed = len(tail)
        return self._keeper.newest(start, tail, rows)

    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched: all of them, so every event is folded."""
        self.replayed = len(log if key is None else self.about(log, key))
        return self._projection.changes(log, key)

    def marks(self, log: Log, since: int = 0, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Return for each key and field the position of the event that last changed it."""
        return self._projection.marks(log, since, fields)

    def states(self, log: Log, cuts: Sequence[Any], by: str = "position") -> Iterator[pd.DataFrame]:
        """Yield the state at each of some cuts: from snapshots where they are far apart."""
        if by == "occurred" or not log.cut.is_prefix or self._start(log) is None:
            yield from self._projection.states(log, cuts, by)
            return
        replayed = 0
        for state in super().states(log, cuts, by):
            replayed += self.replayed
            yield state
        self.replayed = replayed

    # -- upkeep ------------------------------------------------------------------------------------

    def update(self) -> Snapshots:
        """Take the snapshots that are missing, each in a transaction of its own, and return self.

        Interrupted, it leaves those taken so far. Damaged ones are taken again.
        """
        con = self._store.cursor()
        table = self._made(con)
        kept = self._without_damaged(con, table)
        head, last = self._store.head, kept[-1] if kept else None
        begin = last.position if last else 0
        with tqdm(
            total=head - begin,
            desc=f"snapshots of {self.name}",
            unit=" events",
            delay=2,
            leave=False,
        ) as bar:
            while (following := self._next(last)) <= head:
                last = self._take(con, table, last, following)
                kept.append(last)
                bar.update(last.position - bar.n - begin)
        self._known = (len(self._store.fields()), table, kept)
        return self

    def appended(self, position: int) -> None:
        """Keep up with an append; whatever goes wrong here, the append is done."""
        kept = self._kept(warn=False)
        if position < self._next(kept[-1] if kept else None):
            return
        try:
            self.update()
        except Exception as error:
            self._warn(SnapshotWarning.not_taken(self.name, error))

    def drop(self) -> None:
        """Delete all snapshots of this projection; no answer changes."""
        con = self._store.cursor()
        table = self._table(con)
        if table is not None:
            table.drop(con, [kept.position for kept in table.kept(con)])
        self._known = None

    def kept(self) -> pd.DataFrame:
        """Return what is stored, folding nothing: one row per snapshot, ``position`` and ``rows``."""
        found = [(one.position, one.rows) for one in self._kept()]
        return pd.DataFrame(found, columns=["position", "rows"]).astype("int64")

    def verify(self) -> pd.DataFrame:
        """Return one row per snapshot: whether it is what was kept, and what a replay gives.

        Returns
        -------
        DataFrame
            ``position``, ``rows``, ``intact`` (its digest still holds) and ``equal`` (it is the state that
            folding from the first event gives).
        """
        con, found = self._store.cursor(), []
        table = self._table(con)
        for kept in table.kept(con) if table else []:
            start = Start(table, kept.position)  # type: ignore[arg-type]  # no snapshot without a table
            intact = table.measured(con, kept.position) == (kept.rows, kept.digest)  # type: ignore[union-attr]
            found.append((kept.position, kept.rows, intact, intact and self._equals_replay(start)))
        frame = pd.DataFrame(found, columns=["position", "rows", "intact", "equal"])
        return frame.astype({"position": "int64", "rows": "int64", "intact": bool, "equal": bool})

    def _equals_replay(self, start: Start) -> bool:
        log = self._store.until(position=start.position)
        kept = self._keeper.state(start, log.since(position=start.position + 1))
        return bool(kept.equals(self._projection(log)))

    def _take(self, con: Any, table: SnapshotTable, last: Kept | None, position: int) -> Kept:
        log = self._store.until(position=position)
        start = Start(table, last.position) if last else None
        tail = log.since(position=last.position + 1) if last else log
        return table.keep(con, position, *self._keeper.rows(start, tail))

    def _next(self, last: Kept | None) -> int:
        if self.every is not None:
            return (last.position if last else 0) + self.every
        return last.position + max(LEAST, last.rows) if last else LEAST

    # -- which snapshot to go on from --------------------------------------------------------------

    def _start(self, log: Log) -> Start | None:
        """Return the last sound snapshot before the end of a log, if it can be gone on from."""
        if not (log.is_of(self._store) and log.cut.is_prefix) or not self._covers(log.cut.streams):
            return None
        kept, head = self._kept(), self._end(log)
        con, table = self._store.cursor(), self._table_known()
        for one in reversed(kept):
            if one.position <= head and table and self._is_sound(con, table, one):
                streams = log.cut.streams
                return Start(
                    table, one.position, None if streams is None else tuple(sorted(streams))
                )
        return None

    def _table_known(self) -> SnapshotTable | None:
        return self._known[1] if self._known else None

    def _covers(self, streams: frozenset[str] | None) -> bool:
        return streams is None or self.by_stream

    def _end(self, log: Log) -> int:
        """Return a position up to which a log shows everything."""
        cut = log.cut
        everything: Log = self._store
        if cut.recorded.high is not None:
            everything = everything.until(recorded=cut.recorded.high)
        elif cut.position.high is not None:
            return int(cut.position.high)
        return (
            everything.head
            if cut.position.high is None
            else min(everything.head, cut.position.high)
        )

    def _kept(self, *, warn: bool = True) -> list[Kept]:
        """Return the snapshots there are for the projection as it is, and the events as they are."""
        fields = len(self._store.fields())
        if self._known is None or self._known[0] != fields:
            con = self._store.cursor()
            table = self._table(con)
            kept = table.kept(con) if table else []
            self._known = (fields, table, [one for one in kept if one.position <= self._store.head])
            # One that can write has taken its own when it was made: now they are dropped, or too early.
            is_left_without = warn and not kept and not self._is_writable
            if is_left_without and SnapshotTable.has_of_name(con, self.name):
                self._warn(SnapshotWarning.outdated(self.name))
        return self._known[2]

    def _is_sound(self, con: Any, table: Any, kept: Kept) -> bool:
        """Whether the rows of a snapshot are those that were kept; looked at once."""
        if kept.position not in self._trusted:
            try:
                sound = table.measured(con, kept.position) == (kept.rows, kept.digest)
            except Exception:
                sound = False
            self._trusted[kept.position] = sound
            if not sound:
                self._warn(SnapshotWarning.damaged(self.name, kept.position))
        return self._trusted[kept.position]

    def _without_damaged(self, con: Any, table: SnapshotTable) -> list[Kept]:
        """Return the sound snapshots; from the first damaged one on all are deleted."""
        kept = table.kept(con)
        sound = [
            self._is_sound(con, table, one) and one.position <= self._store.head for one in kept
        ]
        first = sound.index(False) if False in sound else len(kept)
        if first < len(kept):
            table.drop(con, [one.position for one in kept[first:]])
            self._trusted.clear()
        return kept[:first]

    def _table(self, con: Any) -> SnapshotTable | None:
        return SnapshotTable.find(con, self._rule(), self._keeper.columns)

    def _made(self, con: Any) -> SnapshotTable:
        empty = self._keeper.empty(self._store)
        return SnapshotTable.make(con, self._rule(), self._keeper.columns, *empty)

    def _rule(self) -> Rule:
        definition = hashlib.sha256(self.definition.encode()).hexdigest()
        return Rule(self.name, self.version, definition, self._keeper.types(self._store))

    @property
    def _is_writable(self) -> bool:
        return not self._store.read_only

    def _warn(self, warning: SnapshotWarning) -> None:
        """Warn of the first of each kind of trouble."""
        kind = str(warning).split(" ", 2)[1]
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(warning, stacklevel=3)

    # -- how it reads ------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<{self._title()}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._title())}</p>"

    def _title(self) -> str:
        kept = self._kept()
        if not kept:
            return f"Snapshots of {self.name!r}: none"
        rows = sum(one.rows for one in kept)
        return (
            f"Snapshots of {self.name!r}: {len(kept):,} up to position {kept[-1].position:,}, "
            f"{rows:,} rows"
        )
