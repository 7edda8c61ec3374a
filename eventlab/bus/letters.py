"""What can be done with dead letters: try them again in order, or give them up."""

from __future__ import annotations

from eventlab.bus.delivery import Delivery, Surroundings
from eventlab.bus.retries import Trouble
from eventlab.errors import BusError
from eventlab.event import RecordedEvent
from eventlab.store.consumer_tables import Letter


class LetterBox:
    """The dead letters of one consumer; the caller holds its lock."""

    def __init__(self, delivery: Delivery, around: Surroundings) -> None:
        self._delivery, self._around = delivery, around
        self._name = delivery.consumer.name

    def retry(self, position: int | None = None) -> int:
        """Try the letters in order, or one of them; return how many were handled."""
        letters = self._letters()
        chosen = letters if position is None else [self._first_of_its_key(letters, position)]
        blocked: set[str] = set()
        for letter in chosen:
            if letter.key not in blocked and not self._retried(letter):
                blocked |= {letter.key} if self._delivery.consumer.in_order else set()
        return len(letters) - len(self._letters())

    def discard(self, position: int) -> None:
        """Delete a letter."""
        self._of(self._letters(), position)
        self._around.tables.discard(self._name, position)

    def _letters(self) -> list[Letter]:
        return self._around.tables.letters(self._name)

    def _first_of_its_key(self, letters: list[Letter], position: int) -> Letter:
        chosen = self._of(letters, position)
        first = next(letter for letter in letters if letter.key == chosen.key)
        if self._delivery.consumer.in_order and first is not chosen:
            raise BusError.waits_behind(self._name, position, first.position)
        return chosen

    def _of(self, letters: list[Letter], position: int) -> Letter:
        for letter in letters:
            if letter.position == position:
                return letter
        raise BusError.no_letter(self._name, position, [letter.position for letter in letters])

    def _retried(self, letter: Letter) -> bool:
        """Try a letter; keep it with what went wrong this time, or delete it."""
        error = self._delivery.handle_for_good(self._events(letter))
        if error is None:
            self._around.tables.discard(self._name, letter.position)
            return True
        again = Trouble.after(Trouble.of(letter), letter.position, error, self._around.store.now())
        self._around.tables.park(again.letter(self._name, letter.key))
        return False

    def _events(self, letter: Letter) -> list[RecordedEvent]:
        """Return what a letter is about: an event, or what upcasters made of it."""
        types = self._delivery.consumer.types
        there = self._around.store.at(letter.position)
        return [event for event in there if not types or event.type in types]
