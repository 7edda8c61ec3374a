import re
from datetime import datetime, timedelta

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine, longlog
from eventlab.widgets.past import InWindows
from tests.widgets.conftest import loaded
from tests.widgets.test_strip import drawn


def test_the_log_at_a_stop_is_taken_home(store, cards):
    tm = TimeMachine(store, cards, step=3)

    assert [event.position for event in tm.log] == [1, 2, 3]
    assert_frame_equal(cards(tm.log), tm.frame())
    tm.step = 0
    assert len(tm.log) == 0


def test_in_order_of_occurrence_there_is_no_such_cut(cards):
    store = el.EventStore()
    for when in ("2026-01-02", "2026-01-01"):
        store.append("card-1", el.Event("CardLoaded", {"amount": 1}, occurred_at=when))

    with pytest.raises(TimeMachineError, match=r"tm\.log needs a cut by position"):
        _ = TimeMachine(store.until(occurred="2026-01-03"), cards).log


def test_a_fork_leaves_the_store_at_the_stop_and_shows_where(store, cards):
    tm = TimeMachine(store, cards, step=3)

    other = tm.fork(drop=[2])
    other.append("card-1", el.Event("CardLoaded", {"amount": 100}))

    assert cards(other)["balance"].to_dict() == {"card-1": 115}
    assert len(store) == 4
    assert "branches here: 1 mark" in drawn(TimeMachine(other, cards))["label"]


def test_only_a_whole_store_is_forked(store, cards):
    with pytest.raises(TimeMachineError, match=r"store\.branch\(at=tm\.position\)"):
        TimeMachine(store.until(position=3), cards).fork()


def test_the_first_stop_of_which_a_condition_holds_is_gone_to(store, cards):
    tm = TimeMachine(store, cards)

    assert tm.find("balance", "<", 20).position == 2  # card-2 came with 10
    assert tm.step == 2
    assert tm.find("holder", "==", "Ana").position == 1


def test_of_a_key_it_is_that_key(store, cards):
    tm = TimeMachine(store, cards, key="card-1", step=0)

    found = tm.find("balance", "<", 20)

    assert (found.position, tm.step) == (3, 2)
    expected = cards.bisect(store, lambda card: card["balance"] < 20, key="card-1")
    assert found.position == expected.position


def test_where_it_never_holds_the_slider_stays(store, cards):
    tm = TimeMachine(store, cards, step=3)

    assert tm.find("balance", ">", 1000) is None
    assert tm.step == 3


def test_a_plain_function_is_searched_as_well(store, cards):
    assert TimeMachine(store, lambda log: cards(log)).find("balance", "==", 15).position == 3


@pytest.fixture(scope="module")
def forty_cards() -> el.EventStore:
    """Cards with 1 to 40 on them, and a look at each before it is loaded."""
    store = el.EventStore()
    for n in range(1, 41):
        store.append("looks", el.Event("Looked"))
        data = {"amount": n, "holder": "Ana" if n < 35 else "Ben"}
        store.append(f"card-{n}", el.Event("CardLoaded", data))
    return store


@pytest.fixture
def searched(forty_cards, cards, monkeypatch) -> TimeMachine:
    """Forty cards, read in windows and searched ten events at a time."""
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    monkeypatch.setattr(longlog, "PART", 10)
    return TimeMachine(forty_cards.only("CardLoaded"), cards)


@pytest.mark.parametrize("amount", [1, 10, 11, 17, 30, 40])
def test_a_long_log_is_searched(searched, amount):
    found = searched.find("balance", ">=", amount)

    assert (found.position, searched.step) == (2 * amount, amount)
    assert searched.told.endswith(f"{amount} state{'s were' if amount > 1 else ' was'} looked at")


def test_a_long_log_is_searched_for_a_text_and_in_vain(searched):
    assert searched.find("holder == Ben").position == 70
    assert searched.find("balance > 40.5") is None
    assert searched.told == "balance > 40.5 never holds; 40 states were looked at"


@pytest.mark.parametrize("beyond", [10**30, 10**400], ids=["1e30", "1e400"])
@pytest.mark.parametrize("value", [True, 2.5, 7])
def test_a_long_log_is_searched_for_a_number_beyond_all(value, beyond, monkeypatch):
    monkeypatch.setattr(longlog, "MOST_STEPS", 3)
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": value})] * 4)
    tm = TimeMachine(store, el.Projection("cards", amount=el.last("amount")))

    assert isinstance(tm._past, InWindows)
    assert tm.find("amount", "<", beyond).position == 1
    assert tm.find("amount", ">", beyond) is None


