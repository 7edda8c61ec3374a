"""When is an append a repetition that may succeed, and when does its id belong to something else?"""

import pytest

import eventlab as el
from eventlab.errors import ConcurrencyError, DuplicateEventError, InvalidEvent


def loaded(amount, event_id=None, **envelope):
    return el.Event("CardLoaded", {"amount": amount}, event_id=event_id, **envelope)


def batch():
    return [loaded(20, "a"), loaded(5, "b"), loaded(3, "c")]


def ids(log):
    return [event.event_id for event in log]


@pytest.fixture
def store(store):
    """The store with the batch in it, and one event behind it."""
    store.append("card-7", batch())
    store.append("card-8", loaded(1, "z"))
    return store


# -- repetitions -----------------------------------------------------------------------------------


def test_repeating_a_batch_succeeds_and_writes_nothing(store):
    again = store.append("card-7", batch())

    assert again == el.Appended("card-7", version=3, position=3, duplicate=True)
    assert ids(store) == ["a", "b", "c", "z"]


def test_repeating_one_event_succeeds_and_writes_nothing(store):
    again = store.append("card-7", loaded(5, "b"))

    assert again == el.Appended("card-7", version=2, position=2, duplicate=True)
    assert len(store) == 4


@pytest.mark.parametrize("expected", [el.NO_STREAM, 0, 1, 17])
def test_a_repetition_is_recognised_before_the_version_is_checked(store, expected):
    assert store.append("card-7", batch(), expected=expected).duplicate


def test_a_repetition_is_recognised_after_reopening(path):
    with el.EventStore(path) as store:
        store.append("card-7", batch(), expected=el.NO_STREAM)

    with el.EventStore(path) as store:
        assert store.append("card-7", batch(), expected=el.NO_STREAM).duplicate
        assert len(store) == 3


def test_an_event_without_an_id_is_never_a_repetition(store):
    store.append("card-9", loaded(20))

    assert not store.append("card-9", loaded(20)).duplicate
    assert store.stream("card-9").head == 6


def test_a_time_the_writer_left_open_is_no_difference(store):
    store.append("card-9", loaded(1, "t", occurred_at="2026-01-31"))

    assert store.append("card-9", loaded(1, "t")).duplicate
    assert store.append("card-9", loaded(1, "t", occurred_at="2026-01-31T01:00+01:00")).duplicate


def test_the_order_of_payload_fields_is_no_difference(store):
    store.append("card-9", el.Event("CardLoaded", {"a": 1, "b": {"c": 2, "d": 3}}, event_id="o"))

    again = el.Event("CardLoaded", {"b": {"d": 3, "c": 2}, "a": 1}, event_id="o")

    assert store.append("card-9", again).duplicate


# -- anything else with the same id ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "events", "found"),
    [
        (
            "card-7",
            [loaded(3, "c"), loaded(1, "d")],
            "'c' is stored already at position 3, but the",
        ),
        (
            "card-7",
            [loaded(1, "d"), loaded(3, "c")],
            "'c' is stored already at position 3, but the",
        ),
        ("card-7", [loaded(3, "c"), loaded(1)], "also has events that are not"),
        (
            "card-7",
            [loaded(5, "b"), loaded(20, "a")],
            "'a' .* another place in the stream .version 1",
        ),
        (
            "card-7",
            [loaded(20, "a"), loaded(3, "c")],
            "'c' .* another place in the stream .version 3",
        ),
        ("card-8", batch(), r"'a' .* another stream \('card-7'\)"),
        ("card-9", loaded(20, "a"), r"'a' .* another stream \('card-7'\)"),
        ("card-7", [loaded(3, "c"), loaded(1, "z")], r"'z' .* another stream \('card-8'\)"),
        ("card-7", [loaded(9, "x"), loaded(9, "x")], "'x' stands 2 times in one batch"),
        ("card-7", [loaded(20, "a"), loaded(20, "a")], "'a' stands 2 times in one batch"),
    ],
    ids=[
        "overlap at its start",
        "overlap at its end",
        "overlap with an event that has no id",
        "other order",
        "with a gap",
        "other stream",
        "new stream",
        "ids of two streams",
        "a new id twice",
        "a stored id twice",
    ],
)
def test_an_id_that_is_taken_is_refused(store, stream, events, found):
    with pytest.raises(DuplicateEventError, match=f"{found}.*nothing was written"):
        store.append(stream, events)

    assert ids(store) == ["a", "b", "c", "z"]


