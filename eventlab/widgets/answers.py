"""What a browser may ask of the kernel, and what is done about it.

A question is data: what is asked, and with which values. What it leads to is a move of the time machine,
and a sentence where there is something to say. A browser asks only what its book cannot answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from eventlab.widgets.stops import KINDS, moment_at, shown

MOST_CHOICES = 1000
"""Names of a kind that a browser is sent to choose from; Python takes any."""

Question = Mapping[str, Any]


def answer(tm: Any, asked: Question) -> str:
    """Do what was asked of a time machine and return what there is to say; what no one asks is nothing."""
    does = _DOES.get(str(asked.get("ask")))
    return "" if does is None else does(tm, asked)


def _go(tm: Any, asked: Question) -> str:
    """Go to a position, or to a time in microseconds since 1970."""
    if "position" in asked:
        tm.go(position=int(asked["position"]))
    else:
        tm.go(time=moment_at(int(asked["time"])))
    return ""


def _seek(tm: Any, asked: Question) -> str:
    """Go to the next stop, or the next event of a kind, from where the slider of the browser stands."""
    tm.step = int(asked["from"])
    of, on = asked["of"], int(asked["by"]) > 0
    if of is None:
        return "" if tm._onward(1 if on else -1) else f"no {'later' if on else 'earlier'} stop"
    if (tm.next if on else tm.previous)(of) is not None:
        return ""
    return f"no {'later' if on else 'earlier'} event of this {of}"


def _choices(tm: Any, asked: Question) -> str:
    """Send the names there are to choose from, those of the most events, and how many events have them."""
    tm.choices = {
        kind: [
            [shown(name), count]
            for name, count in islice(tm._past.places.counts(kind).items(), MOST_CHOICES)
        ]
        for kind in KINDS
    }
    return ""


def _choose(tm: Any, asked: Question) -> str:
    """Stop at the events of a name, too, that was typed and that a browser may not know."""
    kind, name = str(asked["kind"]), str(asked["name"])
    tm.filter(**tm.only | {kind: [*tm.only.get(kind, ()), name]})
    return ""


def _find(tm: Any, asked: Question) -> str:
    """Look for where a condition that was typed first holds; of a long log a part at a time."""
    return str(tm._look(asked.get("typed")))


def _fork(tm: Any, asked: Question) -> str:
    """Make ``tm.branch``: another future from here, or this one without the event at the current stop."""
    tm.step = int(asked["from"])
    if asked.get("without"):
        tm.fork_without()
    else:
        tm.fork()
    return _compare(tm, asked)


def _compare(tm: Any, asked: Question) -> str:
    """Show both futures as they are now."""
    tm.show_futures()
    return ""


_DOES = {
    "go": _go,
    "seek": _seek,
    "choices": _choices,
    "choose": _choose,
    "find": _find,
    "fork": _fork,
    "compare": _compare,
}
