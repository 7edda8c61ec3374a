"""What a state can be: a mapping, a dataclass, a NamedTuple or a bare value, and how it is kept apart.

Whoever folds may change a state in place. So every key starts with a state of its own, and what is
shown of the past is kept as it was then.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

State = Any

_UNCHANGEABLE = {
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    Decimal,
    dt.datetime,
    dt.date,
    dt.timedelta,
}


def fields_of(state: State) -> dict[str, Any]:
    """Return the fields of a state by name; a value without fields is the field ``state``.

    Examples
    --------
    >>> fields_of({"balance": 20}), fields_of(20)
    ({'balance': 20}, {'state': 20})
    """
    if isinstance(state, dict):
        return state
    if dataclasses.is_dataclass(state):
        return {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    if isinstance(state, tuple) and hasattr(state, "_asdict"):
        return dict(state._asdict())
    return {"state": state}


def kept(state: State) -> dict[str, Any]:
    """Return the fields of a state as they are now, whatever is done to it later.

    Examples
    --------
    >>> state = {"items": ["tea"]}
    >>> before = kept(state)
    >>> state["items"].append("cake")
    >>> before
    {'items': ['tea']}
    """
    return {name: _copied(value) for name, value in fields_of(state).items()}


def starter(initial: State | Callable[[Any], State]) -> Callable[[Any], State]:
    """Return what makes the first state of a key, shared with no other key.

    Examples
    --------
    >>> fresh = starter({"items": []})
    >>> fresh("a") == fresh("b"), fresh("a")["items"] is fresh("b")["items"]
    (True, False)
    """
    if callable(initial):
        return lambda key: copy.deepcopy(initial(key))
    if type(initial) is dict and {type(value) for value in initial.values()} <= _UNCHANGEABLE:
        return lambda key: initial.copy()  # deepcopy would take 100,000 keys half a second
    return lambda key: _copied(initial)


def _copied(value: Any) -> Any:
    return value if type(value) in _UNCHANGEABLE else copy.deepcopy(value)
