"""How one consumer gets its events: in order from its checkpoint on, each until it is done or given up.

A turn never waits. Whoever gives the turns waits, for as long as nobody can go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from eventlab.bus.consumer import Consumer
from eventlab.bus.faults import Faults
from eventlab.bus.inbox import Inbox
from eventlab.bus.retries import Timer, Trouble, storable
from eventlab.errors import ConsumerBeyondLog, ConsumerForgotten, Crashed, TermFailed
from eventlab.event import RecordedEvent
from eventlab.store import EventStore
from eventlab.store.consumer_tables import ConsumerTables

Witness = Callable[[str, str, RecordedEvent], object]
"""Hears what happens, to whom and with which event: ``("Handled", "billing", event)``."""

DELAY = 3  # turns


class Turn(NamedTuple):
    """What came of a turn: how many deliveries were tried, how many events are done with by their handler."""

    tried: int = 0
    handled: int = 0


NOTHING, TRIED, HANDLED = Turn(), Turn(1), Turn(1, 1)


@dataclass
class Reach:
    """How far the log goes, as far as a bus has heard."""

    position: int = 0

    def __call__(self) -> int:
        """Return the position of the last event."""
        return self.position


@dataclass(frozen=True)
class Surroundings:
    """What all deliveries of a bus share."""

    store: EventStore
    tables: ConsumerTables
    timer: Timer
    faults: Faults | None
    witness: Witness | None
    head: Reach


class Delivery:
    """The deliveries to one consumer: `begin`, then `turn` as often as it comes to something, then `end`."""

    def __init__(self, consumer: Consumer, around: Surroundings) -> None:
        self.consumer, self._around = consumer, around
        self.trouble: Trouble | None = None
        self.stopped = False
        self._unsafe: Trouble | None = None
        self._named: str | None = None
        self._delay = 0
        self._uncommitted, self._crashed = 0, False
        self.inbox = self._inbox(behind=0)

    def begin(self) -> None:
        """Read from the store where the consumer stands; memory may be of another process's making."""
        name, tables = self.consumer.name, self._around.tables
        kept, head = tables.kept(), self._around.head()
        if name not in kept:
            raise ConsumerForgotten(name, kept)
        self._kept = kept[name].checkpoint
        if self._kept > head:
            raise ConsumerBeyondLog(name, self._kept, head)
        # What was read and not yet delivered stays, unless it crashed, was sent back, or others went on.
        if self._crashed or self._uncommitted or self.inbox.done_to != self._kept:
            self.inbox = self._inbox(behind=self._kept)
        self._parked = {letter.key for letter in tables.letters(name)}
        self._look_up_name()
        self._uncommitted, self._crashed = 0, False

    def turn(self, most: int | None = None) -> Turn:
        """Try what can be tried now, `most` deliveries at most; a turn of nothing says that there is none."""
        if self.stopped or self.due > self._around.timer.now():
            return NOTHING
        try:
            return self._turn(most)
        except TermFailed as error:
            self._give_up(error)
            return TRIED

    @property
    def due(self) -> float:
        """When it may go on after a failure, by the timer; 0 for at once."""
        return self.trouble.due if self.trouble else 0.0

    def end(self) -> None:
        """Keep the checkpoint, once the handler stands for all that it was given."""
        error = self.flush() if self._uncommitted else None
        if error is not None:
            self._go_back(error)
            return
        if self._uncommitted:
            self._is_safe()
        done_to = self.inbox.done_to
        if done_to != self._kept:
            self._around.tables.advance(self.consumer.name, done_to)
            self._kept = done_to
        self._uncommitted = 0

    def resume(self) -> None:
        """Forget that it failed or stopped."""
        self.trouble, self._unsafe, self.stopped = None, None, False
        self._look_up_name()

    def handle(self, event: RecordedEvent) -> Exception | None:
        """Run the handler; return what it raised."""
        consumer = self.consumer
        with self._around.store.handling(consumer.name, event, named=self._named):
            try:
                consumer.handler(event)
            except Crashed:
                raise
            except Exception as error:  # a handler may raise anything, and it is kept and shown
                self._restore(event)
                return error
        return None

    def _restore(self, event: RecordedEvent) -> None:
        """Give an event that will be delivered again its payload as it was recorded, if it is an object."""
        if not isinstance(event.data, dict):
            return
        # Read again, not copied beforehand: that would cost every delivery, and few fail.
        for recorded in self._around.store.at(event.position):
            if recorded.event_id == event.event_id:
                event.data.clear()
                event.data.update(recorded.data)

    def handle_for_good(self, events: Iterable[RecordedEvent]) -> Exception | None:
        """Run the handler, and let it bring its work to safety; return what it raised first."""
        for event in events:
            error = self.handle(event)
            self._tell("Handled" if error is None else "Failed", event)
            if error is not None:
                return error
        return self.flush()

    def flush(self) -> Exception | None:
        """Let the handler bring its work to safety; return what it raised."""
        try:
            self.consumer.flush()
        except Exception as error:
            return error
        return None

    def _look_up_name(self) -> None:
        """Look up what ids of effects begin with: the first name, for the same ids after it was renamed."""
        name, self._named = self.consumer.name, None
        if self.consumer.idempotent:
            self._named = self._around.tables.first_names().get(name, name)

    def _inbox(self, behind: int) -> Inbox:
        return Inbox(self._around.store, self.consumer.types, behind, self._around.head)

    # -- one delivery ------------------------------------------------------------------------------

    def _turn(self, most: int | None) -> Turn:
        event = self.inbox.first()
        if event is None:
            return NOTHING
        if self._waits_behind(event):
            self._park(event)
            return TRIED
        if self._around.faults:
            return self._faulty(event, self._around.faults)
        return self._tried(event)

    def _tried(self, event: RecordedEvent) -> Turn:
        error = self.handle(event)
        if error is not None:
            self._failed(event, error)
            return TRIED
        self._tell("Handled", event)
        self._done()
        return HANDLED

    def _done(self) -> None:
        self.trouble = None
        self.inbox.done()
        self._count(1)

    def _count(self, done: int) -> None:
        self._uncommitted += done
        if self._uncommitted >= self.consumer.commit_every:
            self.end()

    def _failed(self, event: RecordedEvent, error: Exception) -> None:
        self._tell("Failed", event)
        self.trouble = Trouble.after(self.trouble, event.position, error, self._around.store.now())
        if self.trouble.attempts <= self.consumer.retries:
            self.trouble = self._waiting(self.trouble, event)
        elif self.consumer.on_failure == "stop":
            self._stop(event)
        else:
            self._park(event)

    def _go_back(self, error: Exception) -> None:
        """Begin again at the checkpoint: which of the events since are safe nobody can tell."""
        self.begin()
        [event] = self.inbox.several(1)
        self._tell("Failed", event)
        trouble = Trouble.after(self._unsafe, event.position, error, self._around.store.now())
        # Kept twice: the first event that is handled again ends the wait, not the count.
        self.trouble = self._unsafe = trouble
        if trouble.attempts > self.consumer.retries:
            self._stop(event)
            return
        try:
            self.trouble = self._unsafe = self._waiting(trouble, event)
        except TermFailed as failed:
            self._give_up(failed)

    def _is_safe(self) -> None:
        if self.trouble is self._unsafe:
            self.trouble = None
        self._unsafe = None

    def _waiting(self, trouble: Trouble, event: RecordedEvent) -> Trouble:
        return replace(trouble, due=self._around.timer.now() + self._wait(trouble, event))

    def _wait(self, trouble: Trouble, event: RecordedEvent) -> float:
        """Return how long to wait after a failure, in seconds."""
        try:
            return max(0.0, float(self.consumer.backoff(trouble.attempts)))
        except Exception as error:
            raise TermFailed(self.consumer.name, "backoff", event, error) from error

    def _give_up(self, error: TermFailed) -> None:
        """Stop, alone: without its terms nobody can say what becomes of the event."""
        event, now = error.event, self._around.store.now()
        self.trouble = Trouble.after(self.trouble, event.position, error, now)
        self._stop(event)

    def _stop(self, event: RecordedEvent) -> None:
        self.stopped = True
        self._tell("Stopped", event)

    # -- dead letters ------------------------------------------------------------------------------

    def _waits_behind(self, event: RecordedEvent) -> bool:
        return bool(self._parked) and self.consumer.in_order and self.key(event) in self._parked

    def key(self, event: RecordedEvent) -> str:
        """Return what keeps events in order, as it is kept."""
        try:
            return storable(str(self.consumer.key(event)))
        except Exception as error:
            raise TermFailed(self.consumer.name, "key", event, error) from error

    def _park(self, event: RecordedEvent) -> None:
        """Keep the event as a letter and go on; a crash in between parks it once more, as the same letter."""
        self._keep_letter(event, self.trouble)
        self._done()

    def _keep_letter(self, event: RecordedEvent, trouble: Trouble | None) -> None:
        key, now = self.key(event), self._around.store.now()
        found = trouble or Trouble(event.position, 0, _BEHIND, now, now)
        self._around.tables.park(found.letter(self.consumer.name, key))
        self._parked.add(key)
        self._tell("Parked", event)

    # -- faults ------------------------------------------------------------------------------------

    def _faulty(self, event: RecordedEvent, faults: Faults) -> Turn:
        if self._delay:
            self._delay -= 1
            return TRIED
        match faults.strike(self.consumer.name, event.position):
            case "drop":
                self._tell("Dropped", event)
            case "delay":
                self._delay = DELAY
                self._tell("Delayed", event)
            case "reorder" if self.trouble is None and self.inbox.let_another_pass(self.key):
                self._tell("Overtaken", event)
            case "crash_before":
                self._crash(event, "before")
            case "crash_after":
                failed = self.handle(event)
                self._tell("Failed" if failed else "Handled", event)
                self._crash(event, "after")
            case "duplicate" if self.handle(event) is None:
                self._tell("Duplicated", event)
                self._restore(event)
                return self._tried(event)
            case _:
                return self._tried(event)
        return TRIED

    def _crash(self, event: RecordedEvent, when: str) -> None:
        self._tell("Crashed", event)
        self._crashed = True
        self.trouble = None
        raise Crashed(self.consumer.name, event.position, when)

    def _tell(self, what: str, event: RecordedEvent) -> None:
        if self._around.witness:
            self._around.witness(what, self.consumer.name, event)


_BEHIND = "waits behind an earlier event of its key"
