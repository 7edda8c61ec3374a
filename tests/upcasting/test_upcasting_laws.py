"""The law: old events with upcasters read as if today's events had been written in the first place."""

from collections import defaultdict

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.upcasting import default, drop, rename, rename_type, split
from tests.examples import examples


@pytest.fixture(autouse=True, scope="module")
def a_few_old_rows_are_read_as_many_are():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eventlab.store.upcasted._WORTH_A_SCAN", 1)
        patch.setattr("eventlab.store.upcasted._TYPES_IN_A_POSITION", 0)
        patch.setattr("eventlab.store.upcasted.ROW_GROUP", 2)
        patch.setattr("eventlab.store.upcasted._WORTH_SHREDDING", 1)
        yield


def both_sides(data):
    return [
        el.Event("Took", {"n": data["n"]}),
        el.Event("Gave", {"n": data["n"], "by": "shop"}, schema=3),
    ]


UPCASTERS = [
    rename("Gave", 1, amount="n"),
    default("Gave", 2, by="shop"),
    rename_type("Given", 1, to="Gave", to_schema=2),
    split("Moved", 1, into=both_sides),
    drop("Seen", 1),
]

# What was written, and by hand what is to be read.
KINDS = {
    "Gave 1": (
        lambda n: el.Event("Gave", {"amount": n}, schema=1),
        lambda n: [el.Event("Gave", {"n": n, "by": "shop"}, schema=3)],
    ),
    "Gave 2": (
        lambda n: el.Event("Gave", {"n": n, "by": "ana"}, schema=2),
        lambda n: [el.Event("Gave", {"n": n, "by": "ana"}, schema=3)],
    ),
    "Gave 3": (
        lambda n: el.Event("Gave", {"n": n, "by": "bob"}, schema=3),
        lambda n: [el.Event("Gave", {"n": n, "by": "bob"}, schema=3)],
    ),
    "Given": (
        lambda n: el.Event("Given", {"n": n}, schema=1),
        lambda n: [el.Event("Gave", {"n": n, "by": "shop"}, schema=3)],
    ),
    "Moved": (
        lambda n: el.Event("Moved", {"n": n}, schema=1),
        lambda n: [el.Event("Took", {"n": n}), el.Event("Gave", {"n": n, "by": "shop"}, schema=3)],
    ),
    "Seen": (lambda n: el.Event("Seen", {"n": n}, schema=1), lambda n: []),
    "Took": (lambda n: el.Event("Took", {"n": n}), lambda n: [el.Event("Took", {"n": n})]),
}
SAME_PLACES = ["Gave 1", "Gave 2", "Gave 3", "Given", "Took"]

sums = el.Projection(
    "sums",
    n=el.total("n", plus="Gave", minus="Took"),
    first=el.first("type"),
    last=el.last("n"),
    by=el.last("by"),
    most=el.greatest("n"),
    kinds=el.distinct("type"),
)


def evolve(state, event):
    sign = {"Gave": 1, "Took": -1}[event.type]
    return {"n": state["n"] + sign * event.data["n"], "by": event.data.get("by", state["by"])}


folded = el.Fold(evolve, initial={"n": 0, "by": None}, name="folded")


def histories(kinds):
    entry = st.tuples(st.sampled_from(kinds), st.sampled_from("ab"), st.integers(-9, 9))
    return st.lists(entry, min_size=1, max_size=12)


def written(history):
    store = el.EventStore(upcasters=UPCASTERS, clock=lambda: "2026-01-31")
    for kind, stream, n in history:
        store.append(stream, KINDS[kind][0](n))
        len(store)  # upcasted as the log grows, not at once
    return store


def wished(history):
    store = el.EventStore(clock=lambda: "2026-01-31")
    for kind, stream, n in history:
        for event in KINDS[kind][1](n):
            store.append(stream, event)
    return store


def told(log):
    return [(event.stream, event.type, event.data, event.schema) for event in log]


