"""Events as rows of the ``events`` table: the columns, their types, and the one INSERT for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import duckdb

from eventlab.event import Event
from eventlab.payload import kind, to_json
from eventlab.statements import execute
from eventlab.store.ledger import Field, stored_fields


class Row(NamedTuple):
    """One event as it is stored; the annotations name the SQL types."""

    position: int
    stream_no: int
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    data: str
    actor: str | None
    reason: str | None
    correlation_id: str | None
    causation_id: str | None
    given_id: str | None
    tags: list[str] | None
    schema: int


SQL_TYPES = {
    "position": "bigint",
    "stream_no": "integer",
    "version": "bigint",
    "occurred_at": "timestamp",
    "recorded_at": "timestamp",
    "data": "json",
    "tags": "varchar[]",
    "schema": "integer",
}


def _as_lists(column: str) -> str:
    sql_type = SQL_TYPES.get(column, "varchar")
    stored = "::variant" if column == "data" else ""
    return f"unnest(?::{sql_type}[]){stored}"


# Lists bound as parameters insert a batch in one statement; a row of placeholders per event would cost
# half a second for 1,000 events. Payloads travel as JSON text: a bound dict would turn [1, "x"] into text.
INSERT = f"insert into events select {', '.join(map(_as_lists, Row._fields))}"


def insert(con: duckdb.DuckDBPyConnection, rows: Iterable[Row]) -> None:
    """Insert rows in one statement."""
    execute(con, INSERT, [list(column) for column in zip(*rows, strict=True)])


def insert_stream(con: duckdb.DuckDBPyConnection, stream_no: int, stream: str) -> None:
    """Give a new stream its number."""
    execute(
        con,
        "insert into streams values ($no, $name, split_part($name, '-', 1))",
        {"no": stream_no, "name": stream},
    )


def insert_fields(con: duckdb.DuckDBPyConnection, known: int, fields: list[Field]) -> None:
    """Add newly seen payload fields behind the ``known`` ones."""
    if fields:
        columns = [list(column) for column in zip(*fields, strict=True)]
        numbers = list(range(known + 1, known + 1 + len(fields)))
        execute(con, _INSERT_FIELDS, [numbers, *columns])


def note_fields(con: duckdb.DuckDBPyConnection, events: Iterable[Event]) -> None:
    """Add the payload fields of events that the store has not seen yet."""
    known = set(stored_fields(con))
    insert_fields(con, len(known), [field for field in fields_of(events) if field not in known])


def row_of(
    event: Event,
    *,
    position: int,
    stream_no: int,
    version: int,
    recorded_at: datetime,
    given_id: str | None,
    schema: int,
) -> Row:
    """Return an event as the row it will be, of a schema where it says none itself."""
    return Row(
        position=position,
        stream_no=stream_no,
        version=version,
        type=event.type,
        occurred_at=event.occurred_at or recorded_at,  # type: ignore[arg-type]  # Event made it a datetime
        recorded_at=recorded_at,
        data=to_json(event.data),
        actor=event.actor,
        reason=event.reason,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        given_id=given_id,
        tags=None if event.tags is None else list(event.tags),
        schema=event.schema or schema,
    )


def fields_of(events: Iterable[Event]) -> list[Field]:
    """Return the payload fields of events with their kinds, each once, in order of appearance."""
    seen = (
        Field(event.type, name, kind(value))
        for event in events
        for name, value in event.data.items()
    )
    return list(dict.fromkeys(seen))


_INSERT_FIELDS = """
insert into fields
select unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[])
"""
