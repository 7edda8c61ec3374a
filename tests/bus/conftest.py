"""A shop with three orders, and a sleep that does not wait."""

import pytest

import eventlab as el


def placed(total):
    return el.Event("OrderPlaced", {"total": total})


class Sleep:
    """Waits for nothing and notes how long it was asked to."""

    def __init__(self):
        self.asked = []

    def __call__(self, seconds):
        self.asked.append(round(seconds, 3))


@pytest.fixture
def sleep():
    return Sleep()


@pytest.fixture
def shop():
    """Positions: 1 order-1 placed, 2 order-2 placed, 3 order-1 paid, 4 order-3 placed."""
    with el.EventStore(clock=lambda: "2026-03-01T12:00:00Z") as store:
        store.append("order-1", placed(20))
        store.append("order-2", placed(30))
        store.append("order-1", el.Event("OrderPaid", {"total": 20}))
        store.append("order-3", placed(40))
        yield store


@pytest.fixture
def bus(shop, sleep):
    return el.Bus(shop, sleep=sleep)
