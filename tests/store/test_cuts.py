"""Which events does a cut show? Every cut is compared with a filter over a list of eight events."""

import datetime as dt
from itertools import chain, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import InvalidCut
from eventlab.store import reading
from tests.examples import examples

# position, stream, type, occurred (day of January), recorded (day of February).
# Positions 4 and 6 happened at the same time; 3, 5 and 7 came late.
ROWS = [
    (1, "card-7", "CardLoaded", 5, 1),
    (2, "card-8", "CardLoaded", 9, 2),
    (3, "card-7", "CardRedeemed", 7, 2),
    (4, "order-1", "OrderPlaced", 12, 3),
    (5, "card-8", "CardRedeemed", 10, 4),
    (6, "card-7", "CardLoaded", 12, 5),
    (7, "solo", "CardLoaded", 1, 5),
    (8, "card", "CardClosed", 20, 6),
]
POSITION, STREAM, TYPE, OCCURRED, RECORDED = range(5)


@pytest.fixture(scope="module")
def store():
    days = iter([row[RECORDED] for row in ROWS])
    with el.EventStore(clock=lambda: dt.datetime(2026, 2, next(days), tzinfo=dt.UTC)) as store:
        for _, stream, kind, day, _ in ROWS:
            store.append(stream, el.Event(kind, {"day": day}, occurred_at=january(day)))
        yield store


def january(day):
    return dt.datetime(2026, 1, day, tzinfo=dt.UTC)


def february(day):
    return dt.datetime(2026, 2, day, tzinfo=dt.UTC)


def positions(log):
    return [event.position for event in log]


# -- by each clock ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "shown"),
    [(0, []), (1, [1]), (3, [1, 2, 3]), (8, [*range(1, 9)]), (99, [*range(1, 9)]), (-5, [])],
)
def test_until_a_position_shows_it_and_what_stands_before(store, last, shown):
    log = store.until(position=last)

    assert positions(log) == shown


@pytest.mark.parametrize(
    ("first", "shown"), [(0, [*range(1, 9)]), (-5, [*range(1, 9)]), (7, [7, 8]), (8, [8]), (9, [])]
)
def test_since_a_position_shows_it_and_what_stands_behind(store, first, shown):
    log = store.since(position=first)

    assert positions(log) == shown


def test_until_a_time_of_recording_shows_what_was_known_then(store):
    assert positions(store.until(recorded="2026-02-02")) == [1, 2, 3]
    assert positions(store.until(recorded="2026-02-01T23:59:59.999999")) == [1]
    assert positions(store.until(recorded="2026-01-31")) == []


def test_until_a_time_of_occurrence_shows_what_had_happened_by_then(store):
    assert positions(store.until(occurred="2026-01-09")) == [7, 1, 3, 2]
    assert positions(store.until(occurred="2026-01-08T23:59:59.999999")) == [7, 1, 3]


def test_since_a_time_includes_that_time(store):
    assert positions(store.since(recorded="2026-02-05")) == [6, 7, 8]
    assert positions(store.since(occurred="2026-01-12")) == [4, 6, 8]


