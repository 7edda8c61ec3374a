"""What lies before a consumer: the events behind its checkpoint, read a window of the log at a time.

No transaction stays open while a handler works, and memory is bounded by the window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import chain, islice

from eventlab.errors.upcasting import UNREADABLE
from eventlab.event import RecordedEvent
from eventlab.store.log import Log

WINDOW = (
    2_000  # positions; wider, step by step, for who goes on, or finds few of the types asked for
)
ENOUGH = 25_000  # events
NEAR = 20  # events


class Inbox:
    """The events of some types behind a checkpoint; `head` says how far the log reaches by now."""

    def __init__(
        self, log: Log, types: tuple[str, ...], checkpoint: int, head: Callable[[], int]
    ) -> None:
        self._log, self._types, self._head = log, types, head
        self._events: deque[RecordedEvent] = deque()
        self._read_to, self._window = checkpoint, WINDOW
        self._overtakers = 0  # at the front; behind them all is in order

    def first(self) -> RecordedEvent | None:
        """Return the event that comes next, or None at the end of the log."""
        if not self._events:
            self._read_on()
        return self._events[0] if self._events else None

    def several(self, most: int) -> list[RecordedEvent]:
        """Return the events that come next."""
        self.first()
        return list(islice(self._events, most))

    def done(self) -> None:
        """Take the first event out."""
        self._events.popleft()
        if self._overtakers:
            self._overtakers -= 1

    def all_done(self, events: Iterable[RecordedEvent]) -> None:
        """Take out some of the events that come next."""
        # By identity, for events that an upcaster made of one share their position.
        gone, left = {id(event) for event in events}, []
        while gone:
            event = self._events.popleft()
            if id(event) in gone:
                gone.remove(id(event))
            else:
                left.append(event)
        self._events.extendleft(reversed(left))

    def let_another_pass(self, key: Callable[[RecordedEvent], object]) -> bool:
        """Put the next event with another key before the first one, if there is one near."""
        own = key(self._events[0])
        for place, event in enumerate(islice(self._events, NEAR)):
            if key(event) != own:
                del self._events[place]
                self._events.appendleft(event)
                self._overtakers += 1
                return True
        return False

    @property
    def done_to(self) -> int:
        """The position up to which nothing is left to do."""
        front = islice(self._events, self._overtakers + 1)
        return min((event.position for event in front), default=self._read_to + 1) - 1

    def _read_on(self) -> None:
        head = self._head()
        while not self._events and self._read_to < head:
            until = min(head, self._read_to + self._window)
            try:
                self._read_to_end_of(until)
            except UNREADABLE as error:
                if error.position <= self._read_to + 1:
                    raise
                self._read_to_end_of(error.position - 1)
            if len(self._events) < ENOUGH:
                self._window *= 2

    def _read_to_end_of(self, position: int) -> None:
        log = self._log.since(position=self._read_to + 1).until(position=position)
        wanted = log.only(*self._types) if self._types else log
        self._events.extend(chain.from_iterable(wanted.batches()))
        self._read_to = position
