"""Does every consumer get its events, in order, from where it stood, and no producer hear of it?"""

import contextlib
import threading

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import (
    BusError,
    ConcurrencyError,
    ConsumerBeyondLog,
    ConsumerForgotten,
    ConsumerInUse,
    InvalidConsumer,
    NotReplayable,
    ReadOnly,
    UnknownConsumer,
)


def collector(bus, name, *types, **terms):
    """Register a consumer that notes the positions it gets, and return the list."""
    got = []

    @bus.consumer(name, *types, **terms)
    def note(event):
        got.append(event.position)

    return got


def test_a_consumer_gets_the_events_of_its_types_in_order(bus):
    got = collector(bus, "mail", "OrderPlaced")

    assert bus.deliver() == {"mail": 3}
    assert got == [1, 2, 4]


def test_a_consumer_that_names_no_type_gets_all(bus):
    got = collector(bus, "audit")

    bus.deliver()

    assert got == [1, 2, 3, 4]


def test_a_decorated_handler_stays_a_function(bus):
    @bus.consumer("mail", "OrderPlaced")
    def subject(event):
        return f"Your order of {event['total']} €"

    assert subject({"total": 20}) == "Your order of 20 €"


def test_every_consumer_goes_on_from_its_own_checkpoint(shop):
    first = el.Bus(shop)
    collector(first, "mail", "OrderPlaced")
    first.deliver()

    shop.append("order-4", el.Event("OrderPlaced", {"total": 50}))
    second = el.Bus(shop)
    mail, billing = collector(second, "mail", "OrderPlaced"), collector(second, "billing")

    assert second.deliver() == {"mail": 1, "billing": 5}
    assert (mail, billing) == ([5], [1, 2, 3, 4, 5])


def test_a_checkpoint_outlives_the_process(tmp_path):
    with el.EventStore(tmp_path / "shop.duckdb") as store:
        store.append("order-1", [el.Event("OrderPlaced"), el.Event("OrderPaid")])
        bus = el.Bus(store)
        collector(bus, "audit")
        bus.deliver(limit=1)

    with el.EventStore(tmp_path / "shop.duckdb") as store:
        bus = el.Bus(store)
        got = collector(bus, "audit")
        bus.deliver()

    assert got == [2]


@pytest.mark.parametrize(
    ("start", "expected"), [("beginning", [1, 2, 3, 4, 5]), ("now", [5]), (3, [3, 4, 5])]
)
def test_a_new_consumer_starts_where_it_is_told(bus, shop, start, expected):
    got = collector(bus, "audit", start=start)
    shop.append("order-4", el.Event("OrderPlaced"))

    bus.deliver()

    assert got == expected


def test_a_start_behind_the_end_of_the_log_is_refused_and_leaves_nothing(bus, shop):
    with pytest.raises(InvalidConsumer, match=r"start=6, and the log ends at 4.*to 5"):
        collector(bus, "audit", start=6)
    assert bus.lag().empty

    got = collector(bus, "audit", start="beginning")
    shop.append("order-4", [el.Event("OrderPlaced"), el.Event("OrderPaid")])
    bus.deliver()

    assert got == [1, 2, 3, 4, 5, 6]


def test_where_it_starts_is_asked_of_a_new_consumer_only(bus, shop):
    collector(bus, "audit")
    bus.deliver()

    got = collector(el.Bus(shop), "audit", start=99)

    assert got == []
    assert bus.lag()["checkpoint"].tolist() == [4]


def test_a_limit_is_shared_in_turns(bus):
    mail, audit = collector(bus, "mail", "OrderPlaced"), collector(bus, "audit")

    assert bus.deliver(limit=3) == {"mail": 2, "audit": 1}
    assert bus.deliver(limit=3) == {"mail": 1, "audit": 2}
    assert bus.deliver(limit=9) == {"mail": 0, "audit": 1}
    assert (mail, audit) == ([1, 2, 4], [1, 2, 3, 4])


def test_several_workers_keep_to_the_limit_too(bus):
    audit = collector(bus, "audit", workers=2)

    assert bus.deliver(limit=1) == {"audit": 1}
    assert bus.deliver(limit=2) == {"audit": 2}
    assert sorted(audit) == [1, 2, 3]


