"""How a file is opened: what is looked at beforehand, and DuckDB's refusals in plain sentences."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from threading import Lock

import duckdb

from eventlab.errors import NotAStore, StoreError, StoreForked, StoreLocked
from eventlab.errors.family import short

_OPEN_FILES = Path("/dev/fd")  # not on Windows, where a lock belongs to who opened the file

_looking = Lock()  # so that nobody opens a file while another thread looks at it


def connect(
    path: Path | None, *, read_only: bool, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Return the first connection to a file, or to a new database in memory.

    Raises
    ------
    StoreError
        When there is no such place, the file is of another kind or broken, another process holds it, or the
        limit is no size.
    """
    _require_size(memory_limit)
    con = _connected(path, read_only)
    if memory_limit is not None:
        con.execute("set memory_limit = ?", [memory_limit])
    return con


def _require_size(memory_limit: object) -> None:
    if memory_limit is None:
        return
    found = _SIZE.fullmatch(memory_limit) if isinstance(memory_limit, str) else None
    if found is None or float(found["number"]) * _MEGABYTES[found["unit"]] < _LEAST:
        raise StoreError(
            f"memory_limit={short(memory_limit)} is no size that DuckDB could work with: give a number and a "
            f"unit, at least '{_LEAST}MB', such as '500MB' or '2GB'."
        )


_SIZE = re.compile(r"(?P<number>[0-9]{1,6}(\.[0-9]{1,6})?) ?(?P<unit>[MG])i?B")
_MEGABYTES = {"M": 1, "G": 1000}
_LEAST = 100


def _connected(path: Path | None, read_only: bool) -> duckdb.DuckDBPyConnection:
    if path is None:
        return duckdb.connect(":memory:")
    try:
        _require_place(path, read_only)
        if not read_only:
            _require_not_inherited(path)
        with _looking:
            _require_duckdb_file(path)
            # Resolved, for to DuckDB a name such as "md:cards" or ":memory:cards" is no file.
            return duckdb.connect(path.resolve(), read_only=read_only)
    except duckdb.ConnectionException as error:
        raise StoreLocked.by_ourselves(path, os.getpid()) from error
    except (duckdb.Error, OSError, RuntimeError, ValueError) as error:
        raise _plain_sentence(path, str(error)) from error


def _require_place(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{str(path)!r} is a folder: give the path of a file inside it.")
    if read_only and not path.exists():
        raise StoreError(
            f"{str(path)!r} does not exist, so there is nothing to read: "
            "check the path, or leave out read_only=True to make a new store."
        )
    if not path.parent.is_dir():
        raise StoreError(f"the folder {str(path.parent)!r} does not exist: make it first.")


def is_open_here(path: Path) -> bool:
    """Tell whether this process has a file open, under whatever name.

    Then nobody may open and close it once more, if only to look: on POSIX, who closes a file lets go of all
    locks that the process has on it, and another process could write between the lines of this one.
    """
    return _place_of(path.stat()) in _open_places()


def _open_places() -> set[_Place]:
    places = set()
    for file in _OPEN_FILES.iterdir() if _OPEN_FILES.exists() else ():
        with suppress(OSError):  # of one that was closed meanwhile
            places.add(_place_of(os.fstat(int(file.name))))
    return places


def _place_of(found: os.stat_result) -> _Place:
    return found.st_dev, found.st_ino


_Place = tuple[int, int]
_inherited: set[_Place] = set()


def _require_not_inherited(path: Path) -> None:
    """Refuse what was open when this process was forked: DuckDB would hand out its parent's database."""
    if _inherited and path.exists() and _place_of(path.stat()) in _inherited:
        raise StoreForked(path)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=lambda: _inherited.update(_open_places()))


def _require_duckdb_file(path: Path) -> None:
    """Look before DuckDB does: for a file of SQLite it would fetch an extension from the network."""
    if not path.exists() or is_open_here(path):
        return
    if not is_duckdb(path):
        raise NotAStore(path, "it is no DuckDB file")


def is_duckdb(path: Path) -> bool:
    """Tell whether a file begins as DuckDB's files do: eight bytes, then its name."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _plain_sentence(path: Path, reason: str) -> StoreError:
    holder = re.search(r"held in (?P<program>\S*) ?\(PID (?P<pid>\d+)\)", reason)
    if holder:
        return StoreLocked(
            path, f"process {holder['pid']}, {holder['program'] or 'unknown program'}"
        )
    if re.search(r"\block\b", reason):
        return StoreLocked(path, "its number is not known")
    return StoreError(f"{str(path)!r} could not be opened: {reason}")
