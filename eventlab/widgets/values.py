"""How a value reads on a screen.

Short, exact and on one line: no value is rounded, and what had to be cut says so and keeps its full
text for a tooltip. Knows nothing of HTML; every picture and every text preview speaks through here.
"""

from __future__ import annotations

import json
import numbers
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from eventlab.equality import known, same

__all__ = [
    "LONGEST",
    "MISSING",
    "cut",
    "is_number",
    "known",
    "moment",
    "payload",
    "same",
    "short",
    "text",
]

MISSING = "·"
"""Stands where there is no value; an empty text shows as ``''`` and so differs from it."""

LONGEST = 48
"""Characters of a value that are shown before it is cut."""


def text(value: Any) -> str:
    r"""Return the whole value on one line.

    Examples
    --------
    >>> [text(value) for value in (12, 0.1, None, "", "a\nb", {"to": ["Ana"]}, True)]
    ['12', '0.1', '·', "''", 'a↵b', '{"to":["Ana"]}', 'true']
    >>> text(datetime(2026, 1, 31, 12))
    '2026-01-31 12:00'
    """
    if type(value) is int:  # the most frequent, and the quickest to say
        return str(value)
    value = known(value)
    if value is None:
        return MISSING
    if isinstance(value, str):
        return one_line(value) or "''"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Mapping | list | tuple):
        return one_line(_json(value))
    return one_line(repr(value) if isinstance(value, float) else str(value))


def short(value: Any, longest: int = LONGEST) -> str:
    """Return the value on one line, cut with … where it is longer than a table can bear."""
    return cut(text(value), longest)


def cut(line: str, longest: int) -> str:
    """Return a line with what is beyond the length replaced by …."""
    return line if len(line) <= longest else line[: longest - 1] + "…"


def moment(when: datetime) -> str:
    """Return a time as short as it is exact; a time with a zone is told in UTC.

    Examples
    --------
    >>> moment(datetime(2026, 1, 31, 12, 0, 5)), moment(datetime(2026, 1, 31, 12, 0, 0, 1500))
    ('2026-01-31 12:00:05', '2026-01-31 12:00:00.0015')
    """
    if when.tzinfo is not None:
        when = pd.Timestamp(when).tz_convert("UTC").tz_localize(None)
    if when.microsecond:
        return when.isoformat(" ", "microseconds").rstrip("0")
    return when.isoformat(" ", "seconds" if when.second else "minutes")


def payload(data: Any) -> Mapping[str, Any]:
    """Return the payload of an event by field; one that is no object, as another program wrote it, whole.

    Examples
    --------
    >>> payload({"amount": 5}), payload([1])
    ({'amount': 5}, {'(no object)': [1]})
    """
    return data if isinstance(data, Mapping) else {"(no object)": data}


def is_number(value: Any) -> bool:
    """Whether a value belongs to the right of its column."""
    return isinstance(value, numbers.Number) and not isinstance(value, bool)


def one_line(written: str) -> str:
    """Return a text with line breaks and control characters made visible."""
    written = written.replace("\r\n", "\n").replace("\n", "↵").replace("\t", "→")
    if written.isprintable():
        return written
    return "".join(c if _is_visible(c) else f"\\u{ord(c):04x}" for c in written)


def _is_visible(character: str) -> bool:
    """Refuse control characters, and those that turn the text around them (bidi overrides)."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or (
        character == "\u200d"  # joins emoji
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text)