def test_a_browser_that_searches_a_long_log_hears_how_far_it_is_and_asks_on(searched):
    """In between the slider is moved, and an unanswered search is none."""
    searched._handle_custom_msg({"ask": "find", "typed": "balance >= 35"}, [])
    assert (searched.looked, searched.told) == (10, "looking … 10 of 40 events")
    searched.step = 5
    for looked in (20, 30, 0):
        searched._handle_custom_msg({"ask": "find"}, [])
        assert searched.looked == looked

    assert searched.step == 35
    assert searched.told == "balance >= 35 first holds here; 35 states were looked at"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("balanse", "<", 0), "no field 'balanse' to compare: it has balance, holder"),
        (("balance", "=", 0), "cannot compare by '=': write one of <, <=, ==, !=, >=, >"),
        (("balance", "<", "0"), r"holds 20 \(int\), which does not compare with '0' \(str\)"),
        (("balance", "__import__('os')", 0), "cannot compare by"),
        (
            ("balance", "==", np.array([1, 2])),
            r"holds 20 \(int\), which does not compare with .*ndarray",
        ),
        (("balance", [], 0), r"cannot compare by \[\]"),
        ((None,), "None is no condition: write a field, a sign and a value"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(store, cards, asked, sentence):
    with pytest.raises(TimeMachineError, match=sentence):
        TimeMachine(store, cards).find(*asked)


@pytest.mark.parametrize(
    ("typed", "position", "looked"),
    [
        ("balance < 20", 2, 2),
        ("  balance<=15 ", 2, 2),
        ("balance == 15", 3, 3),
        ("holder == Ben", 2, 2),
        ("holder == 'Ben'", 2, 2),
        ('holder != "Ana"', 2, 2),
        ("balance > 1e1", 1, 1),
    ],
)
def test_a_condition_is_typed_and_says_how_many_states_it_looked_at(
    store, cards, typed, position, looked
):
    tm = TimeMachine(store, cards)

    assert tm.find(typed).position == position
    states = "1 state was" if looked == 1 else f"{looked} states were"
    assert tm.told.endswith(f" first holds here; {states} looked at")


def test_where_a_typed_condition_never_holds_all_states_were_looked_at(store, cards):
    tm = TimeMachine(store, cards, step=1)

    assert tm.find("balance > 1000") is None  # three rows were written; the closing writes none
    assert (tm.step, tm.told) == (1, "balance > 1000 never holds; 3 states were looked at")


def test_a_time_is_compared_with_a_text(store):
    seen = el.Projection("seen", at=el.last("occurred_at"))

    assert TimeMachine(store, seen).find("at >= 2026-01-07").position == 3


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("balance", "'balance' is no condition: write a field, a sign and a value"),
        ("", "'' is no condition"),
        ("< 0", "'< 0' is no condition"),
        ("balance = 0", "cannot compare by '='"),
        ("__import__('os').system('x') < 0", "the state has no field"),
        ("balance < soon", "which does not compare with 'soon'"),
    ],
)
def test_what_is_no_condition_is_refused_and_told(store, cards, typed, sentence):
    tm = TimeMachine(store, cards, step=3)

    with pytest.raises(TimeMachineError, match=re.escape(sentence)):
        tm.find(typed)
    tm._handle_custom_msg({"ask": "find", "typed": typed}, [])
    assert sentence in tm.told
    assert tm.step == 3


def test_a_browser_finds_what_was_typed(store, cards):
    tm = TimeMachine(store, cards)

    tm._handle_custom_msg({"ask": "find", "typed": "balance < 20"}, [])

    assert (tm.step, tm.told) == (2, "balance < 20 first holds here; 2 states were looked at")


def test_a_filter_that_hides_what_was_found_is_cleared(store, cards):
    tm = TimeMachine(store, cards)
    tm.filter(types="CardClosed")

    assert tm.find("balance < 20").position == 2
    assert (tm.step, tm.only) == (2, {})
    assert tm.told.endswith("; the filter is cleared, for this is none of its stops")


@pytest.mark.parametrize(
    ("place", "step"),
    [
        ({"step": 3}, 3),
        ({"position": 2}, 2),
        ({"position": 0}, 0),
        ({"position": 99}, 4),
        ({"time": "2026-01-06"}, 2),
        ({"time": "2026-01-05 23:59"}, 1),
        ({"time": datetime(2026, 1, 7, 9, 30, 15)}, 3),
        ({"time": "2025-12-31"}, 0),
        ({"time": "00:00"}, 4),  # of the day of the current stop, the 8th
    ],
)
def test_a_step_a_position_and_a_time_are_gone_to(store, cards, place, step):
    tm = TimeMachine(store, cards)

    event = tm.go(**place)

    assert tm.step == step
    assert event == tm.event


def test_of_events_recorded_late_it_is_the_one_that_happened_last_by_then(own_store, cards):
    """Position 5 happened between 2 and 3, and was recorded after 4."""
    own_store.append("card-1", loaded(1, "Ana", "2026-01-07"))
    tm = TimeMachine(own_store, cards, step=0)

    assert tm.go(time="2026-01-07T06:00").position == 5
    assert tm.go(time="2026-01-07T12:00").position == 3


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({}, r"tm\.go\(\) takes one place"),
        ({"step": 1, "position": 1}, r"tm\.go\(\) takes one place"),
        ({"position": "2"}, r"tm\.go\(\) takes one place"),
        ({"step": 9}, "there is no step 9"),
        ({"time": "soon"}, "'soon' is no time to go to: write it as '2013-01-01 17:30'"),
        ({"time": "25:00"}, "'25:00' is no time to go to"),
        ({"time": 17}, "17 is no time to go to"),
    ],
)
def test_what_is_no_place_is_refused(store, cards, place, sentence):
    tm = TimeMachine(store, cards)

    with pytest.raises(TimeMachineError, match=sentence):
        tm.go(**place)
    assert tm.step == 4