def test_a_limit_is_shared_with_several_workers_while_another_consumer_tries_again(bus):
    failures = [1]

    @bus.consumer("billing")
    def bill(event):
        if failures:
            raise RuntimeError(failures.pop())

    collector(bus, "audit", workers=2)

    assert bus.deliver(limit=3) == {"billing": 0, "audit": 2}
    assert bus.deliver() == {"billing": 4, "audit": 2}


@pytest.mark.parametrize("limit", [-1, 2.5, True, "all"])
def test_a_limit_that_is_no_number_is_refused(bus, limit):
    collector(bus, "audit")

    with pytest.raises(BusError, match=r"limit=.*whole number from 0"):
        bus.deliver(limit)


def test_what_a_handler_appends_is_delivered_too(bus, shop):
    @bus.consumer("billing", "OrderPlaced")
    def bill(event):
        shop.append(event.stream, el.Event("InvoiceSent"))

    got = collector(bus, "mail", "InvoiceSent")

    assert bus.deliver() == {"billing": 3, "mail": 3}
    assert got == [5, 6, 7]


def test_what_a_handler_appends_names_its_cause(bus, shop):
    @bus.consumer("billing", "OrderPaid")
    def bill(event):
        shop.append("invoice-1", el.Event("InvoiceSent"))

    @bus.consumer("mail", "InvoiceSent")
    def write(event):
        shop.append("mail-1", el.Event("LetterWritten"))

    bus.deliver()

    assert shop.trace("order-1@2")["tree"].tolist() == ["InvoiceSent", "└─ LetterWritten"]
    assert [event.causation_id for event in shop.since(position=5)] == ["order-1@2", "invoice-1@1"]


def test_ids_that_a_handler_gives_itself_stand(bus, shop):
    @bus.consumer("billing", "OrderPaid")
    def bill(event):
        shop.append("invoice-1", el.Event("InvoiceSent", correlation_id="c", causation_id="b"))

    bus.deliver()

    [event] = shop.only("InvoiceSent")
    assert (event.correlation_id, event.causation_id) == ("c", "b")


def test_outside_a_handler_and_in_another_store_nothing_is_filled_in(bus, shop):
    with el.EventStore() as other:

        @bus.consumer("copy", "OrderPaid")
        def copy(event):
            other.append("order-1", el.Event("OrderPaid"))

        bus.deliver()
        shop.append("order-9", el.Event("OrderPlaced"))

        [copied], [placed] = other, shop.stream("order-9")
    assert (copied.causation_id, copied.correlation_id) == (None, None)
    assert (placed.causation_id, placed.correlation_id) == (None, None)


def test_an_idempotent_consumer_appends_once_however_often_it_is_sent_back(bus, shop):
    @bus.consumer("billing", "OrderPlaced", idempotent=True)
    def bill(event):
        shop.append("invoices", el.Event("InvoiceSent", {"order": event.stream}))
        shop.append("mailbox", el.Event("LetterWritten"))

    bus.deliver()
    bus.replay("billing")
    bus.deliver()

    sent = list(shop.stream("invoices"))
    assert [event.data["order"] for event in sent] == ["order-1", "order-2", "order-3"]
    assert sent[0].event_id == "billing:order-1@1:1"
    assert len(shop.stream("mailbox")) == 3


def test_an_idempotent_consumer_appends_once_though_its_decision_was_overtaken(bus, shop):
    rivals = [threading.Thread(target=shop.append, args=("stock", el.Event("StockCounted")))]

    def decide(total, state):
        if rivals:
            rival = rivals.pop()
            rival.start()
            rival.join()
        return el.Event("StockTaken", {"total": total})

    taking = el.Decider(decide, lambda state, event: state, initial={})

    @bus.consumer("stock", "OrderPaid", idempotent=True)
    def take(event):
        el.handle(shop, taking, "stock", event.data["total"])
        shop.append("mail", el.Event("LetterWritten"))

    bus.deliver()
    bus.replay("stock")
    bus.deliver()

    ids = [(event.type, event.event_id) for event in shop.since(position=5)]
    assert ids == [
        ("StockCounted", "stock@1"),
        ("StockTaken", "stock:order-1@2:1"),
        ("LetterWritten", "stock:order-1@2:2"),
    ]


