"""The board in the departure hall: what leaves when, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from eventlab.errors import InvalidRender
from eventlab.event import RecordedEvent
from eventlab.renders.options import NAME, SEVERAL, TEXT, WORDS, or_none, require_options
from eventlab.renders.parts import Row, marked, named, require_most, rest, rows_of, scrolling, style
from eventlab.widgets.markup import value, word
from eventlab.widgets.values import is_number, known, text


@dataclass(frozen=True)
class airport_board:  # noqa: N801 - said like a verb, as `functools.partial` is
    r"""Departures by time, as on split flaps: time, flight, where to, status.

    The flight is the key. What is `done` has left the board, but is seen once more at the step that did it.

    Parameters
    ----------
    time, to, status : str
        The fields with the time that was scheduled (UTC, as text or datetime), the destination, the status.
    words : dict, optional
        What the board says for a status: ``{"FlightDeparted": "departed"}``; others stand as they are.
    done : collection of str
        The statuses with which a row leaves the board.
    delay : str, optional
        A field with minutes; a positive number is told behind the status.
    zone : str, optional
        The time zone of the airport, such as ``America/New_York``; left out, UTC.
    cut : str
        What is cut off the beginning of a key: ``"flight-"``.
    rows : int
        Rows of the board.

    Examples
    --------
    >>> board = airport_board(words={"FlightScheduled": "on time"}, cut="flight-")
    >>> flight = {"to": "IAH", "scheduled": "2013-01-01T10:15:00Z", "status": "FlightScheduled"}
    >>> picture = board({"flight-UA1545": flight}, None)
    >>> '<td>10:15</td><th scope="row">UA1545</th><td>IAH</td><td>on time</td>' in picture
    True
    """

    time: str = "scheduled"
    to: str = "to"
    status: str = "status"
    words: Mapping[str, str] = field(default_factory=dict)
    done: Collection[str] = ()
    delay: str | None = None
    zone: str = "UTC"
    cut: str = ""
    rows: int = 12

    def __post_init__(self) -> None:
        require_most("airport_board", "rows", self.rows)
        require_options(self, time=NAME, to=NAME, status=NAME, delay=or_none(NAME))
        require_options(self, words=WORDS, done=SEVERAL, cut=TEXT)
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, TypeError, OSError) as error:
            raise InvalidRender.zone(self.zone) from error

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the board at one step."""
        waiting = [row for row in rows_of(state) if row.mark or self._waits(row)]
        waiting.sort(key=lambda row: _order(row.fields.get(self.time)))
        touched = [row for row in waiting if row.mark and not self._waits(row)]
        ahead = [row for row in waiting if self._waits(row)][: max(self.rows - len(touched), 0)]
        shown = sorted([*touched, *ahead], key=lambda row: _order(row.fields.get(self.time)))[
            : self.rows
        ]
        lines = "".join(map(self._row, shown)) or '<tr><td colspan="5">no departures</td></tr>\n'
        caption = f"<caption>Departures {self._now(event)}</caption>\n"
        drawn = scrolling(f'<table class="el-airport">{caption}{_HEAD}{lines}</table>')
        return f"{_STYLE}{drawn}{rest(len(waiting) - len(shown), 'flight')}"

    def _waits(self, row: Row) -> bool:
        return row.now is not None and row.now.get(self.status) not in self.done

    def _row(self, row: Row) -> str:
        fields, key = row.fields, row.key
        name = key.removeprefix(self.cut) if isinstance(key, str) else key
        kind = ' class="m"' if row.mark else ""
        return (
            f"<tr{kind}><td>{marked(row.mark, '')}</td><td>{self._clock(fields.get(self.time))}</td>"
            f'<th scope="row">{named(name)}</th><td>{value(fields.get(self.to))}</td>'
            f"<td>{self._status(row)}</td></tr>\n"
        )

    def _status(self, row: Row) -> str:
        status, late = row.fields.get(self.status), known(row.fields.get(self.delay or ""))
        told = word(self.words.get(text(status), text(status))) if status is not None else ""
        return f"{told} {late:.0f} min late" if is_number(late) and late > 0 else told

    def _clock(self, when: Any) -> str:
        moment = _moment(when)
        try:
            return f"{moment.astimezone(ZoneInfo(self.zone)):%H:%M}" if moment else value(when)
        except OverflowError:  # there, the calendar has ended or not begun
            return value(when)

    def _now(self, event: RecordedEvent | None) -> str:
        return "" if event is None else f"· {self._clock(event.occurred_at)}"


def _moment(when: Any) -> datetime | None:
    """Return a time with its zone, naive taken as UTC; None where it is no time."""
    try:
        moment = pd.Timestamp(when).to_pydatetime()
    except (TypeError, ValueError):
        return None
    if known(moment) is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _order(when: Any) -> tuple[bool, datetime]:
    moment = _moment(when)
    return moment is None, moment or datetime.max.replace(tzinfo=UTC)


_HEAD = (
    '<thead><tr><td></td><th scope="col">time</th><th scope="col">flight</th><th scope="col">to</th>'
    '<th scope="col">status</th></tr></thead>\n'
)

# A board is dark in a light hall, too. Every letter of the monospaced font lies on a flap of its own.
_STYLE = style(
    """
    table.el-airport.el-airport {
      border-collapse: separate; border-spacing: 10px 4px; width: auto; background: #1b1d20; color: #f4f1e6;
      padding: 8px 4px 12px; border-radius: 0 0 10px 10px; text-transform: uppercase; text-align: left;
      font: 600 15px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    table.el-airport.el-airport caption {
      color: inherit; text-align: left; padding: 8px 14px; margin-bottom: -1px; background: #1b1d20;
      border-radius: 10px 10px 0 0; font-size: 17px; }
    table.el-airport.el-airport :is(td, th) {
      border: 0; padding: 0; font-weight: 600; color: inherit; text-align: left; }
    table.el-airport.el-airport tr { background: none; }
    table.el-airport.el-airport thead th { color: #a9adb3; font-size: 11px; }
    table.el-airport.el-airport :is(td, tbody th) {
      background: repeating-linear-gradient(90deg, #2d3136 0 calc(1ch - 1px), #1b1d20 calc(1ch - 1px) 1ch); }
    table.el-airport.el-airport td:empty, table.el-airport.el-airport td:first-child { background: none; }
    table.el-airport.el-airport tbody th { min-width: 7ch; }
    table.el-airport.el-airport td:last-child { min-width: 22ch; }
    table.el-airport.el-airport tr.m > * { color: #ffc14d; }
    table.el-airport.el-airport abbr { text-decoration: none; }
    """
)
