"""What the controls of a time machine look like before a browser gives them life.

Buttons, a slider and their words, as HTML; ``script/timemachine.js`` finds them by ``data-act``.
"""

from __future__ import annotations

import unicodedata
from html import escape

ICONS = {
    "first": "M3 3h2v10H3zM13 3v10L6 8z",
    "back": "M11 3v10L4 8z",
    "play": "M4 2.5v11L13 8z",
    "pause": "M4 3h3v10H4zM9 3h3v10H9z",
    "forward": "M5 3v10l7-5z",
    "last": "M11 3h2v10h-2zM3 3v10l7-5z",
}
"""Paths in a square of 16 by 16."""

WORDS = {
    "first": "before the first event (Home)",
    "back": "one step back (←)",
    "play": "play (Space)",
    "forward": "one step forward (→)",
    "last": "to the last event (End)",
}


AXES = {"position": "position", "occurred": "time occurred", "recorded": "time recorded"}
"""By what the track may be divided, and how that reads."""

KINDS = {"type": ("r", "t"), "key": ("j", "k")}
"""Of what there is an event before and one after, and the keys that go there."""

KEYS = {
    "← →": "one step back, forward",
    "Page Down, Page Up": "a tenth of the way back, forward",
    "Home, End": "before the first event, behind the last",
    "Space": "play, pause",
    "r t": "the event of this type before, after",
    "j k": "the event of this key before, after",
    "a b": "pin this moment as A, as B",
    "g": "to the field that takes a step (17), a position (#17) or a time (2013-01-01 17:30)",
    "f": "choose at which types, streams and actors to stop",
    "/": "find where a condition such as balance < 0 first holds",
    "?": "show or hide these keys",
}

SPEEDS = ("¼", "½", "1", "2", "4", "8")
"""How many times as fast as usual it plays."""


def transport(label: str, last: int) -> str:
    """Return the buttons, the slider of a book with so many steps, and the place of the strip under it."""
    buttons = "".join(map(_button, WORDS))
    return (
        f'<div class="tm-transport" role="group" aria-label="{escape(label)}">'
        f'<span class="tm-moves">{buttons}{_speed()}</span>'
        f"{_entry(last)}"
        f'<span class="tm-tools">{"".join(map(_kind, KINDS))}{_pins()}'
        f"{_opener('filter', 'choose where to stop (f)', 'filter')}"
        f"{_opener('find', 'find where a condition first holds (/)', 'find')}{_fork()}"
        f"{_opener('help', 'keys (?)', '?')}</span></div>\n"
        f"{_keys()}{_find()}{_filter()}"
        '<p class="tm-told" data-part="told" aria-live="polite"></p>\n'
        f'<div class="tm-track"><span class="tm-choice">{_axis()}</span>'
        f'<input type="range" min="0" max="{last}" step="1" value="0" aria-label="step in time">\n'
        '<div class="tm-names" data-part="names"></div>'
        '<div class="tm-lanes" data-part="strip" role="img" aria-label=""><div data-part="lanes"></div>'
        '<i class="tm-pin a">A</i><i class="tm-pin b">B</i><i class="tm-now"></i></div></div>\n'
        '<small class="tm-replayed" data-part="replayed"></small>\n'
    )


def _speed() -> str:
    options = "".join(
        f'<option value="{unicodedata.numeric(speed):g}"{" selected" * (speed == "1")}>{speed} ×</option>'
        for speed in SPEEDS
    )
    return (
        f'<select data-part="speed" title="speed of play" aria-label="speed of play">{options}</select>'
        '<select data-part="pace" title="pauses of play" aria-label="pauses of play">'
        '<option value="events" selected>by event</option><option value="time">in time</option></select>'
    )


def _axis() -> str:
    options = "".join(f'<option value="{axis}">by {words}</option>' for axis, words in AXES.items())
    words = "what the track is divided by"
    return f'<select data-part="axis" title="{words}" aria-label="{words}">{options}</select>'


