"""Files and frames that do not become events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlab.errors.family import EventLabError, short


class MissingColumn(EventLabError, KeyError):
    """A table was read by a column it does not have."""

    def __init__(self, role: str, name: str, columns: Iterable[str]) -> None:
        self.sentence = (
            f"{role}={name!r} names no column of the table; its columns are: "
            f"{', '.join(map(repr, columns)) or '(none)'}."
        )
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return self.sentence


class ImportFailed(EventLabError, ValueError):
    """A row of a table cannot become an event; nothing was imported from it."""

    @classmethod
    def no_column(cls, role: str, found: object) -> ImportFailed:
        """Say how a column is named."""
        return cls(
            f"{role}={short(found)} names no column of the table: give the name of the column as text."
        )

    @classmethod
    def keys_are_no_text(cls, field: str, sql_type: str) -> ImportFailed:
        """Say what maps JSON has no form for."""
        return cls(
            f"{field!r} holds maps with keys of the type {sql_type}, which JSON would turn into text; "
            "nothing was imported. Make the keys text first."
        )


class BadRow(ImportFailed):
    """A row of a table cannot become an event; nothing was imported."""

    def __init__(self, row: int, problem: str, advice: str) -> None:
        self.row = row
        super().__init__(f"row {row}: {problem}; nothing was imported. {advice}.")

    @classmethod
    def cell(cls, row: int, column: str, problem: str, value: object) -> BadRow:
        """Name the column, and quote what stands there."""
        found = f"column {column!r} {problem} (found {short(value)})"
        return cls(row, found, "Repair or drop the row first")

    @classmethod
    def line(cls, path: Path, row: int, problem: tuple[str, str], text: str) -> BadRow:
        """Quote a line of a file that is no row."""
        found, advice = problem
        return cls(row, f"this {found} (found {short(text)} in {str(path)!r})", advice)

    @classmethod
    def no_object(cls, row: int, text: object) -> BadRow:
        """Quote what stands where a payload should."""
        advice = 'A payload has named fields, such as {"amount": 20}'
        return cls(row, f"this is no JSON object: {short(text)}", advice)

    @classmethod
    def because(cls, row: int, reason: object) -> BadRow:
        """Pass on why an event, or a value of it, cannot be stored."""
        return cls(row, str(reason).rstrip("."), "Repair or drop the row first")

    @classmethod
    def steps_back(cls, row: int, moment: object, before: object) -> BadRow:
        """Say that the table is not in the order of recording."""
        problem = f"recorded_at steps back from {before} to {moment}, and a log is in the order of recording"
        return cls(row, problem, "Sort the table by that column first")

    @classmethod
    def reserved_id(cls, row: int, event_id: str) -> BadRow:
        """Say that an id looks like those that the store gives."""
        problem = (
            f"event id {event_id!r} has the form stream@version, the store's own name for an event"
        )
        return cls(row, problem, "Give other ids, or none")


class UnreadableFile(ImportFailed):
    """A file cannot be read as a table; nothing was imported."""

    def __init__(self, path: Path, problem: str, advice: str) -> None:
        super().__init__(f"{str(path)!r} {problem}; nothing was imported. {advice}.")

    @classmethod
    def because(cls, path: Path, reason: str) -> UnreadableFile:
        """Pass on what another library said of it."""
        return cls(path, f"could not be read ({reason})", "Check how it was written")

    @classmethod
    def empty(cls, path: Path) -> UnreadableFile:
        """Say that nothing is in it."""
        return cls(path, "is empty (0 bytes)", "Check how it was written")

    @classmethod
    def folder(cls, path: Path) -> UnreadableFile:
        """Say that it is no file."""
        return cls(path, "is a folder", "Give the path of a file in it")

    @classmethod
    def no_header(cls, path: Path) -> UnreadableFile:
        """Say that the first line names no columns."""
        return cls(path, "has no header", "Its first line has to name the columns")

    @classmethod
    def not_utf8(cls, path: Path) -> UnreadableFile:
        """Say that the text is in another encoding."""
        return cls(path, "is not UTF-8", "Save it as UTF-8")

    @classmethod
    def odd_line_ends(cls, path: Path) -> UnreadableFile:
        """Say what DuckDB's reader of CSV gives up on."""
        problem = "mixes several kinds of line ends, or has quotes in odd places"
        return cls(path, problem, "Write it again in one way")

    @classmethod
    def long_decimals(cls, path: Path, field: str, digits: int, most: int) -> UnreadableFile:
        """Name the field, and how many digits can be kept."""
        problem = (
            f"has decimals of {digits} digits in {field!r}, of which only {most} would be kept"
        )
        return cls(path, problem, "Make them text, or of fewer digits, first")

    @classmethod
    def unknown_ending(cls, path: Path, known: Iterable[str]) -> UnreadableFile:
        """List the endings that say how a file is to be read."""
        problem = f"does not end like a file that is known here ({', '.join(known)})"
        return cls(path, problem, "Rename it, or read it with pandas and give the DataFrame")


class NoSuchFile(UnreadableFile, FileNotFoundError):
    """There is no file to import."""

    @classmethod
    def seen_from(cls, path: Path, folder: Path) -> NoSuchFile:
        """Say from where a relative path was followed."""
        return cls(path, f"does not exist (seen from {str(folder)!r})", "Check the path")
