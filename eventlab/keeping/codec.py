"""The state of a fold as JSON text, and back: exactly, or not at all.

JSON has no decimals, times and tuples: these are written as ``{"$": kind, "v": text}``. A list or dict that
stands at two places of a state is one object there, and again when it is read: the second place is written as
the way to the first. A dataclass or NamedTuple is rebuilt by the type of the fold's initial state. Nothing is
ever pickled.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cached_property, reduce
from itertools import chain
from operator import getitem
from typing import Any, NamedTuple

from eventlab.errors import SnapshotRefused
from eventlab.projections.states import fields_of

_MARK = "$"
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # dumps() would set one up for each state
_ENCODE_LINES = json.JSONEncoder(separators=("\n", ":")).encode

_WRITTEN: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("decimal", str),
    dt.datetime: ("datetime", dt.datetime.isoformat),
    dt.date: ("date", dt.date.isoformat),
    dt.timedelta: ("timedelta", lambda found: [found.days, found.seconds, found.microseconds]),
}


class _Same(NamedTuple):
    """Stands for what is at another place of the same state, until all of it is read."""

    way: list[str | int]


_READ: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "timedelta": lambda found: dt.timedelta(*found),
    "tuple": tuple,
    "dict": dict,
    "same": _Same,
}
_MAY_HAVE_SAME = '"$":"same"'

_KEPT = (
    "JSON, Decimal, date, datetime (UTC, or at an offset), timedelta, tuple, and a dataclass or "
    "NamedTuple as the whole state where initial= is one"
)
_PLAIN = {str, int, float, bool, type(None)}
# States: to encode each alone takes twice as long, and all of them in one go much memory.
_AT_ONCE = 1_000


class Codec:
    """How the states of one fold are written; `initial` is its state before the first event.

    Examples
    --------
    >>> codec = Codec({"balance": Decimal("0")})
    >>> codec.written([{"balance": Decimal("1.20"), "seats": (1, 2)}])
    ['{"balance":{"$":"decimal","v":"1.20"},"seats":{"$":"tuple","v":[1,2]}}']
    >>> codec.read(codec.written([{"balance": Decimal("1.20"), "seats": (1, 2)}]))
    [{'balance': Decimal('1.20'), 'seats': (1, 2)}]
    """

    def __init__(self, initial: Any) -> None:
        self._type = type(initial) if _is_record(initial) else None

    def written(self, states: list[Any]) -> list[str]:
        """Return each state as JSON text, or refuse the first that cannot be kept, by field."""
        texts: list[str] = []
        for start in range(0, len(states), _AT_ONCE):
            texts += _as_texts(self._plainer(states[start : start + _AT_ONCE]))
        return texts

    def read(self, texts: list[str]) -> list[Any]:
        """Return the states of many texts."""
        states = from_texts(texts)
        return states if self._type is None else [_record(self._type, state) for state in states]

    def _plainer(self, states: list[Any]) -> list[Any]:
        """Return records as dicts of their fields, and other states as they are."""
        return states if self._type is None else [_fields(self._type, state) for state in states]


def as_text(value: Any, field: str) -> str:
    """Return a value as JSON text, or refuse it by the name of its field."""
    return _ENCODE(_written(value, (field,), {}))


def _as_texts(states: list[Any]) -> list[str]:
    """Return each of some states as JSON text: all in one go where they are plain dicts."""
    if not _are_plain(states):
        return [as_text(state, "state") for state in states]
    # JSON escapes line ends and NUL in text, so here they stand between fields and between states alone.
    lines = _ENCODE_LINES(states)[1:-1]
    return lines.replace("}\n{", "}\0{").replace("\n", ",").split("\0")


def from_texts(texts: list[str]) -> list[Any]:
    """Return the values of many texts."""
    joined = f"[{','.join(texts)}]"
    values: list[Any] = json.loads(joined, object_hook=_read)
    return [_united(value, value) for value in values] if _MAY_HAVE_SAME in joined else values


def _fields(kind: type[Any], state: Any) -> dict[str, Any]:
    if type(state) is not kind:
        raise SnapshotRefused("state", state, kind.__name__)
    fields = dict(fields_of(state))
    for name, found in getattr(state, "__dict__", {}).items():
        if name not in fields and not isinstance(getattr(kind, name, None), cached_property):
            raise SnapshotRefused(
                f"state.{name}", found, f"the fields that {kind.__name__} declares"
            )
    return fields


def _record(kind: Any, fields: dict[str, Any]) -> Any:
    """Return a record as it was; a dataclass might set up other fields than it had in the end."""
    if issubclass(kind, tuple):
        return kind(**fields)
    made = object.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def _is_record(initial: Any) -> bool:
    is_named = isinstance(initial, tuple) and hasattr(initial, "_asdict")
    return is_named or (dataclasses.is_dataclass(initial) and not isinstance(initial, type))


Place = tuple[str | int, ...]


def _written(value: Any, place: Place, seen: dict[int, Place]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict or kind is list:
        if id(value) in seen:
            return {_MARK: "same", "v": list(seen[id(value)][1:])}
        seen[id(value)] = place
        if kind is list:
            return _written_items(value, place, seen)
        return value if _is_plain(value) else _written_dict(value, place, seen)
    if kind is tuple:
        return {_MARK: "tuple", "v": _written_items(value, place, seen)}
    if kind in _WRITTEN and _has_no_place(value):
        name, write = _WRITTEN[kind]
        return {_MARK: name, "v": write(value)}
    raise SnapshotRefused(_spoken(place), value, _KEPT)


def _written_items(
    values: list[Any] | tuple[Any, ...], place: Place, seen: dict[int, Place]
) -> list[Any]:
    return [_written(found, (*place, at), seen) for at, found in enumerate(values)]


def _spoken(place: Place) -> str:
    return f"{place[0]}{''.join(f'[{step!r}]' for step in place[1:])}"


def _are_plain(states: list[Any]) -> bool:
    """Tell whether all are dicts that JSON has already."""
    if {*map(type, states)} != {dict}:
        return False
    names = list(chain.from_iterable(states))
    values = chain.from_iterable(map(dict.values, states))
    return _MARK not in names and {*map(type, names)} <= {str} and {*map(type, values)} <= _PLAIN


def _is_plain(value: dict[Any, Any]) -> bool:
    """Tell the same of one dict; most states are of this kind, and there are many."""
    return (
        _MARK not in value
        and {*map(type, value)} <= {str}
        and {*map(type, value.values())} <= _PLAIN
    )


def _has_no_place(value: Any) -> bool:
    """Tell whether a time has an offset from UTC at most: the clocks of a place are changed twice a year."""
    zone = getattr(value, "tzinfo", None)
    return zone is None or type(zone) is dt.timezone


def _written_dict(value: dict[Any, Any], place: Place, seen: dict[int, Place]) -> Any:
    for name in value:
        if type(name) is not str:
            raise SnapshotRefused(_spoken((*place, name)), name, "text as the names of fields")
    written = {name: _written(found, (*place, name), seen) for name, found in value.items()}
    return {_MARK: "dict", "v": list(map(list, written.items()))} if _MARK in written else written


def _read(found: dict[str, Any]) -> Any:
    return _READ[found[_MARK]](found["v"]) if _MARK in found else found


def _united(value: Any, whole: Any) -> Any:
    """Return a part of a whole in which what is the same object has become so again."""
    kind = type(value)
    if kind is _Same:
        return reduce(getitem, value.way, whole)
    if kind is dict:
        value.update({name: _united(found, whole) for name, found in value.items()})
    elif kind is list:
        value[:] = [_united(found, whole) for found in value]
    elif kind is tuple:
        return tuple(_united(found, whole) for found in value)
    return value
