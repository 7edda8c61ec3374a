"""How do events get in: numbered without a gap, all or nothing, where the writer expects them?"""

from itertools import count

import duckdb
import numpy as np
import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import ConcurrencyError, DuplicateEventError, InvalidEvent


def loaded(amount, **envelope):
    return el.Event("CardLoaded", {"amount": amount}, **envelope)


def places(log):
    return [(event.position, event.stream, event.version) for event in log]


def insert_behind_our_back(store, position, version):
    """Write an event of card-7 with plain DuckDB, as another library in the same process could."""
    store.cursor().execute(
        "insert into events select $position, 1, $version, 'CardLoaded', now()::timestamp, "
        """now()::timestamp, '{"amount": 99}'::json::variant, null, null, null, null, null, null, 1""",
        {"position": position, "version": version},
    )


# -- numbering -------------------------------------------------------------------------------------


def test_positions_and_versions_count_from_one_without_a_gap(store):
    store.append("card-7", [loaded(20), loaded(5)])
    store.append("card-8", loaded(1))
    store.append("card-7", loaded(3))

    assert places(store) == [(1, "card-7", 1), (2, "card-7", 2), (3, "card-8", 1), (4, "card-7", 3)]


def test_append_returns_where_the_last_event_stands(store):
    first = store.append("card-7", [loaded(20), loaded(5)])
    second = store.append("card-8", loaded(1))

    assert first == el.Appended("card-7", version=2, position=2, duplicate=False)
    assert second == el.Appended("card-8", version=1, position=3, duplicate=False)


def test_a_refused_append_burns_no_number(store):
    store.append("card-7", loaded(20))

    with pytest.raises(ConcurrencyError):
        store.append("card-9", [loaded(1), loaded(2)], expected=1)
    with pytest.raises(DuplicateEventError):
        store.append("card-9", [loaded(1, event_id="e1"), loaded(2, event_id="e1")])
    store.append("card-8", loaded(5))

    assert places(store) == [(1, "card-7", 1), (2, "card-8", 1)]


def test_numbering_continues_after_reopening(path):
    with el.EventStore(path) as store:
        store.append("card-7", [loaded(20), loaded(5)])

    with el.EventStore(path) as store:
        store.append("card-7", loaded(3))
        store.append("card-8", loaded(1))

        assert places(store)[2:] == [(3, "card-7", 3), (4, "card-8", 1)]


def test_an_event_named_by_the_store_is_called_by_its_place(store):
    store.append("card-7", [loaded(20), loaded(5)])

    assert [event.event_id for event in store] == ["card-7@1", "card-7@2"]


def test_a_large_batch_is_one_append(store):
    done = store.append("card-7", [loaded(n) for n in range(3000)])

    assert done == el.Appended("card-7", version=3000, position=3000)
    assert [event.data["amount"] for event in store] == list(range(3000))


# -- all or nothing --------------------------------------------------------------------------------


def test_a_batch_is_written_whole_or_not_at_all(store):
    bad = loaded(5)
    bad.data["amount"] = float("nan")  # spoiled after the event was checked

    with pytest.raises(InvalidEvent, match="'amount' is nan"):
        store.append("card-7", [loaded(20), bad])

    assert len(store) == 0
    assert store.streams().empty


def test_an_interrupted_append_leaves_nothing_and_the_store_usable():
    def interrupted():
        raise KeyboardInterrupt

    clock = iter([interrupted, lambda: "2026-03-01"])
    store = el.EventStore(clock=lambda: next(clock)())

    with pytest.raises(KeyboardInterrupt):
        store.append("card-7", loaded(20))
    store.append("card-7", loaded(5))

    assert [(event.position, event.data) for event in store] == [(1, {"amount": 5})]


def test_an_empty_batch_only_checks_the_expectation(store):
    store.append("card-7", loaded(20))

    done = store.append("card-7", [], expected=1)

    assert done == el.Appended("card-7", version=1, position=1)
    assert len(store) == 1
    with pytest.raises(ConcurrencyError):
        store.append("card-7", [], expected=2)


def test_an_empty_batch_makes_no_stream(store):
    done = store.append("card-7", [], expected=el.NO_STREAM)

    assert done == el.Appended("card-7", version=0, position=0)
    assert store.streams().empty


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ({"type": "CardLoaded"}, "{'type': 'CardLoaded'} is a dict"),
        ("CardLoaded", "'CardLoaded' is a str"),
        ([loaded(1), None], "None is a NoneType"),
        (7, "7 is a int"),
        (pd.DataFrame({"type": ["CardLoaded"]}), r"type\s+0  CardLoaded is a DataFrame"),
    ],
    ids=repr,
)
def test_append_refuses_what_is_no_event(store, events, found):
    with pytest.raises(InvalidEvent, match=rf"{found}, not an Event.*el\.Event.*append_frame"):
        store.append("card-7", events)

    assert len(store) == 0


