"""Where the events of a stream stand: a table of streams and positions, sorted in runs.

An index of DuckDB's own would say so too, and DuckDB 2.0 cannot put one aside: of rows that go in at once
it holds 24 bytes each until they are committed, and the file becomes twice as large. Here a million events
make a run, eight runs become one of eight million, and so on: a stream is looked up in a few places. Behind
the last run there are never more events than can be looked through.

It says nothing that the log does not say: without it each answer is the same, and takes longer. Files from
before there was one have DuckDB's, and keep it; a table of that name and another shape is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

import duckdb

from eventlab.statements import execute
from eventlab.store.knownstreams import Numbers
from eventlab.store.scans import ROW_GROUP

RUN = 8 * ROW_GROUP
"""So many events make a run; a shorter log, or part of one, is looked through."""

MERGED = 8
"""So many runs of a size become one."""

SORTED_AT_ONCE = 2  # runs of the smallest size; more would take memory

MOST_STREAMS = 10
MOST = 1_000
"""So many events of so many streams are picked by their positions; for more it is faster to read all."""

# DuckDB 2.0 finds a list of positions by the key only where it tests nothing else of a row. The limit, which
# lets all of them pass, keeps away from there what the query goes on to ask.
PICKED = f"where position in $el_positions::bigint[] limit {MOST}"


class Streams(NamedTuple):
    """What is known of the streams of a cut: their numbers by name, and where all their events stand."""

    numbers: Numbers
    positions: list[int] | None = None


class StreamIndex:
    """The index of one file, to be written and asked on any connection that sees it."""

    def __init__(self, catalog: str = "", *, is_there: bool | None = None) -> None:
        self._is_of_parent, self._prefix = bool(catalog), f"{catalog}." if catalog else ""
        self._is_there = is_there

    def serves(self, reached: Callable[[], int]) -> bool:
        """Tell whether there is a run: the log is as long as one, or that of the parent was."""
        return bool(self._is_there) if self._is_of_parent else reached() >= RUN

    def forget(self) -> None:
        """Look again whether it is there: the file may be another one, or have got it just now."""
        if not self._is_of_parent:
            self._is_there = None

    def seen_from_branch(
        self, con: duckdb.DuckDBPyConnection, catalog: str, events: int
    ) -> StreamIndex:
        """Return the same index for a branch, which knows the file by a name and adds nothing to it."""
        if self._is_of_parent:
            return self
        return StreamIndex(catalog, is_there=events >= RUN and self._found(con))

    def keep_up(self, con: duckdb.DuckDBPyConnection, before: int, head: int) -> None:
        """Write the runs that an append has filled, from the position before it to its last."""
        if before // RUN < head // RUN and not self._is_of_parent and self._found(con):
            write_runs(con, head)

    def positions(
        self,
        con: duckdb.DuckDBPyConnection,
        numbers: Collection[int],
        low: int | None = None,
        high: int | None = None,
    ) -> list[int] | None:
        """Return where the events of some streams stand, between two positions.

        None where they are many, or had better be looked for.
        """
        low, high = low or 0, _END if high is None else high
        if high - low < RUN or len(numbers) > MOST_STREAMS or not self._found(con):
            return None
        asked = {"numbers": list(numbers), "low": low, "high": high}
        query = f"{self._positions(len(numbers))} limit {MOST + 1}"
        found = execute(con, query, asked).fetchall()
        return [position for (position,) in found] if len(found) <= MOST else None

    def last(self, con: duckdb.DuckDBPyConnection, number: int) -> int | None:
        """Return where the last event of a stream stands, 0 where it has none; None where that is not known.

        What a branch knows is where it stands in its parent.
        """
        if self._is_of_parent or not self._found(con):
            return None
        found = f"select coalesce(max(position), 0) from ({self._positions(1)})"
        asked = {"numbers": [number], "low": 0, "high": _END}
        return int(execute(con, found, asked).fetchall()[0][0])

    def _positions(self, streams: int) -> str:
        """Return the query for the positions of so many streams."""
        # One by one, for of several DuckDB 2.0 reads all runs.
        indexed = [_INDEXED.format(of=self._prefix, at=at) for at in range(1, streams + 1)]
        return "\nunion all\n".join([*indexed, _BEHIND.format(of=self._prefix, run=RUN)])

    def _found(self, con: duckdb.DuckDBPyConnection) -> bool:
        if self._is_there is None:
            self._is_there = is_there(con)
        return self._is_there


def write_runs(con: duckdb.DuckDBPyConnection, head: int) -> None:
    """Bring the runs to what they are in a log of this length."""
    [(indexed,)] = execute(con, "select count(*) from main.stream_index").fetchall()
    before, runs = layout(indexed), layout(head)
    merged = [run for run in before if run not in runs]
    if merged:
        execute(con, "delete from main.stream_index where position > ?", [merged[0].low])
    for run in runs:
        if run not in before:
            _write(con, run)


class Run(NamedTuple):
    """A run has the events behind one position, up to another."""

    low: int
    high: int


def layout(events: int) -> list[Run]:
    """Return the runs of a log: as many of each size, from large to small, as its length has of them."""
    runs, low, size = [], 0, RUN
    while size * MERGED <= events:
        size *= MERGED
    while size >= RUN:
        for _ in range((events - low) // size):
            runs.append(Run(low, low + size))
            low += size
        size //= MERGED
    return runs


def _write(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write a run, a part of the streams at a time."""
    parts = -(-(run.high - run.low) // (RUN * SORTED_AT_ONCE))
    shares = [part / parts for part in range(1, parts)]
    bounds = execute(con, _BOUNDS, [shares, *run]).fetchall()[0][0] if shares else []
    edges = [-1, *sorted(set(bounds)), 2**31 - 1]
    for first, last in pairwise(edges):
        execute(con, _WRITE, [*run, first, last])


def is_there(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a file has the index: one from before there was any has DuckDB's."""
    return execute(con, _COLUMNS).fetchall() == [("stream_no", "INTEGER"), ("position", "BIGINT")]


def is_dropped(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a file has neither this index nor DuckDB's, nor anything else of its name."""
    return execute(con, _INSTEAD).fetchall() == [(0, 0)]


def has_other_shape(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether something else stands in its place, and DuckDB has no index either."""
    [(of_its_name, by_duckdb)] = execute(con, _INSTEAD).fetchall()
    return bool(of_its_name) and not by_duckdb and not is_there(con)


class Difference(NamedTuple):
    """How often the index says that a stream has an event at a position, and whether it has."""

    position: int
    stream_no: int
    named: int
    stored: int


def differences(con: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    """Yield the first of each run in which it says something else than the log, which no store does."""
    if not is_there(con):
        return
    for run in execute(con, _DIFFERENT_RUNS, {"run": RUN}).fetchall():
        for row in execute(con, _FIRST_DIFFERENCE, {"low": run[0], "high": run[1]}).fetchall():
            yield Difference(*row)


_HERE = "database_name = current_database() and schema_name = 'main'"

_COLUMNS = f"""
select column_name, data_type
from duckdb_columns() semi join duckdb_tables() using (database_name, schema_name, table_name)
where {_HERE} and table_name = 'stream_index' order by column_index
"""

_INSTEAD = f"""
select (select count(*) from duckdb_tables() where {_HERE} and table_name = 'stream_index')
           + (select count(*) from duckdb_views() where {_HERE} and view_name = 'stream_index'),
       (select count(*) from duckdb_indexes() where {_HERE} and index_name = 'events_of_stream')
"""

_BOUNDS = """
select approx_quantile(stream_no, ?::float[]) from main.events where position > ? and position <= ?
"""

_WRITE = """
insert into stream_index
select stream_no, position from main.events
where position > ? and position <= ? and stream_no > ? and stream_no <= ?
order by stream_no, position
"""

_END = 2**63 - 1

_INDEXED = """
select position from {of}main.stream_index
where stream_no = $numbers[{at}] and position between $low and $high
"""

# By whole runs, which a row too many or too few does not move.
_BEHIND = """
select position from {of}main.events
where position > (select count(*) // {run} * {run} from {of}main.stream_index)
      and position between $low and $high and stream_no in $numbers::integer[]
"""

_OF_RUNS = """
select (position - 1) // $run as run, count(*) as events, bit_xor(hash(stream_no, position)) as mark
"""

_DIFFERENT_RUNS = f"""
with named as ({_OF_RUNS} from main.stream_index group by run),
stored as (
    {_OF_RUNS} from main.events where position <= (select max(position) from main.stream_index) group by run
)
select run * $run + 1, (run + 1) * $run from stored full join named using (run)
where (stored.events, stored.mark) is distinct from (named.events, named.mark) order by run
"""

_FIRST_DIFFERENCE = """
with rows as (
    select position, stream_no, 1 as named, 0 as stored from main.stream_index
    where position between $low and $high
    union all
    select position, stream_no, 0, 1 from main.events
    where position between $low and $high and position <= (select max(position) from main.stream_index)
)
select position, stream_no, sum(named)::bigint, sum(stored)::bigint from rows group by all
having sum(named) <> sum(stored) order by position, stream_no limit 1
"""
