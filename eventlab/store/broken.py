"""Payloads that are no objects: the store takes none, but other programs can write into its file.

DuckDB reads every field of such a payload as missing, so a sum would pass over it without a word. Events are
handed out as they are, and the rule that folds them fails; what is computed in SQL asks here first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventlab.errors import BrokenPayload
from eventlab.statements import execute
from eventlab.store.ledger import stored_fields
from eventlab.store.sqltext import payload_field

if TYPE_CHECKING:
    import duckdb

    from eventlab.store.log import Log

IS_BROKEN = "variant_typeof(data) not like 'OBJECT%'"


def are_there(con: duckdb.DuckDBPyConnection) -> bool:
    """Look for broken payloads in a whole store.

    They have none of the known fields. Such rows DuckDB finds by its statistics, ten million in a
    millisecond; only of those it must say what they are, at a microsecond each.
    """
    fields = dict.fromkeys(payload_field(seen.field) for seen in stored_fields(con))
    without_fields = " and ".join([*(f"{field} is null" for field in fields), IS_BROKEN])
    return bool(
        execute(con, f"select 1 from main.events where {without_fields} limit 1").fetchall()
    )


def require_none(log: Log) -> None:
    """Refuse a log that shows an event with a broken payload."""
    found = log.select(
        f"select type, position, data::json::varchar from events where {IS_BROKEN} order by position limit 1"
    ).fetchone()
    if found is not None:
        raise BrokenPayload(*found)
