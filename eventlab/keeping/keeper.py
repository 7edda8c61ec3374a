"""What a kind of projection has to know so that its states can be kept, and folding go on from them.

`KeepsParts` keeps the partial aggregates of a `Projection` in columns, `KeepsStates` the states of a
`Fold` as JSON text.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from eventlab.frames import MANY, Families
from eventlab.keeping.codec import Codec, as_text, from_texts
from eventlab.projections import Fold, Projection
from eventlab.projections.contributed import CarriedInArrays, LeftToDuckDB
from eventlab.projections.partials import Parts
from eventlab.projections.sql import Bound
from eventlab.remembered import Remembered
from eventlab.statements import execute
from eventlab.store.sqltext import literal

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.store.snapshot_tables import SnapshotTable
    from eventlab.timetravel import Key


NAMES = "main.streams as names(stream_no, key, _category)"
"""The names of streams, called so that a log does not take them for columns of its own, and join them too."""


class Start(NamedTuple):
    """A snapshot to go on from, all of it or some streams; without one, the empty past."""

    table: SnapshotTable
    position: int
    streams: tuple[str, ...] | None = None


class Rows(NamedTuple):
    """A SELECT for the rows of a snapshot, with its parameters."""

    sql: str
    params: dict[str, Any]


class Keeper(ABC):
    """How states of one projection are kept."""

    columns: list[str]
    calls_rules: bool
    """Whether a person's own code is given the states that were kept."""

    @abstractmethod
    def types(self, log: Log) -> str:
        """Return the types of what is kept, as far as they depend on the events of a log."""

    @abstractmethod
    def empty(self, log: Log) -> Rows:
        """Return a SELECT with the columns and types of what is kept."""

    @abstractmethod
    def state(self, start: Start, tail: Log) -> pd.DataFrame:
        """Return the state after a snapshot and the events behind it."""

    @abstractmethod
    def onward(self, start: Start, tail: Log, position: int) -> pd.DataFrame:
        """Return the same at a position, then one row per later event and key it touched."""

    @abstractmethod
    def rows(self, start: Start | None, tail: Log) -> Rows:
        """Return the same as the rows of a new snapshot."""

    def explained(self, _log: Log) -> AbstractContextManager[None]:
        """Say what is wrong with a rule where DuckDB cannot compute rows of it."""
        return nullcontext()


class KeepsParts(Keeper):
    """Partial aggregates, a typed column for each: merged by DuckDB."""

    calls_rules = False

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self.columns = self._parts(Bound()).columns
        self._families, self._families_in_arrays = Remembered[Families](), Remembered[list[str]]()

    def types(self, log: Log) -> str:
        """Return the SQL type of every column, and a digest of the query: it names those of the fields."""
        rows = self.empty(log)
        with self._projection.explained(log), log.borrowed() as con:
            found = execute(con, rows.sql, rows.params).description or []
        types = ", ".join(str(column[1]) for column in found)
        # Over a plain table, for where upcasted events stand moves with every append.
        columns = ", ".join(self.columns)
        body = f"select {columns} from ({self._parts(Bound(), log).of_events()})"
        rule = f"select * from ({log.plain_query(body)}) limit 0"
        return f"{types}; {hashlib.sha256(rule.encode()).hexdigest()}"

    def empty(self, log: Log) -> Rows:
        """Return a SELECT with the columns and types of what is kept."""
        rows = self.rows(None, log)
        return Rows(f"select * from ({rows.sql}) limit 0", rows.params)

    def state(self, start: Start, tail: Log) -> pd.DataFrame:
        """Return the state after a snapshot and the events behind it."""
        with suppress(LeftToDuckDB):
            return self._in_arrays(start, tail)
        return self._final(start, tail)

    def onward(self, start: Start, tail: Log, position: int) -> pd.DataFrame:
        """Return the same at a position, then one row per later event and key it touched."""
        bound = Bound()
        rows = self._parts(bound, tail).onward(bound(position), self._before(start, tail, bound))
        return self._projection.followed(tail, rows, bound)

    def newest(self, start: Start, tail: Log, rows: int) -> pd.DataFrame:
        """Return the rows of the state that changed last, the newest first."""
        return self._final(start, tail, rows)

    def rows(self, start: Start | None, tail: Log) -> Rows:
        """Return the parts of a snapshot and of the events behind it, put together."""
        bound = Bound()
        parts = self._parts(bound, tail)
        body = (
            parts.of_events()
            if start is None
            else parts.continued(self._before(start, tail, bound))
        )
        query, cut = tail.query(f"select {', '.join(self.columns)} from ({body})")
        return Rows(query, {**cut, **bound.params})

    def explained(self, log: Log) -> AbstractContextManager[None]:
        """Say what is wrong with the projection where DuckDB cannot compute it, or would guess a type."""
        return self._projection.computing(log)

    def _in_arrays(self, start: Start, tail: Log) -> pd.DataFrame:
        carried = CarriedInArrays(self._projection, self._families_in_arrays)
        columns = [self.columns[0], "position", *self.columns[1:-1]]
        rows, params = start.table.rows("$position", columns), {"position": start.position}
        tail.require_payloads()
        with self._projection.diagnosed(tail):
            carried.go_on(tail, rows, params)
        return carried.state(tail)

    def _final(self, start: Start, tail: Log, newest: int | None = None) -> pd.DataFrame:
        parts, (rows, params) = self._parts(literal), self.rows(start, tail)
        tail.require_payloads()
        with self._projection.diagnosed(tail), tail.borrowed() as con:
            # Whatever changes their types gets another table, and so another text.
            known = self._families.of(rows, lambda: parts.families(con, rows, params))
            many = newest is None and start.streams is None and start.position >= MANY
            state = parts.state(tail, con, f"({rows})", params, newest, known, many=many)
        return self._projection.typed(state)

    def _before(self, start: Start, tail: Log, bound: Bound) -> str:
        rows = start.table.rows(bound(start.position))
        if start.streams is None:
            return rows
        return f"{rows} and {self.columns[0]} in ({self._chosen(start.streams, tail, bound)})"

    def _chosen(self, streams: tuple[str, ...], tail: Log, bound: Bound) -> str:
        """Return a SELECT for some streams as the rows name them: by number, or by name."""
        by_number = self.columns[0] == "stream_no"
        numbers = tail.stream_numbers() if by_number else None
        if numbers is not None:
            return f"select unnest({bound(tuple(numbers.values()))}::integer[])"
        names = f"select unnest({bound(streams)}::varchar[])"
        return f"select stream_no from {NAMES} where key in ({names})" if by_number else names

    def _parts(self, bind: Any, log: Log | None = None) -> Parts:
        return Parts(self._projection.query(bind, log).by_number())


