"""Opening the file of the large log and asking how far it goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

import eventlab as el
from benchmarks import logs
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms

TIMES = 10  # a round


def run(setting: Setting) -> list[Row]:
    """Measure the store against a bare connection, both opened for writing."""
    logs.ensure(setting)
    ours, theirs = race(setting, Side("EventStore", open_store), Side("connect", connect))
    return [
        Row(
            f"open a file of {setting.events:,} events, head",
            ms(ours),
            f"connect, max(position): {ms(theirs)}",
            f"{ratio(ours, theirs):.2f}× its time",
            at_most(50, " ms").verdict(ours.seconds * 1000),
            memory(ours, theirs),
        )
    ]


@contextmanager
def open_store(setting: Setting) -> Iterator[Once]:
    """A store and its head."""

    def once(watch: Watch) -> int:
        for _ in range(TIMES):
            with watch:
                store = el.EventStore(setting.log)
                head = store.head
            store.close()
        return head

    yield once


@contextmanager
def connect(setting: Setting) -> Iterator[Once]:
    """A connection and the last position."""

    def once(watch: Watch) -> int:
        for _ in range(TIMES):
            with watch:
                con = duckdb.connect(setting.log)
                [(head,)] = con.execute("select max(position) from events").fetchall()
            con.close()
        return int(head)

    yield once
