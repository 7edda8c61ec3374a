"""What is appended while an event is handled names that event as its cause.

A handler need not pass ids along: whoever handles an event says so here, and `EventStore.append` fills in
what the handler left out. What it gave itself stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from eventlab.event import Event, RecordedEvent
from eventlab.store.ledger import Ledger


@dataclass(slots=True)
class Cause:
    """The event being handled, by whom, and in which store; effects get ids that begin with ``named``.

    They are numbered as they are appended, refused or not: who handles the event once more counts the same.
    """

    ledger: Ledger
    consumer: str
    event: RecordedEvent
    named: str | None = None
    effects: int = 0

    def of(self, event: Event) -> Event:
        """Return an effect of this cause, with the ids that it left out."""
        given_id = event.event_id
        if self.named and given_id is None:
            self.effects += 1
            given_id = f"{self.named}:{self.event.event_id}:{self.effects}"
        return replace(
            event,
            event_id=given_id,
            causation_id=event.causation_id or self.event.event_id,
            correlation_id=event.correlation_id or self.event.correlation_id or self.event.event_id,
        )


class Handling:
    """Be the cause of all that this thread appends to the store meanwhile.

    A generator would say it shorter, and cost every delivery a microsecond more.
    """

    __slots__ = ("_cause", "_token")

    def __init__(self, cause: Cause) -> None:
        self._cause = cause

    def __enter__(self) -> None:
        self._token = _current.set(self._cause)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def current() -> Cause | None:
    """Return what this thread is handling, if anything."""
    return _current.get()


@contextmanager
def counted_again_after(refusal: type[Exception]) -> Iterator[None]:
    """Let the effects appended in the block, where it is refused so, leave their numbers to the next attempt.

    For attempts that chance repeats: whether another writer was faster is not to be seen in the ids.
    """
    cause = _current.get()
    before = cause.effects if cause else 0
    try:
        yield
    except refusal:
        if cause:
            cause.effects = before
        raise


def caused(events: Sequence[Event], ledger: Ledger) -> Sequence[Event]:
    """Return events as effects of what this thread is handling; events of another store are no effects."""
    cause = _current.get()
    if cause is None or cause.ledger is not ledger:
        return events
    return [cause.of(event) for event in events]


_current: ContextVar[Cause | None] = ContextVar("eventlab_cause", default=None)
