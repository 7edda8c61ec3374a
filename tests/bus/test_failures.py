"""What becomes of an event whose handler fails, of the events behind it, and of the other consumers?"""

import pandas as pd
import pytest

import eventlab as el
from eventlab.bus import doubling
from eventlab.errors import BusError, Crashed


class Flaky:
    """A handler that fails on some positions, for the first so many attempts at each."""

    def __init__(self, **failures):
        self.left = {int(name.removeprefix("at")): times for name, times in failures.items()}
        self.done = []

    def __call__(self, event):
        if self.left.get(event.position, 0) > 0:
            self.left[event.position] -= 1
            raise RuntimeError(f"no answer for {event.stream}")
        self.done.append(event.position)


def test_a_failing_handler_is_tried_again_after_a_doubling_wait(bus, sleep):
    bill = Flaky(at1=3)
    bus.consumer("billing", backoff=doubling(0.1))(bill)

    assert bus.deliver() == {"billing": 4}

    assert bill.done == [1, 2, 3, 4]
    assert sleep.asked == [0.1, 0.2, 0.4]
    assert bus.dead_letters().empty


@pytest.mark.parametrize("workers", [1, 2])
def test_another_attempt_sees_the_payload_as_it_was_recorded(bus, workers):
    seen = []

    @bus.consumer("billing", "OrderPaid", retries=2, workers=workers)
    def bill(event):
        seen.append(dict(event.data))
        event.data["total"] += 1
        event.data["fee"] = 2
        raise RuntimeError("no answer")

    bus.deliver()

    assert seen == [{"total": 20}] * 3


def test_an_event_given_up_is_parked_and_so_is_what_follows_it_in_its_stream(bus):
    bill = Flaky(at1=99)
    bus.consumer("billing", retries=2)(bill)

    assert bus.deliver() == {"billing": 2}

    assert bill.done == [2, 4]
    letters = bus.dead_letters()
    assert letters[["position", "stream", "type", "attempts"]].to_numpy().tolist() == [
        [1, "order-1", "OrderPlaced", 3],
        [3, "order-1", "OrderPaid", 0],
    ]
    assert letters["error"].tolist() == [
        "RuntimeError: no answer for order-1",
        "waits behind an earlier event of its key",
    ]
    [row] = bus.lag().to_dict("records")
    assert (row["lag"], row["parked"], row["state"]) == (0, 2, "up to date")


def test_where_order_means_nothing_what_follows_is_delivered(bus):
    bill = Flaky(at1=99)
    bus.consumer("billing", retries=0, in_order=False)(bill)

    bus.deliver()

    assert bill.done == [2, 3, 4]
    assert bus.dead_letters()["position"].tolist() == [1]


def test_other_consumers_go_on(bus):
    bill, mail = Flaky(at1=99), Flaky()
    bus.consumer("billing", on_failure="stop", retries=1)(bill)
    bus.consumer("mail")(mail)

    assert bus.deliver() == {"billing": 0, "mail": 4}

    assert (bill.done, mail.done) == ([], [1, 2, 3, 4])
    lag = bus.lag().set_index("consumer")
    assert lag["state"].to_dict() == {"billing": "stopped", "mail": "up to date"}
    assert lag["lag"].to_dict() == {"billing": 4, "mail": 0}


def test_a_stopped_consumer_goes_on_after_the_fix(bus):
    bill = Flaky(at1=2)
    bus.consumer("billing", on_failure="stop", retries=1)(bill)
    bus.deliver()
    assert bill.done == []

    bus.retry("billing")
    bus.deliver()

    assert bill.done == [1, 2, 3, 4]


def total_of_the_unpaid(event):
    return {"OrderPlaced": event.data["total"]}[event.type]


