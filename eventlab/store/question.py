"""A question about a cut, in SQL: the cut stands there as the table ``events``.

`over` is for the package's own queries, `answer` for those of a person: guarded, on a read-only moment
of the database, with payload fields of the right type and the names they were written with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pandas as pd

from eventlab import frames
from eventlab.errors import SQLError
from eventlab.payload import python_value
from eventlab.statements import Params, execute
from eventlab.store import guard
from eventlab.store.cut import Cut
from eventlab.store.database import reading
from eventlab.store.ledger import Field
from eventlab.store.scans import Scan, union
from eventlab.store.sqltext import extracted, typed, with_names, words
from eventlab.store.stream_index import PICKED, Streams

BEFORE_DATA = ["position", "stream", "version", "type", "occurred_at"]
AFTER_DATA = [
    "actor",
    "reason",
    "recorded_at",
    "correlation_id",
    "causation_id",
    "event_id",
    "tags",
    "schema",
]
ENVELOPE = [*BEFORE_DATA, "data", *AFTER_DATA]

_NAMED = {
    "stream": "streams.stream",
    "category": "streams.category",
    "event_id": "coalesce(events.given_id, streams.stream || '@' || events.version) as event_id",
}


def over(
    cut: Cut,
    scans: Sequence[Scan],
    fields: Iterable[Field],
    body: str,
    streams: Streams | None = None,
) -> tuple[str, dict[str, Any]]:
    """Return the full SQL of one of the package's queries, and the cut's own parameters.

    The body's payload fields get their types. Stream names are joined in only where it mentions
    them: integers group four times faster. `streams` says what is known of the cut's streams.
    """
    columns = [*ENVELOPE, "category", "stream_no", "given_id", "el_part"]
    events, text, params = _with_events(cut, scans, fields, body, columns, streams=streams)
    return events + text, params


def answer(
    con: duckdb.DuckDBPyConnection,
    cut: Cut,
    scans: Sequence[Scan],
    fields: Iterable[Field],
    query: str,
    params: Params,
    streams: Streams | None = None,
) -> pd.DataFrame:
    """Return what a person's SELECT says of a cut.

    Raises
    ------
    SQLError
        When it is not one SELECT, could write, reads past the cut, or DuckDB cannot run it.
    """
    select = guard.one_select(query)
    parts = guard.harmless_parts(con, select)
    everything = _asks_for_everything(select, parts)
    select = with_names(select, parts)
    try:
        full = _with_own_variables(con, cut, scans, fields, select, everything, streams)
        found = answered(con, full, params)
    except duckdb.Error as error:
        raise SQLError.failed(query, str(error)) from error
    return found.rename(columns=_as_written)


def answered(con: duckdb.DuckDBPyConnection, select: str, params: Params) -> pd.DataFrame:
    """Return what a SELECT that is known to be harmless says of one read-only moment of the database."""
    with reading(con):
        return frames.query(con, select, _python_values(params))


def _with_own_variables(
    con: duckdb.DuckDBPyConnection,
    cut: Cut,
    scans: Sequence[Scan],
    fields: Iterable[Field],
    select: str,
    everything: bool,
    streams: Streams | None,
) -> str:
    """Return the full query with the cut's bounds as variables: its parameters are the person's."""
    columns = [*ENVELOPE, "category"]
    body = f"from (\n{select}\n)"
    events, text, bounds = _with_events(cut, scans, fields, body, columns, everything, streams)
    for name, value in bounds.items():
        execute(con, f"set variable {name} = ?", [value])
    return _BOUND.sub(r"getvariable('\1')", events) + text


_BOUND = re.compile(r"\$(el_\w+)")


def _with_events(
    cut: Cut,
    scans: Sequence[Scan],
    fields: Iterable[Field],
    body: str,
    columns: list[str],
    everything: bool = False,
    streams: Streams | None = None,
) -> tuple[str, str, dict[str, Any]]:
    """Return the cut as the table of a query, the query, and the parameters of the cut."""
    numbers, positions = streams or (None, None)
    where, params = cut.where(numbers)
    picked = ""
    if positions is not None and any(scan.is_shared for scan in scans):
        picked, params["el_positions"] = PICKED, positions
    text, payload = extracted(body, fields)
    if everything or "data" in words(text):
        text, payload = typed(body, fields), []
    mentioned = set(columns) if everything else words(body)
    # Only those: some need a join, which DuckDB makes even where nobody reads them, and all take planning.
    shown = [_NAMED.get(c, f"events.{c}") for c in columns if c in mentioned] or ["events.position"]
    names, given = cut.streams_source(numbers) if mentioned & set(_NAMED) else ("", {})
    # Not materialized: a body may read events twice, and each reading needs other columns.
    return (
        f"with events as not materialized ({union(scans, shown, payload, names, where, picked)})\n",
        text,
        params | given,
    )


# -- how people write ------------------------------------------------------------------------------

_EVERYTHING = re.compile(r"(?<!count\()\*")
_OF_EVERYTHING = {"columns", "describe", "natural", "pivot", "summarize", "table"}

_CAST = re.compile(
    r'CAST\((?:"?\w+"?\.)?"data"(\.(?:"(?:[^"]|"")*"|\w+)|\[\'(?:[^\']|\'\')*\'\])'
    r" AS (?:BIGINT|DOUBLE|VARCHAR|BOOLEAN)\)"
)
_EXTRACTED = re.compile(r'"data\.((?:[^"]|"")*)"')
_PAYLOAD_NAME = re.compile(r"data\..*", re.DOTALL)
_QUOTED_DATA = re.compile(r'"data"(?=[.\[])')


def _asks_for_everything(select: str, parts: Iterable[dict[str, Any]]) -> bool:
    """Tell whether a query wants all columns: ``select *``, a row as a value, or DuckDB's ``from events``."""
    mentioned = words(select)
    return (
        bool(_EVERYTHING.search(select) or mentioned & _OF_EVERYTHING)
        or "select" not in mentioned
        or _takes_rows_as_values(list(parts))
    )


def _takes_rows_as_values(parts: list[dict[str, Any]]) -> bool:
    tables = {
        (part["alias"] or part["table_name"]).lower()
        for part in parts
        if part.get("type") == "BASE_TABLE"
    }
    columns = (part["column_names"] for part in parts if part.get("type") == "COLUMN_REF")
    return any(len(path) == 1 and path[0].lower() in tables for path in columns)


def _as_written(column: str) -> str:
    """Undo in a result's column names what typed() and extracted() did to the query."""
    plain = _QUOTED_DATA.sub("data", _CAST.sub(r"data\1", _EXTRACTED.sub(r"data.\1", column)))
    alone = _CAST.fullmatch(column) or _PAYLOAD_NAME.fullmatch(column)
    return plain.removeprefix("data.") if alone else plain


def _python_values(params: Params) -> Any:
    """Return parameters as DuckDB takes them: a number out of a frame is NumPy's."""
    if isinstance(params, Mapping):
        return {name: python_value(value) for name, value in params.items()}
    if isinstance(params, list | tuple):
        return [python_value(value) for value in params]
    return params
