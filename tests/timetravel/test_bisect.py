"""Bisect finds the first event after which something holds, and says what it looked at."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.timetravel import behind
from tests.projections.test_laws import CARD, CARDS, laws, logs, store_of


@pytest.fixture
def flights():
    """Seats are known of a flight some time after it is planned."""
    store = el.EventStore()
    store.append("flight-1", el.Event("Planned", {"gate": "A"}))
    store.append("flight-2", el.Event("Planned", {"seats": 4, "full": False, "fare": "9.50"}))
    store.append("flight-1", el.Event("Planned", {"seats": 9, "full": True, "fare": "8.25"}))
    return store


boards = el.Projection(
    "boards",
    seats=el.last("seats"),
    full=el.last("full"),
    fare=el.last("fare::DECIMAL(9, 2)"),
    gate=el.last("gate"),
)


def test_a_number_may_be_missing_in_the_states_that_are_searched(flights):
    found = boards.bisect(flights, lambda board: board["seats"].sum() >= 13)

    assert found.position == 3
    assert found.looked_at == 3
    assert found.state["seats"].tolist() == [9, 4]
    assert found.state["fare"].tolist() == [Decimal("8.25"), Decimal("9.50")]


def test_the_states_that_are_searched_are_those_of_their_cuts(flights):
    seen = []
    boards.bisect(flights, seen.append)

    assert len(seen) == 3
    for position, state in enumerate(seen, start=1):
        assert_frame_equal(state, boards(flights.until(position=position)))


@pytest.mark.parametrize("cards", [CARD, CARDS], ids=["fold", "projection"])
@laws
@given(rows=logs, occurred=st.booleans())
def test_one_by_one_shows_the_state_of_every_cut(cards, rows, occurred):
    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store
        seen = []
        cards.bisect(log, seen.append)

        assert len(seen) == len(rows)
        if not occurred:
            for position, state in enumerate(seen, start=1):
                assert_frame_equal(state, cards(store.until(position=position)))
        elif seen:
            assert_frame_equal(seen[-1], cards(log))


def test_keys_of_several_kinds_can_be_searched():
    store = el.EventStore()
    for key in (1, "a", 2):
        store.append("keys", el.Event("Touched", {"key": key}))
    touched = el.Fold(lambda n, event: n + 1, 0, key=lambda event: event.data["key"])

    found = touched.bisect(store, lambda state: len(state) == 3)

    assert found.position == 3
    assert_frame_equal(found.state, touched(store))


def test_a_failing_predicate_is_told_by_position(flights):
    with pytest.raises(el.EventLabError, match="position 2") as failed:
        boards.bisect(flights, lambda flight: flight["seats"] / 0, key="flight-2")

    assert isinstance(failed.value.__cause__, ZeroDivisionError)


def test_what_is_not_there_is_not_asked_about(flights):
    def never(state):
        raise AssertionError(state)

    assert boards.bisect(flights, never, key="flight-9") is None
    assert boards.bisect(flights.until(position=0), never) is None
    assert boards.bisect(flights.until(position=0), never, monotone=True) is None


def test_what_is_found_is_the_event(flights):
    found = boards.bisect(flights, lambda flight: flight["seats"] == 9, key="flight-1")

    assert found == next(iter(flights.since(position=3)))
    assert found.state == {"seats": 9, "full": True, "fare": Decimal("8.25"), "gate": "A"}
    assert found.looked_at == 2
    assert "found after 2 states" in repr(found)


@pytest.mark.parametrize("key", ["card-1", None])
def test_a_monotone_search_looks_at_few_states_also_where_the_log_has_gaps(key):
    store = el.EventStore()
    for n in range(100):
        store.append(f"card-{n % 2 + 1}", el.Event("CardLoaded", {"amount": 1}))
    loads = el.Projection("loads", loads=el.count())
    log = store.stream("card-1")  # positions 1, 3, 5 …

    found = loads.bisect(log, lambda s: pd.Series(s["loads"]).sum() >= 30, key, monotone=True)

    assert found.position == 59
    assert found.looked_at <= 7  # 50 states: 2 ** 6 are more


@pytest.mark.parametrize("near", [1, 3, 16])
@pytest.mark.parametrize("cards", [CARD, CARDS], ids=["fold", "projection"])
@laws
@given(rows=logs, wanted=st.integers(0, 6))
def test_states_near_each_other_are_those_of_their_cuts(cards, near, rows, wanted):
    def looks_at(most):
        seen = []

        def holds(state):
            seen.append(state)
            return state["loads"].sum() >= wanted

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(behind, "NEAR", most)
            return cards.bisect(store, holds, monotone=True), seen

    with store_of(rows) as store:
        (found, states), (expected, by_cut) = looks_at(near), looks_at(0)

        assert found == expected
        assert len(states) == len(by_cut)
        for state, known in zip(states, by_cut, strict=True):
            assert_frame_equal(state, known)


def test_only_the_first_looks_at_a_long_log_are_cuts(monkeypatch):
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": 1})] * 1000)
    monkeypatch.setattr(behind, "NEAR", 64)
    asked = []

    class Counted(el.Projection):
        def __call__(self, log):
            asked.append("cut")
            return super().__call__(log)

        def onward(self, log, position):
            asked.append("onward")
            return super().onward(log, position)

    loads = Counted("loads", loads=el.count())
    found = loads.bisect(store, lambda state: state["loads"].sum() >= 300, monotone=True)

    assert (found.position, found.looked_at) == (300, 10)
    # Among 1000, 500, 250 and 125 states, and of the last 62 at once; then what is found.
    assert asked == ["cut", "cut", "cut", "cut", "onward", "cut"]


def test_an_event_that_fails_is_no_trouble_where_it_is_never_looked_at():
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": n}) for n in range(1, 101)])

    def evolve(state, event):
        return {"smallest": 1 / (95 - event.data["amount"]), "loads": state["loads"] + 1}

    card = el.Fold(evolve, {"smallest": 1.0, "loads": 0})

    found = card.bisect(store, lambda state: state["loads"].sum() >= 10, monotone=True)

    assert (found.position, found.state["loads"].tolist()) == (10, [10])


def test_a_field_that_comes_with_an_event_is_no_column_before():
    store = el.EventStore()
    store.append("flight-1", [el.Event("Planned", {"seats": 9})] * 5)
    store.append("flight-1", el.Event("GateGiven", {"gate": "A"}))
    store.append("flight-1", [el.Event("Planned", {"seats": 9})] * 5)
    board = el.Fold(lambda state, event: {**state, **event.data}, {"seats": 0})

    found = board.bisect(store, lambda state: "gate" in state, monotone=True)

    assert found.position == 6


def test_what_is_found_is_as_whole_as_it_was_then():
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": n}) for n in (1, 2, 0.5)])
    card = el.Fold(lambda n, event: n + event.data["amount"], 0, name="card")

    found = card.bisect(store, lambda state: state.iloc[0, 0] >= 3, monotone=True)

    assert found.position == 2
    assert_frame_equal(found.state, card(store.until(position=2)))


def test_what_a_fold_makes_of_a_log_from_a_position_on_is_its_state_and_what_changes_then():
    store = el.EventStore()
    for n in range(6):
        store.append(f"card-{n % 2 + 1}", el.Event("CardLoaded", {"amount": n}))
    card = el.Fold(lambda n, event: n + event.data["amount"], 0, name="card")

    rows = card.onward(store, 3)

    assert rows["stream"].tolist() == ["card-1", "card-2", "card-2", "card-1", "card-2"]
    assert rows["position"].tolist() == [3, 2, 4, 5, 6]
    assert rows.iloc[:, 1].tolist() == [2, 1, 4, 6, 9]
