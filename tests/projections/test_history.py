"""A history has one row per event of a key, in both ways of writing the rule."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el

MARCH = [f"2026-03-0{day}" for day in range(1, 10)]


def store_of(*events):
    """Give a store of (stream, type, amount) rows, recorded on the days of March."""
    days = iter(MARCH)
    store = el.EventStore(clock=lambda: next(days))
    for stream, kind, amount, *occurred in events:
        data = {} if amount is None else {"amount": amount}
        store.append(stream, el.Event(kind, data, occurred_at=occurred[0] if occurred else None))
    return store


@pytest.fixture(scope="module")
def cafe():
    with store_of(
        ("card-1", "CardLoaded", 20),
        ("card-2", "CardLoaded", 50),
        ("card-1", "CardRedeemed", 5),
        ("card-1", "CardClosed", None),
        ("card-1", "CardLoaded", 7),
    ) as store:
        yield store


def evolve(card, event):
    sign = {"CardLoaded": 1, "CardRedeemed": -1}[event.type]
    return card | {"balance": card["balance"] + sign * event.data["amount"]}


def touched(event):
    return [event.data[part] for part in ("giver", "taker") if part in event.data]


@pytest.fixture(params=["fold", "projection"])
def cards(request):
    if request.param == "fold":
        return el.Fold(evolve, {"balance": 0}, name="cards", ends_with="CardClosed")
    return el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        ends_with="CardClosed",
    )


@pytest.fixture(params=["fold", "projection"])
def accounts(request):
    if request.param == "fold":
        return el.Fold(
            lambda n, event: {"n": n["n"] + 1},
            {"n": 0},
            name="accounts",
            key=touched,
            key_names="who",
        )
    return el.Projection("accounts", key=el.each("giver", "taker"), key_names="who", n=el.count())


def days(*numbers):
    return pd.Series([MARCH[n - 1] for n in numbers], dtype="str").astype("datetime64[us, UTC]")


def test_history_shows_every_event_and_how_long_it_held(cards, cafe):
    history = cards.history(cafe, "card-1")

    expected = pd.DataFrame(
        {
            "position": [1, 3, 4, 5],
            "version": [1, 2, 3, 4],
            "type": pd.Series(
                ["CardLoaded", "CardRedeemed", "CardClosed", "CardLoaded"], dtype="str"
            ),
            "occurred_at": days(1, 3, 4, 5),
            "recorded_at": days(1, 3, 4, 5),
            "balance": pd.array([20, 15, None, 7], dtype="Int64"),
            "valid_until": pd.array([3, 4, 5, None], dtype="Int64"),
        }
    )
    assert_frame_equal(history, expected)


def test_history_of_an_unknown_key_is_an_empty_frame_of_the_same_columns(cards, cafe):
    unknown = cards.history(cafe, "card-9")

    assert unknown.empty
    assert unknown.dtypes.map(str).to_dict() == {
        "position": "int64",
        "version": "int64",
        "type": "str",
        "occurred_at": "datetime64[us, UTC]",
        "recorded_at": "datetime64[us, UTC]",
        "balance": "int64",
        "valid_until": "Int64",
    }
    assert_frame_equal(unknown, cards.history(el.EventStore(), "card-1"))


def test_history_ends_where_the_log_ends(cards, cafe):
    history = cards.history(cafe.until(position=3), "card-1")

    assert history["balance"].tolist() == [20, 15]
    assert history["balance"].dtype == "int64"
    assert history["valid_until"].tolist() == [3, pd.NA]


def test_changes_shows_every_key_in_fold_order(cards, cafe):
    changes = cards.changes(cafe)

    assert list(changes.columns) == [
        "stream",
        "position",
        "version",
        "type",
        "occurred_at",
        "recorded_at",
        "balance",
        "alive",
    ]
    assert changes["stream"].tolist() == ["card-1", "card-2", "card-1", "card-1", "card-1"]
    assert changes["balance"].tolist() == [20, 50, 15, pd.NA, 7]
    assert changes["alive"].tolist() == [True, True, True, False, True]
    assert changes["alive"].dtype == "bool"


def test_changes_of_an_empty_log_has_the_same_columns(cards, cafe):
    full, empty = cards.changes(cafe), cards.changes(cafe.until(position=0))

    assert empty.empty
    assert list(empty.columns) == list(full.columns)
    assert empty["alive"].dtype == "bool"


def test_a_log_by_occurrence_has_its_history_in_that_order(cards):
    store = store_of(
        ("card-1", "CardLoaded", 20, "2026-03-02"),
        ("card-1", "CardLoaded", 5, "2026-03-01"),
        ("card-1", "CardRedeemed", 3, "2026-03-02"),
    )

    history = cards.history(store.until(occurred="2026-03-02"), "card-1")

    assert history["position"].tolist() == [2, 1, 3]
    assert history["balance"].tolist() == [5, 25, 22]
    assert history["valid_until"].tolist() == [1, 3, pd.NA]


def test_lives_end_in_fold_order_too(cards):
    store = store_of(
        ("card-1", "CardLoaded", 20, "2026-03-02"),
        ("card-1", "CardClosed", None, "2026-03-01"),
    )

    assert cards(store).empty
    assert cards(store.until(occurred="2026-03-02"))["balance"].tolist() == [20]
    assert cards.history(store.until(occurred="2026-03-02"), "card-1")["position"].tolist() == [
        2,
        1,
    ]


def test_an_event_that_touches_two_keys_stands_in_both_histories(accounts):
    store = el.EventStore()
    store.append("book", el.Event("Transferred", {"giver": "zoe", "taker": "ben"}))
    store.append("book", el.Event("Transferred", {"giver": "ben", "taker": "ben"}))

    changes = accounts.changes(store)

    assert changes["who"].tolist() == ["ben", "zoe", "ben"]
    assert changes["position"].tolist() == [1, 1, 2]
    assert changes["n"].tolist() == [1, 1, 2]
    assert accounts.history(store, "ben")["n"].tolist() == [1, 2]
    assert accounts.history(store, "ana").empty


def test_both_ways_give_the_same_history_of_nested_values():
    store = el.EventStore(clock=lambda: "2026-03-01")
    for note in ([1, {"a": "x"}], None, "text", 3):
        store.append("a", el.Event("Noted", {"note": note}))

    def keep(state, event):
        note = event.data["note"]
        return state if note is None else {"note": note}

    fold = el.Fold(keep, {"note": None})
    projection = el.Projection("notes", note=el.last("note"))

    assert_frame_equal(fold.history(store, "a"), projection.history(store, "a"))
    assert fold.history(store, "a")["note"].tolist() == [[1, {"a": "x"}]] * 2 + ["text", 3]


def test_the_default_key_reads_only_its_stream(cafe, monkeypatch):
    asked, stream = [], el.EventStore.stream

    def watched(log, *names):
        asked.extend(names)
        return stream(log, *names)

    monkeypatch.setattr(el.EventStore, "stream", watched)
    for cards in (
        el.Projection("cards", n=el.count()),
        el.Fold(lambda n, event: n + 1, 0),
    ):
        assert len(cards.history(cafe, "card-2")) == 1
    assert asked == ["card-2", "card-2"]


@pytest.mark.parametrize("verb", ["history", "blame"])
@pytest.mark.parametrize("key", [None, pd.NA, ("card-1", 2), (), ["card-1"]], ids=repr)
def test_what_can_be_no_key_is_refused(cards, cafe, key, verb):
    with pytest.raises(el.EventLabError, match="no key of 'cards': its keys are stream"):
        getattr(cards, verb)(cafe, key)


def count(n, _event):
    return n + 1


def pair(event):
    return (event.data["amount"], event.data["amount"] > 10) if event.data else None


AMOUNT, BIG = "amount", "data.amount > 10"
KEYED = {
    "projection": (
        el.Projection("n", key=AMOUNT, n=el.count()),
        el.Projection("n", key=BIG, key_names="big", n=el.count()),
        el.Projection("n", key=[AMOUNT, BIG], key_names=["amount", "big"], n=el.count()),
    ),
    "fold": (
        el.Fold(count, 0, key=lambda event: event.data.get("amount")),
        el.Fold(count, 0, key=lambda event: event.data.get("amount", 0) > 10),
        el.Fold(count, 0, key=pair, key_names=["amount", "big"]),
    ),
}


@pytest.mark.parametrize("rules", KEYED.values(), ids=KEYED)
def test_a_key_may_come_from_the_index_of_a_state(rules, cafe):
    for rule, key, positions in zip(rules, [7, True, (50, True)], [[5], [1, 2], [2]], strict=True):
        state = rule(cafe)
        of_index = state.index[list(state.index).index(key)]

        assert rule.history(cafe, of_index)["position"].tolist() == positions
        assert rule.blame(cafe, of_index)["position"].tolist() == positions[-1:]
        assert rule.bisect(cafe, bool, key=of_index).position == positions[0]
