import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine, longlog
from eventlab.widgets.differences import MOST_ROWS, table_rows
from eventlab.widgets.scenes import Reading, Touch
from eventlab.widgets.versions import versions
from tests.examples import examples
from tests.widgets.conftest import HOSTILE
from tests.widgets.test_beside import EVENTS


def test_two_pins_give_the_projections_own_diff(store, cards):
    tm = TimeMachine(store, cards)

    tm.pins = (4, 1)

    assert tm.diff().values.tolist() == [
        ["card-1", "balance", 20, 15, "changed", 3, "CardRedeemed"]
    ]
    assert_frame_equal(tm.diff(), cards.diff(store.until(position=1), store))


def test_with_one_pin_the_other_moment_is_the_current_stop(store, cards):
    tm = TimeMachine(store, cards, step=2)

    tm.pins = (None, 0)

    assert tm.diff()["change"].tolist() == ["appeared"] * 4
    assert tm.diff()["key"].tolist() == ["card-1", "card-1", "card-2", "card-2"]


def test_of_a_key_only_its_own_fields_differ(store, cards):
    """card-1 was touched at positions 1 and 3; in between, card-2 came."""
    tm = TimeMachine(store, cards, key="card-1")

    tm.pins = (1, 2)

    assert tm.diff()[["key", "field", "before", "after"]].values.tolist() == [
        ["card-1", "balance", 20, 15]
    ]


def test_of_a_key_of_several_parts_too(store):
    by_type = el.Projection("by_type", key=["stream", "type"], events=el.count())
    tm = TimeMachine(store, by_type, key=("card-1", "CardLoaded"), step=0)

    tm.pins = (0, 1)

    assert tm.diff()["after"].tolist() == [1]


def test_a_plain_function_is_compared_state_by_state(store, cards):
    tm = TimeMachine(store, lambda log: cards(log))

    tm.pins = (3, 4)

    assert tm.diff().values.tolist() == [
        ["card-2", "balance", 10, None, "vanished"],
        ["card-2", "holder", "Ben", None, "vanished"],
    ]


def test_so_is_a_log_in_order_of_occurrence(cards):
    store = el.EventStore(clock=lambda: "2026-02-01")
    for when, amount in (("2026-01-02", 5), ("2026-01-01", 7)):
        store.append("card-1", el.Event("CardLoaded", {"amount": amount}, occurred_at=when))
    tm = TimeMachine(store.until(occurred="2026-01-03"), cards)

    tm.pins = (1, 2)

    assert tm.diff()[["before", "after"]].values.tolist() == [[7, 12]]


def test_without_a_pin_it_says_how_to_set_one(store, cards):
    with pytest.raises(TimeMachineError, match=r"nothing is pinned: press a and b"):
        TimeMachine(store, cards).diff()


def test_a_pin_beyond_an_end_stands_at_that_end(store, cards):
    tm = TimeMachine(store, cards)

    tm.pins = (-3, 99)

    assert tm.pins == (0, 4)


def test_the_browser_pins_as_well(store, cards):
    tm = TimeMachine(store, cards)

    tm.set_state({"pins": [1, None]})

    assert tm.pins == (1, None)


def test_of_a_long_log_the_kernel_sends_the_rows(cards, monkeypatch):
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    store = el.EventStore()
    for n in range(30):
        store.append(f"card-{n}", el.Event("CardLoaded", {"amount": n, "holder": "<Ana>"}))
    tm = TimeMachine(store, cards)

    tm.pins = (28, 29)

    assert tm.difference == table_rows(tm.diff())
    assert '<th scope="row">card-28</th>' in tm.difference
    assert "&lt;Ana&gt;" in tm.difference


def test_of_very_many_differences_some_are_seen_and_the_rest_is_counted():
    rows = [(f"card-{n}", "balance", 1, 2, "changed") for n in range(MOST_ROWS + 5)]
    frame = pd.DataFrame(rows, columns=["key", "field", "before", "after", "change"])

    written = table_rows(frame)

    assert written.count("<tr") == MOST_ROWS + 1
    assert "… and 5 more differences" in written


