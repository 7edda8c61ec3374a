"""How thousands of pictures that hardly differ fit in a few hundred kilobytes.

A view is a set of named slots; a frame says which HTML fragment stands in each slot at one step. A
book binds the frames: every distinct fragment is kept once, a step names only the slots that
changed, and at every 64th step a keyframe names all of them, so that any step is reached from the
keyframe before it, forwards, backwards or by a jump. Deflated, 2,515 steps over 842 flights take
250 kB. Knows nothing of events, states or widgets; the browser reads a book by the same two rules
(``script/book.js``).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Fragment: TypeAlias = "str | tuple[Fragment, ...]"
"""HTML, or a sequence of fragments that are shared with other steps: rows of a table, their cells."""

Frame: TypeAlias = Mapping[str, Fragment]
"""What stands in each slot at one step; all frames of a book have the same slots."""


@dataclass(frozen=True)
class Book:
    """Frames, bound: one fragment is stored once however many steps show it.

    Attributes
    ----------
    slots : list of str
        Names of the slots; below, a slot is its place in this list.
    fragments : list
        Each is a text, or a list of places in this list, to be joined.
    every : int
        Steps from one keyframe to the next.
    keyframes : list of list of int
        The fragment in every slot, at steps 0, `every`, 2 · `every` …
    deltas : list of list of int
        For each step: slot, fragment, slot, fragment … for the slots that differ from the step
        before; empty at a keyframe.

    Examples
    --------
    >>> book = bind([{"balance": "0"}, {"balance": "20"}, {"balance": "20"}])
    >>> book.deltas, book.fragments
    ([[], [0, 1], []], ['0', '20'])
    >>> book.frame(2)
    {'balance': '20'}
    """

    slots: list[str]
    fragments: list[str | list[int]]
    every: int
    keyframes: list[list[int]]
    deltas: list[list[int]]

    def __len__(self) -> int:
        return len(self.deltas)

    def frame(self, step: int) -> dict[str, str]:
        """Return the HTML in each slot at a step, by the same two rules as the browser."""
        now = list(self.keyframes[step // self.every])
        for delta in self.deltas[step - step % self.every : step + 1]:
            for slot, fragment in zip(delta[::2], delta[1::2], strict=True):
                now[slot] = fragment
        return {name: self.text(fragment) for name, fragment in zip(self.slots, now, strict=True)}

    def text(self, fragment: int) -> str:
        """Return the HTML of one fragment."""
        found = self.fragments[fragment]
        return found if isinstance(found, str) else "".join(map(self.text, found))

    def packed(
        self, shell: str, first: int = 0, last: int | None = None, **beside: object
    ) -> bytes:
        """Return the book as it goes to a browser: JSON, deflated, with the HTML that holds the slots.

        A book that is a part of a longer one says the number of its first step, and of the last of all.
        What else a browser is to have lies `beside` the steps.
        """
        place = {"first": first, "last": len(self) - 1 if last is None else last, "shell": shell}
        return deflated(vars(self) | place | beside)


def bind(frames: Iterable[Frame], every: int = 64) -> Book:
    """Return the book of some frames, given in order; they may come from a generator."""
    pool = _Pool()
    slots: list[str] = []
    keyframes: list[list[int]] = []
    deltas: list[list[int]] = []
    before: list[int] = []
    for step, frame in enumerate(frames):
        slots = slots or list(frame)
        now = [pool.place(frame[slot]) for slot in slots]
        is_key = step % every == 0
        if is_key:
            keyframes.append(now)
        deltas.append([] if is_key else _difference(before, now))
        before = now
    return Book(slots, pool.fragments, every, keyframes, deltas)


def deflated(told: Mapping[str, object]) -> bytes:
    """Return what a browser is told as JSON, deflated."""
    written = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(written.encode(), level=9)


def joined(fragment: Fragment) -> str:
    """Return a fragment as one text."""
    return fragment if isinstance(fragment, str) else "".join(map(joined, fragment))


def _difference(before: list[int], now: list[int]) -> list[int]:
    changed = (slot for slot, was in enumerate(before) if now[slot] != was)
    return [number for slot in changed for number in (slot, now[slot])]


class _Pool:
    """Every distinct fragment once, in order of first use."""

    def __init__(self) -> None:
        self.fragments: list[str | list[int]] = []
        self._places: dict[Fragment, int] = {}

    def place(self, fragment: Fragment) -> int:
        known = self._places.get(fragment)
        if known is None:
            parts = fragment if isinstance(fragment, str) else [self.place(f) for f in fragment]
            known = self._places[fragment] = len(self.fragments)
            self.fragments.append(parts)
        return known
