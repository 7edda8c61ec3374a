"""Does a recording say where every event was at every moment: waiting, done, given up, come again?"""

import pandas as pd
import pytest

import eventlab as el
from eventlab.bus import Recording, queues
from eventlab.errors import Crashed

PLACED = ["1 OrderPlaced", "2 OrderPlaced", "3 OrderPlaced"]


def placed(store, *numbers):
    for number in numbers:
        store.append(f"order-{number}", el.Event("OrderPlaced", {"total": 10 * number}))


def schedule(*rows):
    return pd.DataFrame(rows, columns=["consumer", "position", "delivery", "fault"])


@pytest.fixture
def store():
    with el.EventStore(clock=lambda: "2026-03-01") as found:
        yield found


@pytest.fixture
def recording(store):
    return Recording(store)


def shop(store, recording, handlers, faults=(), **terms):
    """A bus with a consumer of orders for each handler."""
    strike = el.Faults.from_schedule(schedule(*faults))
    bus = el.Bus(store, faults=strike, witness=recording, sleep=lambda seconds: None)
    for name, handler in handlers.items():
        bus.consumer(name, "OrderPlaced", **terms)(handler)
    return bus


def types(recording):
    return [event.type for event in recording.log]


def row(recording, consumer="mail", position=None):
    log = recording.log if position is None else recording.log.until(position=position)
    return queues(log).loc[consumer].drop("position").to_dict()


def test_each_event_waits_is_done_and_leaves_with_the_checkpoint(store, recording):
    bus = shop(store, recording, {"mail": lambda event: None})
    placed(store, 1, 2)
    bus.deliver()

    assert types(recording) == [
        "Subscribed",
        "Appended",
        "Appended",
        "Handled",
        "Handled",
        "CheckpointKept",
    ]
    told = queues.history(recording.log, "mail")
    assert told[["checkpoint", "done", "waiting", "runs"]].values.tolist() == [
        [0, [], [], 0],
        [0, [], PLACED[:1], 0],
        [0, [], PLACED[:2], 0],
        [0, PLACED[:1], PLACED[1:2], 1],
        [0, PLACED[:2], [], 2],
        [2, [], [], 2],
    ]


def test_a_consumer_that_comes_later_finds_what_was_there(store, recording):
    placed(store, 1, 2)
    store.append("order-1", el.Event("OrderPaid"))
    shop(store, recording, {"mail": lambda event: None})

    assert row(recording)["waiting"] == PLACED[:2]


def test_events_of_other_types_wait_for_nobody(store, recording):
    shop(store, recording, {"mail": lambda event: None})
    store.append("order-1", el.Event("OrderPaid"))

    assert row(recording)["waiting"] == []


def test_what_a_handler_appends_is_counted(store, recording):
    def bill(event):
        store.append(f"invoice-{event.position}", el.Event("InvoiceSent"))

    placed(store, 1, 2)
    shop(store, recording, {"billing": bill}, [("billing", 1, 1, "duplicate")]).deliver()

    found = row(recording, "billing")
    assert (found["effects"], found["struck"]) == ({"InvoiceSent": 3}, {"Duplicated": 1})
    assert (found["runs"], found["again"]) == (3, 1)


@pytest.mark.parametrize(
    ("fault", "runs", "again"), [("crash_after", 3, 1), ("crash_before", 2, 0)]
)
def test_after_a_crash_what_was_not_kept_comes_again(store, recording, fault, runs, again):
    handlers = {"mail": lambda event: None}
    placed(store, 1, 2)
    with pytest.raises(Crashed):
        shop(store, recording, handlers, [("mail", 1, 1, fault)]).deliver()

    crashed = row(recording)
    assert (crashed["waiting"], crashed["done"]) == (PLACED[:2], [])
    assert crashed["lost"] == PLACED[:again]

    shop(store, recording, handlers).deliver()

    found = row(recording)
    assert (found["runs"], found["again"], found["lost"]) == (runs, again, [])
    assert (found["checkpoint"], found["struck"]) == (2, {"Crashed": 1})


def test_a_crash_of_one_is_a_crash_of_all_in_the_process(store, recording):
    handlers = {"billing": lambda event: None, "mail": lambda event: None}
    placed(store, 1, 2)
    with pytest.raises(Crashed):
        shop(store, recording, handlers, [("mail", 1, 1, "crash_before")]).deliver()

    billing = row(recording, "billing")
    assert (billing["lost"], billing["done"]) == (PLACED[:1], [])


def test_a_dead_letter_is_parked_until_it_is_retried(store, recording):
    homeless = {"order-1"}

    def write(event):
        if event.stream in homeless:
            raise ValueError("no address")

    bus = shop(store, recording, {"mail": write}, retries=1)
    placed(store, 1, 2)
    bus.deliver()

    assert row(recording)["parked"] == PLACED[:1]
    assert row(recording)["struck"] == {"Failed": 2, "Parked": 1}

    homeless.clear()
    bus.retry("mail")

    found = row(recording)
    assert (found["parked"], found["done"], found["runs"]) == ([], [], 2)


def test_one_that_is_overtaken_still_waits(store, recording):
    bus = shop(
        store, recording, {"mail": lambda event: None}, [("mail", 1, 1, "reorder")], commit_every=1
    )
    placed(store, 1, 2)
    bus.deliver(limit=2)

    found = row(recording)
    assert (found["waiting"], found["done"], found["checkpoint"]) == (PLACED[:1], PLACED[1:2], 0)


def test_who_is_sent_back_gets_all_again(store, recording):
    bus = shop(store, recording, {"mail": lambda event: None})
    placed(store, 1, 2, 3)
    bus.deliver()
    assert row(recording)["checkpoint"] == 3

    bus.replay("mail", start=2)
    assert row(recording)["lost"] == row(recording)["waiting"] == PLACED[1:]

    bus.deliver()

    assert (row(recording)["runs"], row(recording)["again"]) == (5, 2)


def test_a_lane_of_workers_is_heard_too(store, recording):
    bus = shop(
        store,
        recording,
        {"mail": lambda event: None},
        [("mail", 1, 1, "duplicate"), ("mail", 2, 1, "drop")],
        workers=2,
    )
    placed(store, 1, 2, 3)
    bus.deliver()

    found = row(recording)
    assert (found["runs"], found["again"], found["checkpoint"]) == (4, 1, 3)
    assert (found["waiting"], found["done"]) == ([], [])


def test_recording_changes_nothing(store, recording):
    placed(store, 1, 2)
    bus = shop(store, recording, {"mail": lambda event: None})

    assert bus.deliver() == {"mail": 2}
    assert [event.type for event in store] == ["OrderPlaced"] * 2
