"""A file that is no store, a writer who was overtaken, an id that is taken."""

from __future__ import annotations

from pathlib import Path

from eventlab.errors.family import EventLabError, short


class ConcurrencyError(EventLabError):
    """The stream was not where the writer believed it to be; nothing was written."""

    def __init__(self, stream: str, expected: object, actual: int) -> None:
        self.stream, self.expected, self.actual = stream, expected, actual
        super().__init__(
            f"stream {stream!r} is at version {actual} but you expected {expected}: "
            "someone appended in between, or you read another stream; read it again and decide afresh."
        )


class DuplicateEventError(EventLabError):
    """An event id is taken by another event; nothing was written."""

    def __init__(self, event_id: str, found: str) -> None:
        self.event_id = event_id
        super().__init__(
            f"event id {event_id!r} {found}; nothing was written. Append exactly the same batch again to "
            "repeat a write safely, or give new events new ids."
        )


class StoreError(EventLabError):
    """A store could not be opened, or cannot do what was asked."""


class NotWritten(StoreError):
    """The file could not be written; of what was to be written at once, nothing is kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"nothing was written, for the file did not take it: {reason}. Make room on the disk, or see "
            "what else keeps it from growing, and do the same again; the store goes on."
        )


class MemoryExceeded(StoreError):
    """What was asked takes more memory than DuckDB may take; of what was to be written, nothing is kept."""

    def __init__(self, reason: str) -> None:
        said = reason.partition("\n")[0]
        super().__init__(
            f"it takes more memory than DuckDB may take ({said}): open the store with a larger memory_limit= "
            "or none, or do it in smaller parts. Nothing of it was written, and the store goes on."
        )


class StoreLocked(StoreError):
    """Another process has the file open for writing, or this one in the other mode."""

    @classmethod
    def by_ourselves(cls, path: Path, process: int) -> StoreLocked:
        """Say that it is this process; to copy the file here would let go of the lock on it."""
        locked = cls.__new__(cls)
        EventLabError.__init__(
            locked,
            f"{str(path)!r} is open in this process, {process}, in the other mode, and DuckDB opens a file "
            "either to read or to write: close that store first, or say read_only= alike in both.",
        )
        return locked

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"{str(path)!r} is open in another process ({holder}), and DuckDB lets only one process write: "
            "close that kernel or store, or open it with read_only=True in both, or copy the file and "
            "open the copy, or work in memory with EventStore()."
        )


class StoreForked(StoreError):
    """A process that was forked uses the store of its parent; nothing was written."""

    def __init__(self, path: Path | None, parent: int | None = None) -> None:
        whose = "its parent" if parent is None else f"process {parent}"
        super().__init__(
            f"{str(path)!r} is open for writing in {whose}, from which this process was forked: what it "
            "wrote here would be lost. Work with the store in one process, or start others with "
            "multiprocessing.get_context('spawn')."
        )


class NotAStore(StoreError):
    """The file is not an eventlab store."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{str(path)!r} is not an eventlab store: {found}. Give the path of a new file to make a "
            "store, or bring the history in with el.read_table."
        )


class StoreNeeded(StoreError, TypeError):
    """Something else was given, where something is to be kept in a store."""

    def __init__(self, asked: str, found: object, *, is_cut: bool) -> None:
        what = "a cut, which is for reading only" if is_cut else f"a {type(found).__name__}"
        super().__init__(f"{asked} was given {what}: give the store itself, an el.EventStore(…).")


class NewerFormat(StoreError):
    """The file was written by a newer eventlab."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{str(path)!r} has store format {found}, and this eventlab knows formats up to {known}: "
            "upgrade eventlab to open it; nothing was changed."
        )


class NamelessStream(StoreError):
    """Events are of a stream that has no name."""

    def __init__(self, stream_no: int) -> None:
        super().__init__(
            f"there are events of the stream with the number {stream_no}, and no stream has that number: "
            "another program changed the file. Ask store.verify() what else it changed, or log.sql for "
            "columns other than the stream."
        )


class ReadOnly(StoreError):
    """A write was asked of something that only reads."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{str(path)!r} is open read-only, so nothing can be appended: open it without "
            "read_only=True (no other process may have it open then)."
        )


class InvalidDigest(EventLabError, ValueError):
    """What was given as the digest of a seal is none."""

    def __init__(self, found: object) -> None:
        super().__init__(
            f"verify(digest={short(found)}) was given no digest: give the 64 hexadecimal digits that "
            "store.seal().digest showed, or leave digest= out."
        )
