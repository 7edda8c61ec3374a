"""What events contribute to a projection by stream, as arrays: so states are carried on in NumPy.

To group a hundred thousand events and join them to as many states takes DuckDB 30 ms, to hand them over 5.
So whoever goes on from a state reads contributions. A projection with another key than the stream, or other
columns than sums, counts, and first and last values of plain types, is left to DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.fetching import fetched
from eventlab.projections.mixed import are_settled
from eventlab.projections.sql import Bind, Bound, Query
from eventlab.projections.tallies import Contributed, Outgrown, Tallies, tally
from eventlab.remembered import Remembered
from eventlab.store.ahead import meanwhile

if TYPE_CHECKING:
    import duckdb

    from eventlab.projections.projection import Projection
    from eventlab.store.log import Log

AT_ONCE = 250_000
"""So many events are in memory at a time; their texts may be long."""


class LeftToDuckDB(Exception):
    """What arrays cannot hold, or not exactly."""


def query_by_stream(projection: Projection, log: Log, bind: Bind) -> Query:
    """Return the query of a projection by stream, of settled types, over a log in the order of positions.

    Any other is left to DuckDB, and so are a few streams, which it finds and groups as soon.
    """
    is_by_stream = projection.by_stream and log.cut.streams is None and log.order_by == "position"
    if not (is_by_stream and are_settled(projection.columns, log)):
        raise LeftToDuckDB
    query = projection.query(bind, log).by_number()
    if not query.is_by_number:
        raise LeftToDuckDB
    return query


def in_order(columns: list[Any]) -> list[Any]:
    """Return columns in the order of the second, positions."""
    positions = columns[1].data
    if not _steps_back(positions):
        return columns
    order = np.argsort(positions, kind="stable")
    return [values.take(order) for values in columns]


class CarriedInArrays:
    """The states of a growing part of a log, in arrays.

    ``families`` are those of queries that were asked before: they say which columns arrays can hold.
    """

    def __init__(self, projection: Projection, families: Remembered[list[str]]) -> None:
        self._projection, self._families = projection, families
        self._verbs = [column.verb for _, column in projection.columns]
        self._tallies = Tallies([])

    def go_on(self, part: Log, rows: str, params: Mapping[str, Any]) -> None:
        """Begin with states that were kept, and add what the events of a part contribute.

        ``rows`` is a SELECT for numbers of streams, positions, and what each column had come to. It is run
        while the events are read.

        Raises
        ------
        LeftToDuckDB
            Where arrays cannot hold it.
        """
        asked = self._asked(part)
        with meanwhile(partial(self._read, part, *asked)) as later:
            self._begin(part, rows, params)
        self.add(later.result())

    def read(self, part: Log, clock: str = "position") -> Contributed:
        """Return what the events of a part contribute, in fold order, and what a clock showed at each.

        Raises
        ------
        LeftToDuckDB
            Where arrays cannot hold it.
        """
        return self._read(part, *self._asked(part), clock)

    def add(self, rows: Contributed) -> None:
        """Add contributions that were read, those of earlier events first."""
        try:
            self._fitting(rows).add(rows)
        except Outgrown as error:
            raise LeftToDuckDB from error

    def state(self, log: Log) -> pd.DataFrame:
        """Return the state so far, as a projection gives it."""
        numbers = self._tallies.living()
        with log.borrowed() as con:
            places, names = log.known_streams.sorted(con, numbers)
        columns = self._tallies.of(numbers.take(places))
        found = {str(at): column.array for at, column in enumerate(columns)}
        return self._projection.typed(pd.DataFrame({"key": names, **found}, copy=False))

    def _asked(self, part: Log) -> tuple[Query, Bound]:
        bound = Bound()
        return query_by_stream(self._projection, part, bound), bound

    def _read(self, part: Log, query: Query, bound: Bound, clock: str = "position") -> Contributed:
        other_clock = [clock] if clock != "position" else []
        sql, cut = part.query(query.touched(other_clock))
        with part.borrowed() as con:
            many = part.may_be_long(con)
            families, values = self._fetched(con, sql, {**cut, **bound.params}, many=many)
        numbers, positions, *rest = in_order(values)
        streams, places = numbers.data.astype("int64"), positions.data
        readings = rest.pop(0).data if other_clock else places
        ends = rest.pop(0).data if query.ends_with else None
        return Contributed(streams, places, readings, ends, tuple(rest), families)

    def _begin(self, log: Log, rows: str, params: Mapping[str, Any]) -> None:
        with log.borrowed() as con:
            families, (numbers, positions, *rest) = self._fetched(con, rows, params, many=True)
            streams, places = numbers.data.astype("int64"), positions.data
            log.known_streams.require(con, streams)  # or a damaged row takes all memory
        kept = Contributed(streams, places, places, None, tuple(rest), families)
        self._fitting(kept).begin(kept)

    def _fetched(
        self, con: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any], *, many: bool
    ) -> tuple[tuple[str, ...], list[Any]]:
        """Return the kinds of the columns to be added, which stand last, and all columns."""
        kinds = self._families.of(sql, lambda: frames.families_of(con, sql, params))
        families = tuple(kinds[-len(self._verbs) :])
        if not all(map(tally, self._verbs, families)):
            raise LeftToDuckDB
        values = fetched(con, sql, params, kinds, many=many)
        if any(map(frames.outgrown, kinds, values)):
            raise LeftToDuckDB
        return families, values

    def _fitting(self, rows: Contributed) -> Tallies:
        """Return what rows are added to; refuse columns of other types than before."""
        if not self._tallies.columns:
            self._tallies = Tallies(filter(None, map(tally, self._verbs, rows.families)))
        added = zip(self._tallies.columns, rows.families, strict=True)
        if not all(column.takes(family) for column, family in added):
            raise LeftToDuckDB
        return self._tallies


def states_in_arrays(
    projection: Projection, log: Log, cuts: Sequence[Any], clock: str
) -> Iterator[pd.DataFrame]:
    """Yield the state at each of some cuts by a clock, given in increasing order.

    Raises
    ------
    LeftToDuckDB
        At the first that arrays cannot hold.
    """
    carried = CarriedInArrays(projection, Remembered())
    *_, whole = (log.until(**{_BOUND[clock]: cut}) for cut in cuts)  # or one of them is refused
    left = [np.datetime64(cut, "us") if clock != "position" else cut for cut in reversed(cuts)]
    for rows in _read(carried, projection, whole, clock):
        start, readings = 0, rows.readings
        while left and len(readings) and left[-1] < readings[-1]:
            end = int(np.searchsorted(readings, left.pop(), side="right"))
            carried.add(rows.between(start, end))
            start = end
            yield carried.state(log)
        carried.add(rows.between(start, len(readings)))
    for _ in left:
        yield carried.state(log)


_BOUND = {"position": "position", "recorded_at": "recorded"}


def _read(
    carried: CarriedInArrays, projection: Projection, log: Log, clock: str
) -> Iterator[Contributed]:
    """Yield what a log contributes, a part at a time; the clock may not step back."""
    last = None
    for part in _slices(log):
        with projection.computing(part):
            rows = carried.read(part, clock=clock)
        if len(rows.readings):
            if (last is not None and rows.readings[0] < last) or _steps_back(rows.readings):
                raise LeftToDuckDB
            last = rows.readings[-1]
        yield rows


def _slices(log: Log) -> Iterator[Log]:
    """Yield a log in parts, one at the least; the first begins wherever the log does."""
    first = max(log.cut.position.low or 1, 1)
    last = max(log.end, first)
    for start in range(first, last + 1, AT_ONCE):
        part = log.until(position=min(start + AT_ONCE - 1, last))
        yield part if start == first else part.since(position=start)


def _steps_back(numbers: Any) -> bool:
    return bool((numbers[1:] < numbers[:-1]).any())
