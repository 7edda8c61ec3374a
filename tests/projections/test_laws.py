"""The laws of projections, on random logs: the past is a fold, and both ways of writing it agree.

The expected state comes from `naive`, which reads the rules off the page and knows nothing of eventlab.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from tests.examples import examples

laws = examples(4)

STREAMS = ["card-1", "card-2", "Zoë's ☕-1", '"; drop table events; --']
START = datetime(2026, 1, 1, tzinfo=UTC)

amounts = st.integers(-50, 50)
payloads = st.fixed_dictionaries(
    {"amount": amounts}, optional={"holder": st.sampled_from(["Mara", "Łukasz", "", None])}
)
events = st.tuples(
    st.sampled_from(STREAMS),
    st.sampled_from(["CardLoaded", "CardLoaded", "CardRedeemed", "CardClosed"]),
    payloads,
    st.integers(0, 5),  # the day it occurred: few days, so that many tie
)
logs = st.lists(events, max_size=15)


def store_of(rows):
    ticks = iter(range(len(rows)))
    store = el.EventStore(clock=lambda: START + timedelta(days=2, seconds=next(ticks)))
    for stream, run in groupby(rows, key=lambda row: row[0]):
        store.append(
            stream,
            [
                el.Event(kind, data, occurred_at=START + timedelta(days=day))
                for _, kind, data, day in run
            ],
        )
    return store


def evolve(card, event):
    amount, holder = event.data["amount"], event.data.get("holder")
    if holder is not None:
        card = card | {"holder": holder}
    if event.type == "CardLoaded":
        return card | {"balance": card["balance"] + amount, "loads": card["loads"] + 1}
    return card | {"balance": card["balance"] - amount}


CARDS = el.Projection(
    "cards",
    balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
    holder=el.last("holder"),
    loads=el.count("CardLoaded"),
    ends_with="CardClosed",
)
CARD = el.Fold(
    evolve, {"balance": 0, "holder": None, "loads": 0}, name="card", ends_with="CardClosed"
)
BOTH = [CARD, CARDS]


def naive(rows):
    """Fold (position, (stream, type, data, day)) rows by hand."""
    state = {}
    for position, (stream, kind, data, _) in rows:
        if kind == "CardClosed":
            state.pop(stream, None)
            continue
        balance, holder, loads, _ = state.get(stream, (0, None, 0, 0))
        balance += data["amount"] if kind == "CardLoaded" else -data["amount"]
        holder = holder if data.get("holder") is None else data["holder"]
        state[stream] = (balance, holder, loads + (kind == "CardLoaded"), position)
    return state


def plain(frame):
    values = frame.astype(object).where(frame.notna(), None)
    return [tuple(row) for row in values.itertuples(index=False)]


def as_dict(state):
    return dict(zip(state.index, plain(state), strict=True))


def numbered(rows):
    return list(enumerate(rows, start=1))


@pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])
@laws
@given(rows=logs, cut=st.integers(0, 15))
def test_state_at_any_position_is_that_of_a_store_that_ends_there(cards, rows, cut):
    with store_of(rows) as store, store_of(rows[:cut]) as shorter:
        state = cards(store.until(position=cut))

        assert as_dict(state) == naive(numbered(rows[:cut]))
        assert list(state.index) == sorted(state.index)
        assert_frame_equal(state, cards(shorter))


@pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])
@laws
@given(rows=logs, day=st.integers(-1, 5))
def test_state_at_any_day_is_the_fold_of_what_had_happened_in_its_order(cards, rows, day):
    happened = [row for row in numbered(rows) if row[1][3] <= day]
    happened.sort(key=lambda row: (row[1][3], row[0]))

    with store_of(rows) as store:
        state = cards(store.until(occurred=START + timedelta(days=day)))

    assert as_dict(state) == naive(happened)


@pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])
@laws
@given(rows=logs, occurred=st.booleans())
def test_the_last_row_of_a_history_is_the_state(cards, rows, occurred):
    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store
        state = as_dict(cards(log))
        for stream in STREAMS:
            history = cards.history(log, stream)
            last = as_dict(history.tail(1)[[*cards.fields, "position"]])
            alive = [row for row in last.values() if row[0] is not None]

            assert alive == ([state[stream]] if stream in state else [])
            assert len(history) == len(store.stream(stream))


@laws
@given(rows=logs, cut=st.integers(0, 15), occurred=st.booleans())
def test_fold_and_projection_of_the_same_rules_agree(rows, cut, occurred):
    with store_of(rows) as store:
        log = store.until(position=cut)
        log = log.until(occurred="2027-01-01") if occurred else log

        assert_frame_equal(CARD(log), CARDS(log))
        assert_frame_equal(CARD.changes(log), CARDS.changes(log))
        for stream in STREAMS[:2]:
            assert_frame_equal(CARD.history(log, stream), CARDS.history(log, stream))


@laws
@given(rows=logs)
def test_changes_are_the_histories_of_all_keys_together(rows):
    with store_of(rows) as store:
        changes = CARDS.changes(store)
        for stream in STREAMS:
            together = changes[changes["stream"] == stream]

            assert plain(together) == plain(CARDS.changes(store, stream))
        assert changes["position"].tolist() == list(range(1, len(rows) + 1))


def holders(event):
    return [event.stream, event.data.get("holder"), event.stream]


@laws
@given(rows=logs, occurred=st.booleans())
def test_both_ways_agree_where_an_event_touches_several_keys(rows, occurred):
    touched = el.Projection(
        "touched", key=el.each("stream", "holder", "stream"), n=el.count(), ends_with="CardClosed"
    )
    counted = el.Fold(
        lambda state, event: {"n": state["n"] + 1}, {"n": 0}, key=holders, ends_with="CardClosed"
    )

    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store

        assert_frame_equal(counted(log), touched(log))
        assert_frame_equal(counted.changes(log), touched.changes(log))


@laws
@given(rows=logs)
def test_both_ways_agree_on_keys_of_several_parts(rows):
    pairs = el.Projection(
        "pairs", key=["holder", "data.amount > 0"], key_names=["holder", "up"], n=el.count()
    )
    counted = el.Fold(
        lambda state, event: {"n": state["n"] + 1},
        {"n": 0},
        key=lambda event: (event.data.get("holder"), event.data["amount"] > 0),
        key_names=["holder", "up"],
    )

    with store_of(rows) as store:
        assert_frame_equal(counted(store), pairs(store))
        assert_frame_equal(counted.changes(store), pairs.changes(store))


@laws
@given(rows=logs)
def test_looking_changes_nothing(rows):
    with store_of(rows) as store:
        before = store.events()
        for cards in BOTH:
            cards(store), cards.changes(store)

        assert_frame_equal(store.events(), before)
        assert CARD.initial == {"balance": 0, "holder": None, "loads": 0}
        assert isinstance(before, pd.DataFrame)
