"""Which number a stream has and which name: what the store's queries need not look for again.

Events carry the numbers of their streams. To join 100,000 names takes DuckDB 2.0 10 ms where there are sixty
events, and to find sixty of these names 5 ms, as often as a query does it. A number that was committed stays
that of its name for ever, so both ways are remembered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab.errors import NamelessStream
from eventlab.statements import execute
from eventlab.store.streamnames import StreamNames, how_many

Numbers = Mapping[str, int]
Array = np.ndarray[Any, np.dtype[Any]]

MOST_NAMED = 100
"""Of so many streams it pays to know the numbers; a single one of a short log is as soon found by name."""

FEW = 200
"""So many streams are looked up before all are read, as far as there are not too many."""

_MOST = 1_000_000  # names are remembered


class KnownStreams:
    """The streams of one database that were asked for.

    Whoever asks must see what is committed and no more, or throw this away with what is not: a number that
    is rolled back goes to another stream.
    """

    def __init__(self) -> None:
        # By number the name, and whether it is known: one value, so that no other thread meets the
        # names of one reading and the flags of another.
        self._named: tuple[Array, Array] = _nothing()
        self._held = 0  # names in it
        self._looked_up = 0  # names, a few at a time
        self._numbers: dict[str, int] = {}
        self._of_many = StreamNames()

    def numbers(self, con: duckdb.DuckDBPyConnection, names: Collection[str]) -> Numbers:
        """Return the numbers of those of some streams that there are, sorted by name."""
        known = {name: self._numbers[name] for name in names if name in self._numbers}
        unknown = [name for name in names if name not in known]
        if unknown:
            found = dict(execute(con, _BY_NAME, [unknown]).fetchall())
            known |= found
            self._remember(found)
        return dict(sorted(known.items()))

    def names(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> Array:
        """Return the name of each of some numbers; that of one stream is always the same object.

        Raises
        ------
        NamelessStream
            When no stream has one of the numbers.
        """
        names, known = self._named
        if numbers.max(initial=-1) >= len(names) or not known[numbers].all():
            names = self._with(con, np.unique(numbers))
        found = names[numbers]
        if len(found) <= FEW:  # who asks for a few names is likely to ask for these streams next
            self._remember(dict(zip(found.tolist(), numbers.tolist(), strict=True)))
        return found

    def index(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> pd.Index[str]:
        """Return the name of each of some numbers, or of many, as an index."""
        if len(numbers) > FEW:
            return self._of_many.names(con, numbers)
        return pd.Index(self.names(con, numbers), dtype="str")

    def sorted(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> tuple[Array, pd.Index[str]]:
        """Return the places of some numbers in the order of their names, and the names in that order."""
        if len(numbers) > FEW:
            return self._of_many.sorted(con, numbers)
        names = self.names(con, numbers)
        places = np.argsort(names)
        return places, pd.Index(names[places], dtype="str")

    def require(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> None:
        """Raise `NamelessStream` for a number beyond those of all streams."""
        self._of_many.require(con, numbers)

    def numbered(self, con: duckdb.DuckDBPyConnection, names: pd.Index[str]) -> Array:
        """Return the number of each of many streams, -1 where there is none of a name."""
        return self._of_many.numbers(con, names)

    def _with(self, con: duckdb.DuckDBPyConnection, numbers: Array) -> Array:
        """Return the names by number, those of some numbers among them."""
        if self._held > _MOST:
            self._named, self._held = _nothing(), 0
        names, known = self._named
        missing = [no for no in numbers.tolist() if no >= len(names) or not known[no]]
        self._looked_up += len(missing)
        if self._takes_all(con):
            found = execute(con, _ALL).fetchnumpy()
            self._held = len(found["stream"])
        else:
            found = execute(con, _BY_NUMBER, [missing]).fetchnumpy()
            self._held += len(missing)
        there = np.asarray(found["stream_no"], "int64")
        nameless = np.setdiff1d(missing, there)
        if len(nameless):
            raise NamelessStream(int(nameless[0]))
        last = int(there.max(initial=0))
        names, known = _with_room(names, last, None), _with_room(known, last, False)
        names[there], known[there] = found["stream"], True
        self._named = names, known
        return names

    def _takes_all(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Tell whether to read all names: once so many were looked for that this would have cost no more."""
        if self._looked_up <= FEW:
            return False
        self._looked_up = 0
        return how_many(con) <= _MOST

    def _remember(self, found: dict[str, int]) -> None:
        if len(self._numbers) + len(found) > _MOST:
            self._numbers = {}
        self._numbers |= found


def _nothing() -> tuple[Array, Array]:
    return np.empty(0, "object"), np.empty(0, "bool")


def _with_room(by_number: Array, last: int, empty: object) -> Array:
    """Return an array by number with a place for the last: twice as many, as streams come one by one."""
    if last < len(by_number):
        return by_number
    made = np.full(max(last + 1, 2 * len(by_number)), empty, by_number.dtype)
    made[: len(by_number)] = by_number
    return made


_BY_NAME = "select stream, stream_no from main.streams where stream in $1::varchar[]"

_ALL = "select stream, stream_no from main.streams"

_BY_NUMBER = f"{_ALL} where stream_no in (select unnest($1::integer[]))"
