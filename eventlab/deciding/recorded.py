"""Events as if a store had recorded them, so that rules meet the same objects with no store at all."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from eventlab.event import Event, RecordedEvent
from eventlab.payload import from_json, to_json
from eventlab.times import utc

WHEN_NOBODY_SAYS = utc("2000-01-01")


def recorded(
    events: Iterable[Event | RecordedEvent], stream: str, after: int = 0
) -> list[RecordedEvent]:
    """Return events as the only ones of a store, behind so many others; of recorded ones a copy.

    Every call gives them payloads of their own, as every reading of a store does: rules may change those.

    Examples
    --------
    >>> recorded([Event("CardLoaded", {"amount": 20})], "card-7")
    [<1 card-7@1 CardLoaded 2000-01-01 00:00:00 {'amount': 20}>]
    """
    numbered = enumerate(events, start=after + 1)
    return [
        deepcopy(event) if isinstance(event, RecordedEvent) else _recorded(event, stream, place)
        for place, event in numbered
    ]


def _recorded(event: Event, stream: str, place: int) -> RecordedEvent:
    occurred_at = event.occurred_at or WHEN_NOBODY_SAYS
    return RecordedEvent(
        position=place,
        stream=stream,
        version=place,
        type=event.type,
        occurred_at=occurred_at,  # type: ignore[arg-type]  # Event made it a datetime
        data=from_json(to_json(event.data)),
        actor=event.actor,
        reason=event.reason,
        recorded_at=occurred_at,  # type: ignore[arg-type]
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        event_id=event.event_id or f"{stream}@{place}",
        tags=None if event.tags is None else list(event.tags),
        schema=event.schema or 1,
    )
