"""What every projection can do with a log, whichever way it is written.

A projection gives the state of a log as a frame, and every change on the way there. `Fold` and
`Projection` each know how to make these two; whatever can be said about the past is derived from
them here, once for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab.errors import KeyShapeError
from eventlab.timetravel.asked import require_logs
from eventlab.timetravel.asof import asof
from eventlab.timetravel.bisect import Found, bisect
from eventlab.timetravel.blame import blame
from eventlab.timetravel.causes import Causes, Cells, causes_by_marks
from eventlab.timetravel.diff import diff
from eventlab.timetravel.lifetimes import lifetimes
from eventlab.timetravel.marks import marks_of
from eventlab.timetravel.newest import newest_by_stream
from eventlab.timetravel.panel import panel

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
    ends_with : tuple of str
        The event types that end a key's life.
    """

    name: str
    version: int
    key_names: tuple[str, ...]
    fields: tuple[str, ...]
    ends_with: tuple[str, ...]

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

    def onward(self, log: Log, position: int) -> pd.DataFrame:
        """Return what is needed to follow a log from a position on: what was there, and each later change.

        What a slider over a long log is built on.

        Returns
        -------
        DataFrame
            Rows as in `changes`, whose moments may be left out but for ``position``. Behind the position
            they are the same; up to it only the last row of each key counts, and rows of keys that do not
            live then may be missing.
        """
        return self.changes(log)

    @abstractmethod
    def course(self, log: Log, field: str, cuts: Sequence[int]) -> Iterator[pd.DataFrame]:
        """Yield what a field became at each event and key it touched, a part of the log at a time.

        What a search through a long log is built on: no more than a part of it is in memory.

        Parameters
        ----------
        log : Log
            A log in the order of positions.
        field : str
        cuts : sequence of int
            The last position of each part, in increasing order.

        Yields
        ------
        DataFrame
            ``position``, the field after that event, and ``alive``.
        """

    @property
    @abstractmethod
    def definition(self) -> str:
        """The whole rule as text: two rules with the same text give the same answers."""

    @property
    @abstractmethod
    def by_stream(self) -> bool:
        """Whether the key of an event is simply its stream."""

    @property
    def skips(self) -> bool:
        """Whether an event may leave its key untouched, so that only folding tells which keys there are."""
        return False

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

        Raises
        ------
        KeyShapeError
            Where this can be no key: None, or another number of parts.

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

    def lifetimes(self, log: Log) -> pd.DataFrame:
        """Return the histories of all keys at once, each state as the interval in which it held.

        Returns
        -------
        DataFrame
            One row per state a key was in, in fold order: the key's columns; ``valid_from`` and
            ``valid_until``, the positions of the event it came from and of the one that ended it (that one
            not included; missing while it holds); ``from_time`` and ``until_time``, the same on the clock
            the log is folded by (recorded, or occurred for a cut by it); then the fields. While a key
            does not live it has no row.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> cards.lifetimes(store)[["stream", "valid_from", "valid_until", "balance"]]
           stream  valid_from  valid_until  balance
        0  card-7           1            2       20
        1  card-7           2         <NA>       25
        """
        return lifetimes(self, log)

    def blame(self, log: Log, key: Key) -> pd.DataFrame:
        """Return for each field of a key the event that last changed it: who, why and when.

        Parameters
        ----------
        log : Log
            Any cut of a store.
        key : str, int or tuple
            The key; a tuple where the key has several parts.

        Returns
        -------
        DataFrame
            One row per field, as declared: ``field``, ``value``, and of the event ``position``, ``type``,
            ``actor``, ``reason``, ``occurred_at``. The event is the one after which the value last
            differed from before; setting the same value again is no change, and a field that never
            changed came with the first event of the key's life. A key that does not live gives no row.

        Raises
        ------
        KeyShapeError
            Where this can be no key: None, or another number of parts.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> load = el.Event("CardLoaded", {"amount": 20, "holder": "Mara"}, actor="ana")
        >>> done = store.append(
        ...     "card-7", [load, el.Event("CardLoaded", {"amount": 5}, actor="ben")]
        ... )
        >>> cards = el.Projection("cards", balance=el.total("amount"), holder=el.last("holder"))
        >>> cards.blame(store, "card-7")[["field", "value", "position", "actor"]]
             field value  position actor
        0  balance    25         2   ben
        1   holder  Mara         1   ana
        """
        self.require_key(key)
        return blame(self, log, key)

    def diff(self, before: Log, after: Log) -> pd.DataFrame:
        """Return what differs between the states of two logs, and the event that did it.

        Parameters
        ----------
        before, after : Log
            Two cuts of a store, in either order, by any clock; or a store and a branch of it.

        Returns
        -------
        DataFrame
            One row per changed field, by key and then field: ``key`` (where there are several parts their
            names; one called like a column of this frame gets ``key_`` before it), ``field``, ``before``,
            ``after``, ``change`` (``appeared``, ``changed``, ``vanished``: said of the key), ``position``
            and ``type`` of the event. That is the event of
            `after` which last changed the field, or ended the key's life; missing where `after` has none,
            as when it lies before the key's first event. A log does not differ from itself.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> cards.diff(store.until(position=1), store)
              key    field before after   change  position        type
        0  card-7  balance     20    25  changed         2  CardLoaded
        """
        return diff(self, before, after)

    def panel(self, log: Log, at: Iterable[Any], *, by: str = "position") -> pd.DataFrame:
        """Return the state at many moments at once.

        Parameters
        ----------
        log : Log
            Any cut of a store.
        at : iterable of int, or of times
            Where to cut it, in any order. Of a bare date it is the first moment.
        by : {"position", "recorded", "occurred"}
            What `at` names: positions, or times of one of the clocks (UTC).

        Returns
        -------
        DataFrame
            Index: ``cut``, in the order of `at`, times in UTC, then the key, sorted. Columns: those of the
            state.
            A key has no row at a cut where it does not live.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> cards.panel(store, at=[1, 2])
                    balance  position
        cut stream
        1   card-7       20         1
        2   card-7       25         2
        """
        self.require_log(log)
        return panel(self, log, at, by)

    def states(self, log: Log, cuts: Sequence[Any], by: str = "position") -> Iterator[pd.DataFrame]:
        """Yield the state at each of some cuts, given in increasing order.

        What `panel` is built on. One after the other here; whoever can carry on from one cut to the next
        does so.
        """
        for cut in cuts:
            yield self(log.until(**{by: cut}))

    def newest(self, log: Log, rows: int) -> pd.DataFrame:
        """Return so many rows of the state, those changed last, the newest first."""
        found = newest_by_stream(self, log, rows)
        return self(log).nlargest(rows, "position") if found is None else found

    def bisect(
        self,
        log: Log,
        predicate: Callable[[Any], object],
        key: Key | None = None,
        *,
        monotone: bool = False,
    ) -> Found | None:
        """Return the first event after which something holds, or None if it never does.

        Parameters
        ----------
        log : Log
            Any cut of a store; it is searched in the order it is folded.
        predicate : callable
            Takes the state after an event and says whether it is found: with a key a dict of its fields,
            else the frame of all keys. A key that does not live is not asked about.
        key : str, int or tuple, optional
            The one key to look at: only events that touch it are looked at, its history is read once.
        monotone : bool
            Whether what holds once holds from then on. Then the search halves the log at every look:
            some twenty looks for a million events, and fast with `Snapshots`. Otherwise
            every state is looked at, from the first on.

        Returns
        -------
        Found or None
            The event, as recorded, with ``state`` (what the predicate saw) and ``looked_at`` (how many
            states it was asked about).

        Raises
        ------
        PredicateFailed
            Naming the position; the original error is its cause.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardRedeemed", {"amount": n}) for n in (3, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount", minus="CardRedeemed"))
        >>> found = cards.bisect(store, lambda card: card["balance"] < -4, key="card-7")
        >>> found.position, found.looked_at, found.state
        (2, 2, {'balance': -8})
        """
        self.require_log(log)
        return bisect(self, log, predicate, key, monotone=monotone)

    def asof(
        self,
        log: Log,
        frame: pd.DataFrame,
        *,
        on: str | Sequence[str],
        key: str | Sequence[str],
        by: str | Sequence[str] = "recorded",
        prefix: str = "",
    ) -> pd.DataFrame:
        """Return a frame with the past state of each row's key joined on: nothing of the future leaks in.

        Parameters
        ----------
        log : Log
            Any cut of a store.
        frame : DataFrame
            Rows that carry a time and a key, such as complaints, or examples to learn from.
        on : str or sequence of str
            The column with the time (UTC where it names no zone), or the position; one for each clock.
        key : str or sequence of str
            The column with the key, several where the key has several parts.
        by : {"recorded", "occurred", "position"} or two of them
            The clock: ``"recorded"``, what was known at that time; ``"occurred"``, what had happened by
            then, as we know today. With ``("recorded", "occurred")`` both: what had happened by the one, as
            far as it was known at the other; where a row has a late event in its midst, this folds its key
            once more.
        prefix : str
            Put before the names of the joined columns.

        Returns
        -------
        DataFrame
            The same rows, index and columns, and behind them the fields and ``position`` of the last
            event folded. A row sees events up to and including its time; of several at that very time it
            sees all. Missing where the key did not live then.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> seen = pd.DataFrame({"card": ["card-7", "card-7", "card-8"], "at": [1, 2, 2]})
        >>> cards.asof(store, seen, on="at", key="card", by="position")
             card  at balance  position
        0  card-7   1      20         1
        1  card-7   2      25         2
        2  card-8   2    <NA>      <NA>
        """
        self.require_log(log)
        return asof(self, log, frame, on, key, by, prefix)

    def marks(self, log: Log, since: int = 0, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Return for each key and field the position of the event that last changed it.

        What `diff` is told by. It asks for some `fields`, and only about those whose value
        at position `since` was another: so earlier events need not be looked at.

        Returns
        -------
        DataFrame
            Index: the keys that were touched. Columns: a position for each field of a key that lives, and
            ``_ended``, the position of the event that last ended the key's life.
        """
        return marks_of(self.changes(log), list(self.key_names))

    def causes(self, log: Log, since: int, cells: Cells) -> Causes:
        """Return the events that did what `diff` found since a position, each by its position and type."""
        return causes_by_marks(self, log, since, cells)

    def require_log(self, found: object) -> None:
        """Refuse what is no log."""
        require_logs(repr(self.name), found)

    def require_key(self, key: Key) -> tuple[Part, ...]:
        """Return the parts of a key, or refuse one of another shape; None, NA and lists are no keys.

        Those of an index are NumPy's own numbers; they are Python's here.
        """
        parts = key if isinstance(key, tuple) else (key,)
        is_missing = any(key is missing for missing in _MISSING)
        can_be_looked_up = all(isinstance(part, Hashable) for part in parts)
        if is_missing or not can_be_looked_up or len(parts) != len(self.key_names):
            raise KeyShapeError(self.name, key, self.key_names)
        return tuple(part.item() if isinstance(part, np.generic) else part for part in parts)


_MISSING: tuple[object, ...] = (None, pd.NA)
