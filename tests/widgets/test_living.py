"""How many streams live at each moment, counted once and looked up: the same as folding up to there."""

import pytest
from hypothesis import given

import eventlab as el
from eventlab.widgets.living import Living
from tests.projections.test_laws import CARD, CARDS, laws, logs, store_of

CUTS = {
    "all": lambda store: store,
    "up to a position": lambda store: store.until(position=9),
    "some streams": lambda store: store.stream("card-1", "card-2"),
    "without the first": lambda store: store.since(position=3),
    "some types": lambda store: store.only("CardLoaded", "CardClosed"),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("ends_with", [(), ("CardClosed",)], ids=["for ever", "with an end"])
@laws
@given(rows=logs)
def test_it_is_the_number_of_rows_at_every_position(cut, ends_with, rows):
    cards = el.Projection("cards", loads=el.count("CardLoaded"), ends_with=ends_with)
    with store_of(rows) as store:
        log = cut(store)
        living = Living(log, ends_with)

        for position in range(17):
            assert living.at(position) == len(cards(log.until(position=position)))


def test_in_a_branch_the_first_event_that_is_left_is_the_first():
    store = el.EventStore()
    for stream in ("card-1", "card-2", "card-1"):
        store.append(stream, el.Event("CardLoaded", {"amount": 20}))

    living = Living(store.branch(drop=[1]))

    assert [living.at(position) for position in range(3)] == [0, 1, 2]


def test_where_upcasters_leave_an_event_out_the_next_one_is_the_first():
    @el.upcaster("CardIssued", schema=1)
    def forgotten(data):
        return []

    store = el.EventStore(upcasters=[forgotten])
    issued = el.Event("CardIssued", schema=1)
    store.append("card-1", [issued, el.Event("CardLoaded", {"amount": 20})])
    store.append("card-2", issued)

    living = Living(store)

    assert [living.at(position) for position in range(4)] == [0, 0, 1, 1]


def test_folds_and_snapshots_say_what_ends_a_life():
    assert CARD.ends_with == CARDS.ends_with == ("CardClosed",)
    assert el.Snapshots(el.EventStore(), CARD).ends_with == ("CardClosed",)
