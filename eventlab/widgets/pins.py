"""What differs between two moments that are pinned."""

from __future__ import annotations

from typing import Any

import pandas as pd
import traitlets

from eventlab.errors import EventLabError, TimeMachineError
from eventlab.timetravel.diff import diff_of_states
from eventlab.widgets import reading as read
from eventlab.widgets.differences import failure_row, of_cuts, table_rows
from eventlab.widgets.slider import Slider
from eventlab.widgets.traits import Pair, Step


class Pins(Slider):
    """A slider with two pins."""

    pins = Pair(
        Step(allow_none=True),
        Step(allow_none=True),
        default_value=(None, None),
        help="the stops that are pinned as A and B; None where there is no pin",
    ).tag(sync=True)
    difference = traitlets.Unicode(
        help="the rows that differ between the pins, where the book does not hold them"
    ).tag(sync=True)

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
        past, reading = self._past, self._past.pages.reading
        if not hasattr(past.projection, "diff") or not reading.in_order:
            return diff_of_states(past.state(early), past.state(late))
        log = read.about(past.log, past.projection, reading.key)
        before, after = (log.until(position=past.position(step)) for step in (early, late))
        return of_cuts(past.projection, before, after, reading.key)

    @traitlets.validate("pins")
    def _pin_inside(self, proposal: Any) -> tuple[int | None, ...]:
        return tuple(
            pin if pin is None else min(max(pin, 0), self.last) for pin in proposal["value"]
        )

    @traitlets.observe("pins")
    def _compare(self, change: Any) -> None:
        """Send what only the kernel can tell, where the book does not hold all rows."""
        if self._past.pages.versions is None and None not in self.pins:
            self.difference = self._told_difference()

    def _told_difference(self) -> str:
        try:
            return table_rows(self.diff())
        except EventLabError as error:
            return failure_row(str(error))

    def _pinned(self) -> tuple[int, int]:
        stops = [pin for pin in self.pins if pin is not None]
        if not stops:
            raise TimeMachineError.no_pin()
        early, late = sorted([*stops, self.step][:2])
        return early, late
