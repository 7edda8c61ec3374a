"""The JavaScript in node: it turns the pages that Python bound, with a stub for the browser."""

import base64
import json
import re
import subprocess
from datetime import datetime
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

import eventlab as el
from eventlab.widgets import TimeMachine
from eventlab.widgets.differences import table_rows
from eventlab.widgets.script import FOLDER, PARTS, script
from eventlab.widgets.transport import KEYS

HERE = Path(__file__).parent


def test_the_javascript_shows_what_python_says(cards, tmp_path):
    tm = TimeMachine(long_log(), cards)
    frames = [tm._past.pages._book.frame(step) for step in range(tm.last + 1)]
    events = [event_row(tm, step) for step in range(tm.last + 1)]
    diffs = [
        (*pins, difference(tm, pins))
        for pins in ((0, 3), (70, 71), (0, 150), (20, 148), (30, 31), (9, 9))
    ]
    case = tmp_path / "case.json"
    book = base64.b64encode(tm.book).decode()
    log = {"book": book, "frames": frames, "events": events, "diffs": diffs, "seeks": seeks(tm)}
    case.write_text(json.dumps({**log, "filters": filters(tm)}))

    run_in_node("timemachine.test.mjs", case)


def test_the_javascript_fetches_nothing_and_its_files_are_short():
    for word in ("http:", "https:", "fetch(", "import(", "XMLHttpRequest", "eval(", "Function("):
        assert word not in script()
    for part in PARTS:
        assert len((FOLDER / f"{part}.js").read_text(encoding="utf-8").splitlines()) < 200


def test_every_key_that_moves_is_told_of():
    named = {"ArrowLeft": "←", "ArrowRight": "→", "PageUp": "Page Up", "PageDown": "Page Down"}
    code = (FOLDER / "keys.js").read_text(encoding="utf-8")
    keys = re.findall(r'"?(\b\w+|[ ?/])"?: "\w+"', code)

    told = {part for keys in KEYS for part in re.split(", ", keys)}
    told |= {part for keys in told for part in keys.split()}
    assert len(keys) == 19
    for key in set(keys) - {
        "ArrowUp",
        "ArrowDown",
        " ",
    }:  # two that do as their neighbours, and Space
        assert named.get(key, key) in told


def test_every_javascript_file_is_sent():
    assert {path.stem for path in FOLDER.iterdir()} == set(PARTS)


def event_row(tm: TimeMachine, step: int) -> str:
    """What the list of events shows for a step; the streams and types of this log need no escaping."""
    if step == 0:
        words = '<td colspan="3" class="none">before the first event</td>'
        return f'<tr data-go="0"><td class="n">0</td>{words}</tr>\n'
    event = tm._past.pages.event(step)
    return (
        f'<tr data-go="{step}"><td class="n">{step:,}</td><td>{event.occurred_at:%Y-%m-%d %H:%M}</td>'
        f"<td>{event.stream}</td><td>{event.type}</td></tr>\n"
    )


def seeks(tm: TimeMachine) -> list[tuple[int, int, str, int | None]]:
    """Where Python goes from some steps to the next and the previous of their kinds."""
    return [
        (step, by, of, tm._past.places.seek(step, by, of, {}))
        for step in (1, 2, 40, 75, 149, 150)
        for by in (1, -1)
        for of in ("type", "key")
    ]


def filters(tm: TimeMachine) -> list[tuple[dict[str, list[str]], list[int]]]:
    """What Python stops at, by some filters."""
    some = [
        {"types": ["CardClosed"]},
        {"types": ["CardLoaded", "CardRedeemed"], "streams": ["card-0", "card-4"]},
        {"actors": ["ana"], "types": ["CardRedeemed"]},
        {"actors": ["ana"], "types": ["CardClosed"], "streams": ["card-1"]},
    ]
    return [(only, list(tm._past.places.left(only))) for only in some]


def difference(tm: TimeMachine, pins: tuple[int, int]) -> str:
    """The rows that the kernel's own diff of two stops would show."""
    tm.pins = pins
    return table_rows(tm.diff())


def run_in_node(test: str, case: Path) -> None:
    """Run a test in node, given what a browser would be given and a case of what Python says."""
    sent = case.with_name("script.js")
    sent.write_text(script(), encoding="utf-8")
    # The arguments of the test file come after its name, so node runs it as a plain script.
    done = subprocess.run(
        [node(), HERE / test, sent, case], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


def long_log() -> el.EventStore:
    """Three keyframes of events on a few cards, one of them closed and opened again.

    Ten events a day, an hour apart and the first at midnight; between step 100 and 101 lie ten years.
    """
    store = el.EventStore(clock=lambda: "2026-02-01")
    for n in range(150):
        kind = "CardClosed" if n % 31 == 30 else ("CardLoaded", "CardRedeemed")[n % 3 == 0]
        when = datetime(2013 + 10 * (n >= 100), 1, 1 + n // 10, n % 10)
        data, actor = {"amount": n, "holder": f"<{n}>"}, "ana" if n % 5 == 0 else None
        event = el.Event(kind, data, occurred_at=when, actor=actor)
        store.append(f"card-{n * n % 23}", event)
    return store


def node() -> Path:
    """The node that Playwright brings along: whoever can run these tests has it."""
    return Path(compute_driver_executable()[0])
