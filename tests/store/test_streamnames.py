"""Rows that carry the numbers of streams get their names, in the order of the names."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el

NAMES = ["b-1", "é-1", "B-1", "a-10", "a-2"]
IN_ORDER = ["B-1", "a-10", "a-2", "b-1", "é-1"]


def with_streams(*names):
    store = el.EventStore()
    for name in names:
        store.append(name, el.Event("Seen", {}))
    return store


def named(store, *numbers):
    rows = pd.DataFrame({"stream_no": numbers, "n": [10 * number for number in numbers]})
    return store.named(rows)


def test_rows_are_sorted_by_the_names_of_their_streams():
    store = with_streams(*NAMES)

    found = named(store, 1, 2, 3, 4, 5)

    expected = pd.DataFrame({"key": IN_ORDER, "n": [30, 40, 50, 10, 20]}).astype({"key": "str"})
    assert_frame_equal(found, expected)


def test_names_are_found_for_a_few_streams_of_many():
    store = with_streams(*(f"card-{n:03}" for n in range(1, 101)))

    assert named(store, 90, 7)["key"].tolist() == ["card-007", "card-090"]


def test_the_only_stream_of_a_cut_has_its_name_and_no_other():
    cards = el.Projection("cards", n=el.count())
    store = with_streams(*NAMES, "é-1")

    assert cards(store.stream("é-1"))["n"].to_dict() == {"é-1": 2}
    assert cards(store.stream("é-1", "a-2").stream("a-2", "b-1"))["n"].to_dict() == {"a-2": 1}
    assert cards(store.stream("nobody")).empty


def test_no_rows_have_no_names():
    assert named(with_streams(*NAMES)).empty
    assert named(el.EventStore()).empty


def test_a_stream_that_comes_later_takes_its_place_among_the_others():
    store = with_streams(*NAMES)
    named(store, 1, 2, 3, 4, 5)

    store.append("a-1", el.Event("Seen", {}))

    assert named(store, 6, 1, 4)["key"].tolist() == ["a-1", "a-10", "b-1"]


def test_a_branch_has_its_own_names_beside_those_it_shares():
    store = with_streams("b-1", "a-1")
    cards = el.Projection("cards", n=el.count())
    with store.branch() as one, store.branch() as other:
        one.append("c-1", el.Event("Seen", {}))
        other.append("a-0", el.Event("Seen", {}))

        panels = [cards.panel(log, [2, 3]).loc[3].index.tolist() for log in (one, other)]

    assert panels == [["a-1", "b-1", "c-1"], ["a-0", "a-1", "b-1"]]


@pytest.mark.parametrize("by", ["stream", "key"])
def test_the_newest_come_first_and_those_of_one_event_by_key(by):
    store = el.EventStore()
    for pair in ("xa", "yb", "xc"):
        store.append(f"card-{pair}", el.Event("Sent", {"from": pair[0], "to": pair[1]}))
    key = "stream" if by == "stream" else el.each("data.from", "data.to")
    cards = el.Projection("cards", key=key, key_names="card", n=el.count())

    newest = el.Snapshots(store, cards, every=2).newest(store, 3)

    expected = ["card-xc", "card-yb", "card-xa"] if by == "stream" else ["c", "x", "b"]
    assert newest.index.tolist() == expected
    assert_frame_equal(newest, cards.newest(store, 3))


def test_names_have_their_numbers_and_a_name_of_no_stream_has_none():
    store = with_streams(*NAMES)
    names = pd.Index(["a-2", "nobody-1", "b-1", "é-1"], dtype="str")

    with store.borrowed() as con:
        numbers = store.known_streams.numbered(con, names)
        no_numbers = store.known_streams.numbered(con, names[:0])

    assert numbers.tolist() == [5, -1, 1, 2]
    assert no_numbers.tolist() == []


def test_the_names_of_the_same_streams_are_one_object_and_those_of_others_are_theirs():
    store = with_streams(*(f"card-{n:03}" for n in range(300, 0, -1)))
    some, others = np.arange(1, 251), np.arange(2, 252)

    with store.borrowed() as con:
        _, names = store.known_streams.sorted(con, some)
        _, same = store.known_streams.sorted(con, some.copy())
        places, different = store.known_streams.sorted(con, others)

    assert same is names
    assert different.tolist() == [f"card-{n:03}" for n in range(50, 300)]
    assert others[places].tolist() == list(range(251, 1, -1))
