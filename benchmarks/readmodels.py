"""Read models: how fast they catch up, how soon one event is seen, and what a rebuild costs.

Each side works on a copy of the log of its own, as it writes tables into it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eventlab as el
from benchmarks import bare, logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, at_most, memory, ms, rate

APPENDS = 30  # a round
ROWS = 100_000  # of the read model that one event goes into
EVENT = el.Event("CardLoaded", {"amount": 1, "holder": "Mara"})


def run(setting: Setting) -> list[Row]:
    """Measure catching up from nothing in both lanes, one event at a time, and a rebuild."""
    logs.ensure(setting)
    return [*_caught_up(setting), *_one_event(setting), _rebuilt(setting)]


def _caught_up(setting: Setting) -> Iterator[Row]:
    for side, events, goal in (
        (Side("Projection", columns), setting.events, 1_500_000),
        (Side("Fold", python), setting.events // 10, 300_000),
    ):
        [ours] = race(setting, side, rounds=3)
        yield Row(
            f"ReadModel of a {side.name} catches up with {events:,} events",
            rate(events, ours),
            "–",
            "–",
            at_least(goal, "/s").verdict(events / ours.seconds),
            memory(ours),
        )


def _one_event(setting: Setting) -> Iterator[Row]:
    behind, inline = race(
        setting, Side("catch_up", appended), Side("inline", appended_inline), rounds=3
    )
    for how, ours in (("append and catch_up", behind), ("append with inline=True", inline)):
        yield Row(
            f"one event into a read model of {ROWS:,} rows, {how}",
            ms(ours),
            "–",
            "–",
            at_most(10, " ms").verdict(ours.seconds * 1000),
            memory(ours),
        )


def _rebuilt(setting: Setting) -> Row:
    ours, theirs = race(setting, Side("rebuild", rebuilt), Side("SQL", by_hand), rounds=3)
    return Row(
        f"rebuild of {setting.events:,} events",
        ms(ours),
        f"CREATE TABLE AS by hand: {ms(theirs)}",
        f"{ratio(ours, theirs):.2f}× its time",
        at_most(1.3, "×").verdict(ratio(ours, theirs)),
        memory(ours, theirs),
    )


# -- sides -----------------------------------------------------------------------------------------


@contextmanager
def columns(setting: Setting) -> Iterator[Once]:
    """The whole log, computed by DuckDB."""
    with _copied(setting, "columns") as path, el.EventStore(path) as store:
        yield _from_nothing(el.ReadModel(store, rules.CARDS), setting.events)


@contextmanager
def python(setting: Setting) -> Iterator[Once]:
    """A tenth of it, folded in Python."""
    with _copied(setting, "python") as path, el.EventStore(path) as store:
        yield _from_nothing(el.ReadModel(store, rules.CARD), setting.events // 10)


@contextmanager
def appended(setting: Setting) -> Iterator[Once]:
    """An append, and then what brings its event into the rows."""
    with _small(setting, "appended") as store:
        view = el.ReadModel(store, rules.CARDS)
        view.catch_up()
        yield _event_by_event(store, view.catch_up)


@contextmanager
def appended_inline(setting: Setting) -> Iterator[Once]:
    """An append that brings its event into the rows itself."""
    with _small(setting, "inline") as store:
        view = el.ReadModel(store, rules.CARDS, inline=True)
        once = _event_by_event(store, lambda: None)

        def seen(watch: Watch) -> int:
            done = once(watch)
            if view.lag:
                raise AssertionError("an append did not take its events along")
            return done

        yield seen


@contextmanager
def rebuilt(setting: Setting) -> Iterator[Once]:
    """All rows afresh, and swapped in."""
    with _copied(setting, "rebuilt") as path, el.EventStore(path) as store:
        view = el.ReadModel(store, rules.CARDS)

        def once(watch: Watch) -> int:
            with watch:
                view.rebuild()
            return len(view)

        yield once


@contextmanager
def by_hand(setting: Setting) -> Iterator[Once]:
    """The same table, by the best query that we could write."""
    with _copied(setting, "by-hand") as path, bare.connect(path) as con:

        def once(watch: Watch) -> int:
            with watch:
                con.execute(f"create or replace table cards as {rules.SQL_BY_NUMBER}")
            [(rows,)] = con.execute("select count(*) from cards").fetchall()
            return int(rows)

        yield once


def _from_nothing(view: el.ReadModel, events: int) -> Once:
    def once(watch: Watch) -> int:
        with watch:
            taken = view.catch_up(events)
        view.drop()
        return taken

    return once


def _event_by_event(store: el.EventStore, see) -> Once:
    def once(watch: Watch) -> int:
        for number in range(APPENDS):
            with watch:
                store.append(logs.name(number), EVENT)
                see()
        return APPENDS

    return once


@contextmanager
def _small(setting: Setting, name: str) -> Iterator[el.EventStore]:
    path = setting.folder / f"read-model-{name}.duckdb"
    with el.EventStore(path) as store:
        store.append_frame(logs.frame(ROWS, ROWS), **logs.ROLES)
        yield store
    path.unlink()


@contextmanager
def _copied(setting: Setting, name: str) -> Iterator[Path]:
    path = setting.folder / f"read-model-{name}.duckdb"
    shutil.copy(setting.log, path)
    yield path
    path.unlink()
