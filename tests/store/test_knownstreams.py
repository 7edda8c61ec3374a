"""Streams keep their numbers and names, so these are looked for once; what is not committed is forgotten."""

import numpy as np
import pytest

import eventlab as el
from eventlab.store import knownstreams
from eventlab.store.knownstreams import KnownStreams
from eventlab.store.within import LogWithin


def with_streams(*names):
    store = el.EventStore()
    for name in names:
        store.append(name, el.Event("Seen", {"n": len(name)}))
    return store


def streams_of(log):
    return [event.stream for event in log]


def test_several_streams_are_those_that_were_named():
    store = with_streams("b", "a", "c", "d")

    assert streams_of(store.stream("c", "a")) == ["a", "c"]
    assert len(store.stream("c", "a", "d")) == 3
    assert store.stream("c", "b").streams()["stream"].tolist() == ["b", "c"]
    assert store.stream("c", "b").category("c").sql("select category from events").iloc[0, 0] == "c"


def test_no_stream_can_have_both_of_two_names():
    store = with_streams("a", "b", "c")

    assert streams_of(store.stream("a", "b").stream("c")) == []


def test_a_name_without_a_stream_gives_nothing_until_there_is_one():
    store = with_streams("a", "b")
    log = store.stream("a", "new")

    before = streams_of(log)
    store.append("new", el.Event("Seen", {}))

    assert (before, streams_of(log)) == (["a"], ["a", "new"])


@pytest.mark.parametrize("named", [2, 100, 101])
def test_a_projection_of_few_streams_or_many_is_that_of_these(named):
    names = [f"card-{n:03}" for n in range(1, 121)]
    store = with_streams(*names)
    sizes = el.Projection("sizes", n=el.total("n"), seen=el.count())

    found = sizes(store.stream(*names[:named]))

    assert found.index.tolist() == names[:named]
    assert found["n"].tolist() == [8] * named


def test_more_names_than_are_looked_up_one_by_one_are_all_found():
    names = [f"card-{n}" for n in range(knownstreams.FEW + 50)]
    store = with_streams(*names)

    assert streams_of(store) == names


def test_names_looked_up_a_few_at_a_time_are_all_read_in_the_end(monkeypatch):
    monkeypatch.setattr(knownstreams, "FEW", 3)
    names = [f"card-{n}" for n in range(8)]
    store = with_streams(*names)
    con = store.cursor()
    known = KnownStreams()

    for no, name in enumerate(names[:4], start=1):
        assert known.names(con, np.array([no])).tolist() == [name]
    con.close()  # all are known by now

    assert known.names(con, np.array([8, 2])).tolist() == ["card-7", "card-1"]
    assert known.numbers(con, ["card-7", "card-1"]) == {"card-1": 2, "card-7": 8}


def test_names_beyond_the_most_that_are_remembered_are_found_again(monkeypatch):
    monkeypatch.setattr(knownstreams, "_MOST", 3)
    monkeypatch.setattr(knownstreams, "FEW", 2)
    names = [f"card-{n}" for n in range(8)]
    store = with_streams(*names)

    for first in (0, 4, 2, 6, 0):
        assert streams_of(store.since(position=first + 1)) == names[first:]
        assert streams_of(store.stream(*names[first:])) == names[first:]


def test_the_number_of_a_stream_that_was_rolled_back_goes_to_another():
    def look(seen, event):
        if event.type == "Broken":
            raise ValueError("no")
        return event.stream

    store = with_streams("a", "b")
    view = el.ReadModel(store, el.Fold(look, None, name="names"), inline=True)
    view.catch_up()

    with pytest.raises(el.EventLabError):
        store.append("gone", [el.Event("Seen", {}), el.Event("Broken", {})])
    store.append("c", el.Event("Seen", {}))

    assert streams_of(store) == ["a", "b", "c"]
    assert streams_of(store.stream("gone", "b")) == ["b"]
    assert streams_of(store.stream("c", "b")) == ["b", "c"]


def test_a_branch_gives_its_own_streams_numbers_of_its_own():
    store = with_streams("a", "b")
    branch = store.branch(insert={1: ("new", el.Event("Seen", {}))})
    store.append("later", el.Event("Seen", {}))

    assert streams_of(branch) == ["a", "new", "b"]
    assert streams_of(branch.stream("new", "b")) == ["new", "b"]
    assert streams_of(branch.stream("later", "b")) == ["b"]
    assert streams_of(store.stream("later", "a")) == ["a", "later"]


def test_numbers_come_in_the_order_of_the_names():
    store = with_streams("b", "a")

    with store.borrowed() as con:
        known = KnownStreams()
        assert list(known.numbers(con, {"b", "a"}).items()) == [("a", 2), ("b", 1)]
        assert known.numbers(con, {"b", "none"}) == {"b": 1}
        assert known.numbers(con, set()) == {}


@pytest.mark.parametrize("streams", [2, knownstreams.FEW + 2])
def test_a_name_that_was_rolled_back_is_not_remembered_among_many_either(streams):
    store = with_streams(*(f"card-{n:03}" for n in range(1, streams)))
    seen = el.Projection("seen", n=el.count())
    con = store.cursor()
    con.execute("begin")
    con.execute("insert into streams values ($no, 'gone-1', 'gone')", {"no": streams})
    con.execute(
        "insert into events select * replace ($no as position, $no as stream_no) from events "
        "where position = 1",
        {"no": streams},
    )

    inside = seen(LogWithin(store, con))
    con.execute("rollback")
    store.append("kept-1", el.Event("Seen", {}))

    assert inside.index[-1] == "gone-1"
    assert seen(store).index[-1] == "kept-1"
