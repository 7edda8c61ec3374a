import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine, longlog


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
    assert "branches here: 1 mark" in TimeMachine(other, cards)._strip


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


@pytest.mark.parametrize("amount", [1, 17, 30])
def test_a_long_log_is_searched(cards, monkeypatch, amount):
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    store = el.EventStore()
    for n in range(1, 41):
        store.append("looks", el.Event("Looked"))
        store.append(f"card-{n}", el.Event("CardLoaded", {"amount": n}))
    tm = TimeMachine(store.only("CardLoaded"), cards)

    found = tm.find("balance", ">=", amount)

    assert (found.position, tm.step) == (2 * amount, amount)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("balanse", "<", 0), "no field 'balanse' to compare: it has balance, holder"),
        (("balance", "=", 0), "cannot compare by '=': write one of <, <=, ==, !=, >=, >"),
        (("balance", "<", "0"), r"holds 20 \(int\), which does not compare with '0' \(str\)"),
        (("balance", "__import__('os')", 0), "cannot compare by"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(store, cards, asked, sentence):
    with pytest.raises(TimeMachineError, match=sentence):
        TimeMachine(store, cards).find(*asked)
