"""Does a handler that keeps its promises come to the same end, whatever the network and the machine do?"""

import contextlib
from collections import Counter

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import Crashed, InvalidFaults
from tests.examples import seeds

CHANCES = {
    "drop": 0.1,
    "duplicate": 0.15,
    "delay": 0.1,
    "reorder": 0.1,
    "crash_before": 0.05,
    "crash_after": 0.05,
}


def three_orders():
    return orders(1, 2, 3)


def orders(*numbers):
    store = el.EventStore(clock=lambda: "2026-03-01")
    for number in numbers:
        store.append(f"order-{number}", el.Event("OrderPlaced", {"total": 10 * number}))
    store.append("order-1", el.Event("OrderPaid", {"total": 10}))
    return store


def billing(store, bus, idempotent=True):
    """Send an invoice for every order, and note the events of each stream as they come."""
    seen = []

    @bus.consumer("billing", "OrderPlaced", idempotent=idempotent, commit_every=1)
    def bill(event):
        number = event.stream.removeprefix("order-")
        store.append(f"invoice-{number}", el.Event("InvoiceSent", {"total": event.data["total"]}))

    @bus.consumer("mail", commit_every=1)
    def write(event):
        seen.append((event.stream, event.version))

    return seen


def delivered(store, faults, **terms):
    """Deliver everything, beginning anew after each crash as a restarted process would."""
    seen, crashes = [], 0
    while True:
        bus = el.Bus(store, faults=faults, sleep=lambda seconds: None)
        part = billing(store, bus, **terms)
        try:
            bus.deliver()
        except Crashed:
            crashes += 1
            seen += part
            continue
        return seen + part, crashes


def totals(store):
    return Counter(event.data["total"] for event in store.only("InvoiceSent"))


def test_two_hundred_schedules_end_in_the_same_state():
    struck = Counter()

    for seed in seeds(200):
        with orders(1, 2) as store:  # of two streams, one may overtake the other
            faults = el.Faults(seed, **CHANCES)
            seen, _ = delivered(store, faults)

            assert totals(store) == {10: 1, 20: 1}
            assert {("order-1", 1), ("order-1", 2), ("order-2", 1)} <= set(seen)
            first = [version for stream, version in dict.fromkeys(seen) if stream == "order-1"]
            assert first == [1, 2]  # nothing of a stream is first heard of out of order
            struck.update(faults.schedule["fault"])

    assert set(struck) == set(CHANCES)


def test_a_careless_handler_does_not_survive_them():
    found = set()
    for seed in range(15):
        with three_orders() as store:
            delivered(store, el.Faults(seed, **CHANCES), idempotent=False)
            found.add(sum(totals(store).values()))

    assert max(found) > 3


def test_the_same_schedule_is_the_same_run():
    with three_orders() as store:
        first = el.Faults(11, **CHANCES)
        told = delivered(store, first)

    with three_orders() as store:
        again = el.Faults.from_schedule(first.schedule)
        assert delivered(store, again) == told
    pd.testing.assert_frame_equal(again.schedule, first.schedule)


def schedule(*rows):
    return pd.DataFrame(rows, columns=["consumer", "position", "delivery", "fault"])


@pytest.mark.parametrize(("fault", "sent"), [("crash_before", 0), ("crash_after", 1)])
def test_a_crash_is_before_or_after_the_work_and_always_before_the_checkpoint(fault, sent):
    with three_orders() as store:
        bus = el.Bus(store, faults=el.Faults.from_schedule(schedule(("billing", 1, 1, fault))))
        billing(store, bus, idempotent=False)

        with pytest.raises(Crashed, match="position 1"):
            bus.deliver()

        assert len(store.only("InvoiceSent")) == sent
        assert bus.lag().set_index("consumer").loc["billing", "checkpoint"] == 0


@pytest.mark.parametrize("fault", ["duplicate", "crash_after"])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_delivered_twice_has_its_payload_as_it_was_recorded(fault, workers):
    seen = []
    with three_orders() as store:
        bus = el.Bus(store, faults=el.Faults.from_schedule(schedule(("billing", 1, 1, fault))))

        @bus.consumer("billing", "OrderPlaced", workers=workers)
        def bill(event):
            seen.append(event.data["total"])
            event.data["total"] += 1

        with contextlib.suppress(Crashed):
            bus.deliver()
        bus.deliver()

    assert (seen.count(10), set(seen)) == (2, {10, 20, 30})


def test_an_event_that_is_overtaken_comes_after_one_of_another_stream():
    with three_orders() as store:
        faults = el.Faults.from_schedule(schedule(("mail", 1, 1, "reorder")))
        bus = el.Bus(store, faults=faults)
        seen = []
        bus.consumer("mail")(lambda event: seen.append(event.position))
        bus.deliver()

    assert seen == [2, 1, 3, 4]


@pytest.mark.parametrize(
    ("chances", "words"),
    [
        ({"drop": 1.5}, "no chance"),
        ({"drop": True}, "no chance"),
        ({"drop": 0.6, "delay": 0.6}, "come to 1.2"),
    ],
    ids=["beyond one", "a flag", "too much in all"],
)
def test_chances_that_let_nothing_through_are_refused(chances, words):
    with pytest.raises(InvalidFaults, match=words):
        el.Faults(**chances)


def test_a_schedule_that_lacks_a_column_or_names_no_fault_is_refused():
    with pytest.raises(InvalidFaults, match="no column fault"):
        el.Faults.from_schedule(schedule().drop(columns="fault"))
    with pytest.raises(InvalidFaults, match="'fire' is no fault"):
        el.Faults.from_schedule(schedule(("mail", 1, 1, "fire")))
