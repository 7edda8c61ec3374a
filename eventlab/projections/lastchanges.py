"""Which event last changed a sum, a count, a first or a last value of some streams: looked for from the end.

What changed between two cuts has mostly changed lately. So the last million events are read first, as arrays,
and of what lies before them only the streams that are still missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab.projections.changing import Array, Changing, ChangingReader
from eventlab.store.streamnames import how_many
from eventlab.timetravel import ENDED
from eventlab.timetravel.causes import Causes, Cells, types_of

if TYPE_CHECKING:
    from eventlab.projections.projection import Projection
    from eventlab.store.log import Log

AT_ONCE = 1_000_000
"""So many events are looked at first: ten each, where a hundred thousand streams take turns."""

SCARCE = 4
"""Where fewer than one stream in so many is missing, the others are not read."""


def causes_in_arrays(projection: Projection, log: Log, since: int, cells: Cells) -> Causes:
    """Return the events that did what `diff` found since a position.

    Raises
    ------
    LeftToDuckDB
        Where a field changes otherwise, or the log is not one of streams in the order of positions.
    """
    of_names = dict(cells.by_name())
    reader = ChangingReader(projection, log, list(of_names))
    end, since = log.end, max(since, 0)
    with log.borrowed() as con:
        size = how_many(con) + 1  # now that it is known where the log ends, as others append
        streams = log.known_streams.numbered(con, cells.keys)[cells.rows]
    of_cells = {name: chosen[streams[chosen] >= 0] for name, chosen in of_names.items()}
    search = Search({name: streams[at] for name, at in of_cells.items()}, reader.verbs, size)
    while end > since and len(missing := search.missing()):
        scarce = len(missing) * SCARCE < size
        start = max(since, end - AT_ONCE * (size // len(missing) if scarce else 1)) + 1
        search.go_back(reader.read(start, end, missing if scarce else None))
        end = start - 1
    positions, types = np.zeros(len(cells), "int64"), np.zeros(len(cells), "int64")
    for name, chosen in of_cells.items():
        positions[chosen], types[chosen] = search.of(name, streams[chosen])
    return _told(log, positions, types, reader.types)


class Search:
    """What is found, going back through a log, of the events that changed the present life of streams.

    ``asked`` are the fields to look for, and `ENDED` for the last ending, each with the numbers of the
    streams it is asked of; ``size`` is one more than there are streams.
    """

    def __init__(self, asked: Mapping[str, Array], verbs: Mapping[str, str], size: int) -> None:
        self._verbs, self._size = verbs, size
        self._asked = {name: _flags(size, streams) for name, streams in asked.items()}
        self._marks = {name: _Marks(size) for name in (*verbs, ENDED)}
        self._runs = {name: _Run(size) for name, verb in verbs.items() if verb == "last"}
        self._births = _Marks(size)
        self._is_begun = np.zeros(size, bool)  # the ending before the present life is found

    def missing(self) -> Array:
        """Return the streams to look for in earlier events."""
        missing = np.zeros(self._size, bool)
        for name, asked in self._asked.items():
            if self._verbs.get(name) == "first":
                missing |= asked
            elif name in self._runs:
                missing |= asked & ~self._runs[name].is_begun
            else:
                missing |= asked & (self._marks[name].positions == 0)
        return np.flatnonzero(missing & ~self._is_begun)

    def go_back(self, events: Changing) -> None:
        """Take in the events right before those taken in so far."""
        lives, ended = self._present_lives(events)
        for name in self._verbs:
            streams, places = self._changed(name, events, lives)
            self._marks[name].note(streams, events, places)
        are_missing = _flags(self._size, self.missing())[events.streams]
        born, places = self._first(events, np.flatnonzero(are_missing & lives))
        self._births.note(born, events, places)
        self._is_begun[ended] = True

    def of(self, name: str, streams: Array) -> tuple[Array, Array]:
        """Return where the events behind a field of some streams stand, 0 for none, and their types.

        What never changed in a life came with its first event.
        """
        marks = self._marks[name]
        positions, types = marks.positions[streams], marks.types[streams]
        if name == ENDED:
            return positions, types
        never, births = positions == 0, self._births
        return (
            np.where(never, births.positions[streams], positions),
            np.where(never, births.types[streams], types),
        )

    def _changed(self, name: str, events: Changing, lives: Array) -> tuple[Array, Array]:
        """Return streams whose field was changed here, as far as is known now, and by number where."""
        if name in self._runs:
            return self._began(self._runs[name], events, events.values[name], lives)
        changes = np.flatnonzero(events.changes[name] & lives)
        if self._verbs[name] == "first":
            return self._first(events, changes)
        streams, places = self._last(events, changes)
        return streams[self._marks[name].positions[streams] == 0], places

    def _began(
        self, run: _Run, events: Changing, values: pd.Series[Any], lives: Array
    ) -> tuple[Array, Array]:
        """Return the streams that were given their last value here, and where first without another since."""
        values = values[lives[values.index] & ~run.is_begun[events.streams[values.index]]]
        given = values.index.to_numpy()
        lasts, places = self._last(events, given)
        run.note(lasts, values, places)
        others = given[run.differ(values, events.streams[given])]
        interrupted, others = self._last(events, others)
        run.is_begun[interrupted] = True
        return self._first(events, given[given > others[events.streams[given]]])

    def _present_lives(self, events: Changing) -> tuple[Array, Array]:
        """Return which events come after the last ending of their stream, and the streams it is found of."""
        lives = ~self._is_begun[events.streams]
        if events.ends is None:
            return lives, np.array([], "int64")
        ended, places = self._last(events, np.flatnonzero(events.ends & lives))
        self._marks[ENDED].note(ended, events, places)
        return lives & (np.arange(len(lives)) > places[events.streams]), ended

    def _last(self, events: Changing, chosen: Array) -> tuple[Array, Array]:
        """Return the streams of some events, and by number of a stream the place of its last."""
        places = np.full(self._size, -1)
        np.maximum.at(places, events.streams[chosen], chosen)
        return np.flatnonzero(places >= 0), places

    def _first(self, events: Changing, chosen: Array) -> tuple[Array, Array]:
        """Return the same for the first."""
        beyond = len(events.streams)
        places = np.full(self._size, beyond)
        np.minimum.at(places, events.streams[chosen], chosen)
        return np.flatnonzero(places < beyond), places


class _Marks:
    """By number of a stream one event: its position, 0 for none, and the number of its type."""

    def __init__(self, size: int) -> None:
        self.positions, self.types = np.zeros(size, "int64"), np.zeros(size, "uint8")

    def note(self, streams: Array, events: Changing, places: Array) -> None:
        """Note for some streams the events at their places."""
        self.positions[streams] = events.positions[places[streams]]
        self.types[streams] = events.types[places[streams]]


class _Run:
    """By number of a stream its last value, and whether it is found where that had begun to be the last."""

    def __init__(self, size: int) -> None:
        self.is_begun = np.zeros(size, bool)
        self._places = np.full(size, -1)
        self._values: list[pd.Series[Any]] = []

    def note(self, streams: Array, values: pd.Series[Any], places: Array) -> None:
        """Note the values of streams that have none yet, given by their places."""
        new = streams[self._places[streams] < 0]
        self._places[new] = np.arange(len(new)) + sum(map(len, self._values))
        self._values.append(values.loc[places[new]])

    def differ(self, values: pd.Series[Any], streams: Array) -> Array:
        """Return which values differ from the last ones of their streams; to SQL a NaN is equal to itself."""
        last = pd.concat(self._values, ignore_index=True).array.take(self._places[streams])
        alike: Array = np.asarray(values.array == last, bool)
        both_nan: Array = np.asarray(values.isna()) & np.asarray(pd.isna(last))
        return ~(alike | both_nan)


def _flags(size: int, streams: Array) -> Array:
    flags = np.zeros(size, bool)
    flags[streams] = True
    return flags


def _told(log: Log, positions: Array, numbers: Array, types: list[str]) -> Causes:
    """Return positions, 0 for none, and types by number as columns; types without a number are looked up."""
    missing = positions == 0
    position = pd.Series(pd.arrays.IntegerArray(positions, missing))
    unknown = (numbers == len(types)) & ~missing
    places = np.where(missing | unknown, -1, numbers)
    kind = pd.Series(pd.array(types, dtype="str").take(places, allow_fill=True))
    if unknown.any():
        kind[unknown] = types_of(log, position[unknown])
    return position, kind
