"""The state a render function is given: a plain dict that also remembers the stop before.

So a drawing marks what has just changed without knowing what any event means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventlab.widgets.scenes import sign


class Shown(dict[Any, Any]):
    """A state: rows by their keys, or the fields of one key.

    Attributes
    ----------
    before : dict
        What this step touched, as it was at the stop before: a row or the value of a field; None where
        there was none.

    Examples
    --------
    >>> state = Shown({"e4": "♙", "g1": "♘"}, before={"e2": "♙", "e4": None})
    >>> state["e4"], signs(state)
    ('♙', {'e2': '−', 'e4': '+'})
    """

    def __init__(self, now: Mapping[Any, Any], before: Mapping[Any, Any]) -> None:
        super().__init__(now)
        self.before = dict(before)


def signs(state: Any) -> dict[Any, str]:
    """Return what became of each row or field at this step: ``+`` appeared, ``~`` changed, ``−`` vanished.

    A dict that remembers nothing, or no state at all, has no signs.
    """
    before = before_of(state)
    marks = {key: sign(was, state.get(key)) for key, was in before.items()}
    return {key: mark for key, mark in marks.items() if mark}


def before_of(state: Any) -> dict[Any, Any]:
    """Return what a state remembers of the stop before; a plain dict remembers nothing."""
    return state.before if isinstance(state, Shown) else {}
