"""What all targets have in common: a consumer calls them with an event, and they send its message.

An event that an upcaster made of another, with brothers, shares position and id with them. Outside,
each needs a name of its own, or a careful receiver would drop all but the first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict

from eventlab.event import RecordedEvent
from eventlab.outbox.messages import SOURCE, Message, message, require_source
from eventlab.store.log import Log

AT_ONCE = 1_000  # positions


class Target(ABC):
    """A handler that hands events to the outside.

    One of your own says how a message is sent. It may have ``flush`` and ``in_log_order`` too, see
    `Bus.consumer`.

    Examples
    --------
    >>> import eventlab as el
    >>> from eventlab import outbox
    >>> class Printer(outbox.Target):
    ...     def send(self, told):
    ...         print(told["id"], told["type"])
    >>> store = el.EventStore()
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
    >>> bus = el.Bus(store)
    >>> target = bus.consumer("paper")(Printer())
    >>> bus.deliver()
    order-1@1 OrderPlaced
    {'paper': 1}
    """

    def __init__(self, source: str = SOURCE) -> None:
        self.source = require_source(source)
        self._log: Log | None = None
        self._parts: Parts | None = None

    def begin(self, log: Log) -> None:
        """Hear which log the events are of."""
        self._log, self._parts = log, Parts(log)

    def __call__(self, event: RecordedEvent) -> None:
        """Hand an event to the outside."""
        for told in self._messages(event):
            self.send(told)

    @abstractmethod
    def send(self, told: Message) -> None:
        """Hand over one message; raise where that fails."""

    def _messages(self, event: RecordedEvent) -> list[Message]:
        parts = self._parts.of(event) if self._parts else [event]
        if len(parts) == 1:
            return [message(event, source=self.source)]
        # Twins cannot be told apart, so the first of them stands for all.
        return [
            message(part, source=self.source, part=number)
            for number, part in enumerate(parts, start=1)
            if part == event
        ]


class Parts:
    """Which events of a log share their position, read a stretch at a time."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._seen: tuple[range, dict[int, list[RecordedEvent]]] = (range(0), {})

    def of(self, event: RecordedEvent) -> list[RecordedEvent]:
        """Return all events at the position of this one."""
        if not self._log.has_parts:
            return [event]
        if event.position not in self._seen[0]:
            self._seen = self._look(event.position)
        return self._seen[1].get(event.position, [event])

    def _look(self, start: int) -> tuple[range, dict[int, list[RecordedEvent]]]:
        found: dict[int, list[RecordedEvent]] = defaultdict(list)
        for event in self._log.since(position=start).until(position=start + AT_ONCE - 1):
            found[event.position].append(event)
        shared = {position: events for position, events in found.items() if len(events) > 1}
        return range(start, max(found, default=start) + 1), shared
