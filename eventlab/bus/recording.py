"""What happens on a bus, as a log of its own: a witness that writes everything down.

So deliveries can be looked at as anything else that happened: cut, folded, slid through. `queues` is the
fold that says what lies before each consumer; ``eventlab.renders.queue_board`` draws it. Lesson 08 does.
"""

from __future__ import annotations

from collections import defaultdict
from threading import RLock
from typing import Any

from eventlab.event import Event, RecordedEvent
from eventlab.store import EventStore, causes
from eventlab.store.consumer_tables import ConsumerTables, Kept


class Recording:
    """A witness of a bus that keeps what it hears in a log in memory.

    Parameters
    ----------
    store : EventStore
        The store of the bus. Its clock is that of the recording.

    Attributes
    ----------
    log : EventStore
        The recording, up to date. One stream per consumer, and ``log`` for what was appended to the store.
        Besides what a bus tells (``Handled``, ``Failed``, ``Dropped`` …) there are ``Subscribed``,
        ``Appended``, ``CheckpointKept``, and ``SentBack`` where a consumer is replayed.

    Notes
    -----
    What a process that crashed had done, and not kept, comes again. So one recording outlives its buses: give
    it to the bus of the next process too. How far consumers have kept is looked up whenever something
    happens, and when the log is asked for.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> recording = Recording(store)
    >>> bus = el.Bus(store, witness=recording)
    >>> @bus.consumer("mail", "OrderPlaced")
    ... def write(event):
    ...     pass
    >>> done = store.append("order-1", el.Event("OrderPlaced"))
    >>> _ = bus.deliver()
    >>> [event.type for event in recording.log]
    ['Subscribed', 'Appended', 'Handled', 'CheckpointKept']
    >>> el.bus.queues(recording.log.until(position=3))[["waiting", "done", "checkpoint"]]
             waiting             done  checkpoint
    consumer
    mail          []  [1 OrderPlaced]           0
    """

    def __init__(self, store: EventStore) -> None:
        self._store, self._tables = store, ConsumerTables(store)
        self._log = EventStore(clock=store.now)
        self._head = 0
        self._consumers: dict[str, Kept] = {}
        self._effects: dict[str, list[str]] = defaultdict(list)
        self._lock = RLock()
        self._look()
        store.watch(self)

    @property
    def log(self) -> EventStore:
        """The recording, up to date."""
        self._look()
        return self._log

    def __call__(self, what: str, consumer: str, event: RecordedEvent) -> None:
        """Write down what happened to an event on its way to a consumer, and what its handler appended."""
        with self._lock:
            self._look()
            touched = list(self._consumers) if what == "Crashed" else [consumer]
            effects = self._effects.pop(consumer, [])
            self._note(consumer, what, event=_named(event), effects=effects, consumers=touched)

    def appended(self, position: int) -> None:
        """Hear that the log has grown (what `EventStore.watch` calls)."""
        self._look()

    def _look(self) -> None:
        """Write down what no bus tells: who is there, how far they have kept, what was appended."""
        with self._lock:
            for kept in self._tables.kept().values():
                self._note_standing(kept, self._consumers.get(kept.consumer))
            if (head := self._store.head) > self._head:
                for event in self._store.since(position=self._head + 1).until(position=head):
                    self._note_append(event)
                self._head = head

    def _note_standing(self, now: Kept, before: Kept | None) -> None:
        self._consumers[now.consumer] = now
        if before is None or now.checkpoint < before.checkpoint:
            what = "SentBack" if before else "Subscribed"
            heard = self._store.until(position=self._head).since(position=now.checkpoint + 1)
            waiting = [_named(event) for event in heard if _waits(event, now)]
            self._note(now.consumer, what, checkpoint=now.checkpoint, waiting=waiting)
        elif now.checkpoint > before.checkpoint:
            self._note(now.consumer, "CheckpointKept", checkpoint=now.checkpoint)

    def _note_append(self, event: RecordedEvent) -> None:
        if cause := causes.current():
            self._effects[cause.consumer].append(event.type)
        waiting = [name for name, kept in self._consumers.items() if _waits(event, kept)]
        self._note("log", "Appended", event=_named(event), consumers=waiting)

    def _note(self, stream: str, what: str, **data: Any) -> None:
        self._log.append(stream, Event(what, data))


def _named(event: RecordedEvent) -> str:
    return f"{event.position} {event.type}"


def _waits(event: RecordedEvent, kept: Kept) -> bool:
    return event.position > kept.checkpoint and (not kept.types or event.type in kept.types)
