"""Small multiples: the same field of every key side by side, all on one scale."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

from eventlab.errors import InvalidRender
from eventlab.event import RecordedEvent
from eventlab.renders.options import FORMAT, NAME, or_none, require_options
from eventlab.renders.parts import (
    FAINT,
    QUIET,
    TINTS,
    Format,
    Row,
    first_touched,
    marked,
    named,
    require_most,
    rest,
    rows_of,
    said,
    style,
)
from eventlab.widgets.markup import word
from eventlab.widgets.values import is_number

BLOCKS = "▁▂▃▄▅▆▇█"

FARTHEST = sys.float_info.max / 4
"""From here to as far below zero is still a number."""


@dataclass(frozen=True)
class strip:  # noqa: N801 - said like a verb, as `functools.partial` is
    """A bar for every key, to the left below zero; where the field is a list of numbers, a line of blocks.

    Parameters
    ----------
    field : str
        The field to draw.
    limits : pair of numbers, optional
        The ends of the scale. Left out, they fit what is there at each step, zero included; give them where
        steps are to be compared.
    format : text or callable, optional
        How a number is said: ``"{:,} €"``.
    most : int
        Keys at most, those touched just now among them.

    Examples
    --------
    >>> balances = strip("balance", limits=(-10, 40), format="{} €")
    >>> picture = balances({"card-7": {"balance": 20}, "card-8": {"balance": -5}}, None)
    >>> "left:20.0%;width:40.0%" in picture, "left:10.0%;width:10.0%" in picture
    (True, True)
    >>> "▁▅█" in strip("loads")({"card-7": {"loads": [0, 50, 100]}}, None)
    True
    """

    field: str
    limits: tuple[float, float] | None = None
    format: Format | None = None
    most: int = 40

    def __post_init__(self) -> None:
        require_most("strip", "most", self.most)
        require_options(self, field=NAME, format=or_none(FORMAT))
        if self.limits is not None and not _is_scale(self.limits):
            raise InvalidRender.limits(self.limits)

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the strip at one step."""
        rows = rows_of(state)
        shown = first_touched(rows, self.most)
        low, high = self.limits or _limits(
            numbers for row in rows for numbers in self._numbers(row)
        )
        body = "".join(self._row(row, low, high) for row in shown)
        ends = f"{said(low, self.format)} to {said(high, self.format)}"
        return (
            f'{_STYLE}<table class="el-strip"><caption>{word(self.field)}, {ends}</caption>\n'
            f"{body}</table>\n{rest(len(rows) - len(shown))}"
        )

    def _row(self, row: Row, low: float, high: float) -> str:
        found = row.fields.get(self.field)
        drawn = _line(found, low, high) if isinstance(found, list) else self._bar(row, low, high)
        number = found[-1] if isinstance(found, list) and found else found
        gone = ' class="gone"' if row.mark == "−" else ""
        return (
            f'<tr{gone}><td>{marked(row.mark, "")}</td><th scope="row">{named(row.key)}</th>'
            f'<td class="bar">{drawn}</td><td class="n">{said(number, self.format)}</td></tr>\n'
        )

    def _bar(self, row: Row, low: float, high: float) -> str:
        found: Any = row.fields.get(self.field)
        if not _is_drawn(found):
            return ""
        zero, end = _share(0, low, high), _share(found, low, high)
        left, width = min(zero, end), abs(end - zero)
        mark = TINTS.get(row.mark_of(self.field), "")
        colour = f";background:{mark}" if mark else ""
        return f'<i style="left:{left:.1%};width:{width:.1%}{colour}"></i>'

    def _numbers(self, row: Row) -> list[Any]:
        found = row.fields.get(self.field)
        return [n for n in (found if isinstance(found, list) else [found]) if _is_drawn(n)]


def _is_scale(found: Any) -> bool:
    if not isinstance(found, tuple | list) or len(found) != 2:
        return False
    low, high = map(_size, found)
    return -FARTHEST < low < high < FARTHEST


def _limits(numbers: Any) -> tuple[float, float]:
    there = [0, *numbers]
    low, high = min(there, key=_size), max(there, key=_size)
    return (low, high) if _size(low) < _size(high) else (0, 1)


def _share(number: float, low: float, high: float) -> float:
    """Return where a number stands between the ends of the scale; beyond them, at the end."""
    start, end = _size(low), _size(high)
    return min(max((_size(number) - start) / (end - start), 0.0), 1.0)


def _is_drawn(found: Any) -> bool:
    return not isnan(_size(found))


def _size(found: Any) -> float:
    """Return a number of any kind as one that a scale can hold, the farthest for what lies beyond."""
    if not is_number(found) or found != found:
        return nan
    return float(min(max(found, -FARTHEST), FARTHEST))


def _line(numbers: list[Any], low: float, high: float) -> str:
    """Return a line of blocks, which reads without CSS or SVG; a gap where there is no number."""
    top = len(BLOCKS) - 1
    blocks = (
        BLOCKS[int(_share(n, low, high) * top + 0.5)] if _is_drawn(n) else " " for n in numbers
    )
    return f"<code>{''.join(blocks)}</code>"


_STYLE = style(
    f"""
    table.el-strip.el-strip {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
    table.el-strip.el-strip tr {{ background: none; }}
    table.el-strip.el-strip caption {{
      text-align: left; color: {QUIET}; font-size: 0.9em; padding: 0 8px 4px; }}
    table.el-strip.el-strip :is(td, th) {{
      padding: 2px 8px; border: 0; text-align: left; font-weight: 400; }}
    table.el-strip.el-strip th {{ white-space: nowrap; }}
    table.el-strip.el-strip td.n {{ text-align: right; white-space: nowrap; }}
    table.el-strip.el-strip td.bar {{
      position: relative; width: 70%; min-width: 8em; border-inline: 1px solid {FAINT}; }}
    table.el-strip.el-strip td.bar i {{
      position: absolute; top: 4px; bottom: 4px; border-radius: 2px; background: #2a86c8; }}
    table.el-strip.el-strip td.bar code {{ background: none; color: inherit; letter-spacing: 0; }}
    table.el-strip.el-strip tr.gone {{ text-decoration: line-through; opacity: 0.6; }}
    table.el-strip.el-strip abbr {{ text-decoration: none; font-weight: 700; }}
    """
)
