"""The event behind a change is found from the end of the log, the same as by looking at all of it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.projections import changing, lastchanges
from eventlab.timetravel import TimeTravel
from tests.examples import examples
from tests.projections.test_contributed import STREAMS

CARDS = el.Projection(
    "cards",
    balance=el.total("amount", plus="Loaded", minus="Redeemed"),
    price=el.total("amount::DECIMAL(9, 2)"),
    loads=el.count("Loaded"),
    events=el.count(),
    holder=el.first("holder"),
    now=el.last("holder"),
    latest=el.last("amount", on=["Loaded", "Looked"]),
    half=el.last("data.amount / 2"),
    ends_with="Closed",
)

events = st.tuples(
    st.sampled_from(STREAMS[:3]),
    st.sampled_from(["Loaded", "Redeemed", "Loaded", "Redeemed", "Looked", "Closed"]),
    st.fixed_dictionaries(
        {"amount": st.integers(-1, 1)}, optional={"holder": st.sampled_from(["Mara", "Oda", None])}
    ),
)


def store_of(rows):
    store = el.EventStore()
    store.append("other-1", el.Event("Loaded", {"amount": 1, "holder": "Paul"}))
    for stream, kind, data in rows:
        store.append(stream, el.Event(kind, data))
    return store


@contextmanager
def going_back(events=2, scarce=4, types=16):
    """Read so many events at a time, and no more by one look at all of them."""

    def refused(*_args, **_kwargs):
        raise AssertionError("all events were to be looked at")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lastchanges, "AT_ONCE", events)
        patch.setattr(lastchanges, "SCARCE", scarce)
        patch.setattr(changing, "MOST_TYPES", types)
        patch.setattr(el.Projection, "marks", refused)
        yield


@contextmanager
def looking_at_all():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(el.Projection, "causes", TimeTravel.causes)
        yield


@examples(60)
@given(
    rows=st.lists(events, max_size=30),
    cuts=st.tuples(st.integers(0, 31), st.integers(0, 31)),
    size=st.integers(1, 9),
    scarce=st.sampled_from([0, 100]),
    types=st.sampled_from([0, 1, 16]),
)
def test_going_back_finds_the_events_that_a_look_at_all_of_them_finds(
    rows, cuts, size, scarce, types
):
    with store_of(rows) as store:
        before, after = (store.until(position=cut) for cut in cuts)

        with going_back(size, scarce, types):
            found = CARDS.diff(before, after)
        with looking_at_all():
            expected = CARDS.diff(before, after)

    assert_frame_equal(found, expected)


def test_a_later_change_stands_whatever_is_found_before_it():
    rows = [
        ("card-2", "Loaded", {"amount": 1}),  # 2
        ("card-1", "Loaded", {"amount": 1}),
        ("card-1", "Loaded", {"amount": 1}),  # 4
        ("card-1", "Loaded", {"amount": 1}),
    ]
    rule = el.Projection("rule", balance=el.total("amount"))
    with store_of(rows) as store, going_back(events=1, scarce=100):
        diff = rule.diff(store.until(position=1), store)

    assert diff[["key", "position"]].values.tolist() == [["card-1", 5], ["card-2", 2]]


def test_a_first_value_is_looked_for_up_to_the_beginning_of_the_life():
    rows = [
        ("card-1", "Loaded", {"amount": 1, "holder": "Paul"}),  # 2
        ("card-1", "Closed", {"amount": 1, "holder": "Mara"}),
        ("card-1", "Looked", {"amount": 0}),  # 4
        ("card-1", "Looked", {"amount": 0, "holder": "Oda"}),
        ("card-1", "Loaded", {"amount": 0, "holder": "Mara"}),  # 6
    ]
    rule = el.Projection(
        "rule", holder=el.first("holder"), amount=el.total("amount"), ends_with="Closed"
    )
    with store_of(rows) as store, going_back(events=1, scarce=100):
        diff = rule.diff(store.until(position=1), store)

    told = diff[["field", "after", "position", "type"]].values.tolist()
    assert told == [["holder", "Oda", 5, "Looked"], ["amount", 0, 4, "Looked"]]


def test_a_first_value_is_not_the_last_one_that_came():
    rows = [("card-1", "Loaded", {"amount": 1, "holder": name}) for name in ("Oda", "Mara")]
    rule = el.Projection("rule", holder=el.first("holder"))
    with store_of(rows) as store, going_back(events=1, scarce=100):
        diff = rule.diff(store.until(position=1), store)

    assert diff[["after", "position"]].values.tolist() == [["Oda", 2]]


def test_a_branch_is_gone_back_through_in_the_order_of_its_positions():
    rows = [("card-1", "Loaded", {"amount": number}) for number in (1, 2, 3, 4)]
    rule = el.Projection("rule", balance=el.total("amount"), holder=el.first("holder"))
    with store_of(rows) as store:
        fork = store.branch(edit={5: {"amount": 0}, 3: {"amount": 7, "holder": "Oda"}})

        with going_back(events=9):
            diff = rule.diff(fork.until(position=1), fork)

    assert diff[["field", "position"]].values.tolist() == [["balance", 4], ["holder", 3]]


def test_each_change_is_that_of_its_own_event():
    rows = [
        ("card-1", "Loaded", {"amount": 5}),  # 2
        ("card-1", "Redeemed", {"amount": 1}),
        ("card-2", "Loaded", {"amount": 3}),  # 4
        ("card-1", "Looked", {"amount": 0}),
        ("card-2", "Closed", {"amount": 0}),  # 6
        ("card-3", "Looked", {"amount": 0, "holder": "Oda"}),
        ("card-3", "Redeemed", {"amount": 0}),  # 8
        ("card-1", "Redeemed", {"amount": 2}),
    ]
    rule = el.Projection(
        "rule",
        balance=el.total("amount", plus="Loaded", minus="Redeemed"),
        loads=el.count("Loaded"),
        holder=el.first("holder"),
        ends_with="Closed",
    )
    with store_of(rows) as store, going_back():
        diff = rule.diff(store.until(position=4), store)

    told = diff[["key", "field", "change", "position", "type"]].values.tolist()
    assert told == [
        ["card-1", "balance", "changed", 9, "Redeemed"],
        ["card-2", "balance", "vanished", 6, "Closed"],
        ["card-2", "loads", "vanished", 6, "Closed"],
        ["card-3", "balance", "appeared", 7, "Looked"],
        ["card-3", "loads", "appeared", 7, "Looked"],
        ["card-3", "holder", "appeared", 7, "Looked"],
    ]


def test_a_stream_that_the_later_log_never_had_has_no_event_there():
    with store_of([("card-1", "Loaded", {"amount": 5})]) as store:
        fork = store.branch()
        fork.append("card-9", el.Event("Loaded", {"amount": 7}))
        fork.append("card-1", el.Event("Loaded", {"amount": 7}))

        with going_back():
            diff = CARDS.diff(fork, store)

    told = diff[["key", "field", "position"]].astype({"position": object})
    of_card_1 = told[told["key"] == "card-1"]
    assert of_card_1["position"].tolist() == [2] * len(of_card_1)
    assert told[told["key"] == "card-9"]["position"].isna().all()


def test_a_last_value_came_with_the_first_of_the_events_that_name_it_without_another_since():
    names = ["Mara", "Oda", None, "Oda", "Oda"]
    rows = [("card-1", "Loaded", {"amount": 1, "holder": name}) for name in names]
    rule = el.Projection("rule", holder=el.last("holder"))
    with store_of(rows) as store, going_back(events=1, scarce=100):
        diff = rule.diff(store.until(position=2), store)

    assert diff[["before", "after", "position"]].values.tolist() == [["Mara", "Oda", 3]]


def test_a_last_value_is_not_taken_for_one_of_before_another():
    rows = [("card-1", "Loaded", {"amount": 1, "holder": name}) for name in ("Oda", "Mara", "Oda")]
    rule = el.Projection("rule", early=el.first("holder"), late=el.last("holder"))
    with store_of(rows) as store, going_back(events=1, scarce=100):
        diff = rule.diff(store.until(position=1), store)

    assert diff[["field", "position"]].values.tolist() == [["early", 2], ["late", 4]]


@pytest.mark.parametrize(
    ("values", "position"),
    [
        (["1", "nan", "1"], 4),
        (["nan", "1", "1"], 3),
        (["1", "0.0", "-0.0"], 3),
        (["1", "2", "1.0"], 4),
    ],
)
def test_last_values_are_compared_as_sql_compares_them(values, position):
    rows = [("card-1", "Loaded", {"x": value}) for value in values]
    rule = el.Projection("rule", x=el.last("x::DOUBLE"))
    for size in (1, 9):
        with store_of(rows) as store, going_back(events=size):
            diff = rule.diff(store.until(position=1), store)

        assert diff["position"].tolist() == [position]


def test_last_values_of_other_types_are_left_to_duckdb():
    rule = el.Projection("rule", items=el.last("items"), price=el.last("amount::DECIMAL(9, 2)"))
    rows = [("card-1", "Loaded", {"items": [n], "amount": n}) for n in (1, 2, 2)]
    with store_of(rows) as store:
        diff = rule.diff(store.until(position=2), store)

    assert diff[["field", "position"]].values.tolist() == [["items", 3], ["price", 3]]


def test_a_rule_that_names_its_key_is_left_to_duckdb():
    rule = el.Projection("rule", total=el.total("data.amount + length(key)"))
    rows = [("card-1", "Loaded", {"amount": number}) for number in (1, 2)]
    with store_of(rows) as store:
        diff = rule.diff(store.until(position=2), store)

    assert diff[["before", "after", "position"]].values.tolist() == [[7, 15, 3]]


@pytest.mark.parametrize("far", [-(2**62), 0, 2**62])
def test_bounds_may_lie_as_far_away_as_positions_go(far):
    rule = el.Projection("rule", holder=el.first("holder"))
    with store_of([("card-1", "Loaded", {"holder": "Mara"})]) as store, going_back():
        diff = rule.diff(store.until(position=far), store.until(position=2**62))

    assert diff["position"].tolist() == ([1, 2] if far <= 0 else [])[::-1]


def test_streams_that_others_append_meanwhile_are_none_of_the_log(monkeypatch):
    rule = el.Projection("rule", holder=el.first("holder"))
    with store_of([("card-1", "Loaded", {"holder": "Mara"})]) as store:
        counted = lastchanges.how_many

        def counted_before_the_next(con):
            streams = counted(con)
            store.append("card-9", el.Event("Loaded", {"holder": "Oda"}))
            return streams

        monkeypatch.setattr(lastchanges, "how_many", counted_before_the_next)
        diff = rule.diff(store.until(position=1), store)

    assert diff[["key", "position"]].values.tolist() == [["card-1", 2]]
