"""A little shop by the harbour, told twice, with one set of rules and one set of services.

An order is paid, its goods are taken from the shelf, a parcel leaves, the customer gets a letter. Where the
goods are missing, the money goes back. The files, in the order to read them:

- ``services``: payment, stock, shipping and mail do what they are asked, and fail as a script says
- ``calling``: `CallingShop` calls one after the other while the customer waits (request and response)
- ``reacting``: `TellingShop` appends ``OrderPlaced``, and the services react to events (publish, subscribe)
- ``fulfilment``: the same way of an order in one place, a process manager
- ``beside``: what the first two do under the same failures, side by side

>>> import eventlab as el
>>> store = el.EventStore()
>>> bus = el.Bus(store, sleep=lambda seconds: None)
>>> services = Services.with_fates(mail=["down"])
>>> subscribe(bus, services)
>>> TellingShop(store).place("order-7", {"amount": 48})
'thank you'
>>> done = bus.deliver()
>>> services.done()["work"].tolist()
['charge', 'reserve', 'send', 'write']
"""

from eventlab.lessons.shop.beside import FAILURES, side_by_side
from eventlab.lessons.shop.calling import CallingShop
from eventlab.lessons.shop.fulfilment import REQUESTED, fulfilment, manage
from eventlab.lessons.shop.reacting import REACTIONS, Reaction, TellingShop, subscribe
from eventlab.lessons.shop.services import Service, Services, by_chance

__all__ = [
    "Service",
    "Services",
    "by_chance",
    "CallingShop",
    "TellingShop",
    "subscribe",
    "Reaction",
    "REACTIONS",
    "fulfilment",
    "manage",
    "REQUESTED",
    "side_by_side",
    "FAILURES",
]
