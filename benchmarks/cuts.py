"""The state at any position of the large log: with snapshots, without them, and by hand.

What a slider asks for at every move. The same random positions for every side.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd

import eventlab as el
from benchmarks import bare, logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, at_most, memory, p95

POSITIONS = 10  # a round
TOP = 20


def run(setting: Setting) -> list[Row]:
    """Measure the whole state, then the rows changed last, at random positions."""
    logs.ensure_snapshots(setting)
    return [*_whole(setting), _newest(setting)]


def _whole(setting: Setting) -> Iterator[Row]:
    sides = [
        Side("Snapshots", with_snapshots),
        Side("without", without_snapshots),
        Side("SQL", by_hand),
    ]
    ours, *others = race(setting, *sides, rounds=3)
    what = f"state at a random position of {setting.events:,}, all rows"
    names = ("the same without snapshots", "SQL by hand")
    for name, theirs in zip(names, others, strict=True):
        faster = 1 / ratio(ours, theirs)
        goals = [
            at_most(60, " ms").verdict(ours.p95 * 1000),
            *([at_least(15, "×").verdict(faster)] if theirs is others[0] else []),
        ]
        yield Row(
            what,
            p95(ours),
            f"{name}: {p95(theirs)}",
            f"{faster:.1f}× as fast",
            "; ".join(goals),
            memory(ours, theirs),
        )


def _newest(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("Snapshots", newest), Side("SQL", newest_by_hand), rounds=3)
    return Row(
        f"the {TOP} rows changed last, at a random position",
        p95(ours),
        f"SQL by hand: {p95(theirs)}",
        f"{1 / ratio(ours, theirs):.1f}× as fast",
        at_most(25, " ms").verdict(ours.p95 * 1000),
        memory(ours, theirs),
    )


# -- eventlab --------------------------------------------------------------------------------------


@contextmanager
def with_snapshots(setting: Setting) -> Iterator[Once]:
    """The whole state from the nearest snapshot on."""
    with logs.opened_with_snapshots(setting) as (store, cards):
        yield _at_random(setting, lambda position: cards(store.until(position=position)))


@contextmanager
def without_snapshots(setting: Setting) -> Iterator[Once]:
    """The whole state, from the first event on."""
    with el.EventStore(setting.log, read_only=True) as store:
        yield _at_random(setting, lambda position: rules.CARDS(store.until(position=position)))


@contextmanager
def newest(setting: Setting) -> Iterator[Once]:
    """The rows that a time machine shows."""
    with logs.opened_with_snapshots(setting) as (store, cards):
        yield _at_random(
            setting, lambda position: cards.newest(store.until(position=position), TOP)
        )


# -- by hand ---------------------------------------------------------------------------------------


@contextmanager
def by_hand(setting: Setting) -> Iterator[Once]:
    """The best query over the events that we could write."""
    with bare.connect(setting.log, read_only=True) as con:
        query = rules.SQL.replace("from events", "from events where position <= $until")
        yield _at_random(setting, lambda position: _frame(con, query, position))


@contextmanager
def newest_by_hand(setting: Setting) -> Iterator[Once]:
    """The same query for the newest rows only: their cards first, then all events of these."""
    with bare.connect(setting.log, read_only=True) as con:
        yield _at_random(setting, lambda position: _frame(con, NEWEST, position))


NEWEST = f"""
with newest as (
    select stream_no, max(position) as position
    from events where position between $until - 1000 and $until
    group by stream_no order by 2 desc limit {TOP}
)
select stream, balance, holder, loads, position
from (
    select stream_no,
           sum(case when loaded then amount else -amount end)::bigint as balance,
           arg_max(holder, position) as holder,
           count(*) filter (loaded) as loads,
           max(position) as position
    from (
        select stream_no, position, type = 'CardLoaded' as loaded,
               data.amount::ubigint::bigint as amount, data.holder::varchar as holder
        from events
        where position <= $until and stream_no in (select stream_no from newest)
    )
    group by stream_no
)
join streams using (stream_no)
order by position desc
"""


def _frame(con: bare.Connection, query: str, position: int) -> pd.DataFrame:
    return con.execute(query, {"until": position}).df().set_index("stream")


def _at_random(setting: Setting, state: Callable[[int], pd.DataFrame]) -> Once:
    choice = random.Random(2026)

    def once(watch: Watch) -> list[int]:
        found = []
        for position in choice.choices(range(1000, setting.events + 1), k=POSITIONS):
            with watch:
                frame = state(position)
            found.append(rules.fingerprint(frame))
        return found

    return once
