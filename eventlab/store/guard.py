"""What ``log.sql`` may run: one SELECT, and nothing that could write.

Three walls, each measured on DuckDB 2.0. The statement must parse as one SELECT. It runs as a subquery,
where DuckDB refuses a COPY, INSERT, UPDATE or DELETE hidden in a WITH. And it runs in a transaction that
is read-only, where the database refuses every write. What is left are a few functions with effects
outside a transaction, and those are refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from eventlab.errors import SQLError

FUNCTIONS_WITH_EFFECTS = {
    "checkpoint",
    "create_external_resource",
    "deregister_external_resource",
    "destroy_external_resource",
    "disable_logging",
    "disable_profiling",
    "enable_logging",
    "enable_profiling",
    "force_checkpoint",
    "json_execute_serialized_sql",
    "nextval",
    "query",
    "register_external_resource",
    "register_external_resource_type",
    "setseed",
    "setval",
    "sleep_ms",
    "truncate_duckdb_logs",
    "write_log",
}


def one_select(query: str) -> str:
    """Return the query without its final semicolon, or refuse what is not a single harmless SELECT."""
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise SQLError.failed(query, str(error)) from error
    if len(statements) != 1:
        raise SQLError.not_one_select(f"{len(statements)} statements")
    [statement] = statements
    if statement.type != duckdb.StatementType.SELECT:
        raise SQLError.not_one_select(_spoken(statement))
    return str(statement.query).strip().rstrip(";")


def refuse_effects(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse a query that calls a function which does something instead of answering."""
    [(tree,)] = con.execute("select json_serialize_sql($1::varchar)", [query]).fetchall()
    parsed = json.loads(tree)
    if parsed["error"]:
        raise SQLError.not_one_select(f"something else ({parsed.get('error_message')})")
    called = set(_functions(parsed))
    if found := called & FUNCTIONS_WITH_EFFECTS:
        raise SQLError.not_one_select(f"a SELECT that calls {', '.join(sorted(found))}()")


def _spoken(statement: duckdb.Statement) -> str:
    name = str(statement.type).removeprefix("StatementType.")
    return (
        "a PIVOT without a list of values (write: pivot events on type in ('CardLoaded', …))"
        if name == "MULTI"
        else f"{name}"
    )


def _functions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("function_name"), str):
            yield node["function_name"].lower()
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _functions(part)
