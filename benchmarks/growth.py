"""How the verbs grow with the log: from ten thousand events to the large log, by tens.

One process, one log after another, the median of a few tries at random places. ``--write`` keeps the
figures in ``growth.csv`` and draws them as ``growth.svg``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd
from matplotlib.figure import Figure

import eventlab as el
from benchmarks import logs, rules
from benchmarks.measure import Setting, Watch
from benchmarks.report import Row

HERE = Path(__file__).parent
SMALLEST = 10_000
TRIES = 7

Ask = Callable[[int], object]


def run(setting: Setting) -> list[Row]:
    """Measure every verb on every size."""
    figures = pd.concat([_figures(setting, events) for events in _sizes(setting.events)])
    if setting.keep:
        figures.to_csv(HERE / "growth.csv", index=False, float_format="%.2f", lineterminator="\n")
        drawing(figures).savefig(HERE / "growth.svg", metadata={"Date": None})
    return [_row(events, rows) for events, rows in figures.groupby("events")]


def _sizes(largest: int) -> list[int]:
    sizes, size = [], SMALLEST
    while size < largest:
        sizes.append(size)
        size *= 10
    return [*sizes, largest]


def _figures(setting: Setting, events: int) -> pd.DataFrame:
    with TemporaryDirectory(dir=setting.folder) as folder:
        own = (
            setting
            if events == setting.events
            else replace(setting, events=events, folder=Path(folder))
        )
        logs.ensure_snapshots(own)
        with logs.opened_with_snapshots(own) as (store, cards):
            asked = _questions(store, cards, events)
            rows = [(events, verb, _median_ms(ask, events)) for verb, ask in asked.items()]
    return pd.DataFrame(rows, columns=["events", "verb", "ms"])


def _questions(store: el.EventStore, cards: el.Snapshots, events: int) -> dict[str, Ask]:
    return {
        "state, from the start": lambda at: rules.CARDS(store.until(position=at)),
        "state, with snapshots": lambda at: cards(store.until(position=at)),
        "20 rows changed last": lambda at: cards.newest(store.until(position=at), 20),
        "history of one key": lambda at: cards.history(store, logs.name(at % logs.streams(events))),
        "diff with the present": lambda at: cards.diff(store.until(position=at), store),
        "bisect": lambda at: cards.bisect(
            store, lambda state: state["loads"].sum() >= at // 3, monotone=True
        ),
    }


def _median_ms(ask: Ask, events: int) -> float:
    choice, watch = random.Random(2026), Watch()
    for at in choice.sample(range(events // 10, events), TRIES):
        with watch:
            ask(at)
    return median(watch.seconds) * 1000


def _row(events: object, figures: pd.DataFrame) -> Row:
    ms = figures.set_index("verb")["ms"]
    without, with_ = ms["state, from the start"], ms["state, with snapshots"]
    others = ms.drop(["state, from the start", "state, with snapshots"])
    return Row(
        f"growth: state in the middle of {events:,} events",
        f"{with_:,.1f} ms",
        f"without snapshots: {without:,.1f} ms",
        f"{without / with_:.1f}× as fast",
        "",
        "; ".join(f"{verb} {found:,.1f} ms" for verb, found in others.items()),
    )


def drawing(figures: pd.DataFrame) -> Figure:
    """Return the cost of every verb against the length of the log, both in powers of ten."""
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.subplots()
    for (verb, rows), style in zip(figures.groupby("verb", sort=False), _styles(), strict=False):
        axes.plot(rows["events"], rows["ms"], style, label=verb, markersize=5)
    axes.set(xscale="log", yscale="log", xlabel="events in the log", ylabel="milliseconds, median")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _styles() -> Iterator[str]:
    """Lines that differ without colour too."""
    yield from ("o-", "s--", "^-.", "d:", "v-", "x--", "*-.")
