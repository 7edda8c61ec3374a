"""Where a log's events are read from: one table, or for a branch the stretches it shares and its own.

A branch copies nothing, so its positions and versions are those of its parent, shifted by what was dropped
and inserted before. The shift is written into every SELECT that scans the table. A view would say it once,
and DuckDB 2.0 would then read whole payloads for one field: 7.1 s against 0.24 for a sum over 10 M events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventlab.store.cut import Cut

SHIFTED = ("position", "version", "causation_id", "el_part")
_SHIFTED = re.compile(rf"\bevents\.({'|'.join(SHIFTED)})\b")

Joins = tuple[str, ...]

OF_THE_STORE = "main.events"

ROW_GROUP = 122_880
"""So many rows DuckDB keeps together; it leaves out those of a position only as a whole."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of a table of events: what it leaves out, and how its numbers read in this log."""

    table: str = OF_THE_STORE
    where: tuple[str, ...] = ()
    joins: Joins = ()
    position: str = "events.position"
    version: str = "events.version"
    version_joins: Joins = ()
    causation_id: str = "events.causation_id"
    causation_joins: Joins = ()
    span: tuple[int, int] | None = None  # the positions it can give, where that is known
    is_shared: bool = True
    el_part: str = (
        "0"  # the place among events that share a position, where upcasters made several of one
    )

    def select(
        self,
        columns: Iterable[str],
        payload: Iterable[str],
        names: str,
        where: str,
        picked: str = "",
    ) -> str:
        """Return the SELECT of these columns.

        ``columns`` and ``where`` name the columns of the log as ``events.<column>``; ``payload`` are
        fields with a name already, and ``names`` is where the streams' names are, or nothing. ``picked`` says
        which rows of the store's own table can be meant, where that is known beforehand.
        """
        columns = list(columns)
        shown = [*map(self._shown, columns), *payload]
        joins = [*self._joins_for(" ".join([*columns, where])), self._join_names(names)]
        conditions = [*self.where, self._read(where)]
        return (
            f"select {', '.join(shown)} from {self._rows(picked)} as events {' '.join(joins)} "
            f"where {' and '.join(conditions)}"
        )

    def inside(self, catalog: str) -> Scan:
        """Return the scan of the same table, whichever database a query stands in."""
        is_bare = self.table == OF_THE_STORE
        return replace(self, table=f"{catalog}.{self.table}") if is_bare else self

    def meets(self, low: int | None, high: int | None) -> bool:
        """Tell whether it can give a position between two bounds; None is open."""
        if self.span is None:
            return True
        first, last = self.span
        return (low is None or low <= last) and (high is None or first <= high)

    def _rows(self, picked: str) -> str:
        return f"(select * from {self.table} {picked})" if picked and self.is_shared else self.table

    def _join_names(self, names: str) -> str:
        # A branch's names are a union, which DuckDB 2.0 would join to all events before it looks for the few
        # of a cut (5 s instead of 15 ms); a left join it keeps in its place. No event is without a name.
        kind = "join" if self.table == OF_THE_STORE else "left join"
        return f"{kind} {names} using (stream_no)" if names else ""

    def _shown(self, column: str) -> str:
        bare = column.removeprefix("events.")
        return f"{self._read(column)} as {bare}" if bare in SHIFTED else self._read(column)

    def _read(self, sql: str) -> str:
        return _SHIFTED.sub(lambda match: str(getattr(self, match[1])), sql)

    def _joins_for(self, text: str) -> Iterable[str]:
        asked = {match[1] for match in _SHIFTED.finditer(text)}
        both = [
            *self.joins,
            *(self.version_joins if "version" in asked else ()),
            *(self.causation_joins if "causation_id" in asked else ()),
        ]
        return dict.fromkeys(both)


@dataclass(frozen=True, slots=True)
class Scans:
    """The scans that together give every event of a log once, in two ways.

    To read a whole log, stretches with a constant shift are fast: DuckDB leaves out those, and parts of
    them, that lie beyond a cut. To read a few streams, one scan that looks up its shifts is: DuckDB 2.0 finds
    events by the index only where no range of positions is asked for too.
    """

    by_stretch: tuple[Scan, ...] = (Scan(),)
    by_lookup: tuple[Scan, ...] = (Scan(),)

    @property
    def have_parts(self) -> bool:
        """Whether events may share a position."""
        return any(scan.el_part != "0" for scan in self.by_stretch)

    def inside(self, catalog: str) -> Scans:
        """Return the same scans as a query writes them that reads several databases."""
        return Scans(
            tuple(scan.inside(catalog) for scan in self.by_stretch),
            tuple(scan.inside(catalog) for scan in self.by_lookup),
        )

    def of(self, cut: Cut) -> Sequence[Scan]:
        """Return the scans that a cut needs."""
        if cut.streams is not None:
            return self.by_lookup
        low, high = cut.position.low, cut.position.high
        return [scan for scan in self.by_stretch if scan.meets(low, high)]


def union(scans: Sequence[Scan], *select: Any) -> str:
    """Return the SQL of all scans together; the arguments are those of `Scan.select`."""
    return "\nunion all ".join(scan.select(*select) for scan in scans)
