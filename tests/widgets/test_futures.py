import re
from html import unescape

import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine

# Positions of the store: 1 loads 20 on card-1, 2 loads 10 on card-2, 3 redeems 5 of card-1, 4 closes card-2.


def rows_of(html: str, table: str) -> list[str]:
    """The rows of a table of the two futures, as text."""
    (body,) = re.findall(rf'<table class="{table}">.*?<tbody>(.*?)</tbody>', html, re.DOTALL)
    rows = (re.sub("<[^>]*>", " ", row) for row in body.split("</tr>"))
    return [" ".join(unescape(row).split()) for row in rows if row.strip()]


def test_fork_here_keeps_a_branch_and_shows_both_futures(store, cards):
    tm = TimeMachine(store, cards)

    tm._handle_custom_msg({"ask": "fork", "from": 2}, [])

    assert [event.position for event in tm.branch] == [1, 2]
    assert "two futures behind position 2 " in tm.two_futures
    assert rows_of(tm.two_futures, "tm-future here") == [
        "3 2026-01-07 09:30:15 card-1 CardRedeemed",
        "4 2026-01-08 00:00 card-2 CardClosed",
    ]
    assert rows_of(tm.two_futures, "tm-future branch") == ["nothing has happened yet: append to it"]
    assert rows_of(tm.two_futures, "tm-difference") == [
        "~ card-1 balance 15 20",
        "+ card-2 balance · 10",
        "+ card-2 holder · Ben",
    ]


def test_they_are_compared_again_when_the_branch_has_gone_on(store, cards):
    tm = TimeMachine(store, cards)
    tm._handle_custom_msg({"ask": "fork", "from": 2}, [])

    tm.branch.append("card-1", el.Event("CardClosed", occurred_at="2026-01-09"))
    tm._handle_custom_msg({"ask": "compare"}, [])

    assert rows_of(tm.two_futures, "tm-future branch") == ["3 2026-01-09 00:00 card-1 CardClosed"]
    assert rows_of(tm.two_futures, "tm-difference")[0] == "− card-1 balance 15 ·"


def test_without_this_event_the_later_ones_still_happened(store, cards):
    tm = TimeMachine(store, cards)

    tm._handle_custom_msg({"ask": "fork", "from": 3, "without": True}, [])

    assert [event.type for event in tm.branch] == ["CardLoaded", "CardLoaded", "CardClosed"]
    assert rows_of(tm.two_futures, "tm-difference") == ["~ card-1 balance 15 20"]
    assert "behind position 2 " in tm.two_futures


def test_the_frame_is_what_compare_says(store, cards):
    tm = TimeMachine(store, cards, step=2)
    other = tm.fork()

    expected = el.compare(store, other, cards, names=("here", "branch"), only_changed=True)
    assert_frame_equal(tm.futures(), expected)
    assert tm.branch is other


def test_of_a_key_only_that_key_is_compared(store, cards):
    tm = TimeMachine(store, cards, key="card-1", step=1)
    tm.fork()

    assert tm.futures().index.tolist() == ["card-1"]


def test_a_long_future_shows_its_first_events_and_how_many_follow(own_store, cards):
    for n in range(10):
        own_store.append("card-3", el.Event("CardLoaded", {"amount": n}, occurred_at="2026-01-09"))
    tm = TimeMachine(own_store, cards, step=1)
    tm.fork()
    tm.show_futures()

    rows = rows_of(tm.two_futures, "tm-future here")
    assert len(rows) == 7
    assert rows[-1] == "… and 7 more events"


@pytest.mark.parametrize("ask", [{"ask": "fork", "from": 2}, {"ask": "compare"}])
def test_where_it_cannot_be_it_says_why(store, cards, ask):
    tm = TimeMachine(store.until(position=3), cards)

    tm._handle_custom_msg(ask, [])

    assert tm.told.startswith(("tm.fork() needs a whole store", "tm.futures() compares this log"))
    assert tm.two_futures == ""


def test_before_the_first_event_there_is_none_to_leave_out(store, cards):
    with pytest.raises(TimeMachineError, match="before the first there is none"):
        TimeMachine(store, cards, step=0).fork_without()


def test_hostile_names_are_escaped(hostile, said):
    tm = TimeMachine(hostile, said, step=1)
    tm.fork()
    tm.show_futures()

    assert "<img src=x" not in tm.two_futures
    assert "<svg onload" not in tm.two_futures
