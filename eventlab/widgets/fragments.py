"""What HTML shows a scene.

The whole picture of one step: the line that says where the slider stands, the state in a view, the
event with its envelope. Pure and deterministic, and plain tables without CSS or SVG, so that GitHub
shows it and nbval compares it. Knows nothing of browsers and books.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.widgets.flipbook import Fragment, Frame
from eventlab.widgets.markup import counted, heading, pair, value, word
from eventlab.widgets.scenes import Key, Line, Reading, Row, Scene
from eventlab.widgets.scenes import sign as sign_of
from eventlab.widgets.values import known, moment, payload
from eventlab.widgets.views import FieldsView, Render, RenderedView, RowsView, View, key_words

SLOTS = ("line", "caption", "state", "event")

MOST_CHANGES = 12
"""Changed fields listed below an event."""


class Picture:
    """How the scenes of one reading look: the fixed parts, and the slots that change.

    Parameters
    ----------
    reading : Reading
    most_rows : int
        Rows of a whole log that are visible at once.
    render : callable, optional
        Stands in for the state table.
    """

    def __init__(self, reading: Reading, most_rows: int, render: Render | None = None) -> None:
        self.reading = reading
        self._view = _view(reading, most_rows, render)
        self._envelope = envelope(reading.events)

    def turned_to(self, reading: Reading) -> Picture:
        """Return the picture of another part of the same log; its columns stay where they are."""
        turned = copy.copy(self)
        turned.reading, turned._envelope = reading, envelope(reading.events)
        return turned

    def frame(self, scene: Scene, state: Mapping[Key, Row]) -> Frame:
        """Return the fragment in each slot at a scene, given all rows of the state."""
        return {
            "line": line(self.reading, scene),
            "caption": self._view.caption(scene),
            "state": self._failure(scene) or self._view.body(scene, state),
            "event": self._event(scene),
        }

    def html(self, frame: Mapping[str, str]) -> str:
        """Return the picture with its slots filled; an empty frame gives what stands still."""
        shown = {slot: frame.get(slot, "") for slot in SLOTS}
        return (
            '<div class="tm-picture">\n'
            f'<p class="tm-line" data-slot="line" role="status">{shown["line"]}</p>\n'
            f"{_note(self.reading)}"
            f'<div class="tm-panels">\n{self._view.panel(shown["caption"], shown["state"])}'
            f'<div class="tm-side" style="--rows:{self._height()};--label:{self._label()}">'
            '<table class="tm-event">\n<caption>event</caption>\n'
            f'<tbody data-slot="event">{shown["event"]}</tbody>\n</table></div>\n</div>\n</div>\n'
        )

    def _failure(self, scene: Scene) -> Fragment:
        """Return why there is no state to show, in the place of the state; nothing where there is one."""
        if scene.step not in self.reading.errors:
            return ""
        reason = word(self.reading.errors[scene.step], longest=400)
        told = f'<p class="tm-error" role="alert">{reason}</p>'
        if isinstance(self._view, RenderedView):
            return told
        one_key = self.reading.key is not None
        columns = 4 if one_key else 1 + len(self.reading.key_names) + len(self.reading.fields)
        return f'<tr><td colspan="{columns}" class="failed">{told}</td></tr>\n'

    def _event(self, scene: Scene) -> Fragment:
        if scene.event is None:
            return pair("", "nothing has happened yet")
        rows = [pair(name, show(scene.event)) for name, show in self._envelope.items()]
        rows += _part("data", _payload(scene.event))
        if self._tells_changes:
            rows += _part("changes", _changes(self.reading.fields, scene.touched))
        return tuple(rows)

    @property
    def _tells_changes(self) -> bool:
        """Whether to say what the event did: where some have no stop, it did not do alone what changed."""
        return self.reading.key is None and not self.reading.is_thinned

    def _height(self) -> int:
        """Return the rows of the tallest event, so that what lies below stands still."""
        tallest = max((len(payload(event.data)) for event in self.reading.events), default=0)
        changes = min(len(self.reading.fields), 5) + 1 if self._tells_changes else 0
        return 1 + len(self._envelope) + 1 + min(tallest, 20) + changes

    def _label(self) -> int:
        """Return the characters of the longest name beside an event's value, up to 20."""
        names = {name for event in self.reading.events for name in payload(event.data)}
        return min(max(map(len, (*self._envelope, *names))), 20)


