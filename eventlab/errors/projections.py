"""Projections that cannot be built, or fail on an event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from eventlab.errors.family import EventLabError, short

if TYPE_CHECKING:
    from eventlab.event import RecordedEvent


class ProjectionError(EventLabError, ValueError):
    """A projection was described in a way that has no meaning, or could not be computed."""


class InvalidProjection(ProjectionError):
    """The description of a projection, a fold or a column makes no sense."""

    @classmethod
    def no_columns(cls, name: str, verbs: Iterable[str]) -> InvalidProjection:
        """Say what a projection without columns could have."""
        return cls(
            f"projection {name!r} has no columns: give at least one, such as "
            f"balance=el.total('amount'); the verbs are {', '.join(verbs)}."
        )

    @classmethod
    def not_a_column(
        cls, name: str, column: str, found: object, verbs: Iterable[str]
    ) -> InvalidProjection:
        """List what can stand where something else was given."""
        return cls(
            f"column {column!r} of projection {name!r} is {short(found)}, which is no column: "
            f"make one with {', '.join(f'el.{verb}' for verb in verbs)}."
        )

    @classmethod
    def taken_name(cls, name: str, field: str, taken: Iterable[str]) -> InvalidProjection:
        """Say which names a field cannot have."""
        return cls(
            f"field {field!r} of {name!r} has the name of a column that every frame has: choose another "
            f"name (taken are {', '.join(taken)})."
        )

    @classmethod
    def same_name(cls, name: str, fields: Iterable[str]) -> InvalidProjection:
        """Name the fields that SQL cannot tell apart."""
        return cls(
            f"fields {' and '.join(map(repr, fields))} of {name!r} differ only in capitals, which SQL does "
            "not tell apart: rename one."
        )

    @classmethod
    def no_text(cls, role: str, found: object, advice: str) -> InvalidProjection:
        """Say where a text was expected."""
        return cls(f"{role} is {short(found)}, a {type(found).__name__}: {advice}.")

    @classmethod
    def empty(cls, role: str, example: str) -> InvalidProjection:
        """Say what could stand where nothing was given."""
        return cls(f"{role} is empty: name something, such as {example}.")

    @classmethod
    def both_ways(cls, expr: str, types: Iterable[str]) -> InvalidProjection:
        """Name the event types that a total both adds and takes off."""
        return cls(
            f"total({expr!r}) both adds and takes off {', '.join(types)}: leave out one of the two."
        )

    @classmethod
    def on_and_plus(cls, expr: str) -> InvalidProjection:
        """Say that two parameters mean the same."""
        return cls(f"total({expr!r}) has both on= and plus= or minus=: on= is plus=, so give one.")

    @classmethod
    def on_unknown(cls, name: str, found: object) -> InvalidProjection:
        """List what a fold can do with an event type it does not know."""
        return cls(
            f"on_unknown={short(found)} of fold {name!r} is no choice: say 'fail' or 'skip'."
        )

    @classmethod
    def not_a_rule(cls, name: str, found: object) -> InvalidProjection:
        """Say what evolve can be."""
        return cls(
            f"evolve of fold {name!r} is {short(found)}: give a function of state and event, or a dict of "
            "event type to such functions."
        )

    @classmethod
    def key_names(cls, name: str, names: tuple[str, ...], parts: int) -> InvalidProjection:
        """Count the parts of a key and the names given to them."""
        return cls(
            f"key_names={names!r} of {name!r} names {len(names)} part(s) and the key has {parts}: "
            "give one name for each."
        )

    @classmethod
    def not_one_value(cls, name: str, part: str, expr: str, why: str) -> InvalidProjection:
        """Say what an expression is."""
        advice = (
            " Of several parts the key is a list: key=['stream', 'type']."
            if part == "the key"
            else ""
        )
        return cls(
            f"{part} of projection {name!r}, {expr!r}: {why}. An expression is one value that comes of one "
            f"event: of its payload (data.<field>) and its envelope.{advice}"
        )

    @classmethod
    def version(cls, name: str, found: object) -> InvalidProjection:
        """Say what a version is."""
        return cls(
            f"version={short(found)} of projection {name!r} is no version: give a whole number from 0, and a "
            "higher one when the rule changes in a way that its text does not show."
        )

    @classmethod
    def structured_key(cls, name: str, part: str, found: object) -> InvalidProjection:
        """Say what a key can be."""
        return cls(
            f"the key {part!r} of projection {name!r} is {short(found)}, a {type(found).__name__}, and "
            "nothing can be looked up by that: take a field of it, such as data.id, or data.tags::VARCHAR."
        )

    @classmethod
    def no_key(cls, name: str) -> InvalidProjection:
        """Say what a key can be."""
        return cls(
            f"the key of {name!r} is empty: give an expression such as 'stream' or 'dest', a list of "
            "them, or one for each event type."
        )

    @classmethod
    def key_parts(cls, name: str, key: object, names: tuple[str, ...]) -> InvalidProjection:
        """Say that a key function gave another number of parts than are named."""
        return cls(
            f"the key of {name!r} gave {key!r}, and its parts are named {', '.join(names)}: name every "
            "part of the tuple with key_names=(…)."
        )

    @classmethod
    def uneven_key(cls, name: str, parts: Iterable[int]) -> InvalidProjection:
        """Say that event types disagree about the parts of a key."""
        return cls(
            f"the key of {name!r} has {' or '.join(map(str, parts))} parts, depending on the event type: "
            "give every type as many expressions."
        )


class KeyShapeError(ProjectionError):
    """A key was given with another number of parts than the projection's keys have."""

    def __init__(self, name: str, key: object, key_names: tuple[str, ...]) -> None:
        shape = key_names[0] if len(key_names) == 1 else f"({', '.join(key_names)})"
        super().__init__(
            f"{key!r} is no key of {name!r}: its keys are {shape}; give a tuple where there are "
            "several parts."
        )


