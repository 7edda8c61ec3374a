"""When two values are the same to a person who asks what changed.

Missing is missing, whether pandas, NumPy or JSON says so; ``True`` is not ``1``; and so it is inside lists
and dicts. Knows nothing of events: diff, blame and the time machine all ask here.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

_PLAIN = {int, str, bool}


def known(value: Any) -> Any:
    """Return the value in plain Python, or None where pandas, NumPy or JSON says it is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    return None if isinstance(value, float) and value != value else value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, so that nothing changed between them.

    Examples
    --------
    >>> same(float("nan"), None), same(1, 1.0), same(True, 1), same([True], [1])
    (True, True, False, False)
    """
    if one is other:
        return True
    if type(one) is type(other) and type(one) in _PLAIN:
        return bool(one == other)
    one, other = known(one), known(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        is_alike = isinstance(one, list) == isinstance(other, list) and len(one) == len(other)
        return is_alike and all(map(same, one, other))
    try:
        return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
    except (TypeError, ValueError):  # an array answers with an array
        return repr(one) == repr(other)


def identity(value: Any) -> Hashable:
    """Return what is equal exactly for two values that are the same, to look many of them up.

    For a value that cannot be hashed, of a class that is not known here, its ``repr`` stands.

    Examples
    --------
    >>> identity({"a": 1, "b": [2]}) == identity({"b": [2.0], "a": 1})
    True
    """
    value = known(value)
    if isinstance(value, dict):
        return "dict", frozenset((name, identity(found)) for name, found in value.items())
    if isinstance(value, list | tuple):
        return "list" if isinstance(value, list) else "tuple", tuple(map(identity, value))
    if isinstance(value, set):
        return identity(frozenset(value))
    try:
        hash(value)
    except TypeError:
        return "unhashable", repr(value)
    return isinstance(value, bool), value


def equal_but_for_rounding(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether two states are one, but for the last digits of floats, which come of the order of adding.

    Examples
    --------
    >>> one, other = (pd.DataFrame({"sum": [value]}) for value in (0.1 + 0.2, 0.3))
    >>> (
    ...     one.equals(other),
    ...     equal_but_for_rounding(one, other),
    ...     equal_but_for_rounding(one, other + 1),
    ... )
    (False, True, False)
    """
    if one.equals(other):
        return True
    try:
        assert_frame_equal(one, other, rtol=1e-9, atol=0)
    except AssertionError:
        return False
    return True
