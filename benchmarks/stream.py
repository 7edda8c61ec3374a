"""One stream out of the large log, read and folded: what a command handler waits for."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import eventlab as el
from benchmarks import bare, logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms

STREAMS = 20  # a round


def run(setting: Setting) -> list[Row]:
    """Measure both kinds of projection against the query alone, on streams chosen at random."""
    logs.ensure(setting)
    sides = [Side("Fold", fold), Side("Projection", project), Side("SQL by hand", select)]
    folded, projected, theirs = race(setting, *sides)
    return [
        Row(
            f"{name} of one stream ({logs.PER_STREAM} events) out of {setting.events:,}",
            ms(ours),
            f"SQL and a loop by hand: {ms(theirs)}",
            f"{ratio(ours, theirs):.2f}× its time",
            at_most(15, " ms").verdict(ours.seconds * 1000),
            memory(ours, theirs),
        )
        for name, ours in (("Fold", folded), ("Projection", projected))
    ]


@contextmanager
def fold(setting: Setting) -> Iterator[Once]:
    """The state of a stream by a function."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _on_random_streams(setting, lambda name: _row(rules.CARD(store.stream(name))))


@contextmanager
def project(setting: Setting) -> Iterator[Once]:
    """The state of a stream by columns."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _on_random_streams(setting, lambda name: _row(rules.CARDS(store.stream(name))))


@contextmanager
def select(setting: Setting) -> Iterator[Once]:
    """The state of a stream by two queries and a loop."""
    with bare.connect(setting.log, read_only=True) as con:

        def state(name: str) -> tuple[Any, ...]:
            balance, holder, loads = 0, None, 0
            found = con.execute(rules.SQL_OF_ONE, [rules.positions_of_one(con, name)])
            for kind, amount, named in found.fetchall():
                if kind == "CardLoaded":
                    balance, holder, loads = balance + amount, named, loads + 1
                else:
                    balance -= amount
            return balance, holder, loads

        yield _on_random_streams(setting, state)


def _on_random_streams(setting: Setting, state: Callable[[str], tuple[Any, ...]]) -> Once:
    choice = random.Random(2026)

    def once(watch: Watch) -> list[tuple[Any, ...]]:
        found = []
        for card in choice.choices(range(logs.streams(setting.events)), k=STREAMS):
            with watch:
                found.append(state(logs.name(card)))
        return found

    return once


def _row(state: Any) -> tuple[Any, ...]:
    [row] = state[["balance", "holder", "loads"]].itertuples(index=False)
    return tuple(row)
