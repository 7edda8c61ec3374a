"""What is kept of consumers in the file: how far each has come, its dead letters, and its marks of work done.

The tables are made when the first consumer is registered. They say where consumers stand in the log and
are no part of it: with them dropped, no event is lost, and every consumer starts afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from eventlab.statements import execute
from eventlab.store.database import transaction
from eventlab.store.log import Log

TABLES = """
create table if not exists consumers (
    consumer   varchar primary key,
    checkpoint bigint not null,
    types      varchar[] not null
);

create table if not exists dead_letters (
    consumer        varchar not null,
    position        bigint not null,
    key             varchar not null,
    attempts        integer not null,
    error           varchar not null,
    first_failed_at timestamp not null,
    last_failed_at  timestamp not null,
    primary key (consumer, position)
);

create table if not exists work_done (
    consumer varchar not null,
    event_id varchar not null,
    what     varchar not null,
    primary key (consumer, event_id, what)
);

create table if not exists consumers_renamed (
    consumer   varchar primary key,
    first_name varchar not null
);
"""

Effect = Callable[[duckdb.DuckDBPyConnection], object]


class Kept(NamedTuple):
    """How far a consumer has come, and the event types it consumes (none: all)."""

    consumer: str
    checkpoint: int
    types: list[str]


class Letter(NamedTuple):
    """A delivery that was given up: which event, how often it was tried, and what went wrong."""

    consumer: str
    position: int
    key: str
    attempts: int
    error: str
    first_failed_at: datetime
    last_failed_at: datetime


class ConsumerTables:
    """What one store keeps of its consumers."""

    def __init__(self, store: Log) -> None:
        self._store = store

    def register(self, consumer: str, types: Iterable[str], checkpoint: int) -> None:
        """Note a consumer with its types of today, and the checkpoint, if it had none."""
        with self._store.borrowed() as con:
            with transaction(con):
                execute(con, TABLES)
            with transaction(con):
                execute(con, _NOTE, [consumer, checkpoint, list(types)])

    def kept(self) -> dict[str, Kept]:
        """Return all consumers that have a checkpoint here, by name."""
        rows = self._rows("select consumer, checkpoint, types from consumers order by consumer")
        return {row[0]: Kept(*row) for row in rows}

    def first_names(self) -> dict[str, str]:
        """Return by which name consumers began that were renamed since."""
        return dict(self._rows("select consumer, first_name from consumers_renamed"))

    def advance(self, consumer: str, checkpoint: int) -> None:
        """Move a checkpoint."""
        self._write((_ADVANCE, [checkpoint, consumer]))

    def park(self, letter: Letter) -> None:
        """Keep a dead letter; one of the same event is replaced, but not by one that was never tried."""
        self._write((_PARK, list(letter)))

    def letters(self, consumer: str) -> list[Letter]:
        """Return the dead letters of a consumer by position."""
        rows = self._rows(
            "select * from dead_letters where consumer = ? order by position", [consumer]
        )
        return [Letter(*row) for row in rows]

    def discard(self, consumer: str, position: int) -> None:
        """Delete a dead letter."""
        self._write(
            (
                "delete from dead_letters where consumer = ? and position = ?",
                [consumer, position],
            )
        )

    def dead_letters(self) -> pd.DataFrame:
        """Return all dead letters with what the log says of their events."""
        there = "dead_letters" if self.kept() else _NO_LETTERS
        return self._store.frame(_DEAD_LETTERS.format(letters=there))

    def parked(self) -> dict[str, int]:
        """Return how many dead letters each consumer has, of those that have any."""
        return dict(self._rows("select consumer, count(*) from dead_letters group by consumer"))

    def once(self, consumer: str, event_id: str, what: str, effect: Effect) -> bool:
        """Do something and mark it done, in one transaction; where it is marked, do nothing."""
        mark = [consumer, event_id, what]
        with self._store.borrowed() as con, transaction(con):
            if execute(con, _MARKED, mark).fetchall():
                return False
            execute(con, "insert into work_done values (?, ?, ?)", mark)
            effect(con)
        return True

    def start_over(self, consumer: str, checkpoint: int) -> None:
        """Move a checkpoint back, and forget the dead letters and marks of events that come again so.

        Dead letters before it stay, with the marks of their events: they come again by a retry only.
        """
        asked = {"consumer": consumer, "checkpoint": checkpoint}
        staying = self._store.frame(_IDS_BEFORE, asked)["event_id"].tolist()
        self._write(
            (
                "delete from dead_letters where consumer = ? and position > ?",
                [consumer, checkpoint],
            ),
            (_UNMARK, [consumer, staying]),
            (_ADVANCE, [checkpoint, consumer]),
        )

    def forget(self, consumer: str) -> None:
        """Delete all that is kept of a consumer."""
        self._write((TABLES, []), *_deletions(consumer))

    def rename(self, old: Kept, new: str) -> None:
        """Let a consumer go on under another name, with its letters and marks and those that are there."""
        inherit = (
            f"insert into {table} select ?, columns(* exclude consumer) from {table} where consumer = ? "
            f"on conflict do {known}"
            for table, known in (("dead_letters", _KEEP_TRIED), ("work_done", "nothing"))
        )
        self._write(
            (TABLES, []),
            (_CALL, [new, self.first_names().get(old.consumer, old.consumer)]),
            (_REGISTER, [new, old.checkpoint, old.types]),
            (_ADVANCE, [old.checkpoint, new]),
            *((statement, [new, old.consumer]) for statement in inherit),
            *_deletions(old.consumer),
        )

    def _write(self, *statements: tuple[str, list[Any]]) -> None:
        with self._store.borrowed() as con, transaction(con):
            for statement, params in statements:
                execute(con, statement, params)

    def _rows(self, query: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds; nothing where no consumer was ever registered."""
        try:
            with self._store.borrowed() as con:
                return execute(con, query, list(params)).fetchall()
        except duckdb.CatalogException:
            return []


