"""Where the events of a stream stand is looked up in runs, and whatever is asked, that changes no answer.

Runs are of four events here, and two of a size become one: a log of thirteen has one of eight and one of
four, and one event behind them.
"""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.store import stream_index
from eventlab.store.stream_index import Run, layout
from tests.examples import examples

STREAMS = ["card-1", "card-2", "Zoë's ☕-1"]


@pytest.fixture(autouse=True, scope="module")
def short_runs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_index, "RUN", 4)
        patch.setattr(stream_index, "MERGED", 2)
        patch.setattr(stream_index, "SORTED_AT_ONCE", 1)
        yield


def loaded(amount):
    return el.Event("CardLoaded", {"amount": amount})


def appended(store, events):
    """Append events in turns to three streams, one by one, and return the store."""
    for n in range(events):
        store.append(STREAMS[n % 3], loaded(n))
    return store


def stored(path, query):
    with duckdb.connect(path) as con:
        return con.execute(query).fetchall()


def is_picked(log):
    """Tell whether the events of a log are picked by their positions."""
    return "el_positions" in log.query("select position from events")[1]


# -- runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "runs"),
    [
        (0, []),
        (3, []),
        (4, [(0, 4)]),
        (7, [(0, 4)]),
        (8, [(0, 8)]),
        (13, [(0, 8), (8, 12)]),
        (31, [(0, 16), (16, 24), (24, 28)]),
        (32, [(0, 32)]),
    ],
)
def test_runs_have_the_sizes_of_which_the_length_of_the_log_is_made(events, runs):
    assert layout(events) == [Run(*run) for run in runs]


def test_eight_runs_of_a_size_become_one(monkeypatch):
    monkeypatch.setattr(stream_index, "MERGED", 8)
    assert layout(31) == [Run(low, low + 4) for low in range(0, 28, 4)]
    assert layout(70) == [Run(0, 32), Run(32, 64), Run(64, 68)]


def test_a_run_is_written_with_its_last_event_and_merged_with_the_one_before(path):
    streams, seen = dict(enumerate(STREAMS, start=1)), {}
    with el.EventStore(path) as store:
        for n in range(9):
            store.append(STREAMS[n % 3], loaded(n))
            with store.borrowed() as con:
                rows = con.execute("select stream_no, position from stream_index").fetchall()
            seen[n + 1] = [(streams[no], position) for no, position in rows]
    one, two, three = STREAMS
    first = [(one, 1), (one, 4), (two, 2), (three, 3)]
    both = [(one, 1), (one, 4), (one, 7), (two, 2), (two, 5), (two, 8), (three, 3), (three, 6)]
    assert [seen[length] for length in range(1, 10)] == [[]] * 3 + [first] * 4 + [both] * 2


def test_a_table_that_is_imported_fills_its_runs_at_once(path):
    with el.EventStore(path) as store:
        appended(store, 3)
        frame = store.events(expand=True)[["stream", "type", "amount"]]
        store.append_frame(
            frame.sample(10, replace=True, random_state=1), stream="stream", type="type"
        )
    rows = stored(path, "select stream_no, position from stream_index")
    assert sorted(position for _, position in rows) == list(range(1, 13))
    assert rows[:8] == sorted(rows[:8])
    assert rows[8:] == sorted(rows[8:])


def test_a_refused_append_leaves_no_run_behind(path):
    class Refusing:
        name = "refusing"

        def take_part(self, con, position, fields):
            raise ZeroDivisionError

    with el.EventStore(path) as store:
        appended(store, 3)
        store.join(Refusing())
        with pytest.raises(ZeroDivisionError):
            store.append(STREAMS[0], [loaded(1), loaded(2)])
        store.leave("refusing")
        with store.borrowed() as con:
            assert con.execute("select count(*) from stream_index").fetchall() == [(0,)]
        store.append(STREAMS[0], [loaded(1), loaded(2)])
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 5]
        assert store.verify().empty


# -- answers ---------------------------------------------------------------------------------------

batches = st.lists(
    st.tuples(
        st.sampled_from(STREAMS),
        st.lists(
            st.tuples(
                st.sampled_from(["CardLoaded", "CardRedeemed"]),
                st.integers(0, 9),
                st.integers(1, 9),
            ),
            min_size=1,
            max_size=6,
        ),
    ),
    min_size=1,
    max_size=8,
)


def narrowed(log, position, day, streams, kind):
    """Return a log in each way of narrowing a few streams."""
    some = log.stream(*streams)
    return {
        "streams": some,
        "until": some.until(position=position),
        "since": some.since(position=position),
        "type": some.only(kind),
        "occurred": some.until(occurred=f"2026-01-{day:02d}"),
        "recorded": some.until(recorded="2027-01-01"),
        "matching": some.matching(el.Query(types=[kind])),
    }


CARDS = el.Projection("cards", balance=el.total("amount"), last=el.last("amount"), n=el.count())


def answers(log):
    return [
        log.events(),
        CARDS(log),
        log.sql(
            "select stream, sum(data.amount) as total from events "
            "where type = 'CardLoaded' group by 1 order by 1"
        ),
        len(log),
    ]