def test_an_idempotent_consumer_counts_what_was_refused_as_it_counts_it_again(bus, shop):
    @bus.consumer("stock", "OrderPaid", idempotent=True)
    def take(event):
        for name in ("order-1", "parcel-1"):
            with contextlib.suppress(ConcurrencyError):
                shop.append(name, el.Event("ParcelPacked"), expected=el.NO_STREAM)

    bus.deliver()
    bus.replay("stock")
    bus.deliver()

    assert [event.event_id for event in shop.since(position=5)] == ["stock:order-1@2:2"]


def test_a_replay_brings_events_again_from_a_position_on(bus):
    got = collector(bus, "audit")
    bus.deliver()

    bus.replay("audit", start=3)
    bus.deliver()

    assert got == [1, 2, 3, 4, 3, 4]


@pytest.mark.parametrize("start", ["x", -1, 2.5, None])
def test_a_replay_from_what_is_no_position_is_refused(bus, start):
    collector(bus, "audit")

    with pytest.raises(BusError, match=r"start=.*whole number"):
        bus.replay("audit", start=start)


def test_a_reactor_starts_now_and_is_never_replayed(bus, shop):
    got = []
    bus.reactor("letters", "OrderPlaced")(lambda event: got.append(event.position))
    shop.append("order-4", el.Event("OrderPlaced"))

    bus.deliver()

    with pytest.raises(NotReplayable, match="'letters' is a reactor"):
        bus.replay("letters")
    assert bus.deliver() == {"letters": 0}
    assert got == [5]


def test_lag_says_where_every_consumer_stands(bus):
    collector(bus, "mail", "OrderPlaced")
    collector(bus, "audit", start="now")
    bus.deliver(limit=1)

    assert_rows(
        bus.lag(),
        [
            ("audit", "", 4, 0, 0, "up to date", None),
            ("mail", "OrderPlaced", 1, 2, 0, "behind", None),
        ],
    )


def test_lag_counts_the_types_that_a_consumer_was_registered_with_last(shop):
    collector(el.Bus(shop), "mail", "OrderPaid")
    bus = el.Bus(shop)
    collector(bus, "mail", "OrderPlaced", "OrderPaid")

    assert_rows(bus.lag(), [("mail", "OrderPlaced, OrderPaid", 0, 4, 0, "behind", None)])
    assert bus.deliver() == {"mail": 4}


def test_lag_is_empty_without_consumers_and_keeps_its_columns(bus):
    assert_rows(bus.lag(), [])
    assert bus.dead_letters().columns.tolist() == [
        "consumer",
        "position",
        "stream",
        "type",
        "attempts",
        "error",
        "first_failed_at",
        "last_failed_at",
    ]


def assert_rows(lag, rows):
    columns = ["consumer", "types", "checkpoint", "lag", "parked", "state", "error"]
    texts = dict.fromkeys(["consumer", "types", "state", "error"], "str")
    numbers = dict.fromkeys(["checkpoint", "lag", "parked"], "int64")
    pd.testing.assert_frame_equal(lag, pd.DataFrame(rows, columns=columns).astype(texts | numbers))


def test_a_renamed_consumer_is_shown_and_can_go_on_under_its_new_name(shop):
    before = el.Bus(shop)
    collector(before, "billing", "OrderPlaced")
    before.deliver(limit=2)

    after = el.Bus(shop)
    got = collector(after, "invoicing", "OrderPlaced")
    assert after.lag()["state"].tolist() == ["not registered", "behind"]
    after.rename("billing", "invoicing")

    assert after.deliver() == {"invoicing": 1}
    assert got == [4]
    assert after.lag()["consumer"].tolist() == ["invoicing"]


