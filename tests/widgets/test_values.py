from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlab.equality import identity
from eventlab.widgets.values import known, same, short, text
from tests.examples import examples


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12, "12"),
        (np.int64(12), "12"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (Decimal("1.50"), "1.50"),
        (True, "true"),
        (None, "·"),
        (float("nan"), "·"),
        (pd.NA, "·"),
        (pd.NaT, "·"),
        ("", "''"),
        ("Ana", "Ana"),
        ("two\nlines", "two↵lines"),
        ("bell\x07 and \u202eturned", "bell\\u0007 and \\u202eturned"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ({"to": ["Ana", 1]}, '{"to":["Ana",1]}'),
        ({"when": date(2026, 1, 31)}, '{"when":"2026-01-31"}'),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime.fromisoformat("2026-01-31T12:00"), "2026-01-31 12:00"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31 12:00"),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=1))), "2026-01-31 11:00"),
        (pd.Timestamp("2026-01-31T12:00:00.25"), "2026-01-31 12:00:00.25"),
        (datetime(1, 1, 1, 12, 0, 5), "0001-01-01 12:00:05"),
    ],
)
def test_a_value_reads_short_and_exact(value, shown):
    assert text(value) == shown


def test_a_long_text_is_cut_and_says_so():
    assert short("x" * 100) == "x" * 47 + "…"


def test_missing_values_of_all_libraries_are_one():
    assert [known(value) for value in (None, pd.NA, pd.NaT, float("nan"), np.nan)] == [None] * 5


def test_a_value_is_the_same_only_as_itself():
    assert same(1, 1.0)
    assert same([1], [1])
    assert not same(1, True)
    assert not same(None, 0)
    assert same(np.array([1, 2]), np.array([1, 2]))
    assert not same(np.array([1, 2]), np.array([1, 3]))
    assert not same([1], (1,))
    assert same({"a": [None]}, {"a": [float("nan")]})


PLAIN = st.sampled_from([None, 0, 1, 1.0, True, False, "1", float("nan"), np.int64(1), Decimal(1)])
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(st.sampled_from("ab"), inner),
    ),
    max_leaves=4,
)


@examples(50)
@given(VALUES, VALUES)
def test_values_are_the_same_when_their_identities_are_equal(one, other):
    assert same(one, other) == (identity(one) == identity(other))
