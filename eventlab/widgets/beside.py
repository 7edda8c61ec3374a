"""What stands beside the picture while it is alive: the events around, who set what, the code.

The picture itself stays as `fragments` writes it, so that a notebook on GitHub and a diff of it show
no more than they did. Pure, like the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from eventlab.event import RecordedEvent
from eventlab.widgets.blamed import Blame, Setter, can_tell
from eventlab.widgets.flipbook import Fragment, Frame
from eventlab.widgets.markup import value, word
from eventlab.widgets.scenes import Line, Reading, Scene
from eventlab.widgets.views import key_words


class Code(NamedTuple):
    """The Python that gives a frame, before and behind its position; and the SQL, where there is any."""

    before: str
    after: str
    sql: str


class Beside:
    """The parts around a picture of one reading, whose first stop has the number `first`."""

    def __init__(self, reading: Reading, code: Code | None = None, first: int = 0) -> None:
        self.reading, self._code, self._first = reading, code, first
        self._blame = Blame(reading) if can_tell(reading) else None

    def frame(self, scene: Scene) -> Frame:
        """Return the fragments that stand beside a scene; scenes must come in order."""
        blame = {} if self._blame is None else {"blame": self._blamed(self._blame.seen(scene))}
        cut = 0 if scene.event is None else scene.event.position
        return blame | ({"cut": str(cut)} if self._code else {})

    def html(self) -> str:
        """Return the places that are filled step by step."""
        blame = "" if self._blame is None else _table("who set it", "blame", "field|value|at|type")
        return (
            '<div class="tm-beside">'
            f"{_table('events around', '', 'step|occurred|stream|type')}{blame}</div>\n"
            f"{self._program()}"
        )

    def _program(self) -> str:
        if not self._code:
            return ""
        before, after, sql = map(escape, self._code)
        shown = f'{before}<span data-slot="cut"></span>{after}'
        more = f"<details><summary>as SQL</summary><pre>{sql}</pre></details>" if sql else ""
        return (
            f'<div class="tm-program"><code data-part="code">{shown}</code>'
            '<button type="button" data-act="copy" class="tm-word" '
            'title="copy the code" aria-label="copy the code">copy</button>'
            f'<span data-part="copied" aria-live="polite"></span>{more}</div>\n'
        )

    def _blamed(self, told: tuple[Line, tuple[Setter, ...]] | None) -> Fragment:
        if told is None:
            return '<tr><td colspan="4" class="none">no key lives here</td></tr>\n'
        line, setters = told
        head = (
            f'<tr class="part"><th scope="rowgroup" colspan="4">{key_words(line.key)}</th></tr>\n'
        )
        return (head, *self._fields(line.now or (), setters))

    def _fields(self, row: tuple[Any, ...], setters: tuple[Setter, ...]) -> Iterator[Fragment]:
        for name, found, by in zip(self.reading.fields, row, setters, strict=True):
            cells = f'<tr><th scope="row">{word(name)}</th>', f"<td>{value(found)}</td>"
            yield (*cells, _unknown() if by is None else self._by(*by))

    def _by(self, step: int, event: RecordedEvent) -> str:
        at = f'<td class="n" data-go="{self._first + step}">{event.position:,}</td>'
        return f"{at}<td>{word(event.type)}</td></tr>\n"


def code_of(projection: Any, reading: Reading) -> Code | None:
    """Return the Python that gives the frame of a stop, as it stands around the stop's position.

    A log in order of occurrence has no cut by position that would give it, and so no code.
    """
    if not reading.in_order:
        return None
    name = str(getattr(projection, "name", None) or getattr(projection, "__name__", ""))
    called = name if name.isidentifier() else "projection"
    before, after = f"{called}(log.until(position=", "))"
    if reading.key is not None:
        key = reading.key[0] if len(reading.key) == 1 else reading.key
        after = f")).loc[lambda state: state.index.isin([{key!r}])]"
    return Code(before, after, str(getattr(projection, "sql", "")))


def _unknown() -> str:
    return '<td colspan="2" class="none">earlier</td></tr>\n'


def _table(caption: str, slot: str, heads: str) -> str:
    place = f'data-slot="{slot}"' if slot else 'data-part="events"'
    named = "".join(map(_head, heads.split("|")))
    kind = slot or "events"
    return (
        f'<div class="tm-part tm-scroll"><table class="tm-{kind}"><caption>{caption}</caption>'
        f"<thead><tr>{named}</tr></thead><tbody {place}></tbody></table></div>"
    )


def _head(name: str) -> str:
    """Return the head of a column; that of the times says which clock the axis tells."""
    return f'<th scope="col"{" data-part=clock" * (name == "occurred")}>{name}</th>'
