"""What all targets have in common: a consumer calls them with an event, and they send its message.

Events that an upcaster made of one stored event share its position. Outside they have numbers, so that
a target that goes by positions can tell them apart.
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
        part = self._parts.number(event) if self._parts else 1
        self.send(message(event, source=self.source, part=part))

    @abstractmethod
    def send(self, told: Message) -> None:
        """Hand over one message; raise where that fails."""


class Parts:
    """Which of the events that upcasters made of one is the first, which the second; read by stretches."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._seen: tuple[range, dict[int, list[str]]] = (range(0), {})

    def number(self, event: RecordedEvent) -> int:
        """Return the place of an event among those of its position, from 1."""
        if not self._log.has_parts:
            return 1
        positions, ids = self._seen  # another thread may look meanwhile
        if event.position not in positions:
            positions, ids = self._seen = self._look(event.position)
        return ids[event.position].index(event.event_id) + 1

    def _look(self, start: int) -> tuple[range, dict[int, list[str]]]:
        ids: dict[int, list[str]] = defaultdict(list)
        for event in self._log.since(position=start).until(position=start + AT_ONCE - 1):
            ids[event.position].append(event.event_id)
        return range(start, max(ids) + 1), ids
