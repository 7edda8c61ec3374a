"""States of streams as arrays by number of the stream, to which contributions are added in place.

A number is where to find the stream in an array, so nothing is looked up, grouped or joined: to add a million
contributions takes NumPy a few milliseconds. What they are and which can be added so is known in
`eventlab.projections.contributed`; here a column is told by its verb and the kind of its SQL type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.fetching import FLOATS, HUGE, MOMENTS, TEXTS, WHOLE

Numbers = np.ndarray[Any, np.dtype[np.int64]]

NEVER = np.iinfo("int64").min
"""The position of a stream that does not live."""

_ADDED = WHOLE - {"UHUGEINT"} | FLOATS  # DuckDB adds that one up as floats
CHOSEN = {"BOOLEAN", "DATE", *(WHOLE - HUGE), *FLOATS, *TEXTS, *MOMENTS}
"""The kinds of values that are kept as they came."""

_SLACK = 2
"""So many times as many values as streams are kept, before those that no stream has are thrown away."""


class Outgrown(Exception):
    """Sums that 64 bits may not hold, which DuckDB adds up in 128."""


class Contributed(NamedTuple):
    """What events contribute, in fold order: their streams, positions, what a clock showed, and the values.

    ``ends`` says which of them end the life of their stream, where any can; ``families`` are the kinds of
    SQL types of the values.
    """

    streams: Numbers
    positions: Numbers
    readings: np.ndarray[Any, np.dtype[Any]]
    ends: np.ndarray[Any, np.dtype[np.bool_]] | None
    fields: tuple[Any, ...]
    families: tuple[str, ...] = ()

    def between(self, start: int, end: int) -> Contributed:
        """Return the rows from one place up to another."""
        return self._each(lambda values: values[start:end])

    def taken(self, places: Numbers) -> Contributed:
        """Return the rows at some places."""
        return self._each(lambda values: values.take(places))

    def _each(self, part: Any) -> Contributed:
        ends = None if self.ends is None else part(self.ends)
        streams, positions, readings = map(part, (self.streams, self.positions, self.readings))
        fields = tuple(map(part, self.fields))
        return Contributed(streams, positions, readings, ends, fields, self.families)


class Tallies:
    """The states of all streams, as far as contributions were added."""

    def __init__(self, columns: Iterable[Tally]) -> None:
        self.columns = list(columns)
        self._positions = np.empty(0, "int64")

    def begin(self, rows: Contributed) -> None:
        """Begin with the states of some streams, one each."""
        self._make_room(int(rows.streams.max(initial=-1)) + 1)
        self._positions[rows.streams] = rows.positions
        for column, values in zip(self.columns, rows.fields, strict=True):
            column.begin(rows.streams, values)

    def add(self, rows: Contributed) -> None:
        """Add what later events contribute; a stream that they end starts afresh.

        Raises
        ------
        Outgrown
            Where a sum may not fit; what was added is of no use then.
        """
        self._make_room(int(rows.streams.max(initial=-1)) + 1)
        rows = self._after_endings(rows)
        np.maximum.at(self._positions, rows.streams, rows.positions)
        for column, values in zip(self.columns, rows.fields, strict=True):
            column.add(rows.streams, values)

    def living(self) -> Numbers:
        """Return the numbers of the streams that live."""
        return np.flatnonzero(self._positions > NEVER)

    def of(self, numbers: Numbers) -> list[pd.Series[Any]]:
        """Return the columns of some streams, then the positions of their last events."""
        positions = pd.Series(self._positions.take(numbers))
        return [*(column.of(numbers) for column in self.columns), positions]

    def _make_room(self, size: int) -> None:
        held = len(self._positions)
        if size > held:
            size = max(size, 2 * held)
            self._positions = _with_room(self._positions, size, NEVER)
            for column in self.columns:
                column.make_room(size)

    def _after_endings(self, rows: Contributed) -> Contributed:
        if rows.ends is None or not rows.ends.any():
            return rows
        endings = np.flatnonzero(rows.ends)
        last = np.full(len(self._positions), -1)
        np.maximum.at(last, rows.streams[endings], endings)
        ended = np.flatnonzero(last >= 0)
        self._positions[ended] = NEVER
        for column in self.columns:
            column.forget(ended)
        return rows.taken(np.flatnonzero(np.arange(len(rows.streams)) > last[rows.streams]))


class Tally(ABC):
    """One column of the states."""

    @abstractmethod
    def takes(self, family: str) -> bool:
        """Tell whether values of a kind of SQL type can be added."""

    @abstractmethod
    def make_room(self, size: int) -> None:
        """Hold so many streams."""

    @abstractmethod
    def begin(self, streams: Numbers, values: Any) -> None:
        """Begin with what some streams, each of them once, have come to."""

    @abstractmethod
    def add(self, streams: Numbers, values: Any) -> None:
        """Add contributions, in fold order; a missing one counts for none."""

    @abstractmethod
    def forget(self, streams: Numbers) -> None:
        """Set some streams back to what they were before any contribution."""

    @abstractmethod
    def of(self, streams: Numbers) -> pd.Series[Any]:
        """Return the column of some streams, with the house's dtypes."""


