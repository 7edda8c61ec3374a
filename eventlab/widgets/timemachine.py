"""A slider over the past: the widget.

Binds what the pure modules make: `reading` reads the log, `scenes` and `fragments` show a step,
`flipbook` packs the steps, and the ``script`` turns the pages, here and in a saved page. One
synced trait, ``step``, holds where the slider stands.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from eventlab.errors import EventLabError, TimeMachineError
from eventlab.store.eventstore import Branch, EventStore
from eventlab.times import Moment
from eventlab.timetravel.diff import diff_of_states
from eventlab.widgets import answers
from eventlab.widgets import reading as read
from eventlab.widgets.axis import AXES, Axis, require_axis
from eventlab.widgets.beside import code_of
from eventlab.widgets.chosen import filtered, require_known, understood
from eventlab.widgets.condition import Condition
from eventlab.widgets.differences import failure_row, of_cuts, table_rows
from eventlab.widgets.flipbook import deflated
from eventlab.widgets.fragments import Picture
from eventlab.widgets.futures import differing
from eventlab.widgets.futures import html as futures_html
from eventlab.widgets.longlog import GLANCE, LongLog, is_long
from eventlab.widgets.markup import counted
from eventlab.widgets.page import page
from eventlab.widgets.pages import Pages
from eventlab.widgets.places import (
    OF_CLOCK,
    Clock,
    InLog,
    InReading,
    Places,
    moment_of,
    require_kind,
    require_position,
)
from eventlab.widgets.plaintext import plain
from eventlab.widgets.plaintext import title as title_of
from eventlab.widgets.scenes import Reading
from eventlab.widgets.script import script
from eventlab.widgets.strip import named_places, places_of
from eventlab.widgets.tracks import OfReading, Tracks
from eventlab.widgets.tracks_of_log import OfLog
from eventlab.widgets.transport import pinned, transport
from eventlab.widgets.views import Render

HERE = Path(__file__).parent

NEAR = 32
"""Steps before the end of the pages at hand at which the next are fetched."""


class TimeMachine(anywidget.AnyWidget):
    """A slider over a log: the state behind any event, what changed, and the event that did it.

    Move it with the mouse, the arrow keys (one step), page up and page down (a tenth of the way),
    home and end; space plays, with pauses that are all the same or as long as those between the events.
    The keys r and t go to the event of this type before and after, j and k to that of this key; in the
    field you type a step, a position such as #17 or a time such as 17:30. The key ? lists them all. It
    shows the same in a notebook, in a page made by `save`, and as plain text and HTML where no widget
    can live.

    Parameters
    ----------
    log : Log
        A store or any cut of one. A log cut by ``occurred=`` is told in order of occurrence.
    projection : Fold, Projection or callable
        What the state is. Any function log → DataFrame with one row per key will do; it is called
        once at every stop, so it has at most 500 stops unless you say otherwise.
    key : optional
        Look at this one key: its fields one below the other, and only events that touch it as
        stops. Without, the rows of all keys; beyond `rows` of them, those changed last come first.
    render : callable, optional
        Draws the state in place of the table: ``render(state, event)`` returns HTML or SVG, which
        is trusted as it is, so escape what comes from the log. With a key, ``state`` is a dict of
        its fields, or None while it does not exist; without, it holds such a dict for every key.
        At step 0 ``event`` is None. An error in it is shown at its step, and the slider goes on.
    step : int, optional
        Where to begin; left out, at the end: the present.
    max_steps : int, optional
        At most so many stops, evenly spread; the picture says so. Left out, every event is a stop: a
        whole log of more than 3,000 events is fetched from the kernel a piece at a time, as the
        slider moves, which `el.Snapshots` makes quick however long the log is. Where that cannot be
        (with a ``key`` or ``render``, in order of occurrence, where keys are not streams, or where
        upcasters make several events of one) there are at most 3,000 stops, and 500 for a plain function.
    rows : int, optional
        Rows of a whole log that are seen at once.
    marks : dict, optional
        Places to be seen on the strip under the slider, by what they stand for: a position or several,
        such as ``{"invoices have read": view.checkpoint}``. Snapshots of an `el.Snapshots`, and the point
        where a branch leaves its parent, are there by themselves.
    axis : {"position", "occurred", "recorded"}, optional
        What the track under the slider is divided by: equally between the events, or by one of the two
        clocks. Idle months are drawn narrow there, with a break and their length.

    Attributes
    ----------
    step : int
        The current stop: 0 is the past before the first event. Set it, observe it, or ``jslink`` it.
        A number beyond either end stops at that end.
    pins : tuple
        Two stops to be laid side by side, set by the keys a and b or from Python; None where there is no
        pin. With one pin the other moment is the current stop.
    axis : str
        What the track is divided by, and which clock the list of events, play in time and a time that is
        typed go by: ``"recorded"``, or in all other cases when things occurred.
    only : dict
        The filter, as `filter` sets it: names by ``types``, ``streams`` and ``actors``.
    last : int
        The last step.
    position : int
        Position of the event behind the current stop; 0 at step 0.
    event : RecordedEvent or None
        That event.
    branch : Branch or None
        What `fork` made last, or 'fork here' in the time machine; `futures` compares it with this log.
    told : str
        What the last move had to say.
    replayed : int
        How many events the last move folded: none where its stop was at hand. Of a long log a jump folds the
        streams in sight, and with `el.Snapshots` of their events only those behind the last snapshot.

    Raises
    ------
    TimeMachineError
        When the log is no log, the projection no projection, or no event ever touched the key.
    """

    _esm = script()
    _css = HERE / "timemachine.css"

    step = traitlets.Int(0, help="the current stop; 0 is before the first event").tag(sync=True)
    book = traitlets.Bytes(help="the steps at hand, as flipbook.Book.packed() gives them").tag(
        sync=True
    )

    pins = traitlets.Tuple(
        traitlets.Int(allow_none=True),
        traitlets.Int(allow_none=True),
        default_value=(None, None),
        help="the stops that are pinned as A and B; None where there is no pin",
    ).tag(sync=True)
    difference = traitlets.Unicode(
        help="the rows that differ between the pins, where the book does not hold them"
    ).tag(sync=True)

    axis = traitlets.Enum(
        list(AXES), "position", help="what the track under the slider is divided by"
    ).tag(sync=True)
    tracks = traitlets.Bytes(help="what lies under the slider, by axis").tag(sync=True)
    only = traitlets.Dict(
        help="the types, streams and actors whose events are stops; empty where all are"
    ).tag(sync=True)
    choices = traitlets.Dict(
        help="how many events have each type, stream and actor, of a log a browser does not hold"
    ).tag(sync=True)
    two_futures = traitlets.Unicode(
        help="how the log and its branch go on, as HTML; empty until it is asked for"
    ).tag(sync=True)
    fields = traitlets.List(traitlets.Unicode(), help="the fields that a condition may name").tag(
        sync=True
    )
    told = traitlets.Unicode(help="what the last move had to say").tag(sync=True)

    def __init__(
        self,
        log: read.Log,
        projection: read.Projection,
        key: Any = None,
        *,
        render: Render | None = None,
        step: int | None = None,
        max_steps: int | None = None,
        rows: int = 15,
        marks: Mapping[str, int | Iterable[int]] | None = None,
        axis: Axis = "position",
    ) -> None:
        self._log, self._projection, self._rows = log, projection, rows
        self._long: LongLog | None = None
        if key is None and render is None and max_steps is None and is_long(log, projection):
            self._long = LongLog(log, projection, rows)
            begin = self._long.total if step is None else min(max(step, 0), self._long.total)
            reading = self._long.window(begin, GLANCE)
        else:
            reading = read.read(log, projection, key, max_steps)
        self._places: Places = InReading(reading) if self._long is None else InLog(self._long)
        self._picture = Picture(reading, rows, render)
        self._code = code_of(projection, reading)
        self._pages = self._bound(reading)
        there = {**places_of(log, projection), **named_places(marks or {})}
        self._under: Tracks = (
            OfReading(reading, there) if self._long is None else OfLog(self._long, there)
        )
        self._sent: dict[str, Any] = {}
        self.replayed, self._read_for = reading.replayed, self.last if step is None else step
        self._left: Sequence[int] | None = None
        super().__init__(
            book=self._packed(),
            step=self._read_for,
            axis=require_axis(axis),
            tracks=self._drawn(axis),
            fields=list(reading.fields),
        )
        self.branch: Branch | None = None
        self._parted = 0
        self.on_msg(lambda _, asked, __: self._answer(asked))

    @property
    def last(self) -> int:
        """The last stop."""
        return self._pages.reading.last if self._long is None else self._long.total

    @property
    def event(self) -> Any:
        """The event behind the current stop; None at step 0."""
        return self._pages_at(self.step).event(self.step)

    @property
    def position(self) -> int:
        """Position of the event behind the current stop; 0 at step 0."""
        return self._position(self.step)

    @property
    def log(self) -> read.Log:
        """The log as it was at the current stop: the cut that gives the state in sight."""
        return self._log.until(position=self._cut("tm.log"))

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
            self.step = self._places.at_position(require_position(position))
        elif time is not None:
            today = getattr(self.event, OF_CLOCK[self._clock]) if self.step else None
            self.step = self._places.at_time(moment_of(time, today), self._clock)
        return self.event

    def filter(
        self,
        *,
        types: str | Iterable[str] | None = None,
        streams: str | Iterable[str] | None = None,
        actors: str | Iterable[str] | None = None,
    ) -> int:
        """Stop only at the events of some types, streams or actors, and return how many these are.

        It narrows where the slider stops and what the list of events shows; the state at a stop stays
        that of the whole log. A step that is no stop is understood as the last stop before it, and step 0
        is always one. Without names, every event is a stop again.

        Parameters
        ----------
        types, streams, actors : str or iterable of str, optional
            An event is a stop when it has one of the names of every kind that is given.

        Raises
        ------
        TimeMachineError
            When no event of the log has a name.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> for kind in ("CardLoaded", "CardRedeemed", "CardLoaded", "CardRedeemed"):
        ...     done = store.append("card-7", el.Event(kind))
        >>> tm = TimeMachine(store, el.Projection("cards", events=el.count()))
        >>> tm.filter(types="CardLoaded"), tm.step, tm.frame()["events"].tolist()
        (2, 3, [3])
        """
        only = filtered(types=types, streams=streams, actors=actors)
        require_known(only, self._places.counts())
        self.only = only
        return self.last if self._left is None else len(self._left)

    def next(self, of: str = "type") -> Any:
        """Go to the next event of this type, or with ``"key"`` the next that touches this key.

        Parameters
        ----------
        of : {"type", "key"}
            What it has in common with the event at the current stop. The key is that of the state; of a
            log of more than 3,000 events it is the stream.

        Returns
        -------
        RecordedEvent or None
            The event; None where there is none: then the slider stays.

        Examples
        --------
        >>> import eventlab as el
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

    def fork(self, **changes: Any) -> Branch:
        """Return a branch of the store that leaves it at the current stop: another future from here.

        It is also kept as ``tm.branch``, for `futures`.

        Parameters
        ----------
        **changes
            What else is to differ, as in `EventStore.branch`: ``drop``, ``edit``, ``insert``.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        >>> cards = el.Projection("cards", balance=el.total("amount"))
        >>> tm = TimeMachine(store, cards, step=1)
        >>> other = tm.fork()
        >>> done = other.append("card-7", el.Event("CardLoaded", {"amount": 100}))
        >>> cards(store)["balance"].tolist(), cards(other)["balance"].tolist()
        ([25], [120])
        """
        self.branch = self._store().branch(at=self.position, **changes)
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
        return differing(self._log, self.branch, self._projection, self._pages.reading.key)

    def show_futures(self) -> None:
        """Show below the picture how this log and ``tm.branch`` go on, as they are now."""
        table = self.futures()
        self.two_futures = futures_html(self._log, self.branch, self._parted, table)

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
            The event behind that stop; None at stop 0, and where it never is: then the slider stays. Of a
            long log every event is folded to find it.

        Raises
        ------
        TimeMachineError
            When there is no such field or sign, or the two do not compare.

        Examples
        --------
        >>> import eventlab as el
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
        reading = self._pages.reading
        touches = reading.touches if self._long is None else self._long.touches()
        step, looked = condition.first(touches, reading.fields)
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

    def frame(self, step: int | None = None) -> pd.DataFrame:
        """Return the state at a stop (the current one): of the key, or of all keys where none was named."""
        if self._long is not None:
            return self._long.state(self._require(step))
        return read.frame(self._log, self._projection, self._pages.reading, self._require(step))

    def diff(self) -> pd.DataFrame:
        """Return what differs between the pinned stops, the earlier first: what the table below them shows.

        Returns
        -------
        DataFrame
            As ``projection.diff`` gives it: one row per changed field, with the event that did it. Of a
            plain function, and of a log in order of occurrence, without that event.

        Raises
        ------
        TimeMachineError
            When nothing is pinned.
        """
        early, late = self._pinned()
        reading = self._pages.reading
        if not hasattr(self._projection, "diff") or not reading.in_order:
            return diff_of_states(self.frame(early), self.frame(late))
        log = read.about(self._log, self._projection, reading.key)
        before, after = (log.until(position=self._position(step)) for step in (early, late))
        return of_cuts(self._projection, before, after, reading.key)

    def html(self, step: int | None = None) -> str:
        """Return the picture of a stop (the current one): plain tables, the same every time."""
        step = self._require(step)
        return self._pages_at(step).html(step)

    def text(self, step: int | None = None) -> str:
        """Return a stop (the current one) as plain text, the same every time."""
        step = self._require(step)
        pages = self._pages_at(step)
        return plain(pages.reading, pages.scene(step))

    def save(
        self, path: str | PathLike[str], title: str | None = None, *, caption: str = ""
    ) -> Path:
        """Write one page that slides, plays and compares two stops, with no kernel and no network.

        It opens at the current stop with the current pins, axis and filter, has a `caption` below its title,
        reads without JavaScript too, and asks no one for anything. Of a long log it has 500 stops, evenly
        spread, and says so; two of them cannot be compared there, which takes every row.
        """
        target = Path(path)
        pages, step = self._pages_to_keep()
        book = pages.packed(self._shell(pages, pages.last), pages.last)
        written = page(
            title or title_of(pages.reading),
            book,
            deflated(self._tracks_to_keep(pages)),
            pages.html(step),
            caption=caption,
            step=step,
            pins=self.pins if self._long is None else (None, None),  # its stops have other numbers
            axis=self.axis,
            only=self.only,
        )
        target.write_text(written, encoding="utf-8", newline="\n")
        return target

    def __repr__(self) -> str:
        return f"<TimeMachine {title_of(self._pages.reading)}, step {self.step} of {self.last}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view, and beside it text and HTML for where there is none."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return data | {"text/plain": self.text(), "text/html": self.html()}, metadata

    @traitlets.validate("step")
    def _stop_inside(self, proposal: Any) -> int:
        step = min(max(int(proposal["value"]), 0), self.last)
        if self._left is None:
            return step
        before = bisect_right(self._left, step)
        return self._left[before - 1] if before else 0

    @traitlets.validate("only")
    def _understand(self, proposal: Any) -> dict[str, list[str]]:
        return understood(proposal["value"])

    @traitlets.observe("only")
    def _narrow(self, change: Any) -> None:
        """Know the stops that are left, and stand on one."""
        self._left = self._places.left(self.only) if self.only else None
        self.step = self.step  # validated anew

    @traitlets.validate("pins")
    def _pin_inside(self, proposal: Any) -> tuple[int | None, ...]:
        return tuple(
            pin if pin is None else min(max(pin, 0), self.last) for pin in proposal["value"]
        )

    @traitlets.observe("pins")
    def _compare(self, change: Any) -> None:
        """Send what only the kernel can tell, where the book does not hold all rows."""
        if self._pages.versions is None and None not in self.pins:
            self.difference = self._told_difference()

    def _answer(self, asked: dict[str, Any]) -> None:
        """Do what a browser asks that has no more than a window of the stops, and tell what came of it."""
        self.told = ""  # the same words twice are to be heard twice
        try:
            self.told = answers.answer(self, asked)
        except EventLabError as error:
            self.told = str(error)

    @property
    def _clock(self) -> Clock:
        return "recorded" if self.axis == "recorded" else "occurred"

    def _store(self) -> EventStore:
        if not isinstance(self._log, EventStore):
            raise TimeMachineError.no_fork(self._log)
        return self._log

    def _onward(self, by: int) -> bool:
        """Go to the next stop or the one before; tell whether there is one."""
        left = range(1, self.last + 1) if self._left is None else self._left
        at = bisect_right(left, self.step) if by > 0 else bisect_left(left, self.step) - 1
        if (self.step == 0 and by < 0) or at >= len(left):
            return False
        self.step = left[at] if at >= 0 else 0
        return True

    def _seek(self, by: int, of: str) -> Any:
        step = self._places.seek(self.step, by, require_kind(of), self.only)
        if step is None:
            return None
        self.step = step
        return self.event

    def _told_difference(self) -> str:
        try:
            return table_rows(self.diff())
        except EventLabError as error:
            return failure_row(str(error))

    def _cut(self, what: str) -> int:
        if not self._pages.reading.in_order:
            raise TimeMachineError.no_cut(what)
        return self.position

    def _pinned(self) -> tuple[int, int]:
        stops = [pin for pin in self.pins if pin is not None]
        if not stops:
            raise TimeMachineError.no_pin()
        early, late = sorted([*stops, self.step][:2])
        return early, late

    def _position(self, step: int) -> int:
        return self._pages_at(step).event(step).position if step else 0

    def _require(self, step: int | None) -> int:
        if step is None:
            return self.step
        if isinstance(step, bool) or not hasattr(step, "__index__") or not 0 <= step <= self.last:
            raise TimeMachineError.no_such_step(step, self.last)
        return int(step)

    # -- pages -------------------------------------------------------------------------------------

    @traitlets.observe("step")
    def _turn(self, change: Any) -> None:
        """Bring the pages around the slider to hand, before it reaches the end of those there are."""
        if self.step == self._read_for:
            return
        self.replayed = 0
        if self._long is None or self._pages.holds(self.step, NEAR, self.last):
            return
        steps = None if self._pages.holds(self.step) else GLANCE
        self._pages, self._read_for = self._bound(self._long.window(self.step, steps)), self.step
        self.replayed = self._pages.reading.replayed
        self.book = self._packed()

    def _pages_at(self, step: int) -> Pages:
        if self._long is None or self._pages.holds(step):
            return self._pages
        return self._bound(self._long.window(step, GLANCE))

    def _pages_to_keep(self) -> tuple[Pages, int]:
        """Return pages that need no kernel, and the one among them that is nearest to the slider."""
        if self._long is None:
            return self._pages, self.step
        reading = self._long.stops()
        picture = Picture(reading, self._rows)
        kept = Pages(reading, picture, self._rows, windowed=False, code=self._code)
        return kept, min(bisect_left(reading.numbers, self.step), kept.last)

    def _tracks_to_keep(self, pages: Pages) -> dict[str, Any]:
        """Return the tracks of the pages to keep, by every axis: a page has no one to ask."""
        stops = None if self._long is None else pages.reading.numbers
        return {axis: self._under.on(axis, stops) for axis in AXES}

    def _bound(self, reading: Reading) -> Pages:
        picture = self._picture.turned_to(reading)
        return Pages(reading, picture, self._rows, windowed=self._long is not None, code=self._code)

    def _packed(self) -> bytes:
        return self._pages.packed(self._shell(self._pages, self.last), self.last)

    def _shell(self, pages: Pages, last: int) -> str:
        controls = transport(title_of(pages.reading), last)
        return controls + self._picture.html({}) + pinned()

    # -- track -------------------------------------------------------------------------------------

    @traitlets.observe("axis")
    def _draw(self, change: Any) -> None:
        """Send the track of an axis that has not been sent: that of a long log takes a while."""
        if self.axis not in self._sent:
            self.tracks = self._drawn(self.axis)

    def _drawn(self, axis: Axis) -> bytes:
        """Return the tracks, packed: all of a short log, of a long one those that were asked for."""
        asked = AXES if self._long is None else dict.fromkeys(("position", axis))
        self._sent |= {axis: self._under.on(axis) for axis in asked if axis not in self._sent}
        return deflated(self._sent)
