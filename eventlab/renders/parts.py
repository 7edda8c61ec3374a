"""What all drawings are made of: rows in order, marks, formats, and colours that fit light and dark.

Escaping is left to `eventlab.widgets.markup`, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from eventlab.checks import is_whole
from eventlab.errors import InvalidRender
from eventlab.widgets.markup import counted, value, word
from eventlab.widgets.markup import sign as abbreviated
from eventlab.widgets.reading import parts_of
from eventlab.widgets.scenes import sign, sorted_keys
from eventlab.widgets.shown import before_of

Fields: TypeAlias = Mapping[str, Any]
"""The fields of one key."""

Format: TypeAlias = "str | Callable[[Any], object]"
"""How a value is said: ``"{:,.2f} €"``, or a function that returns the words."""

FAINT = "var(--tm-faint,color-mix(in srgb,currentColor 20%,transparent))"
QUIET = "var(--tm-quiet,color-mix(in srgb,currentColor 65%,transparent))"
TINTS = {"+": "#00b884", "~": "#ffae00", "−": "#ff6a33"}
"""Behind what appeared, changed, vanished: the hues of the time machine, told apart by all eyes."""


def style(css: str) -> str:
    """Return a style sheet on one line, so that a page keeps it once; where it is dropped, the text stays.

    A sheet for a table says the table's class twice: a notebook has rules for all tables, as strong as one.
    """
    return f"<style>{' '.join(css.split())}</style>\n"


def scrolling(drawn: str) -> str:
    """Return a drawing that scrolls by itself where the page is too narrow for it, by keyboard too.

    The class is how the time machine's script finds what scrolls; its sheet would cut off the height.
    """
    return f'<div class="tm-scroll" style="max-width:100%;max-height:none;overflow-x:auto">{drawn}</div>\n'


def tint(mark: str, strength: int = 25) -> str:
    """Return a style attribute that colours what a sign stands beside, or nothing."""
    if not mark:
        return ""
    return f' style="background:color-mix(in srgb,{TINTS[mark]} {strength}%,transparent)"'


def marked(mark: str, behind: str = " ") -> str:
    """Return a sign with its word as tooltip, or nothing; colour never speaks alone."""
    return f"{abbreviated(mark)}{behind}" if mark else ""


def said(found: Any, how: Format | None = None) -> str:
    """Return a value as escaped text, in its format if it has one; a missing one as a quiet dot.

    >>> said(1234.5, "{:,.2f} €"), said("<b>"), said(3, lambda n: "★" * n)
    ('1,234.50 €', '&lt;b&gt;', '★★★')
    """
    if how is None or found is None:
        return value(found)
    return word(how.format(found) if isinstance(how, str) else how(found))


class Row(NamedTuple):
    """One key: its fields at the stop before and now, None where it does not exist."""

    key: Any
    was: Fields | None
    now: Fields | None

    @property
    def mark(self) -> str:
        """What became of it at this step."""
        return sign(self.was, self.now)

    @property
    def fields(self) -> Fields:
        """What there is to show: of a key that has just vanished, what it was."""
        return self.was or {} if self.now is None else self.now

    def mark_of(self, name: str) -> str:
        """What became of one field; where the whole row came or went, nothing more is to be said."""
        if self.was is None or self.now is None:
            return ""
        return sign(self.was.get(name), self.now.get(name))


def rows_of(state: Any) -> list[Row]:
    """Return the rows of a state, those included that have just vanished, sorted by key.

    The fields of a single key are one row whose key is the empty tuple.
    """
    now, before = state or {}, before_of(state)
    if not all(isinstance(row, Mapping) for row in now.values()):
        was = before if any(found is not None for found in before.values()) else None
        return [Row((), was if before else now, now)]
    keys = {
        parts_of(key): key for key in (*now, *(k for k, was in before.items() if was is not None))
    }
    ordered = [keys[parts] for parts in sorted_keys(keys)]
    return [Row(key, before.get(key, now.get(key)), now.get(key)) for key in ordered]


def named(key: Any) -> str:
    """Return a key as escaped text, its parts joined by a slash."""
    return " / ".join(map(word, parts_of(key)))


def first_touched(rows: list[Row], most: int) -> list[Row]:
    """Return at most so many rows, in their order; those touched at this step stay."""
    by_need = sorted(range(len(rows)), key=lambda at: not rows[at].mark)
    return [rows[at] for at in sorted(by_need[:most])]


def rest(hidden: int, noun: str = "row") -> str:
    """Return the line that says how many are not shown, or nothing."""
    return f"<p>… and {counted(hidden, f'more {noun}')}</p>\n" if hidden else ""


def require_most(render: str, name: str, found: object) -> None:
    """Refuse a number of rows that would show nothing."""
    if not is_whole(found, least=1):
        raise InvalidRender.most(render, name, found)
