"""Where a slider over the past stands, where it may stand, and what is at hand there.

One synced trait, ``step``, holds where; all else follows it. What there is to see is in `past`, what lies
under the slider in `tracks`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from operator import index
from typing import Any

import anywidget
import traitlets

from eventlab.checks import is_integer
from eventlab.errors import TimeMachineError
from eventlab.widgets.axis import AXES, Axis, require_axis
from eventlab.widgets.chosen import filtered, understood
from eventlab.widgets.flipbook import deflated
from eventlab.widgets.past import Past
from eventlab.widgets.places import Steps
from eventlab.widgets.reading import Log
from eventlab.widgets.traits import Names, OneAxis, Step


class Slider(anywidget.AnyWidget):
    """A number that moves over the steps of a past, and the pages around it."""

    step = Step(0, help="the current stop; 0 is before the first event").tag(sync=True)
    book = traitlets.Bytes(help="the steps at hand, as flipbook.Book.packed() gives them").tag(
        sync=True
    )
    axis = OneAxis(
        list(AXES), "position", help="what the track under the slider is divided by"
    ).tag(sync=True)
    tracks = traitlets.Bytes(help="what lies under the slider, by axis").tag(sync=True)
    only = Names(
        help="the types, streams and actors whose events are stops; empty where all are"
    ).tag(sync=True)
    stops = traitlets.Dict(
        help="how many events a filter leaves, and which filter: a browser does not hold a long log"
    ).tag(sync=True)
    choices = traitlets.Dict(
        help="how many events have each type, stream and actor, of a log a browser does not hold"
    ).tag(sync=True)

    def __init__(self, past: Past, step: int | None, axis: Axis) -> None:
        self._past = past
        self._left: Steps | None = None
        self._sent: dict[str, Any] = {}
        self.replayed = past.replayed
        super().__init__(
            book=past.packed(),
            step=past.last if step is None else step,
            axis=require_axis(axis),
            tracks=self._drawn(axis),
        )
        self.observe(self._turn, "step")
        self.observe(self._draw, "axis")

    @property
    def last(self) -> int:
        """The last stop."""
        return self._past.last

    @property
    def event(self) -> Any:
        """The event behind the current stop; None at step 0."""
        return self._past.pages_at(self.step).event(self.step)

    @property
    def position(self) -> int:
        """Position of the event behind the current stop; 0 at step 0."""
        return self._past.position(self.step)

    @property
    def log(self) -> Log:
        """The log as it was at the current stop: the cut that gives the state in sight."""
        if not self._past.pages.reading.in_order:
            raise TimeMachineError.no_cut("tm.log")
        return self._past.log.until(position=self.position)

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
        >>> from eventlab.widgets import TimeMachine
        >>> store = el.EventStore()
        >>> for kind in ("CardLoaded", "CardRedeemed", "CardLoaded", "CardRedeemed"):
        ...     done = store.append("card-7", el.Event(kind))
        >>> tm = TimeMachine(store, el.Projection("cards", events=el.count()))
        >>> tm.filter(types="CardLoaded"), tm.step, tm.frame()["events"].tolist()
        (2, 3, [3])
        """
        only = filtered(types=types, streams=streams, actors=actors)
        for kind, names in only.items():
            self._require_known(kind, names)
        self.only = only
        return self.last if self._left is None else len(self._left)

    @traitlets.validate("step")
    def _stop_inside(self, proposal: Any) -> int:
        step = min(max(int(proposal["value"]), 0), self.last)
        if self._left is None:
            return step
        before = bisect_right(self._left, step)
        return int(self._left[before - 1]) if before else 0

    @traitlets.validate("only")
    def _understand(self, proposal: Any) -> dict[str, list[str]]:
        return understood(proposal["value"])

    @traitlets.observe("only")
    def _narrow(self, change: Any) -> None:
        """Know the stops that are left, and stand on one."""
        self._left = self._past.places.left(self.only) if self.only else None
        self.stops = {} if self._left is None else {"only": self.only, "events": len(self._left)}
        self.step = self.step  # validated anew

    def _turn(self, change: Any) -> None:
        """Bring the pages around the slider to hand, before it reaches the end of those there are."""
        has_others = self._past.turn(self.step)
        self.replayed = self._past.replayed if has_others else 0
        if has_others:
            self.book = self._past.packed()

    def _draw(self, change: Any) -> None:
        """Send the track of an axis that has not been sent: that of a long log takes a while."""
        if self.axis not in self._sent:
            self.tracks = self._drawn(self.axis)

    def _drawn(self, axis: Axis) -> bytes:
        """Return the tracks, packed: those sent before, and those that are ready along with an axis."""
        tracks = self._past.tracks
        self._sent |= {
            axis: tracks.on(axis) for axis in tracks.ready(axis) if axis not in self._sent
        }
        return deflated(self._sent)

    def _require_known(self, kind: str, names: list[str]) -> None:
        places = self._past.places
        for name in sorted(set(names) - places.known(kind, names)):
            raise TimeMachineError.no_such_choice(kind, name, places.counts(kind))

    def _require(self, step: int | None) -> int:
        if step is None:
            return int(self.step)
        if not is_integer(step) or not 0 <= index(step) <= self.last:
            raise TimeMachineError.no_such_step(step, self.last)
        return int(step)
