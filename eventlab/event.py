"""What an event is, before the store has it (`Event`) and after (`RecordedEvent`).

An event is an immutable fact in the past tense. The writer says what happened, when, who did it and
why; recording adds where it stands in its stream and in the log. Lesson 01 reads this envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from eventlab.checks import is_unicode, is_whole
from eventlab.errors import InvalidEvent
from eventlab.errors.family import short
from eventlab.payload import to_json
from eventlab.times import Moment, utc


@dataclass(frozen=True, slots=True)
class Event:
    """A fact to append: its type in the past tense, its payload, and who, why and when.

    Parameters
    ----------
    type : str
        What happened, in the past tense: ``"CardLoaded"``.
    data : mapping, optional
        The payload. It comes back equal, or is refused here by field name.
    actor, reason : str, optional
        Who did it and why, for the audit.
    occurred_at : str, date or datetime, optional
        When it happened in the world (UTC; naive is taken as UTC). Left out: when it is recorded.
    correlation_id, causation_id : str, optional
        The conversation it belongs to, and the id of the event that caused it.
    event_id : str, optional
        Makes a repeated append safe. Left out: the store names it ``stream@version``.
    tags : sequence of str, optional
        Labels to find it by across streams.
    schema : int, optional
        The shape of the payload, for upcasters. Left out: today's, which is where those of the store end that
        the event is appended to, and 1 where there are none for its type. Say it of events of an old shape.

    Examples
    --------
    >>> Event("CardLoaded", {"amount": 20}, actor="ana", reason="birthday")
    Event('CardLoaded', {'amount': 20}, actor='ana', reason='birthday')
    """

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str | None = field(default=None, kw_only=True)
    reason: str | None = field(default=None, kw_only=True)
    occurred_at: Moment | None = field(default=None, kw_only=True)
    correlation_id: str | None = field(default=None, kw_only=True)
    causation_id: str | None = field(default=None, kw_only=True)
    event_id: str | None = field(default=None, kw_only=True)
    tags: Sequence[str] | None = field(default=None, kw_only=True)
    schema: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _require_text("type", self.type)
        if not isinstance(self.data, Mapping):
            raise InvalidEvent(
                f"data of {self.type!r} is a {type(self.data).__name__}, not a mapping: "
                "a payload has named fields, such as {'amount': 20}."
            )
        for name in ("actor", "reason", "correlation_id", "causation_id"):
            _require_text(name, getattr(self, name), optional=True, empty=True)
        _require_text("event_id", self.event_id, optional=True)
        _require_tags(self.tags)
        if self.schema is not None:
            require_schema(self.schema)
        if self.occurred_at is not None:
            object.__setattr__(self, "occurred_at", utc(self.occurred_at, "occurred_at"))
        object.__setattr__(self, "data", dict(self.data))
        to_json(self.data)

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self._envelope() if value is not None]
        return f"Event({', '.join([repr(self.type), repr(self.data), *given])})"

    def _envelope(self) -> list[tuple[str, object]]:
        named = (
            "actor",
            "reason",
            "occurred_at",
            "correlation_id",
            "causation_id",
            "event_id",
            "tags",
            "schema",
        )
        return [(name, getattr(self, name)) for name in named]


class RecordedEvent(NamedTuple):
    """An event as the store has it: a row of the log, in the order of the columns of ``log.events()``.

    Times are naive UTC. ``data`` is a dict of its own: changing it changes no stored byte.
    """

    position: int
    stream: str
    version: int
    type: str
    occurred_at: datetime
    data: dict[str, Any]
    actor: str | None
    reason: str | None
    recorded_at: datetime
    correlation_id: str | None
    causation_id: str | None
    event_id: str
    tags: list[str] | None
    schema: int

    @property
    def category(self) -> str:
        """The text before the first ``-`` of the stream's name."""
        return category(self.stream)

    def __repr__(self) -> str:
        return (
            f"<{self.position} {self.stream}@{self.version} {self.type} "
            f"{self.occurred_at:%Y-%m-%d %H:%M:%S} {self.data}>"
        )


def category(stream: str) -> str:
    """Return the text before the first ``-``.

    Examples
    --------
    >>> category("card-7"), category("ledger")
    ('card', 'ledger')
    """
    return stream.partition("-")[0]


def require_stream(stream: object) -> str:
    """Return a usable stream name, or refuse it."""
    _require_text("stream", stream)
    return str(stream)


def require_id(event_id: object) -> str:
    """Return a usable event id, or refuse it."""
    _require_text("event_id", event_id)
    return str(event_id)


def require_schema(schema: object) -> int:
    """Return a usable shape number, or refuse it."""
    if not isinstance(schema, int) or not is_whole(schema, least=1) or schema >= 2**31:
        raise InvalidEvent(f"schema={short(schema)} is no shape number: schemas count 1, 2, 3 …")
    return schema


def _require_text(name: str, value: object, *, optional: bool = False, empty: bool = False) -> None:
    if optional and value is None:
        return
    if not isinstance(value, str):
        raise InvalidEvent(f"{name}={short(value)} is a {type(value).__name__}: give it as text.")
    if not (value or empty):
        raise InvalidEvent(f"{name} is empty: give it a name.")
    if not is_unicode(value):
        raise InvalidEvent(f"{name}={value!r} is not valid Unicode: repair it first.")


def _require_tags(tags: Sequence[str] | None) -> None:
    if tags is None:
        return
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        raise InvalidEvent(
            f"tags={short(tags)} is no list: give a list of texts, such as ['urgent']."
        )
    for tag in tags:
        _require_text("tag", tag)
