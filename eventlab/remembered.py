"""What was worked out of a text, remembered for as long as there are not too many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

MOST = 512


class Remembered(dict[str, Answer]):
    """Answers by the text they were worked out of; some texts come once, so it begins afresh when it is full.

    Examples
    --------
    >>> lengths = Remembered[int]()
    >>> lengths.of("card", lambda: len("card")), lengths.of("card", lambda: 0 / 0)
    (4, 4)
    """

    def of(self, text: str, work_out: Callable[[], Answer]) -> Answer:
        """Return the answer to a text, worked out the first time it is asked for."""
        found = self.get(text)
        if found is None:
            found = work_out()
            if len(self) >= MOST:
                self.clear()
            self[text] = found
        return found
