"""A log of two cards, small enough to fold by hand."""

import pytest

import eventlab as el


@pytest.fixture
def two_cards() -> el.EventStore:
    """Card 1 loads 20 and 5, is closed, and loads 3; card 2 loads 10 in between, and 1 at the end."""
    store = el.EventStore()
    for stream, kind, amount in [
        ("card-1", "CardLoaded", 20),
        ("card-2", "CardLoaded", 10),
        ("card-1", "CardLoaded", 5),
        ("card-1", "CardClosed", 0),
        ("card-1", "CardLoaded", 3),
        ("card-2", "CardLoaded", 1),
    ]:
        store.append(stream, el.Event(kind, {"amount": amount}))
    return store