class ColumnFailed(ProjectionError):
    """DuckDB could not compute a column, or the key, of a projection."""

    def __init__(
        self,
        name: str,
        part: str,
        expr: object,
        reason: str,
        fields: Iterable[str],
        at: RecordedEvent | None = None,
    ) -> None:
        self.position = at.position if at else None
        super().__init__(
            f"{part} of projection {name!r}, {expr!r}, could not be computed{_place(at)}: {reason.strip()}\n"
            + (_without(at) if at else _with_fields(fields))
        )


def _place(at: RecordedEvent | None) -> str:
    return (
        f", at event {at.type!r} at position {at.position:,} of stream {at.stream!r}" if at else ""
    )


def _without(at: RecordedEvent) -> str:
    return (
        "Say what to make of such a value (try_cast(… as …)), look at the log before it "
        f"(log.until(position={at.position - 1})), or at a history without it (store.branch(drop=[…]))."
    )


def _with_fields(fields: Iterable[str]) -> str:
    known = ", ".join(fields) or "(none yet)"
    return f"In an expression payload fields are written data.<field>; fields seen in this log: {known}."


class UntypedField(ProjectionError):
    """An expression uses a payload field that has no single type."""

    def __init__(self, name: str, part: str, path: str, found: Iterable[tuple[str, int]]) -> None:
        kinds = ", ".join(f"{kind} first at position {position:,}" for kind, position in found)
        super().__init__(
            f"{part} of projection {name!r} computes with {path}, whose type is not known (found: "
            f"{kinds}); DuckDB would take it for a whole number. Name the type: {path}::DOUBLE, "
            f"{path}::DECIMAL(18, 2) or {path}::VARCHAR."
        )


class FoldFailed(ProjectionError):
    """A fold stopped at an event; the original error is its cause."""

    def __init__(
        self, name: str, event_type: str, position: int, stream: str, key: object, why: str
    ) -> None:
        self.position = position
        super().__init__(
            f"fold {name!r} failed at event {event_type!r} at position {position} of stream {stream!r} "
            f"(key {key!r}): {why}"
        )


class UnknownEventType(FoldFailed):
    """Evolve gave no new state for an event."""

    def __init__(self, name: str, event_type: str, position: int, stream: str, key: object) -> None:
        super().__init__(
            name,
            event_type,
            position,
            stream,
            key,
            "evolve returned None, as it does for a type it has no case for. Add a case (one that changes "
            f"nothing returns the state), or fold log.only(...) without {event_type!r}, or count such events "
            'with on_unknown="skip".',
        )