def error_that_stopped_it_alone(bus, mail):
    """Deliver to billing and mail; give the error at which billing stopped, while mail got all."""
    bus.deliver()

    assert mail.done == [1, 2, 3, 4]
    [billing, _] = bus.lag().to_dict("records")
    assert billing["state"] == "stopped"
    return billing["error"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_consumer_whose_key_fails_stops_alone(bus, workers):
    bill, mail = Flaky(at1=99), Flaky()
    bus.consumer("billing", retries=0, key=total_of_the_unpaid, workers=workers)(bill)
    bus.consumer("mail")(mail)

    error = error_that_stopped_it_alone(bus, mail)
    assert "key= of consumer 'billing' failed at <3 order-1@2 OrderPaid" in error
    assert "with KeyError: 'OrderPaid'. Mend it and register" in error

    bus.consumer("billing")(bill)
    bus.deliver()
    assert set(bill.done) >= {2, 4}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_consumer_whose_backoff_is_no_number_stops_alone(bus, workers):
    bill, mail = Flaky(at2=99), Flaky()
    bus.consumer("billing", backoff=lambda attempt: None, workers=workers)(bill)
    bus.consumer("mail")(mail)

    error = error_that_stopped_it_alone(bus, mail)
    assert "backoff= of consumer 'billing' failed at <2 order-2@1" in error


def test_a_consumer_whose_flush_fails_and_whose_backoff_too_stops_alone(bus):
    class Relay(Flaky):
        def flush(self):
            raise RuntimeError("no answer")

    mail = Flaky()
    bus.consumer("relay", backoff=lambda attempt: None)(Relay())
    bus.consumer("mail")(mail)

    bus.deliver()

    assert mail.done == [1, 2, 3, 4]
    assert bus.lag()["state"].tolist() == ["up to date", "stopped"]


def test_an_error_and_a_key_that_are_no_valid_text_are_kept_written_out(bus):
    @bus.consumer("billing", "OrderPaid", retries=0, key=lambda event: "caf\udce9")
    def bill(event):
        raise ValueError("no caf\udce9")

    bus.deliver()

    assert bus.dead_letters()["error"].tolist() == ["ValueError: no caf\\udce9"]


def test_a_consumer_is_renamed_to_one_that_has_the_same_letters_and_marks(shop):
    def once_billed(bus, name, retries):
        @bus.consumer(name, retries=retries)
        def bill(event):
            bus.once(event, lambda con: None)
            if event.position == 1:
                raise RuntimeError("no answer")

        bus.deliver()

    once_billed(el.Bus(shop), "billing", 0)
    bus = el.Bus(shop, sleep=lambda seconds: None)
    once_billed(bus, "invoicing", 1)
    bus.rename("billing", "invoicing")

    letters = bus.dead_letters()[["consumer", "position", "attempts"]].to_numpy().tolist()
    assert letters == [["invoicing", 1, 1], ["invoicing", 3, 0]]
    assert bus.lag()["consumer"].tolist() == ["invoicing"]


def test_dead_letters_are_tried_in_order_and_are_gone_when_handled(bus):
    bill = Flaky(at1=1)
    bus.consumer("billing", retries=0)(bill)
    bus.deliver()
    assert bill.done == [2, 4]

    assert bus.retry("billing") == 2

    assert bill.done == [2, 4, 1, 3]
    assert bus.dead_letters().empty


def test_a_letter_that_fails_again_keeps_count_and_holds_back_those_behind_it(bus):
    bill = Flaky(at1=2)
    bus.consumer("billing", retries=0)(bill)
    bus.deliver()

    assert bus.retry("billing") == 0
    assert bus.dead_letters()["attempts"].tolist() == [2, 0]
    with pytest.raises(BusError, match="waits behind position 1"):
        bus.retry("billing", 3)

    bus.discard("billing", 1)
    assert bus.retry("billing", 3) == 1
    assert bill.done == [2, 4, 3]


def test_a_letter_that_is_not_there_is_refused_and_those_there_are_listed(bus):
    bus.consumer("billing", retries=0)(Flaky(at2=9))
    bus.deliver()

    with pytest.raises(BusError, match="no dead letter of position 7; it has 2"):
        bus.discard("billing", 7)


def test_a_replay_forgets_the_letters_it_brings_again_and_keeps_those_before(bus):
    bus.consumer("billing", retries=0, in_order=False)(Flaky(at1=9, at2=9, at4=1))
    bus.deliver()

    bus.replay("billing", start=3)

    assert bus.dead_letters()["position"].tolist() == [1, 2]
    assert bus.deliver() == {"billing": 2}


def test_a_replay_from_behind_the_checkpoint_brings_nothing_and_keeps_all_letters(bus):
    bus.consumer("billing", retries=0, in_order=False)(Flaky(at1=9, at4=9))
    bus.deliver()

    bus.replay("billing", start=100)

    assert bus.deliver() == {"billing": 0}
    assert bus.dead_letters()["position"].tolist() == [1, 4]


def test_a_letter_that_a_replay_keeps_has_its_effect_once_all_the_same(bus, shop):
    con, repaired = shop.cursor(), []
    con.execute("create table paid (position bigint)")

    @bus.consumer("billing", retries=0)
    def bill(event):
        bus.once(event, lambda con: con.execute("insert into paid values (?)", [event.position]))
        if event.position == 2 and not repaired:
            raise RuntimeError("no answer")

    bus.deliver()
    bus.replay("billing", start=4)
    repaired.append(True)
    bus.retry("billing")
    bus.deliver()

    paid = con.execute("select position from paid order by position").fetchall()
    assert paid == [(1,), (2,), (3,), (4,), (4,)]


def test_dead_letters_outlive_the_process(tmp_path):
    path = tmp_path / "shop.duckdb"
    with el.EventStore(path) as store:
        store.append("order-1", [el.Event("OrderPlaced"), el.Event("OrderPaid")])
        bus = el.Bus(store, sleep=lambda seconds: None)
        bus.consumer("billing", retries=0)(Flaky(at1=9))
        bus.deliver()

    with el.EventStore(path) as store:
        bus, bill = el.Bus(store), Flaky()
        bus.consumer("billing")(bill)

        assert bus.deliver() == {"billing": 0}
        assert bus.retry("billing") == 2
        assert bill.done == [1, 2]


def test_a_parked_stream_is_remembered_by_the_next_process(tmp_path):
    path = tmp_path / "shop.duckdb"
    with el.EventStore(path) as store:
        store.append("order-1", el.Event("OrderPlaced"))
        bus = el.Bus(store, sleep=lambda seconds: None)
        bus.consumer("billing", retries=0)(Flaky(at1=9))
        bus.deliver()

    with el.EventStore(path) as store:
        store.append("order-1", el.Event("OrderPaid"))
        store.append("order-2", el.Event("OrderPlaced"))
        bus, bill = el.Bus(store), Flaky()
        bus.consumer("billing")(bill)
        bus.deliver()

        assert bill.done == [3]
        assert bus.dead_letters()["position"].tolist() == [1, 2]


def test_a_letter_that_comes_again_after_a_crash_keeps_what_was_wrong_with_it(shop):
    crash = {"consumer": ["billing"], "position": [4], "delivery": [1], "fault": ["crash_before"]}
    faults = el.Faults.from_schedule(pd.DataFrame(crash))
    bus = el.Bus(shop, faults=faults, sleep=lambda seconds: None)
    bus.consumer("billing", retries=1)(Flaky(at1=99))
    with pytest.raises(Crashed):
        bus.deliver()
    before = bus.dead_letters()

    bus.deliver()

    pd.testing.assert_frame_equal(bus.dead_letters(), before)
    assert before["attempts"].tolist() == [2, 0]


def test_a_letter_of_an_event_that_upcasters_took_apart_brings_all_its_parts():
    @el.upcaster("Sale", schema=1)
    def apart(data):
        return [el.Event("Sold", {"what": what}) for what in "ab"] + [el.Event("Paid")]

    got, broken = [], ["b"]

    with el.EventStore(upcasters=[apart]) as store:
        store.append("shop-1", el.Event("Sale", schema=1))
        bus = el.Bus(store)

        @bus.consumer("stock", "Sold", retries=0)
        def take(event):
            if event.data["what"] in broken:
                raise ValueError("none left")
            got.append(event.data["what"])

        bus.deliver()
        assert bus.retry("stock") == 0
        broken.clear()

        assert bus.retry("stock") == 1

    assert got == ["a", "a", "a", "b"]