WHOLE = {
    "type": "CardLoaded",
    "data": {"amount": 20},
    "actor": "ana",
    "reason": "birthday",
    "correlation_id": "order-1",
    "causation_id": "cause-1",
    "occurred_at": "2026-01-31",
    "tags": ["gift"],
    "schema": 1,
}


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("type", "CardRedeemed"),
        ("data", {"amount": 21}),
        ("data", {"amount": 20.0}),
        ("data", {"amount": "20"}),
        ("data", {"amount": 20, "note": None}),
        ("actor", None),
        ("reason", ""),
        ("correlation_id", "order-2"),
        ("causation_id", None),
        ("occurred_at", "2026-02-01"),
        ("tags", None),
        ("tags", ["gift", "late"]),
        ("schema", 2),
    ],
)
def test_another_content_under_the_same_id_is_refused(store, field, other):
    store.append("card-9", el.Event(**WHOLE, event_id="w"))

    assert store.append("card-9", el.Event(**WHOLE, event_id="w")).duplicate
    with pytest.raises(DuplicateEventError, match=rf"'w' .* another content \({field}\)") as caught:
        store.append("card-9", el.Event(**{**WHOLE, field: other}, event_id="w"))

    assert caught.value.event_id == "w"
    assert len(store) == 5


@pytest.mark.parametrize(("stored", "given"), [(1, True), (0, False), (1, 1.0), (0.0, -0.0)])
def test_values_that_only_python_finds_equal_are_another_content(store, stored, given):
    store.append("card-9", loaded(stored, "n"))

    with pytest.raises(DuplicateEventError, match=r"content \(data\)"):
        store.append("card-9", loaded(given, "n"))


# -- the store's own names -------------------------------------------------------------------------


def test_the_stores_own_name_of_an_event_makes_its_append_repeatable_too(store):
    store.append("card-9", loaded(20))

    again = store.append("card-9", loaded(20, "card-9@1"))

    assert again == el.Appended("card-9", version=1, position=5, duplicate=True)
    with pytest.raises(DuplicateEventError, match=r"another content \(data\)"):
        store.append("card-9", loaded(21, "card-9@1"))


def test_an_event_may_bring_the_name_the_store_would_give_it(store):
    store.append("card-9", [loaded(20, "card-9@1"), loaded(5, "card-9@2")])

    assert ids(store.stream("card-9")) == ["card-9@1", "card-9@2"]


def test_the_stores_own_name_of_another_event_is_refused(store):
    with pytest.raises(
        InvalidEvent, match=r"'card-7@9' has the form stream@version.*would be card-9@1"
    ):
        store.append("card-9", loaded(20, "card-7@9"))

    assert len(store) == 4


@pytest.mark.parametrize("digits", [30, 5000])
def test_the_name_of_an_event_that_could_never_be_is_refused_all_the_same(store, digits):
    with pytest.raises(InvalidEvent, match="form stream@version"):
        store.append("card-9", loaded(20, f"card-7@{'9' * digits}"))


@pytest.mark.parametrize("event_id", ["card-7@0", "card-7@01", "@1", "card-7@1 ", "a@b"])
def test_an_id_that_only_resembles_the_stores_own_names_is_an_id_like_any_other(store, event_id):
    store.append("card-9", loaded(20, event_id))

    assert ids(store.stream("card-9")) == [event_id]
    assert store.append("card-9", loaded(20, event_id)).duplicate


def test_names_of_streams_that_contain_an_at_stay_apart(store):
    store.append("a@1", loaded(1))
    store.append("a", loaded(2))

    assert ids(store.stream("a@1", "a")) == ["a@1@1", "a@1"]
    assert store.append("a", loaded(2, "a@1")).position == 6
    assert store.append("a@1", loaded(1, "a@1@1")).position == 5


def test_a_failed_expectation_is_no_repetition(store):
    with pytest.raises(ConcurrencyError):
        store.append("card-7", loaded(1, "new"), expected=0)

    assert not store.append("card-7", loaded(1, "new"), expected=3).duplicate


# -- finding an event by its id --------------------------------------------------------------------


def test_find_knows_given_ids_and_the_stores_own(store):
    head = store.head
    store.append("door-1", [el.Event("DoorOpened"), el.Event("DoorClosed", event_id="till/1")])

    assert store.find("door-1@1").position == head + 1
    assert store.find("till/1").position == head + 2
    assert store.find("door-1@2") is None  # that event has a name of its own
    assert store.find("nobody") is None
    with pytest.raises(InvalidEvent):
        store.find(7)
