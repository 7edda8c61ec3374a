"""Is a checkpoint kept only when the handler has brought to safety what it was given?"""

import time

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import Crashed, InvalidConsumer


class Buffered:
    """Passes events on many at a time, as a client of a broker does; a flush may fail and lose them."""

    def __init__(self, failures=0):
        self.failures, self.waiting, self.sent, self.flushes = failures, [], [], 0

    def __call__(self, event):
        self.waiting.append(event.position)

    def flush(self):
        self.flushes += 1
        waiting, self.waiting = self.waiting, []
        if self.failures:
            self.failures -= 1
            raise ConnectionError("no broker")
        self.sent += waiting


def row(bus):
    [found] = bus.lag().to_dict("records")
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_held_back_is_flushed_before_the_checkpoint_is_kept(bus, workers):
    relay = Buffered()
    bus.consumer("relay", "OrderPlaced", workers=workers)(relay)

    bus.deliver()

    assert (sorted(relay.sent), relay.waiting, relay.flushes) == ([1, 2, 4], [], 1)
    assert row(bus)["checkpoint"] == 4


def test_it_is_flushed_as_often_as_the_checkpoint_is_kept(bus):
    relay = Buffered()
    bus.consumer("relay", commit_every=2)(relay)

    bus.deliver()

    assert (relay.sent, relay.flushes) == ([1, 2, 3, 4], 2)


def test_nothing_handled_is_nothing_to_flush(bus, shop):
    relay = Buffered()
    bus.consumer("relay", "OrderShipped")(relay)

    bus.deliver()

    assert relay.flushes == 0
    assert row(bus)["checkpoint"] == 4


@pytest.mark.parametrize("workers", [1, 2])
def test_after_a_failed_flush_all_since_the_checkpoint_comes_again(bus, sleep, workers):
    relay = Buffered(failures=2)
    bus.consumer("relay", workers=workers)(relay)

    bus.deliver()

    assert sorted(relay.sent) == [1, 2, 3, 4]
    assert sleep.asked == [0.1, 0.2]
    assert (row(bus)["checkpoint"], row(bus)["state"]) == (4, "up to date")
    assert pd.isna(row(bus)["error"])


def test_a_failed_flush_loses_only_what_came_since_the_last_good_one(bus, shop):
    relay = Buffered()
    bus.consumer("relay", commit_every=2)(relay)
    bus.deliver(limit=2)
    relay.failures = 1

    bus.deliver()

    assert relay.sent == [1, 2, 3, 4]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("on_failure", ["park", "stop"])
def test_a_flush_that_goes_on_failing_stops_the_consumer_and_parks_nothing(
    bus, sleep, workers, on_failure
):
    relay = Buffered(failures=3)
    bus.consumer("relay", workers=workers, retries=2, on_failure=on_failure)(relay)

    bus.deliver()

    assert (relay.sent, relay.flushes, sleep.asked) == ([], 3, [0.1, 0.2])
    assert bus.dead_letters().empty
    found = row(bus)
    assert (found["checkpoint"], found["lag"], found["state"]) == (0, 4, "stopped")
    assert found["error"] == "ConnectionError: no broker"

    bus.retry("relay")
    bus.deliver()

    assert sorted(relay.sent) == [1, 2, 3, 4]


def test_a_failed_flush_does_not_hold_up_other_consumers(bus):
    relay, got = Buffered(failures=99), []
    bus.consumer("relay", retries=1)(relay)
    bus.consumer("mail")(got.append)

    bus.deliver()

    assert [event.position for event in got] == [1, 2, 3, 4]
    assert bus.lag().set_index("consumer")["checkpoint"].to_dict() == {"mail": 4, "relay": 0}


def test_in_the_background_a_failed_flush_is_tried_again_too(shop):
    relay, bus = Buffered(failures=2), el.Bus(shop)
    bus.consumer("relay", backoff=lambda attempt: 0.01)(relay)

    with bus.run():
        for _ in range(500):
            if row(bus)["checkpoint"] == 4:
                break
            time.sleep(0.01)

    assert (relay.sent, bus.error) == ([1, 2, 3, 4], None)


