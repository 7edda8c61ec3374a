"""A table's columns as the parts of events, in SQL: which column is what, and the rest as payload.

A cell that is missing becomes an absent field. What JSON has no value for becomes the text that keeps it
exact: dates and times in ISO form, decimals with all their digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from eventlab.errors import ImportFailed, MissingColumn
from eventlab.store.sqltext import quoted

_TEXT = ("actor", "reason", "correlation_id", "causation_id", "event_id")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_LARGE_INTEGERS = ("UBIGINT", "HUGEINT", "UHUGEINT")
_NESTED = ("STRUCT", "MAP", "UNION")


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of a table holds which part of an event."""

    stream: str
    type: str
    occurred_at: str | None = None
    recorded_at: str | None = None
    actor: str | None = None
    reason: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    event_id: str | None = None
    data: str | None = None

    def require_in(self, columns: Mapping[str, str]) -> None:
        """Refuse a role whose column the table does not have."""
        for role, column in self.given().items():
            if column not in columns:
                raise MissingColumn(role, column, columns)

    def given(self) -> dict[str, str]:
        """Return role and column of every role that was given."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {role: column for role, column in named.items() if column is not None}


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that marks a bad row, and how to say what is wrong with it."""

    bad: str
    column: str
    problem: str


@dataclass(frozen=True, slots=True)
class Shape:
    """How the columns of one table, by name and SQL type, become rows of events."""

    roles: Roles
    columns: Mapping[str, str]

    @property
    def payload(self) -> list[str]:
        """The columns that become payload fields, in the order of the table."""
        if self.roles.data is not None:
            return []
        taken = set(self.roles.given().values())
        return [column for column in self.columns if column not in taken]

    def select(self, source: str) -> str:
        """Return the SELECT that gives a source's rows the columns of an event."""
        parts = {
            "el_row": "el_row",
            "stream": self._text("stream"),
            "type": self._text("type"),
            "occurred_at": self._time("occurred_at"),
            "recorded_at": self._time("recorded_at"),
            "data": self._payload(),
            **{role: self._text(role) for role in _TEXT},
        }
        columns = ", ".join(f"{sql} as {role}" for role, sql in parts.items())
        return f"select {columns} from {source}"

    def checks(self) -> list[Check]:
        """Return what a row of the source must not be, for the columns of this table."""
        roles = self.roles
        found = [
            Check(f"coalesce({quoted(c)}::varchar, '') = ''", c, "is missing")
            for c in (roles.stream, roles.type)
        ]
        for column in (roles.occurred_at, roles.recorded_at):
            if column is not None:
                found.append(
                    Check(f"{_as_time(column, self.columns[column])} is null", column, "is no time")
                )
        for column in self.payload:
            found.extend(_value_checks(column, self.columns[column]))
        return found

    def _text(self, role: str) -> str:
        column = getattr(self.roles, role)
        return "null::varchar" if column is None else f"{quoted(column)}::varchar"

    def _time(self, role: str) -> str:
        column = getattr(self.roles, role)
        return "null::timestamp" if column is None else _as_time(column, self.columns[column])

    def _payload(self) -> str:
        if self.roles.data is not None:
            return f"{quoted(self.roles.data)}::varchar"
        members = [
            f"{literal(json.dumps(c) + ':')} || {as_json(c, self.columns[c])}" for c in self.payload
        ]
        return f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'" if members else "'{}'"


def as_json(column: str, sql_type: str) -> str:
    """Return SQL for a cell as JSON text, NULL where it is missing."""
    cell = quoted(column)
    if sql_type.startswith(("DOUBLE", "FLOAT")):
        return f"case when not isnan({cell}) then {cell}::double::varchar end"
    if sql_type.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"to_json(replace({cell}::timestamp::varchar, ' ', 'T') || 'Z')::varchar"
    if sql_type.startswith("TIMESTAMP"):
        return f"to_json(replace({cell}::varchar, ' ', 'T'))::varchar"
    if sql_type in (*_INTEGERS, *_LARGE_INTEGERS, "BOOLEAN", "JSON"):
        return f"{cell}::varchar"
    if is_nested(sql_type):
        return f"to_json({cell})::varchar"
    return f"to_json({cell}::varchar)::varchar"


def kind_of(sql_type: str) -> str:
    """Return the kind of value the cells of a column have as payload."""
    if sql_type in (*_INTEGERS, *_LARGE_INTEGERS):
        return "BIGINT"
    if sql_type.startswith(("DOUBLE", "FLOAT")):
        return "DOUBLE"
    if sql_type == "BOOLEAN":
        return "BOOLEAN"
    return "VARIANT" if is_nested(sql_type) else "VARCHAR"


def is_nested(sql_type: str) -> bool:
    """Whether the cells of a column are lists or structures."""
    return sql_type.startswith(_NESTED) or sql_type.endswith("]")


def literal(text: str) -> str:
    """Return a text quoted as a SQL string: for names of fields, which are code and not values."""
    return "'" + text.replace("'", "''") + "'"


def _as_time(column: str, sql_type: str) -> str:
    cell = quoted(column)
    if sql_type.startswith(("TIMESTAMP", "DATE")):
        return f"{cell}::timestamp"
    if sql_type == "VARCHAR":
        return f"try_cast({cell} as timestamptz)::timestamp"
    raise ImportFailed(
        f"column {column!r} holds {sql_type} and was named as a time: "
        "make it datetimes or ISO text first, for example with pd.to_datetime."
    )


def _value_checks(column: str, sql_type: str) -> list[Check]:
    cell = quoted(column)
    if sql_type.startswith(("DOUBLE", "FLOAT")):
        return [Check(f"isinf({cell})", column, "is infinite, which JSON cannot hold")]
    if sql_type in _LARGE_INTEGERS:
        return [
            Check(
                f"{cell} is not null and try_cast({cell} as bigint) is null",
                column,
                "is beyond 64 bits",
            )
        ]
    return []
