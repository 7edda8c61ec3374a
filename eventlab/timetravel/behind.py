"""The states behind the events of a log, for whoever looks at some of them or at one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.errors import EventLabError
from eventlab.timetravel.names import MOMENT, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlab.event import RecordedEvent
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import Key, TimeTravel

Places: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
Flags: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"

NEAR = 16_384
"""Events whose changes are read at once: a search that has come so near looks at a dozen more states."""


class States(ABC):
    """The states behind the events of a log, in fold order, given the positions of these events."""

    def __init__(self, log: Log, positions: Sequence[int]) -> None:
        self._log, self._positions = log, positions

    def __len__(self) -> int:
        return len(self._positions)

    def event(self, place: int) -> RecordedEvent:
        """Return the event that a state stands behind."""
        return self._log.at(self._positions[place])[0]

    @abstractmethod
    def state(self, place: int) -> Any:
        """Return a state, or None where the key does not live."""

    def found(self, place: int) -> Any:
        """Return the state that a search has found."""
        return self.state(place)

    def come_near(self, low: int, high: int) -> None:  # noqa: B027  # who has them all need do nothing
        """Get ready for looks at places from one up to another, that one not included, and nowhere else."""


class OfKey(States):
    """The states of one key, after each event that touched it; None where it does not live."""

    def __init__(self, projection: TimeTravel, log: Log, key: Key) -> None:
        changes = projection.changes(log, key)
        super().__init__(projection.about(log, key), changes["position"].tolist())
        self._alive = changes["alive"].tolist()
        fields = changes.drop(columns=[*projection.key_names, *MOMENT, "alive"])
        self._names = list(map(str, fields))
        self._columns = [frames.values(fields[name]) for name in fields]

    def state(self, place: int) -> dict[str, Any] | None:
        """Return the fields of the key."""
        if not self._alive[place]:
            return None
        return {name: c[place] for name, c in zip(self._names, self._columns, strict=True)}


class OfAllByCut(States):
    """The state of all keys after each event, each one a cut of its own: for few looks at a long log.

    Those that lie near each other are put together from what each event changed.
    """

    def __init__(self, projection: TimeTravel, log: Log) -> None:
        super().__init__(log, log.positions())
        self._projection = projection
        self._near: Latest | None = None
        self._is_near, self._low = False, 0

    def state(self, place: int) -> pd.DataFrame:
        """Return the state as a frame."""
        near = None if self._near is None else self._near.behind(place - self._low)
        return self.found(place) if near is None else near

    def found(self, place: int) -> pd.DataFrame:
        """Return the same by its cut: integers that later ones make floats are none yet."""
        return self._projection(self._log.until(position=self._positions[place]))

    def come_near(self, low: int, high: int) -> None:
        """Read what the events from one place up to another change, as soon as they are few."""
        if self._is_near or not 0 < high - low <= NEAR:
            return
        self._is_near, self._low = True, low
        with suppress(EventLabError):  # an event that fails may be one that is never looked at
            self._near = self._latest(self._positions[low:high])

    def _latest(self, order: Sequence[int]) -> Latest | None:
        projection, start = self._projection, order[0]
        rows = projection.onward(self._log.until(position=order[-1]), start)
        keys, fields = list(projection.key_names), list(projection.fields)
        if not {*keys, *fields, *MOMENT, "alive"}.issuperset(rows):
            return None  # a field that comes with an event is no column before
        ends = _ends(order, rows["position"].clip(lower=start))
        return Latest(rows, keys, [*fields, "position"], ends)


class OfAllByChanges(States):
    """The state of all keys after each event, out of all changes: for many looks, one after the other."""

    def __init__(self, projection: TimeTravel, log: Log) -> None:
        super().__init__(log, log.positions())
        changes, whole = projection.changes(log), projection(log)
        nothing = projection(log.until(position=0))
        self._nothing = nothing.reindex(columns=whole.columns)
        ends = _ends(self._positions, changes["position"])
        self._latest = Latest(changes, list(projection.key_names), list(whole.columns), ends)

    def state(self, place: int) -> pd.DataFrame:
        """Return the state as a frame."""
        found = self._latest.behind(place)
        return self._nothing.copy() if found is None else found


class Latest:
    """The states that the last row of each key makes, out of the first so many rows of changes.

    ``ends`` are, for each event, the number of rows up to it.
    """

    def __init__(
        self, rows: pd.DataFrame, keys: list[str], columns: list[str], ends: Sequence[int]
    ) -> None:
        self._rows, self._key, self._ends = rows[columns], _places(rows[keys]), ends
        _, firsts = np.unique(self._key, return_index=True)
        self._index = rows[keys].take(firsts).set_index(keys).index  # in the order of the keys
        self._alive = rows["alive"].to_numpy("bool")
        self._read, self._last = self._nothing()

    def behind(self, place: int) -> pd.DataFrame | None:
        """Return the state behind an event; None where no key lives."""
        end = self._ends[place]
        if end < self._read:
            self._read, self._last = self._nothing()
        new = np.arange(self._read, end)
        np.maximum.at(self._last, self._key[new], new)
        self._read = end
        lives = (self._last >= 0) & self._alive[self._last]
        return self._state(lives) if lives.any() else None

    def _nothing(self) -> tuple[int, Places]:
        """Return how many rows are read when none is, and for each key that it has none."""
        return 0, np.full(len(self._index), -1)

    def _state(self, lives: Flags) -> pd.DataFrame:
        rows = self._rows.take(self._last[lives])
        # A column that holds nothing yet forgets its type, as in a state that ends there.
        columns = {str(name): frames.fitted(rows[name]).array for name in rows}
        return pd.DataFrame(columns, index=self._index if lives.all() else self._index[lives])


def _places(keys: pd.DataFrame) -> Places:
    """Return for each row the place of its key among all of them, in order."""
    [first, *others] = (column for _, column in keys.items())
    if first.dtype != "object" and not others:
        return first.rank(method="dense").to_numpy().astype("int64") - 1
    rows = list(keys.itertuples(index=False, name=None))
    place_of = {key: place for place, key in enumerate(in_order(set(rows)))}
    return np.array([place_of[row] for row in rows], "int64")


def _ends(order: Sequence[int], changed: pd.Series[int]) -> list[int]:
    """Return for each event how many rows of changes there are up to it; both are in fold order."""
    rows = changed.value_counts().reindex(pd.Index(order), fill_value=0)
    return rows.cumsum().tolist()
