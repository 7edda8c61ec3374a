"""Event ids: which are the store's own, which are taken, and whether a batch is a repetition.

An event nobody named is called ``stream@version``: that is unique by nature, costs nothing to store,
and reads well in a causation chain. A given id makes an append repeatable: the same batch again
succeeds and writes nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import duckdb

from eventlab.errors import DuplicateEventError, InvalidEvent
from eventlab.event import Event, require_id
from eventlab.payload import from_json, to_json
from eventlab.statements import execute

OWN_ID = re.compile(r"(?P<stream>.+)@(?P<version>[1-9][0-9]*)", re.DOTALL)


class Stored(NamedTuple):
    """What is compared when an id comes again."""

    event_id: str
    stream: str
    version: int
    position: int
    type: str
    data: str
    actor: str | None
    reason: str | None
    correlation_id: str | None
    causation_id: str | None
    tags: list[str] | None
    schema: int
    occurred_at: object


_STORED = """
select coalesce(given_id, stream || '@' || version), stream, version, position, type, data::json::varchar,
       actor, reason, correlation_id, causation_id, tags, schema, occurred_at
from main.events join main.streams using (stream_no) where
"""


def repeated_batch(
    con: duckdb.DuckDBPyConnection, stream: str, events: Sequence[Event]
) -> Stored | None:
    """Return the last stored event when this very batch is stored already, None when all of it is new.

    Raises
    ------
    DuplicateEventError
        When an id is taken by anything else: another stream, order or content, or part of a batch.
    """
    ids = [event.event_id for event in events if event.event_id is not None]
    refuse_twice_in_batch(ids)
    stored = {event_id: found for event_id in ids if (found := _find(con, event_id))}
    if not stored:
        return None
    return _require_same(stream, events, stored)


def given_id(event_id: str | None, stream: str, version: int) -> str | None:
    """Return the id to store: None where it is the store's own name for this event."""
    if event_id is None or event_id == f"{stream}@{version}":
        return None
    if OWN_ID.fullmatch(require_id(event_id)):
        raise InvalidEvent(
            f"event id {event_id!r} has the form stream@version, which is the store's own name for "
            f"an event, and this one would be {stream}@{version}: give another id, or none."
        )
    return event_id


def is_taken(con: duckdb.DuckDBPyConnection, event_id: str) -> bool:
    """Tell whether an event of the store has this id."""
    return position_of(con, event_id) is not None


def position_of(con: duckdb.DuckDBPyConnection, event_id: str) -> int | None:
    """Return the position of the event of this id, None when there is no such event."""
    found = _find(con, event_id)
    return found.position if found else None


def taken_id(reason: str) -> str | None:
    """Return the event id that DuckDB names when it refuses a row, None when it names another key.

    Of a key that two rows of one transaction have DuckDB 2.0 says no column: no other can be one of those.
    """
    found = _TAKEN.search(reason)
    return found["id"] if found else None


_TAKEN = re.compile(
    r'(?:Duplicate key "given_id: |^Constraint Error: .*: duplicate key ")(?P<id>.*)"', re.DOTALL
)


def refuse_twice_in_batch(ids: Iterable[str | None]) -> None:
    """Refuse ids of which one is given to several events."""
    for event_id, times in Counter(ids).items():
        if times > 1 and event_id is not None:
            raise DuplicateEventError(event_id, f"stands {times} times in one batch")


def _find(con: duckdb.DuckDBPyConnection, event_id: str) -> Stored | None:
    rows = execute(con, _STORED + "given_id = ?", [event_id]).fetchall()
    own = OWN_ID.fullmatch(event_id)
    if own and not rows:
        place = [own["stream"], own["version"]]
        rows = execute(
            con,
            _STORED + "given_id is null and stream = ? and version = try_cast(? as bigint)",
            place,
        ).fetchall()
    return Stored(*rows[0]) if rows else None


def _require_same(stream: str, events: Sequence[Event], stored: dict[str, Stored]) -> Stored:
    first = stored[next(iter(stored))]
    for place, event in enumerate(events):
        found = stored.get(event.event_id or "")
        if found is None:
            raise DuplicateEventError(
                first.event_id,
                f"is stored already at position {first.position}, but the batch also has events that are not",
            )
        if difference := _difference(stream, first.version + place, event, found):
            raise DuplicateEventError(
                found.event_id,
                f"is stored already at position {found.position} with another {difference}",
            )
    return found  # type: ignore[return-value]  # the loop ran: a batch with a stored id is not empty


def _difference(stream: str, version: int, event: Event, found: Stored) -> str | None:
    """Name the first thing that differs; a time or schema the writer left open is no difference."""
    if found.stream != stream:
        return f"stream ({found.stream!r})"
    if found.version != version:
        return f"place in the stream (version {found.version})"
    if _in_order(found.data) != _in_order(to_json(event.data)):
        return "content (data)"
    if event.occurred_at is not None and event.occurred_at != found.occurred_at:
        return "content (occurred_at)"
    given = event.tags if event.tags is None else list(event.tags)
    if given != found.tags:
        return "content (tags)"
    if event.schema is not None and event.schema != found.schema:
        return "content (schema)"
    plain = ("type", "actor", "reason", "correlation_id", "causation_id")
    return next((f"content ({n})" for n in plain if getattr(event, n) != getattr(found, n)), None)


def _in_order(payload: str) -> str:
    """Return JSON text that is equal for equal payloads only: to Python 1, 1.0 and True are the same."""
    return json.dumps(from_json(payload), sort_keys=True)
