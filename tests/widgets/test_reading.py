import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import EventLabError, TimeMachineError
from eventlab.widgets.reading import frame, read, thinned
from eventlab.widgets.scenes import Touch


def test_every_event_of_a_log_is_a_stop(store, cards):
    reading = read(store, cards)

    assert reading.numbers == [0, 1, 2, 3, 4]
    assert [event.type for event in reading.events] == [
        "CardLoaded",
        "CardLoaded",
        "CardRedeemed",
        "CardClosed",
    ]
    assert reading.touches == [
        Touch(1, ("card-1",), (20, "Ana")),
        Touch(2, ("card-2",), (10, "Ben")),
        Touch(3, ("card-1",), (15, "Ana")),
        Touch(4, ("card-2",), None),
    ]


def test_with_a_key_only_its_events_are_stops(store, cards):
    reading = read(store, cards, "card-2")

    assert [event.position for event in reading.events] == [2, 4]
    assert reading.touches == [Touch(1, ("card-2",), (10, "Ben")), Touch(2, ("card-2",), None)]


def test_the_projection_is_asked_for_its_changes_once(store, cards):
    asked = []

    class Counting:
        name, key_names, fields = cards.name, cards.key_names, cards.fields

        def __call__(self, log):
            raise AssertionError("no fold per step")

        def changes(self, log, key=None):
            asked.append(key)
            return cards.changes(log, key)

    read(store, Counting(), "card-1")

    assert asked == ["card-1"]


def test_a_fold_and_a_projection_of_the_same_rules_read_the_same(store, cards):
    def evolve(card, event):
        if event.type == "CardLoaded":
            return {
                "balance": card["balance"] + event.data["amount"],
                "holder": event.data["holder"],
            }
        if event.type == "CardRedeemed":
            return card | {"balance": card["balance"] - event.data["amount"]}
        return card

    fold = el.Fold(evolve, {"balance": 0, "holder": None}, name="cards", ends_with="CardClosed")

    assert read(store, fold) == read(store, cards)


def test_a_plain_function_is_called_at_every_stop_and_its_answers_compared(store):
    def events_by_stream(log):
        return log.sql("select stream, count(*) as n from events group by 1").set_index("stream")

    reading = read(store, events_by_stream)

    assert (reading.name, reading.key_names, reading.fields) == (
        "events_by_stream",
        ["stream"],
        ["n"],
    )
    assert reading.touches == [
        Touch(1, ("card-1",), (1,)),
        Touch(2, ("card-2",), (1,)),
        Touch(3, ("card-1",), (2,)),
        Touch(4, ("card-2",), (2,)),
    ]


def test_a_plain_function_may_drop_rows_and_bring_new_columns(store):
    def last_payload(log):
        last = list(log)[-1:]
        return pd.DataFrame([e.data for e in last], index=[e.stream for e in last])

    reading = read(store, last_payload)

    assert reading.fields == ["amount", "holder"]
    assert reading.touches == [
        Touch(1, ("card-1",), (20, "Ana")),
        Touch(2, ("card-1",), None),
        Touch(2, ("card-2",), (10, "Ben")),
        Touch(3, ("card-2",), None),
        Touch(3, ("card-1",), (5, None)),
        Touch(4, ("card-1",), None),
        Touch(4, ("card-2",), (None, None)),
    ]


def test_a_long_log_is_thinned_evenly_with_both_ends(store, cards):
    assert thinned(10, 4) == [0, 1, 4, 7, 10]
    assert thinned(10, 1) == [0, 10]
    assert thinned(1, 1) == thinned(1, 3) == [0, 1]
    assert thinned(0, 3) == [0]

    reading = read(store, cards, max_steps=2)

    assert [event.position for event in reading.events] == [1, 4]
    assert reading.touches[-2:] == [Touch(2, ("card-1",), (15, "Ana")), Touch(2, ("card-2",), None)]

    only_the_last = read(store, cards, max_steps=1)
    assert [event.position for event in only_the_last.events] == [4]
    assert only_the_last.touches == [
        Touch(1, ("card-1",), (15, "Ana")),
        Touch(1, ("card-2",), None),
    ]


