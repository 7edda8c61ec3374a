"""Tallies add contributions up by number of the stream, in whichever batches they come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal

from eventlab.projections.tallies import Contributed, Outgrown, Tallies, tally
from tests.examples import examples

rows = st.lists(
    st.tuples(
        st.integers(0, 3),  # the stream
        st.integers(-5, 5) | st.none(),  # a number to add
        st.sampled_from(["Mara", "Oda", "", None]),
        st.sampled_from([False, False, False, True]),  # whether it ends
    ),
    max_size=30,
)


def contributed(rows, start=1):
    """Return rows of (stream, number, text, whether it ends) as arrays, from a position on."""
    streams, numbers, texts, ends = zip(*rows, strict=True) if rows else ((), (), (), ())
    positions = np.arange(start, start + len(rows))
    return Contributed(
        np.array(streams, "int64"),
        positions,
        positions,
        np.array(ends, bool),
        (_masked(numbers, "int64", 0), _masked(texts, "object", ""), _masked(texts, "object", "")),
    )


def _masked(values, dtype, gap):
    filled = np.array([gap if value is None else value for value in values], dtype)
    return np.ma.array(filled, mask=[value is None for value in values])


def tallies():
    return Tallies([tally("total", "BIGINT"), tally("last", "VARCHAR"), tally("first", "VARCHAR")])


def by_hand(rows):
    states = {}
    for position, (stream, number, text, ends) in enumerate(rows, start=1):
        total, last, first, _ = states.pop(stream, (0, None, None, 0))
        if not ends:
            states[stream] = (
                total + (number or 0),
                last if text is None else text,
                text if first is None else first,
                position,
            )
    return states


def told(found):
    numbers = found.living()
    columns = [column.astype(object) for column in found.of(numbers)]
    plain = [column.where(column.notna(), None).tolist() for column in columns]
    return dict(zip(numbers.tolist(), zip(*plain, strict=True), strict=True))


@examples(10)
@given(rows=rows, sizes=st.lists(st.integers(0, 7), max_size=8))
def test_any_batching_gives_what_adding_by_hand_gives(rows, sizes):
    found, start = tallies(), 0
    for size in [*sizes, len(rows)]:
        found.add(contributed(rows[start : start + size], start + 1))
        start += size

        assert told(found) == by_hand(rows[:start])


def test_values_that_no_stream_has_any_more_are_thrown_away():
    found = tallies()
    for position in range(1, 101):
        found.add(contributed([(0, 1, f"text {position}", False)], position))

    _, last, first = found.columns

    assert told(found) == {0: (100, "text 100", "text 1", 100)}
    assert sum(map(len, last._values)) <= 2
    assert sum(map(len, first._values)) <= 2


def test_a_part_between_two_places_is_that_of_all_columns():
    part = contributed([(0, 1, "a", False), (1, 2, None, False), (2, 3, "c", True)]).between(1, 3)

    assert part.streams.tolist() == [1, 2]
    assert part.positions.tolist() == [2, 3]
    assert part.ends.tolist() == [False, True]
    assert part.fields[0].tolist() == [2, 3]
    assert part.fields[1].tolist() == [None, "c"]


@pytest.mark.parametrize(
    ("before", "added"), [([], [2**62, 2**62]), ([2**62], [2**62]), ([-(2**63) + 1], [-1])]
)
def test_sums_that_64_bits_may_not_hold_are_refused(before, added):
    found = tallies()
    found.add(contributed([(0, number, None, False) for number in before]))

    with pytest.raises(Outgrown):
        found.add(contributed([(0, number, None, False) for number in added]))


@examples(3)
@given(before=rows, after=rows)
def test_to_begin_with_states_is_to_have_added_what_led_to_them(before, after):
    known = tallies()
    known.add(contributed(before))
    numbers = known.living()
    *fields, positions = known.of(numbers)
    kept = [pd.array(field, dtype=object) for field in fields]
    masked = [
        np.ma.array(np.where(pd.isna(values), 7, values), mask=pd.isna(values)) for values in kept
    ]
    masked = [masked[0].astype("int64"), *masked[1:]]

    begun = tallies()
    places = positions.to_numpy()
    begun.begin(Contributed(numbers, places, places, None, tuple(masked)))
    begun.add(contributed(after, start=len(before) + 1))
    known.add(contributed(after, start=len(before) + 1))

    assert begun.living().tolist() == known.living().tolist()
    for one, other in zip(begun.of(begun.living()), known.of(known.living()), strict=True):
        assert_series_equal(one, other)


@pytest.mark.parametrize(
    ("verb", "family", "others"),
    [
        ("total", "HUGEINT", {"BIGINT", "INTEGER", "HUGEINT"}),
        ("count", "INTEGER", {"BIGINT", "INTEGER", "HUGEINT"}),
        ("total", "FLOAT", {"DOUBLE", "FLOAT"}),
        ("last", "DATE", {"DATE"}),
        ("first", "BIGINT", {"BIGINT"}),
    ],
)
def test_a_tally_takes_values_of_its_own_kind(verb, family, others):
    families = ["BIGINT", "INTEGER", "HUGEINT", "UHUGEINT", "DOUBLE", "FLOAT", "DATE", "VARCHAR"]
    found = tally(verb, family)

    assert {other for other in families if found.takes(other)} == others


def test_sums_of_floats_are_floats_also_where_nothing_was_added():
    found = Tallies([tally("total", "DOUBLE")])
    numbers = np.ma.array([0.5, 0.0, 0.25], mask=[False, True, False])
    at = np.arange(3)

    found.add(Contributed(np.array([0, 1, 0]), at, at, None, (numbers,)))

    assert found.of(found.living())[0].tolist() == [0.75, 0.0]


@pytest.mark.parametrize(
    ("verb", "family"),
    [
        ("total", "DECIMAL"),
        ("total", "BOOLEAN"),
        ("last", "NESTED"),
        ("last", "DECIMAL"),
        ("last", "HUGEINT"),
        ("first", "UBIGINT"),
        ("least", "BIGINT"),
        ("distinct", "VARCHAR"),
    ],
)
def test_what_arrays_cannot_hold_exactly_has_no_tally(verb, family):
    assert tally(verb, family) is None


@pytest.mark.parametrize(
    ("family", "values", "dtype"),
    [
        ("BIGINT", np.array([1, 2]), "int64"),
        ("DOUBLE", np.array([0.5, 2.0]), "float64"),
        ("BOOLEAN", np.array([True, False]), "bool"),
        ("DATE", np.array(["2026-01-01", "2026-01-02"], "datetime64[us]"), "datetime64[us]"),
        (
            "TIMESTAMP",
            np.array(["2026-01-01", "2026-01-02"], "datetime64[us]"),
            "datetime64[us, UTC]",
        ),
    ],
)
def test_values_keep_the_dtype_of_the_house_and_have_gaps_where_a_stream_has_none(
    family, values, dtype
):
    found = Tallies([tally("last", family)])
    at = np.arange(3)
    filled = np.concatenate([values, values[:1]])

    found.add(Contributed(at, at, at, None, (np.ma.array(filled, mask=[0, 0, 1]),)))
    column = found.of(np.array([0, 1]))[0]
    with_gap = found.of(np.array([0, 2]))[0]

    assert column.dtype == dtype
    assert with_gap.isna().tolist() == [False, True]
    assert with_gap.dtype == {"int64": "Int64", "bool": "boolean"}.get(dtype, dtype)
    assert pd.isna(found.of(np.array([2]))[0]).all()
