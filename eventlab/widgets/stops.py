"""What a browser knows of the event behind each stop: which, when, of what type, whose, by whom.

A column for each, written as differences and as numbers into a list of names, so that thousands of
stops take a few bytes each. Out of these the browser makes the list of events, finds the next stop
of a kind and the stop of a time; it computes no state. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import gcd
from typing import Any, TypeAlias

from eventlab.event import RecordedEvent
from eventlab.times import utc
from eventlab.widgets.markup import word
from eventlab.widgets.scenes import Reading

Numbers: TypeAlias = dict[str, Any]
"""A column of whole numbers: where it starts, a unit, and how many units each is above the one before."""

Names: TypeAlias = dict[str, list[Any]]
"""A column of names: each name once, as HTML and where that differs as it is; and which one each is."""

KINDS = {"types": "type", "streams": "stream", "actors": "actor"}
"""By what events are told apart, and the part of the envelope that says it."""

_EPOCH = utc("1970-01-01")


def columns(reading: Reading) -> dict[str, Any]:
    """Return the columns of a reading's events, as JSON has them; step 0 has no event and no row."""
    events = reading.events
    return {
        "numbers": numbers(reading.numbers[1:]),
        "positions": numbers([event.position for event in events]),
        "occurred": times([event.occurred_at for event in events]),
        "recorded": times([event.recorded_at for event in events]),
        **{kind: names(named(events, kind)) for kind in KINDS},
    }


def named(events: Iterable[RecordedEvent], kind: str) -> list[str | None]:
    """Return the type, stream or actor of each event; None where it has none."""
    return [getattr(event, KINDS[kind]) or None for event in events]


def numbers(found: Sequence[int]) -> Numbers:
    """Return whole numbers as differences in the largest unit that holds all of them.

    Examples
    --------
    >>> numbers([7, 67, 67, 187])
    {'start': 7, 'unit': 60, 'steps': [0, 1, 0, 2]}
    """
    start = found[0] if found else 0
    above = [now - before for before, now in pairwise((start, *found))]
    unit = gcd(*above) or 1
    return {"start": start, "unit": unit, "steps": [step // unit for step in above]}


def times(found: Iterable[datetime]) -> dict[str, Numbers]:
    """Return times as whole seconds since 1970, and the microseconds beyond each.

    JavaScript adds up seconds exactly, and microseconds no further than the year 2255.

    Examples
    --------
    >>> times([datetime(1970, 1, 1, 0, 0, 7, 5), datetime(1970, 1, 1, 0, 1, 7, 5)])["seconds"]
    {'start': 7, 'unit': 60, 'steps': [0, 1]}
    """
    parts = [divmod(microseconds(when), 1_000_000) for when in found]
    return {
        "seconds": numbers([seconds for seconds, _ in parts]),
        "beyond": numbers([beyond for _, beyond in parts]),
    }


def names(found: Iterable[str | None]) -> Names:
    """Return names as numbers into a list of the different ones, in order of first use.

    Examples
    --------
    >>> names(["card-1", "<b>", None, "card-1"])
    {'names': ['card-1', ['&lt;b&gt;', '<b>'], None], 'of': [0, 1, 2, 0]}
    """
    places: dict[str | None, int] = {}
    of = [places.setdefault(name, len(places)) for name in found]
    return {"names": list(map(shown, places)), "of": of}


def microseconds(when: datetime) -> int:
    """Return a time as microseconds since 1970."""
    since = utc(when) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_at(microseconds: int) -> datetime:
    """Return the time that so many microseconds since 1970 are.

    >>> moment_at(1_500_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, 500000)
    """
    return _EPOCH + timedelta(microseconds=microseconds)


def shown(name: str | None) -> Any:
    """Return a name as HTML, and beside it as it is where that is another text."""
    if name is None:
        return None
    html = word(name)
    return html if html == name else [html, name]