def test_the_next_and_previous_of_a_kind_are_gone_to(store, cards):
    """Types: load, load, redeem, close; keys: card-1, card-2, card-1, card-2."""
    tm = TimeMachine(store, cards, step=1)

    assert tm.next("key").position == 3
    assert tm.previous("key").position == 1
    assert tm.next("type").position == 2
    assert tm.next("type") is None
    assert tm.step == 2
    tm.step = 0
    assert [tm.next("type"), tm.previous("key"), tm.step] == [None, None, 0]


def test_an_event_that_touches_several_keys_has_a_next_for_each():
    pairs = el.Projection("pairs", key=el.each("one", "two"), events=el.count())
    store = el.EventStore()
    for one, two in ("ab", "cd", "bd"):
        store.append("moves", el.Event("Moved", {"one": one, "two": two}))
    tm = TimeMachine(store, pairs, step=1)

    assert tm.next("key").data == {"one": "b", "two": "d"}
    assert tm.previous("key").data == {"one": "c", "two": "d"}


def test_there_is_no_next_of_what_no_events_share(store, cards):
    with pytest.raises(TimeMachineError, match="the next of this 'type' or 'key'"):
        TimeMachine(store, cards).next("stream")


@pytest.fixture(scope="module")
def forty_hours() -> el.EventStore:
    """Forty loads of ten cards, an hour apart, with something between any two of them."""
    store = el.EventStore(clock=lambda: "2026-02-01")
    for n in range(40):
        when = datetime(2026, 1, 1) + timedelta(hours=n)
        store.append("looks", el.Event("Looked", occurred_at=when))
        kind = "CardClosed" if n in (5, 35) else "CardLoaded"
        store.append(f"card-{n % 10}", el.Event(kind, {"amount": n}, occurred_at=when))
    return store


@pytest.fixture
def long(forty_hours, cards, monkeypatch) -> TimeMachine:
    """Their loads and closings, read in windows."""
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    return TimeMachine(forty_hours.only("CardLoaded", "CardClosed"), cards, step=1)


def test_in_a_long_log_duckdb_finds_the_place(long):
    assert isinstance(long._past, InWindows)

    assert (long.go(time="2026-01-01T20:30").position, long.step) == (42, 21)
    assert (long.go(time="01:00").position, long.step) == (4, 2)
    assert (long.go(position=11).position, long.step) == (10, 5)
    assert (long.go(time="2025-12-31"), long.step) == (None, 0)
    assert long.next("type") is None


def test_in_a_long_log_duckdb_finds_the_next_of_a_kind(long):
    long.step = 6  # card-5 is closed

    assert (long.next("type").position, long.step) == (72, 36)
    assert long.next("type") is None
    assert (long.previous("key").position, long.step) == (52, 26)
    long.step = 1
    assert long.previous("key") is None


def test_a_long_log_that_has_grown_is_as_it_was_when_it_was_opened(own_store, cards, monkeypatch):
    monkeypatch.setattr(longlog, "MOST_STEPS", 3)
    tm = TimeMachine(own_store, cards, step=2)
    own_store.append("card-1", el.Event("CardLoaded", {"amount": 1}, occurred_at="2026-01-09"))
    own_store.append("card-3", el.Event("CardLost", occurred_at="2026-01-10", actor="eve"))

    assert isinstance(tm._past, InWindows)
    assert (tm.next("type"), tm.step) == (None, 2)
    assert tm.go(time="2026-01-09").position == 4
    assert (tm.next("key"), tm.step, tm.last) == (None, 4, 4)
    assert (tm.filter(types="CardLoaded"), tm.step) == (2, 2)
    assert tm.find("balance", "==", 16) is None
    with pytest.raises(TimeMachineError, match="its types are 'CardLoaded', 'CardClosed'"):
        tm.filter(types="CardLost")
    tm.axis = "occurred"
    assert "2026-01-08" in tm._sent["occurred"]["label"]
    assert tm.fork().head == 2


def test_a_browser_asks_for_what_its_window_does_not_hold(long):
    """What the JavaScript sends, and what it hears."""
    heard = []
    long.observe(lambda change: heard.append(change["new"]), names="told")

    long._handle_custom_msg({"ask": "seek", "from": 6, "by": 1, "of": "type"}, [])
    assert (long.step, heard) == (36, [])
    for _ in range(2):
        long._handle_custom_msg({"ask": "seek", "from": 36, "by": 1, "of": "type"}, [])
    assert heard == ["no later event of this type", "", "no later event of this type"]

    long._handle_custom_msg({"ask": "go", "time": 1767301200_000_000}, [])  # 2026-01-01 21:00
    assert long.step == 22
    long._handle_custom_msg({"ask": "go", "position": 11}, [])
    assert (long.step, long.told) == (5, "")
    long._handle_custom_msg({"ask": "what"}, [])
    assert (long.step, long.told) == (5, "")
