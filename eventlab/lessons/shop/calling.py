"""The shop that calls: request and response. It asks one service after the other while the customer waits.

It has to know every service by name, in the right order, and all of them have to answer, now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlab.errors import ServiceFailed
from eventlab.lessons.shop.services import Service, Services


class CallingShop:
    """Sells by calling payment, stock, shipping and mail.

    Parameters
    ----------
    services : Services
        Whom it calls.
    retries : int
        How often it asks again when no answer comes.
    keyed : bool
        Whether it names its requests, so that asking again does nothing twice.

    Attributes
    ----------
    waited : list of str
        The calls that customers waited for, by service.

    Examples
    --------
    >>> services = Services.with_fates(mail=["down"])
    >>> CallingShop(services).place("order-7", {"amount": 48})
    'sorry, something went wrong'
    >>> services.done()["work"].tolist()
    ['charge', 'reserve', 'send']
    """

    def __init__(self, services: Services, *, retries: int = 0, keyed: bool = False) -> None:
        self.services, self._retries, self._keyed = services, retries, keyed
        self.waited: list[str] = []

    @property
    def knows(self) -> list[str]:
        """Whom the shop has to know by name."""
        return [service.name for service in self.services]

    def place(self, order: str, data: Mapping[str, Any]) -> str:
        """Take an order the whole way, and return what the customer is told in the end."""
        try:
            return self._sold(order)
        except ServiceFailed:
            return "sorry, something went wrong"

    def _sold(self, order: str) -> str:
        payment, stock, shipping, mail = self.services
        if not self._ask(payment, "charge", order):
            return "payment refused"
        if not self._ask(stock, "reserve", order):
            self._ask(payment, "pay back", order)
            return "out of stock"
        self._ask(shipping, "send", order)
        self._ask(mail, "write", order)
        return "on its way"

    def _ask(self, service: Service, work: str, order: str) -> bool:
        key = order if self._keyed else None
        for _ in range(self._retries):
            self.waited.append(service.name)
            try:
                return service.ask(work, order, key)
            except ServiceFailed:
                continue
        self.waited.append(service.name)
        return service.ask(work, order, key)
