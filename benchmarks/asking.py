"""What the time machine asks of a kernel about the large log: its axis by time, a filter, a search, a page.

The browser waits for none of these to move; each is timed from the question to the answer that is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import eventlab as el
from benchmarks import logs, rules
from benchmarks.measure import Once, Setting, Side, Watch, race
from benchmarks.report import Goal, Row, at_most, memory, ms

Ask = Callable[[Any, Path], Any]  # asks a time machine, which may write into a folder


def run(setting: Setting) -> list[Row]:
    """Measure each question by itself; there is no other side."""
    logs.ensure(setting)
    return [_row(setting, what, ask, goal) for what, (ask, goal) in QUESTIONS.items()]


def _row(setting: Setting, what: str, ask: Ask, goal: Goal) -> Row:
    [found] = race(setting, Side(what, partial(asked, ask)), rounds=3)
    verdict = goal.verdict(found.seconds * 1000)
    return Row(f"{what}, {setting.events:,} events", ms(found), "", "", verdict, memory(found))


@contextmanager
def asked(ask: Ask, setting: Setting) -> Iterator[Once]:
    """A time machine that has not been asked before: what it has found out, it remembers."""
    from eventlab.widgets import TimeMachine

    with el.EventStore(setting.log, read_only=True) as store:

        def once(watch: Watch) -> str:
            machine = TimeMachine(store, rules.CARDS)
            with watch:
                ask(machine, setting.folder)
            return "answered"

        yield once


def axis(machine: Any, folder: Path) -> None:
    """Draw the track by when things occurred."""
    machine.axis = "occurred"


def choices(machine: Any, folder: Path) -> None:
    """Count the events of every type, stream and actor, to choose from."""
    machine._handle_custom_msg({"ask": "choices"}, [])


def types(machine: Any, folder: Path) -> None:
    """Stop at two events of five."""
    machine.filter(types="CardLoaded")


def stream(machine: Any, folder: Path) -> None:
    """Stop at a hundred events."""
    machine.filter(streams="card-7")


def part(machine: Any, folder: Path) -> None:
    """Search until a move is heard again."""
    machine._handle_custom_msg({"ask": "find", "typed": "balance < -1000000"}, [])


def find(machine: Any, folder: Path) -> None:
    """Search in vain, to the end."""
    machine.find("balance < -1000000")


def page(machine: Any, folder: Path) -> None:
    """Save it."""
    machine.save(folder / "large.html")


SECOND = at_most(1000, " ms")

QUESTIONS: dict[str, tuple[Ask, Goal]] = {
    "axis by time": (axis, SECOND),
    "what a filter can choose": (choices, SECOND),
    "filter by type": (types, SECOND),
    "filter by stream": (stream, SECOND),
    "search, until it hears of a move": (part, SECOND),
    "search in vain": (find, at_most(15_000, " ms")),
    "saved page": (page, at_most(30_000, " ms")),
}