@examples(8)
@given(
    batches,
    st.integers(1, 30),
    st.integers(1, 9),
    st.sets(st.sampled_from([*STREAMS, "nobody"]), min_size=1),
    st.sampled_from(["CardLoaded", "CardRedeemed"]),
    st.integers(1, 5),
)
def test_every_answer_is_the_one_without_an_index(batches, position, day, streams, kind, most):
    with pytest.MonkeyPatch.context() as patch, el.EventStore() as store:
        patch.setattr(stream_index, "MOST", 8)
        patch.setattr(stream_index, "MOST_STREAMS", most)
        for stream, facts in batches:
            store.append(
                stream,
                [el.Event(t, {"amount": n}, occurred_at=f"2026-01-{d:02d}") for t, n, d in facts],
            )
        branch = store.branch(drop=[1])
        branch.append(STREAMS[1], loaded(3))
        for log in (store, branch):
            cuts = narrowed(log, position, day, streams, kind)
            found = {name: answers(cut) for name, cut in cuts.items()}
            versions = {name: log.version(name) for name in STREAMS}
            with pytest.MonkeyPatch.context() as without:
                without.setattr(stream_index.StreamIndex, "serves", lambda *_: False)
                assert not any(map(is_picked, cuts.values()))
                for name, cut in cuts.items():
                    for here, there in zip(found[name], answers(cut), strict=True):
                        if isinstance(here, int):
                            assert here == there
                        else:
                            assert_frame_equal(here, there)
            whole = log.events()
            assert versions == {name: int((whole["stream"] == name).sum()) for name in STREAMS}


def test_a_few_events_of_a_few_streams_are_picked_by_position(monkeypatch):
    monkeypatch.setattr(stream_index, "MOST_STREAMS", 2)
    monkeypatch.setattr(stream_index, "MOST", 5)
    with el.EventStore() as store:
        appended(store, 13)
        one, two, three = STREAMS
        assert is_picked(store.stream(one))
        assert is_picked(store.stream(one).only("CardLoaded").until(occurred="2030-01-01"))
        assert is_picked(store.stream(one, "nobody"))
        assert not is_picked(store.stream(one, two)), "nine events are too many"
        assert is_picked(store.stream(one, two).until(position=6))
        assert not is_picked(store.stream(one, two, three).until(position=6)), "so many streams"
        assert not is_picked(store.stream(one).until(position=3)), "less than a run to look through"
        assert not is_picked(store)
        assert is_picked(store.branch(drop=[2]).stream(one))


def test_events_behind_the_last_run_are_found_too(path):
    with el.EventStore(path) as store:
        appended(store, 11)
    with el.EventStore(path) as store:
        assert is_picked(store.stream(STREAMS[1]))
        assert store.stream(STREAMS[1]).events()["position"].tolist() == [2, 5, 8, 11]
        assert [store.version(name) for name in (*STREAMS, "nobody")] == [4, 4, 3, 0]
        assert store.append(STREAMS[1], loaded(1), expected=4).version == 5


def test_a_branch_finds_what_it_shares_by_the_index_of_its_parent(path):
    with el.EventStore(path) as store:
        appended(store, 9)
        branch = store.branch(drop=[4], insert={8: (STREAMS[0], loaded(100))})
        again = branch.branch(drop=[1])
        appended(store, 3)
        for log, amounts in ((branch, [0, 100, 6]), (again, [100, 6])):
            found = log.stream(STREAMS[0]).events(expand=True)
            assert sorted(found["amount"]) == sorted(amounts)
            assert log.version(STREAMS[0]) == len(amounts)
            assert is_picked(log.stream(STREAMS[0]))
        assert appended(branch, 6).stream(STREAMS[2]).events(expand=True)["amount"].tolist() == [
            2,
            5,
            8,
            2,
            5,
        ]
    assert stored(path, "select count(*) from stream_index") == [(12,)]


def test_what_a_transaction_has_appended_is_found_within_it(path):
    seen = []

    class Looking:
        name = "looking"

        def take_part(self, con, position, fields):
            from eventlab.store.within import LogWithin

            log = LogWithin(store.stream(STREAMS[0]), con)
            seen.append([event.position for events in log.batches() for event in events])

    with el.EventStore(path) as store:
        appended(store, 3)
        store.join(Looking())
        store.append(STREAMS[0], [loaded(1), loaded(2)])
    assert seen == [[1, 4, 5]]


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture
def older(path):
    """A file from before there was such an index, with DuckDB's own."""
    with el.EventStore(path) as store:
        appended(store, 3)
    stored(path, "drop table stream_index; create index events_of_stream on events (stream_no)")
    return path


def test_a_file_that_has_an_index_by_duckdb_keeps_it(older):
    with el.EventStore(older) as store:
        appended(store, 10)
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 7, 10, 13]
        assert not is_picked(store.stream(STREAMS[0]))
        assert store.version(STREAMS[0]) == 5
        assert store.branch(drop=[1]).stream(STREAMS[0]).events()["position"].tolist() == [
            3,
            6,
            9,
            12,
        ]
        assert store.verify().empty
    assert "stream_index" not in {name for (name,) in stored(older, "show tables")}


