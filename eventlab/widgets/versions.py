"""Which values the fields of a key had from which stop on: all that a diff of any two stops needs.

A browser that has these looks up both moments and lists the cells that differ; it folds nothing. Two
values have the same number where they are the same to `same`, however they are written, and different
numbers where they are not, even where what is shown of them was cut to the same text.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from eventlab.equality import identity
from eventlab.widgets.markup import SIGNS, row_start, sign_cell, value, word
from eventlab.widgets.scenes import Key, Reading, Row
from eventlab.widgets.values import known
from eventlab.widgets.views import key_words

Version: TypeAlias = list[int]
"""A stop, and the number of each field's value from then on; the stop alone where the key's life ended."""


def versions(reading: Reading) -> dict[str, Any] | None:
    """Return the lives of all keys as JSON has them; None where the reading does not know them all.

    Examples
    --------
    >>> from eventlab.widgets.scenes import Touch
    >>> touches = [
    ...     Touch(1, ("card-7",), (20,)),
    ...     Touch(2, ("card-7",), (25,)),
    ...     Touch(3, ("card-7",), None),
    ... ]
    >>> told = versions(
    ...     Reading("cards", ["stream"], ["balance"], None, 3, [0, 1, 2, 3], [], touches)
    ... )
    >>> told["keys"], told["cells"][1:], told["lives"]
    (['card-7'], ['20', '25'], [[[1, 1], [2, 2], [3]]])
    """
    if reading.counts is not None or reading.errors:
        return None
    cells = _Cells()
    keys = reading.keys
    lives: dict[Key, list[Version]] = {key: [] for key in keys}
    for step, key, row in reading.touches:
        life = lives[key]
        if life and life[-1][0] == step:  # one event may end a life and begin another
            life.pop()
        life.append([step, *cells.numbers(row)])
    return {
        "keys": list(map(key_words, keys)),
        "fields": list(map(word, reading.fields)),
        "cells": cells.shown,
        "lives": list(lives.values()),
        "marks": marks(),
    }


def marks() -> dict[str, str]:
    """Return how a row of a diff begins, by its sign."""
    return {mark: row_start(mark) + sign_cell(mark) for mark in SIGNS if mark}


class _Cells:
    """Every distinct value once; number 0 is the missing one."""

    def __init__(self) -> None:
        self.shown = [value(None)]
        self._numbers: dict[Hashable, int] = {}

    def numbers(self, row: Row | None) -> list[int]:
        return [] if row is None else list(map(self._number, row))

    def _number(self, found: Any) -> int:
        found = known(found)
        if found is None:
            return 0
        number = self._numbers.setdefault(identity(found), len(self.shown))
        if number == len(self.shown):
            self.shown.append(value(found))
        return number
