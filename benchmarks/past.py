"""The verbs of time travel over the large log, each against the best that one could do without it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

import eventlab as el
from benchmarks import bare, logs, rules
from benchmarks.measure import Once, Result, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, at_most, memory, ms

CUTS = 100
PAIRS = 5  # of random cuts, a round
KEYS = 20  # a round


def run(setting: Setting) -> list[Row]:
    """Measure history, diff, panel, bisect and lifetimes."""
    logs.ensure_snapshots(setting)
    measured = (_history, _diff, _panel, _bisect, _lifetimes)
    return [measure(setting) for measure in measured]


def _history(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("history", history), Side("SQL", history_by_hand))
    return _row(
        f"history of one key out of {setting.events:,} events",
        ours,
        "window query by hand",
        theirs,
        at_most(20, " ms").verdict(ours.seconds * 1000),
    )


def _diff(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("diff", diff), Side("states", diff_by_hand), rounds=3)
    return _row(
        "diff of two random cuts, with the event that did it",
        ours,
        "two states compared in pandas, without the events",
        theirs,
        at_most(150, " ms").verdict(ours.seconds * 1000),
    )


def _panel(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("panel", panel), Side("states", states), rounds=1)
    faster = 1 / ratio(ours, theirs)
    return _row(
        f"panel of {CUTS} cuts",
        ours,
        f"{CUTS} separate states",
        theirs,
        at_least(10, "×").verdict(faster),
    )


def _bisect(setting: Setting) -> Row:
    ours, theirs = race(
        setting, Side("with", bisect), Side("without", bisect_without), rounds=1, warm_up=False
    )
    return _row(
        "bisect the whole state, a monotone predicate",
        ours,
        "the same without snapshots",
        theirs,
        at_most(1000, " ms").verdict(ours.seconds * 1000),
    )


def _lifetimes(setting: Setting) -> Row:
    ours, theirs = race(
        setting, Side("lifetimes", lifetimes), Side("SQL", lifetimes_by_hand), rounds=3
    )
    return _row(
        f"{setting.events:,} states as intervals",
        ours,
        "window query by hand",
        theirs,
        at_most(1.2, "×").verdict(ratio(ours, theirs)),
    )


def _row(what: str, ours: Result, name: str, theirs: Result, goal: str) -> Row:
    return Row(
        what,
        ms(ours),
        f"{name}: {ms(theirs)}",
        f"{ratio(ours, theirs):.2f}× its time",
        goal,
        memory(ours, theirs),
    )


# -- history ---------------------------------------------------------------------------------------


@contextmanager
def history(setting: Setting) -> Iterator[Once]:
    """Every state of a card, from the store."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _on_random_keys(setting, lambda card: rules.CARDS.history(store, card))


@contextmanager
def history_by_hand(setting: Setting) -> Iterator[Once]:
    """The same columns by a window over the card's events."""
    with bare.connect(setting.log, read_only=True) as con:

        def of(card: str) -> pd.DataFrame:
            return con.execute(HISTORY, [rules.positions_of_one(con, card)]).df()

        yield _on_random_keys(setting, of)


HISTORY = """
select position, version, type, occurred_at, recorded_at,
       (sum(case when type = 'CardLoaded' then amount else -amount end) over history)::bigint as balance,
       arg_max(holder, position) over history as holder,
       count(case when type = 'CardLoaded' then 1 end) over history as loads,
       lead(position) over (order by position) as valid_until
from (
    select *, data.amount::ubigint::bigint as amount, data.holder::varchar as holder from events
    where position in ?::bigint[]
)
window history as (order by position rows unbounded preceding)
order by position
"""


def _on_random_keys(setting: Setting, frame: Callable[[str], pd.DataFrame]) -> Once:
    choice = random.Random(2026)

    def once(watch: Watch) -> list[Any]:
        found = []
        for card in choice.choices(range(logs.streams(setting.events)), k=KEYS):
            with watch:
                rows = frame(logs.name(card))
            found.append((len(rows), int(rows["balance"].sum()), int(rows["valid_until"].sum())))
        return found

    return once


# -- diff ------------------------------------------------------------------------------------------


@contextmanager
def diff(setting: Setting) -> Iterator[Once]:
    """Every changed field, and the event that did it."""
    with logs.opened_with_snapshots(setting) as (store, cards):

        def changed(early: int, late: int) -> int:
            before, after = (store.until(position=cut) for cut in (early, late))
            return len(cards.diff(before, after))

        yield _on_random_pairs(setting, changed)


