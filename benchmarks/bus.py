"""The bus: how fast events come to handlers that do nothing, against loops that come to the same events.

`eventsourcing` writes down after every event how far it has come, the bus after every thousand unless told
otherwise. So it is measured twice: its notifications read and decoded, with nothing written down, against
the bus as it is; and its `ProcessApplication` against the bus with ``commit_every=1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from eventsourcing.system import ProcessApplication

import eventlab as el
from benchmarks import eventsourced, logs
from benchmarks.measure import Once, Result, Setting, Side, Watch, race, ratio
from benchmarks.report import Goal, Row, at_least, memory, rate


def run(setting: Setting) -> list[Row]:
    """Measure delivery to one consumer and to three, then with every event's checkpoint kept."""
    return [*_against_a_loop(setting), *_against_eventsourcing(setting)]


def _against_a_loop(setting: Setting) -> Iterator[Row]:
    events = setting.events // 10
    loop = Side("for event in store", partial(looped, events=events))
    for consumers, goal in ((1, at_least(50_000, "/s")), (3, None)):
        bus = Side("bus", partial(delivered, events=events, consumers=consumers))
        ours, theirs = race(setting, bus, loop, rounds=3)
        times = "one consumer" if consumers == 1 else f"each of {consumers} consumers"
        yield _row(f"bus delivers {events:,} events to {times}", events, ours, theirs, loop, goal)


def _against_eventsourcing(setting: Setting) -> Iterator[Row]:
    many, few = setting.events // 100, max(setting.events // 2_000, 100)
    sides = (
        (many, 1_000, Side("eventsourcing, notifications decoded", partial(read, events=many))),
        (few, 1, Side("eventsourcing, ProcessApplication", partial(processed, events=few))),
    )
    for events, commit_every, side in sides:
        bus = Side("bus", partial(delivered, events=events, commit_every=commit_every))
        ours, theirs = race(setting, bus, side, rounds=3)
        kept = "each" if commit_every == 1 else f"every {commit_every:,}"
        what = f"bus delivers {events:,} events, checkpoint kept after {kept}"
        yield _row(what, events, ours, theirs, side)


def _row(
    what: str, events: int, ours: Result, theirs: Result, side: Side, goal: Goal | None = None
) -> Row:
    return Row(
        what,
        rate(events, ours),
        f"{side.name}: {rate(events, theirs)}",
        f"{1 / ratio(ours, theirs):.2f} of its rate",
        goal.verdict(events / ours.seconds) if goal else "",
        memory(ours, theirs),
    )


# -- sides -----------------------------------------------------------------------------------------


def ignore(event: object) -> None:
    """Handle an event without doing anything."""


@contextmanager
def delivered(
    setting: Setting, events: int, consumers: int = 1, commit_every: int = 1_000
) -> Iterator[Once]:
    """Every event to every consumer, from the beginning; how many each was given."""
    with _store(setting, f"bus-{consumers}-{commit_every}", events) as store:
        bus = el.Bus(store)
        for number in range(consumers):
            bus.consumer(f"consumer {number}", commit_every=commit_every)(ignore)

        def once(watch: Watch) -> int:
            with watch:
                handled = bus.deliver()
            for name in handled:
                bus.replay(name)
            return min(handled.values())

        yield once


@contextmanager
def looped(setting: Setting, events: int) -> Iterator[Once]:
    """The loop that a program would have in place of one consumer."""
    with _store(setting, "loop", events) as store:

        def once(watch: Watch) -> int:
            given = 0
            with watch:
                for event in store:
                    ignore(event)
                    given += 1
            return given

        yield once


@contextmanager
def read(setting: Setting, events: int) -> Iterator[Once]:
    """Notifications of eventsourcing, decoded, as its followers read them."""
    with eventsourced.application(setting, "read", events) as app:

        def once(watch: Watch) -> int:
            given = 0
            with watch:
                while given < events:
                    most = min(eventsourced.SECTION, events - given)
                    for notification in app.notification_log.select(given + 1, limit=most):
                        ignore(app.mapper.to_domain_event(notification))
                        given += 1
            return given

        yield once


class Follower(ProcessApplication[UUID]):
    """Follows the cards and does nothing about them."""

    name = "follower"
    pull_section_size = eventsourced.SECTION
    given = 0

    def policy(self, domain_event: Any, processing_event: Any) -> None:
        """Count an event."""
        self.given += 1
        ignore(domain_event)


@contextmanager
def processed(setting: Setting, events: int) -> Iterator[Once]:
    """A `ProcessApplication` that comes to the log for the first time."""
    follower_no = count()
    with eventsourced.application(setting, "processed", events) as app:

        def once(watch: Watch) -> int:
            env = eventsourced.sqlite(setting, f"follower-{next(follower_no)}")
            with Follower(env) as follower:
                follower.follow(app.name, app.notification_log)
                with watch:
                    follower.pull_and_process(app.name, stop=events)
                return follower.given

        yield once


@contextmanager
def _store(setting: Setting, name: str, events: int) -> Iterator[el.EventStore]:
    path = setting.folder / f"{name}-{events}.duckdb"
    with el.EventStore(path) as store:
        store.append_frame(logs.frame(events, logs.streams(events)), **logs.ROLES)
        yield store
    path.unlink()
