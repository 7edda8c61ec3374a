"""Version lanes: for each event the lane it is stored in, and the lane in which today's code reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventlab.event import Event, RecordedEvent
from eventlab.projections import Fold
from eventlab.renders.parts import FAINT, QUIET, Fields, marked, said, scrolling, style, tint
from eventlab.store.log import Log
from eventlab.timetravel.asked import require_logs
from eventlab.upcasting import Chains
from eventlab.upcasting.chains import Stage
from eventlab.upcasting.told import NOT_SHOWN, Change, changes, lanes, shape, shapes, told
from eventlab.widgets import TimeMachine
from eventlab.widgets.markup import word

MOST_ROWS = 8
"""Events in sight, the current one below those before it."""


def version_lanes(log: Log, **more: Any) -> TimeMachine:
    """Return a slider over what is stored, with what today's code reads of each event beside it.

    Parameters
    ----------
    log : Log
        A store with upcasters, or a cut of one. Every stored event is a stop, also one that is not shown.
    **more
        What else a `TimeMachine` takes: ``step``, ``max_steps``.

    Returns
    -------
    TimeMachine
        Its state has a row for each event, by position: ``stored`` and ``read`` (type and schema), ``lanes``
        (a sign for each schema: ○ stored, → passed, ● read, ◉ stored and read, ✕ stored and not shown) and
        ``fields`` (what became of the payload).

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore(upcasters=[el.upcasting.rename("CardLoaded", 1, amount="euros")])
    >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}, schema=1))
    >>> done = store.append("card-7", el.Event("CardLoaded", {"euros": 5}))
    >>> version_lanes(store).frame()[["stored", "lanes", "read", "fields"]]
                 stored lanes          read          fields
    event
    1      CardLoaded 1   ○ ●  CardLoaded 2  amount → euros
    2      CardLoaded 2   · ◉  CardLoaded 2
    """
    require_logs("version_lanes()", log)
    chains = log.upcasters
    number = max(chains.newest.values(), default=1)
    reading = Fold(
        partial(_read, chains, number),
        initial=_NOTHING,
        name="version lanes",
        key=_position,
        key_names="event",
    )
    return TimeMachine(log.as_stored(), reading, render=_Lanes(chains, number), **more)


_NOTHING = {"stored": "", "lanes": "", "read": "", "fields": ""}


def _position(event: RecordedEvent) -> int:
    return event.position


def _read(chains: Chains, number: int, state: Any, event: RecordedEvent) -> dict[str, str]:
    way = chains.way(event, event.position)
    return {
        "stored": shape(way.event),
        "lanes": lanes(way, number),
        "read": shapes(way.ends()),
        "fields": told(way),
    }


@dataclass(frozen=True)
class _Lanes:
    """The lanes of the last events, and the way of the current one step by step."""

    chains: Chains
    number: int

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        if event is None:
            return "<p>Nothing is stored yet.</p>\n"
        last = list(state.items())[-MOST_ROWS:]
        body = "".join(self._row(at, row, at == event.position) for at, row in last)
        table = scrolling(f'<table class="el-lanes">{_LEGEND}{self._head()}{body}</table>')
        return f"{_STYLE}{table}{self._way(event)}"

    def _head(self) -> str:
        schemas = "".join(
            f'<th scope="col" class="l">{lane}</th>' for lane in range(1, self.number + 1)
        )
        return (
            f'<thead><tr><th scope="col">event</th><th scope="col">stored as</th>{schemas}'
            '<th scope="col">read as</th></tr></thead>\n'
        )

    def _row(self, position: int, row: Fields, is_now: bool) -> str:
        cells = "".join(f'<td class="l">{_LANE[sign]}</td>' for sign in row["lanes"].split(" "))
        read = " + ".join(f"<span>{word(one)}</span>" for one in row["read"].split(" + "))
        kind = ' class="now"' if is_now else ""
        return (
            f'<tr{kind}><th scope="row">{position}</th><td>{word(row["stored"])}</td>{cells}'
            f"<td>{read}</td></tr>\n"
        )

    def _way(self, event: RecordedEvent) -> str:
        way = self.chains.way(event, event.position)
        body = "".join(_stages(way, None, 0))
        caption = f"<caption>event {event.position}: stored, and read</caption>"
        return scrolling(f'<table class="el-way">{caption}\n{_WAY_HEAD}{body}</table>')


def _stages(stage: Stage, before: Mapping[str, Any] | None, depth: int) -> Iterator[str]:
    """Yield a row for the event as it is stored, for each step, and for what is read."""
    kind, place = _place(stage, depth)
    indent = f' style="padding-left:{10 + 14 * depth}px"' if depth else ""
    arrow = "↳ " if depth else ""
    yield (
        f'<tr class="{kind}"><th scope="row"{indent}>{arrow}{place}</th><td>{word(shape(stage.event))}</td>'
        f"<td>{_payload(stage.event, before)}</td></tr>\n"
    )
    for made in stage.made or ():
        yield from _stages(made, stage.event.data, depth + 1)
    if stage.made == ():
        yield f'<tr class="read"><th scope="row">↳ read</th><td colspan="2">{NOT_SHOWN}</td></tr>\n'


def _place(stage: Stage, depth: int) -> tuple[str, str]:
    if stage.made is None:
        return "read", "read" if depth else "stored and read"
    return ("passed", "on its way") if depth else ("stored", "stored")


def _payload(event: Event, before: Mapping[str, Any] | None) -> str:
    """Return the stored JSON; of what an upcaster made the fields, marked where they differ."""
    if before is None:
        return f"<code>{word(json.dumps(event.data, ensure_ascii=False), longest=200)}</code>"
    found = [_field(change, event, before) for change in changes(before, event.data)]
    return " ".join(found) or '<span class="q">no fields</span>'


def _field(change: Change, event: Event, before: Mapping[str, Any]) -> str:
    was = f" <small>was {word(change.was)}</small>" if change.was != change.name else ""
    data = before if change.sign == "−" else event.data
    shown = f"{marked(change.sign)}{word(change.name)}: {said(data[change.name])}{was}"
    if change.sign == "~" and not was:
        shown += f" <small>was {said(before[change.name])}</small>"
    gone = f"<s>{shown}</s>" if change.sign == "−" else shown
    return f'<span class="f"{tint(change.sign)}>{gone}</span>'


_WORDS = {
    "○": "stored",
    "→": "on its way",
    "●": "read",
    "◉": "stored and read",
    "✕": "stored, not shown",
}
_LANE = {sign: f'<abbr title="{words}">{sign}</abbr>' for sign, words in _WORDS.items()} | {"·": ""}
_LEGEND = f"<caption>{' · '.join(f'{sign} {words}' for sign, words in _WORDS.items())}</caption>\n"
_WAY_HEAD = (
    '<thead><tr><td></td><th scope="col">type and schema</th>'
    '<th scope="col">payload</th></tr></thead>\n'
)

_STYLE = style(
    f"""
    table:is(.el-lanes.el-lanes, .el-way.el-way) {{
      border-collapse: collapse; font-variant-numeric: tabular-nums; margin-bottom: 14px; }}
    table:is(.el-lanes.el-lanes, .el-way.el-way) tr {{ background: none; }}
    table:is(.el-lanes.el-lanes, .el-way.el-way) :is(td, th) {{
      padding: 3px 10px; text-align: left; font-weight: 400; border: 0; border-bottom: 1px solid {FAINT}; }}
    table:is(.el-lanes.el-lanes, .el-way.el-way) thead th, .el-way .q {{ color: {QUIET}; font-size: 0.9em; }}
    table:is(.el-lanes.el-lanes, .el-way.el-way) caption {{
      text-align: left; color: {QUIET}; font-size: 0.9em; padding: 0 10px 4px; }}
    table:is(.el-lanes.el-lanes, .el-way.el-way) abbr {{ text-decoration: none; }}
    table.el-lanes.el-lanes :is(td.l, th.l) {{
      text-align: center; min-width: 1.4em; padding: 3px 5px; border-inline: 1px solid {FAINT}; }}
    table.el-lanes.el-lanes :is(th, td:nth-child(2)) {{ white-space: nowrap; }}
    .el-lanes span, table.el-way.el-way :is(th, td:nth-child(2)) {{ white-space: nowrap; }}
    table.el-lanes.el-lanes tr.now > * {{
      font-weight: 600; background: color-mix(in srgb, currentColor 9%, transparent); }}
    table.el-way.el-way tr.read > th, table.el-way.el-way tr.stored > th {{ font-weight: 600; }}
    .el-way .f {{ display: inline-block; padding: 0 5px; border-radius: 4px; margin-right: 4px; }}
    .el-way small {{ color: {QUIET}; }}
    .el-way code {{ font-size: 0.95em; white-space: pre-wrap; }}
    """
)
