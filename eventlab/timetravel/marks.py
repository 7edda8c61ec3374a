"""Which event last changed each field of each key: found by comparing every state with the one before.

`marks_of` compares the rows of a frame of changes, `Lives` the states of a fold as they come.
"""

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


class Lives:
    """The marks of every key so far, told one state after another.

    Attributes
    ----------
    marks : dict of key to dict
        For a key that lives where each field last changed, for one that ended only where it did.
    """

    def __init__(self) -> None:
        self.marks: dict[Any, dict[str, int]] = {}
        self._states: dict[Any, dict[str, Any]] = {}
        self._born: dict[Any, int] = {}

    def note(self, key: Any, position: int, state: dict[str, Any] | None) -> None:
        """Take the fields of a key after an event, or None where the event ended its life."""
        before = self._states.pop(key, None)
        if state is None:
            self.marks[key] = {ENDED: position}
            return
        if before is None:
            self.marks[key], self._born[key] = {}, position
        else:
            changed = [n for n in before | state if not same(before.get(n), state.get(n))]
            self.marks[key] |= dict.fromkeys(changed, position)
        self._states[key] = state

    def column(self, name: str, keys: list[Any]) -> pd.Series[Any]:
        """Return the marks of one field; what never changed was set when the key was born."""
        living = self._states
        found = [
            self.marks[key].get(name, self._born[key] if key in living and name != ENDED else None)
            for key in keys
        ]
        return pd.Series(found, dtype="Int64")
