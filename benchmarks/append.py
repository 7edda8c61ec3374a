"""Appending: a frame of events in bulk, and one durable event at a time, both against bare DuckDB.

The bare side writes equal rows into equal tables: the package's own DDL, with its keys, its triggers and its
index of streams. It is given what the store has to find out: positions, versions and stream numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

import eventlab as el
from benchmarks import bare, logs
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, memory, ms, rate
from eventlab.store import schema, stream_index

SINGLE = 100  # appends a round
PAYLOAD = {"amount": 20, "holder": "Mara"}

INSERT_ALL = """
insert into events
select position, stream_no, version, kind, ts, timestamp '2026-01-01', data::json::variant,
       null, null, null, null, null, null, 1
from numbered order by position
"""

INSERT_ONE = """
insert into events
values (?, 1, ?, 'CardLoaded', ?, ?, ?::json::variant, null, null, null, null, null, null, 1)
"""

WRITTEN = """
select count(*), max(position), max(version), count(distinct stream_no),
       sum(data.amount::bigint), count(data.holder)
from events
"""


def run(setting: Setting) -> list[Row]:
    """Measure bulk appends to streams of 100 events and of 10, then single ones."""
    return [_bulk(setting, each=100), _bulk(setting, each=10), _single(setting)]


def _bulk(setting: Setting, each: int) -> Row:
    events = setting.events // 10
    ours, theirs = race(
        setting,
        Side("append_frame", partial(append_frame, each=each)),
        Side("INSERT … SELECT", partial(insert_select, each=each)),
        rounds=3,
    )
    found = 1 / ratio(ours, theirs)
    return Row(
        f"bulk append of {events:,} events to {logs.streams(events, each):,} streams",
        rate(events, ours),
        f"INSERT … SELECT: {rate(events, theirs)}",
        f"{found:.2f} of its rate",
        at_least(0.7).verdict(found),
        memory(ours, theirs),
    )


def _single(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("append", append), Side("BEGIN, INSERT, COMMIT", insert))
    found = 1 / ratio(ours, theirs)
    return Row(
        "one durable append",
        ms(ours),
        f"BEGIN, INSERT, COMMIT: {ms(theirs)}",
        f"{found:.2f} of its rate",
        at_least(0.7).verdict(found),
        memory(ours, theirs),
    )


@contextmanager
def append_frame(setting: Setting, each: int) -> Iterator[Once]:
    """Bulk append by the store."""
    events = setting.events // 10
    frame = logs.frame(events, logs.streams(events, each))

    def once(watch: Watch) -> object:
        with TemporaryDirectory(dir=setting.folder) as folder:
            path = Path(folder, "log.duckdb")
            store = el.EventStore(path)
            with watch:
                store.append_frame(frame, **logs.ROLES)
                store.close()
            return _written(path)

    yield once


@contextmanager
def insert_select(setting: Setting, each: int) -> Iterator[Once]:
    """Bulk append by hand: the rows are numbered already."""
    events = setting.events // 10
    numbered = logs.numbered(logs.frame(events, logs.streams(events, each)))

    def once(watch: Watch) -> object:
        with TemporaryDirectory(dir=setting.folder) as folder:
            path = Path(folder, "log.duckdb")
            con = _laid_out(path)
            con.register("numbered", numbered)
            with watch:
                con.execute("begin")
                con.execute(
                    "insert into streams select distinct stream_no, card, 'card' from numbered"
                )
                con.execute(INSERT_ALL)
                stream_index.write_runs(con, events)
                con.execute("commit")
                con.close()
            return _written(path)

    yield once


@contextmanager
def append(setting: Setting) -> Iterator[Once]:
    """Single appends by the store, to a stream that exists."""
    with TemporaryDirectory(dir=setting.folder) as folder:
        store = el.EventStore(Path(folder, "log.duckdb"))
        store.append(logs.name(0), el.Event("CardLoaded", PAYLOAD))

        def once(watch: Watch) -> int:
            for _ in range(SINGLE):
                with watch:
                    store.append(logs.name(0), el.Event("CardLoaded", PAYLOAD))
            return store.head

        yield once
        store.close()


@contextmanager
def insert(setting: Setting) -> Iterator[Once]:
    """Single appends by hand. DuckDB 2.0 cannot PREPARE this INSERT, but it can be parsed beforehand."""
    with TemporaryDirectory(dir=setting.folder) as folder:
        con = _laid_out(Path(folder, "log.duckdb"))
        con.execute("insert into streams values (1, 'card-0', 'card')")
        [begin], [insert], [commit] = map(con.extract_statements, ("begin", INSERT_ONE, "commit"))
        payload = '{"amount":20,"holder":"Mara"}'
        written = 1
        con.execute(insert, [1, 1, datetime(2026, 1, 1), datetime(2026, 1, 1), payload])  # noqa: DTZ001

        def once(watch: Watch) -> int:
            nonlocal written
            for _ in range(SINGLE):
                written += 1
                with watch:
                    now = datetime.now()  # noqa: DTZ005
                    con.execute(begin)
                    con.execute(insert, [written, written, now, now, payload])
                    con.execute(commit)
            return written

        yield once
        con.close()


def _laid_out(path: Path) -> duckdb.DuckDBPyConnection:
    con = bare.connect(path)
    schema.create(con)
    return con


def _written(path: Path) -> object:
    with bare.connect(path) as con:
        return con.execute(WRITTEN).fetchall()