def _kind(kind: str) -> str:
    """Return the buttons to the events of a kind before and after, around the name of the kind."""
    back, on = KINDS[kind]
    return (
        f'<span class="tm-kind">{_step("back", kind, f"previous event of this {kind} ({back})")}'
        f"<span>{kind}</span>{_step('forward', kind, f'next event of this {kind} ({on})')}</span>"
    )


def _step(way: str, kind: str, label: str) -> str:
    act = f"{kind}{way.capitalize()}"
    return (
        f'<button type="button" data-act="{act}" title="{label}" aria-label="{label}">'
        f"{_icon(way)}</button>"
    )


def _opener(part: str, label: str, name: str) -> str:
    """Return a button that shows and hides a part."""
    return (
        f'<button type="button" class="tm-word" data-act="{part}" title="{label}" aria-label="{label}" '
        f'aria-expanded="false">{name}</button>'
    )


def _fork() -> str:
    words = "another future from here: tm.branch"
    return (
        f'<button type="button" class="tm-word" data-act="fork" title="{words}" aria-label="{words}">'
        "fork here</button>"
    )


def _find() -> str:
    """Return the field for a condition, hidden until it is asked for."""
    return (
        '<p class="tm-find" data-part="find" hidden><label>first state where '
        '<input type="text" data-part="condition" size="24" autocomplete="off" spellcheck="false"></label> '
        '<button type="button" class="tm-word" data-act="search" aria-label="find that state (Enter)">'
        "go</button></p>\n"
    )


def _filter() -> str:
    """Return the place of what can be chosen, hidden until it is asked for, and of what was."""
    return (
        '<div class="tm-filter" data-part="filter" hidden><div data-part="chips"></div></div>\n'
        '<p class="tm-filtered" data-part="filtered" hidden><b data-part="stops"></b> · the state is that '
        'of the whole log · <code data-part="filter-code"></code> '
        '<button type="button" class="tm-word" data-act="unfilter" aria-label="stop at every event again">'
        "clear</button></p>\n"
    )


def _keys() -> str:
    """Return the list of keys, hidden until it is asked for."""
    rows = "".join(f"<dt><kbd>{keys}</kbd></dt><dd>{words}</dd>" for keys, words in KEYS.items())
    return f'<dl class="tm-keys" data-part="help" hidden>{rows}</dl>\n'


def _pins() -> str:
    words = {"A": "pin this moment as A (a)", "B": "pin this moment as B (b)"}
    return "".join(
        f'<button type="button" class="tm-word" data-act="pin{name}" title="{label}" '
        f'aria-label="{label}">pin {name}</button>'
        for name, label in words.items()
    )


def pinned() -> str:
    """Return the place for what differs between two pinned moments; it is hidden until there are any."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("key", "field", "before", "after"))
    return (
        '<div class="tm-pins" data-part="pins" hidden><p class="tm-note">'
        '<span data-part="pinned" aria-live="polite"></span> '
        '<button type="button" class="tm-word" data-act="unpin" aria-label="remove both pins">'
        'unpin</button></p><div class="tm-scroll"><table class="tm-difference">'
        f"<thead><tr><td></td>{heads}</tr></thead>"
        '<tbody data-part="difference"></tbody></table></div></div>\n'
        '<div class="tm-futures" data-part="futures" hidden></div>\n'
    )


def _entry(last: int) -> str:
    return (
        '<label class="tm-entry">step <input type="text" data-part="entry" size="9" autocomplete="off" '
        'title="a step, a position such as #17, or a time such as 17:30 or 2013-01-01 17:30 (Enter)">'
        f" of {last:,}</label>"
    )


def _button(act: str) -> str:
    icons = _icon(act) + (_icon("pause") if act == "play" else "")
    label = escape(WORDS[act])
    return (
        f'<button type="button" data-act="{act}" title="{label}" aria-label="{label}">'
        f"{icons}</button>"
    )


def _icon(name: str) -> str:
    path = f'<path d="{ICONS[name]}"/>'
    return f'<svg class="{name}" viewBox="0 0 16 16" aria-hidden="true">{path}</svg>'
