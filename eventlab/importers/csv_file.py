"""CSV, where every cell is text: a column is numbers only if all of its cells are, exactly.

An empty cell is missing. A quoted empty cell is the empty text, unless its column holds numbers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cached_property
from io import StringIO
from typing import TYPE_CHECKING

from eventlab.checks import is_unicode
from eventlab.errors import UnreadableFile
from eventlab.importers.files import BUFFERS, File
from eventlab.store.columns_in import require_distinct
from eventlab.store.sqltext import literal
from eventlab.store.staged_table import Column

if TYPE_CHECKING:
    import duckdb

DELIMITERS = ",;\t|"
SAMPLE = 10_000
AT_ONCE = 100
_LONGEST_HEADER = 1_000_000


class CSVFile(File):
    """A header, and values between commas, or whatever of semicolon, tab and bar the header has most of."""

    header_lines = 1

    @cached_property
    def delimiter(self) -> str:
        """What stands between the names of the header."""
        plain = re.sub(r'"[^"]*("|$)', "", self._beginning).partition("\n")[0]
        return max(DELIMITERS, key=plain.count)

    @cached_property
    def header(self) -> list[str]:
        """The names of the columns; one without a name is called by its place, ``column3``."""
        lines = csv.reader(StringIO(self._beginning, newline=""), delimiter=self.delimiter)
        try:
            names = next(lines, [])
        except csv.Error as error:
            raise UnreadableFile.because(self.path, str(error)) from error
        if not any(names):
            raise UnreadableFile.no_header(self.path)
        if not is_unicode("".join(names)):
            raise UnreadableFile.not_utf8(self.path)
        return require_distinct(n or f"column{place}" for place, n in enumerate(names, start=1))

    @cached_property
    def _beginning(self) -> str:
        return self.beginning(_LONGEST_HEADER)

    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads every cell as text, in columns c0, c1 and so on."""
        self.roles.require_in(self.header)
        columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(self.header)))
        return "from " + self.scan(
            "read_csv",
            columns=f"{{{columns}}}",
            auto_detect="false",
            header="true",
            delim=literal(self.delimiter),
            quote="'\"'",
            escape="'\"'",
            nullstr="''",
            allow_quoted_nulls="false",
            strict_mode="true",
            compression=self.compression,
            **BUFFERS,
        )

    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the columns; those of the payload have the type that all their cells have."""
        cells = {name: f"c{place}" for place, name in enumerate(self.header)}
        taken = set(self.roles.given().values())
        guessed = [] if self.roles.data else [c for name, c in cells.items() if name not in taken]
        types = types_of(con, staged, guessed)
        return {name: _column(cell, types.get(cell, "VARCHAR")) for name, cell in cells.items()}


def types_of(con: duckdb.DuckDBPyConnection, staged: str, cells: list[str]) -> dict[str, str]:
    """Return the type that all cells of each column have; a few rows rule out most of the others first."""
    possible = {cell: ["BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR"] for cell in cells}
    for rows, if_empty in ((f"(from {staged} limit {SAMPLE})", "true"), (staged, "false")):
        pending = cells
        while pending := [cell for cell in pending if possible[cell][0] != "VARCHAR"]:
            checks = {cell: _holds(cell, possible[cell][0], if_empty) for cell in pending}
            pending = [cell for cell, held in _answers(con, rows, checks) if not held]
            for cell in pending:
                possible[cell].pop(0)
    return {cell: types[0] for cell, types in possible.items()}


def _answers(
    con: duckdb.DuckDBPyConnection, rows: str, checks: dict[str, str]
) -> Iterator[tuple[str, bool]]:
    """Yield what each check gives, some at a time: a thousand in one query DuckDB 2.0 plans for seconds."""
    for start in range(0, len(checks), AT_ONCE):
        cells = list(checks)[start : start + AT_ONCE]
        asked = ", ".join(checks[cell] for cell in cells)
        [held] = con.execute(f"select {asked} from {rows}").fetchall()
        yield from zip(cells, held, strict=True)


def _column(cell: str, sql_type: str) -> Column:
    typed = cell if sql_type == "VARCHAR" else f"nullif({cell}, '')::{sql_type}"
    return Column(sql_type, typed)


def _holds(cell: str, sql_type: str, if_empty: str) -> str:
    """Return SQL that tells whether all cells that are there are of a type.

    DuckDB 2.0 prepares room for all columns for each aggregate that has a FILTER; CASE needs none.
    """
    return f"coalesce(bool_and(case when {cell} <> '' then {_IS[sql_type].format(cell)} end), {if_empty})"


# "007" is a name and no number, and so is what a 64-bit integer or a double could not give back.
# 15 digits survive a double always; more, if the double is written with just these.
_IS = {
    "BIGINT": "coalesce(try_cast({0} as bigint)::varchar = {0}, false)",
    "DOUBLE": """coalesce(
        regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?')
        and isfinite(try_cast({0} as double))
        and (try_cast({0} as double)::varchar = {0} or regexp_full_match(
            {0}, '-?0*[.]?0*([0-9][.]?){{1,15}}([eE][-+]?[0-9]{{1,2}})?')), false)""",
    "BOOLEAN": "lower({0}) in ('true', 'false')",
}