def billing(shop, name):
    """Return a bus with an idempotent consumer that fails on order-3 once."""
    bus, failures = el.Bus(shop, sleep=lambda seconds: None), ["no answer"]

    @bus.consumer(name, "OrderPlaced", idempotent=True, retries=0)
    def bill(event):
        shop.append("invoices", el.Event("InvoiceSent", {"order": event.stream}))
        if event.stream == "order-3" and failures:
            raise RuntimeError(failures.pop())

    return bus


def test_an_idempotent_consumer_appends_once_though_it_is_renamed(shop):
    billing(shop, "billing").deliver()
    between = billing(shop, "invoicing")
    between.rename("billing", "invoicing")
    assert between.retry("invoicing") == 0
    assert between.retry("invoicing") == 1
    bus = billing(shop, "accounts")
    bus.rename("invoicing", "accounts")

    bus.replay("accounts")
    bus.deliver()

    sent = [(event.event_id, event.data["order"]) for event in shop.stream("invoices")]
    assert sent == [
        ("billing:order-1@1:1", "order-1"),
        ("billing:order-2@1:1", "order-2"),
        ("billing:order-3@1:1", "order-3"),
    ]


def test_the_first_name_of_a_renamed_consumer_is_not_free_for_another_idempotent_one(shop):
    billing(shop, "billing").deliver()
    bus = billing(shop, "invoicing")
    bus.rename("billing", "invoicing")

    with pytest.raises(InvalidConsumer, match=r"'billing'.*'invoicing' was called so before"):
        billing(shop, "billing")

    el.Bus(shop).rename("invoicing", "billing")
    assert billing(shop, "billing").deliver() == {"billing": 0}


def test_a_consumer_is_not_renamed_to_one_that_has_come_further(shop):
    before = el.Bus(shop)
    collector(before, "billing", "OrderPlaced")
    before.deliver(limit=2)
    after = el.Bus(shop)
    collector(after, "invoicing", "OrderPlaced")
    after.deliver()

    with pytest.raises(ConsumerInUse, match=r"'billing' stands at position 3.*further, to 4"):
        after.rename("billing", "invoicing")


def test_a_consumer_renamed_to_its_own_name_keeps_everything(shop, sleep):
    before = el.Bus(shop, sleep=sleep)

    @before.consumer("billing", "OrderPlaced", retries=0)
    def bill(event):
        raise RuntimeError("no answer")

    before.deliver(limit=2)
    after = el.Bus(shop)

    after.rename("billing", "billing")

    stands = after.lag()[["consumer", "checkpoint", "parked"]].to_numpy().tolist()
    assert stands == [["billing", 3, 2]]


@pytest.mark.parametrize("name", [None, 5, "", b"billing", "\ud800", ["billing"]])
@pytest.mark.parametrize(
    "ask",
    [
        lambda bus, name: bus.rename("billing", name),
        lambda bus, name: bus.rename(name, "mail"),
        lambda bus, name: bus.forget(name),
        lambda bus, name: bus.replay(name),
        lambda bus, name: bus.retry(name),
        lambda bus, name: bus.discard(name, 1),
    ],
    ids=["rename to", "rename", "forget", "replay", "retry", "discard"],
)
def test_what_names_no_consumer_is_refused_wherever_one_is_asked_for(shop, ask, name):
    collector(el.Bus(shop), "billing")
    bus = el.Bus(shop)

    with pytest.raises(InvalidConsumer, match=r"was named .*such as 'billing'"):
        ask(bus, name)
    assert bus.lag()["consumer"].tolist() == ["billing"]


def test_a_consumer_that_is_no_more_can_be_forgotten(shop):
    collector(el.Bus(shop), "billing", "OrderPlaced")
    bus = el.Bus(shop)

    bus.forget("billing")

    assert bus.lag().empty
    with pytest.raises(UnknownConsumer, match="'billing'"):
        bus.forget("billing")


def test_a_registered_consumer_is_not_forgotten(bus):
    collector(bus, "billing")

    with pytest.raises(ConsumerInUse, match="'billing' is registered"):
        bus.forget("billing")


def test_a_consumer_that_another_bus_forgot_is_named_and_can_start_afresh(bus, shop):
    collector(bus, "billing")
    bus.deliver()
    el.Bus(shop).forget("billing")

    with pytest.raises(ConsumerForgotten, match=r"'billing' is registered.*there is none.*again"):
        bus.deliver()

    collector(bus, "billing")
    assert bus.deliver() == {"billing": 4}


