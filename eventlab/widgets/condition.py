"""A condition that is data: a field, a sign, a value. Nothing that was typed is ever run as code."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from eventlab.errors import InvalidEvent, TimeMachineError
from eventlab.times import utc
from eventlab.widgets.scenes import Touch
from eventlab.widgets.values import known

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}

_TYPED = re.compile(r"\s*(.+?)\s*([<>=!]+)\s*(.+?)\s*", re.DOTALL)


class Found(NamedTuple):
    """The first step at which a condition holds, or None; and how many states were looked at."""

    step: int | None
    looked: int


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
        if self.sign not in SIGNS:
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
        parts = _TYPED.fullmatch(text)
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
        except TypeError:
            raise TimeMachineError.not_comparable(self.field, found, self.value) from None

    def first(self, touches: Iterable[Touch], fields: Sequence[str]) -> Found:
        """Return the first step at which a row is touched of which it holds.

        A state is only changed by what touches it, so this is the first at which it holds at all.
        """
        if self.field not in fields:
            raise TimeMachineError.no_such_field(self.field, fields)
        place, looked = fields.index(self.field), 0
        for step, _, row in touches:
            looked += row is not None
            if row is not None and self(row[place]):
                return Found(step, looked)
        return Found(None, looked)


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
