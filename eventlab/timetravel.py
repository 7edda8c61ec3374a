"""What every projection can do with a log, whichever way it is written.

A projection gives the state of a log as a frame, and every change on the way there. `Fold` and
`Projection` each know how to make these two; whatever can be said about the past is derived from
them here, once for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from eventlab import frames
from eventlab.errors import InvalidProjection, KeyShapeError

if TYPE_CHECKING:
    from eventlab.store.log import Log

Part = str | int
Key = Part | tuple[Part, ...]

MOMENT = {
    "position": "int64",
    "version": "int64",
    "type": "str",
    "occurred_at": frames.UTC_TIME,
    "recorded_at": frames.UTC_TIME,
}
"""The columns that say which event a row of changes or history stands for, and their dtypes."""

_HELPERS = ("stream_no", "_category", "_ends", "_ended", "_life")

RESERVED = (*MOMENT, "valid_until", "alive", "key", *_HELPERS)


class TimeTravel(ABC):
    """A named rule that gives the state of any log as a frame, and its past.

    Attributes
    ----------
    name, version
        What a snapshot or a read model is kept under.
    key_names : tuple of str
        The names of the index levels: one, or one per part of the key.
    fields : tuple of str
        The columns of the state, as far as they are known before any log is read.
    """

    name: str
    version: int
    key_names: tuple[str, ...]
    fields: tuple[str, ...]

    @abstractmethod
    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log, one row per key.

        Returns
        -------
        DataFrame
            Index: the key, sorted. Columns: the fields, then ``position``, that of the last event
            folded into the row. An empty log gives the same columns and no row.
        """

    @abstractmethod
    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched, in fold order, for all keys or one.

        Returns
        -------
        DataFrame
            The key's columns, ``position, version, type, occurred_at, recorded_at``, the fields after
            that event, and ``alive``: False where the event ended the key's life, and then the
            fields are missing.
        """

    @property
    @abstractmethod
    def definition(self) -> str:
        """The whole rule as text: two rules with the same text give the same answers."""

    @property
    @abstractmethod
    def by_stream(self) -> bool:
        """Whether the key of an event is simply its stream."""

    def about(self, log: Log, key: Key) -> Log:
        """Return the part of a log that can touch a key: its stream alone, where the key is the stream."""
        parts = self.require_key(key)
        return log.stream(str(parts[0])) if self.by_stream else log

    def history(self, log: Log, key: Key) -> pd.DataFrame:
        """Return how one key came to be as it is, one row per event that touched it, in fold order.

        Parameters
        ----------
        log : Log
            Any cut of a store.
        key : str, int or tuple
            The key; a tuple where the key has several parts.

        Returns
        -------
        DataFrame
            ``position, version, type, occurred_at, recorded_at``, the fields after that event,
            ``valid_until`` (the position of the next row, missing in the last). The fields are missing
            where the event ended the key's life. An unknown key gives no row.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount", plus="CardLoaded"))
        >>> cards.history(store, "card-7")[["position", "type", "balance", "valid_until"]]
           position        type  balance  valid_until
        0         1  CardLoaded       20            2
        1         2  CardLoaded       25         <NA>
        """
        self.require_key(key)
        rows = self.changes(log, key).drop(columns=[*self.key_names, "alive"])
        return rows.assign(valid_until=rows["position"].astype("Int64").shift(-1))

    def require_key(self, key: Key) -> tuple[Part, ...]:
        """Return the parts of a key, or refuse one of another shape."""
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(self.key_names):
            raise KeyShapeError(self.name, key, self.key_names)
        return parts


# -- what both lanes check and build alike ---------------------------------------------------------


def require_names(name: str, fields: Iterable[str], key_names: Sequence[str]) -> None:
    """Refuse names that a frame, or SQL, could not tell apart."""
    if not isinstance(name, str) or not name:
        raise InvalidProjection.no_text(
            "the name of a projection", name, "name what a row is, such as 'cards'"
        )
    taken = [*key_names, *(word for word in RESERVED if word not in _HELPERS)]
    seen: dict[str, str] = {}
    for field in fields:
        if not isinstance(field, str):
            raise InvalidProjection.no_text(
                f"a field of {name!r}", field, "fields are named by text"
            )
        if field.lower() in {*key_names, *RESERVED}:
            raise InvalidProjection.taken_name(name, field, dict.fromkeys(taken))
        if field.lower() in seen:
            raise InvalidProjection.same_name(name, (seen[field.lower()], field))
        seen[field.lower()] = field


def require_key_names(
    name: str, given: Sequence[str] | str | None, found: Sequence[str | None]
) -> tuple[str, ...]:
    """Return the names of a key's parts: those given, or those its expressions have."""
    if given is not None:
        names = (given,) if isinstance(given, str) else tuple(given)
        if len(names) != len(found) or len(set(names)) != len(names):
            raise InvalidProjection.key_names(name, names, len(found))
        require_names(name, [part for part in names if part != "key"], ())
        return names
    spare = ["key"] if len(found) == 1 else [f"key_{at}" for at in range(1, len(found) + 1)]
    usable = [part if part not in RESERVED and found.count(part) == 1 else None for part in found]
    return tuple(part or other for part, other in zip(usable, spare, strict=True))


def with_keys(frame: pd.DataFrame, key_names: Sequence[str], text: bool) -> pd.DataFrame:
    """Return rows whose key columns forget their type where there is no row to have it from.

    Only of stream names it is known beforehand that they are ``text``.
    """
    if len(frame):
        return frame
    empty = pd.Series(dtype="str") if text else frames.missing(0)
    return frame.assign(**dict.fromkeys(key_names, empty))