def _deletions(consumer: str) -> list[tuple[str, list[Any]]]:
    return [(f"delete from {table} where consumer = ?", [consumer]) for table in _ALL]


_ALL = ("consumers", "dead_letters", "work_done", "consumers_renamed")
_CALL = """
insert into consumers_renamed values (?, ?) on conflict do update set first_name = excluded.first_name
"""
_REGISTER = "insert into consumers values (?, ?, ?) on conflict do nothing"
_NOTE = "insert into consumers values (?, ?, ?) on conflict do update set types = excluded.types"
_ADVANCE = "update consumers set checkpoint = ? where consumer = ?"
_MARKED = "select 1 from work_done where (consumer, event_id, what) = (?::varchar, ?::varchar, ?::varchar)"
_UNMARK = "delete from work_done where consumer = ? and not list_contains(?::varchar[], event_id)"
_IDS_BEFORE = """
select event_id from events where position in (
    select position from dead_letters where consumer = $consumer and position <= $checkpoint
)
"""
_KEEP_TRIED = """
update set attempts = excluded.attempts, error = excluded.error,
    first_failed_at = excluded.first_failed_at, last_failed_at = excluded.last_failed_at
where excluded.attempts > 0
"""
_PARK = f"insert into dead_letters values (?, ?, ?, ?, ?, ?, ?) on conflict do {_KEEP_TRIED}"
_DEAD_LETTERS = """
select consumer, position, stream, type, attempts, error, first_failed_at, last_failed_at
from {letters} left join (
    select position, arg_min(stream, el_part) as stream, arg_min(type, el_part) as type
    from events where position in (select position from {letters}) group by position
) using (position)
order by consumer, position
"""
_NO_LETTERS = """(
    select ''::varchar as consumer, 0::bigint as position, 0::integer as attempts, ''::varchar as error,
           null::timestamp as first_failed_at, null::timestamp as last_failed_at
    limit 0
)"""
