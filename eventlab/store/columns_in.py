"""A table's columns as the parts of events, in SQL: which column is what, and the rest as payload.

A cell that is missing becomes an absent field. How a value is written as JSON is not known here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from eventlab.checks import is_unicode
from eventlab.errors import ImportFailed, MissingColumn
from eventlab.event import require_schema
from eventlab.store.json_text import (
    INTEGERS,
    LARGE_INTEGERS,
    as_json,
    is_float,
    is_nested,
    member,
    present,
)
from eventlab.store.sqltext import quoted

ROW, PAYLOAD = "el_row", "el_data"  # columns that importers add
_TEXT = ("actor", "reason", "correlation_id", "causation_id", "event_id")


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
    schema: str | int | None = None  # a number is that of all rows

    def __post_init__(self) -> None:
        for role, column in self._named().items():
            if isinstance(column, str) or (column is None and role not in ("stream", "type")):
                continue
            if role != "schema":
                raise ImportFailed.no_column(role, column)
            require_schema(column)

    def require_in(self, columns: Iterable[str]) -> None:
        """Refuse a role whose column the table does not have."""
        known = list(columns)
        for role, column in self.given().items():
            if column not in known:
                raise MissingColumn(role, column, known)

    def given(self) -> dict[str, str]:
        """Return role and column of every role that was given."""
        return {role: name for role, name in self._named().items() if isinstance(name, str)}

    def _named(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def names(self) -> list[str]:
        """Return the columns that were named, each once, where they will stand beside ``PAYLOAD``."""
        return require_distinct([*dict.fromkeys(self.given().values()), PAYLOAD])[:-1]


def require_distinct(names: Iterable[object]) -> list[str]:
    """Return names of columns that SQL can tell apart, or refuse them."""
    texts = []
    for name in names:
        if not isinstance(name, str) or not name:
            raise ImportFailed(
                f"column {name!r} has no text as its name: rename the columns first."
            )
        if name == ROW:
            raise ImportFailed(
                f"column {name!r} has a name kept for the importer: rename it first."
            )
        if "\0" in name or not is_unicode(name):
            raise ImportFailed(
                f"the name of column {name!r} is not valid Unicode: rename it first."
            )
        texts.append(name)
    lowered = Counter(name.lower() for name in texts)
    twice = [name for name in texts if lowered[name.lower()] > 1]
    if twice:
        raise ImportFailed(
            f"columns {' and '.join(map(repr, twice))} have the same name to SQL, which ignores case: "
            "rename one first."
        )
    return texts


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

    @property
    def brings_json(self) -> bool:
        """Whether payloads hold JSON that someone else wrote, and that has to be looked at."""
        types = map(self.columns.__getitem__, self.payload)
        return self.roles.data is not None or any(t == "JSON" or is_nested(t) for t in types)

    def select(self, source: str) -> str:
        """Return the SELECT that gives a source's rows the columns of an event."""
        parts = {
            ROW: ROW,
            "stream": self._text("stream"),
            "type": self._text("type"),
            "occurred_at": self._time("occurred_at"),
            "recorded_at": self._time("recorded_at"),
            "data": self._payload(),
            **{role: self._text(role) for role in _TEXT},
            "schema": self._schema(),
        }
        columns = ", ".join(f"{sql} as {role}" for role, sql in parts.items())
        return f"select {columns} from {source}"

    def checks(self) -> list[Check]:
        """Return what a row of the source must not be, for the columns of this table."""
        roles, types = self.roles, self.columns
        found = [
            Check(f"coalesce({_as_text(c, types[c])}, '') = ''", c, "is missing")
            for c in (roles.stream, roles.type)
        ]
        if roles.event_id is not None:
            given = _as_text(roles.event_id, types[roles.event_id])
            found.append(Check(f"coalesce({given} = '', false)", roles.event_id, "is empty"))
        for column in (roles.occurred_at, roles.recorded_at):
            if column is not None:
                found.extend(_time_checks(column, types[column]))
        if isinstance(roles.schema, str):
            found.append(_schema_check(roles.schema, types[roles.schema]))
        for column in self.payload:
            found.extend(_value_checks(column, types[column]))
        return found

    def _text(self, role: str) -> str:
        column = getattr(self.roles, role)
        return "null::varchar" if column is None else _as_text(column, self.columns[column])

    def _time(self, role: str) -> str:
        column = getattr(self.roles, role)
        return "null::timestamp" if column is None else _as_time(column, self.columns[column])

    def _schema(self) -> str:
        column = self.roles.schema
        if isinstance(column, str):
            return f"{_as_text(column, self.columns[column])}::double::integer"
        return f"{'null' if column is None else column}::integer"

    def _payload(self) -> str:
        if self.roles.data is not None:
            return f"coalesce({self._whole_payload(self.roles.data)}, '{{}}')"
        members = [member(column, as_json(column, self.columns[column])) for column in self.payload]
        return f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'" if members else "'{}'"

    def _whole_payload(self, column: str) -> str:
        """A structure as JSON text, or the text of one as it stands."""
        sql_type = self.columns[column]
        return as_json(column, sql_type) if is_nested(sql_type) else f"{quoted(column)}::varchar"


