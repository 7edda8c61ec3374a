"""A log too long to be sent whole: every event is a stop, and the browser holds a window of them.

A window is read from the state before its first event, which a projection with snapshots gives in
milliseconds whatever the position, and from the few streams that its events touch. Knows nothing of
how a scene looks, and nothing of browsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eventlab.errors import FoldFailed
from eventlab.event import RecordedEvent
from eventlab.widgets.reading import (
    MOST_STEPS,
    failures,
    parts_of,
    thinned,
    touches_of,
    values_of,
)
from eventlab.widgets.scenes import Key, Reading, Row, State, Touch

WINDOW = 128
"""Steps that the browser holds at once."""

MOST_PAGES = 500
"""Stops of a page saved from a long log."""


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
    total : int
        Events, each of them a stop.
    positions : sequence of int
        Their positions.
    """

    log: Any
    projection: Any
    rows: int
    total: int = field(init=False)
    positions: Sequence[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._failed: FoldFailed | None = None
        self.total = len(self.log)
        self.positions = self.log.positions()
        self._streams = _streams(self.log, self.rows + 1)

    def position(self, step: int) -> int:
        """Return the position of the event behind a step; 0 before the first."""
        return int(self.positions[step - 1]) if step else 0

    def state(self, step: int) -> pd.DataFrame:
        """Return the state of all keys at a step."""
        state: pd.DataFrame = self.projection(self.log.until(position=self.position(step)))
        return state

    def event(self, step: int) -> RecordedEvent:
        """Return the event behind a step."""
        event: RecordedEvent = self.log.at(self.position(step))[0]
        return event

    def window(self, step: int) -> Reading:
        """Return a reading of the steps around one, with what was there before them.

        Where a fold fails, its steps from there on show the failure and the last state before it.
        """
        return self._as_far_as_it_goes(lambda: self._window(step))

    def _window(self, step: int) -> Reading:
        first = max(0, min(step - WINDOW // 2, self.total - WINDOW + 1))
        before = max(first - 1, 0)
        numbers = list(range(before, min(first + WINDOW, self.total + 1)))
        events = self._events(numbers)
        state = self._known_state(before)
        streams = list(dict.fromkeys(event.stream for event in events))
        start = self._start(state, streams)
        touches = list(self._touches(streams, numbers))
        return self._reading(
            numbers,
            events,
            touches,
            start=start,
            skipped=int(first > 0),
            counts=_counts(len(state), start, touches, len(numbers)),
            errors={} if self._failed is None else failures(events, self._failed),
        )

    def touches(self) -> Iterator[Touch]:
        """Yield what every event did: all of them are folded."""
        changes = self.projection.changes(self.log)
        steps = (np.searchsorted(self.positions, changes["position"]) + 1).tolist()
        yield from touches_of(changes, steps, list(self.projection.key_names), self.fields)

    def stops(self, most: int = MOST_PAGES) -> Reading:
        """Return a reading of at most so many stops, evenly spread: for a page without a kernel.

        At each only the rows changed last are seen, so no others are kept.
        """
        return self._as_far_as_it_goes(lambda: self._stops(most))

    def _as_far_as_it_goes(self, ask: Callable[[], Reading]) -> Reading:
        try:
            return ask()
        except FoldFailed as failed:
            self._failed = failed
            return ask()

    def _stops(self, most: int) -> Reading:
        numbers = thinned(self.total, most)
        shown = tqdm(numbers, desc="stops", unit=" states", delay=2, leave=False)
        states = [self._known_state(number) for number in shown]
        events = [self.event(number) for number in numbers[1:]]
        return self._reading(
            numbers,
            events,
            list(self._newest_touches(states)),
            counts=[len(state) for state in states],
            errors={} if self._failed is None else failures(events, self._failed),
        )

    # -- parts of a reading ----------------------------------------------------------------------

    def _reading(
        self, numbers: list[int], events: list[RecordedEvent], touches: list[Touch], **parts: Any
    ) -> Reading:
        return Reading(
            name=str(self.projection.name),
            key_names=list(self.projection.key_names),
            fields=self.fields,
            key=None,
            total=self.total,
            numbers=numbers,
            events=events,
            touches=touches,
            others=self._streams,
            **parts,
        )

    @property
    def fields(self) -> list[str]:
        """The columns of the state, but for the position."""
        columns = self.state(0).columns if not self.projection.fields else self.projection.fields
        return [name for name in columns if name != "position"]

    def _known_state(self, step: int) -> pd.DataFrame:
        """Return the state at a step, or the last before a failure."""
        state: pd.DataFrame = self.projection(self._known(self.log, self.position(step)))
        return state

    def _known(self, log: Any, position: int) -> Any:
        last = position if self._failed is None else min(position, self._failed.position - 1)
        return log.until(position=last)

    def _events(self, numbers: list[int]) -> list[RecordedEvent]:
        if len(numbers) < 2:
            return []
        low, high = self.position(numbers[1]), self.position(numbers[-1])
        # A step is a position: of events that share one, the last is told.
        events = self.log.since(position=low).until(position=high)
        return list({event.position: event for event in events}.values())

    def _start(self, state: pd.DataFrame, streams: list[str]) -> State:
        """Return the rows that the window shows or changes, the one changed last at the end."""
        newest = state.nlargest(self.rows, "position").index
        rows = state[state.index.isin(newest) | state.index.isin(streams)].sort_values("position")
        return dict(zip(map(parts_of, rows.index), self._rows(rows), strict=True))

    def _touches(self, streams: list[str], numbers: list[int]) -> Iterator[Touch]:
        """Yield what the events of a window did: their streams are read, the others not at all."""
        if not streams:
            return
        positions = [self.position(number) for number in numbers]
        part = self._known(self.log.stream(*streams), positions[-1])
        changes = self.projection.changes(part)
        changes = changes[changes["position"] > positions[0]]
        steps = np.searchsorted(positions, changes["position"]).tolist()
        yield from touches_of(changes, steps, list(self.projection.key_names), self.fields)

    def _newest_touches(self, states: list[pd.DataFrame]) -> Iterator[Touch]:
        """Yield the rows changed last at each stop; of these, and no others, it is said that they went."""
        shown: set[Key] = set()
        last = 0
        for step, state in enumerate(states):
            newest = state.nlargest(self.rows, "position")[::-1]
            there = shown & set(map(parts_of, state.index)) if shown else shown
            yield from (Touch(step, key, None) for key in sorted(shown - there))
            changed = newest[newest["position"] > last]
            for key, row in zip(map(parts_of, changed.index), self._rows(changed), strict=True):
                yield Touch(step, key, row)
            shown = there | set(map(parts_of, changed.index))
            last = int(state["position"].max()) if len(state) else last

    def _rows(self, frame: pd.DataFrame) -> Iterator[Row]:
        return zip(*(values_of(frame[name]) for name in self.fields), strict=True)


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