def test_a_log_by_occurrence_is_told_by_time_and_then_by_position(store):
    log = store.until(occurred="9999-12-31")

    assert positions(log) == [7, 1, 3, 2, 5, 4, 6, 8]  # 4 and 6 happened at the same time
    assert log.events()["position"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_log_ends_with_one_of_its_events_in_the_order_in_which_it_is_told(store):
    log = store.until(occurred="2026-01-12")
    at = {event.position: event for event in log}

    assert positions(store.up_to(at[4])) == [1, 2, 3, 4]
    assert positions(log.up_to(at[4])) == [7, 1, 3, 2, 5, 4]
    assert positions(log.up_to(at[6])) == [7, 1, 3, 2, 5, 4, 6]
    assert positions(log.up_to(at[5]).up_to(at[4])) == [7, 1, 3, 2, 5]
    assert positions(log.up_to(at[4]).up_to(at[1])) == [7, 1]
    assert positions(log.stream("card-7").up_to(at[3])) == [1, 3]
    assert (
        repr(log.up_to(at[7]))
        == "<Log of 1 events (occurred_at until 2026-01-01 00:00:00 · up to event 7)>"
    )


def test_both_clocks_together_show_what_was_known_of_what_had_happened(store):
    log = store.until(occurred="2026-01-10", recorded="2026-02-03")

    assert positions(log) == [1, 3, 2]  # 5 and 7 had happened, but nobody knew


def test_all_bounds_together(store):
    log = store.since(position=2, occurred="2026-01-07").until(position=6, recorded="2026-02-04")

    assert positions(log) == [3, 2, 5, 4]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-07",
        "2026-01-07T00:00:00",
        "2026-01-07 00:00:00Z",
        "2026-01-07T01:00:00+01:00",
        "2026-01-06T19:00:00-05:00",
        "20260107",
        dt.date(2026, 1, 7),
        dt.datetime(2026, 1, 7),  # naive is taken as UTC
        dt.datetime(2026, 1, 7, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        pd.Timestamp("2026-01-07"),
        pd.Timestamp("2026-01-07 09:00", tz="Asia/Tokyo"),
        np.datetime64("2026-01-07"),
    ],
    ids=repr,
)
def test_a_time_may_be_said_in_many_ways(store, moment):
    assert positions(store.until(occurred=moment)) == [7, 1, 3]


# -- by name ---------------------------------------------------------------------------------------


def test_stream_category_and_only_choose_by_name(store):
    assert positions(store.stream("card-7")) == [1, 3, 6]
    assert positions(store.stream("card-7", "solo")) == [1, 3, 6, 7]
    assert positions(store.category("card")) == [1, 2, 3, 5, 6, 8]
    assert positions(store.category("card", "order")) == [1, 2, 3, 4, 5, 6, 8]
    assert positions(store.category("solo")) == [7]
    assert positions(store.only("CardRedeemed")) == [3, 5]
    assert positions(store.only("CardRedeemed", "CardClosed")) == [3, 5, 8]


def test_names_narrow_each_other(store):
    log = store.category("card").only("CardLoaded", "CardRedeemed").stream("card-7", "solo")

    assert positions(log) == [1, 3, 6]
    assert positions(store.stream("card-7").stream("card-8")) == []
    assert positions(store.only("CardLoaded", "CardClosed").only("CardClosed", "Nope")) == [8]


def test_an_unknown_name_gives_an_empty_log(store):
    for log in (store.stream("card-99"), store.category("nope"), store.only("Nope")):
        assert positions(log) == []
        assert len(log) == 0
        assert log.head == 0
        assert log.events().empty
        assert log.streams().empty


def test_names_are_compared_exactly(store):
    assert positions(store.stream("CARD-7")) == []
    assert positions(store.only("cardloaded")) == []
    assert positions(store.category("car%")) == []


# -- the laws --------------------------------------------------------------------------------------

