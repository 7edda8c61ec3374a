"""The pages that are at hand: a reading, bound to a book, and which step stands on which page.

A short log is one book of all its steps; of a long one the pages around the slider are read afresh
whenever it comes near an end of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from eventlab.widgets.beside import Beside, Code
from eventlab.widgets.flipbook import Frame, bind
from eventlab.widgets.fragments import Picture
from eventlab.widgets.plaintext import title
from eventlab.widgets.scenes import Key, Reading, Row, Scene, scenes
from eventlab.widgets.stops import columns
from eventlab.widgets.transport import pinned, transport
from eventlab.widgets.versions import versions


class Pages:
    """The steps of one reading; the first of them may be any step of a long log."""

    def __init__(
        self,
        reading: Reading,
        picture: Picture,
        rows: int,
        *,
        windowed: bool,
        code: Code | None = None,
    ) -> None:
        self.reading, self._picture, self._rows = reading, picture, rows
        self._cost = {"replayed": reading.replayed} if windowed else {}
        self._read_from = reading.numbers[0] if windowed else 0
        self.first = self._read_from + reading.skipped
        self.versions = None if windowed else versions(reading)
        self._beside = Beside(reading, code, self._read_from)
        self._book = bind(self._frame(*seen) for seen in scenes(reading, rows))

    @property
    def last(self) -> int:
        """The last step at hand."""
        return self.first + len(self._book) - 1

    def holds(self, step: int, margin: int = 0, end: int | None = None) -> bool:
        """Whether a step is at hand, and so many more on both sides of it as far as there are any."""
        low, high = max(step - margin, 0), step + margin
        return self.first <= low and (high if end is None else min(high, end)) <= self.last

    def event(self, step: int) -> Any:
        """Return the event behind a step; None before the first."""
        place = step - self._read_from
        return self.reading.events[place - 1] if place else None

    def scene(self, step: int) -> Scene:
        """Return what is seen at a step."""
        return next(islice(scenes(self.reading, self._rows), step - self.first, None))[0]

    def html(self, step: int) -> str:
        """Return the picture of a step."""
        return self._picture.html(self._book.frame(step - self.first))

    def packed(self, last: int) -> bytes:
        """Return the pages as they go to a browser, for a slider that ends at `last`."""
        controls = transport(title(self.reading), last)
        shell = controls + self._picture.html({}) + pinned() + self._beside.html()
        beside = {"stops": columns(self.reading), "versions": self.versions, **self._cost}
        return self._book.packed(shell, self.first, last, **beside)

    def _frame(self, scene: Scene, state: Mapping[Key, Row]) -> Frame:
        return {**self._picture.frame(scene, state), **self._beside.frame(scene)}
