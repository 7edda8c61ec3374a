"""What would have happened otherwise: another future from the current stop, and both side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import traitlets

from eventlab.errors import TimeMachineError
from eventlab.event import Event
from eventlab.store.eventstore import Branch, EventStore
from eventlab.store.log import Log
from eventlab.widgets.futures import differing, html
from eventlab.widgets.slider import Slider


class Forks(Slider):
    """A slider from which a store is forked."""

    branch: Branch | None = None
    two_futures = traitlets.Unicode(
        help="how the log and its branch go on, as HTML; empty until it is asked for"
    ).tag(sync=True)

    _parted = 0

    def fork(
        self,
        *,
        drop: Iterable[int] | Log = (),
        edit: Mapping[int, Event | Mapping[str, Any]] | None = None,
        insert: Mapping[int, Any] | None = None,
    ) -> Branch:
        """Return a branch of the store that leaves it at the current stop: another future from here.

        It is also kept as ``tm.branch``, for `futures`.

        Parameters
        ----------
        drop, edit, insert
            What else is to differ, as in `EventStore.branch`.

        Examples
        --------
        >>> import eventlab as el
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> tm = TimeMachine(store, cards, step=1)
        >>> other = tm.fork()
        >>> done = other.append("card-7", el.Event("CardLoaded", {"amount": 100}))
        >>> cards(store)["balance"].tolist(), cards(other)["balance"].tolist()
        ([25], [120])
        """
        self.branch = self._store().branch(at=self.position, drop=drop, edit=edit, insert=insert)
        self._parted = self.position
        return self.branch

    def fork_without(self) -> Branch:
        """Return a branch in which the event at the current stop never happened, and the later ones did.

        Raises
        ------
        TimeMachineError
            When there is no event at the current stop, or this is no whole store.

        Examples
        --------
        >>> import eventlab as el
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> tm = TimeMachine(store, el.Projection("cards", balance=el.total("amount")), step=1)
        >>> done = tm.fork_without()
        >>> tm.futures()
               balance        changed
                  here branch
        stream
        card-7      25      5    True
        """
        store = self._store()
        if not self.step:
            raise TimeMachineError.no_event()
        self.branch = store.branch(drop=[self.position])
        self._parted = self.position - 1
        return self.branch

    def futures(self) -> pd.DataFrame:
        """Return what differs in the end between this log (``here``) and ``tm.branch``, as `el.compare` does.

        Raises
        ------
        TimeMachineError
            When there is no branch yet.
        """
        if self.branch is None:
            raise TimeMachineError.no_branch()
        return differing(
            self._past.log, self.branch, self._past.projection, self._past.pages.reading.key
        )

    def show_futures(self) -> None:
        """Show below the picture how this log and ``tm.branch`` go on, as they are now."""
        table = self.futures()
        self.two_futures = html(self._past.log, self.branch, self._parted, table)

    def _store(self) -> EventStore:
        if not isinstance(self._past.log, EventStore):
            raise TimeMachineError.no_fork(self._past.log)
        return self._past.log
