"""What a kind of projection has to know so that its rows can be kept in a table and brought forward.

`PartsLane` keeps the partial aggregates of a `Projection` and lets DuckDB add to them; `StatesLane` keeps
the states of a `Fold` as JSON text, reads those that new events touch, and folds on in Python.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventlab.errors import ReadModelRefused
from eventlab.keeping.codec import as_text
from eventlab.keeping.keeper import KeepsParts, KeepsStates
from eventlab.projections.fold import Fold, collector_at_rest
from eventlab.projections.partials import Parts
from eventlab.projections.projection import Projection
from eventlab.projections.sql import Bound
from eventlab.statements import execute
from eventlab.store.read_tables import Select
from eventlab.store.sqltext import literal

if TYPE_CHECKING:
    import duckdb

    from eventlab.event import RecordedEvent
    from eventlab.projections.states import State
    from eventlab.store.ledger import Field
    from eventlab.store.log import Log
    from eventlab.store.within import LogWithin
    from eventlab.timetravel import Key


class Lane(ABC):
    """How the rows of one projection are kept in a table.

    Attributes
    ----------
    batch : int
        How many events are taken in at once, and committed.
    at_once : int
        The same where all rows are made afresh, in one transaction.
    keys : list of str
        The columns that name a row.
    sets : dict of str to str
        For the other columns, how a value is made of the row there was, ``early``, and ``late``.
    may_end : bool
        Whether there are events that end a key.
    """

    batch: int
    at_once: int
    keys: list[str]
    sets: dict[str, str]
    may_end: bool

    @abstractmethod
    def types(self, log: Log) -> str:
        """Return the types of what is kept, as far as they depend on the events of a log."""

    @abstractmethod
    def rows(self, log: Log) -> Select:
        """Return the rows at the end of a log, counted from the first event."""

    @abstractmethod
    def late(self, con: duckdb.DuckDBPyConnection, table: str, tail: LogWithin) -> Select:
        """Return for each key that a tail touches what it adds; no position where the key has ended."""

    @abstractmethod
    def frame(self, con: duckdb.DuckDBPyConnection, table: str, log: Log) -> pd.DataFrame:
        """Return the rows of a table as a state frame."""


class PartsLane(Lane):
    """A typed column for each partial aggregate."""

    batch, at_once = 2_000_000, 10_000_000

    def __init__(self, projection: Projection) -> None:
        self._projection, self._keeper = projection, KeepsParts(projection)
        self._typed: tuple[list[Field], bool] | None = None
        parts = self._parts(literal)
        self.keys = parts.keys
        added = parts.added(_EARLY_IN_THIS_LIFE) if projection.ends_with else parts.added()
        self.sets = {**added, "position": "late.position"}
        self.may_end = bool(projection.ends_with)

    def types(self, log: Log) -> str:
        """Return the types of the columns, and what they are computed with."""
        return self._keeper.types(log)

    def rows(self, log: Log) -> Select:
        """Return the rows at the end of a log, counted from the first event."""
        log.require_payloads()
        return Select(*self._keeper.rows(None, log))

    def late(self, con: duckdb.DuckDBPyConnection, table: str, tail: LogWithin) -> Select:
        """Return for each key that a tail touches what it adds."""
        tail.require_payloads()
        if self._may_guess(tail):
            with self._projection.explained(tail):
                pass  # it looks whether there is anything to guess
        bound = Bound()
        query, cut = tail.query(self._parts(bound, tail).late())
        return Select(query, {**cut, **bound.params})

    def frame(self, con: duckdb.DuckDBPyConnection, table: str, log: Log) -> pd.DataFrame:
        """Return the rows of a table as a state frame."""
        state = self._parts(literal).state(log, con, f"from {table}", {})
        return self._projection.typed(state)

    def _may_guess(self, tail: LogWithin) -> bool:
        """Tell whether DuckDB might have to guess a type; that depends on the fields that are known."""
        if self._typed is None or self._typed[0] != tail.known:
            self._typed = tail.known, not self._projection.untyped(tail)
        return not self._typed[1]

    def _parts(self, bind: Any, log: Log | None = None) -> Parts:
        return Parts(self._projection.query(bind, log).by_number())


class StatesLane(Lane):
    """States as JSON text."""

    batch = at_once = 1_000_000
    keys = ["key"]  # noqa: RUF012  # never changed
    sets = {"state": "late.state", "position": "late.position"}  # noqa: RUF012

    def __init__(self, fold: Fold) -> None:
        self._fold, self._keeper = fold, KeepsStates(fold)
        self.may_end = bool(fold.ends_with)

    def types(self, log: Log) -> str:
        """Return nothing: JSON text is the same whatever the events hold."""
        return self._keeper.types(log)

    def rows(self, log: Log) -> Select:
        """Return the rows at the end of a log, counted from the first event."""
        with collector_at_rest():
            return Select(*self._keeper.rows(None, log))

    def late(self, con: duckdb.DuckDBPyConnection, table: str, tail: LogWithin) -> Select:
        """Return the states that a tail touches as they are after it."""
        states: dict[Key, State] = {}
        kept: dict[Key, Key] = {}  # as they are spelled in the table
        with collector_at_rest():
            batches = self._with_states(con, table, tail, states, kept)
            positions = self._fold.folded(batches, states)
        keys = [kept.get(key, key) for key in positions]
        return Select(*self._keeper.written(keys, states, positions))

    def frame(self, con: duckdb.DuckDBPyConnection, table: str, log: Log) -> pd.DataFrame:
        """Return the rows of a table as a state frame."""
        columns = execute(con, f"select key, state, position from {table}").fetchnumpy()
        return self._fold.frame(*self._keeper.read(columns))

    def _with_states(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        tail: Log,
        states: dict[Key, State],
        kept: dict[Key, Key],
    ) -> Iterator[list[RecordedEvent]]:
        """Yield the events of a tail, the states they touch read before them."""
        asked: set[Key] = set()
        batches = self._fold.batches(tail)
        while batch := list(itertools.chain.from_iterable(itertools.islice(batches, _AT_ONCE))):
            new = self._fold.touched(batch) - asked
            asked |= new
            found = execute(
                con,
                f"select key, state, position from {table} "
                "where key in (select unnest($keys::varchar[]))",
                {"keys": [as_text(key, "key") for one in new for key in spellings(one)]},
            ).fetchnumpy()
            known = self._keeper.read(found)[0]
            states |= known
            kept |= zip(known, known, strict=True)
            yield batch


def spellings(key: Any) -> Iterable[Any]:
    """Return a key and those equal to it that JSON writes otherwise: to a fold 1, 1.0 and True are one key.

    Examples
    --------
    >>> list(spellings("card-7")), list(spellings((2, "a"))), list(spellings(0.0))
    (['card-7'], [(2, 'a'), (2.0, 'a')], [0.0, 0, False, -0.0])
    """
    if isinstance(key, tuple):
        return itertools.product(*map(spellings, key))
    if not isinstance(key, int | float) or not abs(key) < 2**53:
        return [key]
    others: list[Any] = [int(key), key + 0.0, bool(key), -0.0]
    equal = [key, *(other for other in others if other == key)]
    return {repr(one): one for one in equal}.values()


_EARLY_IN_THIS_LIFE = "case when not late.afresh then early.{part} end"
_AT_ONCE = 16  # batches of events whose states are read by one query: it scans all keys


def lane_of(projection: object) -> Lane:
    """Return how the rows of a projection are kept."""
    if isinstance(projection, Projection):
        return PartsLane(projection)
    if isinstance(projection, Fold):
        return StatesLane(projection)
    raise ReadModelRefused(projection)
