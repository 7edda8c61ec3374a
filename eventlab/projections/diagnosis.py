"""What is wrong with a projection that DuckDB cannot compute: which part of it fails, and at which event.

DuckDB says why, but not where. So each part is asked for alone, and where one fails the log is halved until
the first event is found that it fails at: twenty-four queries for ten million events, after a failure only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eventlab.errors import ColumnFailed, ProjectionError
from eventlab.event import RecordedEvent
from eventlab.projections.sql import Bound

if TYPE_CHECKING:
    from eventlab.projections.projection import Projection
    from eventlab.store.log import Log


def diagnosis(projection: Projection, log: Log, error: Exception) -> ProjectionError:
    """Return an error that names the part at fault, and the first event it fails at, if there is one."""
    fields = dict.fromkeys(seen.field for seen in log.fields())
    for part, expr, names in _parts(projection):
        if _failure(projection, names, log):
            at = _first_failing(projection, names, log)
            until = log if at is None else log.until(position=at.position)
            why = _failure(projection, names, until) or str(error)
            return ColumnFailed(projection.name, part, expr, why, fields, at)
    return ProjectionError(f"projection {projection.name!r} could not be computed: {error}")


def _parts(projection: Projection) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    yield "the key", projection.key, ()
    for name, column in projection.columns:
        yield f"column {name!r}", column.expr, (name,)


def _failure(projection: Projection, names: tuple[str, ...], log: Log) -> str | None:
    """Return what DuckDB has against a part of the projection, over a log."""
    bound = Bound()
    try:
        log.select(projection.query(bound, log).part(names), bound.params).fetchall()
    except Exception as cause:  # whatever it is, it is told
        return str(cause)
    return None


def _first_failing(
    projection: Projection, names: tuple[str, ...], log: Log
) -> RecordedEvent | None:
    """Return the first event that a part fails at; None where it would fail over an empty log too."""
    well, ill = 0, log.head
    if not ill or _failure(projection, names, log.until(position=well)):
        return None
    while ill - well > 1:
        middle = (well + ill) // 2
        if _failure(projection, names, log.until(position=middle)):
            ill = middle
        else:
            well = middle
    return next(iter(log.at(ill)), None)
