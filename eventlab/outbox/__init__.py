"""The outbox: events handed to the outside, with the log itself as the outbox.

Whoever writes to a database and then tells a broker may die in between, and then nobody hears of it.
The usual cure is a table of messages to send, written in the same transaction as the state, and a relay
that reads it. Where events are the state, both are there already: the log is that table, and a consumer with
its checkpoint is the relay. So a target is only a handler, and any consumer takes it::

    bus.consumer("partners", "OrderPlaced", "OrderShipped")(outbox.json_lines("orders.jsonl"))
    bus.consumer("crm", "OrderPlaced")(outbox.webhook("https://crm.example/hooks"))
    bus.consumer("stock")(outbox.redis_stream("redis://localhost", "orders"))
    bus.consumer("everyone")(outbox.kafka(producer, "orders"))

Its terms are those of `Bus.consumer`: types, retries, dead letters, ``start=``; ``bus.lag()`` says what was
sent.

What arrives is a CloudEvent (see `message`). How often depends on what the target can say of itself:

========================  =================  ===================================================
target                    how often          because
========================  =================  ===================================================
`json_lines`              exactly once       the file's last line says how far it is
`redis_stream`            exactly once       Redis refuses an entry number that it has had
`kafka`                   at least once      a broker cannot be asked cheaply what it has
`webhook`                 at least once      the receiver has to know the id again, ``webhook-id``
========================  =================  ===================================================

A target takes what lies before the consumer's checkpoint for sent; one that has lost something gets it again
by ``bus.replay(name, start=…)``. It begins with the first event of the log, unless it is registered with
``start="now"``, and registered by `Bus.reactor` it is never replayed. Any other place to send events to is a
`Target` of your own, in three lines.
"""

from eventlab.outbox.jsonlines import JSONLines
from eventlab.outbox.kafka_topic import KafkaTopic
from eventlab.outbox.messages import message
from eventlab.outbox.redisstream import RedisStream
from eventlab.outbox.target import Target
from eventlab.outbox.webhooks import Webhook

json_lines = JSONLines
webhook = Webhook
redis_stream = RedisStream
kafka = KafkaTopic

__all__ = ["message", "json_lines", "webhook", "redis_stream", "kafka", "Target"]
