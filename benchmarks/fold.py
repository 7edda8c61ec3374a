"""Folding in Python, end to end: from the file to the frame of state.

Against a loop over events that lie decoded in memory, which is what the rules alone cost; and against
the replay of the `eventsourcing` package from its SQLite store, in two ways: `repository.get` for each
aggregate, as its users call it, and the fastest it offers, its event store with `mutate` on each event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import eventlab as el
from benchmarks import eventsourced, logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, memory, rate


def run(setting: Setting) -> list[Row]:
    """Measure a fold of a tenth of the large log, then one small enough for the other package to write."""
    return [_alone(setting), *_against_eventsourcing(setting)]


def _alone(setting: Setting) -> Row:
    events = setting.events // 10
    ours, theirs = race(setting, Side("Fold", fold_large), Side("loop", loop), rounds=3)
    return Row(
        f"Fold of {events:,} events, end to end",
        rate(events, ours),
        f"a loop over decoded dicts: {rate(events, theirs)}",
        f"{1 / ratio(ours, theirs):.2f} of its rate",
        at_least(400_000, "/s").verdict(events / ours.seconds),
        memory(ours, theirs),
    )


def _against_eventsourcing(setting: Setting) -> Iterator[Row]:
    events = setting.events // 100
    ours, by_get, by_mutate = race(
        setting,
        Side("Fold", fold_small),
        Side("repository.get", replay_by_get),
        Side("events.get and mutate", replay_by_mutate),
    )
    for name, theirs in (("repository.get", by_get), ("events.get and mutate", by_mutate)):
        found = 1 / ratio(ours, theirs)
        yield Row(
            f"Fold of {events:,} events, against a replay",
            rate(events, ours),
            f"eventsourcing, {name}: {rate(events, theirs)}",
            f"{found:.1f}× its rate",
            at_least(8, "×").verdict(found),
            memory(ours, theirs),
        )


# -- eventlab, and the rules alone -----------------------------------------------------------------


@contextmanager
def fold_large(setting: Setting) -> Iterator[Once]:
    """A tenth of the large log."""
    with _folding(setting, setting.events // 10) as once:
        yield once


@contextmanager
def fold_small(setting: Setting) -> Iterator[Once]:
    """A hundredth of it."""
    with _folding(setting, setting.events // 100) as once:
        yield once


@contextmanager
def _folding(setting: Setting, events: int) -> Iterator[Once]:
    path = setting.folder / f"fold-{events}.duckdb"
    with el.EventStore(path) as store:
        store.append_frame(logs.frame(events, logs.streams(events)), **logs.ROLES)
    with el.EventStore(path, read_only=True) as store:

        def once(watch: Watch) -> int:
            with watch:
                state = rules.CARD(store)
            return rules.fingerprint(state)

        yield once
    path.unlink()


@contextmanager
def loop(setting: Setting) -> Iterator[Once]:
    """The loop one would write by hand, over events that are decoded already."""
    events = [
        (card, SimpleNamespace(type=kind, data={"amount": amount, "holder": holder}))
        for card, kind, amount, holder in eventsourced.rows(setting.events // 10)
    ]

    def once(watch: Watch) -> int:
        with watch:
            states: dict[str, dict[str, Any]] = {}
            for card, event in events:
                states[card] = rules.evolve(states.get(card, rules.START), event)
        return rules.fingerprint(rules.as_frame(states))

    yield once


# -- eventsourcing ---------------------------------------------------------------------------------


@contextmanager
def replay_by_get(setting: Setting) -> Iterator[Once]:
    """As its users do: `repository.get` for each aggregate, without a cache."""
    with eventsourced.application(setting, "get", setting.events // 100) as app:
        yield _replaying(setting, app.repository.get)


@contextmanager
def replay_by_mutate(setting: Setting) -> Iterator[Once]:
    """The fastest way it offers: its event store, and each event's own `mutate`."""
    with eventsourced.application(setting, "mutate", setting.events // 100) as app:

        def get(card: UUID) -> Any:
            found: Any = None
            event: Any
            for event in app.events.get(card):
                found = event.mutate(found)
            return found

        yield _replaying(setting, get)


def _replaying(setting: Setting, get: Callable[[UUID], Any]) -> Once:
    streams = logs.streams(setting.events // 100)
    ids = [eventsourced.Card.create_id(logs.name(card)) for card in range(streams)]

    def once(watch: Watch) -> int:
        with watch:
            cards = [get(card) for card in ids]
        states = {
            card.name: {"balance": card.balance, "holder": card.holder, "loads": card.loads}
            for card in cards
        }
        return rules.fingerprint(rules.as_frame(states))

    return once
