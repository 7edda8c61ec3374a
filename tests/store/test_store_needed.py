"""What keeps something in a store is given the store itself."""

import pytest

import eventlab as el
from eventlab.errors import EventLabError, StoreNeeded

CARDS = el.Projection("cards", loads=el.count())
RULES = el.Decider(lambda command, state: None, lambda state, event: state, {})
KEEPERS = {
    "Bus(store)": el.Bus,
    "ReadModel(store, projection)": lambda store: el.ReadModel(store, CARDS),
    "Snapshots(store, projection)": lambda store: el.Snapshots(store, CARDS),
    "handle(store, decider, stream, command)": lambda store: el.handle(store, RULES, "card-7", 5),
}


@pytest.mark.parametrize("asked", KEEPERS)
def test_a_cut_is_refused_and_so_is_what_is_no_log(asked):
    store = el.EventStore()
    store.append("card-7", el.Event("CardLoaded"))

    for cut in (store.until(position=1), store.stream("card-7"), store.as_stored()):
        with pytest.raises(StoreNeeded) as said:
            KEEPERS[asked](cut)
        assert str(said.value) == (
            f"{asked} was given a cut, which is for reading only: give the store itself, an el.EventStore(…)."
        )
    with pytest.raises(EventLabError, match="was given a str: give the store itself"):
        KEEPERS[asked]("cards.duckdb")


@pytest.mark.parametrize("asked", KEEPERS)
def test_a_branch_is_a_store(asked):
    store = el.EventStore()
    store.append("card-7", el.Event("CardLoaded"))

    KEEPERS[asked](store.branch(at=1))
