"""Statements that DuckDB is given again and again, parsed once.

DuckDB 2.0 takes a third of a small query to parse it. What it parsed can be executed by any connection,
by several threads at once, and for as long as one likes; names and types are looked up afresh every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from eventlab.remembered import Remembered

Params = Sequence[Any] | Mapping[str, Any] | None

_parsed = Remembered[list[duckdb.Statement]]()


def execute(
    con: duckdb.DuckDBPyConnection, sql: str, params: Params = None
) -> duckdb.DuckDBPyConnection:
    """Do what ``con.execute`` does; parameters are those of the last statement.

    Examples
    --------
    >>> con = duckdb.connect()
    >>> [execute(con, "select ? + 1", [number]).fetchone() for number in (1, 2)]
    [(2,), (3,)]
    """
    *before, last = _statements(con, sql)
    try:
        for statement in before:
            con.execute(statement)
        return con.execute(last, params)
    except RuntimeError as error:
        raise_if_interrupted(error)
        raise


def raise_if_interrupted(error: RuntimeError) -> None:
    """Raise the KeyboardInterrupt that came while DuckDB was computing, which it calls a RuntimeError.

    What handles any Exception would take that for a failure of its own.
    """
    if str(error) == "Query interrupted":
        raise KeyboardInterrupt from error


def relation(
    con: duckdb.DuckDBPyConnection, sql: str, params: Params = None
) -> duckdb.DuckDBPyRelation:
    """Do what ``con.sql`` does with one query, which is computed when its rows are asked for.

    Examples
    --------
    >>> con = duckdb.connect()
    >>> [relation(con, "select ? + 1", [number]).fetchall() for number in (1, 2)]
    [[(2,)], [(3,)]]
    """
    [query] = _statements(con, sql)
    return con.sql(query, params=params)


def _statements(con: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    return _parsed.of(sql, lambda: con.extract_statements(sql))
