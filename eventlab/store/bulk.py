"""Bulk import: a table into the log, a quarter of a million rows at a time, in one transaction.

DuckDB does the work: a slice of the table is shaped into events, checked, numbered and inserted by a
handful of statements. Nothing of a table is kept when one of its rows is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb
from tqdm.auto import tqdm

from eventlab.errors import BadRow, DuplicateEventError, InvalidEvent, StoreError
from eventlab.payload import bad_field, require_exact
from eventlab.statements import execute
from eventlab.store import rows
from eventlab.store.append import CONFLICTS, Appended, Writer
from eventlab.store.columns_in import Roles, Shape, kind_of
from eventlab.store.database import Database, transaction
from eventlab.store.identity import taken_id
from eventlab.store.json_text import present
from eventlab.store.ledger import Field
from eventlab.store.scans import ROW_GROUP
from eventlab.store.sqltext import literal, quoted

# Whole row groups: rows left over from a group would all be copied at the end, in memory.
SLICE = 2 * ROW_GROUP


class Table(Protocol):
    """Something with rows that SQL can read a slice of; asked for its columns first."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def columns(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return the SQL type of every column."""

    def slice(self, con: duckdb.DuckDBPyConnection, start: int, stop: int) -> str:
        """Return a FROM item with these rows and their number ``el_row``, counted from 1."""


def load(writer: Writer, table: Table, roles: Roles) -> Appended:
    """Append every row of a table as an event, all or nothing."""
    writer.require_writable()
    con = writer.database.cursor()
    execute(con, "set TimeZone = 'UTC'")
    columns = table.columns(con)
    roles.require_in(columns)
    shape = Shape(roles, columns)
    with writer.ledger.lock:
        try:
            return writer.attempted(lambda: _all_or_nothing(con, writer, table, shape), times=2)
        except CONFLICTS as error:
            raise StoreError(_OVERTAKEN) from error


def _all_or_nothing(
    con: duckdb.DuckDBPyConnection, writer: Writer, table: Table, shape: Shape
) -> Appended:
    writer.ledger.forget()  # another connection of this process may have written
    try:
        with transaction(con), _scratch(con):
            return _Load(con, writer, table, shape).run()
    except duckdb.ConstraintException as error:
        _name_the_repeated_id(con, error)
        raise
    finally:
        writer.ledger.forget()


_OVERTAKEN = (
    "another connection of this process wrote to the store while the table was on its way in, twice; "
    "nothing was imported. Let it finish, and import again."
)


