"""A state is kept exactly, what is one object in it too, or it is refused by name."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import SnapshotRefused
from eventlab.keeping.codec import Codec
from tests.examples import examples


def again(state, initial=None):
    codec = Codec(initial)
    [found] = codec.read(codec.written([state]))
    return found


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("$")
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.just("$"), inner, max_size=3)
    ),
)


@examples(100)
@given(value=values, shared=st.lists(plain) | st.dictionaries(st.text(max_size=2), plain))
def test_a_state_comes_back_equal_and_what_was_one_object_is_one(value, shared):
    state = {"value": value, "first": shared, "deep": [(shared,), {"$": shared}], "last": shared}

    found = again(state)

    assert found == state
    one = found["first"]
    assert found["last"] is one
    assert found["deep"][0][0] is one
    assert found["deep"][1]["$"] is one


def test_equal_objects_that_are_two_stay_two():
    found = again({"first": [1], "last": [1]})

    assert found["first"] is not found["last"]


def test_a_state_that_holds_itself_holds_itself_again():
    state = {"cards": []}
    state["cards"].append(state)

    found = again(state)

    assert found["cards"][0] is found


class Pair(NamedTuple):
    first: list
    last: list


@dataclass
class Basket:
    first: list = field(default_factory=list)
    last: list = field(default_factory=list)

    @cached_property
    def size(self):
        return len(self.first)


@pytest.mark.parametrize("kind", [Pair, Basket])
def test_records_keep_what_is_one_object_too(kind):
    goods = ["tea"]

    found = again(kind(goods, goods), kind([], []))

    assert found == kind(["tea"], ["tea"])
    assert found.first is found.last


def test_an_attribute_that_a_dataclass_does_not_declare_is_refused():
    basket = Basket(["tea"])
    assert basket.size == 1
    assert (
        again(basket, Basket()) == basket
    )  # what it worked out of its fields it can work out again
    basket.seen = 3

    with pytest.raises(
        SnapshotRefused, match=r"state\.seen is 3, a int.*the fields that Basket declares"
    ):
        again(basket, Basket())


def test_what_cannot_be_kept_is_named_by_its_place():
    with pytest.raises(SnapshotRefused, match=r"state\['cards'\]\[1\]\[0\] is \{1\}, a set"):
        again({"cards": [1, ({1},)]})


def test_rules_that_change_an_object_at_two_places_go_on_from_snapshots_as_from_the_start():
    def evolve(order, event):
        if event.type == "LineAdded":
            order["current"] = {"sku": event.data["sku"], "pieces": 1}
            order["lines"].append(order["current"])
        else:
            order["current"]["pieces"] += 1
        return order

    store = el.EventStore()
    for sku, more in (("a", 2), ("b", 1)):
        store.append("order-1", el.Event("LineAdded", {"sku": sku}))
        store.append("order-1", [el.Event("PieceAdded")] * more)
    orders = el.Fold(evolve, {"lines": [], "current": None}, name="orders")
    view = el.ReadModel(store, orders)
    while view.catch_up(limit=2):
        pass

    assert orders(store)["lines"].tolist() == [
        [{"sku": "a", "pieces": 3}, {"sku": "b", "pieces": 2}]
    ]
    for every in (1, 2, 3):
        fast = el.Snapshots(store, orders, every=every)
        assert_frame_equal(fast(store), orders(store))
        assert fast.verify()["equal"].all()
    assert_frame_equal(view.frame(), orders(store))