class KeepsStates(Keeper):
    """States as JSON text, decoded in bulk and folded on by Python."""

    columns = ["key", "state", "position"]  # noqa: RUF012  # never changed
    calls_rules = True

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._codec = Codec(fold.initial)

    def types(self, log: Log) -> str:
        """Return nothing: JSON text is the same whatever the events hold."""
        return ""

    def empty(self, log: Log) -> Rows:
        """Return a SELECT with the columns and types of what is kept."""
        return Rows("select '' as key, '' as state, 0::bigint as position", {})

    def state(self, start: Start, tail: Log) -> pd.DataFrame:
        """Return the state after a snapshot and the events behind it."""
        states, positions = self._read(start, tail)
        positions |= self._fold.folded(self._fold.batches(tail), states)
        return self._fold.frame(states, positions)

    def onward(self, start: Start, tail: Log, position: int) -> pd.DataFrame:
        """Return the same at the snapshot, then one row per later event and key it touched."""
        return self._fold.onward_from(*self._read(start, tail), tail)

    def newest(self, start: Start, tail: Log, rows: int) -> pd.DataFrame:
        """Return the rows of the state that changed last, the newest first."""
        return self.state(start, tail).nlargest(rows, "position")

    def rows(self, start: Start | None, tail: Log) -> Rows:
        """Return the states after a snapshot and the events behind it, as text."""
        states, positions = self._read(start, tail)
        positions |= self._fold.folded(self._fold.batches(tail), states)
        return self.written(list(states), states, positions)

    def written(
        self, keys: list[Key], states: Mapping[Key, Any], positions: Mapping[Key, int]
    ) -> Rows:
        """Return states as text; those of keys that are not among the living are missing."""
        living = [key for key in keys if key in states]
        texts = dict(zip(living, self._codec.written([states[key] for key in living]), strict=True))
        kept = {
            "keys": [as_text(key, "key") for key in keys],
            "states": [texts.get(key) for key in keys],
            "positions": [positions[key] if key in states else None for key in keys],
        }
        return Rows(_UNNESTED, kept)

    def read(self, columns: Mapping[str, Any]) -> tuple[dict[Key, Any], dict[Key, int]]:
        """Return states and positions by key, from rows as arrays."""
        texts, positions = columns["state"].tolist(), columns["position"].tolist()
        keys = from_texts(columns["key"].tolist())
        states = dict(zip(keys, self._codec.read(texts), strict=True))
        return states, dict(zip(keys, positions, strict=True))

    def _read(self, start: Start | None, tail: Log) -> tuple[dict[Key, Any], dict[Key, int]]:
        if start is None:
            return {}, {}
        query, params = start.table.rows("$position"), dict[str, Any](position=start.position)
        if start.streams is not None:
            query += " and key in (select unnest($keys::varchar[]))"
            params["keys"] = [as_text(name, "key") for name in start.streams]
        with tail.borrowed() as con:
            return self.read(execute(con, query, params).fetchnumpy())


_UNNESTED = """
select unnest($keys::varchar[]) as key, unnest($states::varchar[]) as state,
       unnest($positions::bigint[]) as position
"""


def keeper_of(projection: object) -> KeepsParts | KeepsStates | None:
    """Return how states of a projection are kept, None where it is of neither kind."""
    if isinstance(projection, Projection):
        return KeepsParts(projection)
    return KeepsStates(projection) if isinstance(projection, Fold) else None