@given(history=histories(SAME_PLACES), at=st.integers(0, 12))
@examples(3)
def test_where_places_stay_everything_is_equal(history, at):
    old, new = written(history), wished(history)

    for log, model in ((old, new), (old.until(position=at), new.until(position=at))):
        pd.testing.assert_frame_equal(log.events(), model.events())
        pd.testing.assert_frame_equal(log.streams(), model.streams())
        for projection in (sums, folded):
            pd.testing.assert_frame_equal(projection(log), projection(model))
            pd.testing.assert_frame_equal(projection.lifetimes(log), projection.lifetimes(model))
    for projection in (sums, folded):
        pd.testing.assert_frame_equal(
            projection.diff(old.until(position=at), old),
            projection.diff(new.until(position=at), new),
        )
        pd.testing.assert_frame_equal(
            projection.panel(old, at=[at, 12]), projection.panel(new, at=[at, 12])
        )
        stream = history[0][1]
        pd.testing.assert_frame_equal(
            projection.history(old, stream), projection.history(new, stream)
        )
        pd.testing.assert_frame_equal(projection.blame(old, stream), projection.blame(new, stream))


@given(history=histories(list(KINDS)), at=st.integers(0, 12))
@examples(3)
def test_where_events_are_split_and_dropped_what_happened_is_equal(history, at):
    old, new = written(history), wished(history)
    upto = wished(history[:at])

    assert told(old) == told(new)
    assert told(old.until(position=at)) == told(upto)
    assert told(old.until(occurred="2026-02-01")) == told(new)
    for projection in (sums, folded):
        for log, model in ((old, new), (old.until(position=at), upto)):
            states = projection(log), projection(model)
            pd.testing.assert_frame_equal(*(s.drop(columns="position") for s in states))
        of_key = [projection.history(log, history[0][1]) for log in (old, new)]
        places = ["position", "version", "valid_until"]
        pd.testing.assert_frame_equal(*(frame.drop(columns=places) for frame in of_key))


@pytest.mark.parametrize("projection", [sums, folded])
@given(history=histories(list(KINDS)), at=st.integers(0, 12))
@examples(3)
def test_snapshots_and_read_models_change_no_answer(projection, history, at):
    store = written(history[:at])
    fast, view = el.Snapshots(store, projection, every=2), el.ReadModel(store, projection)
    view.catch_up()
    for kind, stream, n in history[at:]:
        store.append(stream, KINDS[kind][0](n))
    view.catch_up()

    pd.testing.assert_frame_equal(fast(store), projection(store))
    pd.testing.assert_frame_equal(
        fast(store.until(position=at)), projection(store.until(position=at))
    )
    pd.testing.assert_frame_equal(view.frame(), projection(store))


@given(history=histories(list(KINDS)), at=st.integers(1, 12))
@examples(3)
def test_a_branch_is_the_same_history_under_the_same_upcasters(history, at):
    store = written(history)
    fork = store.branch(at=min(at, store.head))
    for kind, stream, n in history[at:]:
        fork.append(stream, KINDS[kind][0](n))

    # Behind a dropped event the branch goes on counting where it ends.
    assert told(fork) == told(store)
    pd.testing.assert_frame_equal(*(sums(log).drop(columns="position") for log in (fork, store)))


@given(history=histories(list(KINDS)))
@examples(3)
def test_reading_changes_nothing_that_is_stored(history):
    store, plain = written(history), el.EventStore(clock=lambda: "2026-01-31")
    for kind, stream, n in history:
        plain.append(stream, KINDS[kind][0](n))

    sums(store)

    assert store.seal().digest == plain.seal().digest
    assert store.verify().empty
    pd.testing.assert_frame_equal(store.events(raw=True), plain.events())


def test_events_that_share_a_position_are_not_cut_apart_where_slices_meet(monkeypatch):
    monkeypatch.setattr("eventlab.store.reading.SLICE", 4)
    history = [("Moved", "a", n) for n in range(6)]
    store, model = written(history), wished(history)

    for cut in (
        lambda log: log,
        lambda log: log.stream("a"),
        lambda log: log.until(occurred="2026-02-01"),
    ):
        assert told(cut(store)) == told(cut(model))

    kept = defaultdict(list)
    for event in store:
        kept[event.position].append(event.type)
    assert set(map(tuple, kept.values())) == {("Took", "Gave")}
