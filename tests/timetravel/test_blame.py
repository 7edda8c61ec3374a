"""Blame names, for every field of a key, the event that last set it: worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import eventlab as el
from eventlab import frames


def load(card, event):
    return card | {
        "balance": card["balance"] + event.data["amount"],
        "holder": event.data["holder"],
    }


def redeem(card, event):
    return card | {"balance": card["balance"] - event.data["amount"]}


RULES = {
    "fold": el.Fold(
        {"CardLoaded": load, "CardRedeemed": redeem},
        {"balance": 0, "holder": None},
        name="cards",
        ends_with="CardClosed",
    ),
    "projection": el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        holder=el.last("holder", on="CardLoaded"),
        ends_with="CardClosed",
    ),
}

COLUMNS = {
    "field": "str",
    "value": "object",
    "position": "int64",
    "type": "str",
    "actor": "str",
    "reason": "str",
    "occurred_at": frames.UTC_TIME,
}


@pytest.fixture(params=["fold", "projection"])
def cards(request):
    return RULES[request.param]


@pytest.fixture
def store():
    store = el.EventStore()
    for kind, data, actor, reason, day in (
        ("CardLoaded", {"amount": 20, "holder": "Mara"}, "ana", "birthday", 1),
        ("CardRedeemed", {"amount": 5}, "ben", "coffee", 2),
        ("CardLoaded", {"amount": 10, "holder": "Mara"}, "ana", "top-up", 3),
        ("CardRedeemed", {"amount": 0}, "chloe", None, 4),
    ):
        moment = f"2026-01-0{day}"
        event = el.Event(kind, data, actor=actor, reason=reason, occurred_at=moment)
        store.append("card-7", event)
    return store


def expected(*rows):
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    frame = pd.DataFrame(dict(zip(COLUMNS, map(list, columns), strict=True)))
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"], utc=True)).astype(COLUMNS)


def test_an_event_that_sets_a_field_to_what_it_was_is_not_to_blame(store, cards):
    found = cards.blame(store, "card-7")

    balance = ("balance", 25, 3, "CardLoaded", "ana", "top-up", "2026-01-03")
    holder = ("holder", "Mara", 1, "CardLoaded", "ana", "birthday", "2026-01-01")
    pd.testing.assert_frame_equal(found, expected(balance, holder))


def test_blame_of_the_past_knows_no_later_event(store, cards):
    found = cards.blame(store.until(position=2), "card-7")

    assert found["position"].tolist() == [2, 1]
    assert found["value"].tolist() == [15, "Mara"]


def test_a_card_that_ended_has_no_fields_and_blame_begins_afresh_when_it_comes_back(store, cards):
    store.append("card-7", el.Event("CardClosed"))

    pd.testing.assert_frame_equal(cards.blame(store, "card-7"), expected())

    store.append("card-7", el.Event("CardLoaded", {"amount": 1, "holder": "Mara"}, actor="dora"))
    assert cards.blame(store, "card-7")["position"].tolist() == [6, 6]
    assert cards.blame(store, "card-7")["actor"].tolist() == ["dora", "dora"]


def test_a_key_nobody_heard_of_has_no_fields(store, cards):
    pd.testing.assert_frame_equal(cards.blame(store, "card-8"), expected())