DAYS = st.integers(0, 22)
BOUND = st.one_of(
    st.fixed_dictionaries({"position": st.integers(-1, 10)}),
    st.fixed_dictionaries({"occurred": DAYS.map(lambda day: january(1) + dt.timedelta(day))}),
    st.fixed_dictionaries({"recorded": DAYS.map(lambda day: february(1) + dt.timedelta(day // 3))}),
)
STEP = st.one_of(
    st.tuples(st.sampled_from(["until", "since"]), BOUND),
    st.tuples(
        st.just("stream"),
        st.lists(st.sampled_from(["card-7", "card-8", "solo", "x"]), min_size=1, max_size=3),
    ),
    st.tuples(st.just("category"), st.lists(st.sampled_from(["card", "order"]), min_size=1)),
    st.tuples(
        st.just("only"),
        st.lists(st.sampled_from(["CardLoaded", "CardRedeemed", "x"]), min_size=1, max_size=2),
    ),
)


def cut(log, steps):
    for verb, wanted in steps:
        named = isinstance(wanted, dict)
        log = getattr(log, verb)(**wanted) if named else getattr(log, verb)(*wanted)
    return log


def survives(row, step):
    verb, wanted = step
    if not isinstance(wanted, dict):
        found = {
            "stream": row[STREAM],
            "category": row[STREAM].split("-")[0],
            "only": row[TYPE],
        }
        return found[verb] in wanted
    [(axis, bound)] = wanted.items()
    value = {
        "position": row[POSITION],
        "occurred": january(row[OCCURRED]),
        "recorded": february(row[RECORDED]),
    }[axis]
    return value <= bound if verb == "until" else value >= bound


@examples(8)
@given(steps=st.lists(STEP, max_size=4))
@example(steps=[])
@example(steps=[("since", {"position": 6}), ("until", {"position": 3})])
def test_a_cut_shows_what_a_filter_would_leave(store, steps):
    left = [row for row in ROWS if all(survives(row, step) for step in steps)]
    by_occurrence = any("occurred" in wanted for _, wanted in steps)

    log = cut(store, steps)

    told = sorted(left, key=lambda row: (row[OCCURRED], row[POSITION])) if by_occurrence else left
    assert positions(log) == [row[POSITION] for row in told]
    assert len(log) == len(left)
    assert log.head == max((row[POSITION] for row in left), default=0)
    assert log.events()["position"].tolist() == [row[POSITION] for row in left]
    assert log.sql("select position from events order by 1")["position"].tolist() == [
        row[POSITION] for row in left
    ]
    assert log.streams()["stream"].tolist() == sorted({row[STREAM] for row in left})
    assert log.types()["type"].tolist() == sorted({row[TYPE] for row in left})


@examples(8)
@given(steps=st.lists(STEP, min_size=2, max_size=3))
def test_the_order_of_cutting_makes_no_difference(store, steps):
    cuts = {cut(store, ordered).cut for ordered in permutations(steps)}

    assert len(cuts) == 1


@examples(8)
@given(step=STEP)
def test_cutting_twice_is_cutting_once(store, step):
    assert cut(store, [step, step]).cut == cut(store, [step]).cut


# -- lazy, and in batches --------------------------------------------------------------------------


def test_a_cut_of_a_growing_store_grows():
    store = el.EventStore(clock=lambda: "2026-03-01")
    log = store.stream("card-7").until(recorded="2026-03-02")

    before = len(log)
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
    store.append("card-8", el.Event("CardLoaded", {"amount": 5}))

    assert before == 0
    assert len(log) == 1
    assert log.head == 1


def test_cutting_leaves_the_log_it_was_cut_from_alone(store):
    log = store.category("card")

    log.until(position=1).only("CardLoaded")

    assert len(log) == 6
    assert len(store) == 8


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_a_log_read_in_many_batches_is_the_same_log(store, monkeypatch, size):
    logs = [store, store.category("card"), store.until(occurred="2026-01-12"), store.stream("nope")]
    logs += [
        store.stream("card-7"),
        store.stream("card-7", "card-8"),
        store.stream("solo").until(position=7),
    ]
    whole = [list(log) for log in logs]

    monkeypatch.setattr(reading, "SLICE", size)
    monkeypatch.setattr(reading, "BATCH", max(size - 1, 1))

    for log, events in zip(logs, whole, strict=True):
        batches = list(log.batches())
        assert [event for batch in batches for event in batch] == events
        assert list(log) == events


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_long_log_can_come_stream_by_stream_a_part_after_the_other(store, monkeypatch, size):
    monkeypatch.setattr(reading, "SLICE", size)
    for log in (store, store.category("card"), store.until(occurred="2026-01-12")):
        got = list(chain.from_iterable(log.batches(by_stream=True)))

        assert sorted(event.position for event in got) == sorted(event.position for event in log)
        for name in {event.stream for event in log}:
            assert [event for event in got if event.stream == name] == [
                event for event in log if event.stream == name
            ]


def test_stream_by_stream_means_four_slices_at_a_time(monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 2)
    store = el.EventStore()
    for number in range(12):
        store.append(f"card-{number % 2}", el.Event("CardLoaded", {"amount": number}))

    positions = [event.position for batch in store.batches(by_stream=True) for event in batch]

    assert positions == [1, 3, 5, 7, 2, 4, 6, 8, 9, 11, 10, 12]


def test_a_log_of_one_slice_comes_in_its_own_order_always(store):
    assert list(chain.from_iterable(store.batches(by_stream=True))) == list(store)


def test_a_log_with_wide_gaps_is_read_whole(monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 2)
    store = el.EventStore()
    for size in (3, 1, 20, 1):
        store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in range(size)])
        store.append("card-8", [el.Event("CardClosed")])

    closed = store.only("CardClosed")

    assert [event.position for event in closed] == [4, 6, 27, 29]


def test_a_field_that_another_connection_noted_is_read(path):
    with el.EventStore(path) as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        assert [event.data for event in store] == [{"amount": 20}]
        beside = store.cursor()
        beside.execute("insert into fields values (2, 'CardLoaded', 'by', 'VARCHAR')")
        beside.execute(
            """insert into events by name select 2 as position, stream_no, 2 as version, type, occurred_at,
            recorded_at, '{"amount": 5, "by": "ana"}'::json::variant as data, 1 as schema from events"""
        )

        assert [event.data for event in store] == [{"amount": 20}, {"amount": 5, "by": "ana"}]


def test_what_is_appended_while_reading_is_not_seen(monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 1)
    store = el.EventStore()
    store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])

    seen = []
    for event in store:
        seen.append(event.data["amount"])
        store.append("card-7", el.Event("CardLoaded", {"amount": 99}))

    assert seen == [20, 5]
    assert len(store) == 4


