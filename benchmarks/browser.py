"""From a key press to the changed DOM, in a real JupyterLab in a real Chromium.

The flip-book turns its page in the browser. The other side is what a notebook does without it: a slider
whose callback computes the same state in the kernel and puts it into an HTML widget.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import logs
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_most, memory, ms

STEPS = 20  # a round
NEEDED = ("playwright", "pytest", "jupyterlab")  # `make test` installs them

LOG = """
import eventlab as el
from benchmarks import logs, rules
store = el.EventStore()
done = store.append_frame(logs.frame(1000, 50), **logs.ROLES)
"""

FLIP_BOOK = """
from eventlab.widgets import TimeMachine
TimeMachine(store, rules.CARDS, step=0)
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

# Runs before any script of the page, and so hears of a key before its widgets do. The time stamp is when the
# browser got the key.
LISTEN = """addEventListener("keydown", (key) => { window.pressed = key.timeStamp; }, true);"""

WATCH = """(line) => {
  window.found = [];
  new MutationObserver(() => {
    if (window.pressed) window.found.push(performance.now() - window.pressed);
    window.pressed = null;
  }).observe(document.querySelector(line), { childList: true, characterData: true, subtree: true });
}"""


def run(setting: Setting) -> list[Row]:
    """Measure both, or say why not."""
    if missing := _missing():
        print(f"  skipped: {missing}", file=sys.stderr)
        return [
            Row(
                "key press to DOM in JupyterLab", "skipped", missing, "", str(at_most(5, " ms")), ""
            )
        ]
    here, there = race(
        setting,
        Side("flip-book", flip_book, family=True),
        Side("round trip", round_trip, family=True),
    )
    return [
        Row(
            f"key press to DOM in JupyterLab, {logs.streams(1000, 20)} cards",
            ms(here),
            f"a slider whose callback runs in the kernel: {ms(there)}",
            f"{ratio(here, there):.2f}× its time",
            at_most(5, " ms").verdict(here.seconds * 1000),
            memory(here, there),
        )
    ]


@contextmanager
def flip_book(setting: Setting) -> Iterator[Once]:
    """The time machine's own slider."""
    with _notebook(setting, FLIP_BOOK) as page:
        yield _pressing(page, ".eventlab-tm input[type=range]", ".eventlab-tm [data-slot=line]")


@contextmanager
def round_trip(setting: Setting) -> Iterator[Once]:
    """A slider of ipywidgets and a callback."""
    with _notebook(setting, ROUND_TRIP) as page:
        yield _pressing(page, ".round-trip .noUi-handle", ".round-trip .widget-html-content")


def _pressing(page: Any, slider: str, line: str) -> Once:
    from tests.browser import wait_until

    page.locator(line).wait_for(state="attached")
    page.evaluate(WATCH, line)
    pressed = 0

    def once(watch: Watch) -> int:
        nonlocal pressed
        page.locator(slider).focus()
        for _ in range(STEPS):
            page.keyboard.press("ArrowRight")
            pressed += 1
            wait_until(page, "count => window.found.length >= count", pressed)
        watch.seconds += [found / 1000 for found in page.evaluate("window.found")[-STEPS:]]
        return pressed

    return once


@contextmanager
def _notebook(setting: Setting, cell: str) -> Iterator[Any]:
    """A page with a notebook that has run: the log, and one more cell."""
    from tests.browser import chromium, jupyterlab, open_notebook

    with TemporaryDirectory(dir=setting.folder) as folder:
        notebook = _cells(LOG, cell)
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
