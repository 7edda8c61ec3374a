"""How many streams live at each moment, counted once and looked up: the same as folding up to there."""

import pytest
from hypothesis import given

import eventlab as el
from eventlab.widgets.living import Living
from tests.projections.test_laws import CARD, CARDS, laws, logs, numbered, store_of

CUTS = {
    "all": (lambda store: store, lambda position, stream, kind: True),
    "up to a position": (
        lambda store: store.until(position=9),
        lambda position, stream, kind: position <= 9,
    ),
    "some streams": (
        lambda store: store.stream("card-1", "card-2"),
        lambda position, stream, kind: stream in ("card-1", "card-2"),
    ),
    "without the first": (
        lambda store: store.since(position=3),
        lambda position, stream, kind: position >= 3,
    ),
    "some types": (
        lambda store: store.only("CardLoaded", "CardClosed"),
        lambda position, stream, kind: kind in ("CardLoaded", "CardClosed"),
    ),
}


def counted(rows, belongs, ends_with):
    """Count by hand how many streams live before the first event and after each."""
    living = set()
    yield 0
    for position, (stream, kind, *_) in numbered(rows):
        if belongs(position, stream, kind):
            living = living - {stream} if kind in ends_with else living | {stream}
        yield len(living)


@pytest.mark.parametrize(("cut", "belongs"), CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("ends_with", [(), ("CardClosed",)], ids=["for ever", "with an end"])
@laws
@given(rows=logs)
def test_it_is_the_number_of_rows_at_every_position(cut, belongs, ends_with, rows):
    with store_of(rows) as store:
        living = Living(cut(store), ends_with)

        found = [living.at(position) for position in range(len(rows) + 1)]

    assert found == list(counted(rows, belongs, ends_with))


@pytest.mark.parametrize("ends_with", [(), ("CardClosed",)], ids=["for ever", "with an end"])
def test_it_is_what_a_projection_counts(ends_with):
    cards = el.Projection("cards", loads=el.count("CardLoaded"), ends_with=ends_with)
    story = ["CardLoaded", "CardLoaded", "CardClosed", "CardLoaded", "CardClosed", "CardClosed"]
    with el.EventStore() as store:
        for number, kind in enumerate(story):
            store.append(f"card-{number % 2}", el.Event(kind))
        living = Living(store, ends_with)

        for position in range(len(story) + 1):
            assert living.at(position) == len(cards(store.until(position=position)))


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
