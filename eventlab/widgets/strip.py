"""Where in a log which events lie: a lane for each type, under the slider and as wide as it.

A type is told by its lane and the name beside it, so colour never speaks alone. Above the types lie
the marks: snapshots, the point where a branch leaves its parent, whatever the reader names. However
long the log, a lane has at most so many bars as a screen can tell apart. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from operator import index
from typing import Any, NamedTuple

from eventlab.errors import TimeMachineError
from eventlab.widgets.markup import counted, word
from eventlab.widgets.values import short

BINS = 240
"""Bars of a lane at most."""

MOST_LANES = 6
"""Types with a lane of their own; the rest share one."""

WIDTH, HEIGHT = 1000, 16
"""The square units of a lane; the browser stretches them to the width there is."""


@dataclass(frozen=True)
class Lane:
    """One row of the strip.

    Attributes
    ----------
    name : str
        A type of event, or what a mark stands for.
    total : int
        How many there are.
    bins : dict of int to int
        How many lie in each part of the track; empty parts are left out.
    is_mark : bool
        Whether these are places, not events.
    is_rest : bool
        Whether these are the events of several types, which share it.
    """

    name: str
    total: int
    bins: dict[int, int]
    is_mark: bool = False
    is_rest: bool = False


class Track(NamedTuple):
    """What lies under the slider: the names of the lanes and the lanes, as HTML; as text, what is heard."""

    names: str
    lanes: str
    label: str


def lanes(types: Sequence[str], parts: Sequence[int] | None = None) -> list[Lane]:
    """Return the lanes of events, given the type behind each stop: the most frequent type first.

    The `parts` say in which part of the track each stop lies; left out, the stops share it equally.

    Examples
    --------
    >>> [(lane.name, lane.bins) for lane in lanes(["CardLoaded", "CardRedeemed", "CardLoaded"])]
    [('CardLoaded', {0: 1, 2: 1}), ('CardRedeemed', {1: 1})]
    """
    total = len(types)
    placed = parts if parts is not None else [bin_of(n, total) for n in range(1, total + 1)]
    counts = Counter(zip(types, placed, strict=True))
    return gathered((kind, place, count) for (kind, place), count in counts.items())


def marked(name: str, parts: Iterable[int]) -> Lane:
    """Return a lane of marks, given the parts of the track they stand in."""
    there = list(parts)
    return Lane(name, len(there), dict(Counter(there)), True)


def places_of(log: Any, projection: Any) -> dict[str, list[int]]:
    """Return the positions that a log and a projection know by themselves, by what they are."""
    found: dict[str, list[int]] = {}
    if hasattr(projection, "kept"):
        found["snapshots"] = projection.kept()["position"].tolist()
    if hasattr(log, "origin"):
        found["branches here"] = [int(log.origin["position"].iloc[0])]
    return {name: places for name, places in found.items() if places}


def named_places(marks: Mapping[str, int | Iterable[int]]) -> dict[str, list[int]]:
    """Return the reader's own marks, each as a list of positions.

    Raises
    ------
    TimeMachineError
        When the marks are no mapping, or a mark is neither a position nor several.
    """
    if not isinstance(marks, Mapping):
        raise TimeMachineError.no_marks(marks)
    return {str(name): _places(name, at) for name, at in marks.items()}


def bins_for(last: int) -> int:
    """Return into how many parts the track of so many stops is divided."""
    return max(min(last, BINS), 1)


def bin_of(step: float, last: int) -> int:
    """Return the part of the track in which a stop lies; the stop before the first event lies in part 0."""
    return int((max(step, 1) - 1) * bins_for(last) // max(last, 1))


def gathered(counts: Iterable[tuple[str, int, int]]) -> list[Lane]:
    """Return lanes from rows of type, part and number; types beyond the sixth share the last lane."""
    bins: dict[str, dict[int, int]] = {}
    for kind, place, count in counts:
        bins.setdefault(kind, {})[place] = count
    ranked = sorted(bins, key=lambda kind: (-sum(bins[kind].values()), kind))
    own = ranked if len(ranked) <= MOST_LANES else ranked[: MOST_LANES - 1]
    found = [Lane(kind, sum(bins[kind].values()), bins[kind]) for kind in own]
    rest: Counter[int] = Counter()
    for kind in ranked[len(own) :]:
        rest.update(bins[kind])
    if not rest:
        return found
    name = f"{len(ranked) - len(own)} other types"
    return [*found, Lane(name, rest.total(), dict(rest), is_rest=True)]


def track(found: Sequence[Lane], bins: int) -> Track:
    """Return the lanes, marks first, as two columns of the same rows, on a track of so many parts."""
    tallest = _tallest([number for lane in found for number in lane.bins.values()])
    marks = sum(lane.is_mark for lane in found)
    names = "".join(_name(lane, place - marks) for place, lane in enumerate(found))
    bars = "".join(_bars(lane, place - marks, tallest, bins) for place, lane in enumerate(found))
    told = [f"{short(lane.name)}: {counted(lane.total, _noun(lane))}" for lane in found]
    return Track(names, bars, "; ".join(told))


def _tallest(numbers: list[int]) -> int:
    """Return which number fills the height: so few are larger that one crowd does not flatten all others."""
    return sorted(numbers)[ceil(0.98 * len(numbers)) - 1] if numbers else 0


def _places(name: object, at: Any) -> list[int]:
    try:
        return [index(at)] if hasattr(at, "__index__") else [index(one) for one in at]
    except TypeError:
        raise TimeMachineError.no_such_mark(name, at) from None


def _noun(lane: Lane) -> str:
    return "mark" if lane.is_mark else "event"


def _name(lane: Lane, place: int) -> str:
    words = f"{word(lane.name, 28)} <small>{lane.total:,}</small>"
    return f'<span class="{_class(lane, place)}"{_of(lane)}>{words}</span>'


def _bars(lane: Lane, place: int, tallest: int, bins: int) -> str:
    """Return a lane as one path: a bar for each part, the higher the more lie in it."""
    bars = "".join(
        _bar(lane, part, number, tallest, bins) for part, number in sorted(lane.bins.items())
    )
    return (
        f'<svg class="{_class(lane, place)}"{_of(lane)} viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none" aria-hidden="true"><path d="{bars}"/></svg>'
    )


def _bar(lane: Lane, part: int, number: int, tallest: int, bins: int) -> str:
    height = HEIGHT - 3 if lane.is_mark else 3 + round((HEIGHT - 5) * min(number / tallest, 1))
    # A stop lies behind its event, so the bar of an event stands at the end of its part.
    return f"M{round((part + 1) * WIDTH / bins)} {HEIGHT - 1}v-{height}"


def _of(lane: Lane) -> str:
    """Return the attribute by which a filter finds a lane: its type, nothing where it has several."""
    if lane.is_mark:
        return ""
    return f' data-lane="{"" if lane.is_rest else escape(lane.name)}"'


def _class(lane: Lane, place: int) -> str:
    return "mark" if lane.is_mark else f"lane lane-{place}"