@contextmanager
def _scratch(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep where the streams of this load stand in a temporary table of this connection."""
    execute(con, "create temp table el_heads (stream varchar, stream_no integer, version bigint)")
    yield
    execute(con, "drop view if exists el_slice")
    execute(con, "drop table el_heads")


class _Load:
    """One table on its way into one store."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, writer: Writer, table: Table, shape: Shape
    ) -> None:
        self.con, self.table, self.shape, self.ids = con, table, shape, writer.ids
        self.is_branch, self.today = writer.database.is_branch, _today(writer.database)
        self.ledger = writer.ledger
        head = writer.ledger.log_head(con)
        self.before, self.stream_no = head.position, head.stream_no
        self.recorded_at = writer.recorded_now(head)
        self.last_recorded = head.recorded_at
        self.fields = dict(writer.ledger.fields(con))
        self.repeats: str | None = None  # the first id, when the table is stored already
        self.last_repeated = 0

    def run(self) -> Appended:
        """Load slice after slice and return where the last event stands."""
        with tqdm(total=self.table.rows, unit=" events", desc="append", delay=2) as progress:
            for start in range(0, self.table.rows, SLICE):
                stop = min(start + SLICE, self.table.rows)
                self._load_slice(start, stop)
                progress.update(stop - start)
        done = self._done()
        if self.table.rows and not done.duplicate:
            self.ledger.stream_index.keep_up(self.con, self.before, done.position)
            self.ledger.take_part(self.con, done.position, self.fields)
        return done

    def _load_slice(self, start: int, stop: int) -> None:
        source = self.table.slice(self.con, start, stop)
        self._refuse_bad_rows(source)
        # A view, not a table: what a transaction drops stays in memory until it ends.
        execute(self.con, f"create or replace temp view el_slice as {self.shape.select(source)}")
        self._refuse_bad_payloads()
        if self._is_repetition(start, stop):
            return
        self._refuse_steps_back()
        self._find_streams()
        self._insert(start, stop)
        self._note_fields(source)

    def _done(self) -> Appended:
        repeated = self.repeats is not None
        last = execute(
            self.con,
            "select stream, version, position from main.events join main.streams using (stream_no) "
            "where position = ?",
            [self.last_repeated if repeated else self.before + self.table.rows],
        ).fetchall()
        stream, version, position = last[0] if last else ("", 0, 0)
        return Appended(stream, version, position, duplicate=repeated)

    # -- what must not be -----------------------------------------------------------------------

    def _refuse_bad_rows(self, source: str) -> None:
        checks = self.shape.checks()
        firsts = ", ".join(f"min(el_row) filter (where {check.bad})" for check in checks)
        [found] = execute(self.con, f"select {firsts} from {source}").fetchall()
        bad = [(row, check) for row, check in zip(found, checks, strict=True) if row is not None]
        if bad:
            row, check = min(bad, key=lambda pair: pair[0])
            value = self._one(
                f"select {quoted(check.column)}::varchar from {source} where el_row = ?", [row]
            )
            raise BadRow.cell(row, check.column, check.problem, value)

    def _refuse_bad_payloads(self) -> None:
        if not self.shape.brings_json:
            return
        for row, text in execute(self.con, _NO_OBJECT).fetchall():
            if error := bad_field(text):
                raise BadRow.because(row, error)
            raise BadRow.no_object(row, text)
        for row, text in execute(self.con, _SUSPICIOUS).fetchall():
            try:
                require_exact(text)
            except InvalidEvent as error:
                raise BadRow.because(row, error) from error

    def _refuse_steps_back(self) -> None:
        if self.shape.roles.recorded_at is None:
            return
        for row, moment, before in execute(self.con, _STEPS_BACK, [self.last_recorded]).fetchall():
            raise BadRow.steps_back(row, moment, before)
        self.last_recorded = self._one("select max(recorded_at) from el_slice")

    # -- a table that is stored already ---------------------------------------------------------

    def _is_repetition(self, start: int, stop: int) -> bool:
        """Tell whether these rows are stored already; the first slice decides for the whole table."""
        if self.shape.roles.event_id is None or (start > 0 and self.repeats is None):
            return False
        [found] = execute(self.con, _STORED, [self.last_repeated]).fetchall()
        stored, first, different, position = found
        if start == 0:
            self.repeats = first
        if self.repeats is None:
            return False
        if stored < stop - start:
            raise DuplicateEventError(self.repeats, _PARTLY)
        if different is not None:
            raise DuplicateEventError(
                different, "is stored already with another stream, order or content"
            )
        self.last_repeated = position
        return True

    # -- writing --------------------------------------------------------------------------------

    def _find_streams(self) -> None:
        execute(self.con, _NEW_STREAMS, [self.stream_no])
        self.stream_no = self._one("select coalesce(max(stream_no), 0) from main.streams")
        execute(self.con, _HEADS, [self.before])

    def _insert(self, start: int, stop: int) -> None:
        naming = {"ids": self._new_ids(start, stop), "start": start}
        if self.ids or self.shape.roles.event_id:
            self._refuse_reserved_ids(naming)
            self._refuse_shared_ids(naming)
        execute(
            self.con,
            _INSERT.format(today=self.today),
            {**naming, "before": self.before, "now": self.recorded_at},
        )
        execute(self.con, _MOVE_HEADS, [self.before + start + 1, self.before + stop])

    def _new_ids(self, start: int, stop: int) -> list[str | None] | None:
        """Return ids for the rows that bring none, where the store was opened with ``ids=``."""
        if self.ids is None:
            return None
        nameless = execute(
            self.con, "select el_row from el_slice where event_id is null"
        ).fetchall()
        rows = {row for (row,) in nameless}
        return [self.ids() if row in rows else None for row in range(start + 1, stop + 1)]

    def _refuse_reserved_ids(self, naming: dict[str, Any]) -> None:
        for row, event_id, is_taken in execute(self.con, _RESERVED, naming).fetchall():
            if is_taken:
                raise DuplicateEventError(event_id, _PARTLY)
            raise BadRow.reserved_id(row, event_id)

    def _refuse_shared_ids(self, naming: dict[str, Any]) -> None:
        """Look for ids in the past that a branch shares, which no unique key of its own covers."""
        if self.is_branch:
            for (event_id,) in execute(
                self.con, _SHARED, {**naming, "before": self.before}
            ).fetchall():
                raise DuplicateEventError(event_id, _PARTLY)

    def _note_fields(self, source: str) -> None:
        new = [field for field in self._fields(source) if field not in self.fields]
        rows.insert_fields(self.con, len(self.fields), new)
        self.fields.update(dict.fromkeys(new))

    def _fields(self, source: str) -> Iterable[Field]:
        if self.shape.roles.data is not None:
            return (Field(*found) for found in execute(self.con, _FIELDS_OF_JSON).fetchall())
        kinds = [_kind_in_sql(c, self.shape.columns[c]) for c in self.shape.payload]
        if not kinds:
            return ()
        event_type = quoted(self.shape.roles.type)
        found = execute(
            self.con,
            f"select {event_type}::varchar, {', '.join(kinds)} from {source} group by 1 order by min(el_row)",
        ).fetchall()
        return (
            Field(event_type, column, kind)
            for event_type, *per_column in found
            for column, column_kinds in zip(self.shape.payload, per_column, strict=True)
            for kind in column_kinds or ()
        )

    def _one(self, query: str, params: list[Any] | None = None) -> Any:
        found = execute(self.con, query, params).fetchall()
        return found[0][0] if found else None


