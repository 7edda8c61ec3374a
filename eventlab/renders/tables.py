"""A plain table: the columns that matter, said in the way that suits them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.renders.options import FORMATS, NAMES, require_options
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
    scrolling,
    style,
    tint,
)
from eventlab.widgets.markup import word
from eventlab.widgets.values import is_number


@dataclass(frozen=True, init=False)
class table:  # noqa: N801 - said like a verb, as `functools.partial` is
    r"""A row for each key with the columns you choose; what changed is marked by sign and colour.

    Parameters
    ----------
    *columns : str
        The fields to show, in this order; left out, all of them.
    formats : dict of field to text or callable, optional
        How a field is said: ``{"balance": "{:,.2f} €"}``, or a function of the value.
    rows : int
        Rows at most, those touched just now among them; the last line says how many there are besides.

    Examples
    --------
    >>> balances = table("balance", formats={"balance": "{:,} €"})
    >>> '<td class="n">1,200 €</td>' in balances(
    ...     {"card-7": {"balance": 1200, "holder": "Mara"}}, None
    ... )
    True
    """

    columns: tuple[str, ...]
    formats: Mapping[str, Format] = field(default_factory=dict)
    rows: int = 30

    def __init__(
        self, *columns: str, formats: Mapping[str, Format] | None = None, rows: int = 30
    ) -> None:
        require_most("table", "rows", rows)
        for name, given in (
            ("columns", columns),
            ("formats", {} if formats is None else formats),
            ("rows", rows),
        ):
            object.__setattr__(self, name, given)
        require_options(self, columns=NAMES, formats=FORMATS)

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the table at one step."""
        rows = rows_of(state)
        shown = first_touched(rows, self.rows)
        columns = self.columns or tuple(dict.fromkeys(name for row in rows for name in row.fields))
        heads = "".join(f'<th scope="col">{word(name)}</th>' for name in columns)
        body = "".join(self._row(row, columns) for row in shown)
        head = f"<thead><tr><td></td><td></td>{heads}</tr></thead>\n"
        drawn = scrolling(f'<table class="el-table">{head}{body}</table>')
        return f"{_STYLE}{drawn}{rest(len(rows) - len(shown))}"

    def _row(self, row: Row, columns: tuple[str, ...]) -> str:
        cells = "".join(self._cell(row, name) for name in columns)
        crossed = ' class="gone"' if row.mark == "−" else ""
        return (
            f"<tr{crossed}{tint(row.mark, 10)}><td>{marked(row.mark, '')}</td>"
            f'<th scope="row">{named(row.key)}</th>{cells}</tr>\n'
        )

    def _cell(self, row: Row, name: str) -> str:
        found, mark = row.fields.get(name), row.mark_of(name)
        kind = ' class="n"' if is_number(found) else ""
        return f"<td{kind}{tint(mark)}>{marked(mark)}{said(found, self.formats.get(name))}</td>"


_STYLE = style(
    f"""
    table.el-table.el-table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
    table.el-table.el-table tr {{ background: none; }}
    table.el-table.el-table :is(td, th) {{
      padding: 3px 10px; text-align: left; font-weight: 400; border: 0; border-bottom: 1px solid {FAINT}; }}
    table.el-table.el-table thead th {{ color: {QUIET}; font-size: 0.9em; }}
    table.el-table.el-table tbody th {{ font-weight: 600; }}
    table.el-table.el-table tr > :first-child {{ width: 1em; padding-inline: 4px; text-align: center; }}
    table.el-table.el-table td.n {{ text-align: right; }}
    table.el-table.el-table tr.gone > :not(:first-child) {{ text-decoration: line-through; }}
    table.el-table.el-table abbr {{ text-decoration: none; font-weight: 700; }}
    """
)
