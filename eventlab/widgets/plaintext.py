"""How a scene reads where there is no HTML: in a terminal, in a diff, in a screen reader's log.

The same picture as in `fragments`, as lines of plain text. Deterministic: nbval compares it.
"""

from __future__ import annotations

from itertools import chain

from eventlab.widgets.fragments import note
from eventlab.widgets.scenes import Key, Line, Reading, Row, Scene, sign
from eventlab.widgets.values import moment, payload, short

Cells = list[str]


def plain(reading: Reading, scene: Scene) -> str:
    """Return a scene as text: where it stands, the state with its signs, the event's payload."""
    parts = [
        title(reading),
        where(reading, scene),
        note(reading),
        *state_text(reading, scene),
        data(scene),
    ]
    return "\n".join(part.rstrip() for part in parts if part)


def title(reading: Reading) -> str:
    """Return what the time machine looks at: ``cards · card-7``."""
    return " · ".join([short(reading.name), *map(short, reading.key or ())])


def where(reading: Reading, scene: Scene) -> str:
    """Return the line above the slider as text."""
    place = f"{scene.number:,} / {reading.total:,}"
    if scene.event is None:
        return f"{place} · {'before the first event' if reading.total else 'the log is empty'}"
    event = scene.event
    told = [place, moment(event.occurred_at), short(event.stream), short(event.type)]
    return " · ".join(told)


def state_text(reading: Reading, scene: Scene) -> Cells:
    """Return the state, or why there is none."""
    if scene.step in reading.errors:
        return [short(reading.errors[scene.step], longest=400)]
    return rows_text(reading, scene) if reading.key is None else fields_text(reading, scene)


def fields_text(reading: Reading, scene: Scene) -> Cells:
    """Return a line per field: sign, name, the value before where it changed, the value now."""
    nothing: Row = (None,) * len(reading.fields)
    _, before, now = scene.lines[0] if scene.lines else ((), None, None)
    cells = zip(reading.fields, before or nothing, now or nothing, strict=True)
    return aligned([_field(name, sign(was, value), was, value) for name, was, value in cells])


def rows_text(reading: Reading, scene: Scene) -> Cells:
    """Return the table of the visible rows, a sign before each that was touched."""
    head = ["", *map(short, chain(reading.key_names, reading.fields))]
    hidden = scene.alive - sum(line.now is not None for line in scene.lines)
    more = [f"… and {hidden:,} more"] if hidden else []
    return [*aligned([head, *map(_row, scene.lines)]), *more]


def data(scene: Scene) -> str:
    """Return the payload of the event on one line."""
    fields = {} if scene.event is None else payload(scene.event.data)
    told = ", ".join(f"{short(name)}={short(value)}" for name, value in fields.items())
    return f"data: {told}" if fields else ""


def aligned(rows: list[Cells]) -> Cells:
    """Return rows of cells as lines of equal columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _field(name: str, mark: str, was: object, now: object) -> Cells:
    arrow = f"{short(was)} → " if mark in ("~", "−") else ""
    return [mark, short(name), f"{arrow}{short(now)}"]


def _row(line: Line) -> Cells:
    row = (line.now if line.now is not None else line.before) or ()
    before = line.before if line.sign == "~" and line.before is not None else row
    marked = (_marked(sign(was, now), now) for was, now in zip(before, row, strict=True))
    return [line.sign, *_key(line.key), *marked]


def _key(key: Key) -> Cells:
    return list(map(short, key))


def _marked(mark: str, now: object) -> str:
    return f"{mark}{short(now)}"
