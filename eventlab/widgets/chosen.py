"""Which events a filter leaves as stops: some types, some streams, some actors.

It narrows where the slider stops, and never what is folded: the state at a stop is that of the whole
log. A filter is data, so a browser, a saved page and Python know the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from eventlab.errors import TimeMachineError
from eventlab.event import RecordedEvent
from eventlab.widgets.stops import KINDS

Only: TypeAlias = Mapping[str, Sequence[str]]
"""Names by kind (``types``, ``streams``, ``actors``); a kind that is not there leaves all."""


def passes(event: RecordedEvent, only: Only) -> bool:
    """Whether an event has one of the names of every kind.

    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", el.Event("CardLoaded", actor="ana"))
    >>> [passes(event, {"types": ["CardLoaded", "CardSold"], "actors": ["ben"]}) for event in store]
    [False]
    """
    return all(getattr(event, KINDS[kind]) in names for kind, names in only.items())


def filtered(**named: str | Iterable[str] | None) -> dict[str, list[str]]:
    """Return a filter: of each kind one name, several, or with None all.

    >>> filtered(types="CardLoaded", streams=["card-7", "card-7"], actors=None)
    {'types': ['CardLoaded'], 'streams': ['card-7']}
    """
    found = {kind: _names(kind, names) for kind, names in named.items() if names is not None}
    return {kind: names for kind, names in found.items() if names}


def understood(only: Any) -> dict[str, list[str]]:
    """Return what of a filter a browser sent is one; of an unknown kind there is nothing to leave out."""
    return filtered(**{kind: only.get(kind) for kind in KINDS})


def _names(kind: str, names: str | Iterable[str]) -> list[str]:
    given: Any = [names] if isinstance(names, str) else names
    if not isinstance(given, Iterable):
        raise TimeMachineError.no_such_choice(kind, given, ())
    given = list(given)
    if not all(isinstance(name, str) for name in given):
        raise TimeMachineError.no_such_choice(kind, given, ())
    return list(dict.fromkeys(given))
