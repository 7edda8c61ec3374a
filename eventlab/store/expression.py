"""What an expression may be: one value, computed from one event and from nothing else.

Only then is the state at a cut the same however its events are taken in: at once, in batches, from a
snapshot. DuckDB itself would take more, and mix events without a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from eventlab.remembered import Remembered
from eventlab.statements import execute
from eventlab.store.guard import FUNCTIONS_WITH_EFFECTS, nodes_of

MAKE_ROWS = {"generate_subscripts", "regexp_split_to_table", "unlist", "unnest"}

CHANGE_BY_THEMSELVES = {
    *("gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"),
    *("get_current_time", "get_current_timestamp", "now", "today", "transaction_timestamp"),
    *("currval", "current_setting", "getvariable"),
    *FUNCTIONS_WITH_EFFECTS,
}

_found = Remembered[str]()


def trouble_with(con: duckdb.DuckDBPyConnection, expr: str) -> str:
    """Return why an expression is not one value of one event; nothing if it is, or if DuckDB will say more.

    Examples
    --------
    >>> con = duckdb.connect()
    >>> trouble_with(con, "data.qty * data.price")
    ''
    >>> trouble_with(con, "sum(data.amount) over ()")
    'a window function looks at other events'
    """
    return _found.of(expr, lambda: next(_troubles(con, expr), ""))


def _troubles(con: duckdb.DuckDBPyConnection, expr: str) -> Iterator[str]:
    alone = _parsed(con, f"select {expr}\n")
    if alone is None:
        return
    listed = _selected(alone)
    if len(listed) > 1:
        yield f"these are {len(listed)} expressions, where one is wanted"
    named = _parsed(con, f"select {expr} as {_NAME}")
    if named is None or [one.get("alias") for one in _selected(named)] != [_NAME]:
        yield "something stands behind the value: a name, a comment or a clause"
    nodes = list(nodes_of(alone))
    kinds = {node.get("class") for node in nodes}
    yield from (why for kind, why in _OF_MORE_THAN_ONE_EVENT.items() if kind in kinds)
    called = sorted({node["function_name"].lower() for node in nodes if "function_name" in node})
    yield from (f"{name}() makes several rows of one event" for name in called if name in MAKE_ROWS)
    yield from (
        f"{name}() does not depend on the event alone"
        for name in called
        if name in CHANGE_BY_THEMSELVES
    )


def _parsed(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any] | None:
    [(tree,)] = execute(con, "select json_serialize_sql($1::varchar)", [query]).fetchall()
    parsed: dict[str, Any] = json.loads(tree)
    return None if parsed["error"] else parsed


def _selected(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a single SELECT lists, and nothing where there is more to it."""
    if len(parsed["statements"]) != 1:
        return []
    listed: list[dict[str, Any]] = parsed["statements"][0]["node"].get("select_list", [])
    return listed


_NAME = "el_value"
_OF_MORE_THAN_ONE_EVENT = {
    "WINDOW": "a window function looks at other events",
    "SUBQUERY": "a subquery looks at other events",
    "STAR": "a star stands for many columns",
    "PARAMETER": "a parameter is given no value here",
}
