"""Do both shops keep the same rules, and fail where and as they are said to?"""

from itertools import islice

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import AskerDied, ServiceFailed
from eventlab.lessons.shop import (
    CallingShop,
    Service,
    Services,
    TellingShop,
    by_chance,
    side_by_side,
    subscribe,
)

MONEY, GOODS, PARCEL, LETTER = (
    "charge",
    "reserve",
    "send",
    "write",
)


def works(services):
    """What was done, service by service."""
    return services.done()["work"].tolist()


def told_shop(services, **terms):
    """A shop that tells, and a bus whose services have done all there was to do for one order."""
    store = el.EventStore(clock=lambda: "2026-03-01")
    bus = el.Bus(store, sleep=lambda seconds: None)
    subscribe(bus, services, **terms)
    TellingShop(store).place("order-7", {"amount": 48})
    bus.deliver()
    return store, bus


# -- services --------------------------------------------------------------------------------------


def test_a_service_that_is_down_does_nothing():
    payment = Service("payment", ["down"])

    with pytest.raises(ServiceFailed, match=r"payment gave no answer .* 'order-7'"):
        payment.ask(MONEY, "order-7")

    assert payment.done == []


@pytest.mark.parametrize(("fate", "error"), [("silent", ServiceFailed), ("fatal", AskerDied)])
def test_an_answer_may_get_lost_after_the_work(fate, error):
    payment = Service("payment", [fate])

    with pytest.raises(error):
        payment.ask(MONEY, "order-7")

    assert payment.done == [("payment", MONEY, "order-7")]


def test_who_asks_again_is_served_twice_and_by_key_once():
    payment = Service("payment")

    for _ in range(2):
        payment.ask(MONEY, "order-7")
        payment.ask(MONEY, "order-8", key="k")

    assert [done.order for done in payment.done] == ["order-7", "order-8", "order-7"]


def test_a_key_gets_the_first_answer_again_also_a_no():
    stock = Service("stock", refuses=["order-7"])

    assert [stock.ask(GOODS, order, key=order) for order in ("order-7", "order-7", "order-8")] == [
        False,
        False,
        True,
    ]
    assert [done.order for done in stock.done] == ["order-8"]


def test_chances_are_drawn_from_the_seed():
    def drawn(seed):
        return list(islice(by_chance(seed, down=0.3, silent=0.3), 200))

    assert drawn(1) == drawn(1) != drawn(2)
    assert {"works", "down", "silent"} == set(drawn(1))
    assert set(islice(by_chance(1), 200)) == {"works"}


# -- the shop that calls ---------------------------------------------------------------------------


def test_the_shop_that_calls_goes_the_whole_way_while_the_customer_waits():
    services = Services.with_fates()
    shop = CallingShop(services)

    assert shop.place("order-7", {}) == "on its way"
    assert works(services) == [MONEY, GOODS, PARCEL, LETTER]
    assert shop.waited == shop.knows == ["payment", "stock", "shipping", "mail"]


def test_the_shop_that_calls_pays_back_what_it_cannot_deliver():
    services = Services.with_fates(missing=["order-7"])

    assert CallingShop(services).place("order-7", {}) == "out of stock"
    assert works(services) == [MONEY, "pay back"]


def test_the_shop_that_calls_takes_no_refused_payment_further():
    services = Services.with_fates(unpaid=["order-7"])

    assert CallingShop(services).place("order-7", {}) == "payment refused"
    assert works(services) == []


# -- the shop that tells ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusals", "done", "events"),
    [
        (
            {},
            [MONEY, GOODS, PARCEL, LETTER],
            ["PaymentTaken", "StockReserved", "ParcelSent", "LetterWritten"],
        ),
        (
            {"missing": ["order-7"]},
            [MONEY, "pay back", LETTER],
            ["PaymentTaken", "StockMissing", "PaymentReturned", "LetterWritten"],
        ),
        ({"unpaid": ["order-7"]}, [LETTER], ["PaymentRefused", "LetterWritten"]),
    ],
    ids=["sold", "out of stock", "not paid"],
)
def test_the_shop_that_tells_keeps_the_same_rules(refusals, done, events):
    services = Services.with_fates(**refusals)

    store, _ = told_shop(services)

    assert works(services) == done
    assert [event.type for event in store] == ["OrderPlaced", *events]


def test_the_shop_that_tells_makes_nobody_wait_and_calls_nobody():
    store = el.EventStore()
    services = Services.with_fates()
    subscribe(el.Bus(store), services)

    assert TellingShop(store).place("order-7", {}) == "thank you"
    assert works(services) == []


def test_an_order_is_placed_once():
    shop = TellingShop(el.EventStore())
    shop.place("order-7", {})

    with pytest.raises(el.ConcurrencyError):
        shop.place("order-7", {})


def test_all_that_comes_of_an_order_can_be_traced():
    store, _ = told_shop(Services.with_fates())

    trace = store.trace("order-7")

    assert trace["depth"].tolist() == [0, 1, 2, 3, 4]
    assert trace["stream"].tolist() == ["order-7", "payment-7", "stock-7", "shipping-7", "mail-7"]


def test_without_keys_a_lost_answer_is_paid_for_twice_on_a_bus_too():
    careless, careful = (Services.with_fates(payment=["silent"]) for _ in range(2))

    told_shop(careless, keyed=False)
    told_shop(careful)

    assert (careless.times(MONEY), careful.times(MONEY)) == (2, 1)


# -- both ------------------------------------------------------------------------------------------


def test_the_same_failures_side_by_side():
    found = side_by_side(
        {
            "mail is down": {"mail": ["down"] * 5},
            "dies": {"payment": ["fatal"]},
            "missing, and payment is down": {
                "missing": ["order-1"],
                "payment": ["works", *["down"] * 5],
            },
        }
    )

    sorry, after_money = "sorry, something went wrong", f"{GOODS}, {PARCEL}, {LETTER}"
    calls = ["calls", "calls, again", "calls, again by key"]
    rows = [
        *(
            ("mail is down", shop, sorry, n, LETTER)
            for shop, n in zip(calls, (4, 6, 6), strict=True)
        ),
        ("mail is down", "events", "thank you", 0, ""),
        *(("dies", shop, "nothing, ever", 1, after_money) for shop in calls),
        ("dies", "events", "thank you", 0, ""),
        *(
            ("missing, and payment is down", shop, sorry, n, "pay back")
            for shop, n in zip(calls, (3, 5, 5), strict=True)
        ),
        ("missing, and payment is down", "events", "thank you", 0, ""),
    ]
    columns = ["failure", "shop", "told", "waited", "lost"]
    expected = pd.DataFrame(rows, columns=columns).assign(twice="")
    pd.testing.assert_frame_equal(found, expected.set_index(["failure", "shop"]))


def test_asking_again_takes_the_money_twice_unless_by_key():
    found = side_by_side({"silent": {"payment": ["silent"]}})["twice"].droplevel("failure")

    assert found.to_dict() == {
        "calls": "",
        "calls, again": MONEY,
        "calls, again by key": "",
        "events": "",
    }
