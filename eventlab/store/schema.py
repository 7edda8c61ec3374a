"""The file: every table, index and guard of a store, on one screen.

Open a store with any DuckDB and ``from log`` shows it whole. ``events`` is append-only for real:
its triggers refuse UPDATE, DELETE and TRUNCATE on every connection. Stream names live beside it,
because grouping 10 million events by an integer is four times faster than by a name.

The key of the position alone keeps two writers apart, whichever streams they write: who numbers a version has
numbered a position too. It is the one key that every event is in, for DuckDB 2.0 holds keys in memory until
they are committed; where a stream's events stand is said by a table (`stream_index`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb

from eventlab.errors import NewerFormat, NotAStore
from eventlab.statements import execute
from eventlab.store import stream_index
from eventlab.store.database import transaction

FORMAT = 1

OF_A_STORE = {
    *("store", "streams", "events", "fields", "log", "refused"),
    *("stream_index", "seals", "fingerprints"),
}
"""The tables and views below; others in a file are somebody's own, or kept beside the log."""

TABLES = """
create table store (format integer not null);

create table streams (
    stream_no integer primary key,
    stream    varchar not null unique,
    category  varchar not null
);

create table events (
    position       bigint primary key,
    stream_no      integer not null,
    version        bigint not null,
    type           varchar not null,
    occurred_at    timestamp not null,
    recorded_at    timestamp not null,
    data           variant not null,
    actor          varchar,
    reason         varchar,
    correlation_id varchar,
    causation_id   varchar,
    given_id       varchar unique,
    tags           varchar[],
    schema         integer not null
);

create table fields (
    seen  integer primary key,
    type  varchar not null,
    field varchar not null,
    kind  varchar not null,
    unique (type, field, kind)
);

create view log as
select position, stream, version, type, occurred_at, data, actor, reason, recorded_at,
       correlation_id, causation_id, coalesce(given_id, stream || '@' || version) as event_id, tags, schema
from events join streams using (stream_no)
order by position;
"""

# `error()` aborts the statement that fired the trigger; to DuckDB a TRUNCATE is a DELETE of every row.
GUARDS = """
create table refused (why varchar);

create trigger events_never_change after update on events for each statement
insert into refused select error('events are immutable: append a correcting event instead of UPDATE');

create trigger events_never_vanish after delete on events for each statement
insert into refused select error('events are immutable: append a correcting event instead of DELETE');

create trigger streams_keep_their_name after update on streams for each statement
insert into refused select error('the log names its events by stream: a stream is never renamed');

create trigger streams_never_vanish after delete on streams for each statement
insert into refused select error('the log names its events by stream: a stream never vanishes');
"""

STREAM_INDEX = "create table stream_index (stream_no integer not null, position bigint not null)"

SEALS = """
create table seals (
    seal      integer primary key,
    position  bigint not null,
    events    bigint not null,
    digest    varchar not null,
    sealed_at timestamp not null,
    probe     ubigint not null
);

create table fingerprints (position bigint not null, fingerprint ubigint not null);

create trigger seals_never_change after update on seals for each statement
insert into refused select error('seals are immutable: a seal that changes proves nothing');

create trigger seals_never_vanish after delete on seals for each statement
insert into refused select error('seals are immutable: a seal that vanishes proves nothing');

create trigger fingerprints_never_change after update on fingerprints for each statement
insert into refused select error('fingerprints are immutable: they say what was sealed');

create trigger fingerprints_never_vanish after delete on fingerprints for each statement
insert into refused select error('fingerprints are immutable: they say what was sealed');
"""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Lay out a new store, all or nothing."""
    with transaction(con):
        execute(con, TABLES)
        execute(con, GUARDS)
        execute(con, STREAM_INDEX)
        execute(con, SEALS)
        execute(con, "insert into store values (?)", [FORMAT])


def require_stream_index(con: duckdb.DuckDBPyConnection) -> None:
    """Make the index of streams anew where it was dropped; a file that has DuckDB's keeps that one."""
    if stream_index.is_dropped(con):
        with transaction(con):
            execute(con, STREAM_INDEX)
            [(head,)] = execute(con, "select coalesce(max(position), 0) from events").fetchall()
            stream_index.write_runs(con, head)


@cache
def event_columns() -> dict[str, str]:
    """Return the columns of events, as they should be, and their types."""
    with duckdb.connect() as con:
        execute(con, TABLES)
        return columns_of_events(con)


def columns_of_events(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the columns of events that there are, and their types."""
    return {name: kind for name, kind, *_ in con.execute("describe main.events").fetchall()}


CONTENTS = """
select table_name from duckdb_tables() where not internal and database_name = current_database()
union all select view_name from duckdb_views() where not internal and database_name = current_database()
union all select sequence_name from duckdb_sequences() where database_name = current_database()
order by 1
"""


def has_seals(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the tables of seals are there; a store made before there were seals has none."""
    return {"seals", "fingerprints"} <= set(contents(con))


def contents(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of all that is in a database; one with nothing in it can become a store."""
    return [name for (name,) in execute(con, CONTENTS).fetchall()]


def require_known_format(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a database that is not a store, or is one of a newer format."""
    there = contents(con)
    if not {"store", "streams", "events", "fields"} <= set(there):
        raise NotAStore(path, f"it is a DuckDB file with other tables ({', '.join(there)})")
    try:
        [(found,)] = execute(con, "select max(format) from store").fetchall()
    except duckdb.BinderException as error:
        raise NotAStore(path, "it is a DuckDB file whose table 'store' has no format") from error
    if found is None:
        raise NotAStore(path, "its format number is missing")
    if found > FORMAT:
        raise NewerFormat(path, found, FORMAT)
