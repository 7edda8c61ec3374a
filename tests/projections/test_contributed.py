"""States that are carried on in arrays are those that DuckDB computes, or are left to it."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import ColumnFailed, InvalidCut
from eventlab.keeping.keeper import KeepsParts
from eventlab.projections import contributed, projection
from eventlab.projections.contributed import LeftToDuckDB
from eventlab.projections.tallies import Contributed
from eventlab.remembered import Remembered
from tests.examples import examples
from tests.projections.test_laws import START, STREAMS

EVERY_KIND = el.Projection(
    "every_kind",
    whole=el.total("whole"),
    half=el.total("half", plus="Loaded", minus="Redeemed"),
    loads=el.count("Loaded"),
    text=el.last("text"),
    early=el.first("text"),
    flag=el.first("flag", on="Redeemed"),
    day=el.last("day::DATE"),
    seen=el.first("occurred_at"),
    ends_with="Closed",
)

payloads = st.fixed_dictionaries(
    {},
    optional={
        "whole": st.integers(-9, 9) | st.none(),
        "half": st.integers(-9, 9).map(lambda number: number / 2),
        "text": st.sampled_from(["Mara", "Łukasz", "", None]),
        "flag": st.booleans(),
        "day": st.sampled_from(["2026-01-01", "2026-02-28"]),
    },
)
events = st.tuples(
    st.sampled_from(STREAMS),
    st.sampled_from(["Loaded", "Redeemed", "Loaded", "Closed"]),
    payloads,
    st.booleans(),  # whether a second has gone by
)
WITH_EVERY_FIELD = {"whole": 1, "half": 0.5, "text": "a", "flag": True, "day": "2026-01-01"}


def store_of(rows):
    """Return a store of such events, and before them one stream that has had every field."""
    now = [START]
    store = el.EventStore(clock=lambda: now[0])
    kinds = ["Loaded", "Redeemed"]
    store.append("other-1", [el.Event(kind, WITH_EVERY_FIELD) for kind in kinds])
    for stream, kind, data, goes_by in rows:
        now[0] += timedelta(seconds=goes_by)
        store.append(stream, el.Event(kind, data))
    return store


@contextmanager
def nothing_left_to_duckdb():
    """Read a few events at a time, and allow no other way."""

    def refused(*_args, **_kwargs):
        raise AssertionError("DuckDB was to add up")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contributed, "AT_ONCE", 3)
        patch.setattr(projection, "Carried", refused)
        patch.setattr(KeepsParts, "_final", refused)
        yield


@examples(8)
@given(rows=st.lists(events, max_size=12), cuts=st.sets(st.integers(-1, 16), min_size=1))
def test_states_by_position_are_those_of_each_cut(rows, cuts):
    with store_of(rows) as store:
        with nothing_left_to_duckdb():
            states = list(EVERY_KIND.states(store, sorted(cuts)))

        for cut, state in zip(sorted(cuts), states, strict=True):
            assert_frame_equal(state, EVERY_KIND(store.until(position=cut)))


@examples(8)
@given(rows=st.lists(events, max_size=12), cuts=st.sets(st.integers(-1, 12), min_size=1))
def test_states_by_the_time_of_recording_are_those_of_each_cut(rows, cuts):
    times = [START.replace(tzinfo=None) + timedelta(seconds=cut) for cut in sorted(cuts)]
    with store_of(rows) as store:
        with nothing_left_to_duckdb():
            states = list(EVERY_KIND.states(store, times, "recorded"))

        for cut, state in zip(times, states, strict=True):
            assert_frame_equal(state, EVERY_KIND(store.until(recorded=cut)))


@examples(8)
@given(rows=st.lists(events, max_size=12), cut=st.integers(0, 16), every=st.integers(1, 5))
def test_states_from_a_snapshot_are_those_of_each_cut(rows, cut, every):
    with store_of(rows) as store:
        fast = el.Snapshots(store, EVERY_KIND, every=every)

        with nothing_left_to_duckdb() if cut >= every else pytest.MonkeyPatch.context():
            state = fast(store.until(position=cut))

        assert_frame_equal(state, EVERY_KIND(store.until(position=cut)))


@pytest.mark.parametrize("narrowed", ["category", "only", "since", "branch"])
def test_any_part_of_a_log_may_be_carried_on(narrowed):
    rows = [
        ("card-1", "Loaded", {"whole": 1}, True),
        ("gift-1", "Loaded", {"whole": 2}, True),
        ("card-1", "Redeemed", {"whole": 4}, True),
        ("card-2", "Loaded", {"whole": 8}, True),
    ]
    sums = el.Projection("sums", whole=el.total("whole"))
    with store_of(rows) as store:
        log = {
            "category": lambda: store.category("card"),
            "only": lambda: store.only("Loaded"),
            "since": lambda: store.since(position=4),
            "branch": lambda: store.branch(at=5, drop=[3], edit={4: {"whole": 100}}),
        }[narrowed]()

        with nothing_left_to_duckdb():
            states = list(sums.states(log, [3, 4, 5, 6, 99]))

        for cut, state in zip([3, 4, 5, 6, 99], states, strict=True):
            assert_frame_equal(state, sums(log.until(position=cut)))


@pytest.mark.parametrize(
    "column",
    [
        el.total("whole::DECIMAL(9, 2)"),
        el.total("flag"),
        el.last("mixed"),
        el.last("whole::DECIMAL(9, 2)"),
        el.least("whole"),
        el.greatest("text"),
        el.distinct("text"),
        el.last("key"),
        el.last("nobody"),
    ],
    ids=repr,
)
def test_other_columns_are_left_to_duckdb(column):
    rule = el.Projection("rule", field=column, loads=el.count())
    with el.EventStore() as store:
        for number in (3, 1, 2):
            data = {
                "whole": number,
                "text": "b",
                "flag": True,
                "mixed": number if number > 1 else "x",
            }
            store.append(f"card-{number}", el.Event("Loaded", data))
            store.append("card-1", el.Event("Loaded", data))
        cuts = [0, 1, 3, 4, 6]

        with pytest.raises(LeftToDuckDB):
            list(contributed.states_in_arrays(rule, store, cuts, "position"))

        for cut, state in zip(cuts, rule.states(store, cuts), strict=True):
            assert_frame_equal(state, rule(store.until(position=cut)))


def test_a_field_typed_by_what_a_log_holds_is_left_to_duckdb():
    sums = el.Projection("sums", number=el.total("number"))
    with el.EventStore() as store:
        for number in (1, 2.5, "three"):
            store.append("card-1", el.Event("Loaded", {"number": number}))

        states = list(sums.states(store, [1, 2]))

    assert [state["number"].tolist() for state in states] == [[1], [3.5]]
    assert states[0]["number"].dtype == "int64"


def test_sums_beyond_64_bits_are_left_to_duckdb_from_there_on():
    big = el.Projection("big", whole=el.total("whole"))
    numbers = [1, 2**62, 2**62, 2**62]
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {"whole": number}) for number in numbers])

        states = list(big.states(store, [1, 2, 3, 4]))
        fast = el.Snapshots(store, big, every=1)(store.until(position=3))

    assert [state["whole"].item() for state in states] == [1, 2**62 + 1, 2**63 + 1, 3 * 2**62 + 1]
    assert fast["whole"].item() == 2**63 + 1


def test_a_rule_with_another_key_is_left_to_duckdb():
    holders = el.Projection("holders", key="holder", loads=el.count())
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {"holder": name}) for name in ("Mara", "Oda")])

        states = list(holders.states(store, [1, 2]))

    assert [state.index.tolist() for state in states] == [["Mara"], ["Mara", "Oda"]]


def test_a_nan_is_a_value_and_the_last_one_counts():
    rule = el.Projection("rule", late=el.last("x::DOUBLE"), early=el.first("x::DOUBLE"))
    with el.EventStore() as store:
        fast = el.Snapshots(store, rule, every=2)
        store.append("card-1", [el.Event("Loaded", {"x": x}) for x in ("4", "1", "nan")])
        store.append("card-2", [el.Event("Loaded", {"x": x}) for x in ("nan", "2")])

        with nothing_left_to_duckdb():
            *_, last = rule.states(store, [2, 5])
            from_a_snapshot = fast(store)

        for state in (last, from_a_snapshot, rule(store)):
            assert state["late"].isna().tolist() == [True, False]
            assert state["early"].isna().tolist() == [False, True]


def test_sums_of_floats_that_run_off_are_infinite_without_a_word():
    rule = el.Projection("rule", sum=el.total("1e308::DOUBLE"))
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {}) for _ in range(2)])

        with nothing_left_to_duckdb():
            states = list(rule.states(store, [1, 2]))

    assert [state["sum"].item() for state in states] == [1e308, np.inf]


@pytest.mark.parametrize("kind", ["UHUGEINT", "HUGEINT", "UBIGINT", "UTINYINT", "FLOAT"])
def test_sums_of_every_number_are_those_of_a_state(kind):
    rule = el.Projection("rule", sum=el.total(f"position::{kind}"))
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {}) for _ in range(3)])

        panel = rule.panel(store, at=[2, 3])

        assert panel["sum"].tolist() == [3, 6]
        assert panel["sum"].dtype == rule(store)["sum"].dtype


def test_cuts_may_lie_as_far_away_as_positions_go():
    rule = el.Projection("rule", loads=el.count())
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {}) for _ in range(3)])

        for far in (-(2**62), 2**63 - 1):
            panel = rule.panel(store.since(position=far), at=[1, 3])

            assert panel["loads"].tolist() == ([1, 3] if far < 0 else [])
        with pytest.raises(InvalidCut, match="is no position"):
            rule.panel(store, at=[-(2**64), 2])
        assert rule.panel(store, at=[-(2**63), 2, 2**62])["loads"].tolist() == [2, 3]


def test_rows_that_come_in_another_order_are_put_in_that_of_their_positions():
    streams, positions, values = map(np.ma.array, ([7, 8], [2, 1], [20, 10]))

    streams, _, values = contributed.in_order([streams, positions, values])

    assert streams.tolist() == [8, 7]
    assert values.tolist() == [10, 20]


def test_values_of_another_kind_are_not_added_to_those_before():
    rule = el.Projection("rule", amount=el.total("amount"), holder=el.last("holder"))
    carried = contributed.CarriedInArrays(rule, Remembered())
    texts = np.ma.array(["Mara"], dtype=object)

    def add(kind, amount):
        at, amounts = np.array([1]), np.ma.array([amount])
        carried.add(Contributed(at, at, at, None, (amounts, texts), (kind, "VARCHAR")))

    add("BIGINT", 1)
    add("HUGEINT", 2.0)
    with pytest.raises(LeftToDuckDB):
        add("DOUBLE", 0.5)


@pytest.mark.parametrize("at_once", [2, 9])
def test_a_clock_that_steps_back_is_left_to_duckdb_also_between_two_parts(at_once, monkeypatch):
    rule = el.Projection("rule", loads=el.count())
    times = iter(pd.date_range("2026-01-01", periods=4).to_pydatetime())
    monkeypatch.setattr(contributed, "AT_ONCE", at_once)
    with el.EventStore(clock=lambda: next(times)) as store:
        for _ in range(4):
            store.append("card-1", el.Event("Loaded", {}))
        con = store.cursor()
        con.execute("drop trigger events_never_change on events")
        con.execute("update events set recorded_at = '2026-01-01 12:00' where position = 3")

        panel = rule.panel(store, at=["2026-01-01", "2026-01-02"], by="recorded")

        with pytest.raises(LeftToDuckDB):
            list(
                contributed.states_in_arrays(rule, store, [dt.datetime(2026, 1, 2)], "recorded_at")
            )
        assert panel["loads"].tolist() == [1, 3]


def test_a_value_that_duckdb_cannot_compute_is_named_as_ever():
    days = el.Projection("days", day=el.last("day::DATE"))
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Loaded", {"day": day}) for day in ("2026-01-01", "soon")])

        with pytest.raises(ColumnFailed, match="position 2"):
            days.panel(store, at=[1, 2])


def test_days_and_times_come_out_of_a_panel_as_out_of_a_state():
    seen = el.Projection("seen", day=el.first("day::DATE"), at=el.last("occurred_at"))
    with el.EventStore() as store:
        store.append(
            "card-1", el.Event("Loaded", {"day": "2026-02-28"}, occurred_at="2026-01-31T10:00Z")
        )

        panel = seen.panel(store, at=[1])

    assert panel["day"].tolist() == [pd.Timestamp("2026-02-28")]
    assert panel["at"].tolist() == [pd.Timestamp("2026-01-31T10:00", tz=dt.UTC)]
