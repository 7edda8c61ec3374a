"""Where read models lie in the file: a list with their checkpoints, and a table of rows for each.

Rows and checkpoint are always changed in one transaction, the caller's. The tables are made when the
first read model is filled. What a row means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from eventlab import frames
from eventlab.errors import RowsMissing, SQLError
from eventlab.statements import Params, execute
from eventlab.store import guard
from eventlab.store.database import has_table, reading, transaction
from eventlab.store.question import answered

TABLES = """
create table if not exists read_models (
    name       varchar primary key,
    number     bigint not null,
    version    bigint not null,
    definition varchar not null,
    types      varchar not null,
    fields     bigint not null,
    checkpoint bigint not null
);

-- Two that are filled at once get two numbers; one that is rolled back burns its own, and nobody minds.
create sequence if not exists read_model_numbers;
"""


class Select(NamedTuple):
    """A SELECT and its parameters."""

    sql: str
    params: Mapping[str, Any]


class Standing(NamedTuple):
    """How a read model stands in the file.

    ``definition`` is a digest of the rule its rows are of; ``types`` are those the rows are kept with, which
    were worked out when so many ``fields`` of payloads were known.
    """

    number: int
    version: int
    definition: str
    types: str
    fields: int
    checkpoint: int

    @property
    def table(self) -> str:
        """The table with the rows."""
        return table_of(self.number)


def table_of(number: int) -> str:
    """Return the table with the rows of the read model of a number."""
    return f"read_rows_{number:d}"


@contextmanager
def there(name: str, table: str) -> Iterator[None]:
    """Say it plainly where a block finds that the table with the rows is missing."""
    try:
        yield
    except duckdb.CatalogException as error:
        if f"name {table} does not exist" not in str(error):
            raise
        raise RowsMissing(name, table) from error


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the list of read models, if it is not there."""
    with transaction(con):
        execute(con, TABLES)


def has_any(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether there is a list of read models; not to be asked inside a transaction."""
    return has_table(con, "read_models")


def standing(con: duckdb.DuckDBPyConnection, name: str) -> Standing | None:
    """Return how a read model stands, if it was ever filled; the list has to be there."""
    found = execute(
        con,
        "select number, version, definition, types, fields, checkpoint from read_models where name = ?",
        [name],
    ).fetchall()
    return Standing(*found[0]) if found else None


def fill(con: duckdb.DuckDBPyConnection, name: str, new: Standing, rows: Select) -> Standing:
    """Put a new table in the place of the old one, whoever reads the old one meanwhile."""
    old = standing(con, name)
    [(number,)] = execute(con, "select nextval('read_model_numbers')").fetchall()
    made = new._replace(number=number)
    execute(con, f"create table {made.table} as {rows.sql}", rows.params)
    if old is None:
        execute(con, "insert into read_models values (?, ?, ?, ?, ?, ?, ?)", [name, *made])
    else:
        execute(con, _REPLACE, [*made, name])
        execute(con, f"drop table if exists {old.table}")
    return made


def moved(
    con: duckdb.DuckDBPyConnection, name: str, kept: Standing, fields: int, checkpoint: int
) -> bool:
    """Note that the rows are those at another position, and tell whether they did stand where they should."""
    [(changed,)] = execute(
        con,
        "update read_models set fields = ?, checkpoint = ? "
        "where name = ? and number = ? and checkpoint = ?",
        [fields, checkpoint, name, kept.number, kept.checkpoint],
    ).fetchall()
    return bool(changed)


def merge(
    con: duckdb.DuckDBPyConnection,
    table: str,
    late: Select,
    keys: Sequence[str],
    sets: Mapping[str, str],
    *,
    may_end: bool,
) -> None:
    """Change the rows of the keys in `late` and no others.

    A row of `late` without a position ends its key, where one `may_end`. Otherwise `sets` says for each
    column how its value is made of the row there was, ``early``, and the new one, ``late``.
    """
    same = " and ".join(f"early.{key} = late.{key}" for key in keys)
    columns = [*keys, *sets]
    changes = ", ".join(f"{name} = {sql}" for name, sql in sets.items())
    ended = "when matched and late.position is null then delete" if may_end else ""
    execute(
        con,
        f"merge into {table} as early using ({late.sql}) as late on {same} {ended} "
        f"when matched then update set {changes} "
        f"when not matched and late.position is not null then insert ({', '.join(columns)}) "
        f"values ({', '.join(f'late.{name}' for name in columns)})",
        late.params,
    )


def newest(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the position of the last event that changed a row which is still there."""
    [(position,)] = execute(con, f"select coalesce(max(position), 0) from {table}").fetchall()
    return int(position)


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return how many rows a table has."""
    [(rows,)] = execute(con, f"select count(*) from {table}").fetchall()
    return int(rows)


def drop(con: duckdb.DuckDBPyConnection, name: str, there: Standing) -> None:
    """Delete a read model."""
    execute(con, f"drop table if exists {there.table}")
    execute(con, "delete from read_models where name = ?", [name])


def listed(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return all read models by name: ``name, version, checkpoint, lag, rows``."""
    if not has_any(con):
        return frames.query(con, _NONE).astype({"rows": "Int64"})
    with reading(con):
        found = execute(con, _TABLES_THERE).fetchall()
        rows = [rows_of(con, table_of(number)) if is_there else None for number, is_there in found]
        frame = frames.query(con, _LISTED)
    return frame.assign(rows=pd.Series(rows, dtype="Int64"))


def answer(
    con: duckdb.DuckDBPyConnection, rows: pd.DataFrame, query: str, params: Params
) -> pd.DataFrame:
    """Return what a person's SELECT says of the table ``read_model``, given its rows."""
    select = guard.one_select(query)
    guard.harmless_parts(con, select)
    con.register("read_model", rows)
    try:
        return answered(con, f"from (\n{select}\n)", params)
    except duckdb.Error as error:
        raise SQLError.failed_over_rows(query, str(error), rows.columns) from error
    finally:
        con.unregister("read_model")


_REPLACE = """
update read_models
set number = ?, version = ?, definition = ?, types = ?, fields = ?, checkpoint = ? where name = ?
"""

_TABLES_THERE = """
select number, 'read_rows_' || number in (
    select table_name from duckdb_tables() where database_name = current_database()
)
from read_models order by name
"""

_NONE = """
select '' as name, 0::bigint as version, 0::bigint as checkpoint, 0::bigint as lag, 0::bigint as rows limit 0
"""

_LISTED = """
select name, version, checkpoint,
       (select coalesce(max(position), 0) from main.events) - checkpoint as lag
from read_models order by name
"""
