"""One line of JSON per event, and the SHA-256 of many: what a seal is made of.

The line holds every stored column and the stream's name, so equal lines are equal events. JSON leaves
no doubt where a value ends and what is missing, and has no line break inside. DuckDB writes the lines;
hashlib hashes them, with instructions of the processor that DuckDB 2.0 does not use (its own SHA-256
takes 7 times as long). Nothing here knows what a seal is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import duckdb
import numpy as np

from eventlab.store.ahead import ahead
from eventlab.store.database import beside
from eventlab.store.scans import ROW_GROUP

SLICE = 2 * ROW_GROUP  # one for each of two cores

PLACE = ("position", "stream", "version", "recorded_at")
CONTENT = (
    "type",
    "occurred_at",
    "data",
    "actor",
    "reason",
    "correlation_id",
    "causation_id",
    "given_id",
    "tags",
    "schema",
)


def line(*, moved: Collection[str] = ()) -> str:
    """Return the SQL of an event's line; the columns that ``moved`` are those of ``other``."""
    columns = [f"{'other' if name in moved else 'here'}.{name}" for name in (*PLACE, *CONTENT)]
    return f"json_array({', '.join(map(_as_json, columns))})::varchar"


def _as_json(column: str) -> str:
    if column.endswith("_at"):
        return f"epoch_us({column})"  # DuckDB may write times otherwise one day
    return f"{column}::json" if column.endswith(".data") else column


# A stream that has no name any more must not take its events out of sight.
NAMED_EVENTS = "(select * from main.events left join main.streams using (stream_no))"

_LINES = f"""
select position, line, hash(line) as fingerprint
from (select here.position, {line()} as line from {NAMED_EVENTS} as here
      where here.position between $low and $high)
"""

_PARTS = """
select distinct (position::hugeint - $since - 1) // $slice as part
from (select position from main.events union all select position from fingerprints)
where position > $since and position <= $until order by part
"""


class Lines(NamedTuple):
    """The events of a range of positions, in order; ``fingerprints`` are DuckDB's hash of the lines."""

    low: int
    high: int
    positions: np.ndarray[Any, Any]
    texts: list[str]
    fingerprints: np.ndarray[Any, Any]

    @property
    def text(self) -> bytes:
        """All lines, each with a line break behind it."""
        return "\n".join([*self.texts, ""]).encode()


def lines(con: duckdb.DuckDBPyConnection, since: int, until: int) -> Iterator[Lines]:
    """Yield the lines after ``since`` up to and including ``until``, a quarter of a million at a time."""
    bounds = {"since": since, "until": until, "slice": SLICE}
    lows = [since + part * SLICE + 1 for (part,) in con.execute(_PARTS, bounds).fetchall()]
    with beside(con) as reader:  # the caller's own is at work between two parts
        yield from ahead(lambda low: _lines(reader, low, min(low + SLICE - 1, until)), lows)


def _lines(con: duckdb.DuckDBPyConnection, low: int, high: int) -> Lines:
    found = con.execute(_LINES, {"low": low, "high": high}).fetchnumpy()
    positions, texts, fingerprints = map(np.asarray, found.values())
    if not (np.diff(positions) > 0).all():  # the join hands rows on as its threads finish
        order = np.argsort(positions, kind="stable")
        positions, texts, fingerprints = positions[order], texts[order], fingerprints[order]
    return Lines(low, high, positions, texts.tolist(), fingerprints)
