"""Where to go from here: to a step, a time, the next of a kind, or where a condition first holds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

import traitlets
from tqdm.auto import tqdm

from eventlab.errors import TimeMachineError
from eventlab.times import Moment
from eventlab.widgets.condition import Condition, Found
from eventlab.widgets.markup import counted
from eventlab.widgets.places import (
    OF_CLOCK,
    Clock,
    Steps,
    moment_of,
    require_kind,
    require_position,
)
from eventlab.widgets.slider import Slider


class Moves(Slider):
    """A slider that finds its way: what `Places` knows, as verbs."""

    fields = traitlets.List(traitlets.Unicode(), help="the fields that a condition may name").tag(
        sync=True
    )
    looked = traitlets.Int(
        0, help="how far a search has come that goes on when it is asked to"
    ).tag(sync=True)
    told = traitlets.Unicode(help="what the last move had to say").tag(sync=True)

    def go(
        self,
        step: int | None = None,
        *,
        position: int | None = None,
        time: Moment | None = None,
    ) -> Any:
        """Go to a step, or to the last stop at or before a position or a time, and return its event.

        Parameters
        ----------
        step : int, optional
        position : int, optional
            A position in the log.
        time : str, date or datetime, optional
            When it happened, in UTC; ``"17:30"`` is a time of the day at the current stop. Of a log with
            events that were recorded late it is the event that happened last by then.

        Returns
        -------
        RecordedEvent or None
            The event behind that stop; None where there was none by then.

        Raises
        ------
        TimeMachineError
            When not exactly one place is given, or it is none.

        Examples
        --------
        >>> import eventlab as el
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> for day in ("2013-01-01T12:00", "2013-01-02T12:00", "2013-01-02T18:00"):
        ...     done = store.append("card-7", el.Event("CardLoaded", occurred_at=day))
        >>> tm = TimeMachine(store, el.Projection("cards", loads=el.count()))
        >>> tm.go(time="17:30").occurred_at, tm.step
        (datetime.datetime(2013, 1, 2, 12, 0), 2)
        """
        if [step, position, time].count(None) != 2:
            raise TimeMachineError.no_place()
        if step is not None:
            self.step = self._require(step)
        elif position is not None:
            self.step = self._past.places.at_position(require_position(position))
        elif time is not None:
            today = getattr(self.event, OF_CLOCK[self._clock]) if self.step else None
            self.step = self._past.places.at_time(moment_of(time, today), self._clock)
        return self.event

    def next(self, of: str = "type") -> Any:
        """Go to the next event of this type, or with ``"key"`` the next that touches this key.

        Parameters
        ----------
        of : {"type", "key"}
            What it has in common with the event at the current stop: the type, or a key of the state that
            both touch. In a log that is fetched a piece at a time the streams are the keys.

        Returns
        -------
        RecordedEvent or None
            The event; None where there is none: then the slider stays.

        Examples
        --------
        >>> import eventlab as el
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> for card in ("card-7", "card-8", "card-7"):
        ...     done = store.append(card, el.Event("CardLoaded"))
        >>> tm = TimeMachine(store, el.Projection("cards", loads=el.count()), step=1)
        >>> tm.next("key").position, tm.previous("type").position
        (3, 2)
        """
        return self._seek(1, of)

    def previous(self, of: str = "type") -> Any:
        """Go to the event of this type, or that touches this key, before the current one; see `next`."""
        return self._seek(-1, of)

    def find(self, field: str, sign: str | None = None, value: Any = None) -> Any:
        """Go to the first step at which a field compares so with a value, and return its event.

        ``tm.told`` says how many states were looked at. A filter of which the event is no stop is cleared.

        Parameters
        ----------
        field : str
            Of the key, or of any row where no key was named. Alone, a condition as it is typed into the
            time machine: ``"balance < 0"``, ``"holder == Ana"``.
        sign : {"<", "<=", "==", "!=", ">=", ">"}
            How to compare; a missing value compares with nothing.
        value
            What to compare with.

        Returns
        -------
        RecordedEvent or None
            The event behind that stop; None at stop 0, and where it never is: then the slider stays. A long
            log is folded as far as it takes, a part at a time; in the time machine itself the slider can be
            moved meanwhile, and the search stopped.

        Raises
        ------
        TimeMachineError
            When there is no such field or sign, or the two do not compare.

        Examples
        --------
        >>> import eventlab as el
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardRedeemed", {"amount": n}) for n in (3, 5)])
        >>> tm = TimeMachine(
        ...     store, el.Projection("cards", balance=el.total("amount", minus="CardRedeemed"))
        ... )
        >>> tm.find("balance", "<", -4).position, tm.step
        (2, 2)
        >>> tm.find("balance < 0").position, tm.told
        (1, 'balance < 0 first holds here; 1 state was looked at')
        """
        condition = Condition.typed(field) if sign is None else Condition(field, sign, value)
        with tqdm(total=self.last, desc="find", unit=" events", delay=2, leave=False) as bar:
            for found in self._search(condition):
                bar.update(found.until - bar.n)
            bar.total = bar.n  # found: there is no more to do
        return self._arrive(condition, found)

    def _search(self, condition: Condition) -> Iterator[Found]:
        if condition.field not in self.fields:
            raise TimeMachineError.no_such_field(condition.field, self.fields)
        return condition.look(self._past.course(condition.field))

    def _look(self, typed: str | None) -> str:
        """Search through one part of the log, on from the last; return what there is to say.

        Whoever asks asks again: in between the slider can be moved, and an unanswered search is none.
        """
        self.looked = 0
        if typed is not None:
            condition = Condition.typed(typed)
            self._looking = condition, self._search(condition)
        condition, search = self._looking
        found = next(search)
        if found.step is None and found.until < self.last:
            self.looked = found.until
            return f"looking … {found.until:,} of {counted(self.last, 'event')}"
        self._arrive(condition, found)
        return self.told

    def _arrive(self, condition: Condition, found: Found) -> Any:
        """Go to what was found, and tell of it."""
        step, looked, _ = found
        seen = f"{counted(looked, 'state')} {'was' if looked == 1 else 'were'} looked at"
        if step is None:
            self.told = f"{condition} never holds; {seen}"
            return None
        self.step = step
        cleared = self.step != step
        if cleared:
            self.only, self.step = {}, step
        more = "; the filter is cleared, for this is none of its stops" if cleared else ""
        self.told = f"{condition} first holds here; {seen}{more}"
        return self.event

    @traitlets.default("fields")
    def _known_fields(self) -> list[str]:
        return list(self._past.pages.reading.fields)

    @property
    def _clock(self) -> Clock:
        return "recorded" if self.axis == "recorded" else "occurred"

    def _onward(self, by: int) -> bool:
        """Go to the next stop or the one before; tell whether there is one."""
        left: Steps = range(1, self.last + 1) if self._left is None else self._left
        at = bisect_right(left, self.step) if by > 0 else bisect_left(left, self.step) - 1
        if (self.step == 0 and by < 0) or at >= len(left):
            return False
        self.step = int(left[at]) if at >= 0 else 0
        return True

    def _seek(self, by: int, of: str) -> Any:
        step = self._past.places.seek(self.step, by, require_kind(of), self.only)
        if step is None:
            return None
        self.step = step
        return self.event
