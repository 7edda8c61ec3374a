"""One name may be a number in one event type and a text in another: who asks for the number gets it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import SnapshotWarning, UntypedField
from tests.examples import examples

LOADED = el.Projection(
    "loaded",
    balance=el.total("size", plus="Loaded", minus="Redeemed"),
    doubled=el.total("data.size * 2", on="Loaded"),
    label=el.last("size", on="Labelled"),
    most=el.greatest("size", on=["Loaded", "Redeemed"]),
)
SIZES = el.Projection("sizes", size=el.total("size"))


def store_of(*events):
    store = el.EventStore()
    for stream, kind, size in events:
        store.append(stream, el.Event(kind, {} if size is ... else {"size": size}))
    return store


def rows(frame):
    """Give the frame's rows with None for whatever is missing, whichever way its column says so."""
    plain = frame.astype(object)
    return dict(zip(frame.index, plain.where(frame.notna(), None).values.tolist(), strict=True))


@pytest.fixture
def mixed():
    return store_of(
        ("a", "Loaded", 20), ("a", "Labelled", "large"), ("b", "Loaded", 7), ("a", "Redeemed", 5)
    )


def test_a_column_that_names_its_types_computes_with_theirs_alone(mixed):
    found = LOADED(mixed)

    assert rows(found) == {"a": [15, 40, "large", 20, 4], "b": [7, 14, None, 7, 3]}
    assert [str(found[name].dtype) for name in ("balance", "doubled", "most")] == ["int64"] * 3


def test_numbers_of_one_type_may_be_whole_and_of_another_not(mixed):
    mixed.append("b", el.Event("Redeemed", {"size": 0.5}))

    assert rows(LOADED(mixed)) == {"a": [15, 40, "large", 20, 4], "b": [6.5, 14, None, 7, 5]}


@pytest.mark.parametrize("first", ["large", None, ...])
def test_a_type_that_was_never_seen_with_a_value_contributes_none(first):
    store = store_of(
        ("a", "Labelled", "small"), ("a", "Loaded", first if first != "large" else ...)
    )

    assert rows(LOADED(store)) == {"a": [0, 0, "small", None, 2]}


def test_history_diff_and_panel_know_the_types_too(mixed):
    assert LOADED.history(mixed, "a")["balance"].tolist() == [20, 20, 15]
    assert LOADED.panel(mixed, [1, 4])["balance"].tolist() == [20, 15, 7]
    assert LOADED.lifetimes(mixed)["doubled"].tolist() == [40, 40, 14, 40]
    found = LOADED.diff(mixed.until(position=2), mixed)
    assert found[["key", "field", "after", "position"]].values.tolist() == [
        ["a", "balance", 15, 4],
        ["b", "balance", 7, 3],
        ["b", "doubled", 14, 3],
        ["b", "most", 7, 3],
    ]


@pytest.mark.parametrize(
    "cut",
    [
        lambda log: log.until(position=1),
        lambda log: log.only("Loaded"),
        lambda log: log.stream("b"),
        lambda log: log.branch(drop=[2]),
        lambda log: log.branch(at=1),
    ],
    ids=["until", "only", "stream", "dropped", "branch"],
)
def test_a_column_over_all_types_is_typed_by_what_the_log_holds(mixed, cut):
    log = cut(mixed)
    expected = store_of(*((e.stream, e.type, e.data["size"]) for e in log))

    assert rows(SIZES(log)["size"].to_frame()) == rows(SIZES(expected)["size"].to_frame())
    assert SIZES(log)["size"].dtype == "int64"


def test_where_the_log_holds_both_the_sum_is_refused_with_the_first_of_each(mixed):
    with pytest.raises(
        UntypedField, match=r"UINT64 first at position 1, VARCHAR first at position 2"
    ):
        SIZES(mixed)


def test_a_read_model_goes_on_when_another_type_has_the_name():
    store = store_of(("a", "Loaded", 20))
    views = [el.ReadModel(store, LOADED), el.ReadModel(store, SIZES)]
    for view in views:
        view.catch_up()

    store.append("a", el.Event("Labelled", {"size": "large"}))
    views[0].catch_up()

    assert rows(views[0].frame()) == {"a": [20, 40, "large", 20, 2]}
    with pytest.raises(el.errors.ReadModelFailed, match=r"event 2 \('Labelled'\)"):
        views[1].catch_up()


def test_snapshots_answer_for_the_cuts_that_have_an_answer():
    store = store_of(("a", "Loaded", 20), ("a", "Loaded", 3))
    sizes = el.Snapshots(store, SIZES, every=1)

    with pytest.warns(SnapshotWarning, match="could be taken"):
        store.append("a", el.Event("Labelled", {"size": "large"}))

    assert rows(sizes(store.until(position=2))) == {"a": [23, 2]}
    with pytest.raises(UntypedField):
        sizes(store)


VALUES = {
    "Loaded": st.one_of(st.integers(-9, 9), st.none()),
    "Redeemed": st.one_of(st.integers(-9, 9), st.sampled_from([0.5, 2.25])),
    "Labelled": st.sampled_from(["small", "large"]),
    "Seen": st.just(...),
}
EVENT = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(st.sampled_from("ab"), st.just(kind), VALUES[kind])
)


def by_hand(events):
    """Compute the state of LOADED with a loop."""
    state = {}
    for position, (stream, kind, size) in enumerate(events, start=1):
        row = state.setdefault(stream, [0, 0, None, None, 0])
        row[4] = position
        if size is None or size is ...:
            continue
        if kind == "Labelled":
            row[2] = size
            continue
        row[0] += size if kind == "Loaded" else -size
        row[1] += 2 * size if kind == "Loaded" else 0
        row[3] = size if row[3] is None else max(row[3], size)
    return dict(sorted(state.items()))


@examples(15)
@given(st.lists(EVENT, max_size=12), st.integers(0, 12), st.integers(1, 4))
def test_whatever_comes_later_every_cut_has_the_state_of_its_own_events(events, cut, every):
    store = store_of(*events)
    early = store.until(position=cut)
    view = el.ReadModel(store, LOADED)
    while view.lag:
        view.catch_up(limit=every)

    assert rows(LOADED(early)) == by_hand(events[:cut])
    assert rows(el.Snapshots(store, LOADED, every=every)(early)) == by_hand(events[:cut])
    assert rows(view.frame()) == by_hand(events)
