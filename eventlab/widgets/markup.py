"""Which HTML stands for a value, a sign, a row.

The few words that all views are written in. Everything that comes from a log is escaped here and
nowhere else: no view puts a name or a payload into HTML by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

from eventlab.widgets.values import LONGEST, MISSING, cut, known, short, text

LONGEST_TITLE = 1000
"""Characters of a tooltip."""

WIDEST = 24
"""Characters of a column; what is longer ends in …."""

SIGNS = {"+": ("add", "appeared"), "~": ("chg", "changed"), "−": ("del", "vanished"), "": ("", "")}
"""Each sign's class in the style sheet, and its word."""


def word(written: object, longest: int = LONGEST) -> str:
    """Return a name or a sentence from the log, escaped; what had to be cut is its tooltip.

    >>> word("<b>")
    '&lt;b&gt;'
    """
    whole = text(written)
    if len(whole) <= longest:
        return escape(whole)
    return f'<span title="{escape(cut(whole, LONGEST_TITLE))}">{escape(cut(whole, longest))}</span>'


def value(found: Any, longest: int = LONGEST) -> str:
    """Return a value of the state or the payload, a missing one as a quiet dot."""
    if known(found) is None:
        return f'<span class="none" title="no value">{MISSING}</span>'
    return word(found, longest)


def sign_cell(mark: str) -> str:
    """Return the first cell of a row: what became of it, as a sign with its word as tooltip."""
    return f'<td class="sign">{sign(mark)}</td>'


def sign(mark: str) -> str:
    """Return a sign that says its word to a mouse and to a screen reader."""
    return f'<abbr title="{SIGNS[mark][1]}">{mark}</abbr>' if mark else ""


def row_start(mark: str = "") -> str:
    """Return the opening of a table row, coloured by its sign."""
    return f"<tr{kind(SIGNS[mark][0])}>"


def pair(name: str, shown: str, mark: str = "") -> str:
    """Return a row of a name and what is shown for it, which is HTML already."""
    label = f"{sign(mark)} {name}" if mark else name
    return f'{row_start(mark)}<th scope="row">{label}</th><td>{shown}</td></tr>\n'


def heading(name: str) -> str:
    """Return a row that begins a new part of a table of pairs."""
    return f'<tr class="part"><th scope="colgroup" colspan="2">{name}</th></tr>\n'


def kind(*classes: str) -> str:
    """Return a class attribute, or nothing."""
    named = " ".join(filter(None, classes))
    return f' class="{named}"' if named else ""


class Column(NamedTuple):
    """A column of the state table: its name, its width in characters, its class."""

    name: str
    width: int
    kind: str

    @classmethod
    def of(cls, name: str, values: Iterable[Any], kind: str = "") -> Column:
        """Return the column that fits what it will ever show, so that nothing jumps.

        Of very many values it looks at some twenty thousand.
        """
        some = list(values)
        some = some[:: 1 + len(some) // 20_000]
        longest = max((len(short(found)) for found in some), default=0)
        return cls(name, min(max(longest, len(name)), WIDEST), kind)

    @property
    def room(self) -> int:
        """Characters with the space for a sign and a border."""
        return self.width + (5 if self.kind == "n" else 3)


def table(name: str, caption: str, columns: list[Column], body: str, rows: int) -> str:
    """Return the state table around a caption and rows, which are HTML already.

    Each column takes its share of the characters, and the table keeps the height of so many rows:
    nothing jumps while the state changes.
    """
    total = sum(column.room for column in columns) or 1
    shares = "".join(f'<col style="width:{column.room / total:.1%}">' for column in columns)
    heads = "".join(
        f'<th scope="col"{kind(column.kind)}>{word(column.name) if column.name else ""}</th>'
        for column in columns
    )
    return (
        f'<div class="tm-main tm-scroll" style="--rows:{rows + 2};--characters:{total}">'
        f'<table class="{name}">\n'
        f'<caption data-slot="caption">{caption}</caption>\n'
        f'<colgroup><col class="sign">{shares}</colgroup>\n'
        f'<thead><tr><th scope="col"></th>{heads}</tr></thead>\n'
        f'<tbody data-slot="state">{body}</tbody>\n</table></div>\n'
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
