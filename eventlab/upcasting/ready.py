"""The upcasters that most changes need, ready-made: each is one line where the store is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from eventlab.event import Event
from eventlab.upcasting.upcaster import Made, Payload, Upcaster, upcaster


def rename(type: str, schema: int, /, **names: str) -> Upcaster:
    """Return the upcaster that renames payload fields, given as ``old="new"``.

    Examples
    --------
    >>> rename("CardLoaded", 1, amount="euros")({"amount": 20, "by": "ana"})
    {'euros': 20, 'by': 'ana'}
    """
    return upcaster(type, schema)(_Renamed(tuple(names.items())))


def rename_type(type: str, schema: int, /, to: str, to_schema: int = 1) -> Upcaster:
    """Return the upcaster that gives events another type; they go on as ``to_schema`` of that.

    Examples
    --------
    >>> rename_type("CardTopped", 1, to="CardLoaded")({"amount": 20})
    Event('CardLoaded', {'amount': 20}, schema=1)
    """
    made = upcaster(type, schema)(_Retyped(to, to_schema))
    return replace(made, to=(to, to_schema))


def default(type: str, schema: int, /, **values: Any) -> Upcaster:
    """Return the upcaster that adds fields where they are missing, with these values.

    Examples
    --------
    >>> default("CardLoaded", 1, currency="EUR")({"amount": 20})
    {'currency': 'EUR', 'amount': 20}
    """
    return upcaster(type, schema)(_Defaulted(tuple(values.items())))


def split(type: str, schema: int, /, into: Callable[[Payload], Iterable[Event]]) -> Upcaster:
    """Return the upcaster that shows one event as several, all at its position and in this order.

    Examples
    --------
    >>> def parts(data):
    ...     yield Event("CardLoaded", {"amount": data["amount"]})
    ...     yield Event("HolderNamed", {"holder": data["holder"]})
    >>> split("CardSold", 1, into=parts)({"amount": 20, "holder": "Mara"})
    [Event('CardLoaded', {'amount': 20}), Event('HolderNamed', {'holder': 'Mara'})]
    """
    return upcaster(type, schema)(_Split(into))


def drop(type: str, schema: int, /) -> Upcaster:
    """Return the upcaster that shows nothing of these events; their positions are left out.

    Examples
    --------
    >>> drop("PageViewed", 1)({"page": "cards"}) is None
    True
    """
    return upcaster(type, schema)(_Dropped())


# Dataclasses, not closures: their text says what they do, and snapshots are kept by that text.


@dataclass(frozen=True)
class _Renamed:
    names: tuple[tuple[str, str], ...]

    def __call__(self, data: Payload) -> Made:
        names = dict(self.names)
        if taken := [new for old, new in self.names if old in data and new in data]:
            raise ValueError(f"the payload has a field {taken[0]!r} already")
        return {names.get(name, name): value for name, value in data.items()}


@dataclass(frozen=True)
class _Retyped:
    to: str
    schema: int

    def __call__(self, data: Payload) -> Made:
        return Event(self.to, data, schema=self.schema)


@dataclass(frozen=True)
class _Defaulted:
    values: tuple[tuple[str, Any], ...]

    def __call__(self, data: Payload) -> Made:
        return {**dict(self.values), **data}


@dataclass(frozen=True)
class _Split:
    into: Callable[[Payload], Iterable[Event]]

    def __call__(self, data: Payload) -> Made:
        return list(self.into(data))


@dataclass(frozen=True)
class _Dropped:
    def __call__(self, data: Payload) -> Made:
        return None
