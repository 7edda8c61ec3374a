"""A value of any SQL type as JSON text, in SQL, with nothing of it lost, at whatever depth it stands.

What JSON has no value for becomes the text that keeps it exact: dates and times in ISO form, decimals with
all their digits, bytes in base64. DuckDB's own cast to JSON (2.0) makes numbers of decimals, of which a
reader keeps 15 digits, and escapes bytes in a way of its own.
"""

from __future__ import annotations

import json

import duckdb

from eventlab.errors import ImportFailed
from eventlab.store.sqltext import literal, quoted

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
LARGE_INTEGERS = ("UBIGINT", "HUGEINT", "UHUGEINT")
_NESTED = ("STRUCT", "MAP", "UNION")


def as_json(column: str, sql_type: str) -> str:
    """Return SQL for a cell as JSON text, NULL where it is missing."""
    if is_float(sql_type):
        return f"{present(column, sql_type)}::double::varchar"
    return _text(quoted(column), sql_type, column)


def member(name: str, value: str) -> str:
    """Return SQL for a member of a JSON object, NULL where its value is."""
    return f"{literal(json.dumps(name) + ':')} || {value}"


def present(column: str, sql_type: str) -> str:
    """Return SQL for a cell, NULL where it is missing: in a column of floats NaN is."""
    cell = quoted(column)
    return f"nullif({cell}, 'nan')" if is_float(sql_type) else cell


def is_nested(sql_type: str) -> bool:
    """Whether values of a type are lists or structures."""
    return sql_type.startswith(_NESTED) or sql_type.endswith("]")


def is_float(sql_type: str) -> bool:
    """Whether values of a type are floating-point numbers."""
    return sql_type in ("DOUBLE", "FLOAT")


def _text(cell: str, sql_type: str, path: str, depth: int = 0) -> str:
    """Return SQL for a value; what cannot be kept is refused by the path of its field."""
    if is_nested(sql_type):
        return _nested(cell, sql_type, path, depth)
    if sql_type in (*INTEGERS, *LARGE_INTEGERS, "BOOLEAN", "JSON"):
        return f"{cell}::varchar"
    if sql_type in ("DOUBLE", "FLOAT", "VARIANT"):
        return f"{cell}::json::varchar"  # NaN, too: it is refused with the row it stands in
    if sql_type in _WITH_ZONE:
        return f"to_json({_iso(f'{cell}::{_WITH_ZONE[sql_type]}')} || 'Z')::varchar"
    if sql_type.startswith("TIMESTAMP"):
        return f"to_json({_iso(cell)})::varchar"
    if sql_type == "BLOB":
        return f"to_json(base64({cell}))::varchar"
    return f"to_json({cell}::varchar)::varchar"


_WITH_ZONE = {"TIMESTAMP WITH TIME ZONE": "timestamp", "TIMESTAMPTZ_NS": "timestamp_ns"}


def _iso(time: str) -> str:
    """Return SQL for a time with a T before its hours; one before our era has no such form, and stays."""
    return f"replace(replace({time}::varchar, ' ', 'T'), 'T(BC)T', ' (BC) ')"


def _nested(cell: str, sql_type: str, path: str, depth: int) -> str:
    kind = duckdb.sqltype(sql_type)
    parts = {name: str(part) for name, part in kind.children}
    if kind.id == "struct":
        return _struct(cell, parts, path, depth)
    if kind.id == "map":
        return _map(cell, parts, path, depth)
    if kind.id in ("list", "array"):
        return _list(cell, parts["child"], f"{path}[]", depth)
    return f"{cell}::json::varchar"


def _struct(cell: str, types: dict[str, str], path: str, depth: int) -> str:
    """Rows of a STRUCT all have the same fields; NULL is how one that a row does not have is written."""
    members = [
        member(name, _text(f"struct_extract_at({cell}, {at})", kind, f"{path}.{name}", depth))
        for at, (name, kind) in enumerate(types.items(), start=1)
    ]
    return f"case when {cell} is not null then '{{' || concat_ws(',', {', '.join(members)}) || '}}' end"


def _map(cell: str, types: dict[str, str], path: str, depth: int) -> str:
    if types["key"] != "VARCHAR":
        raise ImportFailed.keys_are_no_text(path, types["key"])
    entry = f"el_{depth}"
    value = _or_null(f"{entry}.value", types["value"], path, depth + 1)
    return _joined(
        "{", f"map_entries({cell})", entry, f"to_json({entry}.key) || ':' || {value}", "}"
    )


def _list(cell: str, sql_type: str, path: str, depth: int) -> str:
    item = f"el_{depth}"
    return _joined("[", cell, item, _or_null(item, sql_type, path, depth + 1), "]")


def _or_null(cell: str, sql_type: str, path: str, depth: int) -> str:
    return f"coalesce({_text(cell, sql_type, path, depth)}, 'null')"


def _joined(start: str, items: str, item: str, text: str, end: str) -> str:
    texts = f"list_transform({items}, lambda {item}: {text})"
    return f"'{start}' || array_to_string({texts}, ',') || '{end}'"
