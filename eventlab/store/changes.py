"""What a branch changes, as it was asked for: understood and checked, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import index
from typing import Any, NamedTuple

from eventlab.checks import is_integer
from eventlab.errors import EventLabError, InvalidBranch
from eventlab.event import Event, RecordedEvent, require_stream
from eventlab.store.identity import OWN_ID
from eventlab.store.log import Log


class Insertion(NamedTuple):
    """A new event of a stream, and the position it follows."""

    after: int
    stream: str
    event: Event


@dataclass(frozen=True)
class Changes:
    """What is different in a branch; all positions are the parent's."""

    at: int
    drop: frozenset[int]
    edit: Mapping[int, Event | Mapping[str, Any]]
    insert: tuple[Insertion, ...]


def asked(parent: Log, at: object, drop: object, edit: object, insert: object) -> Changes:
    """Return what was asked for.

    Raises
    ------
    InvalidBranch
        When it has no meaning: no such position, one dropped and edited at once, no event.
    """
    head = parent.head
    last = head if at is None else _position("at", at, 0, head)
    dropped = frozenset(_position("drop", p, 1, last) for p in _dropped(parent, last, drop))
    edited = {
        _position("edit", position, 1, last): _edit(position, values)
        for position, values in _mapping("edit", edit).items()
    }
    if both := sorted(dropped & set(edited)):
        raise InvalidBranch.dropped_and_edited(both[0])
    return Changes(last, dropped, edited, tuple(_insertions(last, insert)))


def edited(event: RecordedEvent, values: Event | Mapping[str, Any], causation: str | None) -> Event:
    """Return what stands in the place of an event: other payload fields, or another event."""
    if isinstance(values, Event):
        return replace(values, occurred_at=values.occurred_at or event.occurred_at)
    try:
        return Event(
            event.type,
            {**event.data, **values},
            actor=event.actor,
            reason=event.reason,
            occurred_at=event.occurred_at,
            correlation_id=event.correlation_id,
            causation_id=causation,
            event_id=None if OWN_ID.fullmatch(event.event_id) else event.event_id,
            tags=event.tags,
            schema=event.schema,
        )
    except EventLabError as error:
        raise InvalidBranch.cannot_be_stored(event.position, error) from error


def _dropped(parent: Log, last: int, drop: object) -> Iterable[object]:
    if isinstance(drop, Log):
        if not drop.is_of(parent):
            raise InvalidBranch.other_log()
        found = drop.until(position=last).select("select position from events")
        return found.fetchnumpy()["position"].tolist()
    if isinstance(drop, str) or not isinstance(drop, Iterable):
        raise InvalidBranch.not_positions(drop)
    return drop


def _mapping(role: str, given: object) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidBranch.no_mapping(role, given)
    return given


def _position(role: str, position: object, first: int, last: int) -> int:
    if not is_integer(position) or not first <= index(position) <= last:
        raise InvalidBranch.no_position(role, position, first, last)
    return index(position)


def _edit(position: object, values: object) -> Event | Mapping[str, Any]:
    if isinstance(values, Event) or (
        isinstance(values, Mapping) and all(isinstance(name, str) for name in values)
    ):
        return values
    raise InvalidBranch.no_edit(position, values)


def _insertions(last: int, insert: object) -> Iterator[Insertion]:
    at_positions = {
        _position("insert", position, 0, last): (position, new)
        for position, new in _mapping("insert", insert).items()
    }
    for after in sorted(at_positions):
        position, new = at_positions[after]
        for pair in new if isinstance(new, list) else [new]:
            for stream, event in _events(position, pair):
                yield Insertion(after, stream, event)


def _events(position: object, pair: object) -> Iterator[tuple[str, Event]]:
    if not (isinstance(pair, tuple) and len(pair) == 2):
        raise InvalidBranch.no_insertion(position, pair)
    stream, events = pair
    several = isinstance(events, list | tuple) and not isinstance(events, RecordedEvent)
    for event in events if several else [events]:
        if isinstance(event, RecordedEvent):
            event = edited(event, {}, event.causation_id)
        if not isinstance(event, Event):
            raise InvalidBranch.no_insertion(position, pair)
        yield require_stream(stream), event
