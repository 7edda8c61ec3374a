"""A file that grows by whole lines, each a message, in the order of the log, and is read from its end.

That its lines are sorted makes it searchable without an index. What an event is, is not known here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO
from weakref import finalize

from eventlab.errors import ForeignTarget, NotSent
from eventlab.outbox.messages import Message, to_line
from eventlab.outbox.standing import Place, parsed

START = b'{"specversion":"1.0","id":"'
BLOCK = 65_536


class LineFile:
    """An open file; what is torn at its end was cut off, and `last` is its last message."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            is_new = not path.exists()
            self._file = path.open("ab", buffering=0)
            finalize(self, self._file.close)
            self.last, self._size = self._cut()
            os.fsync(self._file.fileno())
            if is_new:
                _keep_name(path)
        except OSError as error:
            raise NotSent.to_file(path, error) from error
        self._kept = self._size

    def append(self, told: Message) -> None:
        """Write a line behind the last one."""
        line = to_line(told).encode() + b"\n"
        if os.fstat(self._file.fileno()).st_size != self._size:
            raise ForeignTarget.another_writer(self.path)
        try:
            written = self._file.write(line)
        except OSError as error:
            raise NotSent.to_file(self.path, error) from error
        if written != len(line):
            raise NotSent.torn(self.path, written, len(line))
        self._size += len(line)
        self.last = told

    def find(self, place: Place) -> Message | None:
        """Return the message of a place, if it is here."""
        with self.path.open("rb") as file:
            return find(file, self._size, place)

    def keep(self) -> None:
        """Have all lines on the disk."""
        try:
            if not os.path.samestat(os.fstat(self._file.fileno()), self.path.stat()):
                raise ForeignTarget.another_writer(self.path)
            os.fsync(self._file.fileno())
        except OSError as error:
            # The system may have dropped the lines, and says so only once: they are to be written again.
            self._file.truncate(self._kept)
            raise NotSent.to_file(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _cut(self) -> tuple[Message | None, int]:
        """Return the last message and where its line ends, and cut off what is torn behind it."""
        with self.path.open("rb") as file:
            end = end_of_lines(file)
            rest = _read(file, end, end + len(START))
            last = parsed(line_before(file, end)) if end else None
        if (end and last is None) or not START.startswith(rest):
            raise ForeignTarget.no_message(self.path, end)
        if rest:
            self._file.truncate(end)
        return last, end


def end_of_lines(file: BinaryIO) -> int:
    """Return where the last complete line ends; behind it there is at most a torn one."""
    end = file.seek(0, 2)
    while end > 0:
        start = max(0, end - BLOCK)
        newline = _read(file, start, end).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def line_before(file: BinaryIO, end: int) -> bytes:
    """Return the complete line that ends there."""
    start = end - 1
    while start > 0:
        block = max(0, start - BLOCK)
        newline = _read(file, block, start).rfind(b"\n")
        if newline >= 0:
            return _read(file, block + newline + 1, end)
        start = block
    return _read(file, 0, end)


def find(file: BinaryIO, end: int, place: Place) -> Message | None:
    """Return the message of a place, by halving the file; None where there is none."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        start = _next_line(file, middle)
        if start >= high:
            high = middle
            continue
        found = _message_at(file, start)
        if Place.of(found) == place:
            return found
        low, high = (file.tell(), high) if Place.of(found) < place else (low, middle)
    return None


def _next_line(file: BinaryIO, byte: int) -> int:
    """Return where the first line begins that does so at a byte or behind it."""
    if byte == 0:
        return file.seek(0)
    file.seek(byte - 1)
    file.readline()
    return file.tell()


def _message_at(file: BinaryIO, start: int) -> Message:
    found = parsed(file.readline())
    if found is None:
        raise ForeignTarget.line(file.name, start)
    return found


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _keep_name(path: Path) -> None:
    """Have a new file's name on the disk too; Windows opens no folder for that."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
