"""What do the services of a shop do, and how do they fail? Payment, stock, shipping and mail.

They stand for other companies and other machines: they remember what they did, whatever happens to the shop
that asked. They know nothing of events. Failures come from a script or a seed, and nothing ever waits.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import pandas as pd

from eventlab.errors import AskerDied, ServiceFailed

WORKS, DOWN, SILENT, FATAL = "works", "down", "silent", "fatal"
"""The fates of a call; `Service` says what they mean."""


class Done(NamedTuple):
    """A piece of work that a service did."""

    service: str
    work: str
    order: str


class Service:
    """One that does some work for orders.

    Parameters
    ----------
    name : str
        What it is called.
    fates : iterable of str, optional
        What happens at its first, second, third … call: ``"works"``, ``"down"`` (nothing is done, no answer
        comes), ``"silent"`` (it is done, no answer comes) or ``"fatal"`` (it is done, and whoever asked dies
        before the answer comes). Behind their end it works.
    refuses : collection of str, optional
        The orders it says no to: a card without cover, an empty shelf. The answer depends on the order alone,
        so that runs in which orders overtake one another can be compared.

    Attributes
    ----------
    done : list of Done
        All that it has done, in order.

    Examples
    --------
    >>> payment = Service("payment", ["silent"])
    >>> payment.ask("charge", "order-7")
    Traceback (most recent call last):
        ...
    eventlab.errors.ServiceFailed: payment gave no answer when it was asked to charge for 'order-7':
    it was done, or it was not; ask again under the same key, or look at what it has done.
    >>> payment.ask("charge", "order-7")  # and again, to be safe
    True
    >>> len(payment.done)
    2
    """

    def __init__(
        self, name: str, fates: Iterable[str] = (), *, refuses: Collection[str] = ()
    ) -> None:
        self.name, self.done = name, list[Done]()
        self._fates, self._refuses = iter(fates), frozenset(refuses)
        self._answers: dict[tuple[str, str], bool] = {}

    def ask(self, work: str, order: str, key: str | None = None) -> bool:
        """Do some work for an order; return whether it could be done, or was refused.

        Parameters
        ----------
        work, order : str
            What to do, and for whom.
        key : str, optional
            Names the request. Who asks again under the same key gets the first answer again, and nothing is
            done twice: an *idempotency key*, as payment services have it.

        Raises
        ------
        ServiceFailed
            When no answer comes.
        AskerDied
            When its script says so: a crash of whoever asks.
        """
        fate = next(self._fates, WORKS)
        if fate == DOWN:
            raise ServiceFailed(self.name, work, order)
        answer = self._answer(work, order, key)
        if fate == SILENT:
            raise ServiceFailed(self.name, work, order)
        if fate == FATAL:
            raise AskerDied(self.name, work, order)
        return answer

    def _answer(self, work: str, order: str, key: str | None) -> bool:
        if key is not None and (work, key) in self._answers:
            return self._answers[work, key]
        answer = order not in self._refuses
        if answer:
            self.done.append(Done(self.name, work, order))
        if key is not None:
            self._answers[work, key] = answer
        return answer


def by_chance(seed: int, *, down: float = 0, silent: float = 0) -> Iterator[str]:
    """Yield fates without end, drawn from a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same fates.
    down, silent : float
        The chances, between 0 and 1, that a call fails so.

    Examples
    --------
    >>> from itertools import islice
    >>> list(islice(by_chance(1, down=0.3, silent=0.3), 4))
    ['works', 'down', 'down', 'down']
    """
    chance = random.Random(f"fates/{seed}")  # noqa: S311 - the same on every machine is the point
    while True:
        drawn = chance.random()
        yield DOWN if drawn < down else SILENT if drawn < down + silent else WORKS


@dataclass(frozen=True)
class Services:
    """The four services of a shop."""

    payment: Service
    stock: Service
    shipping: Service
    mail: Service

    @classmethod
    def with_fates(
        cls,
        *,
        payment: Iterable[str] = (),
        stock: Iterable[str] = (),
        shipping: Iterable[str] = (),
        mail: Iterable[str] = (),
        unpaid: Collection[str] = (),
        missing: Collection[str] = (),
    ) -> Self:
        """Return four services with their fates, the orders that are not paid, and those not in stock."""
        return cls(
            Service("payment", payment, refuses=unpaid),
            Service("stock", stock, refuses=missing),
            Service("shipping", shipping),
            Service("mail", mail),
        )

    def __iter__(self) -> Iterator[Service]:
        return iter((self.payment, self.stock, self.shipping, self.mail))

    def done(self) -> pd.DataFrame:
        """Return all that was done, one row each, by service and in the order of doing.

        Returns
        -------
        DataFrame
            ``service, work, order``.
        """
        rows = [done for service in self for done in service.done]
        return pd.DataFrame(rows, columns=list(Done._fields), dtype="str")

    def times(self, work: str) -> int:
        """Return how often some work was done."""
        return sum(done.work == work for service in self for done in service.done)
