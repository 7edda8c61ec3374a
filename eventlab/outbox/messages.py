"""What the outside gets to see of an event: one JSON object, the same for every target.

The shape is CloudEvents 1.0 in its JSON format, so whoever reads it needs no eventlab. Nothing here
knows where a message goes.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from eventlab.checks import is_whole
from eventlab.errors import InvalidTarget
from eventlab.event import RecordedEvent

Message = dict[str, Any]

SOURCE = "eventlab"
MEDIA_TYPE = "application/cloudevents+json; charset=UTF-8"


def message(event: RecordedEvent, *, source: str = SOURCE, part: int = 1) -> Message:
    """Return an event as the outside gets it: a CloudEvent, ready for JSON.

    Parameters
    ----------
    event : RecordedEvent
        What a consumer is given.
    source : str
        Where the event comes from, as a URI or the end of one. With the id it names the event in the whole
        world, so give a shop its own: ``"https://shop.example/orders"``.
    part : int
        Which of the events that an upcaster made of one stored event; they share a position.

    Returns
    -------
    dict
        ``specversion, id, source, type, subject`` (the stream), ``time`` (when it occurred),
        ``datacontenttype, position, part`` (from the second of several on), ``version``,
        ``schema, recordedtime, actor, reason, correlationid, causationid, tags`` (a list as JSON text, for an
        attribute is no list) and ``data``. What an event does not have is left out.

    Notes
    -----
    Attributes have names of small letters and digits, as the standard demands; `recordedtime`,
    `correlationid` and `causationid` are its documented extensions. Its whole numbers have 32 bits: a
    position beyond 2,147,483,647 is written all the same. Source: CloudEvents 1.0.2, https://cloudevents.io.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore(clock=lambda: "2026-03-01T12:00:00Z")
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}, actor="ana"))
    >>> for name, value in message(store.find("order-1@1")).items():
    ...     print(name, "=", value)
    specversion = 1.0
    id = order-1@1
    source = eventlab
    type = OrderPlaced
    subject = order-1
    time = 2026-03-01T12:00:00Z
    datacontenttype = application/json
    position = 1
    version = 1
    schema = 1
    recordedtime = 2026-03-01T12:00:00Z
    actor = ana
    data = {'total': 20}
    """
    if not isinstance(event, RecordedEvent):
        raise InvalidTarget.no_event(event)
    if not is_whole(part, least=1):
        raise InvalidTarget.part(part)
    told = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": source,
        "type": event.type,
        "subject": event.stream,
        "time": rfc3339(event.occurred_at),
        "datacontenttype": "application/json",
        "position": event.position,
        "part": part if part > 1 else None,
        "version": event.version,
        "schema": event.schema,
        "recordedtime": rfc3339(event.recorded_at),
        "actor": event.actor,
        "reason": event.reason,
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "tags": None if event.tags is None else _encode(event.tags),
        "data": event.data,
    }
    return {name: value for name, value in told.items() if value is not None}


def to_line(told: Message) -> str:
    r"""Return a message as JSON on one line, whatever a reader takes for the end of a line.

    Examples
    --------
    >>> to_line({"said": "one\ntwo\u2028three"})
    '{"said":"one\\ntwo\\u2028three"}'
    """
    return _SEPARATORS.sub(lambda found: f"\\u{ord(found[0]):04x}", _encode(told))


def rfc3339(moment: datetime) -> str:
    """Return naive UTC as text."""
    return f"{moment.isoformat()}Z"


def require_source(source: object) -> str:
    """Return a usable source, or refuse it."""
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise InvalidTarget.source(source)
    return source


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

# JSON lets these stand in a text as they are, but Python's splitlines() and JavaScript before 2019 end a
# line there.
_SEPARATORS = re.compile("[\x85\u2028\u2029]")

_SOURCE = re.compile(r"[!-~]+")