def tally(verb: str, family: str) -> Tally | None:
    """Return the tally of a verb over values of a kind of SQL type, None where there is none."""
    if verb in ("total", "count"):
        return Sums(family) if family in _ADDED else None
    return Chosen(verb, family) if verb in ("first", "last") and family in CHOSEN else None


class Sums(Tally):
    """Sums of numbers, whole ones exact or not at all."""

    def __init__(self, family: str) -> None:
        self._is_whole = family in WHOLE
        self._sums = np.empty(0, "int64" if self._is_whole else "float64")

    def takes(self, family: str) -> bool:
        """Tell whether values of a kind can be added: whole numbers to whole ones."""
        return family in _ADDED and (family in WHOLE) == self._is_whole

    def make_room(self, size: int) -> None:
        """Hold so many streams."""
        self._sums = _with_room(self._sums, size, 0)

    def begin(self, streams: Numbers, values: Any) -> None:
        """Begin with sums."""
        self._sums[streams] = values.filled(0)

    def add(self, streams: Numbers, values: Any) -> None:
        """Add contributions."""
        added = values.filled(0).astype(self._sums.dtype, copy=False)
        if self._is_whole and _reach(added) * len(added) + _reach(self._sums) >= 2**63:
            raise Outgrown
        # DuckDB says nothing of infinite sums either.
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(self._sums, streams, added)

    def forget(self, streams: Numbers) -> None:
        """Set some streams back to nothing."""
        self._sums[streams] = 0

    def of(self, streams: Numbers) -> pd.Series[Any]:
        """Return the sums of some streams."""
        return pd.Series(self._sums.take(streams))


class Chosen(Tally):
    """The first value or the last one that is not missing: where it stands among all that came."""

    def __init__(self, verb: str, family: str) -> None:
        self._keeps_first, self._family = verb == "first", family
        self._places = np.empty(0, "int64")
        self._values: list[pd.Series[Any]] = []
        self._held = 0

    def takes(self, family: str) -> bool:
        """Tell whether values of a kind can be among those that are kept."""
        return family == self._family

    def make_room(self, size: int) -> None:
        """Hold so many streams."""
        self._places = _with_room(self._places, size, -1)

    def begin(self, streams: Numbers, values: Any) -> None:
        """Begin with values."""
        self.add(streams, values)

    def add(self, streams: Numbers, values: Any) -> None:
        """Take values in."""
        column = frames.decoded(self._family, values)
        rows = np.flatnonzero(~gaps(column, values))
        streams = streams.take(rows)
        if self._keeps_first:
            streams, first = np.unique(streams, return_index=True)
            new = self._places[streams] < 0
            streams, rows = streams[new], rows[first[new]]
        rows += self._held
        np.maximum.at(self._places, streams, rows)
        self._values.append(column)
        self._held += len(column)
        if self._held > _SLACK * len(self._places):
            self._throw_away()

    def forget(self, streams: Numbers) -> None:
        """Set some streams back to nothing."""
        self._places[streams] = -1

    def of(self, streams: Numbers) -> pd.Series[Any]:
        """Return the values of some streams."""
        places = self._places.take(streams)
        if not len(places) or places.max() < 0:
            return frames.missing(len(places))
        return frames.fitted(frames.taken(self._together(), places))

    def _together(self) -> pd.Series[Any]:
        if len(self._values) > 1:
            self._values = [pd.concat(self._values, ignore_index=True)]
        return self._values[0]

    def _throw_away(self) -> None:
        kept = np.flatnonzero(self._places >= 0)
        self._values = [frames.taken(self._together(), self._places[kept])]
        self._places[kept] = np.arange(len(kept))
        self._held = len(kept)


def gaps(column: pd.Series[Any], values: Any) -> Any:
    """Return where values are missing; to SQL a NaN is none of them."""
    is_masked = isinstance(values, np.ma.MaskedArray)
    return np.ma.getmaskarray(values) if is_masked else column.array.isna()


def _with_room(array: Any, size: int, empty: int) -> Any:
    made = np.full(size, empty, array.dtype)
    made[: len(array)] = array
    return made


def _reach(numbers: Numbers) -> int:
    """Return how far from zero the numbers go."""
    return max(int(numbers.max(initial=0)), -int(numbers.min(initial=0)))
