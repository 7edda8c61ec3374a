"""Do all events reach the brokers, in order for each stream, before a checkpoint says so?"""

import json
import sys

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

import eventlab as el
from eventlab import outbox
from eventlab.errors import MissingClient
from tests.outbox.test_messages import HOSTILE

QUIET = {"log_level": 0}
NO_BROKER = {"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 50, **QUIET}


@pytest.fixture
def producer():
    """A producer with a cluster of its own: Kafka's client library plays three brokers."""
    producer = Producer({"test.mock.num.brokers": 3, "enable.idempotence": True, **QUIET})
    yield producer
    producer.flush(1)


def arrived(producer, events):
    """The messages of the topic, so many of them, by key."""
    there = producer.list_topics("orders", timeout=10)
    brokers = there.brokers.values()
    reader = Consumer(
        {
            "bootstrap.servers": ",".join(f"{broker.host}:{broker.port}" for broker in brokers),
            "group.id": "test",
            **QUIET,
        }
    )
    # Taken, not subscribed to: to form a group takes the brokers three seconds.
    parts = there.topics["orders"].partitions
    reader.assign([TopicPartition("orders", part, OFFSET_BEGINNING) for part in parts])
    found = []
    for _ in range(300):
        message = reader.poll(0.1)
        if message is not None and message.error() is None:
            found.append(message)
        if len(found) == events:
            break
    extra = reader.poll(0.2)
    reader.close()
    assert len(found) == events
    assert extra is None
    return found


def by_key(messages):
    found = {}
    for message in messages:
        told = json.loads(message.value())
        found.setdefault(message.key().decode(), []).append(told["position"])
    return found


def test_every_event_is_a_message_keyed_by_its_stream(bus, shop, producer):
    bus.consumer("everyone")(outbox.kafka(producer, "orders"))

    assert bus.deliver() == {"everyone": 4}

    messages = arrived(producer, 4)
    assert by_key(messages) == {"order-1": [1, 3], "order-2": [2], "order-3": [4]}
    assert outbox.message(shop.at(2)[0]) in [json.loads(message.value()) for message in messages]
    assert messages[0].headers() == [
        ("content-type", b"application/cloudevents+json; charset=UTF-8")
    ]


def test_order_within_a_stream_stays_with_workers(shop, producer):
    shop.append("order-9", [el.Event("OrderViewed")] * 200)
    bus = el.Bus(shop)
    bus.consumer("everyone", workers=3, commit_every=50)(outbox.kafka(producer, "orders"))

    bus.deliver()

    assert by_key(arrived(producer, 204))["order-9"] == list(range(5, 205))


class Flaky:
    """A producer whose brokers confirm nothing at first."""

    def __init__(self, producer, failures):
        self._producer, self.failures = producer, failures

    def flush(self, timeout):
        left = self._producer.flush(timeout)
        if self.failures:
            self.failures -= 1
            return 2
        return left

    def __getattr__(self, name):
        return getattr(self._producer, name)


def test_what_was_not_confirmed_is_sent_again_and_the_checkpoint_waits(bus, producer):
    bus.consumer("everyone", retries=0)(outbox.kafka(Flaky(producer, 1), "orders"))
    bus.deliver()
    [row] = bus.lag().to_dict("records")
    assert (row["checkpoint"], row["state"]) == (0, "stopped")
    assert "0 failed and 2 are still on the way" in row["error"]

    bus.retry("everyone")
    bus.deliver()

    assert bus.lag()["checkpoint"].tolist() == [4]
    found = by_key(arrived(producer, 8))
    assert found == {"order-1": [1, 3, 1, 3], "order-2": [2, 2], "order-3": [4, 4]}


def test_brokers_that_are_down_are_an_error_that_says_so(bus):
    bus.consumer("everyone", retries=1)(outbox.kafka(NO_BROKER, "orders", timeout=20))

    bus.deliver()

    [row] = bus.lag().to_dict("records")
    assert (row["checkpoint"], row["state"]) == (0, "stopped")
    assert "topic 'orders' did not confirm all messages: 4 failed" in row["error"]
    assert "Message timed out" in row["error"]
    assert bus.dead_letters().empty


def test_a_failure_that_is_late_does_not_count_against_what_comes_next(shop):
    target = outbox.kafka(Stub(), "orders")
    target(shop.at(1)[0])
    late = target._producer.confirm
    target.flush()
    target(shop.at(2)[0])

    late("timed out", None)

    target.flush()


class Stub:
    """A producer that lets the test say what was confirmed, and whose queue may be full."""

    def __init__(self, full=0):
        self.full, self.sent, self.flushes = full, [], 0

    def produce(self, topic, *, key, value, headers, on_delivery):
        if self.full:
            raise BufferError("Local: Queue full")
        self.sent.append(key)
        self.confirm = on_delivery

    def poll(self, timeout):
        return 0

    def flush(self, timeout):
        self.full = max(0, self.full - 1)
        self.flushes += 1
        return 0


def test_a_full_queue_is_emptied_first(shop):
    producer = Stub(full=1)

    outbox.kafka(producer, "orders")(shop.at(1)[0])

    assert (producer.sent, producer.flushes) == (["order-1"], 1)


def test_a_queue_that_stays_full_is_a_failure(shop):
    with pytest.raises(BufferError):
        outbox.kafka(Stub(full=2), "orders")(shop.at(1)[0])


def test_a_message_that_kafka_never_takes_is_parked_alone(bus, shop, producer):
    shop.append("order-4", el.Event("OrderPlaced", {"text": "x" * 2_000_000}))
    shop.append("order-5", el.Event("OrderPlaced"))
    bus.consumer("everyone", retries=0)(outbox.kafka(producer, "orders"))

    bus.deliver()

    assert bus.dead_letters()["position"].tolist() == [5]
    assert "MSG_SIZE_TOO_LARGE" in bus.dead_letters()["error"][0]
    assert len(arrived(producer, 5)) == 5


def test_a_payload_comes_back_equal(bus, shop, producer):
    shop.append("order-5", el.Event("Odd", HOSTILE))
    bus.consumer("everyone", "Odd")(outbox.kafka(producer, "orders"))

    bus.deliver()

    [message] = arrived(producer, 1)
    assert json.loads(message.value())["data"] == HOSTILE


def test_a_producer_that_is_made_here_is_idempotent_unless_told_otherwise(monkeypatch):
    made = []
    monkeypatch.setattr("confluent_kafka.Producer", made.append)

    outbox.kafka({"bootstrap.servers": "a"}, "orders")
    outbox.kafka({"enable.idempotence": False}, "orders")

    assert made == [
        {"enable.idempotence": True, "bootstrap.servers": "a"},
        {"enable.idempotence": False},
    ]


def test_without_the_package_a_configuration_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)

    with pytest.raises(MissingClient, match=r"pip install 'eventlab\[kafka\]'"):
        outbox.kafka({"bootstrap.servers": "localhost:9092"}, "orders")


def test_its_repr_names_the_topic(producer):
    assert repr(outbox.kafka(producer, "orders")) == "outbox.kafka(…, 'orders')"
