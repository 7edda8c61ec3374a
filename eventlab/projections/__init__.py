"""Projections: callables from a log to a DataFrame, with one row of state per key.

There are two lanes to the same answer. A `Fold` (``fold.py``) is a plain Python function, for rules of any
kind. A `Projection` (``projection.py``) is columns (``columns.py``) that DuckDB computes: ``sql.py`` writes
the query, ``partials.py`` adds up what parts of a log contribute, ``marks.py`` finds the events that changed
a field. What can be asked of the past is written once for both, in `eventlab.timetravel`.
"""

from eventlab.projections.columns import (
    Column,
    count,
    distinct,
    each,
    first,
    greatest,
    last,
    least,
    total,
)
from eventlab.projections.fold import Fold
from eventlab.projections.projection import Projection

__all__ = [
    "Fold",
    "Projection",
    "Column",
    "total",
    "count",
    "first",
    "last",
    "least",
    "greatest",
    "distinct",
    "each",
]