def _today(database: Database) -> str:
    """Return SQL for the schema of the rows of a slice that say none."""
    newest = database.upcasters.newest.items()
    cases = [f"when {literal(type)} then {schema}" for type, schema in newest]
    return f"case type {' '.join(cases)} else 1 end" if cases else "1"


def _kind_in_sql(column: str, sql_type: str) -> str:
    """Return SQL for the list of kinds that the cells of a column have."""
    if sql_type == "JSON":
        kinds = f"list(distinct {KIND_OF_JSON.format(f'json_type({quoted(column)})')})"
        return f"{kinds} filter (where {quoted(column)} is not null)"
    return f"case when count({present(column, sql_type)}) > 0 then ['{kind_of(sql_type)}'] end"


def _name_the_repeated_id(con: duckdb.DuckDBPyConnection, refused: duckdb.Error) -> None:
    if event_id := taken_id(str(refused)):
        stored = execute(con, "select 1 from main.events where given_id = ?", [event_id]).fetchall()
        twice = "stands more than once in the table"
        raise DuplicateEventError(event_id, _PARTLY if stored else twice) from refused


_PARTLY = "is stored already, but the table also has events that are not"

_NO_OBJECT = """
select el_row, data from el_slice
where case when json_valid(data) then json_type(data) <> 'OBJECT' else true end order by el_row limit 1
"""

# Python's and DuckDB's JSON readers part ways on these: integers beyond 64 bits, NaN, huge exponents, deep
# nesting, a comma behind the last member, and names given twice, of which a VARIANT keeps one (two payloads
# that are written alike have as many quotes before colons only if they have as many names). Such rows are
# decoded again, strictly.
_SUSPICIOUS = """
select el_row, data from el_slice
where regexp_matches(data, '[0-9]{19}|[eE]\\+?[0-9]{3}|[[,:]\\s*[-+]?(?i:nan|inf)|,\\s*[]}]')
   or len(json_keys(data)) <> len(list_distinct(json_keys(data)))
   or length(data) - length(translate(data, '[{', '')) > 100
   or (contains(data[2:], '{')
       and len(string_split(json_merge_patch('{}', data)::varchar, '":'))
           <> len(string_split(json_merge_patch('{}', data::json::variant::json)::varchar, '":')))
order by el_row
"""

_STEPS_BACK = """
select el_row, recorded_at, before
from (select el_row, recorded_at, lag(recorded_at, 1, ?::timestamp) over (order by el_row) as before
      from el_slice)
where recorded_at < before order by el_row limit 1
"""

KIND_OF_JSON = """case {} when 'BIGINT' then 'BIGINT' when 'UBIGINT' then 'BIGINT' when 'DOUBLE' then
    'DOUBLE' when 'VARCHAR' then 'VARCHAR' when 'BOOLEAN' then 'BOOLEAN' when 'NULL' then 'NULL'
    else 'VARIANT' end"""

