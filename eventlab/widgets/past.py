"""What a time machine looks at: the steps at hand, where a place lies, what is under the slider.

Two that answer alike. A log is read once and bound as a book of all its steps; where it is too long for
that, the steps around the slider are read, and others as soon as it has moved on. Knows nothing of traits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from eventlab.widgets import reading as read
from eventlab.widgets.axis import AXES
from eventlab.widgets.beside import code_of
from eventlab.widgets.fragments import Picture
from eventlab.widgets.longlog import GLANCE, LongLog, is_long
from eventlab.widgets.pages import Pages
from eventlab.widgets.places import InLog, InReading, Places
from eventlab.widgets.scenes import Course, Reading
from eventlab.widgets.spread import spread
from eventlab.widgets.strip import named_places, places_of
from eventlab.widgets.tracks import OfReading, Tracks
from eventlab.widgets.tracks_of_log import OfLog
from eventlab.widgets.views import Render

NEAR = 32
"""Steps before the end of the pages at hand at which the next are fetched."""

Marks = Mapping[str, int | Iterable[int]]
"""The reader's own marks: a position or several, by what they stand for."""


class Kept(NamedTuple):
    """Pages that need no kernel, what lies under their slider, and which step each of their stops is."""

    pages: Pages
    tracks: dict[Any, Any]
    steps: Sequence[int]


class Past(ABC):
    """What a time machine asks of a log and a projection.

    Attributes
    ----------
    log, projection
        As they were given.
    pages : Pages
        The steps at hand.
    places : Places
        Where a time, a position and the next of a kind are.
    tracks : Tracks
        What lies under the slider.
    """

    pages: Pages
    places: Places
    tracks: Tracks

    def __init__(
        self, log: read.Log, projection: read.Projection, reading: Reading, picture: Picture
    ) -> None:
        self.log, self.projection = log, projection
        self._picture, self._code = picture, code_of(projection, reading)

    @property
    @abstractmethod
    def last(self) -> int:
        """The last step."""

    @property
    def replayed(self) -> int:
        """How many events were folded for the pages at hand."""
        return self.pages.reading.replayed

    @abstractmethod
    def turn(self, step: int) -> bool:
        """Bring the pages around a step to hand; tell whether these are others than before."""

    @abstractmethod
    def pages_at(self, step: int) -> Pages:
        """Return pages with a step, and leave those at hand where they are."""

    @abstractmethod
    def state(self, step: int) -> pd.DataFrame:
        """Return the state at a step."""

    @abstractmethod
    def course(self, field: str) -> Iterator[Course]:
        """Yield what a field became at every step, a part of them at a time."""

    @abstractmethod
    def kept(self, steps: Iterable[int]) -> Kept:
        """Return what a page without a kernel is made of, with some steps that must be among its stops."""

    def position(self, step: int) -> int:
        """Return the position of the event behind a step; 0 before the first."""
        return int(self.pages_at(step).event(step).position) if step else 0

    def packed(self) -> bytes:
        """Return the pages at hand as they go to a browser."""
        return self.pages.packed(self.last)


def past_of(
    log: read.Log,
    projection: read.Projection,
    key: Any,
    *,
    render: Render | None,
    step: int | None,
    max_steps: int | None,
    rows: int,
    marks: Marks,
) -> Past:
    """Return the past of a log: in windows where it is long and may be read so, otherwise as a whole."""
    there = {**places_of(log, projection), **named_places(marks)}
    if key is None and render is None and max_steps is None and is_long(log, projection):
        return InWindows(log, LongLog(log, projection, rows), step, there)
    reading = read.read(log, projection, key, max_steps)
    return AsAWhole(log, projection, reading, rows, render, there)


class AsAWhole(Past):
    """All steps, read once."""

    def __init__(
        self,
        log: read.Log,
        projection: read.Projection,
        reading: Reading,
        rows: int,
        render: Render | None,
        marks: Mapping[str, list[int]],
    ) -> None:
        super().__init__(log, projection, reading, Picture(reading, rows, render))
        self.pages = Pages(reading, self._picture, rows, windowed=False, code=self._code)
        self.places, self.tracks = InReading(reading), OfReading(reading, marks)

    @property
    def last(self) -> int:
        """The last step."""
        return self.pages.reading.last

    def turn(self, step: int) -> bool:
        """Have all pages at hand, always."""
        return False

    def pages_at(self, step: int) -> Pages:
        """Return all pages."""
        return self.pages

    def state(self, step: int) -> pd.DataFrame:
        """Return the state at a step: of the key, or of all keys where none was named."""
        return read.frame(self.log, self.projection, self.pages.reading, step)

    def course(self, field: str) -> Iterator[Course]:
        """Yield what a field became at every step, all at once."""
        place, touches = self.pages.reading.fields.index(field), self.pages.reading.touches
        yield Course(
            self.last,
            [touch.step for touch in touches],
            [touch.row and touch.row[place] for touch in touches],
            [touch.row is not None for touch in touches],
        )

    def kept(self, steps: Iterable[int]) -> Kept:
        """Return all pages."""
        tracks = {axis: self.tracks.on(axis) for axis in AXES}
        return Kept(self.pages, tracks, range(self.last + 1))


class InWindows(Past):
    """The steps around the slider, of a log too long to be read at once."""

    def __init__(
        self, log: read.Log, long: LongLog, step: int | None, marks: Mapping[str, list[int]]
    ) -> None:
        self._long, self._rows = long, long.rows
        reading = long.window(long.total if step is None else min(max(step, 0), long.total), GLANCE)
        super().__init__(log, long.projection, reading, Picture(reading, long.rows))
        self.pages = self._bound(reading)
        self.places, self.tracks = InLog(long), OfLog(long, marks)

    @property
    def last(self) -> int:
        """The last step."""
        return self._long.total

    def turn(self, step: int) -> bool:
        """Fetch pages before the slider reaches the end of those at hand; few where it has jumped."""
        if self.pages.holds(step, NEAR, self.last):
            return False
        steps = None if self.pages.holds(step) else GLANCE
        self.pages = self._bound(self._long.window(step, steps))
        return True

    def pages_at(self, step: int) -> Pages:
        """Return the pages at hand, or others where these do not hold the step."""
        return (
            self.pages if self.pages.holds(step) else self._bound(self._long.window(step, GLANCE))
        )

    def state(self, step: int) -> pd.DataFrame:
        """Return the state of all keys at a step."""
        return self._long.state(step)

    def course(self, field: str) -> Iterator[Course]:
        """Yield what a field became at every event, folding as far as it is asked to."""
        return self._long.course(field)

    def kept(self, steps: Iterable[int]) -> Kept:
        """Return stops spread over the whole log, and some that are asked for."""
        reading = spread(self._long, steps)
        picture = Picture(reading, self._rows)
        pages = Pages(reading, picture, self._rows, windowed=False, code=self._code)
        tracks = {axis: self.tracks.on(axis, reading.numbers) for axis in AXES}
        return Kept(pages, tracks, reading.numbers)

    def _bound(self, reading: Reading) -> Pages:
        picture = self._picture.turned_to(reading)
        return Pages(reading, picture, self._rows, windowed=True, code=self._code)
