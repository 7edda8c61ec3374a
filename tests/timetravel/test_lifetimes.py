"""Lifetimes are the histories of all keys as intervals that can be joined and plotted."""

from __future__ import annotations

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el


@pytest.fixture
def store():
    days = iter(["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"])
    store = el.EventStore(clock=lambda: next(days))
    for stream, kind in (("a", "Set"), ("b", "Set"), ("a", "Gone"), ("a", "Set")):
        store.append(stream, el.Event(kind, {"number": 5}))
    return store


def test_each_state_holds_until_the_next_event_of_its_key(store):
    numbers = el.Projection("numbers", number=el.last("number"), ends_with="Gone")

    days = pd.to_datetime(pd.Series(["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]))
    first, second, third, fourth = days.astype("datetime64[us]").dt.tz_localize("UTC")
    expected = pd.DataFrame(
        {
            "stream": pd.Series(["a", "b", "a"], dtype="str"),
            "valid_from": [1, 2, 4],
            "valid_until": pd.array([3, None, None], dtype="Int64"),
            "from_time": [first, second, fourth],
            "until_time": pd.Series([third, None, None], dtype="datetime64[us, UTC]"),
            "number": [5, 5, 5],
        }
    )
    assert_frame_equal(numbers.lifetimes(store), expected)


@pytest.mark.parametrize("name", ["valid_from", "from_time", "until_time", "Valid_From"])
def test_no_field_is_called_like_an_end_of_its_interval(name):
    with pytest.raises(el.EventLabError, match=name):
        el.Projection("numbers", **{name: el.last("number")})


def test_an_empty_log_has_the_same_columns(store):
    numbers = el.Projection("numbers", number=el.last("number"))
    full, empty = numbers.lifetimes(store), numbers.lifetimes(store.until(position=0))

    assert empty.empty
    assert list(empty.columns) == list(full.columns)
    times = ["valid_from", "valid_until", "from_time", "until_time"]
    assert_frame_equal(empty[times], full[times].iloc[:0].reset_index(drop=True))