# Events of a type have few shapes, and a shape is found eight times faster than the members of a payload.
_FIELDS_OF_JSON = f"""
select found.type, member.key, {KIND_OF_JSON.format("member.value->>'$'")} as kind
from (select type, json_structure(data) as shape, min(el_row) as first from el_slice group by all) as found,
     json_each(shape) as member
where member.key is not null  -- the shape of an empty object is "JSON"
group by all order by min(first), min(member.id)
"""

_NEW_STREAMS = """
insert into streams
select ? + row_number() over (order by min(el_row)), stream, split_part(stream, '-', 1)
from el_slice where stream not in (select stream from main.streams) group by stream
"""

# Streams of this load that were not there before it began stand at 0: no event of theirs is at or before `?`.
_HEADS = """
insert into el_heads
select stream, stream_no, coalesce(max(version), 0)
from (select distinct stream from el_slice where stream not in (select stream from el_heads))
join main.streams using (stream)
left join (select stream_no, version from main.events where position <= ?) using (stream_no)
group by stream, stream_no order by stream_no
"""

# By number and in its order: DuckDB 2.0 needs ten times as long to change as many rows back and forth.
_MOVE_HEADS = """
update el_heads set version = version + n
from (select stream_no, count(*) as n from main.events where position between ? and ?
      group by stream_no order by stream_no) as added
where el_heads.stream_no = added.stream_no
"""

# A window copies all columns that it is given, so it gets two.
_NUMBERS = """
select el_row, stream_no, version + row_number() over (partition by stream_no order by el_row) as version
from (select el_row, stream from el_slice) join el_heads using (stream)
"""

_NUMBERED = f"""
select el_slice.* replace (coalesce(event_id, ($ids::varchar[])[el_row - $start]) as event_id), stream_no,
       version
from el_slice join ({_NUMBERS}) using (el_row)
"""

_RESERVED = f"""
select el_row, event_id,
       try_cast(regexp_extract(event_id, '([0-9]+)$') as bigint) <= (
           select version from el_heads h where h.stream = regexp_extract(event_id, '(?s)^(.+)@', 1))
from ({_NUMBERED})
where event_id <> stream || '@' || version and regexp_full_match(event_id, '(?s).+@[1-9][0-9]*')
order by el_row limit 1
"""

_SHARED = f"""
select event_id from ({_NUMBERED})
semi join (select given_id from main.events where position <= $before) on given_id = event_id
order by el_row limit 1
"""

# Put in order while payloads are text still, of which a VARIANT takes twice the time.
_INSERT = f"""
insert into events
select $before + el_row, stream_no, version, type, coalesce(occurred_at, recorded_at, $now),
       coalesce(recorded_at, $now), data::json::variant, actor, reason, correlation_id, causation_id,
       nullif(event_id, stream || '@' || version), null, coalesce(schema, {{today}})
from (select * from ({_NUMBERED}) order by el_row)
"""

# The rows of a slice beside the events that have their ids: how many there are, the first id, the first that
# stands for another event or comes too early, and the last position.
_STORED = """
with named as (
    select el_row, position from el_slice join main.events on given_id = event_id
    union all
    select el_row, position
    from (select el_row, regexp_extract(event_id, '(?s)^(.+)@[1-9][0-9]*$', 1) as own_stream,
                 try_cast(regexp_extract(event_id, '@([1-9][0-9]*)$', 1) as bigint) as own_version
          from el_slice)
    join main.streams on stream = own_stream
    join main.events e on e.stream_no = streams.stream_no and e.version = own_version and given_id is null
), compared as (
    select el_row, s.event_id, position,
           (s.stream, s.type, s.data::json::variant::json::varchar, s.actor, s.reason, s.correlation_id,
            s.causation_id, coalesce(s.occurred_at, e.occurred_at), coalesce(s.recorded_at, e.recorded_at),
            null::varchar[], coalesce(s.schema, e.schema))
           is distinct from
           (streams.stream, e.type, e.data::json::varchar, e.actor, e.reason, e.correlation_id,
            e.causation_id, e.occurred_at, e.recorded_at, e.tags, e.schema)
           or position <= lag(position, 1, ?) over (order by el_row) as differs
    from el_slice s join named using (el_row) join main.events e using (position)
    join main.streams using (stream_no)
)
select count(*), arg_min(event_id, el_row), arg_min(event_id, el_row) filter (where differs), max(position)
from compared
"""
