"""From a key press to the changed DOM, in a real JupyterLab in a real Chromium, and in a saved page.

The flip-book turns its page in the browser. The other sides are what a notebook does without it: a slider
whose callback computes the same state in the kernel, and shows it in an HTML widget or, as `interact` does,
in a figure. In a log of ten million events every move is a far one: its page is not there yet.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import eventlab as el
from benchmarks import logs, rules
from benchmarks.measure import Once, Result, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms

KEYS = 100  # pressed in a row in each round
JUMPS = 20  # a round
SMALL = 1000  # events, in which the page is always there
NEEDED = ("playwright", "pytest", "jupyterlab")  # `make test` installs them
ROOT = Path(__file__).parents[1]

LOG = f"""
import eventlab as el
from benchmarks import logs, rules
store = el.EventStore()
done = store.append_frame(logs.frame({SMALL}, 50), **logs.ROLES)
"""

LARGE = """
import eventlab as el
from benchmarks import rules
store = el.EventStore({path!r}, read_only=True)
cards = {cards}
"""

FLIP_BOOK = """
from eventlab.widgets import TimeMachine
TimeMachine(store, rules.CARDS, step=0)
"""

FAR = """
from eventlab.widgets import TimeMachine
TimeMachine(store, cards)
"""

ROUND_TRIP = """
import ipywidgets
line, slider = ipywidgets.HTML(), ipywidgets.IntSlider(0, 0, len(store))
def show(change):
    state = rules.CARDS(store.until(position=change["new"]))
    line.value = state.sort_values("position", ascending=False).head(15).to_html()
slider.observe(show, "value")
box = ipywidgets.VBox([slider, line])
box.add_class("round-trip")
box
"""

FIGURE = """
%matplotlib inline
import ipywidgets
from matplotlib import pyplot as plt
def show(position):
    state = rules.CARDS(store.until(position=position))
    plt.bar(range(len(state)), state["balance"])
    plt.show()
