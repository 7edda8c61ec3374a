"""One log, three answers: what was known, what had happened, and what was known of what had happened.

A card is sold on the 1st. On the 2nd someone pays 50 for it in advance, as a present for the 10th. On
the 3rd 15 are spent. On the 5th a load of 10 turns up that was paid on the 2nd and forgotten in the till.

What was on the card on the 4th? By what had been recorded then 20 + 50 - 15 = 55; by what had happened
by then, as we know today, 20 + 10 - 15 = 15; by what was known then to have happened 20 - 15 = 5.
"""

from __future__ import annotations

import pandas as pd
import pytest

import eventlab as el


def day(number):
    return f"2026-03-{number:02}"


def days(*numbers):
    return [pd.Timestamp(day(number), tz="UTC") for number in numbers]


@pytest.fixture(scope="module")
def store():
    recorded = iter([1, 2, 3, 5])
    with el.EventStore(clock=lambda: day(next(recorded))) as store:
        for kind, amount, occurred, actor in (
            ("CardLoaded", 20, 1, "ana"),
            ("CardLoaded", 50, 10, "ana"),
            ("CardRedeemed", 15, 3, "mara"),
            ("CardLoaded", 10, 2, "ben"),
        ):
            event = el.Event(kind, {"amount": amount}, occurred_at=day(occurred), actor=actor)
            store.append("card-7", event)
        yield store


def evolve(card, event):
    amount = event.data["amount"]
    if event.type == "CardRedeemed":
        return card | {"balance": card["balance"] - amount}
    return {"balance": card["balance"] + amount, "loads": card["loads"] + 1}


@pytest.fixture(params=["fold", "projection"])
def cards(request):
    if request.param == "fold":
        return el.Fold(evolve, {"balance": 0, "loads": 0}, name="cards")
    return el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        loads=el.count("CardLoaded"),
    )


def known(store, number=4):
    return store.until(recorded=day(number))


def happened(store, number=4):
    return store.until(occurred=day(number))


def both(store):
    return store.until(recorded=day(4), occurred=day(4))


def test_the_state_has_three_answers(cards, store):
    assert cards(known(store)).loc["card-7"].tolist() == [55, 2, 3]
    assert cards(happened(store)).loc["card-7"].tolist() == [15, 2, 3]
    assert cards(both(store)).loc["card-7"].tolist() == [5, 1, 3]


@pytest.mark.parametrize(
    ("cut", "positions", "balances", "from_days"),
    [
        (known, [1, 2, 3], [20, 70, 55], days(1, 2, 3)),
        (happened, [1, 4, 3], [20, 30, 15], days(1, 2, 3)),
        (both, [1, 3], [20, 5], days(1, 3)),
    ],
)
def test_history_and_lifetimes_follow_the_clock_of_the_cut(
    cards, store, cut, positions, balances, from_days
):
    history = cards.history(cut(store), "card-7")
    lifetimes = cards.lifetimes(cut(store))

    assert history["position"].tolist() == lifetimes["valid_from"].tolist() == positions
    assert history["balance"].tolist() == lifetimes["balance"].tolist() == balances
    assert history["valid_until"].tolist() == [*positions[1:], pd.NA]
    assert lifetimes["from_time"].tolist() == from_days
    assert lifetimes["until_time"].tolist() == [*from_days[1:], pd.NaT]


@pytest.mark.parametrize(
    ("cut", "load", "actor"), [(known, 2, "ana"), (happened, 4, "ben"), (both, 1, "ana")]
)
def test_blame_names_the_last_load_of_each_past(cards, store, cut, load, actor):
    blame = cards.blame(cut(store), "card-7").set_index("field")

    assert blame.loc["balance", ["position", "actor"]].tolist() == [3, "mara"]
    assert blame.loc["loads", ["position", "actor"]].tolist() == [load, actor]


@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize(("cut", "position"), [(known, 2), (happened, 4), (both, None)])
def test_bisect_finds_another_event_in_each_past(cards, store, cut, position, monotone):
    of_card = cards.bisect(cut(store), lambda c: c["loads"] > 1, "card-7", monotone=monotone)
    of_all = cards.bisect(cut(store), lambda s: s["loads"].sum() > 1, monotone=monotone)

    assert (of_card and of_card.position) == position
    assert of_all == of_card


def test_diff_tells_what_came_to_be_known(cards, store):
    diff = cards.diff(known(store, 4), known(store, 5))

    assert diff["before"].tolist() == [55, 2]
    assert diff["after"].tolist() == [65, 3]
    assert diff["position"].tolist() == [4, 4]


def test_diff_tells_what_happened_between_two_days(cards, store):
    diff = cards.diff(happened(store, 1), happened(store, 2))

    assert diff["before"].tolist() == [20, 1]
    assert diff["after"].tolist() == [30, 2]
    assert diff["position"].tolist() == [4, 4]


def test_diff_tells_what_a_correction_did_to_the_same_day(cards, store):
    """The balance was last changed by the spending: the correction happened before it."""
    diff = cards.diff(both(store), known(store, 5).until(occurred=day(4)))

    assert diff["before"].tolist() == [5, 1]
    assert diff["after"].tolist() == [15, 2]
    assert diff["position"].tolist() == [3, 4]


def test_panel_shows_each_clock(cards, store):
    by_recorded = cards.panel(store, at=[day(4), day(5)], by="recorded")
    by_occurred = cards.panel(store, at=[day(4), day(10)], by="occurred")
    by_both = cards.panel(known(store), at=[day(2), day(4), day(10)], by="occurred")

    assert by_recorded["balance"].tolist() == [55, 65]
    assert by_occurred["balance"].tolist() == [15, 65]
    assert by_both["balance"].tolist() == [20, 5, 55]


@pytest.mark.parametrize(
    ("by", "on", "balances"),
    [
        ("recorded", "known_at", [55, 65]),
        ("occurred", "happened_at", [15, 30]),
        (("recorded", "occurred"), ("known_at", "happened_at"), [5, 30]),
    ],
)
def test_asof_joins_the_answer_asked_for(cards, store, by, on, balances):
    complaints = pd.DataFrame(
        {"card": "card-7", "known_at": [day(4), day(5)], "happened_at": [day(4), day(2)]}
    )

    found = cards.asof(store, complaints, on=on, key="card", by=by)

    assert found["balance"].tolist() == balances


def test_compare_lays_two_answers_side_by_side(cards, store):
    outcome = el.compare(known(store), happened(store), cards, names=("known", "happened"))

    assert outcome["balance"].loc["card-7"].tolist() == [55, 15]
    assert outcome["loads"].loc["card-7"].tolist() == [2, 2]
    assert outcome["changed"].tolist() == [True]
