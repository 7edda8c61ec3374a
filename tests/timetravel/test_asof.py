"""As-of joins show what was known, never what came later, and refuse what is no time."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import InvalidQuestion
from eventlab.timetravel.asof import asof
from tests.projections.test_laws import BOTH, CARDS, START, STREAMS, laws, logs, store_of

count = el.Projection("count", n=el.count())


@pytest.fixture(scope="module")
def store():
    days = iter(["2026-03-01", "2026-03-02", "2026-03-02", "2026-03-04"])
    store = el.EventStore(clock=lambda: next(days))
    for stream in ("a", "b", "a", "a"):
        store.append(stream, el.Event("Seen"))
    return store


def seen(*times, card="a", **columns):
    return pd.DataFrame({"card": card, "at": list(times), **columns})


def test_bounds_are_inclusive_and_ties_are_seen_together(store):
    times = ["2026-02-28T23:59:59", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]

    found = count.asof(store, seen(*times), on="at", key="card")

    assert found["n"].tolist() == [pd.NA, 1, 2, 2, 3]
    assert found["position"].tolist() == [pd.NA, 1, 3, 3, 4]


@pytest.mark.parametrize("by", ["recorded", "occurred", "position"])
def test_a_frame_without_rows_gets_the_columns_whatever_it_holds(store, by):
    found = count.asof(store, pd.DataFrame({"card": [], "at": []}), on="at", key="card", by=by)

    assert (len(found), list(found)) == (0, ["card", "at", "n", "position"])


def test_rows_keep_their_order_their_index_and_their_columns(store):
    frame = seen("2026-03-04", "2026-03-01", note=["x", "y"]).set_axis([7, 7])

    found = count.asof(store, frame, on="at", key="card")

    assert_frame_equal(found[["card", "at", "note"]], frame)
    assert found["n"].tolist() == [3, 1]


def test_times_may_be_written_in_several_ways_and_zones(store):
    times = ["2026-03-02", "2026-03-02T00:30:00+01:00", "2026-03-02 00:00:00.5Z"]

    assert count.asof(store, seen(*times), on="at", key="card")["n"].tolist() == [2, 1, 2]


@pytest.mark.parametrize("time", ["soon", "03/02/2026", "12:30"])
def test_a_text_that_is_no_time_is_refused(store, time):
    with pytest.raises(el.EventLabError, match=rf"'at'.*{time}.*2026-01-31"):
        count.asof(store, seen("2026-03-01", time), on="at", key="card")


@pytest.mark.parametrize("position", ["2026-03-01", 1.5, True])
def test_what_is_no_position_is_refused(store, position):
    with pytest.raises(el.EventLabError, match=r"'at'.*whole numbers"):
        count.asof(store, seen(position), on="at", key="card", by="position")


def test_whole_floats_are_positions(store):
    found = count.asof(store, seen(2.0, 3.0), on="at", key="card", by="position")

    assert found["n"].tolist() == [1, 2]


@pytest.mark.parametrize("by", [("recorded", "position"), ("recorded", "occurred", "position"), ()])
def test_only_what_happened_and_what_was_known_are_two_questions(store, by):
    frame = seen("2026-03-01", at_2="2026-03-01", at_3=1)

    with pytest.raises(el.EventLabError, match="by="):
        count.asof(store, frame, on=["at", "at_2", "at_3"][: len(by)], key="card", by=by)


@pytest.mark.parametrize("names", [None, 5, [], [["at"]]])
@pytest.mark.parametrize("role", ["on", "key", "by"])
def test_what_names_nothing_is_refused(store, role, names):
    given = {"on": "at", "key": "card", "by": "recorded"} | {role: names}

    with pytest.raises(InvalidQuestion, match=rf"asof\({role}=.*names nothing"):
        count.asof(store, seen("2026-03-01"), **given)


@pytest.mark.parametrize("frame", [None, [], {"card": ["a"], "at": [1]}, pd.Series([1], name="at")])
def test_what_is_no_frame_is_refused(store, frame):
    with pytest.raises(InvalidQuestion, match=rf"a {type(frame).__name__} as its frame"):
        count.asof(store, frame, on="at", key="card")


@pytest.mark.parametrize("twice", ["card", "at"])
def test_a_column_that_is_there_twice_is_refused(store, twice):
    frame = pd.concat([seen("2026-03-01"), seen("2026-03-01")[[twice]]], axis="columns")

    with pytest.raises(InvalidQuestion, match=rf"more than one column '{twice}'"):
        count.asof(store, frame, on="at", key="card")


@pytest.mark.parametrize("key", [["a"], {"a": 1}, {"a"}, ("a", [])])
def test_what_can_be_no_key_is_refused_by_its_row(store, key):
    frame = pd.DataFrame({"card": ["a", key], "at": "2026-03-01"}, index=[10, 20])

    with pytest.raises(InvalidQuestion, match=rf"'card' holds .* in row 20.*{type(key).__name__}"):
        count.asof(store, frame, on="at", key="card")


@pytest.mark.parametrize("prefix", [None, 5, "\ud800"])
def test_a_prefix_is_text(store, prefix):
    with pytest.raises(InvalidQuestion, match=r"asof\(prefix=.*no valid text"):
        count.asof(store, seen("2026-03-01"), on="at", key="card", prefix=prefix)


def test_errors_list_what_there_is(store):
    frame = seen("2026-03-01", n=1)

    with pytest.raises(el.EventLabError, match=r"on='when'.*'card', 'at', 'n'"):
        count.asof(store, frame, on="when", key="card")
    with pytest.raises(el.EventLabError, match=r"\('n'\): give prefix='then_'"):
        count.asof(store, frame, on="at", key="card")
    with pytest.raises(el.EventLabError, match=r"'at' is missing in row 0"):
        count.asof(store, seen(None), on="at", key="card")

    assert count.asof(store, frame, on="at", key="card", prefix="then_")["then_n"].tolist() == [1]


def test_only_the_streams_of_the_frame_are_read(store, monkeypatch):
    asked = []
    changes = el.Projection.changes
    monkeypatch.setattr(
        el.Projection, "changes", lambda rule, log: asked.append(len(log)) or changes(rule, log)
    )

    count.asof(store, seen("2026-03-04", card="b"), on="at", key="card")

    assert asked == [1]


def two_clocks(asked):
    return pd.DataFrame(
        {
            "card": pd.Series([card for card, _, _ in asked], dtype="str"),
            "known": pd.Series([at for _, at, _ in asked], dtype="int64"),
            "happened": pd.Series(
                [START + pd.Timedelta(days=day) for _, _, day in asked],
                dtype="datetime64[us, UTC]",
            ),
        }
    )


asked = st.lists(
    st.tuples(st.sampled_from([*STREAMS, "?"]), st.integers(0, 16), st.integers(-1, 6)), max_size=8
)


@pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])
@laws
@given(rows=logs, asked=asked)
def test_both_clocks_give_the_state_of_the_cut_by_both(cards, rows, asked):
    frame = two_clocks(asked)
    with store_of(rows) as store:
        found = cards.asof(
            store, frame, on=("known", "happened"), key="card", by=("position", "occurred")
        )

        for row, (card, at, _) in enumerate(asked):
            state = cards(store.until(position=at, occurred=frame["happened"][row]))
            told = found.loc[row, [*cards.fields, "position"]]
            if card not in state.index:
                assert told.isna().all()
                continue
            expected = state.loc[card]
            assert told.fillna("missing").tolist() == expected.fillna("missing").tolist()


def test_two_clocks_fold_once_where_nothing_came_late(monkeypatch):
    rows = [(STREAMS[n % 2], "CardLoaded", {"amount": n}, n // 4) for n in range(24)]
    frame = two_clocks([(STREAMS[at % 2], at, at // 3) for at in range(24)])
    folds = []
    changes = el.Projection.changes
    monkeypatch.setattr(
        el.Projection, "changes", lambda rule, log: folds.append(log) or changes(rule, log)
    )

    with store_of(rows) as store:
        asof(CARDS, store, frame, ("known", "happened"), "card", ("position", "occurred"), "")

    assert len(folds) == 1
