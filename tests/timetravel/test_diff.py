"""Diff says what changed between two logs, whatever the fields and the parts of a key are called."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

import eventlab as el


@pytest.fixture(scope="module")
def store():
    store = el.EventStore()
    for stream, kind, number in (
        ("a", "Set", 1),
        ("b", "Set", 2),
        ("a", "Set", 3),
        ("b", "Gone", 4),
    ):
        store.append(stream, el.Event(kind, {"number": number, "price": f"{number}.50"}))
    return store


def rule(kind, field, ends_with=()):
    if kind == "projection":
        return el.Projection("rule", ends_with=ends_with, **{field: el.last("number")})
    return el.Fold(
        lambda state, event: {field: event.data["number"]},
        {field: 0},
        name="rule",
        key_names="stream",
        ends_with=ends_with,
    )


kinds = pytest.mark.parametrize("kind", ["fold", "projection"])


@kinds
@pytest.mark.parametrize("field", ["ended", "born", "marks", "change", "before", "field"])
def test_a_field_may_be_called_as_it_likes(kind, field, store):
    diff = rule(kind, field, "Gone").diff(store.until(position=2), store)

    assert diff["key"].tolist() == ["a", "b"]
    assert diff["field"].tolist() == [field, field]
    assert diff["before"].tolist() == [1, 2]
    assert diff["after"].tolist() == [3, None]
    assert diff["change"].tolist() == ["changed", "vanished"]
    assert diff["position"].tolist() == [3, 4]
    assert diff["type"].tolist() == ["Set", "Gone"]


@kinds
def test_the_event_is_named_too_where_no_life_ever_ends(kind, store):
    diff = rule(kind, "ended").diff(store.until(position=1), store.until(position=3))

    assert diff["change"].tolist() == ["changed", "appeared"]
    assert diff["position"].tolist() == [3, 2]


def test_a_part_of_the_key_called_like_a_column_of_the_diff_stands_beside_it():
    store = el.EventStore()
    for value in (1, 2):
        store.append("cells", el.Event("Set", {"table": "cards", "field": "price", "value": value}))
    cells = el.Projection("cells", key=["table", "field"], value=el.last("value"))

    diff = cells.diff(store.until(position=1), store)

    assert diff.columns.tolist() == [
        "table", "key_field", "field", "before", "after", "change", "position", "type",
    ]  # fmt: skip
    assert diff.iloc[0].tolist() == ["cards", "price", "value", 1, 2, "changed", 2, "Set"]


def test_integers_and_decimals_stay_what_they_are(store):
    prices = el.Projection(
        "prices", number=el.last("number"), price=el.last("price::DECIMAL(9, 2)")
    )
    diff = prices.diff(store.until(position=1), store.until(position=3))

    assert list(map(type, diff["after"])) == [int, Decimal, int, Decimal]
    assert diff["before"].tolist() == [1, Decimal("1.50"), None, None]


@kinds
def test_a_log_does_not_differ_from_itself_and_keeps_its_columns(kind, store):
    same = rule(kind, "number").diff(store, store)

    assert same.empty
    assert same.drop(columns="key").dtypes.map(str).to_dict() == {
        "field": "str",
        "before": "object",
        "after": "object",
        "change": "str",
        "position": "Int64",
        "type": "str",
    }


@kinds
def test_backwards_names_no_event_that_the_earlier_log_does_not_know(kind, store):
    diff = rule(kind, "number").diff(store.until(position=2), store.until(position=1))

    assert diff["change"].tolist() == ["vanished"]
    assert diff["position"].tolist() == [pd.NA]
    assert diff["type"].isna().tolist() == [True]


@pytest.mark.parametrize("key", ["stream", "number"])
@pytest.mark.parametrize("end", [{"position": 0}, {"occurred": "1990-01-01"}])
def test_keys_that_no_event_ended_vanish_without_one(store, key, end):
    numbers = el.Projection("numbers", key=key, events=el.count())

    diff = numbers.diff(store, store.until(**end))

    assert set(diff["change"]) == {"vanished"}
    assert diff["position"].isna().all()
    assert diff["type"].isna().all()
    assert len(diff) == len(numbers(store))