def test_an_index_that_was_dropped_is_made_anew_by_who_may_write(path):
    with el.EventStore(path) as store:
        appended(store, 13)
    stored(path, "drop table stream_index")
    with el.EventStore(path, read_only=True) as store:
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 7, 10, 13]
        assert store.verify().empty
    with el.EventStore(path) as store:
        assert is_picked(store.stream(STREAMS[0]))
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 7, 10, 13]
    assert stored(path, "select count(*), count(distinct position) from stream_index") == [(12, 12)]


def test_an_append_makes_up_for_runs_that_another_program_left_out(path):
    """An eventlab from before there was an index appends, and leaves none of its runs."""
    with el.EventStore(path) as store:
        appended(store, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_index.StreamIndex, "keep_up", lambda *_: None)
        with el.EventStore(path) as store:
            appended(store, 12)
            assert store.verify().empty
            assert len(store.stream(STREAMS[2])) == 5
    with el.EventStore(path) as store:
        appended(store, 3)
        assert store.verify().empty
    assert stored(path, "select count(*), count(distinct position) from stream_index") == [(20, 20)]


@pytest.mark.parametrize(
    ("damage", "places"),
    [
        ("delete from stream_index where position = 5", [(5, STREAMS[1])]),
        ("delete from stream_index where position >= 3", []),
        ("update stream_index set stream_no = 3 where position = 7", [(7, STREAMS[0])]),
        ("insert into stream_index values (1, 13), (1, 13)", [(13, STREAMS[0])]),
        ("insert into stream_index values (1, 999)", [(13, STREAMS[0]), (999, None)]),
        ("insert into stream_index values (3, 12)", [(12, STREAMS[2])]),
    ],
)
def test_a_damaged_index_is_named_and_can_be_dropped(path, damage, places):
    with el.EventStore(path) as store:
        appended(store, 14)
    stored(path, damage)
    with el.EventStore(path) as store:
        found = store.verify()
        streams = found["stream"].astype(object).where(found["stream"].notna(), None)
        assert list(zip(found["position"], streams, strict=True)) == places
        assert set(found["kind"]) <= {"damaged index"}
        assert (
            found["detail"]
            .str.endswith("drop stream_index with DuckDB, and open the store; it is made anew")
            .all()
        )
    stored(path, "drop table stream_index")
    with el.EventStore(path) as store:
        assert store.verify().empty
        assert [len(store.stream(name)) for name in STREAMS] == [5, 5, 4]


@pytest.mark.parametrize("surplus", ["(1, 999)", "(1, 12)", "(2, 13), (1, 13), (3, 14)"])
def test_rows_too_many_hide_no_event(path, surplus):
    with el.EventStore(path) as store:
        appended(store, 12)
    stored(path, f"insert into stream_index values {surplus}")
    with el.EventStore(path) as store:
        assert [store.version(name) for name in STREAMS] == [4, 4, 4]
        store.append(STREAMS[0], loaded(1), expected=4)
    with el.EventStore(path) as store:
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 7, 10, 13]
        assert store.version(STREAMS[0]) == 5
        assert set(store.verify()["kind"]) == {"damaged index"}


@pytest.mark.parametrize(
    "other", ["create table stream_index (x int)", "create view stream_index as select 1 as x"]
)
def test_something_else_of_its_name_is_left_alone_and_named(path, other):
    with el.EventStore(path) as store:
        appended(store, 3)
    stored(path, f"drop table stream_index; {other}")
    with el.EventStore(path) as store:
        appended(store, 6)
        assert store.stream(STREAMS[0]).events()["position"].tolist() == [1, 4, 7]
        assert store.version(STREAMS[0]) == 3
        assert store.verify()[["position", "kind"]].values.tolist() == [[0, "damaged index"]]
        assert store.branch(drop=[1]).verify().empty
    assert stored(path, "select column_name from (describe stream_index)") == [("x",)]


def test_a_branch_is_not_asked_how_long_it_is(path, monkeypatch):
    """That would look at every event of its parent."""
    with el.EventStore(path) as store:
        branch = appended(store, 9).branch(drop=[1])
        monkeypatch.setattr(branch._ledger, "reached", None)
        assert is_picked(branch.stream(STREAMS[1]))
        assert len(branch.stream(STREAMS[1])) == 3


def test_names_of_its_own_stand_in_a_query_as_they_are_written():
    with el.EventStore() as store:
        log = appended(store, 9).stream(STREAMS[0])
        found = log.sql(
            "select position, '$el_numbers $el_positions' as said from events where position > $el_positions",
            {"el_positions": 4},
        )
        assert found.values.tolist() == [[7, "$el_numbers $el_positions"]]


def test_nobody_reads_past_a_cut_through_it(store):
    with pytest.raises(el.errors.SQLError, match="stream_index"):
        store.sql("select * from stream_index")
