"""Payload fields whose type depends on the event: the types of what a column computes with.

The store has noted which kinds of value the field of each event type held. Where one name stands for a number
in one type and for a text in another, a column that names its types computes with theirs alone; one that
computes with all of them is typed by what the log at hand holds, which may be an earlier cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from eventlab.projections.columns import Column, sql_of
from eventlab.projections.sql import untyped_paths
from eventlab.store.ledger import Field
from eventlab.store.sqltext import cast, column_types, common_type, payload_field, payload_fields

if TYPE_CHECKING:
    from eventlab.store.log import Log

Columns = tuple[tuple[str, Column], ...]


def with_types(columns: Columns, log: Log) -> Columns:
    """Return the columns with a type at each payload field that has another one in other events."""
    fields = log.fields()
    everywhere = column_types(fields)
    return tuple((name, _with_types(column, log, fields, everywhere)) for name, column in columns)


def are_settled(columns: Columns, log: Log) -> bool:
    """Tell whether the types are those of every cut, as no column is typed by what a log holds."""
    fields = log.fields()
    everywhere = column_types(fields)
    return not any(_mixed(_cast_as_seen(c, fields, everywhere)) for _, c in columns)


def _with_types(
    column: Column, log: Log, fields: list[Field], everywhere: Mapping[str, str]
) -> Column:
    seen = _cast_as_seen(column, fields, everywhere)
    types = [*column.types, *column.minus]
    return _cast(seen.column, {name: _held(log, name, types) for name in _mixed(seen)}, everywhere)


class _Seen(NamedTuple):
    """A column with types that were seen in the events it computes with, and of each field the type."""

    column: Column
    types: dict[str, str | None]


def _cast_as_seen(column: Column, fields: list[Field], everywhere: Mapping[str, str]) -> _Seen:
    names = payload_fields(sql_of(column.expr)) & everywhere.keys()
    types = [*column.types, *column.minus]
    seen = [f for f in fields if f.type in types and f.kind != "NULL"]
    here = column_types(seen) if types else everywhere
    found = {name: here.get(name) for name in names}
    return _Seen(_cast(column, found, everywhere), found)


def _mixed(seen: _Seen) -> list[str]:
    """Return the fields that a column computes with and that held values of several kinds."""
    if not untyped_paths(seen.column):
        return []
    return [name for name, kind in seen.types.items() if kind == "VARIANT"]


def _cast(column: Column, types: Mapping[str, str | None], everywhere: Mapping[str, str]) -> Column:
    """Name the types that are others than everywhere: what is read as floats there stays so.

    A field that its events never had, None, is what it would be if no event had it.
    """
    others = {
        name: sql_type or "VARIANT"
        for name, sql_type in types.items()
        if sql_type is None or sql_type != everywhere[name] != "DOUBLE"
    }
    return replace(column, expr=cast(sql_of(column.expr), others)) if others else column


def _held(log: Log, name: str, types: list[str]) -> str:
    """Return the type of the values that a field holds in the events of a log, of some types or of all."""
    path = payload_field(name)
    of_types = "and list_contains($el_of::varchar[], type)" if types else ""
    found = log.select(
        f"select distinct variant_typeof({path}) from events where {path} is not null {of_types}",
        {"el_of": types} if types else None,
    ).fetchall()
    return common_type({_KINDS.get(kind.rstrip("0123456789"), "VARIANT") for (kind,) in found})


_KINDS = {
    "INT": "BIGINT",
    "UINT": "BIGINT",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "VARCHAR",
    "BOOL_TRUE": "BOOLEAN",
    "BOOL_FALSE": "BOOLEAN",
    "VARIANT_NULL": "NULL",
}
