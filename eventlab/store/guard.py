"""What ``log.sql`` may run: one SELECT over the cut, and nothing that could write.

Three walls, each measured on DuckDB 2.0. The statement must parse as one SELECT. It runs as a subquery,
where DuckDB refuses a COPY, INSERT, UPDATE or DELETE hidden in a WITH. And it runs in a transaction that
is read-only, where the database refuses every write. What is left are a few functions, and options of
functions, with effects outside a transaction, and those are refused by name; so are the store's own tables,
which no cut reaches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from eventlab.checks import is_text
from eventlab.errors import SQLError
from eventlab.statements import execute
from eventlab.store.schema import OF_A_STORE
from eventlab.store.sqltext import without_semicolons

FUNCTIONS_WITH_EFFECTS = {
    "add_grammar_extension",
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
    "query_table",
    "register_external_resource",
    "register_external_resource_type",
    "remove_grammar_extension",
    "setseed",
    "setval",
    "sleep_ms",
    "truncate_duckdb_logs",
    "write_log",
}

# They leave tables on the connection, which would stand before the store's own.
OPTIONS_WITH_EFFECTS = {"rejects_scan", "rejects_table", "store_rejects"}

WHOLE_STORE = {*OF_A_STORE, *("moved_positions", "moved_versions")}  # those of a branch


def one_select(query: str) -> str:
    """Return the query without its final semicolon, or refuse what is not a single harmless SELECT."""
    if not is_text(query):
        raise SQLError.no_text(query)
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise SQLError.failed(query, str(error)) from error
    if len(statements) != 1:
        raise SQLError.not_one_select(f"{len(statements)} statements")
    [statement] = statements
    if (name := _type_of(statement)) != "SELECT":
        raise SQLError.not_one_select(_spoken(name))
    return without_semicolons(str(statement.query))


def harmless_parts(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Return the nodes of a query's syntax, or refuse one that has effects or reads past the cut."""
    [(tree,)] = execute(con, "select json_serialize_sql($1::varchar)", [query]).fetchall()
    parsed = json.loads(tree)
    if parsed["error"]:
        raise SQLError.not_one_select(f"something else ({parsed.get('error_message')})")
    nodes = list(nodes_of(parsed))
    _refuse_effects(nodes)
    _refuse_what_no_cut_reaches(parsed, query)
    return nodes


def _refuse_effects(nodes: list[dict[str, Any]]) -> None:
    called = {node["function_name"].lower() for node in nodes if node.get("function_name")}
    if found := called & FUNCTIONS_WITH_EFFECTS:
        raise SQLError.not_one_select(f"a SELECT that calls {', '.join(sorted(found))}()")
    options = {name for node in nodes for name in _options(node)}
    if found := options & OPTIONS_WITH_EFFECTS:
        raise SQLError.not_one_select(f"a SELECT that asks for {', '.join(sorted(found))}")


def _options(node: dict[str, Any]) -> Iterator[str]:
    """Yield the names of a table function's options, which are said with ``:=``, ``=>`` or ``=``."""
    if node.get("type") == "TABLE_FUNCTION":
        for argument in node["function"]["arguments"]:
            said = argument["expression"].get("left") or {}
            yield from map(str.lower, [argument["name"], *said.get("column_names", ())])


def _refuse_what_no_cut_reaches(parsed: dict[str, Any], query: str) -> None:
    for table, named_here in _tables(parsed, frozenset({"events"})):
        name, place = table["table_name"].lower(), table["schema_name"]
        if name in WHOLE_STORE and (place or name not in named_here):
            full = f"{place}.{name}" if place else name
            raise SQLError.failed(query, f"{full} is the whole store, and a log shows a cut of it")


def _tables(node: Any, named: frozenset[str]) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield each table that is read, and the names that stand for queries where it is.

    A name of a WITH stands for its query from the next one on; in that query itself it is still a table,
    but in the part that a recursive one repeats.
    """
    if isinstance(node, list):
        for part in node:
            yield from _tables(part, named)
    if not isinstance(node, dict):
        return
    if node.get("type") == "BASE_TABLE":
        yield node, named
    for cte in (node.get("cte_map") or {}).get("map", ()):
        yield from _tables(cte["value"], named)
        named |= {cte["key"].lower()}
    for name, part in node.items():
        if name != "cte_map":
            repeats = node.get("type") == "RECURSIVE_CTE_NODE" and name != "left"
            yield from _tables(part, named | {node["cte_name"].lower()} if repeats else named)


def _type_of(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type).removeprefix("StatementType.")
    except ValueError:  # DuckDB 2.0 has statements its Python enum does not know: UPDATE EXTENSIONS
        return "something else"


def _spoken(name: str) -> str:
    if name == "MULTI":
        return "a PIVOT without a list of values (write: pivot events on type in ('CardLoaded', …))"
    return name


def nodes_of(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a syntax tree as DuckDB writes it in JSON."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from nodes_of(part)
