"""In threads: does every consumer get everything, once where nothing fails, and each stream in order?"""

import gc
import os
import threading
import time
import weakref
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from tests.examples import examples

APPENDS = int(os.environ.get("EVENTLAB_SOAK", "300"))


def until(true, seconds=20):
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.005)
    return true()


def test_a_running_bus_catches_up_and_then_hears_of_every_append(shop):
    got = []
    bus = el.Bus(shop)
    bus.consumer("mail")(lambda event: got.append(event.position))

    with bus.run():
        assert until(lambda: got == [1, 2, 3, 4])
        shop.append("order-4", el.Event("OrderPlaced", {"total": 1}))
        assert until(lambda: got == [1, 2, 3, 4, 5])

    shop.append("order-5", el.Event("OrderPlaced", {"total": 1}))
    assert bus.deliver() == {"mail": 1}  # stopped: it is delivered by hand again
    assert bus.error is None


def test_a_running_bus_with_a_sleep_of_its_own_tries_again_too(shop, sleep):
    got, failures = [], [1, 2]
    bus = el.Bus(shop, sleep=sleep)

    @bus.consumer("mail")
    def write(event):
        if failures:
            raise RuntimeError(failures.pop())
        got.append(event.position)

    with bus.run():
        assert until(lambda: got == [1, 2, 3, 4])

    assert sleep.asked == [0.1, 0.2]
    assert bus.error is None


def test_closing_the_store_lets_the_delivery_under_way_finish_and_keeps_the_checkpoint(tmp_path):
    path, handling, go_on = tmp_path / "shop.duckdb", threading.Event(), threading.Event()
    store = el.EventStore(path)
    store.append("order-1", el.Event("OrderPlaced"))
    bus = el.Bus(store).run()

    @bus.consumer("mail")
    def write(event):
        handling.set()
        go_on.wait(20)

    store.append("order-1", el.Event("OrderPaid"))
    assert handling.wait(20)
    threading.Timer(0.05, go_on.set).start()
    store.close()

    assert bus.error is None
    with el.EventStore(path) as again:
        assert el.Bus(again).lag()[["consumer", "checkpoint"]].to_numpy().tolist() == [["mail", 2]]


def test_while_producers_append_nothing_is_lost_or_out_of_order():
    with el.EventStore() as store:
        bus, got = el.Bus(store), defaultdict(list)
        for name, workers in (("one", 1), ("two", 1), ("three", 3)):
            bus.consumer(name, workers=workers)(lambda event, name=name: got[name].append(event))

        def produce(part):
            for number in range(APPENDS // 3):
                store.append(f"order-{part}-{number % 7}", el.Event("OrderPlaced"))

        with bus.run():
            producers = [threading.Thread(target=produce, args=(part,)) for part in range(3)]
            for producer in producers:
                producer.start()
            for producer in producers:
                producer.join()
            head = store.head
            assert until(lambda: all(len(events) >= head for events in got.values()), 120)

        for events in got.values():
            assert sorted(event.position for event in events) == list(range(1, head + 1))
            versions = defaultdict(list)
            for event in events:
                versions[event.stream].append(event.version)
            assert all(found == sorted(found) for found in versions.values())
        assert [event.position for event in got["one"]] == list(range(1, head + 1))


@examples(6)
@given(streams=st.lists(st.integers(1, 4), min_size=1, max_size=40), workers=st.integers(2, 5))
def test_workers_keep_the_order_within_each_stream(streams, workers):
    with el.EventStore() as store:
        for stream in streams:
            store.append(f"order-{stream}", el.Event("OrderPlaced"))
        bus, got = el.Bus(store), []
        bus.consumer("mail", workers=workers)(got.append)

        assert bus.deliver() == {"mail": len(streams)}

    assert sorted(event.position for event in got) == list(range(1, len(streams) + 1))
    for stream in set(streams):
        versions = [event.version for event in got if event.stream == f"order-{stream}"]
        assert versions == list(range(1, streams.count(stream) + 1))


def test_a_bus_that_nobody_holds_goes_at_once_and_its_store_with_it():
    store = el.EventStore()
    bus = el.Bus(store)
    bus.consumer("mail")(lambda event: None)
    gone = [weakref.ref(bus), weakref.ref(store)]

    gc.disable()
    try:
        del bus, store
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()