def test_append_says_that_a_recorded_event_is_none_to_append(store):
    store.append("card-7", loaded(1))

    with pytest.raises(
        InvalidEvent, match=r"<1 card-7@1 CardLoaded .*> is a RecordedEvent, not an"
    ):
        store.append("card-8", next(iter(store)))


# -- expectations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (0, el.ANY),
        (2, el.ANY),
        (0, el.NO_STREAM),
        (2, el.STREAM_EXISTS),
        (0, 0),
        (2, 2),
        (2, np.int64(2)),  # as read from a frame
    ],
)
def test_an_expectation_that_is_met_lets_the_append_through(store, there, expected):
    store.append("card-7", [loaded(n) for n in range(there)])

    done = store.append("card-7", loaded(5), expected=expected)

    assert done.version == there + 1


@pytest.mark.parametrize(
    ("there", "expected", "spoken"),
    [
        (2, el.NO_STREAM, r"at version 2 but you expected NO_STREAM \(no event yet\)"),
        (
            0,
            el.STREAM_EXISTS,
            r"at version 0 but you expected STREAM_EXISTS \(at least one event\)",
        ),
        (2, 1, "at version 2 but you expected 1"),
        (2, 3, "at version 2 but you expected 3"),
        (0, 1, "at version 0 but you expected 1"),
        (2, 0, "at version 2 but you expected 0"),
    ],
)
def test_append_refuses_an_expectation_that_is_not_met(store, there, expected, spoken):
    store.append("card-7", [loaded(n) for n in range(there)])

    with pytest.raises(
        ConcurrencyError, match=f"stream 'card-7' is {spoken}.*read it again"
    ) as caught:
        store.append("card-7", loaded(5), expected=expected)

    assert caught.value.stream == "card-7"
    assert caught.value.expected == expected
    assert caught.value.actual == there
    assert len(store) == there


@pytest.mark.parametrize("expected", [-1, True, 1.0, "1", None])
def test_append_lists_the_expectations_there_are(store, expected):
    with pytest.raises(
        InvalidEvent, match=r"is no expectation: give ANY, NO_STREAM, STREAM_EXISTS"
    ):
        store.append("card-7", loaded(5), expected=expected)


# -- the clock of the store ------------------------------------------------------------------------


def test_recorded_at_is_what_the_clock_says():
    store = el.EventStore(clock=lambda: "2026-03-01T12:00:00+01:00")

    store.append("card-7", [loaded(20), loaded(5, occurred_at="2026-01-31")])

    moments = [(event.recorded_at.isoformat(), event.occurred_at.isoformat()) for event in store]
    assert moments == [
        ("2026-03-01T11:00:00", "2026-03-01T11:00:00"),
        ("2026-03-01T11:00:00", "2026-01-31T00:00:00"),
    ]


def test_recorded_at_never_steps_back_though_the_clock_does():
    clock = iter(["2026-03-02", "2026-03-01", "2026-03-03"])
    store = el.EventStore(clock=lambda: next(clock))

    for amount in (20, 5, 3):
        store.append("card-7", loaded(amount))

    assert [event.recorded_at.day for event in store] == [2, 2, 3]


def test_recorded_at_never_steps_back_after_reopening(path):
    with el.EventStore(path, clock=lambda: "2026-03-02") as store:
        store.append("card-7", loaded(20))

    with el.EventStore(path, clock=lambda: "2026-03-01") as store:
        store.append("card-8", loaded(5))

        assert [event.recorded_at.day for event in store] == [2, 2]


def test_a_clock_that_tells_no_time_writes_nothing():
    store = el.EventStore(clock=lambda: "half past nine")

    with pytest.raises(InvalidEvent, match="clock='half past nine' is not a time"):
        store.append("card-7", loaded(20))

    assert len(store) == 0


# -- ids -------------------------------------------------------------------------------------------


def test_ids_name_the_events_that_bring_no_id():
    numbers = count(1)
    store = el.EventStore(ids=lambda: f"id-{next(numbers)}")

    store.append("card-7", [loaded(20), loaded(5, event_id="mine"), loaded(3)])

    assert [event.event_id for event in store] == ["id-1", "mine", "id-2"]


def test_ids_that_repeat_themselves_are_refused():
    store = el.EventStore(ids=lambda: "always the same")

    store.append("card-7", loaded(20))

    with pytest.raises(
        DuplicateEventError, match="'always the same' was given out by ids= a second"
    ):
        store.append("card-7", loaded(20))
    with pytest.raises(DuplicateEventError, match="stands 2 times in one batch"):
        store.append("card-8", [loaded(1), loaded(2)])
    assert len(store) == 1


@pytest.mark.parametrize("expected", [el.ANY, el.NO_STREAM, 0])
def test_ids_that_repeat_themselves_in_one_batch_are_no_conflict(expected):
    store = el.EventStore(ids=lambda: "always the same")

    for events in ([loaded(1), loaded(2)], [loaded(1, event_id="always the same"), loaded(2)]):
        with pytest.raises(DuplicateEventError, match="'always the same' stands 2 times"):
            store.append("card-7", events, expected=expected)
    assert len(store) == 0


