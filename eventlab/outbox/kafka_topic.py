"""A Kafka topic that gets every event at least once, many at a time, in order for each stream.

A producer takes messages and sends them when it likes. So the bus keeps a checkpoint only when the brokers
have confirmed all that was produced, once for hundreds of events. Needs confluent-kafka, or a producer like
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlab.errors import MissingClient, NotSent
from eventlab.outbox.messages import MEDIA_TYPE, SOURCE, Message, to_line
from eventlab.outbox.target import Target


class KafkaTopic(Target):
    """A Kafka message for every event, at least once, with its stream as the key.

    Parameters
    ----------
    producer : confluent_kafka.Producer or mapping
        A producer you have, or the configuration of one: ``{"bootstrap.servers": "localhost:9092"}``.
    topic : str
        Where to.
    timeout : float
        Seconds that the brokers have to confirm all messages before a checkpoint.
    source : str
        What the messages say they come from; see `message`.

    Raises
    ------
    MissingClient
        When a configuration is given and the package confluent-kafka is not installed.
    NotSent
        To the bus: when the brokers have not confirmed all messages. It goes back to the last checkpoint
        and sends them again, and after the consumer's ``retries`` it stops, for it cannot tell which to park.

    Notes
    -----
    The key keeps a stream in one partition, and so in order, if the producer is idempotent: else a message
    sent again by Kafka's client may overtake another. ``enable.idempotence`` is set for a configuration
    that does not say; set it for a producer of your own. It does not make sending exactly once, for after a
    crash another producer sends the events since the checkpoint again: a reader knows them by ``id``. Source:
    CloudEvents' Kafka binding 1.0.2, in its structured mode.

    Examples
    --------
    >>> import eventlab as el, confluent_kafka
    >>> from eventlab import outbox
    >>> store = el.EventStore()
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
    >>> brokers = {"test.mock.num.brokers": 1, "log_level": 3}  # Kafka's client plays the broker
    >>> bus = el.Bus(store)
    >>> target = bus.consumer("everyone")(outbox.kafka(brokers, "orders"))
    >>> bus.deliver()
    {'everyone': 1}
    """

    def __init__(
        self, producer: Any, topic: str, *, timeout: float = 30, source: str = SOURCE
    ) -> None:
        super().__init__(source)
        self._producer = _made(producer) if isinstance(producer, Mapping) else producer
        self.topic, self._timeout = topic, timeout
        self._failed: list[Any] = []

    def flush(self) -> None:
        """Wait until the brokers have confirmed all messages."""
        left = self._producer.flush(self._timeout)
        failed, self._failed = self._failed, []
        if left or failed:
            raise NotSent.to_topic(self.topic, left, len(failed), failed[0] if failed else "")

    def send(self, told: Message) -> None:
        """Give a message to the producer."""
        try:
            self._produce(told)
        except BufferError:  # the client's queue is full
            self._producer.flush(self._timeout)
            self._produce(told)
        self._producer.poll(0)

    def _produce(self, told: Message) -> None:
        failed = self._failed  # what comes in later than the flush it belongs to, nobody waits for

        def confirmed(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error)

        self._producer.produce(
            self.topic,
            key=told["subject"],
            value=to_line(told),
            headers=[("content-type", MEDIA_TYPE)],
            on_delivery=confirmed,
        )

    def __repr__(self) -> str:
        return f"outbox.kafka(…, {self.topic!r})"


def _made(configuration: Mapping[str, Any]) -> Any:
    try:
        from confluent_kafka import Producer
    except ImportError as error:
        raise MissingClient("kafka", "the package confluent-kafka", "kafka") from error
    return Producer({"enable.idempotence": True, **configuration})
