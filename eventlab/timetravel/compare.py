"""Two logs, one projection: the outcomes side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from eventlab.checks import is_text
from eventlab.equality import same
from eventlab.errors import InvalidQuestion
from eventlab.frames import missing, taken, values
from eventlab.timetravel.asked import require_logs


def compare(
    one: Any,
    other: Any,
    projection: Callable[[Any], pd.DataFrame],
    *,
    names: tuple[str, str] = ("a", "b"),
    only_changed: bool = False,
) -> pd.DataFrame:
    """Return the outcomes of two logs side by side, such as a store and a branch of it.

    Parameters
    ----------
    one, other : Log
        Any two logs.
    projection : Fold, Projection or callable
        Any function log → DataFrame with one row per key; its columns may be called anything.
    names : tuple of str
        What the two are called.
    only_changed : bool
        Leave out the keys whose fields are all the same.

    Returns
    -------
    DataFrame
        Index: every key that lives in one of them, sorted. Columns: for each field the value in both,
        as ``(field, name)``, missing where the key does not live; last ``("changed", "")``, whether any
        field differs. Positions are not compared: two logs count their events differently.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
    >>> cards = el.Projection("cards", balance=el.total("amount"))
    >>> el.compare(store.until(position=1), store, cards, names=("then", "now"))
           balance     changed
              then now
    stream
    card-7      20  25    True
    """
    require_logs("compare()", one, other)
    if not _are_two_texts(names):
        raise InvalidQuestion.same_names(names)
    if not callable(projection):
        raise InvalidQuestion.no_projection(projection)
    states = [_require_rows(projection(log)) for log in (one, other)]
    columns = dict.fromkeys(name for state in states for name in state)
    fields = [name for name in columns if name != "position"]
    keys = states[0].index.union(states[1].index)
    found: dict[tuple[Any, str], Any] = {
        (field, name): _aligned(state, field, keys)
        for field in fields
        for name, state in zip(names, states, strict=True)
    }
    changed = _differ(found, fields, names, states, keys)
    table = pd.DataFrame({**found, ("changed", ""): changed}, index=keys)
    return table[changed] if only_changed else table


def _are_two_texts(names: object) -> bool:
    several = names if isinstance(names, tuple | list) else ()
    return len(several) == 2 and all(map(is_text, several)) and several[0] != several[1]


def _require_rows(state: Any) -> pd.DataFrame:
    """Return what a function gave as a frame with one row per key, or refuse it."""
    if not isinstance(state, pd.DataFrame):
        raise InvalidQuestion.no_frame(state)
    if not state.columns.is_unique:
        name = state.columns[state.columns.duplicated()][0]
        raise InvalidQuestion.columns_of_one_name("what the function to compare() gave", name)
    if not state.index.is_unique:
        raise InvalidQuestion.rows_of_one_key(state.index[state.index.duplicated()][0])
    return state


def _aligned(state: pd.DataFrame, field: Any, keys: pd.Index[Any]) -> Any:
    """Return a field for all keys, its integers still integers."""
    column = state[field] if field in state else missing(len(state))
    return taken(column, state.index.get_indexer(keys)).array


def _differ(
    found: dict[tuple[Any, str], Any],
    fields: list[Any],
    names: tuple[str, str],
    states: list[pd.DataFrame],
    keys: pd.Index[Any],
) -> Any:
    """Return for each key whether it lives in one alone, or some field differs."""
    changed = keys.isin(states[0].index) != keys.isin(states[1].index)
    for field in fields:
        pairs = zip(*(values(pd.Series(found[field, name])) for name in names), strict=True)
        changed |= np.fromiter((not same(*pair) for pair in pairs), bool, len(keys))
    return changed
