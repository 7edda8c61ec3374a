"""What lies before every consumer of a bus, and what became of it: the drawing of `eventlab.bus.queues`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eventlab.bus.queues import position_of, queues
from eventlab.errors import InvalidRender
from eventlab.event import RecordedEvent
from eventlab.renders.parts import (
    FAINT,
    QUIET,
    Row,
    named,
    require_most,
    rest,
    rows_of,
    scrolling,
    style,
)
from eventlab.widgets.markup import word

MARKS = {"done": ("✓", "done, and not kept yet"), "lost": ("↻", "was done before, and comes again")}


@dataclass(frozen=True)
class queue_board:  # noqa: N801 - said like a verb, as `functools.partial` is
    """A line for every consumer: its checkpoint, the events behind it, dead letters, what its handler did.

    An event that is ``✓`` done stays in the queue until the checkpoint is kept; where a crash came first, it
    is marked ``↻``, for it comes again. The event of this step has a frame and says what happened to it.

    Parameters
    ----------
    most : int
        Events of a queue at most; the line says how many there are behind them.

    Examples
    --------
    >>> import eventlab as el
    >>> from eventlab.widgets import TimeMachine
    >>> store = el.EventStore()
    >>> recording = el.bus.Recording(store)
    >>> bus = el.Bus(store, witness=recording)
    >>> _ = bus.consumer("mail", "OrderPlaced")(lambda event: None)
    >>> done = store.append("order-1", el.Event("OrderPlaced"))
    >>> _ = bus.deliver()
    >>> tm = TimeMachine(recording.log, el.bus.queues, render=queue_board(), step=3)
    >>> "1 OrderPlaced" in tm.html(), "ran once" in tm.html()
    (True, True)
    """

    most: int = 8

    def __post_init__(self) -> None:
        require_most("queue_board", "most", self.most)

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the board at one step."""
        rows = rows_of(state)
        if missing := {name for row in rows for name in queues.fields if name not in row.fields}:
            raise InvalidRender.no_queues(sorted(missing))
        if not rows:
            return "<p>There is no consumer yet.</p>\n"
        body = "".join(self._line(row, _struck(row, event)) for row in rows)
        drawn = scrolling(f'<table class="el-queues">{_HEAD}{body}</table>')
        return f"{_STYLE}{drawn}"

    def _line(self, row: Row, now: tuple[str, str]) -> str:
        fields = row.fields
        queue = self._queue(fields, now)
        parked = "".join(_box(name, ("✕", "given up"), "parked", now) for name in fields["parked"])
        return (
            f'<tr><th scope="row">{named(row.key)}</th><td class="n">{word(fields["checkpoint"])} ▏</td>'
            f"<td>{queue or _NONE}</td><td>{parked or _NONE}</td><td>{_deeds(fields)}</td></tr>\n"
        )

    def _queue(self, fields: Mapping[str, Any], now: tuple[str, str]) -> str:
        names = sorted([*fields["done"], *fields["waiting"]], key=position_of)
        boxes = (
            _box(name, MARKS.get(kind, ("", "")), kind, now)
            for name in names[: self.most]
            for kind in [_kind(name, fields)]
        )
        return "".join(boxes) + rest(len(names) - self.most, "event") * (len(names) > self.most)


def _kind(name: str, fields: Mapping[str, Any]) -> str:
    return next((kind for kind in ("lost", "done") if name in fields[kind]), "waiting")


def _struck(row: Row, event: RecordedEvent | None) -> tuple[str, str]:
    """Return which event of a consumer this step is about, and what happened to it.

    A crash touches the queues of all, and was one's own event; what is appended lies before several.
    """
    there = event is not None and row.key in event.data.get("consumers", [])
    if event is None or not there or event.stream not in (row.key, "log"):
        return "", ""
    return event.data["event"], event.type


def _box(name: str, mark: tuple[str, str], kind: str, now: tuple[str, str]) -> str:
    sign, meaning = mark
    shown = f'<abbr title="{meaning}">{sign}</abbr> {word(name)}' if sign else word(name)
    if name != now[0]:
        return f'<span class="{kind}">{shown}</span> '
    return f'<span class="{kind} now">{shown} <b>{word(now[1])}</b></span> '


def _deeds(fields: Mapping[str, Any]) -> str:
    """Return what a handler did, and what went wrong on the way to it."""
    runs, again = fields["runs"], fields["again"]
    ran = "" if not runs else "ran once" if runs == 1 else f"ran {runs:,} times"
    told = [ran, f"{again:,} of them again" if again else "", *_counts(fields["effects"])]
    struck = ", ".join(_counts(fields["struck"]))
    wrong = f"<br><small>{struck}</small>" if struck else ""
    return (", ".join(filter(None, told)) or _NONE) + wrong


def _counts(counts: Mapping[str, int]) -> Iterable[str]:
    return [f"{word(name)} ×{count:,}" for name, count in sorted(counts.items())]


_NONE = '<span class="none">–</span>'

_HEAD = (
    '<thead><tr><th scope="col">consumer</th><th scope="col">kept to</th><th scope="col">behind it</th>'
    '<th scope="col">given up</th><th scope="col">the handler</th></tr></thead>\n'
)

_STYLE = style(
    f"""
    table.el-queues.el-queues {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
    table.el-queues.el-queues tr {{ background: none; }}
    table.el-queues.el-queues :is(td, th) {{
      padding: 5px 10px; text-align: left; vertical-align: top; font-weight: 400; border: 0;
      border-bottom: 1px solid {FAINT}; }}
    table.el-queues.el-queues thead th {{ color: {QUIET}; font-size: 0.9em; }}
    table.el-queues.el-queues tbody th {{ font-weight: 600; }}
    table.el-queues.el-queues td.n {{ text-align: right; white-space: nowrap; }}
    table.el-queues.el-queues td > span:not(.none) {{
      display: inline-block; white-space: nowrap; border: 1px solid {FAINT}; border-radius: 6px;
      padding: 0 7px; margin: 0 2px 3px 0; }}
    table.el-queues.el-queues td > span.done {{ background: color-mix(in srgb,#00b884 22%,transparent); }}
    table.el-queues.el-queues td > span.lost {{
      border-style: dashed; background: color-mix(in srgb,#ffae00 22%,transparent); }}
    table.el-queues.el-queues td > span.parked {{ background: color-mix(in srgb,#ff6a33 22%,transparent); }}
    table.el-queues.el-queues td > span.now {{ outline: 2px solid currentColor; outline-offset: 1px; }}
    table.el-queues.el-queues small, table.el-queues.el-queues .none {{ color: {QUIET}; }}
    table.el-queues.el-queues abbr {{ text-decoration: none; }}
    """
)
