"""Which events may change which fields of a projection by stream, read as arrays.

Whether an event contributes to a sum, a count or a first value says enough; what it contributes is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from eventlab.projections.contributed import LeftToDuckDB
from eventlab.projections.marks import CHANGES
from eventlab.projections.mixed import are_settled
from eventlab.projections.sql import Bound, Query
from eventlab.statements import execute
from eventlab.store.sqltext import literal, quoted

if TYPE_CHECKING:
    from eventlab.projections.projection import Projection
    from eventlab.store.log import Log

Array = np.ndarray[Any, np.dtype[Any]]

MOST_TYPES = 16
"""So many types are read as numbers, in a tenth of the time that texts take; others are one number more."""


class Changing(NamedTuple):
    """Events in fold order: their streams, positions, types by number, and which fields each may change.

    ``ends`` says which of them end the life of their stream, where any can.
    """

    streams: Array
    positions: Array
    types: Array
    ends: Array | None
    changes: Mapping[str, Array]


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
        self.verbs = {name: column.verb for name, column in projection.columns if name in names}
        if not (
            CHANGES.keys() >= set(self.verbs.values())
            and log.order_by == "position"
            and projection.query(literal).by_number().is_by_number
            and are_settled(projection.columns, log)
        ):
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
            with part.borrowed() as con:
                found = execute(con, sql, {**cut, **bound.params}).fetchnumpy()
        return self._in_order([np.ma.getdata(values) for values in found.values()])

    def _query(self, part: Log, bound: Bound, streams: Array | None) -> Query:
        query = self._projection.query(bound, part).by_number()
        query = replace(query, columns=tuple(c for c in query.columns if c[0] in self.verbs))
        if streams is None:
            return query
        chosen = bound(tuple(streams.tolist()))
        return replace(query, only=f"stream_no in (select unnest({chosen}::integer[]))")

    def _body(self, query: Query, bound: Bound) -> str:
        ends = ["_ends"] if query.ends_with else []
        changes = [CHANGES[verb].format(value=quoted(name)) for name, verb in self.verbs.items()]
        asked = ", ".join(["stream_no", "position", self._number_of_type(bound), *ends, *changes])
        return f"select {asked} from ({query.touched(['type'])})"

    def _number_of_type(self, bound: Bound) -> str:
        whens = " ".join(f"when {bound(name)} then {at}" for at, name in enumerate(self.types))
        other = len(self.types)
        return f"(case type {whens} else {other} end)::utinyint" if whens else f"{other}::utinyint"

    def _in_order(self, arrays: list[Array]) -> Changing:
        if (np.diff(arrays[1]) < 0).any():
            order = np.argsort(arrays[1], kind="stable")
            arrays = [values[order] for values in arrays]
        streams, positions, types, *rest = arrays
        ends = rest.pop(0) if self._projection.ends_with else None
        changes = dict(zip(self.verbs, rest, strict=True))
        return Changing(streams.astype("int64"), positions, types, ends, changes)
