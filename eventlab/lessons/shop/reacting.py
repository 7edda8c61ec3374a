"""The shop that tells: publish and subscribe. It appends that an order was placed, and is done.

The services react to events, each by itself, and append what came of it; that is what the next ones react
to. Nobody leads (a *choreography*): the way of an order is the sum of the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from eventlab.bus import Bus
from eventlab.event import Event, RecordedEvent
from eventlab.lessons.shop.services import Service, Services
from eventlab.store import NO_STREAM, EventStore


class TellingShop:
    """Sells by appending ``OrderPlaced`` to the stream of the order.

    All that comes of it has the order as ``correlation_id``: ``store.trace("order-7")`` draws it.

    Parameters
    ----------
    store : EventStore
        Where it appends; all that it knows.
    """

    knows = ("the log",)

    def __init__(self, store: EventStore) -> None:
        self.store = store

    def place(self, order: str, data: Mapping[str, Any]) -> str:
        """Append that an order was placed, and return what the customer is told at once."""
        placed = Event("OrderPlaced", dict(data), correlation_id=order)
        self.store.append(order, placed, expected=NO_STREAM)
        return "thank you"


class Reaction(NamedTuple):
    """What a service does when something happened, and the event that it appends when done, or refused."""

    when: str
    service: str
    work: str
    done: str
    refused: str = ""


REACTIONS = (
    Reaction("OrderPlaced", "payment", "charge", "PaymentTaken", "PaymentRefused"),
    Reaction("PaymentTaken", "stock", "reserve", "StockReserved", "StockMissing"),
    Reaction("StockMissing", "payment", "pay back", "PaymentReturned"),
    Reaction("StockReserved", "shipping", "send", "ParcelSent"),
    Reaction("ParcelSent", "mail", "write", "LetterWritten"),
    Reaction("PaymentReturned", "mail", "write", "LetterWritten"),
    Reaction("PaymentRefused", "mail", "write", "LetterWritten"),
)


def subscribe(
    bus: Bus,
    services: Services,
    reactions: Iterable[Reaction] = REACTIONS,
    *,
    keyed: bool = True,
    **terms: Any,
) -> None:
    """Register a consumer for every service, named like it.

    Parameters
    ----------
    bus : Bus
        Brings the events.
    services : Services
        Who works.
    reactions : iterable of Reaction
        Who reacts to what; a table of your own makes another shop.
    keyed : bool
        Whether a service is asked under the id of the event it reacts to, so that one that comes twice is
        worked on once.
    **terms
        Further terms of `Bus.consumer`.
    """
    for service in services:
        own = {
            reaction.when: reaction for reaction in reactions if reaction.service == service.name
        }
        if own:
            handler = _handler(bus.store, service, own, keyed)
            bus.consumer(service.name, *own, idempotent=True, **terms)(handler)


def _handler(
    store: EventStore, service: Service, own: Mapping[str, Reaction], keyed: bool
) -> Callable[[RecordedEvent], None]:
    def react(event: RecordedEvent) -> None:
        reaction = own[event.type]
        key = event.event_id if keyed else None
        could = service.ask(reaction.work, sibling(event, "order"), key)
        answer = Event(reaction.done if could else reaction.refused, event.data)
        store.append(sibling(event, service.name), answer)

    return react


def sibling(event: RecordedEvent, category: str) -> str:
    """Return the stream of that category which has the number of an event's own, as all of one order have."""
    return f"{category}-{event.stream.partition('-')[2]}"
