"""State of every stream of the large log: a `Projection` against the best SQL that we could write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import eventlab as el
from benchmarks import bare, logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms


def run(setting: Setting) -> list[Row]:
    """Measure the state of every stream."""
    logs.ensure(setting)
    ours, theirs = race(setting, Side("Projection", project), Side("SQL by hand", select))
    found = ratio(ours, theirs)
    return [
        Row(
            f"Projection of {setting.events:,} events to {logs.streams(setting.events):,} rows",
            ms(ours),
            f"SQL by hand: {ms(theirs)}",
            f"{found:.2f}× its time",
            at_most(1.2, "×").verdict(found),
            memory(ours, theirs),
        )
    ]


@contextmanager
def project(setting: Setting) -> Iterator[Once]:
    """The state by columns."""
    with el.EventStore(setting.log, read_only=True) as store:

        def once(watch: Watch) -> int:
            with watch:
                state = rules.CARDS(store)
            return rules.fingerprint(state)

        yield once


@contextmanager
def select(setting: Setting) -> Iterator[Once]:
    """The state by hand, as a frame with the same index."""
    with bare.connect(setting.log, read_only=True) as con:

        def once(watch: Watch) -> int:
            with watch:
                state = con.execute(rules.SQL).df().set_index("stream")
            return rules.fingerprint(state)

        yield once
