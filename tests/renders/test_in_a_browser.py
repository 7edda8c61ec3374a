"""The drawings in a real Chromium: in a saved page, narrow and wide, light and dark, with a hostile log."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

import eventlab as el
from eventlab.renders import (
    airport_board,
    card,
    chess_board,
    file_tree,
    strip,
    table,
    version_lanes,
)
from eventlab.upcasting import drop, rename
from eventlab.widgets import TimeMachine
from tests.browser import chromium, complaints, screenshot
from tests.widgets.conftest import HOSTILE

RENDERS = {
    "table": table(),
    "card": card(title="to"),
    "strip": strip("size", format="{:,} bytes"),
    "chess_board": chess_board(field="piece"),
    "file_tree": file_tree(show="size", format="{:,} B"),
    "airport_board": airport_board(zone="Europe/Berlin", done=("boarded",)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def log():
    """A few squares and paths, and every hostile text as a key and as a value."""
    store = el.EventStore(clock=lambda: "2026-02-01")
    for number, key in enumerate(["e2", "e4", "src/a.py", *HOSTILE, f"deep/{HOSTILE[0]}"]):
        data = {"piece": "♙", "to": key, "size": number * 1000, "scheduled": "2026-02-01T09:30"}
        store.append(key, el.Event("Placed", data | {"status": "waiting", "san": key}))
    store.append("e2", el.Event("Placed", {"piece": "", "size": -500, "status": "boarded"}))
    return store


@pytest.fixture(scope="module")
def things():
    fields = ("piece", "to", "size", "scheduled", "status")
    return el.Projection("things", **{name: el.last(name) for name in fields})


def opened(browser: Browser, path, width: int, scheme: str) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(path.as_uri())
    page.locator("input[type=range]").focus()
    return page


@pytest.mark.parametrize("name", RENDERS)
def test_drawings_fit_and_run_nothing(browser, tmp_path, log, things, name):
    path = TimeMachine(log, things, render=RENDERS[name]).save(tmp_path / "page.html", title=name)

    for width, scheme in ((700, "light"), (1600, "dark")):
        page = opened(browser, path, width, scheme)
        for key in ("Home", *["ArrowRight"] * 4, "End"):
            page.keyboard.press(key)
            drawn = page.locator(".tm-view [data-slot=state]")
            assert drawn.locator("img, script, svg, iframe").count() == 0
        assert page.evaluate("window.hacked") is None
        assert page.requests == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".tm-error").count() == 0
        screenshot(page, f"renders-{name}-{width}-{scheme}")
        page.close()


@pytest.fixture(scope="module")
def upcasted():
    """Events of every way through the lanes, and every hostile text as a type and a field."""
    store = el.EventStore(
        clock=lambda: "2026-02-01",
        upcasters=[rename("CardLoaded", 1, amount="euros"), drop("CardShown", 1)],
    )
    store.append("card-7", [el.Event("CardShown", schema=1), el.Event("CardLoaded", {"euros": 5})])
    for text in HOSTILE:
        store.append("card-7", el.Event("CardLoaded", {"amount": text, text: text}, schema=1))
        store.append("card-7", el.Event(text, {text: 1}))
    return store


def test_version_lanes_fit_and_run_nothing(browser, tmp_path, upcasted):
    path = version_lanes(upcasted).save(tmp_path / "lanes.html")

    for width, scheme in ((420, "light"), (1600, "dark")):
        page = opened(browser, path, width, scheme)
        for key in ("Home", *["ArrowRight"] * 4, "End"):
            page.keyboard.press(key)
            drawn = page.locator(".tm-view [data-slot=state]")
            assert drawn.locator("img, script, svg, iframe").count() == 0
        assert page.evaluate("window.hacked") is None
        assert page.requests == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()


@pytest.mark.parametrize("name", ["table", "version_lanes"])
def test_what_scrolls_in_a_drawing_is_reached_by_keyboard(
    browser, tmp_path, log, things, upcasted, name
):
    drawn = TimeMachine(log, things, render=table()) if name == "table" else version_lanes(upcasted)
    page = opened(browser, drawn.save(tmp_path / "page.html"), 420, "light")

    panel = page.locator(".tm-view .tm-scroll").first
    assert panel.evaluate("panel => panel.scrollWidth > panel.clientWidth")
    page.wait_for_timeout(300)
    assert panel.evaluate("panel => panel.tabIndex") == 0
    assert complaints(page) == []
    page.close()


def test_the_board_is_square_and_the_move_is_marked(browser, tmp_path):
    game = el.EventStore(clock=lambda: "2026-02-01")
    game.append("g", el.Event("Moved", {"from": "e2", "to": "e4", "piece": "P", "san": "e4"}))
    board = el.Projection(
        "board",
        key=el.each("from", "to"),
        key_names="square",
        piece=el.last("case key when data.to then data.piece else '' end"),
    )
    path = TimeMachine(game, board, render=chess_board()).save(tmp_path / "game.html")

    page = opened(browser, path, 900, "light")
    boxes = [square.bounding_box() for square in page.locator(".el-chess td[title]").all()]

    assert len(boxes) == 64
    assert {(round(box["width"]), round(box["height"])) for box in boxes} == {(40, 40)}
    marked = page.locator("td.m").evaluate_all("squares => squares.map((square) => square.title)")
    assert marked == ["e4 white pawn", "e2"]
    page.keyboard.press("ArrowLeft")
    assert page.locator("td.m").count() == 0
    page.close()
