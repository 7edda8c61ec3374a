"""A log too long for one book: every event is a stop, and what is seen there is what a book would show."""

import base64
import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.widgets import TimeMachine, longlog, spread
from eventlab.widgets.past import AsAWhole
from eventlab.widgets.plaintext import plain
from tests.widgets.test_javascript import run_in_node


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What is long elsewhere is short here."""
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 16)
    monkeypatch.setattr("eventlab.widgets.past.GLANCE", 8)
    monkeypatch.setattr("eventlab.widgets.past.NEAR", 4)


@pytest.fixture(scope="module")
def log() -> el.EventStore:
    return busy_cards()


@pytest.fixture
def own_log() -> el.EventStore:
    """The same log, to keep snapshots in."""
    return busy_cards()


def busy_cards() -> el.EventStore:
    """130 events on 23 cards, some of them closed, some of those opened again."""
    rows = [
        {
            "card": f"card-{n * n % 37}",
            "kind": "CardClosed" if n % 11 == 10 else ("CardLoaded", "CardRedeemed")[n % 3 == 0],
            "amount": n,
            "who": "ana" * (n > 60),
        }
        for n in range(130)
    ]
    store = el.EventStore()
    store.append_frame(pd.DataFrame(rows), stream="card", type="kind", actor="who")
    return store


def whole(log, projection, rows) -> TimeMachine:
    """The same time machine with all steps at hand."""
    return TimeMachine(log, projection, rows=rows, max_steps=len(log))


@pytest.mark.parametrize("rows", [3, 15, 50], ids="{} rows".format)
def test_every_stop_reads_as_in_a_book_of_the_whole_log(log, cards, rows):
    long, book = TimeMachine(log, cards, rows=rows, step=0), whole(log, cards, rows)

    assert long.last == book.last == 130
    for step in [*range(131), 7, 120, 60]:
        long.step = step
        assert long.text() == book.text(step)
        assert long.event == (book.event if step == book.step else book._past.pages.event(step))


def test_a_stop_far_from_the_slider_is_read_without_moving_it(log, cards):
    long, book = TimeMachine(log, cards, step=100), whole(log, cards, 15)

    assert long.text(3) == book.text(3)
    assert long.position == 100
    assert_frame_equal(long.frame(3), cards(log.until(position=3)))


def test_a_cut_with_gaps_has_a_stop_for_each_of_its_events(log, cards):
    loads = log.only("CardLoaded")

    long, book = TimeMachine(loads, cards, step=0), whole(loads, cards, 15)

    for step in range(long.last + 1):
        long.step = step
        assert long.text() == book.text(step)


def test_a_fold_serves_as_well(log):
    fold = el.Fold(
        lambda card, event: card | {"events": card["events"] + 1}, {"events": 0}, name="counted"
    )

    long, book = TimeMachine(log, fold, step=0), whole(log, fold, 15)

    for step in range(0, long.last + 1, 7):
        long.step = step
        assert long.text() == book.text(step)


@pytest.mark.parametrize("every", [7, 1000], ids="snapshots every {}".format)
def test_snapshots_show_the_same(own_log, cards, every):
    long, book = (
        TimeMachine(own_log, el.Snapshots(own_log, cards, every=every), step=0),
        whole(own_log, cards, 15),
    )

    for step in [*range(0, 131, 9), 130, 40]:
        long.step = step
        assert long.text() == book.text(step)


def test_a_fold_that_skips_events_has_the_rows_it_has(log):
    loads = {"CardLoaded": lambda card, event: {"loads": card["loads"] + 1}}
    fold = el.Fold(loads, {"loads": 0}, name="loads", on_unknown="skip")

    long, book = TimeMachine(log, fold, step=0, rows=3), whole(log, fold, 3)

    for step in range(0, long.last + 1, 7):
        long.step = step
        assert long.text() == book.text(step)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_rows_that_changed_long_ago_are_found(cards, rows):
    """Of three living cards one never changes again, and each of a hundred others lives for two events."""
    store = el.EventStore()
    store.append("card-a", el.Event("CardLoaded", {"amount": 1}))
    store.append("card-b", el.Event("CardLoaded", {"amount": 2}))
    for n in range(100):
        kinds = ["CardLoaded", "CardClosed"]
        store.append(f"card-{n}", [el.Event(kind, {"amount": n}) for kind in kinds])
    store.append("card-b", el.Event("CardLoaded", {"amount": 3}))
    long, book = TimeMachine(store, cards, rows=rows, step=0), whole(store, cards, rows)

    for step in (0, 3, 130, 202, 203):
        long.step = step
        assert long.text() == book.text(step)


def test_what_is_folded_for_a_move_is_counted(log, cards):
    """Seven streams of ten events each, in turn: a jump folds the streams in sight, and nothing more."""
    store = el.EventStore()
    for n in range(70):
        store.append(f"card-{n % 7}", el.Event("CardLoaded", {"amount": n}))
    long = TimeMachine(store, cards, step=70)
    folded = [long.replayed]

    for long.step in (69, 20, 20, 24):
        folded.append(long.replayed)

    assert folded == [70, 0, 23, 23, 27]


def test_snapshots_are_seen_in_the_counter(cards):
    store = el.EventStore()
    for n in range(70):
        store.append(f"card-{n % 7}", el.Event("CardLoaded", {"amount": n}))

    long = TimeMachine(store, el.Snapshots(store, cards, every=10), step=0)
    long.step = 40

    assert (
        long.replayed == 43 - 30
    )  # the first step in sight is 36, the last 43, a snapshot is at 30


def test_a_short_log_is_folded_when_it_is_opened(store, cards):
    tm = TimeMachine(store, cards)
    assert tm.replayed == 4

    tm.step = 2

    assert tm.replayed == 0


def test_the_browser_is_sent_a_window_and_the_next_before_it_ends(log, cards):
    long = TimeMachine(log, cards, step=60)
    sent = []
    long.observe(
        lambda change: sent.append((long._past.pages.first, long._past.pages.last)), names="book"
    )
    long.step = 61

    for long.step in range(61, 80):
        assert long._past.pages.first + 4 <= long.step <= long._past.pages.last - 4

    assert all(late[0] > early[0] for early, late in pairwise(sent))
    assert 1 < len(sent) < 10


@pytest.fixture
def ten_stops(monkeypatch):
    monkeypatch.setattr(spread, "MOST_PAGES", 10)
    monkeypatch.setattr(spread, "TOGETHER", 3)


def test_a_saved_page_has_stops_spread_over_the_whole_log_and_says_so(
    log, cards, ten_stops, tmp_path
):
    long = TimeMachine(log, cards, rows=3, step=70)

    page = long.save(tmp_path / "page.html").read_text()

    assert "11 of 130 events are stops" in page
    assert 'max="11"' not in page.split("<script", 1)[0]  # the slider comes out of the book
    assert long._past.kept([]).steps == [0, 1, 15, 30, 44, 58, 73, 87, 101, 116, 130]


@pytest.mark.parametrize("rows", [1, 3, 15, 50], ids="{} rows".format)
@pytest.mark.parametrize("kept", [None, 7], ids=["from the first event", "from snapshots"])
def test_its_stops_read_as_in_a_book_of_all_events(own_log, cards, ten_stops, rows, kept):
    rule = cards if kept is None else el.Snapshots(own_log, cards, every=kept)
    book = TimeMachine(own_log, cards, rows=rows, max_steps=10)
    long = TimeMachine(own_log, rule, rows=rows)

    pages = long._past.kept([]).pages

    for step in range(11):
        assert plain(pages.reading, pages.scene(step)) == book.text(step)


def test_a_fold_that_skips_events_is_kept_as_well(log, ten_stops):
    loads = {"CardLoaded": lambda card, event: {"loads": card["loads"] + 1}}
    fold = el.Fold(loads, {"loads": 0}, name="loads", on_unknown="skip")
    book = TimeMachine(log, fold, rows=3, max_steps=10)

    pages = TimeMachine(log, fold, rows=3)._past.kept([]).pages

    for step in range(11):
        assert plain(pages.reading, pages.scene(step)) == book.text(step)


def test_the_current_stop_and_the_pins_are_among_its_stops(log, cards, ten_stops, tmp_path):
    long = TimeMachine(log, cards, step=70)
    long.pins = (31, 99)

    page = long.save(tmp_path / "page.html").read_text()

    assert long._past.kept([70, 31, 99]).steps == [
        *(0, 1, 15, 30, 31, 44, 58, 70, 73, 87, 99, 101, 116, 130)
    ]
    assert "70 / 130 · " in page  # before any JavaScript
    state = json.loads(unescape(re.search('data-state="([^"]*)"', page)[1]))
    assert (state["step"], state["pins"]) == (7, [4, 10])
    assert state["difference"] == long.difference


@pytest.mark.parametrize(
    "given",
    [{"key": "card-1"}, {"max_steps": 10}, {"render": lambda state, event: ""}],
    ids=lambda given: next(iter(given)),
)
def test_what_cannot_be_read_in_windows_is_read_as_before(log, cards, given):
    assert isinstance(TimeMachine(log, cards, **given)._past, AsAWhole)


def test_a_log_whose_events_upcasters_split_is_read_as_a_whole():
    """Several events share a position there, and no stop lies between them."""

    @el.upcaster("CardLoaded", schema=1)
    def halved(data):
        return [el.Event("HalfLoaded", {"amount": data["amount"] // 2})] * 2

    store = el.EventStore(upcasters=[halved])
    for _ in range(30):
        store.append("card-1", el.Event("CardLoaded", {"amount": 4}, schema=1))
    cards = el.Projection("cards", balance=el.total("amount"), loads=el.count("HalfLoaded"))

    tm = TimeMachine(store, cards)

    assert isinstance(tm._past, AsAWhole)
    assert tm.last == 30
    assert tm.frame(20)[["balance", "loads"]].values.tolist() == [[80, 40]]


def test_a_short_log_is_one_book(store, cards):
    assert isinstance(TimeMachine(store, cards)._past, AsAWhole)


def test_the_javascript_asks_for_the_pages_it_has_not(log, cards, tmp_path):
    long = TimeMachine(log, cards, step=0)
    books, frames = [], {}
    for step in (0, 64, 130):
        long.step = step
        books.append(base64.b64encode(long.book).decode())
        pages = long._past.pages
        for at in range(pages.first, pages.last + 1):
            frames[at] = pages._book.frame(at - pages.first)
    parts = []
    for long.step in (*range(0, 130, 7), 130):
        pages, book = long._past.pages, base64.b64encode(long.book).decode()
        parts.append([pages.first, pages.last, pages.reading.replayed, book])
        for at in range(pages.first, pages.last + 1):
            frames[at] = pages._book.frame(at - pages.first)
    case = Path(tmp_path, "case.json")
    case.write_text(
        json.dumps({"books": books, "frames": frames, "last": long.last, "parts": parts})
    )

    run_in_node("longlog.test.mjs", case)
