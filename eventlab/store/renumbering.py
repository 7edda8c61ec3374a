"""How numbers move when some are taken out and others put in: positions of a log, versions of a stream."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

UNBOUNDED = 2**62


class Stretch(NamedTuple):
    """Numbers in a row, first and last, that move together."""

    low: int
    high: int
    shift: int


class Renumbering:
    """Where each number 1, 2, 3 … stands after a change.

    Parameters
    ----------
    dropped : iterable of int
        The numbers that are taken out.
    inserted_after : iterable of int
        For each one put in, the number it follows; 0 is the beginning.

    Examples
    --------
    >>> moved = Renumbering(dropped=[2], inserted_after=[4, 4])
    >>> [moved(number) for number in (1, 3, 4, 5)]
    [1, 2, 3, 6]
    >>> [tuple(stretch) for stretch in moved.stretches(6)]
    [(1, 1, 0), (3, 4, -1), (5, 6, 1)]
    """

    def __init__(self, dropped: Iterable[int], inserted_after: Iterable[int]) -> None:
        self._dropped, self._inserted = sorted(dropped), sorted(inserted_after)

    def __call__(self, number: int) -> int:
        """Return where a number stands now, or what is left of the numbers up to it."""
        return number - bisect_right(self._dropped, number) + bisect_left(self._inserted, number)

    def drops(self, number: int) -> bool:
        """Tell whether a number is taken out."""
        at = bisect_left(self._dropped, number)
        return at < len(self._dropped) and self._dropped[at] == number

    def moves(self) -> Iterator[tuple[int, int, int | None]]:
        """Yield what does not stay as it is: first number, last, and shift; None where dropped."""
        for low, high, shift in self.stretches(UNBOUNDED):
            if shift:
                yield low, high, shift
        for number in self._dropped:
            yield number, number, None

    def stretches(self, last: int, without: Iterable[int] = ()) -> Iterator[Stretch]:
        """Yield the numbers 1 to ``last`` that are left, in stretches with the same shift."""
        gone = {*self._dropped, *without}
        after = {number + 1 for number in (*gone, *self._inserted)}
        starts = sorted(number for number in {1, *gone, *after} if number <= last)
        for low, following in zip(starts, [*starts[1:], last + 1], strict=False):
            if low not in gone:
                yield Stretch(low, following - 1, self(low) - low)