figure = ipywidgets.interactive(show, position=ipywidgets.IntSlider(0, 0, len(store)))
figure.add_class("figure")
figure
"""

# Runs before any script of the page, and so hears of a key before its widgets do. The time stamp is when the
# browser got the key.
LISTEN = """addEventListener("keydown", (key) => { window.pressed = key.timeStamp; }, true);"""

# A line that ends with an ellipsis says that its page is not there yet.
WATCH = """(line) => {
  window.found = [];
  const place = document.querySelector(line);
  new MutationObserver(() => {
    if (!window.pressed || place.textContent.endsWith("…")) return;
    window.found.push(performance.now() - window.pressed);
    window.pressed = null;
  }).observe(place, { childList: true, characterData: true, subtree: true });
}"""

# Milliseconds from running the last cell again to what it shows, painted.
FIRST_PICTURE = """async (shown) => {
  const { commands, shell } = jupyterapp;
  const { content } = shell.currentWidget;
  content.activeCellIndex = content.widgets.length - 1;
  await commands.execute("notebook:clear-cell-output");
  const began = performance.now();
  commands.execute("notebook:run-cell");
  while (!document.querySelector(shown)?.textContent) await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""

TM, SLIDER = ".eventlab-tm [data-slot=line]", ".eventlab-tm input[type=range]"


def run(setting: Setting) -> list[Row]:
    """Measure all, or say why not."""
    if missing := _missing():
        print(f"  skipped: {missing}", file=sys.stderr)
        return [Row("key press to DOM in JupyterLab", "skipped", missing, "", "", "")]
    logs.ensure_snapshots(setting)
    return [*_near(setting), *_far(setting), *_first(setting), *_sizes(setting)]


def _near(setting: Setting) -> Iterator[Row]:
    goals = (at_most(3, " ms"), at_most(8, " ms"))
    ours, page, trip, figure = race(
        setting,
        Side("flip-book", flip_book, family=True),
        Side("saved page", saved_page, family=True),
        Side("round trip", round_trip, family=True),
        Side("interact", interact, family=True),
        rounds=3,
    )
    cards = f"{logs.streams(SMALL, 20)} cards"
    for name, theirs in (("an HTML widget", trip), ("interact and a figure", figure)):
        yield _row(f"key press to DOM in JupyterLab, {cards}", ours, name, theirs, goals)
    yield _row(f"key press to DOM in a saved page, {cards}", page, "in JupyterLab", ours, goals)


def _far(setting: Setting) -> Iterator[Row]:
    goals = (at_most(120, " ms"), at_most(250, " ms"))
    kept, plain = race(
        setting,
        Side("Snapshots", far_with_snapshots, family=True),
        Side("Projection", far_without, family=True),
    )
    what = f"far jump in {setting.events:,} events, key press to DOM"
    yield _row(f"{what}, from snapshots", kept, "without", plain, goals)
    yield _row(f"{what}, without snapshots", plain, "from snapshots", kept, goals)


def _first(setting: Setting) -> Iterator[Row]:
    ours, theirs = race(
        setting,
        Side("time machine", first_picture, family=True),
        Side("state", first_frame, family=True),
        rounds=3,
    )
    what = f"time to first picture of {setting.events:,} events in JupyterLab"
    yield _row(what, ours, "the state, as a table", theirs, (at_most(1000, " ms"),))


def _row(what: str, ours: Result, name: str, theirs: Result, goals: tuple[Any, ...]) -> Row:
    found = (ours.seconds * 1000, ours.p95 * 1000)
    verdicts = "; ".join(goal.verdict(time) for goal, time in zip(goals, found, strict=False))
    return Row(
        what,
        f"{ms(ours)}, p95 {ours.p95 * 1000:,.1f} ms",
        f"{name}: {ms(theirs)}, p95 {theirs.p95 * 1000:,.0f} ms",
        f"{ratio(ours, theirs):.2f}× its time",
        verdicts,
        memory(ours, theirs),
    )


def _sizes(setting: Setting) -> Iterator[Row]:
    """Weigh two saved pages; a size has no other side."""
    from eventlab.widgets import TimeMachine

    with el.EventStore() as store:
        store.append_frame(logs.frame(500, 50), **logs.ROLES)
        yield _size(setting, "500 steps of 50 cards", TimeMachine(store, rules.CARDS), 300)
    roles = {"stream": "stream", "type": "type", "occurred_at": "occurred_at"}
    with el.read_table(ROOT / "data" / "flights-2013-01-01.csv", **roles) as day:
        flights = el.Projection("flights", status=el.last("type"), late=el.last("departure_delay"))
        yield _size(setting, f"{len(day):,} steps of 842 flights", TimeMachine(day, flights), None)


def _size(setting: Setting, what: str, machine: Any, most: int | None) -> Row:
    size = machine.save(setting.folder / "page.html").stat().st_size / 1000
    goal = "" if most is None else at_most(most, " kB").verdict(size)
    return Row(f"a saved page, {what}", f"{size:,.0f} kB", "", "", goal, "")


# -- in the window ---------------------------------------------------------------------------------


@contextmanager
def flip_book(setting: Setting) -> Iterator[Once]:
    """The time machine's own slider."""
    with _notebook(setting, LOG, FLIP_BOOK) as page:
        yield _pressing(page, SLIDER, TM)


@contextmanager
def saved_page(setting: Setting) -> Iterator[Once]:
    """The same in a page, opened from disk."""
    from eventlab.widgets import TimeMachine
    from tests.browser import chromium

    with el.EventStore() as store, TemporaryDirectory(dir=setting.folder) as folder:
        store.append_frame(logs.frame(SMALL, 50), **logs.ROLES)
        path = TimeMachine(store, rules.CARDS, step=0).save(Path(folder, "cards.html"))
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.add_init_script(LISTEN)
            page.goto(path.as_uri())
            yield _pressing(page, SLIDER, TM)


@contextmanager
def round_trip(setting: Setting) -> Iterator[Once]:
    """A slider of ipywidgets and a callback."""
    with _notebook(setting, LOG, ROUND_TRIP) as page:
        yield _pressing(page, ".round-trip .noUi-handle", ".round-trip .widget-html-content")


@contextmanager
def interact(setting: Setting) -> Iterator[Once]:
    """What the tutorials show: a slider, and a figure drawn anew."""
    with _notebook(setting, LOG, FIGURE) as page:
        yield _pressing(page, ".figure .noUi-handle", ".figure .widget-output")


def _pressing(page: Any, slider: str, line: str) -> Once:
    def press() -> None:
        page.locator(slider).focus()
        page.keyboard.press("ArrowRight")

    return _moving(page, line, press, KEYS)


def _moving(page: Any, line: str, move: Callable[[], None], times: int) -> Once:
    """Move so many times a round, each as soon as the last has reached the DOM."""
    from tests.browser import wait_until

    page.locator(line).first.wait_for(state="attached")
    page.evaluate(WATCH, line)
    moved = 0

    def once(watch: Watch) -> int:
        nonlocal moved
        for _ in range(times):
            move()
            moved += 1
            wait_until(page, "count => window.found.length >= count", moved)
        watch.seconds += [found / 1000 for found in page.evaluate("window.found")[-times:]]
        return moved

    return once


# -- far jumps -------------------------------------------------------------------------------------


@contextmanager
def far_with_snapshots(setting: Setting) -> Iterator[Once]:
    """To any step, from the last snapshot before it."""
    with _large(setting, "el.Snapshots(store, rules.CARDS)", FAR) as page:
        yield _jumping(page, setting.events)


@contextmanager
def far_without(setting: Setting) -> Iterator[Once]:
    """To any step, from the first event on."""
    with _large(setting, "rules.CARDS", FAR) as page:
        yield _jumping(page, setting.events)


def _jumping(page: Any, events: int) -> Once:
    choice = random.Random(2026)

    def jump() -> None:
        page.locator(".eventlab-tm [data-part=entry]").select_text()
        page.keyboard.type(str(choice.randrange(events)))
        page.keyboard.press("Enter")

    return _moving(page, TM, jump, JUMPS)


# -- the first picture -----------------------------------------------------------------------------


@contextmanager
def first_picture(setting: Setting) -> Iterator[Once]:
    """A time machine opened on the large log."""
    with _large(setting, "el.Snapshots(store, rules.CARDS)", FAR) as page:
        yield _opening(page, TM)


@contextmanager
def first_frame(setting: Setting) -> Iterator[Once]:
    """The state of the same log, from the same snapshots, as a frame shows itself."""
    with _large(setting, "el.Snapshots(store, rules.CARDS)", "cards(store)") as page:
        yield _opening(page, ".jp-OutputArea-output table")


def _opening(page: Any, shown: str) -> Once:
    def once(watch: Watch) -> str:
        watch.seconds.append(page.evaluate(FIRST_PICTURE, shown) / 1000)
        return "shown"

    return once


# -- notebooks -------------------------------------------------------------------------------------


def _large(setting: Setting, cards: str, cell: str) -> Any:
    return _notebook(setting, LARGE.format(path=str(setting.snapshots), cards=cards), cell)


@contextmanager
def _notebook(setting: Setting, *sources: str) -> Iterator[Any]:
    """A page with a notebook that has run."""
    from tests.browser import chromium, jupyterlab, open_notebook

    with TemporaryDirectory(dir=setting.folder) as folder:
        notebook = _cells(*sources)
        Path(folder, "bench.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        with chromium() as browser, jupyterlab(Path(folder)) as lab:
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.add_init_script(LISTEN)
            open_notebook(page, lab, "bench.ipynb")
            yield page


def _missing() -> str | None:
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed; make test does it"
    from tests.browser import executable

    return None if executable() else "no Chromium on PATH; name one by CHROMIUM=…"


def _cells(*cells: str) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [
            {
                "id": f"cell-{at}",
                "cell_type": "code",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell.strip(),
            }
            for at, cell in enumerate(cells)
        ],
    }
