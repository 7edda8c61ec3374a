"""The traits that a reader sets; what cannot be is refused as everywhere in this package."""

from __future__ import annotations

from operator import index
from typing import Any, NoReturn

import traitlets

from eventlab.checks import is_integer
from eventlab.errors import TimeMachineError
from eventlab.widgets.axis import AXES


class Step(traitlets.Int[int, Any]):
    """A whole number, of Python or of NumPy."""

    def validate(self, obj: Any, value: Any) -> int:
        """Return it as Python has it."""
        if not is_integer(value):
            raise TimeMachineError.no_such_step(value, obj.last)
        return index(value)


class Pair(traitlets.Tuple):
    """Two steps, None where there is no pin."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return both as a tuple."""
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise TimeMachineError.no_such_pins(value)
        return super().validate(obj, value)


class OneAxis(traitlets.Enum[Any]):
    """One of the axes."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """List the axes."""
        raise TimeMachineError.no_such_axis(value, AXES)


class Names(traitlets.Dict):
    """Names by kind."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        """Say how a filter is set."""
        raise TimeMachineError.no_filter(value)
