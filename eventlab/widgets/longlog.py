"""A log too long to be sent whole: every event is a stop, and the browser holds a window of them.

A window shows few rows: those that its events touch, and those that changed last before it. So their streams
are folded and no others, from the last snapshot before the window where there is one. Knows nothing of how
a scene looks, and nothing of browsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventlab.errors import FoldFailed
from eventlab.event import RecordedEvent
from eventlab.snapshots import Snapshots
from eventlab.widgets.living import Living
from eventlab.widgets.reading import (
    MOST_STEPS,
    failures,
    touches_of,
)
from eventlab.widgets.scenes import Course, Reading, State, Touch

Numbers: TypeAlias = "npt.NDArray[np.int64]"

WINDOW = 128
"""Steps that the browser holds at once."""

GLANCE = 16
"""Steps that it gets when the slider has jumped; the others follow as soon as it moves on from there."""

BACK = (2, 16, 128)
"""How many events before a window are looked at to find the rows changed last, in events for each row."""

PART = 250_000
"""Events that are folded at once in a search: it takes part of a second."""


def is_long(log: Any, projection: Any) -> bool:
    """Whether to read a log in windows: it is longer than a whole book, and can be cut anywhere."""
    cut = getattr(log, "cut", None)
    if cut is None or cut.by_occurrence or log.has_parts:
        return False
    return getattr(projection, "by_stream", False) and len(log) > MOST_STEPS


@dataclass
class LongLog:
    """A long log and the state of all its streams, read where the slider stands.

    Attributes
    ----------
    log : Log
        As it was when it was opened, whatever was appended since.
    total : int
        Events, each of them a stop.
    positions : range or array
        Their positions.
    """

    log: Any
    projection: Any
    rows: int
    total: int = field(init=False)
    positions: range | Numbers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._failed: FoldFailed | None = None
        positions = self.log.positions()
        self.positions = positions if isinstance(positions, range) else np.array(positions, "int64")
        self.total = len(positions)
        self.log = self.log.until(position=self.position(self.total))
        self._streams = _streams(self.log, self.rows + 1)
        self._living = (
            None if self.projection.skips else Living(self.log, self.projection.ends_with)
        )

    def position(self, step: int) -> int:
        """Return the position of the event behind a step; 0 before the first."""
        return int(self.positions[step - 1]) if step else 0

    def steps(self, positions: Numbers) -> Numbers:
        """Return the steps behind the events at some positions."""
        if isinstance(self.positions, range):
            return positions - (self.positions.start - 1)
        return np.searchsorted(self.positions, positions) + 1

    def state(self, step: int) -> pd.DataFrame:
        """Return the state of all keys at a step."""
        state: pd.DataFrame = self.projection(self.log.until(position=self.position(step)))
        return state

    def event(self, step: int) -> RecordedEvent:
        """Return the event behind a step."""
        event: RecordedEvent = self.log.at(self.position(step))[0]
        return event

    def window(self, step: int, steps: int | None = None) -> Reading:
        """Return a reading of so many steps around one, with what was there before them.

        Where a fold of what is in sight fails, the steps from there on show the failure and the last state
        before it.
        """
        steps = steps or WINDOW
        first = max(0, min(step - steps // 2, self.total - steps + 1))
        numbers = range(max(first - 1, 0), min(first + steps, self.total + 1))
        return self.as_far_as_it_goes(lambda: self._window(numbers, skipped=int(first > 0)))

    def _window(self, numbers: range, skipped: int) -> Reading:
        self._replayed = 0
        alive = self.alive(numbers[0])
        events, start, touches = self._in_sight(numbers, alive)
        return self.reading(
            list(numbers),
            events,
            touches,
            starts={0: start},
            skipped=skipped,
            counts=_counts(alive, start, touches, len(numbers)),
            replayed=self._replayed,
        )

    def course(self, field: str) -> Iterator[Course]:
        """Yield what a field became at every event, a part of the log at a time."""
        ends = [*range(PART, self.total, PART), self.total]
        parts = self.projection.course(self.log, field, list(map(self.position, ends)))
        for end, part in zip(ends, parts, strict=True):
            steps = self.steps(part["position"].to_numpy())
            yield Course(end, steps, part[field], part["alive"].to_numpy())

    def as_far_as_it_goes(self, ask: Callable[[], Reading]) -> Reading:
        """Return a reading; where a fold fails, the steps from there on show the failure."""
        try:
            return ask()
        except FoldFailed as failed:
            self._failed = failed
            return ask()

    # -- parts of a reading ----------------------------------------------------------------------

    def reading(
        self, numbers: list[int], events: list[RecordedEvent], touches: list[Touch], **parts: Any
    ) -> Reading:
        """Return a reading of these parts."""
        return Reading(
            name=str(self.projection.name),
            key_names=self._key_names,
            fields=self.fields,
            key=None,
            total=self.total,
            numbers=numbers,
            events=events,
            touches=touches,
            others=self._streams,
            errors={} if self._failed is None else failures(events, self._failed),
            **parts,
        )

    @property
    def _key_names(self) -> list[str]:
        return list(self.projection.key_names)

    @property
    def fields(self) -> list[str]:
        """The columns of the state, but for the position."""
        columns = self.state(0).columns if not self.projection.fields else self.projection.fields
        return [name for name in columns if name != "position"]

    def _known(self, log: Any, position: int) -> Any:
        return log.until(position=self.last_known(position))

    def last_known(self, position: int) -> int:
        """Return a position, or where it lies behind a failure the last before that."""
        return position if self._failed is None else min(position, self._failed.position - 1)

    def alive(self, step: int) -> int:
        """Return how many keys are alive at a step."""
        if self._living is None:
            return len(self._folded("__call__", self._known(self.log, self.position(step))))
        return self._living.at(self.last_known(self.position(step)))

    def _in_sight(
        self, numbers: range, alive: int
    ) -> tuple[list[RecordedEvent], State, list[Touch]]:
        """Return the events of a window, the rows it shows or changes as they were before, and its touches.

        Whatever changed behind some position is among the streams of the events behind it.
        """
        for back in BACK:
            earlier, events = self._events(numbers, back * self.rows)
            streams = {event.stream for event in (*earlier, *events)}
            start, touches = self._onward(streams, numbers)
            shown = self.rows + sum(touch.row is None for touch in touches)
            since = earlier[0].position if earlier else 1
            if (start["position"] >= since).sum() >= min(shown, alive):
                break
        else:
            streams.update(self.newest(numbers[0], shown))
            start, touches = self._onward(streams, numbers)
        return events, self._state(start), touches

    def newest(self, step: int, rows: int | None = None) -> set[str]:
        """Return the streams whose rows changed last before a step: as many as are seen, or so many."""
        before = self._known(self.log, self.position(step))
        return set(self._folded("newest", before, rows or self.rows).index)

    def events(self, last: int, most: int) -> list[RecordedEvent]:
        """Return the events behind so many steps up to one, or behind all there are."""
        part = self.log.since(position=self.position(max(last - most, 0) + 1))
        # Not list(part), which would ask for its length: one more query.
        return list(iter(part.until(position=self.position(last))))

    def onward(self, streams: set[str], numbers: Sequence[int]) -> tuple[State, list[Touch]]:
        """Return the rows of some streams at the first of some steps, and what the others did to them."""
        start, touches = self._onward(streams, numbers)
        return self._state(start), touches

    def _state(self, rows: pd.DataFrame) -> State:
        touches = touches_of(rows, [0] * len(rows), self._key_names, self.fields)
        return {touch.key: touch.row or () for touch in touches}

    def _events(self, numbers: range, back: int) -> tuple[list[RecordedEvent], list[RecordedEvent]]:
        """Return so many events before a window, and its own."""
        events = self.events(numbers[-1], numbers[-1] - numbers[0] + back)
        split = len(events) - len(numbers) + 1
        return events[:split], events[split:]

    def _onward(
        self, streams: set[str], numbers: Sequence[int]
    ) -> tuple[pd.DataFrame, list[Touch]]:
        """Return the rows of some streams before a window, in order of their change, and its touches."""
        positions = [self.position(number) for number in numbers]
        part = self._known(self.log.stream(*streams), positions[-1])
        rows = self._folded("onward", part, positions[0])
        is_late = rows["position"] > positions[0]
        early, late = rows[~is_late].drop_duplicates(self._key_names, keep="last"), rows[is_late]
        steps = np.searchsorted(positions, late["position"]).tolist()
        touches = touches_of(late, steps, self._key_names, self.fields)
        return early[early["alive"]].sort_values("position"), list(touches)

    def _folded(self, verb: str, log: Any, *given: Any) -> pd.DataFrame:
        """Ask the projection, and count the events that it folds for the answer."""
        answer: pd.DataFrame = getattr(self.projection, verb)(log, *given)
        counts_itself = isinstance(self.projection, Snapshots)
        self._replayed += self.projection.replayed if counts_itself else len(log)
        return answer


def _streams(log: Any, most: int) -> int:
    """Return how many streams there are, without counting beyond so many."""
    distinct = f"select distinct stream_no from events limit {most:d}"
    [(found,)] = log.select(f"select count(*) from ({distinct})").fetchall()
    return int(found)


def _counts(alive: int, start: State, touches: list[Touch], steps: int) -> list[int]:
    """Return how many keys are alive at each step, given how many were before the first."""
    living = set(start)
    change = [0] * steps
    for step, key, row in touches:
        change[step] += (row is not None) - (key in living)
        (living.discard if row is None else living.add)(key)
    return list(accumulate(change, initial=alive))[1:]
