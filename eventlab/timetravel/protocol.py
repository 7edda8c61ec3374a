"""What every projection can do with a log, whichever way it is written.

A projection gives the state of a log as a frame, and every change on the way there. `Fold` and
`Projection` each know how to make these two; whatever can be said about the past is derived from
them here, once for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pandas as pd

from eventlab.errors import KeyShapeError

if TYPE_CHECKING:
    from eventlab.store.log import Log

Part = str | int
Key = Part | tuple[Part, ...]


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