def test_an_empty_log_has_the_empty_past_alone(cards):
    reading = read(el.EventStore(), cards)

    assert (reading.numbers, reading.events, reading.touches) == ([0], [], [])
    assert read(el.EventStore(), cards, "card-1").numbers == [0]
    assert read(el.EventStore(), lambda log: log.streams()).numbers == [0]


def test_a_frame_is_what_the_projection_says_of_the_log_up_to_there(store, cards):
    reading = read(store, cards)

    for step in range(5):
        assert_frame_equal(frame(store, cards, reading, step), cards(store.until(position=step)))


def test_a_log_in_order_of_occurrence_is_told_in_that_order(cards):
    """The second event happened first; no cut by position gives the state between the two."""
    store = el.EventStore()
    store.append("card-1", el.Event("CardLoaded", {"amount": 20}, occurred_at="2026-01-05"))
    store.append("card-2", el.Event("CardLoaded", {"amount": 10}, occurred_at="2026-01-04"))
    log = store.until(occurred="2026-02-01")

    reading = read(log, cards)

    assert [event.position for event in reading.events] == [2, 1]
    assert frame(log, cards, reading, 0).empty
    assert frame(log, cards, reading, 1).index.tolist() == ["card-2"]
    for step, expected in ((1, cards(store.stream("card-2"))), (2, cards(log))):
        assert_frame_equal(frame(log, cards, reading, step), expected)


@pytest.mark.parametrize("late", [2.5, None, "five", [5], 10**18 + 1, True])
def test_out_of_position_order_too_a_frame_is_what_the_projection_says(late):
    """The second event happened first, at the same time as the third; its value is of another type."""
    store = el.EventStore()
    for when, n in (("2026-01-02", 5), ("2026-01-01", late), ("2026-01-01", 1.5)):
        store.append("card-1", el.Event("CardSet", {"n": n}, occurred_at=when))
    log = store.until(occurred="2026-01-03")
    said = el.Fold(lambda card, event: {"n": event.data["n"]}, {"n": None})

    reading = read(log, said)

    assert [event.position for event in reading.events] == [2, 3, 1]
    for step, (n, position) in enumerate([(late, 2), (1.5, 3), (5, 1)], start=1):
        expected = pd.DataFrame(
            {"n": [n], "position": [position]}, index=pd.Index(["card-1"], name="stream")
        )
        expected = expected.astype({"n": object}) if n is None else expected
        assert_frame_equal(frame(log, said, reading, step), expected)


@pytest.mark.parametrize(
    ("log", "projection", "key", "words"),
    [
        (pd.DataFrame(), None, None, "was given a DataFrame as its log: give a store"),
        (None, "cards", None, "was given a str as its projection: give an el.Fold"),
        (None, None, "card-9", "touches the key 'card-9' of 'cards'; its keys are: 'card-1', 'card-2'"),
        (None, len, None, "'len' returned a int and not a DataFrame"),
        (None, lambda log: log.events().set_index("type"), None, "several rows for the key 'CardLoaded'"),
        (None, lambda log: pd.DataFrame([[5, 6]], columns=["a", "a"]), None, "several columns that read 'a'"),
        (None, lambda log: pd.DataFrame([[5, 6]], columns=[1, "1"]), None, "several columns that read '1'"),
        (None, lambda log: log.streams(), "card-9", "its keys are: 0, 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_with_a_way_out(store, cards, log, projection, key, words):
    with pytest.raises(TimeMachineError) as refused:
        read(store if log is None else log, projection or cards, key)

    assert words in str(refused.value)
    assert isinstance(refused.value, EventLabError)


def test_a_plain_function_cannot_be_told_a_log_out_of_position_order():
    store = el.EventStore()
    store.append("a", el.Event("Late", occurred_at="2026-01-05"))
    store.append("a", el.Event("Early", occurred_at="2026-01-04"))

    with pytest.raises(TimeMachineError, match=r"give an el\.Fold or an el\.Projection"):
        read(store.until(occurred="2026-02-01"), lambda log: log.streams())
