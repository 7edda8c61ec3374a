"""Compare lays the outcomes of two logs side by side, whatever function makes them."""

from __future__ import annotations

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import InvalidQuestion


@pytest.fixture
def store():
    store = el.EventStore()
    for stream, kind in (("a", "Set"), ("b", "Set"), ("a", "Moved")):
        store.append(stream, el.Event(kind, {"number": len(store)}))
    return store


def test_columns_need_not_be_called_by_text(store):
    def lengths(log):
        return pd.DataFrame({0: [len(log)]}, index=["events"])

    outcome = el.compare(store.until(position=1), store, lengths, names=("then", "now"))

    assert outcome.columns.tolist() == [(0, "then"), (0, "now"), ("changed", "")]
    assert outcome.loc["events"].tolist() == [1, 3, True]


def test_any_function_will_do_and_keys_may_be_in_one_log_alone(store):
    def kinds(log):
        return log.sql("select type, count(*) as events from events group by 1").set_index("type")

    outcome = el.compare(store.until(position=2), store, kinds, names=("then", "now"))

    assert outcome.index.tolist() == ["Moved", "Set"]
    assert outcome["events"]["then"].tolist() == [pd.NA, 2]
    assert outcome["events"]["now"].tolist() == [1, 2]
    assert outcome["changed"].tolist() == [True, False]


def test_what_is_the_same_can_be_left_out(store):
    last = el.Projection("last", number=el.last("number"))

    outcome = el.compare(store.until(position=2), store, last, only_changed=True)

    assert outcome.index.tolist() == ["a"]
    assert outcome["number"].loc["a"].tolist() == [0, 2]


def test_a_function_must_give_a_frame(store):
    with pytest.raises(el.EventLabError, match=r"gave a Series.*to_frame"):
        el.compare(store, store, lambda log: log.events()["type"])


def test_a_key_that_has_two_rows_cannot_be_compared(store):
    with pytest.raises(el.EventLabError, match=r"'a'.*more than one row"):
        el.compare(store, store, lambda log: log.events().set_index("stream"))


@pytest.mark.parametrize(
    "names", [("a", "a"), None, 5, "ab", ([], "b"), ("a",), ("a", "b", "a"), ("a", "\ud800")]
)
def test_two_logs_need_two_names(store, names):
    with pytest.raises(InvalidQuestion, match="two different names"):
        el.compare(store, store, el.Projection("n", n=el.count()), names=names)


@pytest.mark.parametrize("projection", [None, "cards", pd.DataFrame()])
def test_two_logs_are_compared_by_a_function(store, projection):
    with pytest.raises(InvalidQuestion, match=r"give an el.Fold, an el.Projection or any function"):
        el.compare(store, store, projection)


def test_columns_of_one_name_cannot_be_compared(store):
    def twice(log):
        return pd.DataFrame([[1, 2]], index=["a"], columns=["number", "number"])

    with pytest.raises(InvalidQuestion, match="more than one column 'number'"):
        el.compare(store, store, twice)