@contextmanager
def diff_by_hand(setting: Setting) -> Iterator[Once]:
    """Two states from the same snapshots, compared cell by cell."""
    with logs.opened_with_snapshots(setting) as (store, cards):

        def changed(early: int, late: int) -> int:
            before, after = (cards(store.until(position=cut)) for cut in (early, late))
            known, now = before.align(after, join="outer", axis=0)
            different = [
                (known[name] != now[name]) & ~(known[name].isna() & now[name].isna())
                for name in ("balance", "holder", "loads")
            ]
            return int(sum(cells.sum() for cells in different))

        yield _on_random_pairs(setting, changed)


def _on_random_pairs(setting: Setting, changed: Callable[[int, int], int]) -> Once:
    choice = random.Random(2026)

    def once(watch: Watch) -> list[int]:
        found = []
        for _ in range(PAIRS):
            early, late = sorted(choice.sample(range(setting.events // 20, setting.events + 1), 2))
            with watch:
                found.append(changed(early, late))
        return found

    return once


# -- panel -----------------------------------------------------------------------------------------


@contextmanager
def panel(setting: Setting) -> Iterator[Once]:
    """All cuts in one walk."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _summed(lambda: rules.CARDS.panel(store, at=_even_cuts(setting)))


@contextmanager
def states(setting: Setting) -> Iterator[Once]:
    """A state for every cut, put together."""
    with el.EventStore(setting.log, read_only=True) as store:

        def together() -> pd.DataFrame:
            cuts = _even_cuts(setting)
            frames = [rules.CARDS(store.until(position=cut)) for cut in cuts]
            return pd.concat(frames, keys=cuts, names=["cut"])

        yield _summed(together)


def _even_cuts(setting: Setting) -> list[int]:
    return [int(cut) for cut in np.linspace(setting.events / CUTS, setting.events, CUTS)]


def _summed(frame: Callable[[], pd.DataFrame]) -> Once:
    def once(watch: Watch) -> tuple[int, ...]:
        with watch:
            rows = frame()
        return (len(rows), *(int(rows[name].sum()) for name in ("balance", "loads", "position")))

    return once


# -- bisect ----------------------------------------------------------------------------------------


@contextmanager
def bisect(setting: Setting) -> Iterator[Once]:
    """The first event after which so many loads are on all cards together."""
    with logs.opened_with_snapshots(setting) as (store, cards):
        yield _found(setting, store, cards)


@contextmanager
def bisect_without(setting: Setting) -> Iterator[Once]:
    """The same, every state looked at folded from the start."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _found(setting, store, rules.CARDS)


def _found(setting: Setting, store: el.Log, cards: el.TimeTravel) -> Once:
    wanted = setting.events // 7

    def once(watch: Watch) -> Any:
        with watch:
            found = cards.bisect(store, lambda s: s["loads"].sum() >= wanted, monotone=True)
        return found and found.position

    return once


# -- lifetimes -------------------------------------------------------------------------------------


@contextmanager
def lifetimes(setting: Setting) -> Iterator[Once]:
    """Every state of every card, with the positions it held from and until."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _intervals(lambda: rules.CARDS.lifetimes(store))


@contextmanager
def lifetimes_by_hand(setting: Setting) -> Iterator[Once]:
    """The same columns by a window over all events."""
    with bare.connect(setting.log, read_only=True) as con:
        yield _intervals(lambda: con.execute(LIFETIMES).df())


LIFETIMES = """
select stream, position as valid_from, lead(position) over card as valid_until,
       recorded_at as from_time, lead(recorded_at) over card as until_time,
       (sum(case when type = 'CardLoaded' then amount else -amount end) over card)::bigint as balance,
       arg_max(holder, position) over card as holder,
       count(case when type = 'CardLoaded' then 1 end) over card as loads
from (
    select stream_no, position, type, recorded_at,
           data.amount::ubigint::bigint as amount, data.holder::varchar as holder
    from events
)
join streams using (stream_no)
window card as (partition by stream_no order by position rows unbounded preceding)
order by position
"""


def _intervals(frame: Callable[[], pd.DataFrame]) -> Once:
    def once(watch: Watch) -> tuple[int, ...]:
        with watch:
            rows = frame()
        columns = ("valid_from", "valid_until", "balance", "loads")
        return (len(rows), *(int(rows[name].sum()) for name in columns))

    return once
