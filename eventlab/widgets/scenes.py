"""What there is to see at each stop of the slider.

A stop lies behind one event (step 0 before the first); a scene is what can be seen from it: the event
and the lines of state that fit on a screen, each as it was at the stop before and as it is now. Read
once from a log and a projection, scenes are plain values. Knows nothing of HTML and browsers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

from eventlab.event import RecordedEvent
from eventlab.widgets.values import same

Key: TypeAlias = tuple[Any, ...]
"""The parts of a key; one part where the projection has a single key."""

Row: TypeAlias = tuple[Any, ...]
"""The values of a state row in the order of the fields; None where missing."""

State: TypeAlias = dict[Key, Row]
"""The living rows, in the order in which they changed."""


class Touch(NamedTuple):
    """What one step did to one key: its row from now on, or None where its life ended."""

    step: int
    key: Key
    row: Row | None


class Course(NamedTuple):
    """What a field became in a part of the steps, up to one: when, its value, and whether its key lives then.

    These are lists, or arrays where there are many.
    """

    until: int
    steps: Any
    values: Any
    alive: Any


class Line(NamedTuple):
    """One key in a scene: its row at the stop before, and now; None where it does not exist."""

    key: Key
    before: Row | None
    now: Row | None

    @property
    def sign(self) -> str:
        """``+`` appeared, ``~`` changed, ``−`` vanished, or nothing."""
        return sign(self.before, self.now)


@dataclass(frozen=True)
class Scene:
    """What is seen at one step.

    Attributes
    ----------
    step, number : int
        The stop, and how many events lie behind it; they differ where steps are thinned.
    event : RecordedEvent or None
        The event the stop lies behind; None at step 0.
    lines : tuple of Line
        The visible part of the state: the one key that was asked for, or rows of the table.
    touched : tuple of Line
        The lines that differ from the stop before, whether visible or not.
    alive : int
        How many keys exist now.
    """

    step: int
    number: int
    event: RecordedEvent | None
    lines: tuple[Line, ...]
    touched: tuple[Line, ...]
    alive: int


@dataclass(frozen=True)
class Reading:
    """All that a time machine knows of a log and a projection, read once.

    Attributes
    ----------
    name : str
        What the projection is called.
    key_names, fields : list of str
        Columns of the state.
    key : Key or None
        The one key looked at, or None for the whole log.
    total : int
        Events that could be stops.
    numbers : list of int
        For each step, how many of them lie behind it; begins with 0.
    events : list of RecordedEvent
        The event behind each step but step 0.
    touches : list of Touch
        What the steps did to the state, in order.
    in_order : bool
        Whether the log is folded by position, so that cutting there gives what was folded.
    starts : dict of int to State
        Rows that were there before a step, the one changed last at the end: before the first, and wherever
        a reading that knows only what is in sight looks at other keys.
    skipped : int
        Steps at the beginning that are read for what comes after, and not shown.
    counts : list of int or None
        How many keys are alive at each step, where the reading does not hold them all.
    others : int
        At least so many keys lived in the rest of the log.
    replayed : int
        How many events were folded to know all this.
    errors : dict of int to str
        What went wrong at the steps whose state is not known; their scenes show the last one that is.
    """

    name: str
    key_names: list[str]
    fields: list[str]
    key: Key | None
    total: int
    numbers: list[int]
    events: list[RecordedEvent]
    touches: list[Touch] = field(repr=False)
    in_order: bool = True
    starts: dict[int, State] = field(default_factory=dict, repr=False)
    skipped: int = 0
    counts: list[int] | None = field(default=None, repr=False)
    others: int = 0
    replayed: int = 0
    errors: dict[int, str] = field(default_factory=dict, repr=False)

    @property
    def last(self) -> int:
        """The last step."""
        return len(self.events)

    @property
    def first(self) -> int:
        """How many events lie behind the first step that is shown."""
        return self.numbers[self.skipped]

    @property
    def is_thinned(self) -> bool:
        """Whether some events are passed without a stop."""
        return self.last < self.numbers[-1] - self.numbers[0]

    @property
    def keys(self) -> list[Key]:
        """Every key that ever lived in it, in order."""
        return sorted_keys({*chain(*self.starts.values()), *(touch.key for touch in self.touches)})


Lines: TypeAlias = tuple[Line, ...]


def sign(before: Any, now: Any) -> str:
    """Return how one thing became another: ``+``, ``~``, ``−`` or nothing."""
    if before is None and now is None:
        return ""
    if before is None:
        return "+"
    if now is None:
        return "−"
    return "" if same(before, now) else "~"


def scenes(reading: Reading, most_rows: int) -> Iterator[tuple[Scene, Mapping[Key, Row]]]:
    """Yield each scene, with the whole state at that step; the state is only good until the next.

    A whole log of more than `most_rows` keys shows those changed last, newest first; fewer stand
    still in the order of their keys.
    """
    state: State = {}
    visible = _visible(reading, most_rows)
    by_step = _by_step(reading)
    for step, number in enumerate(reading.numbers):
        state = dict(reading.starts.get(step, state))
        touched = _change(state, by_step.get(step, []))
        if step == 0:  # what a plain function finds in the empty past has not changed
            touched = ()
        if step < reading.skipped:
            continue
        event = reading.events[step - 1] if step else None
        alive = reading.counts[step] if reading.counts else len(state)
        lines = visible(state, touched)
        if reading.counts:  # of what is out of sight not all is known
            touched = tuple(line for line in touched if line in lines)
        yield Scene(step, number, event, lines, touched, alive), state


def sorted_keys(keys: Collection[Key]) -> list[Key]:
    """Return keys sorted as the state frame sorts them; kinds that do not compare, by kind."""
    try:
        return sorted(keys)
    except TypeError:
        return sorted(keys, key=lambda key: [(type(part).__name__, str(part)) for part in key])


def _by_step(reading: Reading) -> dict[int, list[Touch]]:
    by_step: dict[int, list[Touch]] = {}
    for touch in reading.touches:
        by_step.setdefault(touch.step, []).append(touch)
    return by_step


def _change(state: State, touches: Iterable[Touch]) -> tuple[Line, ...]:
    """Bring the state to the next step; return what was touched, in order of the last touch."""
    before: dict[Key, Row | None] = {}
    for _, key, row in touches:
        before[key] = before.pop(key) if key in before else state.get(key)
        state.pop(key, None)
        if row is not None:
            state[key] = row
    lines = (Line(key, was, state.get(key)) for key, was in before.items())
    return tuple(line for line in lines if line.before is not None or line.now is not None)


def _visible(reading: Reading, most_rows: int) -> Callable[[State, Lines], Lines]:
    """Return the rule that picks the visible lines of a state and orders them."""
    keys = reading.keys if reading.key is None else [reading.key]
    if max(len(keys), reading.others) <= max(most_rows, 1):
        return lambda state, touched: _pick(keys, state, touched)
    return lambda state, touched: _pick(_newest_first(state, touched), state, touched, most_rows)


def _newest_first(state: State, touched: Lines) -> Iterator[Key]:
    """Yield keys by their last change; the state keeps them in that order, oldest first."""
    now = {line.key: None for line in touched}
    yield from reversed(now)
    yield from (key for key in reversed(state) if key not in now)


def _pick(keys: Iterable[Key], state: State, touched: Lines, most: int | None = None) -> Lines:
    changed = {line.key: line for line in touched}
    there = (key for key in keys if key in state or key in changed)
    return tuple(
        changed.get(key) or Line(key, state[key], state[key]) for key in islice(there, most)
    )
