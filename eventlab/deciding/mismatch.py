"""In what does a decision differ from the one expected? Event by event, and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from eventlab.equality import same
from eventlab.event import Event
from eventlab.projections.states import State, fields_of

ENVELOPE = (
    "actor",
    "reason",
    "occurred_at",
    "correlation_id",
    "causation_id",
    "event_id",
    "tags",
    "schema",
)
_ABSENT = object()


def of_events(expected: Sequence[Event], decided: Sequence[Event]) -> list[str]:
    """Return a sentence for everything in which the decided events are not the expected ones.

    Examples
    --------
    >>> of_events([Event("CardLoaded", {"amount": 20})], [Event("CardLoaded", {"amount": 5})])
    ['1. CardLoaded: data.amount is 5, and 20 was expected']
    >>> of_events([Event("CardClosed")], [])
    ['1. nothing more was decided, and CardClosed {} was expected']
    """
    pairs = zip_longest(expected, decided)
    return [
        f"{number}. {difference}"
        for number, pair in enumerate(pairs, start=1)
        for difference in _of_pair(*pair)
    ]


def of_state(expected: State, reached: State) -> list[str]:
    """Return a sentence for every field in which a state is not the expected one."""
    return list(_of_fields("state: ", fields_of(expected), fields_of(reached)))


def _of_pair(expected: Event | None, decided: Event | None) -> Iterator[str]:
    if decided is None and expected is not None:
        yield f"nothing more was decided, and {_said(expected)} was expected"
    elif expected is None and decided is not None:
        yield f"{_said(decided)} was decided, and nothing more was expected"
    elif expected is not None and decided is not None:
        yield from _of_event(expected, decided)


def _of_event(expected: Event, decided: Event) -> Iterator[str]:
    if expected.type != decided.type:
        yield f"{_said(decided)} was decided, and {_said(expected)} was expected"
        return
    yield from _of_fields(f"{decided.type}: data.", expected.data, decided.data)
    yield from _of_fields(f"{decided.type}: ", _stated(expected), _shown(decided, expected))


def _of_fields(place: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*expected, *found]):
        wanted, there = expected.get(name, _ABSENT), found.get(name, _ABSENT)
        if there is _ABSENT:
            yield f"{place}{name} is missing, and {wanted!r} was expected"
        elif wanted is _ABSENT:
            yield f"{place}{name} is {there!r}, and no such field was expected"
        elif not same(there, wanted):
            yield f"{place}{name} is {there!r}, and {wanted!r} was expected"


def _stated(event: Event) -> dict[str, Any]:
    """Return the envelope an expected event states; what it leaves open is not compared."""
    return _with_lists(
        {name: getattr(event, name) for name in ENVELOPE if getattr(event, name) is not None}
    )


def _shown(decided: Event, expected: Event) -> dict[str, Any]:
    return _with_lists({name: getattr(decided, name) for name in _stated(expected)})


def _with_lists(envelope: dict[str, Any]) -> dict[str, Any]:
    """Tags may be any sequence, and a tuple of the same ones says the same."""
    if envelope.get("tags") is not None:
        envelope["tags"] = list(envelope["tags"])
    return envelope


def _said(event: Event) -> str:
    return f"{event.type} {event.data}"
