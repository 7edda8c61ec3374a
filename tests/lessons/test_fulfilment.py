"""Does the process manager come to the same end, whatever comes twice, fails, or dies on the way?"""

from collections import Counter, defaultdict

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import Crashed, OutOfTurn
from eventlab.lessons.shop import (
    REQUESTED,
    Services,
    TellingShop,
    by_chance,
    fulfilment,
    manage,
    subscribe,
)
from tests.examples import of_many, seeds

REFUSALS = {"unpaid": ["order-2"], "missing": ["order-3"]}
"""Order 1 is sold, order 2 not paid, order 3 out of stock."""

ENDS = {
    "fulfilment-1": ["PaymentRequested", "StockRequested", "ShippingRequested", "OrderFulfilled"],
    "fulfilment-2": ["PaymentRequested", "OrderCancelled"],
    "fulfilment-3": ["PaymentRequested", "StockRequested", "RefundRequested", "OrderCancelled"],
    "payment-1": ["PaymentTaken"],
    "payment-2": ["PaymentRefused"],
    "payment-3": ["PaymentTaken", "PaymentReturned"],
    "stock-1": ["StockReserved"],
    "stock-3": ["StockMissing"],
    "shipping-1": ["ParcelSent"],
    **{f"mail-{number}": ["LetterWritten"] for number in (1, 2, 3)},
    **{f"order-{number}": ["OrderPlaced"] for number in (1, 2, 3)},
}

WORKS = {
    ("charge", "order-1"): 1,
    ("charge", "order-3"): 1,
    ("pay back", "order-3"): 1,
    ("reserve", "order-1"): 1,
    ("send", "order-1"): 1,
    **{("write", f"order-{number}"): 1 for number in (1, 2, 3)},
}


def events(*types):
    return [el.Event(type) for type in types]


def orders(*numbers):
    store = el.EventStore(clock=lambda: "2026-03-01")
    for number in numbers:
        TellingShop(store).place(f"order-{number}", {"amount": 10 * number})
    return store


def process(store, services, faults=None, witness=None):
    """A bus with manager and services, as a freshly started process has it."""
    bus = el.Bus(store, faults=faults, witness=witness, sleep=lambda seconds: None)
    manage(bus)
    subscribe(bus, services, REQUESTED)
    return bus


def delivered(store, services, faults=None):
    """Deliver all, starting anew after each crash, and trying again what was given up; count the crashes."""
    crashes = 0
    while True:
        bus = process(store, services, faults)
        try:
            bus.deliver()
            given_up = bus.dead_letters()["consumer"].unique()
            for consumer in given_up:
                bus.retry(consumer)
        except Crashed:
            crashes += 1
            continue
        if not len(given_up):
            return crashes


def ends(store):
    """The types of each stream; between streams the order may differ."""
    streams = defaultdict(list)
    for event in store:
        streams[event.stream].append(event.type)
    return dict(streams)


def ends_of(number):
    return {stream: types for stream, types in ENDS.items() if stream.endswith(f"-{number}")}


def works_for(number):
    return {done: 1 for done in WORKS if done[1] == f"order-{number}"}


def works(services):
    done = services.done()
    return Counter(zip(done["work"], done["order"], strict=True))


# -- the rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "heard", "then"),
    [
        ([], "OrderPlaced", "PaymentRequested"),
        (["PaymentRequested"], "PaymentTaken", "StockRequested"),
        (["PaymentRequested"], "PaymentRefused", "OrderCancelled"),
        (["PaymentRequested", "StockRequested"], "StockReserved", "ShippingRequested"),
        (["PaymentRequested", "StockRequested"], "StockMissing", "RefundRequested"),
        (
            ["PaymentRequested", "StockRequested", "RefundRequested"],
            "PaymentReturned",
            "OrderCancelled",
        ),
        (
            ["PaymentRequested", "StockRequested", "ShippingRequested"],
            "ParcelSent",
            "OrderFulfilled",
        ),
    ],
)
def test_every_step_of_the_way(told, heard, then):
    el.given(fulfilment, *events(*told)).when(el.Event(heard)).then(el.Event(then))


def test_a_request_carries_on_what_the_order_said():
    placed = el.Event("OrderPlaced", {"amount": 48, "item": "lantern"})

    el.given(fulfilment).when(placed).then(
        el.Event("PaymentRequested", {"amount": 48, "item": "lantern"})
    )


def test_what_comes_twice_leads_to_nothing():
    paid = events("PaymentRequested", "StockRequested")

    for heard in events("OrderPlaced", "PaymentTaken"):
        el.given(fulfilment, *paid).when(heard).then_nothing()


def test_an_answer_that_was_never_asked_for_is_refused_and_not_passed_over():
    el.given(fulfilment, *events("PaymentRequested")).when(el.Event("ParcelSent")).then_raises(
        OutOfTurn,
        match="answers ShippingRequested, which was never asked for; so far .* PaymentRequested",
    )


