"""From one call to the next: is what was read ahead delivered, and only where it is still to be delivered?"""

import eventlab as el
from eventlab.store import reading


def listening(bus, got, **terms):
    bus.consumer("mail", **terms)(lambda event: got.append((event.position, event.type)))
    return bus


def test_deliveries_one_at_a_time_read_the_log_once(bus, monkeypatch):
    got, reads = [], []
    batches = reading.batches
    monkeypatch.setattr(
        reading, "batches", lambda log, **how: reads.append(log) or batches(log, **how)
    )
    listening(bus, got)

    for _ in range(4):
        bus.deliver(limit=1)

    assert [position for position, _ in got] == [1, 2, 3, 4]
    assert len(reads) == 1


def test_what_was_read_ahead_is_dropped_where_another_bus_went_on(bus, shop, sleep):
    got, other_got = [], []
    listening(bus, got)
    other = listening(el.Bus(shop, sleep=sleep), other_got)

    bus.deliver(limit=1)
    other.deliver(limit=2)
    bus.deliver()

    assert [position for position, _ in got] == [1, 4]
    assert [position for position, _ in other_got] == [2, 3]


def test_a_part_of_an_event_comes_again_when_it_could_not_be_flushed(sleep):
    @el.upcaster("OrderSold", schema=1)
    def in_parts(data):
        return [el.Event("OrderPlaced"), el.Event("OrderPaid")]

    class Relay:
        def __init__(self):
            self.got, self.failures = [], 1

        def __call__(self, event):
            self.got.append((event.position, event.type))

        def flush(self):
            if self.failures:
                self.failures -= 1
                raise OSError("the broker is away")

    with el.EventStore(upcasters=[in_parts]) as store:
        store.append("order-1", el.Event("OrderSold", schema=1))
        bus, relay = el.Bus(store, sleep=sleep), Relay()
        bus.consumer("relay", commit_every=1)(relay)

        bus.deliver()

    assert relay.got == [
        (1, "OrderPlaced"),  # lost
        (1, "OrderPlaced"),
        (1, "OrderPaid"),
    ]
