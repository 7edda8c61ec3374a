"""What a browser may ask of the kernel, and what is done about it.

A question is data: what is asked, and with which values. What it leads to is a move of the time machine,
and a sentence where there is something to say. A browser asks only what its book cannot answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlab.widgets.stops import moment_at

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
    """Go to the next event of a kind, from where the slider of the browser stands."""
    tm.step = int(asked["from"])
    of, on = str(asked["of"]), int(asked["by"]) > 0
    if (tm.next if on else tm.previous)(of) is not None:
        return ""
    return f"no {'later' if on else 'earlier'} event of this {of}"


_DOES = {"go": _go, "seek": _seek}
