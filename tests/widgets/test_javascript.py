"""The JavaScript in node: it turns the pages that Python bound, with a stub for the browser."""

import base64
import json
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

import eventlab as el
from eventlab.widgets import TimeMachine
from eventlab.widgets.differences import table_rows
from eventlab.widgets.script import FOLDER, PARTS, script

HERE = Path(__file__).parent


def test_the_javascript_shows_what_python_says(cards, tmp_path):
    tm = TimeMachine(long_log(), cards)
    frames = [tm._pages._book.frame(step) for step in range(tm.last + 1)]
    events = tm._pages._beside.events()
    diffs = [
        (*pins, difference(tm, pins))
        for pins in ((0, 3), (70, 71), (0, 150), (20, 148), (30, 31), (9, 9))
    ]
    case = tmp_path / "case.json"
    book = base64.b64encode(tm.book).decode()
    case.write_text(json.dumps({"book": book, "frames": frames, "events": events, "diffs": diffs}))

    run_in_node("timemachine.test.mjs", case)


def test_the_javascript_fetches_nothing_and_its_files_are_short():
    for word in ("http:", "https:", "fetch(", "import(", "XMLHttpRequest", "eval(", "Function("):
        assert word not in script()
    for part in PARTS:
        assert len((FOLDER / f"{part}.js").read_text(encoding="utf-8").splitlines()) < 200


def test_every_javascript_file_is_sent():
    assert {path.stem for path in FOLDER.iterdir()} == set(PARTS)


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
    """Three keyframes of events on a few cards, one of them closed and opened again."""
    store = el.EventStore()
    for n in range(150):
        kind = "CardClosed" if n % 31 == 30 else ("CardLoaded", "CardRedeemed")[n % 3 == 0]
        store.append(f"card-{n * n % 23}", el.Event(kind, {"amount": n, "holder": f"<{n}>"}))
    return store


def node() -> Path:
    """The node that Playwright brings along: whoever can run these tests has it."""
    return Path(compute_driver_executable()[0])
