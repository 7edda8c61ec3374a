"""The JavaScript in node: it turns the pages that Python bound, with a stub for the browser."""

import base64
import json
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

import eventlab as el
from eventlab.widgets import TimeMachine

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "eventlab" / "widgets" / "timemachine.js"


def test_the_javascript_shows_what_python_says(cards, tmp_path):
    tm = TimeMachine(long_log(), cards)
    frames = [tm._pages._book.frame(step) for step in range(tm.last + 1)]
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"book": base64.b64encode(tm.book).decode(), "frames": frames}))

    # The arguments of the test file come after its name, so node runs it as a plain script.
    done = subprocess.run(
        [node(), HERE / "timemachine.test.mjs", SCRIPT, case],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout


def test_the_javascript_fetches_nothing_and_is_short():
    source = SCRIPT.read_text(encoding="utf-8")

    for word in ("http:", "https:", "fetch(", "import(", "XMLHttpRequest", "eval(", "Function("):
        assert word not in source
    assert len(source.splitlines()) < 200


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