def test_the_witness_hears_where_it_goes_on(shop, sleep):
    heard = []
    bus = el.Bus(shop, sleep=sleep, witness=lambda what, who, event: heard.append((what, event[0])))
    bus.consumer("relay", "OrderPaid", retries=1)(Buffered(failures=2))

    bus.deliver()

    assert heard == [("Handled", 3), ("Failed", 3), ("Handled", 3), ("Failed", 3), ("Stopped", 3)]


def test_a_crash_before_the_flush_keeps_no_checkpoint(shop):
    struck = {"consumer": ["relay"], "position": [3], "delivery": [1], "fault": ["crash_after"]}
    relay = Buffered()
    bus = el.Bus(shop, faults=el.Faults.from_schedule(pd.DataFrame(struck)))
    bus.consumer("relay")(relay)

    with pytest.raises(Crashed):
        bus.deliver()

    assert (relay.flushes, row(bus)["checkpoint"]) == (0, 0)


def test_a_dead_letter_is_gone_only_when_it_was_flushed(bus, sleep):
    class Refusing(Buffered):
        refuses = True

        def __call__(self, event):
            if self.refuses and event.position == 2:
                raise ValueError("no")
            super().__call__(event)

    relay = Refusing()
    bus.consumer("relay", retries=0)(relay)
    bus.deliver()
    relay.refuses, relay.failures = False, 1

    assert bus.retry("relay") == 0
    assert bus.dead_letters()["error"].tolist() == ["ConnectionError: no broker"]
    assert bus.retry("relay") == 1
    assert relay.sent == [1, 3, 4, 2]


class Ordered:
    """A handler that takes events in the order of the log only, and notes the log it is shown."""

    in_log_order = True

    def __init__(self, failing=0):
        self.failing, self.got, self.log = failing, [], None

    def begin(self, log):
        self.log = log

    def __call__(self, event):
        if event.position == self.failing:
            raise OSError("disk full")
        self.got.append(event.position)

    def __repr__(self):
        return "Ordered()"


def test_a_handler_is_shown_its_log_when_it_is_registered(bus, shop):
    handler = Ordered()

    bus.consumer("file")(handler)

    assert handler.log is shop


def test_a_handler_that_refuses_the_log_is_not_registered(bus):
    class Refusing(Ordered):
        def begin(self, log):
            raise ValueError("not mine")

    with pytest.raises(ValueError, match="not mine"):
        bus.consumer("file")(Refusing())

    assert bus.lag().empty


def test_one_that_wants_the_order_of_the_log_stops_where_it_fails(bus):
    handler = Ordered(failing=2)
    bus.consumer("file", retries=1)(handler)

    bus.deliver()

    assert handler.got == [1]
    assert (row(bus)["state"], row(bus)["checkpoint"]) == ("stopped", 1)


def test_or_if_it_shall_park_parks_all_that_follows(bus):
    handler = Ordered(failing=2)
    bus.consumer("file", retries=0, on_failure="park")(handler)
    bus.deliver()
    handler.failing = 0

    bus.retry("file")

    assert handler.got == [1, 2, 3, 4]


def test_workers_and_faults_do_not_disturb_that_order(shop, sleep):
    for terms in ({"workers": 3}, {}):
        handler = Ordered()
        bus = el.Bus(shop, sleep=sleep, faults=el.Faults(5, reorder=0.5))
        bus.consumer(f"file {terms}", **terms)(handler)

        bus.deliver()

        assert handler.got == [1, 2, 3, 4]


@pytest.mark.parametrize("terms", [{"in_order": False}, {"key": lambda event: event.type}])
def test_terms_that_would_disturb_it_are_refused(bus, terms):
    with pytest.raises(InvalidConsumer, match=r"Ordered\(\) takes events in the order of the log"):
        bus.consumer("file", **terms)(Ordered())
