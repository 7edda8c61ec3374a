"""A condition that is data: a field, a sign, a value. Nothing that was typed is ever run as code."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from eventlab.errors import InvalidEvent, TimeMachineError
from eventlab.times import utc
from eventlab.widgets.scenes import Course
from eventlab.widgets.values import is_number, known

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}

_TOO_LARGE = 2**63
"""Columns of NumPy need not compare with a number beyond."""

_TYPED = re.compile(r"\s*(.+?)\s*([<>=!]+)\s*(.+?)\s*", re.DOTALL)


class Found(NamedTuple):
    """The first step at which a condition holds, or None; how many states were looked at, and up to where."""

    step: int | None
    looked: int
    until: int


@dataclass(frozen=True)
class Condition:
    """Whether the value of a field compares so with another; a missing one compares with nothing.

    Examples
    --------
    >>> overdrawn = Condition("balance", "<", 0)
    >>> overdrawn(-5), overdrawn(5), overdrawn(None)
    (True, False, False)
    """

    field: str
    sign: str
    value: Any

    def __post_init__(self) -> None:
        if self.sign not in list(SIGNS):  # what cannot be hashed is no sign either
            raise TimeMachineError.no_such_sign(self.sign, SIGNS)

    @classmethod
    def typed(cls, text: str) -> Condition:
        """Return the condition that was typed: a field, a sign, and a value as JSON or as plain text.

        Raises
        ------
        TimeMachineError
            When it is none, or the sign is none.

        Examples
        --------
        >>> Condition.typed("balance < 0"), Condition.typed("holder == Ana")
        (balance < 0, holder == 'Ana')
        """
        parts = _TYPED.fullmatch(text) if isinstance(text, str) else None
        if parts is None:
            raise TimeMachineError.no_condition(text)
        field, sign, value = parts.groups()
        return cls(field, sign, _value(value))

    def __repr__(self) -> str:
        return f"{self.field} {self.sign} {self.value!r}"

    def __call__(self, found: Any) -> bool:
        """Ask of one value."""
        found = known(found)
        if found is None:
            return False
        try:
            return bool(SIGNS[self.sign](found, _alike(found, self.value)))
        except (TypeError, ValueError):  # of many answers, too, which are neither true nor false
            raise TimeMachineError.not_comparable(self.field, found, self.value) from None

    def look(self, courses: Iterable[Course]) -> Iterator[Found]:
        """Yield what is found, part after part of what a field became: the last is the answer.

        A state is only changed by what touches it, so the first touch of which it holds is where it first
        holds at all.
        """
        looked = 0
        for until, steps, values, alive in courses:
            place = self._place(values, alive)
            if place is not None:
                yield Found(int(steps[place]), looked + int(sum(alive[: place + 1])), until)
                return
            looked += int(sum(alive))
            yield Found(None, looked, until)

    def _place(self, values: Any, alive: Any) -> int | None:
        """Return the place of the first living value of which it holds."""
        is_small = is_number(self.value) and abs(self.value) < _TOO_LARGE
        if is_small and is_numeric_dtype(values):  # a million numbers at once
            numbers = pd.Series(values)
            holds = SIGNS[self.sign](numbers, self.value) & numbers.notna() & alive
            places = np.flatnonzero(holds)
            return int(places[0]) if len(places) else None
        lives = enumerate(zip(values, alive, strict=True))
        return next((at for at, (found, is_alive) in lives if is_alive and self(found)), None)


def _value(written: str) -> Any:
    """Return a value that was typed: what JSON reads, such as a number; everything else is a text."""
    try:
        return json.loads(written)
    except ValueError:
        return written.strip("'")


def _alike(found: Any, value: Any) -> Any:
    """Return a text as a time where it is to be compared with one."""
    if not isinstance(found, datetime) or not isinstance(value, str):
        return value
    try:
        return utc(value).replace(tzinfo=None if found.tzinfo is None else UTC)
    except InvalidEvent:
        return value