@pytest.mark.parametrize("made", [7, "", "card-9@1"])
def test_ids_that_make_no_usable_id_are_refused(made):
    store = el.EventStore(ids=lambda: made)

    with pytest.raises(InvalidEvent, match="id"):
        store.append("card-7", loaded(20))

    assert len(store) == 0


# -- several writers in one process ----------------------------------------------------------------


def test_two_stores_on_one_file_see_and_continue_each_other(path):
    with el.EventStore(path) as one, el.EventStore(path) as other:
        one.append("card-7", loaded(20))
        other.append("card-7", loaded(5), expected=1)
        one.append("card-8", loaded(1))

        assert (
            places(one) == places(other) == [(1, "card-7", 1), (2, "card-7", 2), (3, "card-8", 1)]
        )
        with pytest.raises(ConcurrencyError, match="at version 2 but you expected 1"):
            one.append("card-7", loaded(3), expected=1)


def test_a_store_of_the_same_name_knows_nothing_of_a_deleted_one(path):
    deleted = el.EventStore(path)
    deleted.append("card-7", loaded(20))
    deleted.append("card-8", [loaded(1), loaded(2)])
    deleted.close()
    path.unlink()

    with el.EventStore(path) as fresh:
        fresh.append("card-8", loaded(5))

        assert places(fresh) == [(1, "card-8", 1)]


def test_whoever_expects_anything_writes_on_behind_a_plain_connection(store):
    store.append("card-7", loaded(20))

    insert_behind_our_back(store, position=2, version=2)
    done = store.append("card-7", loaded(5))

    assert done == el.Appended("card-7", version=3, position=3)
    assert [event.data["amount"] for event in store] == [20, 99, 5]


def test_whoever_expects_a_version_is_told_of_a_plain_connection(store):
    store.append("card-7", loaded(20))

    insert_behind_our_back(store, position=2, version=2)

    with pytest.raises(ConcurrencyError, match="at version 2 but you expected 1"):
        store.append("card-7", loaded(5), expected=1)
    assert len(store) == 2


def test_whoever_knows_of_the_plain_connection_may_write(store):
    store.append("card-7", loaded(20))

    insert_behind_our_back(store, position=2, version=2)
    done = store.append("card-7", loaded(5), expected=2)

    assert done == el.Appended("card-7", version=3, position=3)


def test_a_plain_connection_that_commits_second_loses(store):
    store.append("card-7", loaded(20))
    other = store.cursor()
    other.execute("begin")
    other.execute("insert into events select * replace (2 as position, 2 as version) from events")

    store.append("card-7", loaded(5), expected=1)

    with pytest.raises(duckdb.Error):
        other.execute("commit")
    assert [event.data["amount"] for event in store] == [20, 5]


def interrupted_store(times):
    """Give a store with one event of card-7; in its next appends a plain connection writes others first."""
    interruptions = iter([None, *range(2, 2 + times)])

    def clock():  # asked inside the transaction of the append
        if place := next(interruptions, None):
            insert_behind_our_back(store, position=place, version=place)
        return "2026-03-01"

    store = el.EventStore(clock=clock)
    store.append("card-7", loaded(20))
    return store


@pytest.fixture
def interrupted():
    return interrupted_store(times=1)


def test_whoever_expects_anything_survives_a_write_in_the_middle_of_an_append(interrupted):
    done = interrupted.append("card-7", loaded(5))

    assert done == el.Appended("card-7", version=3, position=3)
    assert [event.data["amount"] for event in interrupted] == [20, 99, 5]


def test_whoever_expects_anything_survives_a_second_one():
    done = interrupted_store(times=2).append("card-7", loaded(5))

    assert done == el.Appended("card-7", version=4, position=4)


def test_whoever_expects_a_version_is_told_of_a_write_in_the_middle_of_an_append(interrupted):
    with pytest.raises(ConcurrencyError, match="at version 2 but you expected 1"):
        interrupted.append("card-7", loaded(5), expected=1)

    assert [event.data["amount"] for event in interrupted] == [20, 99]


def test_whoever_only_asked_for_a_version_is_told_of_a_write_since(path):
    with el.EventStore(path) as store:
        store.append("card-7", loaded(20))
    with el.EventStore(path) as store:
        assert store.version("card-7") == 1
        insert_behind_our_back(store, position=2, version=2)

        with pytest.raises(ConcurrencyError, match="at version 2 but you expected 1"):
            store.append("card-7", loaded(5), expected=1)

        assert store.version("card-7") == 2
        assert store.verify().empty


def test_duckdb_itself_refuses_a_position_that_is_taken(store):
    store.append("card-7", loaded(20))

    with pytest.raises(duckdb.ConstraintException):
        insert_behind_our_back(store, position=1, version=2)


def test_a_version_that_a_plain_connection_gave_twice_is_found_by_verify(store):
    store.append("card-7", loaded(20))

    insert_behind_our_back(store, position=2, version=1)

    assert store.verify()[["position", "kind"]].values.tolist() == [[2, "broken version"]]
