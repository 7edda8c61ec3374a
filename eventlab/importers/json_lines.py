"""JSON Lines, one object per line, and JSON arrays of objects: kept to the letter.

A line is staged as the text it is. Of its keys those that were named become the envelope; all others are
the payload, an explicit ``null`` included.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from eventlab.errors import BadRow, ImportFailed, InvalidEvent
from eventlab.importers.files import BUFFERS, File
from eventlab.payload import bad_field, require_exact
from eventlab.store.columns_in import PAYLOAD, Roles
from eventlab.store.sqltext import literal, quoted
from eventlab.store.staged_table import Column

if TYPE_CHECKING:
    import duckdb

SAMPLE = 1_000
AT_ONCE = 10_000


class JSONLinesFile(File):
    """Objects, one per line or in one array."""

    @property
    def staged_roles(self) -> Roles:
        """The columns to load by: what is left of a line is its payload."""
        return self.roles if self.roles.data else replace(self.roles, data=PAYLOAD)

    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads every object as text."""
        if self.beginning(1_000).lstrip()[:1] == "[":
            objects = self.scan("read_json_objects", format="'array'", compression=self.compression)
            return f"select json::varchar as line from {objects}"
        return f"select {_LINE} as line from {self._lines()} where {_LINE} <> ''"

    def _lines(self) -> str:
        # DuckDB's JSON reader names another line than the bad one, and refuses a byte order mark. To
        # the CSV reader a line is one cell; only a control character, which JSON forbids, could end it.
        return self.scan(
            "read_csv",
            columns="{head: 'VARCHAR', rest: 'VARCHAR'}",
            auto_detect="false",
            header="false",
            delim="chr(1)",
            nullstr="chr(2)",
            quote="''",
            escape="''",
            null_padding="true",
            strict_mode="false",
            compression=self.compression,
            **BUFFERS,
        )

    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the named keys as text, and the payload without them."""
        self._refuse_bad_lines(con, staged)
        named = self.roles.names()
        self._require(named, con, staged)
        cells = {key: f"line->>{pointer(key)}" for key in named}
        if self.roles.data is None:
            without = literal(json.dumps(dict.fromkeys(named)))
            cells[PAYLOAD] = f"json_merge_patch(line, {without})::varchar"
        taken_apart = ", ".join(f"{cell} as {quoted(name)}" for name, cell in cells.items())
        con.execute(f"create or replace table {staged} as select {taken_apart} from {staged}")
        return {name: Column("VARCHAR", quoted(name)) for name in cells}

    def refusal(self, reason: str) -> ImportFailed:
        """Return the error that names the bad element of an array; DuckDB 2.0 counts one too many."""
        found = re.search(r"record/value (?P<row>\d+): (?P<problem>[^\n.]*)", reason)
        if found is None:
            return super().refusal(reason)
        return BadRow.line(self.path, int(found["row"]) - 1, _NO_OBJECT_HERE, found["problem"])

    def _refuse_bad_lines(self, con: duckdb.DuckDBPyConnection, staged: str) -> None:
        for row, line in con.execute(_NO_OBJECT.format(staged)).fetchall():
            if error := bad_field(line):
                raise BadRow.because(row, error)
            raise BadRow.line(self.path, row, _NO_OBJECT_HERE, line)
        suspicious = con.execute(_SUSPICIOUS.format(staged))
        while lines := suspicious.fetchmany(AT_ONCE):
            for row, line in lines:
                try:
                    require_exact(line)
                except InvalidEvent as error:
                    raise BadRow.because(row, error) from error

    def _require(self, named: list[str], con: duckdb.DuckDBPyConnection, staged: str) -> None:
        """Refuse a name that no line has; most are found in the first lines already."""
        for lines in (f"(from {staged} limit {SAMPLE})", staged):
            found = ", ".join(f"bool_or(json_exists(line, {pointer(key)}))" for key in named)
            [exists] = con.execute(f"select {found} from {lines}").fetchall()
            named = [key for key, seen in zip(named, exists, strict=True) if seen is False]
            if not named:
                return
        keys = con.execute(f"select json_keys(line) from {staged} limit {SAMPLE}").fetchall()
        self.roles.require_in(dict.fromkeys(key for (in_line,) in keys for key in in_line))


def pointer(key: str) -> str:
    """Return SQL for the JSON pointer to a key of an object, whatever characters are in it (RFC 6901)."""
    return literal("/" + key.replace("~", "~0").replace("/", "~1"))


_NO_OBJECT_HERE = (
    "is no JSON object",
    'Each row is one, such as {"stream": "card-7", "type": "CardLoaded"}',
)

_LINE = "trim(concat_ws(chr(1), head, rest), chr(32) || chr(9) || chr(13))"

_NO_OBJECT = """
select rowid + 1, line from {0}
where case when json_valid(line) then json_type(line) <> 'OBJECT' else true end order by rowid limit 1
"""

# A key that is given twice, or a comma behind the last, would be gone once the line is taken apart.
_SUSPICIOUS = r"""
select rowid + 1, line from {0}
where len(json_keys(line)) <> len(list_distinct(json_keys(line))) or regexp_matches(line, ',\s*[]}}]')
order by rowid
"""
