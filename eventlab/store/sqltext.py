"""SQL as text: quoting, the words it mentions, and the types its payload fields need.

DuckDB 2.0 binds arithmetic and ``sum`` over an untyped VARIANT as integers, so ``sum(data.amount)``
over 2.5 and 2.5 would be 6. The store has noted which kinds of value each field held; naming that
type in the text makes the sum 5.0.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from eventlab.store.ledger import Field

_TEXT = r"'(?:[^']|'')*+'"
_QUOTED = r'"(?:[^"]|"")*+"'
_SKIPPED = rf"""
    \b[eE]'(?:[^'\\]|\\.|'')*+' | {_TEXT} | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$  # texts
    | --[^\n]* | /\*.*?\*/                                                  # comments
"""
_WORD = re.compile(rf"{_SKIPPED} | (?P<word>\w+|{_QUOTED})", re.VERBOSE | re.DOTALL)
_SEMICOLON = re.compile(rf"{_SKIPPED} | {_QUOTED} | (?P<end>;)", re.VERBOSE | re.DOTALL)
_ACCESS = rf"""{_SKIPPED}
    | (?P<access> (?:\bdata|"data") \s*
        (?: \.\s*(?P<field>\w++|{_QUOTED}) | \[\s*(?P<key>{_TEXT})\s*\] )
      ) (?P<goes_on> \s*[.\[(] )?+            # a path that goes on has no type of its own
    | {_QUOTED}"""
_PAYLOAD_FIELD = re.compile(_ACCESS, re.VERBOSE | re.DOTALL | re.IGNORECASE)
SCALARS = {"BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN"}


def quoted(identifier: str) -> str:
    """Return a name quoted as a SQL identifier.

    Examples
    --------
    >>> quoted('the "odd" one')
    '"the ""odd"" one"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return a text as SQL: for names in a definition and for reading; values travel as parameters.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def payload_field(name: str) -> str:
    """Return the SQL that reads a payload field of any name, the empty one included.

    Examples
    --------
    >>> payload_field("it's odd")
    "data['it''s odd']"
    """
    return f"data[{literal(name)}]"


def without_semicolons(sql: str) -> str:
    """Return the text of one statement without the semicolons that end it.

    Examples
    --------
    >>> without_semicolons("select ';'; -- done")
    "select ';' -- done"
    """
    return _SEMICOLON.sub(lambda match: "" if match["end"] else match[0], sql)


def with_names(select: str, parts: Iterable[dict[str, Any]]) -> str:
    """Return a query that gives the payload fields it selects their own names, given its syntax nodes.

    To DuckDB ``data.amount`` is called ``amount``, and the query around it may use that name; a cast
    or a column of its own would be called otherwise.
    """
    text = select.encode()  # DuckDB counts bytes
    for end, name in sorted(_unnamed_fields(parts), reverse=True):
        text = text[:end] + f" as {quoted(name)}".encode() + text[end:]
    return text.decode()


def _unnamed_fields(parts: Iterable[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    for item in (item for part in parts for item in part.get("select_list") or ()):
        path: list[str] = item.get("column_names") or []
        if "data" in map(str.lower, path[:-1]) and not item["alias"]:
            yield item["query_location"] + item["query_location_length"], path[-1]


@lru_cache(maxsize=256)
def words(sql: str) -> frozenset[str]:
    """Return the words of a text outside its strings and comments, in lower case.

    Examples
    --------
    >>> sorted(words("select stream, 'category' from events -- type"))
    ['events', 'from', 'select', 'stream']
    """
    found = (match["word"] for match in _WORD.finditer(sql))
    return frozenset(word.strip('"').lower() for word in found if word)


def typed(sql: str, fields: Iterable[Field]) -> str:
    """Return the text with every payload field cast to the type the store has seen it hold.

    Fields of mixed or nested values, and fields never seen, are left as they are.

    Examples
    --------
    >>> typed("sum(data.amount) + data.new", [Field("CardLoaded", "amount", "DOUBLE")])
    'sum(data.amount::DOUBLE) + data.new'
    """
    types = column_types(fields)
    return cast(sql, {field: types[field] for field in types if types[field] in SCALARS})


def cast(sql: str, types: Mapping[str, str]) -> str:
    """Return the text with payload fields cast to the types given, but where their own fields are asked for.

    Examples
    --------
    >>> cast("data.seat || data.seat.row", {"seat": "VARCHAR"})
    'data.seat::VARCHAR || data.seat.row'
    """

    def named(match: re.Match[str]) -> str:
        sql_type = types.get(_field(match)) if match["access"] and not match["goes_on"] else None
        return f"{match['access']}::{sql_type}" if sql_type else match[0]

    return _PAYLOAD_FIELD.sub(named, sql)


@lru_cache(maxsize=256)
def payload_fields(sql: str) -> frozenset[str]:
    """Return the names of the payload fields that a text reads as they are.

    Examples
    --------
    >>> sorted(payload_fields("data.amount + data['tip'] + data.seat.price"))
    ['amount', 'tip']
    """
    found = _PAYLOAD_FIELD.finditer(sql)
    return frozenset(_field(match) for match in found if match["access"] and not match["goes_on"])


def extracted(sql: str, fields: Iterable[Field]) -> tuple[str, list[str]]:
    r"""Return the text with payload fields as columns of their own, and these columns as SQL.

    DuckDB 2.0 reads one field of a VARIANT from its own storage only in the SELECT that scans the
    table; through a subquery or a CTE it takes whole payloads along, 18 times slower over 10 M events.

    Examples
    --------
    >>> print(*extracted("sum(data.amount)", [Field("CardLoaded", "amount", "DOUBLE")]))
    sum("data.amount") ['events.data[\'amount\']::DOUBLE as "data.amount"']
    """
    types = column_types(fields)
    columns: dict[str, None] = {}
    first: dict[str, str] = {}

    def column(match: re.Match[str]) -> str:
        if not match["access"]:
            return match[0]
        field = _field(match)
        if first.setdefault(field.casefold(), field) != field:
            return match[0]  # fields may differ in capitals only, and names of columns may not
        name = quoted(f"data.{field}")
        columns[f"{as_type(f'events.{payload_field(field)}', types.get(field))} as {name}"] = None
        return f"{name}{match['goes_on'] or ''}"

    return _PAYLOAD_FIELD.sub(column, sql), list(columns)


def as_type(payload: str, sql_type: str | None) -> str:
    """Return the SQL that gives a payload field the one type its values have, if they have one.

    A whole number that came as JSON is kept unsigned, and DuckDB 2.0 reads it from its own column only if
    asked for so: thirty times faster. One below zero is not, and is cast by itself.

    Examples
    --------
    >>> as_type("data.holder", "VARCHAR"), as_type("data.seat", "VARIANT")
    ('data.holder::VARCHAR', 'data.seat')
    >>> as_type("data.amount", "BIGINT")
    'coalesce(try_cast(data.amount as ubigint)::bigint, data.amount::bigint)'
    """
    if sql_type == "BIGINT":
        return f"coalesce(try_cast({payload} as ubigint)::bigint, {payload}::bigint)"
    return f"{payload}::{sql_type}" if sql_type in SCALARS else payload


def column_types(fields: Iterable[Field]) -> dict[str, str]:
    """Return the SQL type of each payload field, VARIANT where its values have no common type."""
    kinds = defaultdict(set)
    for seen in fields:
        kinds[seen.field].add(seen.kind)
    return {field: common_type(found) for field, found in kinds.items()}


def common_type(kinds: set[str]) -> str:
    """Return the SQL type that holds values of some kinds, VARIANT where none but it does.

    Examples
    --------
    >>> common_type({"BIGINT", "DOUBLE", "NULL"}), common_type({"BIGINT", "VARCHAR"})
    ('DOUBLE', 'VARIANT')
    """
    values = kinds - {"NULL"}
    if len(values) == 1:
        return next(iter(values))
    return "DOUBLE" if values == {"BIGINT", "DOUBLE"} else "VARIANT"


def _field(match: re.Match[str]) -> str:
    return _unquoted(match["field"] or match["key"])


def _unquoted(name: str) -> str:
    mark = name[0]
    return name[1:-1].replace(mark * 2, mark) if mark in "\"'" else name