ANSWERS = {
    "sold": {
        "PaymentRequested": "PaymentTaken",
        "StockRequested": "StockReserved",
        "ShippingRequested": "ParcelSent",
    },
    "not paid": {"PaymentRequested": "PaymentRefused"},
    "out of stock": {
        "PaymentRequested": "PaymentTaken",
        "StockRequested": "StockMissing",
        "RefundRequested": "PaymentReturned",
    },
}


def arrivals(answers, told=(), heard=()):
    """Yield the ends of every order in which events can arrive: each up to twice, once its cause is there."""
    there = ["OrderPlaced", *(answers[asked] for asked in told if asked in answers)]
    coming = [event for event in there if heard.count(event) < 2]
    if not coming:
        yield told
    for event in coming:
        decided = fulfilment.decided(el.Event(event), told)
        yield from arrivals(answers, (*told, *(e.type for e in decided)), (*heard, event))


@pytest.mark.parametrize(
    ("fate", "number", "orders"), [("sold", 1, 105), ("not paid", 2, 3), ("out of stock", 3, 105)]
)
def test_every_order_of_arrival_comes_to_the_same_end(fate, number, orders):
    ended = list(arrivals(ANSWERS[fate]))

    assert set(ended) == {tuple(ENDS[f"fulfilment-{number}"])}
    assert (
        len(ended) == orders
    )  # of 2, 4, 8 deliveries: 1·3·5·7, as each event waits for the one before


# -- on a bus --------------------------------------------------------------------------------------


def test_three_orders_come_to_three_ends():
    store, services = orders(1, 2, 3), Services.with_fates(**REFUSALS)

    delivered(store, services)

    assert ends(store) == ENDS
    assert works(services) == WORKS


def test_each_step_is_caused_by_the_one_before():
    store = orders(1, 2, 3)
    delivered(store, Services.with_fates(**REFUSALS))

    trace = store.trace("order-3")

    assert trace["tree"].tolist() == [
        "OrderPlaced",
        "└─ PaymentRequested",
        "   └─ PaymentTaken",
        "      └─ StockRequested",
        "         └─ StockMissing",
        "            └─ RefundRequested",
        "               └─ PaymentReturned",
        "                  └─ OrderCancelled",
        "                     └─ LetterWritten",
    ]


def test_whatever_the_schedule_they_end_in_the_same_state():
    chances = {
        "drop": 0.1,
        "duplicate": 0.15,
        "delay": 0.1,
        "reorder": 0.1,
        "crash_before": 0.05,
        "crash_after": 0.05,
    }
    crashes, struck = 0, Counter()

    for seed in seeds(8):
        number = (3, 1, 3, 2)[seed % 4]
        fates = {
            name: by_chance(f"{seed}/{name}", down=0.15, silent=0.15)
            for name in ("payment", "stock", "shipping", "mail")
        }
        services = Services.with_fates(**fates, **REFUSALS)
        with orders(number) as store:
            faults = el.Faults(seed, **chances)
            crashes += delivered(store, services, faults)

            assert ends(store) == ends_of(number)
            assert works(services) == works_for(number)
            struck.update(faults.schedule["fault"])

    assert set(struck) == set(chances)
    assert crashes > 5


def deliveries(number):
    """Every delivery of a run without faults: to whom, and at which position."""
    told = []
    process(
        orders(number),
        Services.with_fates(**REFUSALS),
        witness=lambda what, consumer, event: told.append((consumer, event.position)),
    ).deliver()
    return told


@pytest.mark.parametrize(("number", "points"), [(1, 8), (2, 4), (3, 8)])
def test_a_crash_at_each_point_changes_nothing(number, points):
    found = deliveries(number)
    assert len(found) == points

    for place, (consumer, position) in enumerate(found):
        for fault in of_many(("crash_before", "crash_after"), start=(place + number // 2) % 2):
            row = {"consumer": consumer, "position": position, "delivery": 1, "fault": fault}
            services = Services.with_fates(**REFUSALS)
            with orders(number) as store:
                faults = el.Faults.from_schedule(pd.DataFrame([row]))

                assert delivered(store, services, faults) == 1
                assert ends(store) == ends_of(number)
                assert works(services) == works_for(number)


def test_an_answer_that_came_too_early_is_a_dead_letter_until_it_was_asked_for():
    store, services = orders(1), Services.with_fates()
    store.append("shipping-1", el.Event("ParcelSent"))
    bus = process(store, services)

    bus.deliver()

    letters = bus.dead_letters()
    assert letters["stream"].tolist() == [
        "shipping-1",
        "shipping-1",
    ]  # the true one waits behind it
    assert letters["error"][0].startswith("OutOfTurn: ParcelSent answers ShippingRequested")

    bus.retry("fulfilment")
    bus.deliver()

    assert ends(store)["fulfilment-1"] == ENDS["fulfilment-1"]
    assert works(services) == works_for(1)


@pytest.mark.parametrize("call", range(4))
def test_dying_while_a_service_works_does_nothing_twice(call):
    services = Services.with_fates(payment=[*["works"] * call, "fatal"], **REFUSALS)
    store = orders(1, 2, 3)

    assert delivered(store, services) == 1
    assert ends(store) == ENDS
    assert works(services) == WORKS
