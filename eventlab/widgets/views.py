"""How the state is shown: as the fields of one key, as rows, or the way its author draws it.

Three views with the same three verbs: ``caption`` and ``body`` give the fragments of a scene,
``panel`` the frame around them. Pure; a lesson's own widget is one more of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from eventlab.event import RecordedEvent
from eventlab.widgets.flipbook import Fragment
from eventlab.widgets.markup import (
    SIGNS,
    Column,
    counted,
    kind,
    row_start,
    sign,
    sign_cell,
    table,
    value,
    word,
)
from eventlab.widgets.scenes import Key, Line, Reading, Row, Scene
from eventlab.widgets.scenes import sign as sign_of
from eventlab.widgets.shown import Shown
from eventlab.widgets.values import is_number, known

Render: TypeAlias = Callable[[Any, RecordedEvent | None], Any]
"""A view made by its author: state and event → HTML or SVG, which is trusted as it is."""


class View(Protocol):
    """What a picture asks of the part that shows the state."""

    def caption(self, scene: Scene) -> str:
        """Return the line above the state."""

    def body(self, scene: Scene, state: Mapping[Key, Row]) -> Fragment:
        """Return the state; `state` holds all rows, the scene those that are visible."""

    def panel(self, caption: str, body: str) -> str:
        """Return the frame around a caption and a body, which are HTML already."""


class FieldsView:
    """One key: a row per field with its sign, its value before and its value now."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        values = [value for touch in reading.touches for value in touch.row or ()]
        self._columns = [
            Column.of("field", reading.fields),
            Column.of("before", values, "was"),
            Column.of("now", values),
        ]

    def caption(self, scene: Scene) -> str:
        """Return the projection's name and the key."""
        return f"{word(self.reading.name)} · {key_words(self.reading.key)}"

    def body(self, scene: Scene, state: Mapping[Key, Row]) -> Fragment:
        """Return a row for every field, also while the key does not exist."""
        nothing = (None,) * len(self.reading.fields)
        _, before, now = scene.lines[0] if scene.lines else ((), None, None)
        cells = zip(self.reading.fields, before or nothing, now or nothing, strict=True)
        return tuple(_field_row(name, was, found) for name, was, found in cells)

    def panel(self, caption: str, body: str) -> str:
        """Return the table of four columns."""
        return table("tm-fields", caption, self._columns, body, len(self.reading.fields))


class RowsView:
    """A whole log: a row per key, those touched marked, each changed cell with its own sign."""

    def __init__(self, reading: Reading, most_rows: int) -> None:
        self.reading, self._most_rows = reading, most_rows
        self._columns = _state_columns(reading)
        self._kinds = [column.kind for column in self._columns[len(reading.key_names) :]]
        self._still: dict[Key, tuple[Row, Fragment]] = {}

    def caption(self, scene: Scene) -> str:
        """Return the projection's name and how many of its rows are shown."""
        rows = counted(scene.alive, "row")
        if scene.alive > len(scene.lines):
            rows = f"{len(scene.lines)} of {rows}, last changed first"
        return f"{word(self.reading.name)} · {rows}"

    def body(self, scene: Scene, state: Mapping[Key, Row]) -> Fragment:
        """Return the visible rows; one that vanished just now is seen once more."""
        if not scene.lines:
            span = len(self._columns)
            return f'<tr>{sign_cell("")}<td colspan="{span}" class="none">no rows</td></tr>\n'
        return tuple(map(self._row, scene.lines))

    def panel(self, caption: str, body: str) -> str:
        """Return the table with a column for each part of the key and each field."""
        rows = min(len(self.reading.keys), self._most_rows)
        return table("tm-rows", caption, self._columns, body, rows)

    def _row(self, line: Line) -> Fragment:
        if line.before is not None and line.now is not None and line.sign == "~":
            return self._cells_row(line.key, "~", self._compared(line.before, line.now))
        row = (line.before if line.now is None else line.now) or ()
        if line.sign:
            return self._cells_row(line.key, line.sign, self._cells(row))
        return self._still_row(line.key, row)

    def _still_row(self, key: Key, row: Row) -> Fragment:
        """Return a row without signs, made once for as long as it stands still."""
        made_of, fragment = self._still.get(key, (None, ""))
        if made_of is not row:
            fragment = self._cells_row(key, "", self._cells(row))
            self._still[key] = row, fragment
        return fragment

    def _cells_row(self, key: Key, mark: str, cells: Iterable[str]) -> Fragment:
        names = (f'<th scope="row">{word(part)}</th>' for part in key)
        return (row_start(mark) + sign_cell(mark), *names, *cells, "</tr>\n")

    def _cells(self, row: Row) -> Iterator[str]:
        for found, column in zip(row, self._kinds, strict=True):
            yield f"<td{kind(column)}>{value(found)}</td>"

    def _compared(self, before: Row, now: Row) -> Iterator[str]:
        for was, found, column in zip(before, now, self._kinds, strict=True):
            mark = sign_of(was, found)
            space = " " if mark else ""
            yield f"<td{kind(column, SIGNS[mark][0])}>{sign(mark)}{space}{value(found)}</td>"


