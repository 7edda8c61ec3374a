"""Stops spread evenly over a long log, for a page that has no kernel: what is in sight at each, and no more.

A stop shows few rows, those changed last, so the streams of the last events before it are folded and no
others: those of fifty stops at once, from the first of these to the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from tqdm.auto import tqdm

from eventlab.event import RecordedEvent
from eventlab.widgets.longlog import BACK, LongLog
from eventlab.widgets.reading import thinned
from eventlab.widgets.scenes import Reading

MOST_PAGES = 500
"""Stops of a page, but for those that are asked for."""

TOGETHER = 50
"""Stops whose streams are folded at once."""


class Sight(NamedTuple):
    """How many keys live at a stop, the streams that may be seen from it, and the event behind it."""

    alive: int
    streams: set[str]
    event: RecordedEvent | None


def spread(long: LongLog, also: Iterable[int] = ()) -> Reading:
    """Return a reading of so many stops, evenly spread, and of some that are asked for besides."""
    numbers = sorted({*thinned(long.total, MOST_PAGES), *also})
    return long.as_far_as_it_goes(lambda: _read(long, numbers))


def _read(long: LongLog, numbers: list[int]) -> Reading:
    sights = list(tqdm(_sights(long, numbers), total=len(numbers), **_BAR))
    starts, touches = {}, []
    for first in tqdm(range(1, len(numbers), TOGETHER), **_BAR | {"unit": f" × {TOGETHER}"}):
        together = slice(first - 1, first + TOGETHER)
        streams = set[str]().union(*(sight.streams for sight in sights[together]))
        starts[first], late = long.onward(streams, numbers[together])
        touches += [touch._replace(step=touch.step + first - 1) for touch in late]
    counts, _, events = zip(*sights, strict=True)
    return long.reading(numbers, list(events[1:]), touches, starts=starts, counts=list(counts))


_BAR = {"desc": "stops", "unit": " stops", "delay": 2, "leave": False}


def _sights(long: LongLog, numbers: list[int]) -> Iterator[Sight]:
    yield Sight(0, set(), None)
    if long.projection.skips:  # only folding tells which events leave a row
        cuts = [long.last_known(long.position(number)) for number in numbers]
        states = long.projection.states(long.log, cuts)
        for number, state in islice(zip(numbers, states, strict=True), 1, None):
            newest = set(state.nlargest(long.rows, "position").index)
            yield Sight(len(state), newest, long.event(number))
        return
    for number in numbers[1:]:
        yield _sight(long, number)


def _sight(long: LongLog, number: int) -> Sight:
    """Look back until as many living streams were touched as are seen."""
    alive, ends = long.alive(number), long.projection.ends_with
    for back in BACK:
        events = long.events(number, back * long.rows)
        lives: dict[str, bool] = {}
        for event in reversed(events):
            lives.setdefault(event.stream, event.type not in ends)
            if sum(lives.values()) == min(long.rows, alive):
                return Sight(alive, set(lives), events[-1])
    return Sight(alive, set(lives).union(long.newest(number)), events[-1])
