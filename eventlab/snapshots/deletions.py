"""Whether snapshots were deleted while somebody read them.

A reader chooses a snapshot by one query and reads its rows by the next; between the two another thread may
have deleted it, and rows that are gone look like those of an empty state. Another process cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Deletions:
    """Counts how many deletions have begun and ended, in all stores of this process.

    Examples
    --------
    >>> deletions = Deletions()
    >>> before = deletions.mark()
    >>> deletions.since(before)
    False
    >>> with deletions.one():
    ...     deletions.since(before), deletions.since(deletions.mark())
    (True, True)
    >>> deletions.since(before), deletions.since(deletions.mark())
    (True, False)
    """

    def __init__(self) -> None:
        self._begun = self._ended = 0
        self._counting = Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Delete something in this block."""
        with self._counting:
            self._begun += 1
        try:
            yield
        finally:
            with self._counting:
                self._ended += 1

    def mark(self) -> tuple[int, int]:
        """Return what to ask `since` with."""
        with self._counting:
            return self._begun, self._ended

    def since(self, mark: tuple[int, int]) -> bool:
        """Tell whether anything may have been deleted since a mark was taken."""
        begun, ended = mark
        return begun != ended or self.mark()[0] != begun


DELETIONS = Deletions()
