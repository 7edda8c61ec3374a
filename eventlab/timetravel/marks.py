"""Which event last changed each field of each key: found by comparing every state with the one before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventlab.equality import same
from eventlab.frames import values
from eventlab.timetravel.names import ENDED, MOMENT


def marks_of(changes: pd.DataFrame, key_names: list[str]) -> pd.DataFrame:
    """Return one row per key: for each field a position, or where the key has ended, that alone.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 0)])
    >>> cards = el.Projection("cards", balance=el.total("amount"), events=el.count())
    >>> marks_of(cards.changes(store), ["stream"])
            balance  events  _ended
    stream
    card-7        1       2    <NA>
    """
    fields = [name for name in changes if name not in {*key_names, *MOMENT, "alive"}]
    keys, alive, position = changes[key_names], changes["alive"], changes["position"]
    before = _places_before(keys, alive)
    marks = {
        name: position.where(_changed(values(changes[name]), before)).astype("Int64")
        for name in fields
    }
    marks[ENDED] = position.where(~alive).astype("Int64")
    by_key = pd.DataFrame({**keys, **marks, "alive": alive}).groupby(key_names)
    return _of_the_living(by_key.last())


def _of_the_living(latest: pd.DataFrame) -> pd.DataFrame:
    """Forget the fields of keys that ended, and the endings of keys that came back."""
    lives = latest.pop("alive").to_numpy(bool)
    return latest.assign(
        **{str(name): latest[name].where(lives if name != ENDED else ~lives) for name in latest}
    )


def _places_before(keys: pd.DataFrame, alive: pd.Series[bool]) -> Any:
    """Return for each row the row before it in the same life of its key, -1 where a life begins."""
    parts = [keys[name] for name in keys]
    ended = (~alive).astype("int64")
    life = ended.groupby(parts, dropna=False).cumsum() - ended
    places = pd.Series(np.arange(len(keys)), index=keys.index)
    return places.groupby([*parts, life], dropna=False).shift(1).fillna(-1).astype("int64").tolist()


def _changed(found: list[Any], before: list[int]) -> Any:
    compared = zip(found, before, strict=True)
    return np.fromiter(
        (at < 0 or not same(found[at], now) for now, at in compared), bool, len(found)
    )