def line(reading: Reading, scene: Scene) -> str:
    """Return where the slider stands: ``17 / 412 · 2026-01-31 12:00 · card-7 · CardLoaded``."""
    place = f"{scene.number:,} / {reading.total:,}"
    if scene.event is None:
        return f"{place} · {'before the first event' if reading.total else 'the log is empty'}"
    stream, kind = word(scene.event.stream), word(scene.event.type)
    when = moment(scene.event.occurred_at)
    return f"{place} · {when} · <bdi>{stream}</bdi> · <b><bdi>{kind}</bdi></b>"


def note(reading: Reading) -> str:
    """Return the sentence that a reader must not miss: an empty log, or events without a stop."""
    if not reading.total:
        return "The log is empty: append events, then open a time machine on them."
    if reading.is_thinned:
        return (
            f"{reading.last:,} of {reading.total:,} events are stops; "
            "narrow the log with since()/until() to see every one."
        )
    return ""


def envelope(events: list[RecordedEvent]) -> dict[str, Callable[[RecordedEvent], str]]:
    """Return the rows of the envelope that say something in at least one of the events.

    What every event has is always shown; an event id that only repeats stream and version never is.
    The same rows stand at every step, so that nothing jumps.
    """
    shown: dict[str, Callable[[RecordedEvent], str]] = {
        "position": lambda e: f"{e.position:,}",
        "stream": lambda e: word(e.stream),
        "version": lambda e: f"{e.version:,}",
        "type": lambda e: f"<b>{word(e.type)}</b>",
        "occurred_at": lambda e: _clock(e.occurred_at),
        "recorded_at": lambda e: _clock(e.recorded_at),
    }
    for name in ("actor", "reason", "correlation_id", "causation_id", "event_id", "tags", "schema"):
        if any(_says_something(event, name) for event in events):
            shown[name] = partial(_said, name)
    return shown


def _said(name: str, event: RecordedEvent) -> str:
    return value(known(getattr(event, name)) or None)


def _clock(when: datetime) -> str:
    """Return a time of the envelope to the second; what is finer is its tooltip."""
    exact, seconds = moment(when), moment(when.replace(microsecond=0))
    if exact == seconds:
        return f"{seconds} UTC"
    return f'<span title="{exact} UTC">{seconds} UTC</span>'


def _says_something(event: RecordedEvent, name: str) -> bool:
    usual = {"event_id": f"{event.stream}@{event.version}", "schema": 1}
    found = known(getattr(event, name))
    return bool(found) and found != usual.get(name)


def _part(name: str, rows: Iterable[str]) -> list[str]:
    """Return rows under a heading; without rows, nothing."""
    told = list(rows)
    return [heading(name), *told] if told else []


def _payload(event: RecordedEvent) -> Iterator[str]:
    return (pair(word(name), value(found)) for name, found in payload(event.data).items())


def _changes(fields: list[str], touched: tuple[Line, ...]) -> Iterator[str]:
    """Yield what became of which row, a line for each changed field, up to a dozen."""
    changes = [change for line in touched for change in _compared(fields, line)]
    for key, name, was, now, mark in changes[:MOST_CHANGES]:
        if not name:
            yield pair(key_words(key), was, mark)
        else:
            label = f"{key_words(key)} · {word(name)}" if len(touched) > 1 else word(name)
            yield pair(label, f"{value(was)} → {value(now)}", mark)
    if len(changes) > MOST_CHANGES:
        yield pair("", f"… and {counted(len(changes) - MOST_CHANGES, 'more change')}")


def _compared(fields: list[str], line: Line) -> Iterator[tuple[Key, str, Any, Any, str]]:
    """Yield key, field, value before, value now and sign; a whole row that came or went has no field."""
    if line.before is None or line.now is None:
        yield line.key, "", "appeared" if line.before is None else "vanished", None, line.sign
        return
    for name, was, now in zip(fields, line.before, line.now, strict=True):
        if mark := sign_of(was, now):
            yield line.key, name, was, now, mark


def _note(reading: Reading) -> str:
    sentence = note(reading)
    return f'<p class="tm-note">{sentence}</p>\n' if sentence else ""


def _view(reading: Reading, most_rows: int, render: Render | None) -> View:
    if render is not None:
        return RenderedView(reading, render)
    return RowsView(reading, most_rows) if reading.key is None else FieldsView(reading)
