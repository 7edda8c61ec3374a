"""One step of a chain: how a payload of an old schema becomes one of today's.

An upcaster is a plain function from a payload to a payload. It is applied when an event is read; what is
stored stays as it was written. Lesson 09 changes the shape of its gift cards three times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventlab.errors import InvalidUpcaster
from eventlab.event import Event

Payload = dict[str, Any]
Made = Mapping[str, Any] | Event | Sequence[Event] | None
Function = Callable[[Payload], Made]
Step = tuple[str, int]


@dataclass(frozen=True)
class Upcaster:
    """A function for the events of one type and schema; call it as the function it is.

    Attributes
    ----------
    type, schema : str, int
        What the function takes.
    function : callable
        From the payload to a payload of the next schema, an `Event`, a list of events, or None.
    to : (str, int), optional
        The type and schema of the events it returns, where that is known beforehand.
    """

    type: str
    schema: int
    function: Function
    to: Step | None = None

    def __call__(self, data: Payload) -> Made:
        """Return what the function makes of a payload."""
        return self.function(data)

    @property
    def step(self) -> Step:
        """The type and schema it takes."""
        return self.type, self.schema

    @property
    def name(self) -> str:
        """What the function is called."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    def __repr__(self) -> str:
        return f"<upcaster {self.name}: {self.type!r} from schema {self.schema}>"


def upcaster(type: str, schema: int) -> Callable[[Function], Upcaster]:
    """Return a decorator that makes a function the upcaster of a type's old schema.

    Parameters
    ----------
    type : str
        The type of the old events.
    schema : int
        The schema they were written with. A dict the function returns has the next one.

    Returns
    -------
    callable
        The decorator. The function takes the payload, a dict of its own, and returns a dict; or events,
        where the type changes or one event becomes several; or None, where it is not to be shown. An event
        that is returned says type, data and schema, and goes on from that schema, 1 where it says none; the
        rest of the envelope is the stored event's.

    Raises
    ------
    InvalidUpcaster
        When the type is no text or the schema no whole number from 1.

    Examples
    --------
    >>> import eventlab as el
    >>> @el.upcaster("CardLoaded", schema=1)
    ... def in_cents(data):
    ...     return {"cents": round(data["amount"] * 100)}
    >>> in_cents({"amount": 2.5})
    {'cents': 250}
    >>> store = el.EventStore(upcasters=[in_cents])
    >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 2.5}, schema=1))
    >>> done = store.append("card-7", el.Event("CardLoaded", {"cents": 100}))
    >>> store.sql("select position, data.cents, schema from events order by position")
       position  cents  schema
    0         1    250       2
    1         2    100       2
    """
    if not isinstance(type, str) or not type or isinstance(schema, bool):
        raise InvalidUpcaster.no_step(type, schema)
    if not isinstance(schema, int) or schema < 1:
        raise InvalidUpcaster.no_step(type, schema)
    return lambda function: Upcaster(type, schema, function)
