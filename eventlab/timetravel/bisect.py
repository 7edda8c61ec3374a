"""When did it begin: the first event after which something holds."""

from __future__ import annotations

import bisect as _bisect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.errors import PredicateFailed
from eventlab.event import RecordedEvent
from eventlab.timetravel.names import MOMENT, in_order

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
    place = search(asked, len(states))
    if place is None:
        return None
    return Found.at(states.event(place), states.state(place), asked.times)


def _states(projection: TimeTravel, log: Log, key: Key | None, monotone: bool) -> States:
    if key is not None:
        return _OfKey(projection, log, key)
    if monotone and not log.cut.by_occurrence:
        return _OfAllByCut(projection, log)
    return _OfAllByChanges(projection, log)


def _by_halves(asked: _Asked, places: int) -> int | None:
    found = _bisect.bisect_left(range(places), True, key=asked)
    return found if found < places else None


def _one_by_one(asked: _Asked, places: int) -> int | None:
    # Not ``for … in tqdm(…)``: left early, tqdm 4.70 shows its bar in a notebook, however short it took.
    with tqdm(total=places, desc="bisect", unit=" states", delay=2, leave=False) as watched:
        for place in range(places):
            if asked(place):
                watched.total = watched.n  # found: there is no more to do
                return place
            watched.update()
    return None


class States(Protocol):
    """The states behind the events of a log, in fold order."""

    def __len__(self) -> int: ...
    def state(self, place: int) -> Any:
        """Return a state, or None where the key does not live."""

    def event(self, place: int) -> RecordedEvent:
        """Return the event it stands behind."""


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


class _OfKey:
    """The states of one key, after each event that touched it; None where it does not live."""

    def __init__(self, projection: TimeTravel, log: Log, key: Key) -> None:
        self._log = projection.about(log, key)
        changes = projection.changes(log, key)
        self._positions = changes["position"].tolist()
        self._alive = changes["alive"].tolist()
        fields = changes.drop(columns=[*projection.key_names, *MOMENT, "alive"])
        self._names = list(map(str, fields))
        self._columns = [frames.values(fields[name]) for name in fields]

    def __len__(self) -> int:
        return len(self._positions)

    def state(self, place: int) -> dict[str, Any] | None:
        if not self._alive[place]:
            return None
        return {name: c[place] for name, c in zip(self._names, self._columns, strict=True)}

    def event(self, place: int) -> RecordedEvent:
        return self._log.at(self._positions[place])[0]


class _OfAllByCut:
    """The state of all keys after each event, each one a cut of its own: for few looks at a long log."""

    def __init__(self, projection: TimeTravel, log: Log) -> None:
        self._projection, self._log = projection, log
        self._positions = log.positions()

    def __len__(self) -> int:
        return len(self._positions)

    def state(self, place: int) -> pd.DataFrame:
        return self._projection(self._log.until(position=self._positions[place]))

    def event(self, place: int) -> RecordedEvent:
        return self._log.at(self._positions[place])[0]


class _OfAllByChanges:
    """The state of all keys after each event, out of all changes: for many looks, one after the other."""

    def __init__(self, projection: TimeTravel, log: Log) -> None:
        self._log = log
        self._order = log.positions()
        self._changes = projection.changes(log)
        self._alive = self._changes["alive"].to_numpy()
        self._keys = list(
            self._changes[list(projection.key_names)].itertuples(index=False, name=None)
        )
        self._whole = projection(log)
        nothing = projection(log.until(position=0))
        self._nothing = nothing.reindex(columns=self._whole.columns)
        self._ends = _ends(self._order, self._changes["position"])
        self._read = 0
        self._latest: dict[tuple[Any, ...], int] = {}

    def __len__(self) -> int:
        return len(self._order)

    def state(self, place: int) -> pd.DataFrame:
        if self._ends[place] < self._read:
            self._read, self._latest = 0, {}
        for row in range(self._read, self._ends[place]):
            self._latest.pop(self._keys[row], None)
            if self._alive[row]:
                self._latest[self._keys[row]] = row
        self._read = self._ends[place]
        if not self._latest:
            return self._nothing.copy()
        rows = [self._latest[key] for key in in_order(self._latest)]
        return shaped(self._changes.take(rows), self._whole)

    def event(self, place: int) -> RecordedEvent:
        return self._log.at(self._order[place])[0]


def shaped(rows: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Return rows of changes as the state frame they are, with the columns of the whole log's state."""
    state = rows.set_index(list(whole.index.names))[list(whole.columns)]
    # A column that holds nothing yet forgets its type, as in a state that ends there.
    columns = {str(name): frames.column(frames.values(state[name])).array for name in state}
    return pd.DataFrame(columns, index=state.index)


def _ends(order: Sequence[int], changed: pd.Series[int]) -> list[int]:
    """Return for each event how many rows of changes there are up to it; both are in fold order."""
    rows = changed.value_counts().reindex(pd.Index(order), fill_value=0)
    return rows.cumsum().tolist()
