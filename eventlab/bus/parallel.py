"""Deliveries to a consumer that handles several events at once, in threads: the order within each key stays.

A turn takes the next events together, deals them out by key, and ends when all are done or given up. So the
checkpoint never passes an event that is neither.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from eventlab.bus.delivery import NOTHING, Delivery, Turn
from eventlab.bus.retries import Trouble
from eventlab.errors import TermFailed
from eventlab.event import RecordedEvent

AT_ONCE = 32  # events for each worker


class ParallelDelivery(Delivery):
    """The same promises as `Delivery`, with several events under way.

    After a failure its own thread waits for the next attempt, as other keys go on meanwhile.
    """

    def _turn(self, most: int | None) -> Turn:
        many = self.consumer.workers * AT_ONCE
        events = self.inbox.several(many if most is None else min(many, most))
        if not events:
            return NOTHING
        with ThreadPoolExecutor(self.consumer.workers) as pool:
            settled = list(chain(*pool.map(self._settled, self._by_key(events))))
        self.inbox.all_done(event for event, _ in settled)
        self._count(len(settled))
        return Turn(len(settled) or 1, sum(handled for _, handled in settled))

    def _by_key(self, events: list[RecordedEvent]) -> list[list[RecordedEvent]]:
        dealt: dict[str, list[RecordedEvent]] = defaultdict(list)
        for event in events:
            dealt[self.key(event)].append(event)
        return list(dealt.values())

    def _settled(self, events: list[RecordedEvent]) -> list[tuple[RecordedEvent, bool]]:
        """Handle events of one key in order; return those that are handled (True) or given up (False)."""
        settled = []
        for event in events:
            if self.stopped:
                break
            handled = self._outcome(event)
            if handled is not None:
                settled.append((event, handled))
        return settled

    def _outcome(self, event: RecordedEvent) -> bool | None:
        """Tell whether an event was handled or given up; None where the consumer stopped at it."""
        try:
            return self._handled_or_parked(event)
        except TermFailed as error:
            self._give_up(error)
            return None

    def _handled_or_parked(self, event: RecordedEvent) -> bool | None:
        if self._waits_behind(event):
            self._keep_letter(event, None)
            return False
        trouble = self._persistent_trouble(event)
        if trouble is None:
            self._tell("Handled", event)
            return True
        if self.consumer.on_failure == "stop":
            self.trouble = trouble
            self._stop(event)
            return None
        self._keep_letter(event, trouble)
        return False

    def _persistent_trouble(self, event: RecordedEvent) -> Trouble | None:
        """Try an event until it is handled, or often enough; return what is wrong with it then."""
        trouble: Trouble | None = None
        while (error := self._attempt(event)) is not None:
            self._tell("Failed", event)
            trouble = Trouble.after(trouble, event.position, error, self._around.store.now())
            if trouble.attempts > self.consumer.retries:
                return trouble
            self._around.timer.sleep(self._wait(trouble, event))
        return None

    def _attempt(self, event: RecordedEvent) -> Exception | None:
        """Deliver once, with whatever fault strikes; keys overtake and delay each other by themselves."""
        faults = self._around.faults
        fault = faults.strike(self.consumer.name, event.position) if faults else None
        if fault == "drop":
            self._tell("Dropped", event)
            return self._attempt(event)
        if fault == "crash_before":
            self._crash(event, "before")
        error = self.handle(event)
        if fault == "crash_after":
            self._tell("Failed" if error else "Handled", event)
            self._crash(event, "after")
        if fault == "duplicate" and error is None:
            self._tell("Duplicated", event)
            self._restore(event)
            return self.handle(event)
        return error
