"""Which events may change which fields of a projection by stream, read as arrays.

Whether an event contributes to a sum, a count or a first value says enough, and what it contributes is not
read. A last value may be contributed again, so it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.fetching import fetched
from eventlab.projections.contributed import LeftToDuckDB, in_order, query_by_stream
from eventlab.projections.marks import CHANGES
from eventlab.projections.sql import Bound, Query
from eventlab.projections.tallies import CHOSEN, gaps
from eventlab.store.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from eventlab.projections.projection import Projection
    from eventlab.store.log import Log

Array = np.ndarray[Any, np.dtype[Any]]

MOST_TYPES = 16
"""So many types are read as numbers, in a tenth of the time that texts take; others are one number more."""


class Changing(NamedTuple):
    """Events in fold order: their streams, positions, types by number, and which fields each may change.

    ``ends`` says which of them end the life of their stream, where any can; ``values`` are what they
    contribute to last values.
    """

    streams: Array
    positions: Array
    types: Array
    ends: Array | None
    changes: Mapping[str, Array]
    values: Mapping[str, pd.Series[Any]]


class ChangingReader:
    """Reads what the events of a log may change of some fields.

    Attributes
    ----------
    verbs : dict of str to str
        The fields, with the verb of each.
    types : list of str
        The types by number.

    Raises
    ------
    LeftToDuckDB
        Where a field changes otherwise, or the log is not one of streams in the order of positions.
    """

    def __init__(self, projection: Projection, log: Log, names: list[str]) -> None:
        self._projection, self._log = projection, log
        verbs = {name: column.verb for name, column in projection.columns if name in names}
        self._lasts = [name for name, verb in verbs.items() if verb == "last"]
        self._others = [name for name in verbs if name not in self._lasts]
        self._kinds: list[str] = []
        self.verbs = verbs
        query_by_stream(projection, log, literal)
        if not {*CHANGES, "last"}.issuperset(verbs.values()):
            raise LeftToDuckDB
        named = chain.from_iterable([*c.types, *c.minus] for _, c in projection.columns)
        seen = (field.type for field in log.fields())
        self.types = list(dict.fromkeys([*named, *projection.ends_with, *seen]))[:MOST_TYPES]

    def read(self, start: int, end: int, streams: Array | None = None) -> Changing:
        """Return the events from one position to another, those of all streams or of some numbers."""
        part, bound = self._log.since(position=start).until(position=end), Bound()
        with self._projection.computing(part):
            query = self._query(part, bound, streams)
            sql, cut = part.query(self._body(query, bound))
            params = {**cut, **bound.params}
            with part.borrowed() as con:
                self._require_kinds(con, sql, params)
                return self._changing(in_order(fetched(con, sql, params, self._kinds, many=True)))

    def _query(self, part: Log, bound: Bound, streams: Array | None) -> Query:
        query = query_by_stream(self._projection, part, bound)
        query = replace(query, columns=tuple(c for c in query.columns if c[0] in self.verbs))
        if streams is None:
            return query
        chosen = bound(tuple(streams.tolist()))
        return replace(query, only=f"stream_no in (select unnest({chosen}::integer[]))")

    def _body(self, query: Query, bound: Bound) -> str:
        ends = ["_ends"] if query.ends_with else []
        changes = [CHANGES[self.verbs[n]].format(value=quoted(n)) for n in self._others]
        asked = ["stream_no", "position", self._number_of_type(bound), *ends, *changes]
        asked += map(quoted, self._lasts)
        return f"select {', '.join(asked)} from ({query.touched(['type'])})"

    def _number_of_type(self, bound: Bound) -> str:
        whens = " ".join(f"when {bound(name)} then {at}" for at, name in enumerate(self.types))
        other = len(self.types)
        return f"(case type {whens} else {other} end)::utinyint" if whens else f"{other}::utinyint"

    def _require_kinds(
        self, con: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any]
    ) -> None:
        """Find out the kinds of the columns; refuse last values that arrays cannot hold."""
        self._kinds = self._kinds or frames.families_of(con, sql, params)
        if not CHOSEN.issuperset(self._kinds[len(self._kinds) - len(self._lasts) :]):
            raise LeftToDuckDB

    def _changing(self, columns: list[Any]) -> Changing:
        first = len(columns) - len(self._lasts)
        values = map(_given, self._kinds[first:], columns[first:])
        streams, positions, types, *rest = map(np.ma.getdata, columns[:first])
        ends = rest.pop(0) if self._projection.ends_with else None
        return Changing(
            streams.astype("int64"),
            positions,
            types,
            ends,
            dict(zip(self._others, rest, strict=True)),
            dict(zip(self._lasts, values, strict=True)),
        )


def _given(kind: str, values: Any) -> pd.Series[Any]:
    """Return the values that are not missing, by the places of their events."""
    column = frames.decoded(kind, values)
    given: pd.Series[Any] = column[~gaps(column, values)]
    return given
