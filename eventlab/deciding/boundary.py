"""What a decision looks at, and what must still stand when it is written.

That is one stream, or whatever a query matches. ``overtaken`` is the error by which an append says that it
no longer stands, so that it is worth reading again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from eventlab.deciding.decider import Decider
from eventlab.errors import ConcurrencyError, ConditionFailed
from eventlab.event import RecordedEvent
from eventlab.projections.states import State
from eventlab.store import Condition, EventStore, Query
from eventlab.store.expectation import Expected, require_met


class Basis(NamedTuple):
    """The state to decide by, and the arguments of the append that hold it to that."""

    state: State
    guard: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OneStream:
    """Decide by one stream, and write where nothing was appended to it meanwhile."""

    store: EventStore
    stream: str
    expected: Expected
    overtaken: ClassVar[type[ConcurrencyError]] = ConcurrencyError

    def read(self, decider: Decider) -> Basis:
        """Return the state and its exact version, if the stream is where it is expected."""
        # Asked first: what is appended while we read is newer, unless it is read as well.
        before = self.store.version(self.stream)
        last: list[RecordedEvent] = []
        batches = self.store.stream(self.stream).batches()
        state = decider.replayed(_noting_the_last(batches, last), self.stream)
        version = max(before, last[0].version) if last else before
        require_met(self.stream, self.expected, version)
        return Basis(state, {"expected": version})


@dataclass(frozen=True, slots=True)
class Matching:
    """Decide by all events that match a query, and write where no other one was appended meanwhile."""

    store: EventStore
    stream: str
    expected: Expected
    query: Query
    overtaken: ClassVar[type[ConcurrencyError]] = ConditionFailed

    def read(self, decider: Decider) -> Basis:
        """Return the state and the condition that nothing newer matches."""
        # The head first: what is appended while we read is then newer than the condition allows.
        head = self.store.head
        log = self.store.matching(self.query).until(position=head)
        state = decider.replayed(log.batches(), self.stream)
        condition = Condition(self.query, after=head)
        return Basis(state, {"expected": self.expected, "condition": condition})


Boundary = OneStream | Matching


def _noting_the_last(
    batches: Iterable[list[RecordedEvent]], last: list[RecordedEvent]
) -> Iterator[list[RecordedEvent]]:
    for batch in batches:
        last[:] = batch[-1:]
        yield batch
