"""The names of streams for many rows that carry their numbers, in the order of the names.

Grouping goes by number, four times faster than by name. Joining 100,000 names to the groups and sorting by
them then took as long as the grouping; a store's names never change, so their order is worked out once.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.errors import NamelessStream
from eventlab.statements import execute

Numbers = np.ndarray[Any, np.dtype[np.int64]]

_FEW = 20
"""A query for the names of fewer than one stream in so many is faster than reading all once."""


class StreamNames:
    """The names of one database's streams: those asked for last, and all of them once many were."""

    def __init__(self) -> None:
        # One value, so that no other thread meets the names of one reading and the ranks of another.
        self._known: tuple[pd.Index[str], Numbers] = pd.Index([], dtype="str"), np.empty(0, "int64")
        none = np.empty(0, "int64")
        self._last_sorted: tuple[Numbers, Numbers, pd.Index[str]] = none, none, self._known[0]

    def sorted(
        self, con: duckdb.DuckDBPyConnection, numbers: Numbers
    ) -> tuple[Numbers, pd.Index[str]]:
        """Return the places of some numbers in the order of their names, and the names in that order."""
        last, places, names = self._last_sorted
        # Names of the same streams are one object, so states of them need not be compared by name either.
        if not np.array_equal(numbers, last):
            ordered, rank = self._covering(con, numbers)
            ranks = rank[numbers]
            places = _in_order(ranks, len(ordered))
            names = ordered if len(places) == len(ordered) else ordered.take(ranks[places])
            self._last_sorted = numbers, places, names
        return places, names

    def names(self, con: duckdb.DuckDBPyConnection, numbers: Numbers) -> pd.Index[str]:
        """Return the name of each of some numbers."""
        ordered, rank = self._covering(con, numbers)
        return ordered.take(rank[numbers])

    def numbers(self, con: duckdb.DuckDBPyConnection, names: pd.Index[str]) -> Numbers:
        """Return the number of each of some names, -1 where no stream is called so."""
        ordered, rank = self._known
        places = frames.places(ordered, names)
        if (places < 0).any():
            self._known = ordered, rank = _read(con, None)
            places = frames.places(ordered, names)
        there = np.flatnonzero(rank >= 0)
        by_rank: Numbers = np.full(len(ordered) + 1, -1)
        by_rank[rank[there]] = there
        found: Numbers = by_rank[places]
        return found

    def require(self, con: duckdb.DuckDBPyConnection, numbers: Numbers) -> None:
        """Raise `NamelessStream` for a number beyond those of all streams."""
        last = int(numbers.max(initial=0))
        if last >= len(self._known[1]) and last > how_many(con):
            raise NamelessStream(last)

    def _covering(
        self, con: duckdb.DuckDBPyConnection, numbers: Numbers
    ) -> tuple[pd.Index[str], Numbers]:
        ordered, rank = self._known
        if numbers.max(initial=0) >= len(rank) or (rank[numbers] < 0).any():
            few = len(numbers) * _FEW < how_many(con)
            self._known = ordered, rank = _read(con, numbers.tolist() if few else None)
            _require_names(rank, numbers)
        return ordered, rank


def how_many(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many streams there are."""
    [(number,)] = execute(con, "select coalesce(max(stream_no), 0) from main.streams").fetchall()
    return int(number)


def _in_order(ranks: Numbers, of: int) -> Numbers:
    """Return the places of different ranks in increasing order: of most of them without sorting."""
    if len(ranks) * 8 < of:
        return np.argsort(ranks)
    place = np.full(of, -1)
    place[ranks] = np.arange(len(ranks))
    return place[place >= 0]


def _require_names(rank: Numbers, numbers: Numbers) -> None:
    named = np.flatnonzero(rank >= 0)
    nameless = np.setdiff1d(numbers, named)
    if len(nameless):
        raise NamelessStream(int(nameless[0]))


def _read(
    con: duckdb.DuckDBPyConnection, numbers: list[int] | None
) -> tuple[pd.Index[str], Numbers]:
    """Return names in order, and for each number the place of its name, -1 where there is none."""
    chosen = "" if numbers is None else "where stream_no in (select unnest(?::bigint[]))"
    query = f"select stream_no, stream from main.streams {chosen} order by stream"
    found: dict[str, Any] = execute(con, query, [numbers] if chosen else None).fetchnumpy()
    read = np.asarray(found["stream_no"], "int64")
    rank = np.full(read.max(initial=-1) + 1, -1, "int64")
    rank[read] = np.arange(len(read))
    return pd.Index(found["stream"], dtype="str"), rank