# -- what makes no sense ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["until", "since"])
@pytest.mark.parametrize(
    ("bound", "spoken"),
    [
        ({}, r"was given no bound: say \w+\(position=17\)"),
        ({"position": "17"}, "position='17'.* is no position: positions are whole numbers from 1"),
        ({"position": 1.0}, "is no position"),
        ({"position": True}, "is no position"),
        ({"position": 2**63}, "is no position"),
        ({"recorded": "yesterday"}, "recorded='yesterday' is not a time: write it as '2026-01-31'"),
        ({"occurred": "31.1.2026"}, "occurred='31.1.2026' is not a time"),
        ({"occurred": 2026}, "occurred=2026 is a int, not a time: give a datetime"),
        ({"recorded": pd.NaT}, "recorded=NaT is missing"),
        ({"recorded": pd.Timestamp("2026-01-01T00:00:00.000000001")}, "has nanoseconds"),
    ],
    ids=repr,
)
def test_a_bound_that_makes_no_sense_is_refused(store, verb, bound, spoken):
    with pytest.raises(InvalidCut, match=spoken):
        getattr(store, verb)(**bound)


@pytest.mark.parametrize(
    ("verb", "example"), [("stream", "card-7"), ("category", "card"), ("only", "CardLoaded")]
)
def test_names_are_text_and_at_least_one(store, verb, example):
    with pytest.raises(InvalidCut, match=f"were named: name at least one, such as '{example}'"):
        getattr(store, verb)()
    with pytest.raises(InvalidCut, match=r"is a list, not the name .*several as further arguments"):
        getattr(store, verb)(["card-7"])


def test_a_position_may_come_from_a_frame(store):
    last = store.events()["position"].max()  # NumPy's integer

    assert len(store.until(position=last)) == 8


# -- how a cut looks -------------------------------------------------------------------------------


def test_a_log_says_what_it_shows(store):
    assert repr(store) == "<EventStore in memory: 8 events>"
    assert repr(store.until(position=3)) == "<Log of 3 events (position until 3)>"
    assert (
        repr(store.stream("card-7", "card-8").since(recorded="2026-02-04"))
        == "<Log of 2 events (streams card-7, card-8 · recorded_at since 2026-02-04 00:00:00)>"
    )
