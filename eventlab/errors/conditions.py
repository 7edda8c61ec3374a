"""Queries that make no sense, and appends that came too late for their condition."""

from __future__ import annotations

from eventlab.errors.family import EventLabError, short
from eventlab.errors.store import ConcurrencyError


class InvalidQuery(EventLabError, ValueError):
    """A query, or the condition made of it, was described in a way that has no meaning."""

    @classmethod
    def no_names(cls, role: str, found: object) -> InvalidQuery:
        """Say what types and tags are."""
        return cls(
            f"Query({role}=…) was given {short(found)}: give one text or several, such as "
            f"{role}=['{_EXAMPLES[role]}'], or leave {role}= out to accept any."
        )

    @classmethod
    def no_query(cls, asker: str, found: object) -> InvalidQuery:
        """Show a query."""
        return cls(
            f"{asker} was given {short(found)}, a {type(found).__name__}: give a query, such as "
            "el.Query(types=['StudentSubscribed'], tags=['course:c1'])."
        )

    @classmethod
    def no_condition(cls, found: object) -> InvalidQuery:
        """Show a condition."""
        return cls(
            f"condition={short(found)} is a {type(found).__name__}, not a condition: give "
            "el.Condition(query, after=position), with the position up to which you read."
        )

    @classmethod
    def no_position(cls, found: object) -> InvalidQuery:
        """Say what after can be."""
        return cls(
            f"Condition(after={short(found)}) names no position: give a whole number, store.head from before "
            "you read, or 0 where nothing may match at all."
        )

    @classmethod
    def beyond_head(cls, after: int, head: int) -> InvalidQuery:
        """Say that nobody can have read that far."""
        return cls(
            f"Condition(after={after:,}) lies beyond this store, whose last position is {head:,}, so it "
            "would guard against nothing: take the position from the store you append to."
        )


class ConditionFailed(ConcurrencyError):
    """An event that matches the condition was appended in between; nothing was written.

    Attributes
    ----------
    position, type, matched_stream
        Of the first event that matches.
    """

    def __init__(
        self, stream: str, condition: str, after: int, match: tuple[int, str, str]
    ) -> None:
        self.stream, self.expected, self.actual = stream, after, match[0]
        self.position, self.type, self.matched_stream = match
        EventLabError.__init__(
            self,
            f"the append to {stream!r} must find nothing new of {condition} after position {after:,}, and "
            f"{self.type} at position {self.position:,} (stream {self.matched_stream!r}) matches: someone "
            "appended in between; read again what the query matches and decide afresh.",
        )


_EXAMPLES = {"types": "StudentSubscribed", "tags": "course:c1"}
