import pytest

import eventlab as el
from tests.deciding import cards


@pytest.fixture
def card():
    return cards.rules()


@pytest.fixture
def store():
    with el.EventStore(clock=lambda: "2026-03-01T12:00:00Z") as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        yield store
