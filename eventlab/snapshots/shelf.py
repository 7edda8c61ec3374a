"""Which snapshots of a projection there are, and which of them can be gone on from.

What lies on the shelf is asked every time, as others take snapshots and drop them too, but where the store is
open for reading: then nobody can write to the file. Whether the rows of one are still those that were kept is
looked at once: while DuckDB goes on from them, as it takes a tenth of the time; before a rule is given them.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from eventlab.errors import ProjectionError, SnapshotWarning
from eventlab.keeping.keeper import Keeper, Start
from eventlab.snapshots.deletions import DELETIONS
from eventlab.store.ahead import meanwhile
from eventlab.store.snapshot_tables import Kept, Rule, SnapshotTable

if TYPE_CHECKING:
    import duckdb

    from eventlab.store import EventStore
    from eventlab.timetravel import TimeTravel


class Unsound(Exception):
    """A snapshot is damaged, or was deleted: what was made of it is no answer."""


class Shelf:
    """The snapshots of one projection in one store."""

    def __init__(self, store: EventStore, projection: TimeTravel, keeper: Keeper) -> None:
        self._store, self._keeper = store, keeper
        self.name, self._version = projection.name, projection.version
        rule = projection.definition + store.upcasters.definition
        self._definition = hashlib.sha256(rule.encode()).hexdigest()
        self._table_of_fields: tuple[int, SnapshotTable | None] | None = None
        self._is_listed = False
        self._seen: list[Kept] = []
        self._usable: list[Kept] = []
        self._sound: dict[Kept, bool] = {}
        self._warned: set[str] = set()

    def kept(self) -> list[Kept]:
        """Return the snapshots there are, the first one first; one beyond the end of the log is none."""
        if self._is_listed and self._store.read_only:
            return self._usable
        table = self._table()
        seen = table.kept(self._con) if table else []
        if seen != self._seen:
            self._seen, self._usable = seen, self._within_the_log(seen)
        self._is_listed = True
        return self._usable

    def last(self, until: int) -> Kept | None:
        """Return the last snapshot up to a position that is not known to be damaged.

        It is to be used by `looking_at` it. Where one is damaged others may be: then that is done here.
        """
        before = DELETIONS.mark()
        within = [kept for kept in self.kept() if kept.position <= until]
        if all(self._sound.values()):
            return within[-1] if within else None
        return next((kept for kept in reversed(within) if self._may_be_used(kept, before)), None)

    @contextmanager
    def looking_at(self, kept: Kept, before: tuple[int, int]) -> Iterator[None]:
        """Look whether a snapshot is sound while a block goes on from it, or before where that calls rules.

        Raises
        ------
        Unsound
            Behind the block, whatever came of it, where the snapshot is damaged, or where any may have been
            deleted since a mark was taken.
        """
        if self._keeper.calls_rules and not self._is_sound(kept, before):
            raise Unsound
        with meanwhile(partial(self._is_sound, kept, before)) as is_sound:
            try:
                yield
            except Exception:
                if is_sound.result() and not DELETIONS.since(before):
                    raise
                raise Unsound from None
        if not is_sound.result() or DELETIONS.since(before):
            raise Unsound

    def start(self, kept: Kept, streams: frozenset[str] | None = None) -> Start:
        """Return a snapshot to go on from, all of it or some streams."""
        chosen = None if streams is None else tuple(sorted(streams))
        return Start(self._made(), kept.position, chosen)

    def take(self, last: Kept | None, position: int) -> Kept:
        """Take the snapshot at a position, going on from the last one, in a transaction of its own."""
        log = self._store.until(position=position)
        tail = log.since(position=last.position + 1) if last else log
        rows = self._keeper.rows(self.start(last) if last else None, tail)
        with self._keeper.explained(tail):
            return self._made().keep(self._con, position, *rows)

    def cleared(self) -> list[Kept]:
        """Return the sound snapshots; from the first damaged one on all are deleted."""
        self._table()  # which tells whether there is anything to warn of
        self._make()
        before = DELETIONS.mark()
        kept = self.kept()
        unsound = (at for at, one in enumerate(kept) if not self._may_be_used(one, before))
        sound = next(unsound, len(kept))
        damaged = [one for one in self._seen if one not in kept[:sound]]
        self._delete(damaged)
        return kept[:sound]

    def drop(self) -> None:
        """Delete all snapshots."""
        self.kept()
        self._delete(self._seen)

    def is_intact(self, kept: Kept) -> bool:
        """Tell whether the rows of a snapshot are those that were kept."""
        try:
            return self._made().measured(self._con, kept.position) == (kept.rows, kept.digest)
        except Exception:  # whatever was done to the table, DuckDB has an error for it
            return False

    def warn(self, trouble: str, warning: SnapshotWarning) -> None:
        """Warn of the first of each kind of trouble."""
        if trouble not in self._warned:
            self._warned.add(trouble)
            warnings.warn(warning, stacklevel=4)

    def _may_be_used(self, kept: Kept, before: tuple[int, int]) -> bool:
        """Tell whether one is sound, and warn if it is damaged."""
        is_sound = self._is_sound(kept, before)
        if not self._sound.get(kept, True):
            self.warn("damaged", SnapshotWarning.damaged(self.name, kept.position))
        return is_sound

    def _is_sound(self, kept: Kept, before: tuple[int, int]) -> bool:
        """Tell whether one that was there after a mark of deletions is undamaged."""
        if kept not in self._sound:
            intact = self.is_intact(kept)
            if not intact and DELETIONS.since(before):
                return False  # perhaps only deleted
            self._sound[kept] = intact
        return self._sound[kept]

    def _within_the_log(self, seen: list[Kept]) -> list[Kept]:
        head = self._store.head
        usable = [kept for kept in seen if kept.position <= head]
        if len(usable) < len(seen):
            self.warn("beyond", SnapshotWarning.beyond(self.name, seen[-1].position, head))
        return usable

    def _delete(self, kept: list[Kept]) -> None:
        if kept:
            with DELETIONS.one():
                self._made().drop(self._con, [one.position for one in kept])
            self._sound = {one: known for one, known in self._sound.items() if one not in kept}

    # -- the table of the rule ---------------------------------------------------------------------

    def _table(self) -> SnapshotTable | None:
        """Return the table of the rule, if ever made; another once fields hold values of another kind."""
        fields = len(self._store.fields())
        if self._table_of_fields is None or self._table_of_fields[0] != fields:
            found = self._found()
            self._table_of_fields = fields, found
            if (
                found is None
                and self._store.read_only
                and SnapshotTable.has_of_name(self._con, self.name)
            ):
                self.warn("outdated", SnapshotWarning.outdated(self.name))
        return self._table_of_fields[1]

    def _found(self) -> SnapshotTable | None:
        """Return the table, None too where the whole log has no state: an earlier cut may have one."""
        try:
            rule = self._rule()
        except ProjectionError:
            return None
        found = SnapshotTable.find(self._con, rule, self._keeper.columns)
        if found is None and SnapshotTable.are_lists_damaged(self._con):
            self.warn("unlisted", SnapshotWarning.unlisted(self.name))
        return found

    def _made(self) -> SnapshotTable:
        return self._table() or self._make()

    def _make(self) -> SnapshotTable:
        """Make whatever there is not yet of the table of the rule."""
        fields, empty = len(self._store.fields()), self._keeper.empty(self._store)
        table = SnapshotTable.make(self._con, self._rule(), self._keeper.columns, *empty)
        self._table_of_fields = fields, table
        return table

    def _rule(self) -> Rule:
        return Rule(self.name, self._version, self._definition, self._keeper.types(self._store))

    @property
    def _con(self) -> duckdb.DuckDBPyConnection:
        return self._store.cursor()
