"""Upcasters that cannot form a chain, or fail on an event."""

from __future__ import annotations

from collections.abc import Iterable

from eventlab.errors.family import EventLabError, short, shortened
from eventlab.errors.logs import BrokenPayload

Step = tuple[str, int]


class UpcastingError(EventLabError, ValueError):
    """Old events cannot be shown as today's code wants them."""


class InvalidUpcaster(UpcastingError):
    """The upcasters given form no chain; nothing was opened or made."""

    @classmethod
    def no_upcaster(cls, found: object) -> InvalidUpcaster:
        """Show how one is made."""
        return cls(
            f"upcasters=[…] was given {short(found)}, a {type(found).__name__}: decorate a function with "
            "@el.upcaster('CardLoaded', schema=1), or use el.upcasting.rename, default, split or drop."
        )

    @classmethod
    def no_step(cls, type: object, schema: object) -> InvalidUpcaster:
        """Say what an upcaster is for."""
        return cls(
            f"upcaster({short(type)}, schema={short(schema)}) names no old shape: give the event's type as "
            "text and the schema it was written with, 1, 2, 3 …"
        )

    @classmethod
    def duplicate(cls, step: Step, names: Iterable[str]) -> InvalidUpcaster:
        """Name both."""
        return cls(
            f"there are two upcasters for {_spoken(step)}: {' and '.join(names)}. Keep one of them."
        )

    @classmethod
    def gap(cls, type: str, known: Iterable[int], missing: int) -> InvalidUpcaster:
        """Name the schema that leads nowhere."""
        schemas = ", ".join(map(str, known))
        return cls(
            f"the upcasters of {type!r} start from schema {schemas}, and none from {missing}: an event of an "
            f"earlier schema would stop there. Add one with @el.upcaster({type!r}, schema={missing})."
        )

    @classmethod
    def unreachable(cls, step: Step, target: Step, newest: int) -> InvalidUpcaster:
        """Name the shape nobody writes."""
        return cls(
            f"the upcaster of {_spoken(step)} makes {_spoken(target)}, but the upcasters of "
            f"{target[0]!r} end at schema {newest}: make that, or an earlier one."
        )

    @classmethod
    def cycle(cls, steps: Iterable[Step]) -> InvalidUpcaster:
        """Show the way round."""
        return cls(
            f"the upcasters go round in a circle: {' → '.join(map(_spoken, steps))}. Let one of them end it."
        )


class UpcastFailed(UpcastingError):
    """An upcaster failed on a stored event; what follows is not shown, rather than shown without it."""

    def __init__(self, step: Step, position: int, given: str, why: str) -> None:
        super().__init__(
            f"the upcaster of {_spoken(step)} failed on the event at position {position:,}: {why}. "
            f"It was given {shortened(given)}. {_way_out(position)}"
        )
        self.type, self.schema = step
        self.position = position


class UnknownSchema(UpcastingError):
    """A stored event has a schema that no upcaster starts from and none ends at."""

    def __init__(self, step: Step, position: int, known: Iterable[int], newest: int) -> None:
        type, schema = step
        by_whom = (
            "newer code wrote it: update this code, or open the store with its upcasters"
            if schema > newest
            else f"add one with @el.upcaster({type!r}, schema={schema})"
        )
        super().__init__(
            f"the event at position {position:,} is {_spoken(step)}, but the upcasters of {type!r} start "
            f"from schema {', '.join(map(str, known))} and end at {newest}: {by_whom}. {_way_out(position)}"
        )
        self.type, self.schema, self.position = type, schema, position


class UncommittedSchema(UpcastingError):
    """An event of an old schema is appended where a read model changes in the same transaction."""

    def __init__(self, type: str, schema: int, position: int) -> None:
        super().__init__(
            f"the event at position {position:,} is {_spoken((type, schema))}, which is shown upcasted once "
            "it is committed, but a read model wants it before: append the schema of today, or let the read "
            "model catch up by itself."
        )
        self.position = position


UNREADABLE = (UpcastFailed, UnknownSchema, BrokenPayload)
"""Why an old event cannot be shown; ``position`` says which, and what lies before it can be read."""


def _way_out(position: int) -> str:
    return (
        f"log.until(position={position - 1}) is the past before it, and log.events(raw=True) shows what is "
        "stored."
    )


def _spoken(step: Step) -> str:
    return f"{step[0]!r} schema {step[1]}"
