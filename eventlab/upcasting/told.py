"""What upcasters did to an event, in words and signs: which fields came and went, and which lanes it took.

Pure. The picture of version lanes draws it, and where there is no picture it is the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from eventlab.event import Event
from eventlab.upcasting.chains import Stage

NOT_SHOWN = "not shown"

STORED, PASSED, READ, BOTH, DROPPED, EMPTY = "○", "→", "●", "◉", "✕", "·"
"""What stands in a lane: where an event is stored, passes, is read; stored and read; stored and not shown."""


class Change(NamedTuple):
    """What became of one payload field: ``+`` added, ``~`` changed or renamed, ``−`` removed, or nothing."""

    sign: str
    was: str
    name: str

    def __str__(self) -> str:
        return f"{self.was} → {self.name}" if self.was != self.name else f"{self.sign} {self.name}"


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return what became of every field, in the order of the new payload; what was removed comes last.

    A field counts as renamed where one that is gone held the same value, and no other field did.

    Examples
    --------
    >>> found = changes(
    ...     {"amount": 20, "till": 1, "by": "ana"}, {"euros": 20, "by": "Ana", "tip": 0}
    ... )
    >>> [str(change) for change in found]
    ['amount → euros', '~ by', '+ tip', '− till']
    """
    names = _renamed(before, now)
    kept = [_of_field(name, names.get(name, name), before, now) for name in now]
    gone = [name for name in before if name not in now and name not in names.values()]
    return [*kept, *(Change("−", name, name) for name in gone)]


def told(way: Stage) -> str:
    """Return on one line what became of an event: its changed fields, or in how many it is split.

    Examples
    --------
    >>> from eventlab.upcasting import Chains, rename
    >>> chains = Chains([rename("CardLoaded", 1, amount="euros")])
    >>> told(chains.way(Event("CardLoaded", {"amount": 20, "by": "ana"}, schema=1), 1))
    'amount → euros'
    """
    ends = list(way.ends())
    if len(ends) != 1:
        return f"{len(ends)} events" if ends else ""
    found = (change for change in changes(way.event.data, ends[0].data) if change.sign)
    return ", ".join(map(str, found))


def lanes(way: Stage, number: int) -> str:
    """Return the signs of so many lanes, the first for schema 1, parted by spaces.

    Examples
    --------
    >>> from eventlab.upcasting import Chains, drop, rename
    >>> chains = Chains([rename("A", 1, a="b"), rename("A", 2, b="c"), drop("B", 1)])
    >>> [
    ...     lanes(chains.way(Event(*event, schema=n), 1), 3)
    ...     for *event, n in (
    ...         ("A", {"a": 1}, 1),
    ...         ("A", {"b": 1}, 2),
    ...         ("A", {"c": 1}, 3),
    ...         ("B", {}, 1),
    ...     )
    ... ]
    ['○ → ●', '· ○ ●', '· · ◉', '✕ · ·']
    """
    signs = dict.fromkeys(range(1, number + 1), EMPTY)
    signs |= dict.fromkeys(map(_schema, _stages(way)), PASSED)
    ends = set(map(_schema, way.ends()))
    signs |= dict.fromkeys(ends, READ)
    stored = _schema(way.event)
    signs[stored] = BOTH if stored in ends else STORED if ends else DROPPED
    return " ".join(signs[lane] for lane in sorted(signs))


def shape(event: Event) -> str:
    """Return type and schema: ``CardLoaded 3``."""
    return f"{event.type} {_schema(event)}"


def shapes(events: Iterable[Event]) -> str:
    """Return the shapes of what is read of one stored event."""
    return " + ".join(map(shape, events)) or NOT_SHOWN


def _stages(way: Stage) -> Iterator[Event]:
    yield way.event
    for stage in way.made or ():
        yield from _stages(stage)


def _schema(event: Event) -> int:
    return event.schema or 1


def _of_field(name: str, was: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Change:
    if was not in before:
        return Change("+", name, name)
    is_same = was == name and _text(before[was]) == _text(now[name])
    return Change("" if is_same else "~", was, name)


def _renamed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Return new names with the old one, where only these two fields came and went with one value."""
    came, gone = _by_value(now, before), _by_value(before, now)
    return {
        names[0]: gone[value][0]
        for value, names in came.items()
        if len(names) == len(gone.get(value, ())) == 1
    }


def _by_value(fields: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields.items():
        if name not in others:
            found.setdefault(_text(value), []).append(name)
    return found


def _text(value: Any) -> str:
    """Return JSON, in which 1, 1.0 and true are three values."""
    return json.dumps(value, sort_keys=True)
