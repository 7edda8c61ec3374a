"""When did it begin: the first event after which something holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from eventlab.errors import PredicateFailed
from eventlab.event import RecordedEvent
from eventlab.timetravel.behind import OfAllByChanges, OfAllByCut, OfKey, States

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import Key, TimeTravel

Predicate = Callable[[Any], object]


class Found(RecordedEvent):
    """The event that a bisection found, with what it saw on the way.

    Attributes
    ----------
    state : dict or DataFrame
        The state after the event: of the key, or of all keys where none was named.
    looked_at : int
        How many states the predicate was asked about.
    """

    state: Any
    looked_at: int

    @classmethod
    def at(cls, event: RecordedEvent, state: Any, looked_at: int) -> Found:
        """Return the event with what was seen."""
        found = cls(*event)
        found.state, found.looked_at = state, looked_at
        return found

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]} found after {self.looked_at:,} states>"


def bisect(
    projection: TimeTravel, log: Log, predicate: Predicate, key: Key | None, *, monotone: bool
) -> Found | None:
    """Return the first event after which the predicate holds, as `TimeTravel.bisect` says."""
    states = _states(projection, log, key, monotone)
    asked = _Asked(predicate, states)
    search = _by_halves if monotone else _one_by_one
    place = search(asked, states)
    if place is None:
        return None
    return Found.at(states.event(place), states.found(place), asked.times)


def _states(projection: TimeTravel, log: Log, key: Key | None, monotone: bool) -> States:
    if key is not None:
        return OfKey(projection, log, key)
    if monotone and not log.cut.by_occurrence:
        return OfAllByCut(projection, log)
    return OfAllByChanges(projection, log)


def _by_halves(asked: _Asked, states: States) -> int | None:
    low, high = 0, len(states)
    while low < high:
        states.come_near(low, high)
        middle = (low + high) // 2
        low, high = (low, middle) if asked(middle) else (middle + 1, high)
    return low if low < len(states) else None


def _one_by_one(asked: _Asked, states: States) -> int | None:
    places = len(states)
    # Not ``for … in tqdm(…)``: left early, tqdm 4.70 shows its bar in a notebook, however short it took.
    with tqdm(total=places, desc="bisect", unit=" states", delay=2, leave=False) as watched:
        for place in range(places):
            if asked(place):
                watched.total = watched.n  # found: there is no more to do
                return place
            watched.update()
    return None


class _Asked:
    """A predicate over places; it counts the states it sees, and says where it failed."""

    def __init__(self, predicate: Predicate, states: States) -> None:
        self._predicate, self._states, self.times = predicate, states, 0

    def __call__(self, place: int) -> bool:
        state = self._states.state(place)
        if state is None:
            return False
        self.times += 1
        try:
            return bool(self._predicate(state))
        except Exception as error:
            raise PredicateFailed(self._states.event(place).position, error) from error