class RenderedView:
    """A view drawn by its author; where that fails, the sentence that says how."""

    def __init__(self, reading: Reading, render: Render) -> None:
        self.reading, self.render = reading, render

    def caption(self, scene: Scene) -> str:
        """Return the projection's name, and the key or the number of rows."""
        rows = counted(scene.alive, "row")
        what = rows if self.reading.key is None else key_words(self.reading.key)
        return f"{word(self.reading.name)} · {what}"

    def body(self, scene: Scene, state: Mapping[Key, Row]) -> Fragment:
        """Return what the author's function makes of the state; a line that stays is kept only once."""
        drawn = rendered(self.render, self._given(scene, state), scene.event)
        return tuple(drawn.splitlines(keepends=True))

    def panel(self, caption: str, body: str) -> str:
        """Return a figure, so that the drawing has its caption."""
        return (
            f'<figure class="tm-main tm-view"><figcaption data-slot="caption">{caption}</figcaption>\n'
            f'<div data-slot="state">{body}</div></figure>\n'
        )

    def _given(self, scene: Scene, state: Mapping[Key, Row]) -> Shown | None:
        """Return the one key's fields or None; for a whole log such a dict under every key."""
        if self.reading.key is not None:
            return self._of_one(scene, state.get(self.reading.key))
        before = {_label(line.key): self._fields(line.before) for line in scene.touched}
        return Shown({_label(key): self._fields(row) for key, row in state.items()}, before)

    def _of_one(self, scene: Scene, row: Row | None) -> Shown | None:
        now, touched = self._fields(row), {line.key: line.before for line in scene.touched}
        if now is None or self.reading.key not in touched:
            return None if now is None else Shown(now, {})
        return Shown(now, self._fields(touched[self.reading.key]) or dict.fromkeys(now))

    def _fields(self, row: Row | None) -> dict[str, Any] | None:
        return None if row is None else dict(zip(self.reading.fields, row, strict=True))


def rendered(render: Render, state: Any, event: RecordedEvent | None) -> str:
    """Return the HTML an author's function makes, or the sentence that says how it failed."""
    try:
        made = render(state, event)
        made = made._repr_html_() if hasattr(made, "_repr_html_") else made
        if not isinstance(made, str):
            raise TypeError(f"render must return HTML text, not {type(made).__name__}")
        made.encode()  # a browser takes no half of a surrogate pair
        return made
    except Exception as error:  # the author's code may fail in any way, and the slider goes on
        where = "before the first event" if event is None else f"at position {event.position}"
        reason = word(f"{type(error).__name__}: {error}", longest=300)
        return f'<p class="tm-error" role="alert">render failed {where}: {reason}</p>'


def key_words(key: Key | None) -> str:
    """Return a key as escaped text, its parts joined by a slash."""
    return " / ".join(map(word, key or ()))


def _label(key: Key) -> Any:
    return key[0] if len(key) == 1 else key


def _field_row(name: str, was: Any, now: Any) -> Fragment:
    mark = sign_of(was, now)
    before = f"{value(was)} →" if mark in ("~", "−") else ""
    return (
        row_start(mark) + sign_cell(mark),
        f'<th scope="row">{word(name)}</th>',
        f'<td class="was">{before}</td>',
        f"<td>{value(now)}</td></tr>\n",
    )


def _state_columns(reading: Reading) -> list[Column]:
    keys = list(zip(*reading.keys, strict=True)) or [()] * len(reading.key_names)
    touched = (touch.row for touch in reading.touches if touch.row is not None)
    there = (row for start in reading.starts.values() for row in start.values())
    rows = [*there, *touched]
    values = list(zip(*rows, strict=True)) or [()] * len(reading.fields)
    return [
        *(Column.of(name, parts) for name, parts in zip(reading.key_names, keys, strict=True)),
        *(
            Column.of(name, found, "n" if _are_numbers(found) else "")
            for name, found in zip(reading.fields, values, strict=True)
        ),
    ]


def _are_numbers(values: Iterable[Any]) -> bool:
    there = [value for value in values if known(value) is not None]
    return bool(there) and all(map(is_number, there))