def kind_of(sql_type: str) -> str:
    """Return the kind of value the cells of a column have as payload."""
    if sql_type in (*INTEGERS, *LARGE_INTEGERS):
        return "BIGINT"
    if is_float(sql_type):
        return "DOUBLE"
    if sql_type == "BOOLEAN":
        return "BOOLEAN"
    return "VARIANT" if is_nested(sql_type) else "VARCHAR"


def _as_text(column: str, sql_type: str) -> str:
    return f"{present(column, sql_type)}::varchar"


def _as_time(column: str, sql_type: str) -> str:
    cell = quoted(column)
    if sql_type.startswith(("TIMESTAMP", "DATE")):
        return f"{cell}::timestamp"
    if sql_type == "VARCHAR":
        return f"try_cast(trim({cell}) as timestamptz)::timestamp"
    raise ImportFailed(
        f"column {column!r} holds {sql_type} and was named as a time: "
        "make it datetimes or ISO text first, for example with pd.to_datetime."
    )


# Python's datetime ends there, and so does what a fold is shown. DuckDB also reads 'infinity' and 'epoch'.
_KNOWN_TIMES = "between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'"
_BEYOND_A_DAY = ":[0-9.]+ *[-+](2[4-9]|[3-9][0-9])"  # DuckDB 2.0 reads such an offset, too
_NANOSECONDS = "[.][0-9]{6}[0-9]*[1-9]"


def _time_checks(column: str, sql_type: str) -> list[Check]:
    text, known = f"{quoted(column)}::varchar", f"{_as_time(column, sql_type)} {_KNOWN_TIMES}"
    if sql_type == "VARCHAR":
        known += f" and regexp_matches({text}, '^\\s*[0-9]')"
        known += f" and not regexp_matches({text}, '{_BEYOND_A_DAY}')"
    checks = [Check(f"not coalesce({known}, false)", column, "is no time")]
    if sql_type == "VARCHAR" or sql_type.endswith("_NS"):
        finer = f"regexp_matches({text}, '{_NANOSECONDS}')"
        checks.append(Check(finer, column, "is finer than a microsecond"))
    return checks


def _schema_check(column: str, sql_type: str) -> Check:
    text = _as_text(column, sql_type)
    is_number = f"regexp_full_match({text}, '[1-9][0-9]*([.]0)?')"
    bad = f"not ({is_number} and try_cast({text} as double) < {2**31})"
    return Check(f"coalesce({bad}, false)", column, "is no schema, which counts 1, 2, 3 …")


def _value_checks(column: str, sql_type: str) -> list[Check]:
    cell = quoted(column)
    if is_float(sql_type):
        return [Check(f"isinf({cell})", column, "is infinite, which JSON cannot hold")]
    if sql_type in LARGE_INTEGERS:
        beyond = f"{cell} is not null and try_cast({cell} as bigint) is null"
        return [Check(beyond, column, "is beyond 64 bits")]
    return []
