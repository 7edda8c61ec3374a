"""A card: what is known of one thing, its name on top and its fields below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.renders.options import FORMATS, NAME, NAMES, or_none, require_options
from eventlab.renders.parts import (
    FAINT,
    QUIET,
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
    tint,
)
from eventlab.widgets.markup import word


@dataclass(frozen=True, init=False)
class card:  # noqa: N801 - said like a verb, as `functools.partial` is
    """The fields of one key as a card, or a card for every key; a changed field tells what it was.

    Parameters
    ----------
    *fields : str
        The fields to show, the most important first; left out, all of them.
    title : str, optional
        The field that names the card; left out, the key.
    formats : dict of field to text or callable, optional
        How a field is said: ``{"balance": "{:,.2f} €"}``, or a function of the value.
    most : int
        Cards at most, those touched just now among them.

    Examples
    --------
    >>> gift_card = card("balance", title="holder", formats={"balance": "{} €"})
    >>> "<h4>Mara</h4>" in gift_card({"balance": 20, "holder": "Mara"}, None)
    True
    """

    fields: tuple[str, ...]
    title: str | None = None
    formats: Mapping[str, Format] = field(default_factory=dict)
    most: int = 24

    def __init__(
        self,
        *fields: str,
        title: str | None = None,
        formats: Mapping[str, Format] | None = None,
        most: int = 24,
    ) -> None:
        require_most("card", "most", most)
        formats = {} if formats is None else formats
        given = {"fields": fields, "title": title, "formats": formats, "most": most}
        for name, value in given.items():
            object.__setattr__(self, name, value)
        require_options(self, fields=NAMES, title=or_none(NAME), formats=FORMATS)

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the card, or the cards, at one step."""
        rows = rows_of(state)
        if not any(row.fields for row in rows):
            return "<p>There is nothing here yet, or nothing any more.</p>\n"
        shown = first_touched(rows, self.most)
        drawn = "".join(map(self._card, shown))
        return (
            f'{_STYLE}<div class="el-cards">\n{drawn}</div>\n{rest(len(rows) - len(shown), "card")}'
        )

    def _card(self, row: Row) -> str:
        names = self.fields or tuple(name for name in row.fields if name != self.title)
        title = named(row.key) if self.title is None else said(row.fields.get(self.title))
        head = f"<h4>{marked(row.mark)}{title}</h4>" if title else ""
        gone = ' class="gone"' if row.mark == "−" else ""
        told = "".join(self._field(row, name) for name in names)
        return f"<section{gone}>{head}<dl>{told}</dl></section>\n"

    def _field(self, row: Row, name: str) -> str:
        mark, how = row.mark_of(name), self.formats.get(name)
        was = f" <small>was {said(row.was.get(name), how)}</small>" if mark and row.was else ""
        shown = said(row.fields.get(name), how)
        return f"<dt>{word(name)}</dt><dd{tint(mark)}>{marked(mark)}{shown}{was}</dd>"


_STYLE = style(
    f"""
    .el-cards {{ display: flex; flex-wrap: wrap; gap: 10px; }}
    .el-cards section {{
      border: 1px solid {FAINT}; border-radius: 10px; padding: 10px 16px 12px; min-width: 9em; }}
    .el-cards section.gone {{ border-style: dashed; opacity: 0.7; }}
    .el-cards section.gone dd {{ text-decoration: line-through; }}
    .el-cards h4 {{ margin: 0 0 4px; font-size: 1.05em; font-weight: 600; }}
    .el-cards dl {{ margin: 0; }}
    .el-cards dt {{ color: {QUIET}; font-size: 0.85em; font-weight: 400; }}
    .el-cards dd {{
      margin: 0 -6px 4px; padding: 0 6px; border-radius: 4px; font-variant-numeric: tabular-nums; }}
    .el-cards dd:first-of-type {{ font-size: 1.7em; line-height: 1.25; font-weight: 600; }}
    .el-cards dd small {{ color: {QUIET}; font-size: 0.8rem; font-weight: 400; }}
    .el-cards abbr {{ text-decoration: none; }}
    """
)