@examples(5)
@given(EVENTS, st.data())
def test_looking_up_two_moments_says_what_diff_says(events, data):
    store = el.EventStore(clock=lambda: "2026-02-01")
    cards = el.Projection(
        "cards", balance=el.total("amount"), holder=el.last("holder"), ends_with="CardClosed"
    )
    for stream, kind, fields in events:
        store.append(stream, el.Event(kind, fields))
    tm = TimeMachine(store, cards)
    early = data.draw(st.integers(0, tm.last))
    late = data.draw(st.integers(early, tm.last))
    told = versions(tm._past.pages.reading)

    tm.pins = (early, late)

    expected = tm.diff()[["key", "field", "before", "after"]].astype(object)
    expected = expected.where(expected.notna(), None).values.tolist()
    assert looked_up(told, early, late) == [
        [key, field, "·" if was is None else str(was), "·" if now is None else str(now)]
        for key, field, was, now in expected
    ]


def looked_up(told, early, late):
    """The two moments as a browser looks them up."""
    at = [
        [
            next((cells for when, *cells in reversed(life) if when <= step), [])
            for life in told["lives"]
        ]
        for step in (early, late)
    ]
    missing = [0] * len(told["fields"])
    cells = [
        cell.replace('<span class="none" title="no value">·</span>', "·") for cell in told["cells"]
    ]
    return [
        [key, field, cells[was], cells[now]]
        for key, before, after in zip(told["keys"], *at, strict=True)
        for field, was, now in zip(told["fields"], before or missing, after or missing, strict=True)
        if was != now
    ]


def read(*rows) -> dict:
    """The versions of one key with one field, given its rows from step 1 on."""
    touches = [Touch(step, ("card-7",), row) for step, row in enumerate(rows, start=1)]
    return versions(Reading("cards", ["stream"], ["said"], None, 9, list(range(10)), [], touches))


def test_values_that_are_the_same_have_one_number_and_others_have_their_own():
    told = read((1,), (1.0,), (True,), ("1",), (None,), (float("nan"),), ([1],), ([1],))

    assert [life[1] for life in told["lives"][0]] == [1, 1, 2, 3, 0, 0, 4, 4]


def test_what_holds_values_is_the_same_where_they_are():
    """Lists: 1, 1.0, True. Dicts: in another order, with a float, with True. Then two sets, and a tuple."""
    found = [
        [1],
        [1.0],
        [True],
        [1, 2],
        {"a": 1, "b": [2]},
        {"b": [2.0], "a": 1},
        {"a": True, "b": [2]},
    ]
    told = read(*((value,) for value in [*found, {1}, frozenset({1}), (1,)]))

    assert [life[1] for life in told["lives"][0]] == [1, 1, 2, 3, 4, 4, 5, 6, 6, 7]


@pytest.mark.parametrize(
    ("before", "after", "position"),
    [([1], [True], 2), ({"a": 1}, {"a": True}, 2), ([1], [1.0], 1), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, 1)],
)  # fmt: skip
def test_diff_blame_page_and_picture_agree_on_what_changed(before, after, position):
    store = el.EventStore()
    store.append("card-1", [el.Event("CardSet", {"m": value}) for value in (before, after)])
    said = el.Fold(lambda card, event: {"m": event.data["m"]}, {"m": None})
    tm = TimeMachine(store, said)
    tm.pins = (1, 2)
    changed = position == 2

    assert said.blame(store, "card-1")["position"].tolist() == [position]
    assert len(said.diff(store.until(position=1), store)) == len(tm.diff()) == changed
    [[(_, early), (_, late)]] = versions(tm._past.pages.reading)["lives"]
    assert (early != late) == changed
    assert ("~" in tm.text()) == changed
    of_function = TimeMachine(store, lambda log: said(log)[["m"]])
    assert ("~" in of_function.text()) == changed


def test_values_that_read_alike_because_they_were_cut_still_differ():
    told = read(("a" * 5000 + "b",), ("a" * 5000 + "c",))

    assert told["cells"][1] == told["cells"][2]
    assert told["lives"] == [[[1, 1], [2, 2]]]


def test_an_event_that_ends_a_life_and_begins_another_leaves_the_last():
    touches = [Touch(1, ("a",), (1,)), Touch(2, ("a",), None), Touch(2, ("a",), (5,))]
    reading = Reading("cards", ["stream"], ["balance"], None, 2, [0, 1, 2], [], touches)

    assert versions(reading)["lives"] == [[[1, 1], [2, 2]]]


def test_versions_are_escaped(hostile, said):
    told = versions(TimeMachine(hostile, said)._past.pages.reading)

    written = "".join([*told["keys"], *told["cells"]])
    assert not [text for text in HOSTILE[:3] if text in written]
