"""A shop with three orders, and buses that do not wait."""

import pytest

import eventlab as el
from eventlab.errors import Crashed


def placed(total):
    return el.Event("OrderPlaced", {"total": total})


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
def bus(shop):
    return el.Bus(shop, sleep=lambda seconds: None)


@pytest.fixture
def deliver(shop):
    """Deliver everything to a target that is made anew after each crash, as a restarted process would."""

    def delivered(make, *types, faults=None, **terms):
        while True:
            bus = el.Bus(shop, faults=faults, sleep=lambda seconds: None)
            bus.consumer("outside", *types, **terms)(make())
            try:
                return bus, bus.deliver()
            except Crashed:
                continue

    return delivered


@pytest.fixture
def halved():
    """A store whose upcaster makes several events of one: 1 Sold a, 1 Sold b, 1 Sold b, 2 Closed."""

    @el.upcaster("Sale", schema=1)
    def apart(data):
        return [el.Event("Sold", {"what": what}) for what in data["what"]]

    with el.EventStore(clock=lambda: "2026-03-01", upcasters=[apart]) as store:
        store.append(
            "shop-1", [el.Event("Sale", {"what": ["a", "b", "b"]}, schema=1), el.Event("Closed")]
        )
        yield store
