"""The way of an order in one place: a process manager, which is a decider that listens.

Its commands are the events of others, its events are what it asks for next, in a stream for each order. So
the way can be read as a table, tested with `given`, and traced; and where it breaks off, it is taken back.
A pattern, and no machinery: a `Decider`, a consumer, `handle`. After Hohpe and Woolf, "Enterprise Integration
Patterns" (2003), https://www.enterpriseintegrationpatterns.com/patterns/messaging/ProcessManager.html; the
taking back is what Garcia-Molina and Salem call compensation in "Sagas" (1987).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eventlab.bus import Bus
from eventlab.deciding import Decider, handle
from eventlab.errors import OutOfTurn
from eventlab.event import Event, RecordedEvent
from eventlab.lessons.shop.reacting import Reaction, sibling

Told = tuple[str, ...]
"""What the manager has told so far about an order, by event type."""


class Step(NamedTuple):
    """What an event answers, and what the manager tells then."""

    answers: str
    then: str


WAY = {
    "OrderPlaced": Step("", "PaymentRequested"),
    "PaymentTaken": Step("PaymentRequested", "StockRequested"),
    "PaymentRefused": Step("PaymentRequested", "OrderCancelled"),
    "StockReserved": Step("StockRequested", "ShippingRequested"),
    "StockMissing": Step("StockRequested", "RefundRequested"),
    "PaymentReturned": Step("RefundRequested", "OrderCancelled"),
    "ParcelSent": Step("ShippingRequested", "OrderFulfilled"),
}
"""What the manager listens to, and the step that follows."""

REQUESTED = (
    Reaction("PaymentRequested", "payment", "charge", "PaymentTaken", "PaymentRefused"),
    Reaction("StockRequested", "stock", "reserve", "StockReserved", "StockMissing"),
    Reaction("RefundRequested", "payment", "pay back", "PaymentReturned"),
    Reaction("ShippingRequested", "shipping", "send", "ParcelSent"),
    Reaction("OrderFulfilled", "mail", "write", "LetterWritten"),
    Reaction("OrderCancelled", "mail", "write", "LetterWritten"),
)
"""How the services react where there is a manager: to its requests, and to nobody else."""


def decide(heard: Event | RecordedEvent, told: Told) -> Event | None:
    """Return what follows from an event; nothing where it was heard before, as it may come twice.

    Raises
    ------
    OutOfTurn
        When it answers what was never asked. To pass over it in silence would lose it.
    """
    step = WAY[heard.type]
    if step.answers not in ("", *told):
        raise OutOfTurn(heard.type, step.answers, told)
    if step.answers != (told[-1] if told else ""):
        return None
    return Event(step.then, heard.data)


def evolve(told: Told, event: Event | RecordedEvent) -> Told:
    """Return what the manager has told, with one event more."""
    return (*told, event.type)


fulfilment = Decider(decide, evolve, initial=(), name="fulfilment")
"""The rules of the manager.

>>> import eventlab as el
>>> asked = el.Event("PaymentRequested"), el.Event("StockRequested")
>>> el.given(fulfilment, *asked).when(el.Event("StockMissing")).then(el.Event("RefundRequested"))
Given  PaymentRequested
       StockRequested
When   Event('StockMissing', {})
Then   RefundRequested ✓
"""


def manage(bus: Bus, **terms: Any) -> None:
    """Register the manager as consumer ``fulfilment``; further terms are those of `Bus.consumer`."""

    @bus.consumer("fulfilment", *WAY, idempotent=True, **terms)
    def move_on(event: RecordedEvent) -> None:
        handle(bus.store, fulfilment, sibling(event, "fulfilment"), event)
