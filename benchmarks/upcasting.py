"""Reading through upcasters: a log where one event in a hundred is old, against one where none is.

The old events are loads by a till that counted in cents; an upcaster shows them as today's. They are the
oldest of their log, as if all tills had been replaced in one night, or every hundredth, as if one shop had
kept its old till. Whoever looks first waits until they are upcasted. That is measured by itself, and the
other rows begin behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import eventlab as el
from benchmarks import logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms, rate

ONE_IN = 100
SQL = """
select type, count(*) as events, sum(data.amount) as amount, count(data.holder) as holders
from events group by type order by type
"""

Read = Callable[[el.Log], object]


def run(setting: Setting) -> list[Row]:
    """Measure a Fold of a tenth of the log, then a Projection and SQL of a tenth and of the whole."""
    tenth, whole = setting.events // 10, setting.events
    columns = [(name, read, n) for n in (tenth, whole) for name, read in IN_COLUMNS.items()]
    rows = [_read(setting, *way) for way in [("Fold", fold, tenth), *columns]]
    return [*(row for pair in rows for row in pair), _first_look(setting)]


def _read(setting: Setting, name: str, read: Read, events: int) -> Iterator[Row]:
    sides = [Side(old, partial(reading, read=read, events=events, old=old)) for old in ROWS]
    plain, *found = race(setting, *sides, rounds=3)
    for side, ours in zip(sides[1:], found, strict=True):
        yield Row(
            f"{name} of {events:,} events, {side.name} old",
            ms(ours),
            f"without upcasters: {ms(plain)}",
            f"{ratio(ours, plain):.2f}× its time",
            at_most(1.1, "×").verdict(ratio(ours, plain)),
            memory(ours, plain),
        )


def _first_look(setting: Setting) -> Row:
    [ours] = race(setting, Side("first look", first_look), rounds=3, warm_up=False)
    old = setting.events // ONE_IN
    return Row(
        f"first look at {setting.events:,} events through upcasters",
        f"{ms(ours)}, {rate(old, ours).replace('events', 'old events')}",
        "–",
        "–",
        "",
        memory(ours),
    )


# -- what is read ----------------------------------------------------------------------------------


def fold(log: el.Log) -> int:
    """All cards, in Python."""
    return rules.fingerprint(rules.CARD(log))


def project(log: el.Log) -> int:
    """All cards, by columns."""
    return rules.fingerprint(rules.CARDS(log))


def ask(log: el.Log) -> object:
    """A question in SQL."""
    return log.sql(SQL).to_dict("list")


IN_COLUMNS: dict[str, Read] = {"Projection": project, "log.sql": ask}


# -- sides -----------------------------------------------------------------------------------------


@el.upcaster("CardTopped", schema=1)
def in_todays_words(data: dict[str, Any]) -> el.Event:
    """Show what the old till wrote as today's would have written it."""
    return el.Event("CardLoaded", {"amount": data["cents"] // 100, "holder": data["holder"]})


# Which rows of a log are old, by their number. All of them are loads.
ROWS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "none": lambda number, events: number < 0,
    "the oldest 1 %": lambda number, events: number < events // ONE_IN,
    "every hundredth": lambda number, events: number % ONE_IN == 0,
}


@contextmanager
def reading(setting: Setting, read: Read, events: int, old: str) -> Iterator[Once]:
    """A log of which some rows are old, when they have been looked at before."""
    with _opened(_made(setting, events, old), old) as store:

        def once(watch: Watch) -> object:
            with watch:
                return read(store)

        yield once


@contextmanager
def first_look(setting: Setting) -> Iterator[Once]:
    """The last position of a log that has just been opened."""
    path = _made(setting, setting.events, "every hundredth")

    def once(watch: Watch) -> int:
        with watch, _opened(path, "every hundredth") as store:
            return store.head

    yield once


def _opened(path: Path, old: str) -> el.EventStore:
    upcasters = () if old == "none" else [in_todays_words]
    return el.EventStore(path, read_only=True, upcasters=upcasters)


def _made(setting: Setting, events: int, old: str) -> Path:
    """Make the log, unless this run has made it already."""
    path = setting.folder / f"upcasting-{events}-{list(ROWS).index(old)}.duckdb"
    if not path.exists():
        with el.EventStore(path) as store:
            for start in range(0, events, logs.SLICE):
                frame = logs.frame(min(logs.SLICE, events - start), logs.streams(events), start)
                is_old = ROWS[old](np.arange(start, start + len(frame)), events)
                store.append_frame(_by_the_old_till(frame, is_old), **logs.ROLES)
    return path


def _by_the_old_till(frame: pd.DataFrame, is_old: np.ndarray) -> pd.DataFrame:
    amount = frame["amount"].astype("Int64")
    return frame.assign(
        kind=frame["kind"].mask(is_old, "CardTopped"),
        amount=amount.mask(is_old),
        cents=(amount * 100).where(is_old),
    )
