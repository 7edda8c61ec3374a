"""All upcasters of a store as chains: what an old event becomes in the end, step by step.

A chain that cannot hold is refused when the store is opened, before any event is met. Pure: this knows
nothing of tables.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from eventlab.errors import EventLabError, InvalidUpcaster, UnknownSchema, UpcastFailed
from eventlab.event import Event, RecordedEvent
from eventlab.ruletext import rule_text
from eventlab.upcasting.upcaster import Made, Step, Upcaster


class Stage(NamedTuple):
    """An event on its way to today's shape, and what the next upcaster made of it; None at the end."""

    event: Event
    made: tuple[Stage, ...] | None

    def ends(self) -> Iterator[Event]:
        """Yield what is shown in the end: none, one or several events, in order."""
        if self.made is None:
            yield self.event
        for stage in self.made or ():
            yield from stage.ends()


class Chains:
    """The upcasters of a store, checked.

    Raises
    ------
    InvalidUpcaster
        When two start from the same schema, one is missing between others, one makes a schema behind the
        end of a chain, or they go round in a circle.

    Examples
    --------
    >>> from eventlab.upcasting import default, rename
    >>> chains = Chains(
    ...     [rename("CardLoaded", 1, amount="euros"), default("CardLoaded", 2, by="shop")]
    ... )
    >>> chains.shown(("CardLoaded", 1), '{"amount": 20}', position=7)
    [Event('CardLoaded', {'by': 'shop', 'euros': 20}, schema=3)]
    """

    def __init__(self, upcasters: Iterable[Upcaster] = ()) -> None:
        self.steps = _by_step(upcasters)
        self.schemas = _schemas(self.steps)
        self.newest = {type: schemas[-1] + 1 for type, schemas in self.schemas.items()}
        _require_reachable(self.steps, self.newest)
        _require_no_circle(self.steps)

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def definition(self) -> str:
        """What they do, as text; empty where there are none."""
        ordered = sorted(self.steps.items())
        return "\n".join(f"{step}: {rule_text(up.function)}" for step, up in ordered)

    def schema_of(self, type: str) -> int:
        """Return the schema in which events of a type are written today."""
        return self.newest.get(type, 1)

    def require_known(self, step: Step, position: int) -> None:
        """Refuse an event whose schema no chain takes or ends at."""
        type, schema = step
        if type in self.newest and step not in self.steps and schema != self.newest[type]:
            raise UnknownSchema(step, position, self.schemas[type], self.newest[type])

    def shown(self, step: Step, text: str, position: int) -> list[Event]:
        """Return what a stored event is shown as: none, one or several events, in order.

        Parameters
        ----------
        step : (str, int)
            Its type and schema.
        text : str
            Its payload as JSON.
        position : int
            Where it stands, for the sentence of an error.
        """
        said = Event(step[0], json.loads(text), schema=step[1])
        return list(self._stage(said, position, text=text).ends())

    def way(self, event: Event | RecordedEvent, position: int) -> Stage:
        """Return a stored event and, step by step, what becomes of it on the way to what is shown.

        Examples
        --------
        >>> from eventlab.upcasting import drop, rename
        >>> chains = Chains([rename("CardLoaded", 1, amount="euros"), drop("CardSeen", 1)])
        >>> way = chains.way(Event("CardLoaded", {"amount": 20}, schema=1), position=7)
        >>> [stage.event for stage in way.made], list(way.ends())[0].data
        ([Event('CardLoaded', {'euros': 20}, schema=2)], {'euros': 20})
        >>> list(chains.way(Event("CardSeen", schema=1), position=8).ends())
        []
        """
        said = Event(event.type, event.data, schema=event.schema or 1)
        return self._stage(said, position)

    def _stage(
        self, said: Event, position: int, behind: tuple[Step, ...] = (), text: str | None = None
    ) -> Stage:
        step = said.type, said.schema or 1
        if step not in self.steps:
            self.require_known(step, position)
            return Stage(said, None)
        text = json.dumps(said.data) if text is None else text
        _require_new(step, behind, position, text)
        made = map(_with_schema, self._made(step, text, position))
        return Stage(said, tuple(self._stage(one, position, (*behind, step)) for one in made))

    def _made(self, step: Step, text: str, position: int) -> list[Event]:
        try:
            return _events(self.steps[step], self.steps[step](json.loads(text)))
        except EventLabError as error:
            raise UpcastFailed(step, position, text, str(error).rstrip(".")) from error
        except Exception as error:
            raise UpcastFailed(step, position, text, f"{type(error).__name__}: {error}") from error


def _events(step: Upcaster, made: Made) -> list[Event]:
    if isinstance(made, Mapping):
        return [Event(step.type, made, schema=step.schema + 1)]
    events: Any = [] if made is None else [made] if isinstance(made, Event) else made
    if not isinstance(events, list | tuple) or not all(isinstance(e, Event) for e in events):
        raise TypeError(
            f"it returned {made!r}, which is no dict, no event, no list of events and not None"
        )
    for event in events:
        if event != Event(event.type, event.data, schema=event.schema):
            raise TypeError(
                f"it returned {event!r}: say type, data and schema only, the rest stays"
            )
    return list(events)


def _require_new(step: Step, behind: tuple[Step, ...], position: int, text: str) -> None:
    if step in behind:
        raise UpcastFailed(behind[0], position, text, f"it came round to {step[0]!r} again")


def _with_schema(made: Event) -> Event:
    # Where it says no schema, the first and not today's: an upcaster stays as it is while chains grow longer.
    return made if made.schema else replace(made, schema=1)


# -- what a chain must be --------------------------------------------------------------------------


def _by_step(upcasters: Iterable[Upcaster]) -> dict[Step, Upcaster]:
    steps: dict[Step, Upcaster] = {}
    for made in upcasters:
        if not isinstance(made, Upcaster):
            raise InvalidUpcaster.no_upcaster(made)
        if made.step in steps:
            raise InvalidUpcaster.duplicate(made.step, [steps[made.step].name, made.name])
        steps[made.step] = made
    return steps


def _schemas(steps: Iterable[Step]) -> dict[str, list[int]]:
    schemas: dict[str, list[int]] = defaultdict(list)
    for type, schema in sorted(steps):
        schemas[type].append(schema)
    for type, known in schemas.items():
        for schema, following in pairwise(known):
            if following != schema + 1:
                raise InvalidUpcaster.gap(type, known, schema + 1)
    return dict(schemas)


def _require_reachable(steps: Mapping[Step, Upcaster], newest: Mapping[str, int]) -> None:
    for made in steps.values():
        if made.to and made.to[1] > newest.get(made.to[0], made.to[1]):
            raise InvalidUpcaster.unreachable(made.step, made.to, newest[made.to[0]])


def _require_no_circle(steps: Mapping[Step, Upcaster]) -> None:
    for start in steps:
        way: Sequence[Step] = [start]
        while (made := steps.get(way[-1])) is not None:
            way = [*way, made.to or (made.type, made.schema + 1)]
            if way[-1] in way[:-1]:
                raise InvalidUpcaster.cycle(way[way.index(way[-1]) :])
