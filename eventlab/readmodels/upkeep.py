"""How the rows of one read model are brought forward, inside a transaction that somebody else commits.

The same steps serve whoever catches up afterwards and whoever takes part in an append. Rows and checkpoint
change together, so whatever goes wrong, a rollback leaves both as they were.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from eventlab.errors import (
    CheckpointBeyondLog,
    CheckpointMoved,
    EventLabError,
    ReadModelError,
    RuleChanged,
    UntypedField,
)
from eventlab.readmodels.lanes import lane_of
from eventlab.store import read_tables
from eventlab.store.read_tables import Standing

if TYPE_CHECKING:
    import duckdb

    from eventlab.projections import Fold, Projection
    from eventlab.store.ledger import Field
    from eventlab.store.within import LogWithin

Done = TypeVar("Done")


class Drifted(EventLabError):
    """An event holds a value of a kind that the rule cannot compute with."""

    def __init__(self, position: int, cause: EventLabError) -> None:
        self.position, self.cause = position, cause
        super().__init__(str(cause))


class Elsewhere(ReadModelError):
    """The rows do not stand where they were left: somebody else has moved them."""


class Upkeep:
    """What keeps the rows of one projection under one name."""

    def __init__(self, name: str, projection: Projection | Fold, upcasters: str = "") -> None:
        self.name, self.lane = name, lane_of(projection)
        self._version = projection.version
        self._definition = hashlib.sha256((projection.definition + upcasters).encode()).hexdigest()
        self._typed: tuple[list[Field], str] | None = None
        self._left: Standing | None = None

    def from_where_left(
        self,
        high: int,
        go_on: Callable[[Standing | None], Done],
        find: Callable[[], Standing | None],
    ) -> Done:
        """Go on to a position from where the rows were left, or from where they are found to stand instead.

        Whether they still are where they were left, `advance` finds.
        """
        if self._left and self._left.checkpoint < high:
            with suppress(Elsewhere):
                return go_on(self._left)
        return go_on(find())

    def advance(
        self, con: duckdb.DuckDBPyConnection, log: LogWithin, kept: Standing | None, high: int
    ) -> Standing:
        """Take in the events from where rows are kept up to a position, and return how they stand then.

        Raises
        ------
        Elsewhere
            When the rows are not where they are said to be kept; nothing is changed then.
        CheckpointMoved, RowsMissing
            When they hold events beyond that position, or are not there.
        """
        if kept is None:
            return self._fill(con, self._settled(log, high), high)
        self.require_same_rule(kept)
        if kept.checkpoint >= high:
            return kept
        with read_tables.there(self.name, kept.table):
            return self._advance(con, log, kept, high)

    def _advance(
        self, con: duckdb.DuckDBPyConnection, log: LogWithin, kept: Standing, high: int
    ) -> Standing:
        if kept is not self._left:
            self._require_own_rows(con, kept)
        has_new_fields = kept.fields != len(log.known)
        if has_new_fields:
            log = self._settled(log, high)
        if not read_tables.moved(con, self.name, kept, len(log.known), high):
            self._left = None
            raise Elsewhere
        if has_new_fields and self._types(log) != kept.types:
            return self._fill(con, log, high)
        self._merge(con, kept, log.between(kept.checkpoint + 1, high))
        self._left = kept._replace(fields=len(log.known), checkpoint=high)
        return self._left

    def refill(
        self, con: duckdb.DuckDBPyConnection, log: LogWithin, high: int
    ) -> Iterator[Standing]:
        """Make the rows afresh in a table of their own, and yield after each part how far they are."""
        made = self._fill(con, log, min(self.lane.at_once, high))
        yield made
        while made.checkpoint < high:
            made = self.advance(con, log, made, min(made.checkpoint + self.lane.at_once, high))
            yield made

    def require_same_rule(self, kept: Standing) -> None:
        """Refuse rows that another rule has made."""
        if (kept.version, kept.definition) != (self._version, self._definition):
            raise RuleChanged(self.name, kept.version, self._version, kept.checkpoint)

    def require_within(self, kept: Standing, head: int) -> None:
        """Refuse a checkpoint that the log does not reach."""
        if kept.checkpoint > head:
            raise CheckpointBeyondLog(self.name, kept.checkpoint, head)

    def _require_own_rows(self, con: duckdb.DuckDBPyConnection, kept: Standing) -> None:
        newest = read_tables.newest(con, kept.table)
        if newest > kept.checkpoint:
            raise CheckpointMoved(self.name, kept.checkpoint, newest)

    def _fill(self, con: duckdb.DuckDBPyConnection, log: LogWithin, high: int) -> Standing:
        types = self._types(log)
        new = Standing(0, self._version, self._definition, types, len(log.known), high)
        rows = self.lane.rows(log.until(position=high))
        self._left = read_tables.fill(con, self.name, new, rows)
        return self._left

    def _merge(self, con: duckdb.DuckDBPyConnection, kept: Standing, tail: LogWithin) -> None:
        lane = self.lane
        late = lane.late(con, kept.table, tail)
        read_tables.merge(con, kept.table, late, lane.keys, lane.sets, may_end=lane.may_end)

    # -- fields that hold values of another kind than before -----------------------------------------

    def _settled(self, log: LogWithin, high: int) -> LogWithin:
        """Return the log as it was read before a kind of value came that cannot be computed with.

        Usually that is the log as it is.
        """
        try:
            self._types(log)
        except UntypedField as error:
            known, position = self._drift(log)
            if position <= high:
                raise Drifted(position, error) from error
            return log.knowing(known)
        return log

    def _drift(self, log: LogWithin) -> tuple[list[Field], int]:
        """Return the fields the rule can compute with, and the first event that is too much for it.

        They are not known in the order in which they came: upcasters show old ones late.
        """
        firsts = {field: log.first_with(field) for field in log.known}

        def is_too_much(position: int) -> bool:
            known = (field for field in log.known if firsts[field] <= position)
            try:
                self.lane.types(log.knowing(known).until(position=position))
            except UntypedField:
                return True
            return False

        positions = sorted(set(firsts.values()))
        # The last is too much for sure: with it all are known.
        found = bisect_left(positions, True, hi=len(positions) - 1, key=is_too_much)
        drifted = positions[found]
        return [field for field in log.known if firsts[field] < drifted], drifted

    def _types(self, log: LogWithin) -> str:
        if self._typed is None or self._typed[0] != log.known:
            self._typed = log.known, self.lane.types(log)
        return self._typed[1]
