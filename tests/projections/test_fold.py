"""A fold asks a plain function for every event, and keeps what it must not share apart."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_index_equal

import eventlab as el
from eventlab.event import RecordedEvent


def store_of(*events):
    store = el.EventStore(clock=lambda: "2026-01-31")
    for stream, kind, data in events:
        store.append(stream, el.Event(kind, data))
    return store


@pytest.fixture
def cafe():
    with store_of(
        ("card-1", "CardLoaded", {"amount": 20}),
        ("card-2", "CardLoaded", {"amount": 50}),
        ("card-1", "CardRedeemed", {"amount": 5}),
        ("card-2", "CardClosed", {}),
    ) as store:
        yield store


def evolve(card, event):
    match event.type:
        case "CardLoaded":
            return card | {"balance": card["balance"] + event.data["amount"]}
        case "CardRedeemed":
            return card | {"balance": card["balance"] - event.data["amount"]}
        case "CardClosed":
            return card


def balances(values, positions, streams):
    index = pd.Index(streams, name="stream")
    return pd.DataFrame({"balance": values, "position": positions}, index=index)


def test_the_contract_of_the_design_holds(cafe):
    card = el.Fold(evolve, initial={"balance": 0}, name="card", version=1)

    assert_frame_equal(card(cafe), balances([15, 50], [3, 4], ["card-1", "card-2"]))
    assert (card.name, card.version, card.key_names, card.fields) == (
        "card",
        1,
        ("stream",),
        ("balance",),
    )


def test_rules_can_be_a_dict_of_functions(cafe):
    rules = {
        "CardLoaded": lambda card, event: {"balance": card["balance"] + event.data["amount"]},
        "CardRedeemed": lambda card, event: {"balance": card["balance"] - event.data["amount"]},
        "CardClosed": lambda card, event: card,
    }

    assert_frame_equal(el.Fold(rules, {"balance": 0})(cafe), el.Fold(evolve, {"balance": 0})(cafe))


def test_a_key_that_ended_is_gone_and_evolve_is_not_asked(cafe):
    card = el.Fold(
        {"CardLoaded": evolve, "CardRedeemed": evolve}, {"balance": 0}, ends_with="CardClosed"
    )

    assert_frame_equal(card(cafe), balances([15], [3], ["card-1"]))


def test_it_starts_afresh_after_its_end(cafe):
    cafe.append("card-2", el.Event("CardLoaded", {"amount": 1}))
    card = el.Fold(evolve, {"balance": 0}, ends_with="CardClosed")

    assert_frame_equal(card(cafe), balances([15, 1], [3, 5], ["card-1", "card-2"]))


@dataclass(frozen=True)
class Card:
    balance: int = 0
    holder: str | None = None


class Pair(NamedTuple):
    balance: int = 0
    holder: str | None = None


@pytest.mark.parametrize(
    ("initial", "step"),
    [
        (Card(), lambda card, event: replace(card, balance=card.balance + 1)),
        (Pair(), lambda card, event: card._replace(balance=card.balance + 1)),
        (
            lambda key: {"balance": 0, "holder": None},
            lambda card, event: card | {"balance": card["balance"] + 1},
        ),
    ],
    ids=["dataclass", "namedtuple", "callable"],
)
def test_the_fields_of_any_state_become_columns(cafe, initial, step):
    state = el.Fold(step, initial)(cafe)

    assert list(state.columns) == ["balance", "holder", "position"]
    assert state["balance"].tolist() == [2, 2]
    assert state["holder"].tolist() == [None, None]


def test_a_bare_value_is_the_column_state(cafe):
    state = el.Fold(lambda n, event: n + 1, 0)(cafe)

    assert state["state"].to_dict() == {"card-1": 2, "card-2": 2}


def test_a_callable_start_is_given_the_key(cafe):
    state = el.Fold(lambda card, event: card, lambda key: {"own": key.upper()})(cafe)

    assert state["own"].tolist() == ["CARD-1", "CARD-2"]


def test_fields_stand_in_order_of_the_start_then_of_appearance(cafe):
    def notes(card, event):
        return {event.type: event.position, **card, "z": 1}

    state = el.Fold(notes, {"b": 0, "a": 0})(cafe)

    assert list(state.columns) == [
        "b",
        "a",
        "CardRedeemed",
        "CardLoaded",
        "z",
        "CardClosed",
        "position",
    ]
    assert state["CardRedeemed"].tolist() == [3, pd.NA]
    assert state["CardRedeemed"].dtype == "Int64"


def test_an_empty_log_gives_the_fields_of_the_start(cafe):
    card = el.Fold(evolve, {"balance": 0, "rate": 0.5, "holder": None, "name": ""})

    state = card(cafe.until(position=0))

    assert state.empty
    assert state.dtypes.map(str).to_dict() == {
        "balance": "int64",
        "rate": "float64",
        "holder": "object",
        "name": "str",
        "position": "int64",
    }
    assert_index_equal(state.index, pd.Index([], dtype="str", name="stream"))


# -- keys ------------------------------------------------------------------------------------------


@pytest.fixture
def book():
    with store_of(
        ("book", "Transferred", {"giver": "ana", "taker": "ben"}),
        ("book", "Transferred", {"giver": "ben", "taker": "ben"}),
        ("book", "Noted", {}),
    ) as store:
        yield store


def one_more(n, event):
    return n + 1


def listed(event):
    return [event.data.get("giver"), event.data.get("taker")]


def yielded(event):
    yield from listed(event)


@pytest.mark.parametrize("accounts", [listed, yielded])
def test_a_list_touches_several_keys_each_once_and_none_none(book, accounts):
    state = el.Fold(one_more, 0, key=accounts, key_names="account")(book)

    assert state["state"].to_dict() == {"ana": 1, "ben": 2}
    assert state.index.name == "account"


def test_none_touches_nothing_and_one_value_one_key(book):
    state = el.Fold(one_more, 0, key=lambda event: event.data.get("giver"))(book)

    assert state["state"].to_dict() == {"ana": 1, "ben": 1}
    assert state.index.name == "key"


def test_a_tuple_is_a_key_of_several_parts_and_a_missing_part_touches_nothing(book):
    def pair(event):
        return (event.data.get("giver"), event.version)

    counts = el.Fold(one_more, 0, key=pair, key_names=["giver", "nth"])

    index = pd.MultiIndex.from_tuples([("ana", 1), ("ben", 2)], names=["giver", "nth"])
    assert_index_equal(counts(book).index, index)
    assert counts.history(book, ("ben", 2))["position"].tolist() == [2]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT, pd.NA], ids=repr)
def test_what_is_missing_touches_nothing_however_it_is_said(book, missing):
    def giver(event):
        return event.data.get("giver", missing)

    plain = el.Fold(one_more, 0, key=giver)
    listed = el.Fold(one_more, 0, key=lambda event: [giver(event)])
    pairs = el.Fold(one_more, 0, key=lambda event: (event.type, giver(event)), key_names=["t", "g"])

    assert plain(book)["state"].to_dict() == {"ana": 1, "ben": 1}
    assert listed(book)["state"].to_dict() == {"ana": 1, "ben": 1}
    assert pairs(book).index.get_level_values("g").tolist() == ["ana", "ben"]


def test_numbers_sort_as_numbers_and_mixed_keys_still_sort(book):
    numbers = el.Fold(one_more, 0, key=lambda event: 10 - event.position)
    mixed = el.Fold(one_more, 0, key=lambda event: event.data.get("giver", 7))

    assert numbers(book).index.tolist() == [7, 8, 9]
    assert numbers(book).index.dtype == "int64"
    assert mixed(book).index.tolist() == [7, "ana", "ben"]


# -- nothing is shared -----------------------------------------------------------------------------


def pack(box, event):
    """Change the state in place, deep inside."""
    box["items"].append(event.position)
    box["count"] = box["count"] + 1
    return box


def test_changing_the_state_in_place_harms_neither_the_start_nor_other_keys(cafe):
    start = {"items": [], "count": 0}
    box = el.Fold(pack, start)

    first, again = box(cafe), box(cafe)

    assert start == {"items": [], "count": 0}
    assert first["items"].tolist() == [[1, 3], [2, 4]]
    assert_frame_equal(first, again)


def test_changing_the_state_in_place_harms_no_earlier_row_of_history(cafe):
    history = el.Fold(pack, {"items": [], "count": 0}).history(cafe, "card-1")

    assert history["items"].tolist() == [[1], [1, 3]]
    assert history["count"].tolist() == [1, 2]


def test_a_callable_start_may_hand_out_one_object(cafe):
    shared = {"items": [], "count": 0}

    state = el.Fold(pack, lambda key: shared)(cafe)

    assert state["items"].tolist() == [[1, 3], [2, 4]]
    assert shared == {"items": [], "count": 0}


def test_changing_the_start_later_changes_no_fold(cafe):
    start = {"balance": 0}
    card = el.Fold(evolve, start)
    start["balance"] = 1000

    assert card(cafe)["balance"].tolist() == [15, 50]


# -- what can go wrong -----------------------------------------------------------------------------


def test_an_unknown_type_fails_and_names_the_event_and_the_ways_out(cafe):
    card = el.Fold({"CardLoaded": evolve}, {"balance": 0}, name="card")

    with pytest.raises(el.errors.UnknownEventType) as caught:
        card(cafe)

    sentence = str(caught.value)
    assert "'card'" in sentence
    assert "'CardRedeemed' at position 3 of stream 'card-1'" in sentence
    assert "Add a case" in sentence
    assert "log.only" in sentence
    assert 'on_unknown="skip"' in sentence


def test_falling_off_a_match_is_an_unknown_type(cafe):
    cafe.append("card-1", el.Event("CardBlocked"))

    with pytest.raises(el.errors.UnknownEventType, match="'CardBlocked' at position 5"):
        el.Fold(evolve, {"balance": 0}).history(cafe, "card-1")


def test_skipping_counts_the_unknown_and_leaves_state_and_position(cafe):
    card = el.Fold({"CardLoaded": evolve}, {"balance": 0}, on_unknown="skip")

    state = card(cafe)

    assert_frame_equal(state, balances([20, 50], [1, 2], ["card-1", "card-2"]))
    assert card.skipped == Counter(CardRedeemed=1, CardClosed=1)
    card(cafe.only("CardLoaded"))
    assert card.skipped == Counter()


def test_an_error_in_evolve_names_the_event_and_keeps_the_original(cafe):
    cafe.append("card-1", el.Event("CardLoaded", {"amuont": 7}))

    with pytest.raises(el.EventLabError) as caught:
        el.Fold(evolve, {"balance": 0}, name="card")(cafe)

    sentence = str(caught.value)
    assert "fold 'card' failed at event 'CardLoaded' at position 5 of stream 'card-1'" in sentence
    assert "KeyError: 'amount'" in sentence
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.position == 5


def test_the_cycle_collector_rests_while_folding_and_works_again_after_an_error(cafe):
    at_work = []

    def fail(state, event):
        at_work.append(gc.isenabled())
        raise ValueError("no")

    with pytest.raises(el.EventLabError):
        el.Fold(fail, initial=0)(cafe)

    assert at_work == [False]
    assert gc.isenabled()


def test_an_error_in_the_key_names_the_event_too(cafe):
    with pytest.raises(
        el.errors.FoldFailed,
        match=r"'CardClosed' at position 4 of stream 'card-2' \(key None\): KeyError",
    ):
        el.Fold(one_more, 0, key=lambda event: str(event.data["amount"]))(cafe)


def test_a_state_field_cannot_be_named_like_a_column_of_every_frame(cafe):
    with pytest.raises(el.errors.InvalidProjection, match=r"'position'.*choose another name"):
        el.Fold(evolve, {"position": 0})
    with pytest.raises(el.errors.InvalidProjection, match=r"'type'.*choose another name"):
        el.Fold(lambda card, event: {"type": event.type}, {})(cafe)
    with pytest.raises(el.errors.InvalidProjection, match=r"3, a int.*named by text"):
        el.Fold(lambda card, event: {3: 4}, {})(cafe)


def test_a_tuple_key_needs_names_for_its_parts(cafe):
    with pytest.raises(el.errors.InvalidProjection, match=r"\('card-1', 1\).*key_names="):
        el.Fold(one_more, 0, key=lambda event: (event.stream, event.version))(cafe)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: el.Fold(3, {}), "evolve of fold 'state' is 3.*function of state and event"),
        (lambda: el.Fold({"A": 3}, {}), "dict of event type"),
        (lambda: el.Fold(evolve, {}, on_unknown="stop"), "'stop'.*'fail' or 'skip'"),
        (lambda: el.Fold(evolve, {}, ends_with=3), "ends_with= is 3"),
        (lambda: el.Fold(evolve, {}, key_names=["a", "b"]), "2 part.*key has 1"),
        (lambda: el.Fold(evolve, {}, key_names=3), "key_names= of 'state' is 3, a int: name each"),
        (lambda: el.Fold(evolve, {}, key=len, key_names=3), "key_names= of 'state' is 3, a int"),
        (lambda: el.Fold(evolve, {}, name=""), "name of a projection is ''"),
    ],
)
def test_a_fold_without_meaning_is_refused_when_made(make, words):
    with pytest.raises(el.errors.InvalidProjection, match=words):
        make()


# -- the fold as a value ---------------------------------------------------------------------------


def test_it_shows_itself(cafe):
    card = el.Fold({"A": evolve}, {"balance": 0}, name="card", version=2, ends_with="B")

    assert repr(card) == (
        "Fold('card', version=2, by stream, from {'balance': 0}, types=['A'], ends_with=['B'])"
    )
    assert repr(el.Fold(evolve, one_more)) == "Fold('state', version=1, by stream, from one_more)"


def test_its_definition_holds_the_source_of_the_rule():
    definition = el.Fold(evolve, {"balance": 0}).definition

    assert 'case "CardLoaded":' in definition
    assert "'balance': 0" in definition
    assert el.Fold(one_more, 0).definition != el.Fold(one_more, 1).definition


def test_a_long_fold_shows_its_progress_only_when_it_takes_seconds(capsys):
    class Batches:
        def batches(self, **_how):
            event = el.RecordedEvent(1, "a", 1, "A", *[None] * 9, 1)
            return iter([[event], [event], [event]])

        def __len__(self):
            return 3

    state = el.Fold(one_more, 0)(Batches())

    assert state["state"].tolist() == [3]
    assert capsys.readouterr().err == ""


def test_the_first_event_that_fails_is_named_though_a_long_log_is_folded_stream_by_stream(
    monkeypatch,
):
    monkeypatch.setattr("eventlab.store.reading.SLICE", 1)
    monkeypatch.setattr("eventlab.store.reading.SLICES_BY_STREAM", 3)
    with store_of(
        ("card-1", "CardLoaded", {"amount": 20}),
        ("card-2", "CardLoaded", {}),
        ("card-1", "CardLoaded", {}),
    ) as store:
        assert [event.position for batch in store.batches(by_stream=True) for event in batch] == [
            1,
            3,
            2,
        ]

        with pytest.raises(el.errors.FoldFailed, match="KeyError: 'amount'") as failed:
            el.Fold(evolve, {"balance": 0})(store)

    assert failed.value.position == 2


@st.composite
def runs(draw):
    """Streams in any order, often the same in a row, and not always the same object; some types unknown."""
    return [
        ("".join(["card-", str(number)]), kind)
        for number, kind in draw(
            st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["Counted", "Unknown"])))
        )
    ]


@given(rows=runs(), split=st.integers(0, 10))
def test_events_of_a_stream_in_a_row_are_folded_like_any_others(rows, split):
    rest = [None] * (len(RecordedEvent._fields) - 4)
    events = [RecordedEvent(n, stream, n, kind, *rest) for n, (stream, kind) in enumerate(rows, 1)]
    counts = el.Fold({"Counted": lambda n, event: n + 1}, 0, on_unknown="skip")
    states, positions = {"card-1": 10}, {}
    for part in (events[:split], events[split:]):
        positions |= counts.folded([part[:3], part[3:]], states)

    expected, last = Counter({"card-1": 10}), {}
    for n, (stream, kind) in enumerate(rows, 1):
        if kind == "Counted":
            expected[stream] += 1
            last[stream] = n
    assert states == expected
    assert positions == last


def test_an_event_that_fails_in_a_row_of_its_stream_is_named():
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": n}) for n in (1, 0, 2)])
    card = el.Fold(lambda share, event: share / event.data["amount"], 1.0)

    with pytest.raises(el.EventLabError, match="position 2"):
        card(store)
