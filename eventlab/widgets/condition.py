"""A condition that is data: a field, a sign, a value. Nothing that was typed is ever run as code."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eventlab.errors import TimeMachineError
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

    def __call__(self, found: Any) -> bool:
        """Ask of one value."""
        found = known(found)
        if found is None:
            return False
        try:
            return bool(SIGNS[self.sign](found, self.value))
        except TypeError:
            raise TimeMachineError.not_comparable(self.field, found, self.value) from None

    def first(self, touches: Iterable[Touch], fields: Sequence[str]) -> int | None:
        """Return the first step at which a row is touched of which it holds, or None.

        A state is only changed by what touches it, so this is the first at which it holds at all.
        """
        if self.field not in fields:
            raise TimeMachineError.no_such_field(self.field, fields)
        place = fields.index(self.field)
        held = (step for step, _, row in touches if row is not None and self(row[place]))
        return next(held, None)
