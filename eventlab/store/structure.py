"""What every log must be, sealed or not: gapless, in order, each event whole.

A store writes nothing else; whatever is found here was done by another program. Nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from eventlab.store import schema, stream_index
from eventlab.store.broken import IS_BROKEN


class Finding(NamedTuple):
    """Something that is not as it should be, and where."""

    position: int
    kind: str
    detail: str


def other_columns(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Yield in what the table of events differs from a store's: then nothing more can be asked of it."""
    found, wanted = schema.columns_of_events(con), schema.event_columns()
    for name in wanted:
        if found.get(name) != wanted[name]:
            detail = f"events.{name} should be {wanted[name]} and is {found.get(name, 'not there')}"
            yield Finding(0, "other table", detail)


def structure(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Yield what no store would have written: gaps, broken versions, clocks that step back, odd values."""
    for place, missing in con.execute(_MISSING).fetchall():
        yield Finding(place, "missing value", f"it has no {missing}")
    for place, occurred_at, recorded_at in con.execute(_ENDLESS).fetchall():
        detail = f"it occurred at {occurred_at} and was recorded at {recorded_at}"
        yield Finding(place, "endless time", detail)
    for place, before, recorded_at, recorded_before in con.execute(_ORDER).fetchall():
        if place != before + 1:
            yield _gap(place, before)
        if recorded_before is not None and recorded_at < recorded_before:
            detail = f"recorded at {recorded_at}, and the event before it at {recorded_before}"
            yield Finding(place, "clock steps back", detail)
    for place, version, before in con.execute(_VERSIONS).fetchall():
        detail = f"version {version} follows version {before} of its stream"
        yield Finding(place, "broken version", detail)
    for place, stream_no in con.execute(_NAMELESS).fetchall():
        yield Finding(place, "unknown stream", f"no stream has the number {stream_no}")
    for place, stream, category in con.execute(_CATEGORIES).fetchall():
        yield Finding(place, "changed", f"stream {stream!r} is filed under category {category!r}")
    for place, found in con.execute(_PAYLOADS).fetchall():
        yield Finding(place, "broken payload", f"it is no object with named fields, but {found}")
    for place, number in con.execute(_SCHEMAS).fetchall():
        yield Finding(place, "broken schema", f"schemas count from 1, and this is {number}")


def index(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Yield in what the index of streams differs from a log that is as it must be."""
    for place, stream_no, named, stored in stream_index.differences(con):
        detail = f"it names {named} events of stream number {stream_no} here, and there is {stored}"
        yield Finding(place, "damaged index", f"{detail}: {_MAKE_ANEW}")
    if stream_index.has_other_shape(con):
        yield Finding(0, "damaged index", f"it is no table of stream_no and position: {_MAKE_ANEW}")


def _gap(place: int, before: int) -> Finding:
    if place < 1:
        return Finding(place, "foreign", "positions count from 1")
    if place == before:
        return Finding(place, "foreign", "this position is taken by several events")
    first = max(before + 1, 1)
    return Finding(place, "gap", f"positions {first} to {place - 1} are not there")


_NEVER_MISSING = (
    "position",
    "stream_no",
    "version",
    "type",
    "occurred_at",
    "recorded_at",
    "schema",
)

_NAMES = ", ".join(f"case when {name} is null then '{name}' end" for name in _NEVER_MISSING)

_MISSING = f"""
select coalesce(position, 0), concat_ws(', ', {_NAMES})
from main.events where {" or ".join(f"{name} is null" for name in _NEVER_MISSING)}
"""

_ENDLESS = """
select position, occurred_at::varchar, recorded_at::varchar from main.events
where position is not null and not (isfinite(occurred_at) and isfinite(recorded_at))
"""

_ORDER = """
select * from (
    select position, lag(position, 1, 0) over stored as before,
           recorded_at, lag(recorded_at) over stored as recorded_before
    from main.events where position is not null
    window stored as (order by position, recorded_at)
) where position <> before::hugeint + 1 or recorded_at < recorded_before
"""

_VERSIONS = """
select * from (
    select position, version, lag(version, 1, 0) over stream as before
    from main.events where position is not null
    window stream as (partition by stream_no order by position, version)
) where version <> before::hugeint + 1
"""

_NAMELESS = """
select position, stream_no from main.events anti join main.streams using (stream_no)
where position is not null and stream_no is not null
"""

_PAYLOADS = f"""
select position, left(data::json::varchar, 100) from main.events where position is not null and {IS_BROKEN}
"""

_SCHEMAS = "select position, schema from main.events where position is not null and schema < 1"

_MAKE_ANEW = "drop stream_index with DuckDB, and open the store; it is made anew"

_CATEGORIES = """
select coalesce(min(position), 0), stream, category from main.streams left join main.events using (stream_no)
where category <> split_part(stream, '-', 1) group by stream, category
"""
