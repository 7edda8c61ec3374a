"""What all files that `read_table` reads have in common: a path, a compression, a way to be refused.

A format decides what a cell is and when it is missing. How rows become events is not known here.
"""

from __future__ import annotations

import gzip
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from eventlab.errors import BadRow, ImportFailed, UnreadableFile
from eventlab.store.columns_in import Roles
from eventlab.store.sqltext import literal
from eventlab.store.staged_table import Column

if TYPE_CHECKING:
    import duckdb

LONGEST_LINE = 16_777_216
BUFFERS = {
    "max_line_size": str(LONGEST_LINE),
    "buffer_size": str(2 * LONGEST_LINE),
}  # else 16 lines each

_KEPT = "surrogateescape"  # bytes that are not UTF-8 are reported by row, later


@dataclass(frozen=True)
class File(ABC):
    """A file to import, and the columns that were named in it."""

    path: Path
    roles: Roles
    header_lines: ClassVar[int] = 0

    @property
    def staged_roles(self) -> Roles:
        """The columns to load by, once the file is staged."""
        return self.roles

    @abstractmethod
    def query(self, con: duckdb.DuckDBPyConnection) -> str:
        """Return the SELECT that reads all of the file."""

    @abstractmethod
    def columns(self, con: duckdb.DuckDBPyConnection, staged: str) -> dict[str, Column]:
        """Return the columns that the staged file has, or refuse it."""

    def refusal(self, reason: str) -> ImportFailed:
        """Return the error that says what DuckDB found wrong with the file, and in which row."""
        found = _BAD_LINE.search(reason)
        if found:
            row = int(found["line"]) - self.header_lines
            return BadRow.line(self.path, row, _said(found["problem"]), found["text"])
        if "state machine" in reason:
            return UnreadableFile.odd_line_ends(self.path)
        said = re.sub(r"^[\w ]+ Error: ", "", reason.strip().partition("\n")[0]).rstrip(". ")
        return UnreadableFile.because(self.path, said)

    @property
    def sql_path(self) -> str:
        """The path as a SQL text; DuckDB takes ``*``, ``?`` and ``[`` for a pattern."""
        return literal(escape(str(self.path.resolve())))

    def scan(self, function: str, **options: str) -> str:
        """Return the call that reads this file; DuckDB takes a folder called year=2026 for a column."""
        options = {"hive_partitioning": "false", **options}
        given = ", ".join(f"{name} = {value}" for name, value in options.items())
        return f"{function}({self.sql_path}, {given})"

    @property
    def is_zipped(self) -> bool:
        """Whether the file is compressed with gzip."""
        return self.path.suffix.lower() == ".gz"

    @property
    def compression(self) -> str:
        """The same for SQL."""
        return "'gzip'" if self.is_zipped else "'none'"

    def beginning(self, size: int) -> str:
        """Return the first characters of a text file, with half surrogates where it is not UTF-8."""
        opened: Any = gzip.open if self.is_zipped else open
        try:
            with opened(self.path, "rt", encoding="utf-8-sig", errors=_KEPT, newline="") as file:
                return str(file.read(size))
        except (OSError, EOFError) as error:
            raise UnreadableFile.because(self.path, str(error)) from error


_BAD_LINE = re.compile(
    r"CSV Error on Line: (?P<line>\d+)\nOriginal Line: (?P<text>.*?)\n\n?"
    r"(?P<problem>(Expected Number|Value with unter|Invalid unicode|Maximum line)[^\n]*)",
    re.DOTALL,
)


def _said(problem: str) -> tuple[str, str]:
    """Return what DuckDB found wrong with a line, and what to do about it."""
    if problem.startswith("Invalid unicode"):
        return "is not UTF-8", "Save the file as UTF-8"
    if problem.startswith("Maximum line"):
        return f"is longer than {LONGEST_LINE:,} bytes", "Split it, or read the file with pandas"
    if problem.startswith("Value with"):
        return "has a quote that does not end, or text behind one", 'Write a quote in a cell as ""'
    expected, found = re.findall(r"\d+", problem)
    return (
        f"does not have {expected} cells, as the header does, but {found}",
        "Put quotes around a cell that holds a delimiter",
    )