def test_a_handler_may_register_one_more_consumer(bus):
    got = []

    @bus.consumer("mail", "OrderPaid")
    def write(event):
        bus.consumer("audit")(lambda event: got.append(event.position))

    assert bus.deliver() == {"mail": 1, "audit": 4}
    assert got == [1, 2, 3, 4]


def test_a_checkpoint_beyond_the_log_is_named(tmp_path):
    path = tmp_path / "shop.duckdb"
    with el.EventStore(path) as store:
        store.append("order-1", el.Event("OrderPlaced"))
        bus = el.Bus(store)
        collector(bus, "billing")
        con = store.cursor()
        con.execute("update consumers set checkpoint = 7")

    with el.EventStore(path) as store:
        bus = el.Bus(store)
        with pytest.raises(ConsumerBeyondLog, match=r"'billing'.*position 7.*ends at 1"):
            collector(bus, "billing")
        assert bus.lag()["state"].tolist() == ["beyond the log"]

        bus.forget("billing")
        assert collector(bus, "billing") == []
        assert bus.deliver() == {"billing": 1}


def test_a_read_only_store_shows_its_consumers_and_takes_no_new_one(tmp_path):
    path = tmp_path / "shop.duckdb"
    with el.EventStore(path) as store:
        store.append("order-1", el.Event("OrderPlaced"))
        collector(el.Bus(store), "billing")

    with el.EventStore(path, read_only=True) as store:
        bus = el.Bus(store)
        assert bus.lag()["lag"].tolist() == [1]
        for refused in (
            lambda: collector(bus, "mail"),
            lambda: bus.rename("billing", "mail"),
            lambda: bus.forget("billing"),
        ):
            with pytest.raises(ReadOnly):
                refused()
        assert bus.lag()["consumer"].tolist() == ["billing"]


def test_a_branch_has_consumers_of_its_own(bus, shop):
    collector(bus, "audit")
    bus.deliver()

    fork = el.Bus(shop.branch(at=2))

    assert fork.lag().empty
    got = collector(fork, "audit")
    assert fork.deliver() == {"audit": 2}
    assert got == [1, 2]
    assert bus.lag()["checkpoint"].tolist() == [4]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"start": "yesterday"}, "start='yesterday'.*'beginning', 'now'"),
        ({"start": 0}, "start=0"),
        ({"retries": -1}, "retries=-1"),
        ({"on_failure": "ignore"}, "on_failure='ignore'.*'park' or 'stop'"),
        ({"workers": 0}, "workers=0"),
        ({"commit_every": 0}, "commit_every=0"),
        ({"key": "stream"}, "key='stream'"),
    ],
)
def test_terms_without_meaning_are_refused(bus, terms, words):
    with pytest.raises(InvalidConsumer, match=words):
        collector(bus, "mail", **terms)


@pytest.mark.parametrize("name", ["", None, len], ids=["empty", "none", "a function"])
def test_a_consumer_without_a_name_is_refused(bus, name):
    with pytest.raises(InvalidConsumer, match="checkpoint is kept under that name"):
        bus.consumer(name)(print)


def test_two_handlers_do_not_share_a_name_but_a_cell_may_run_twice(bus):
    collector(bus, "mail")
    collector(bus, "mail")

    with pytest.raises(InvalidConsumer, match=r"'mail' is registered.*another name"):
        bus.consumer("mail")(print)


def test_a_handler_does_not_deliver(bus):
    errors = []

    @bus.consumer("mail", "OrderPaid")
    def write(event):
        with pytest.raises(BusError, match="by the handler of 'mail'") as caught:
            bus.deliver()
        errors.append(caught)

    bus.deliver()

    assert len(errors) == 1


def test_a_bus_shows_its_consumers(bus):
    collector(bus, "<mail>", "OrderPlaced")

    assert repr(bus) == "Bus of <EventStore in memory: 4 events>: <mail>"
    assert "<td>&lt;mail&gt;</td>" in bus._repr_html_()
