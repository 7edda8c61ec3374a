"""What a rule in Python is, as text: so that nothing another rule has computed is taken for its work.

The source alone does not say it: a function also sees the values it closes over, its defaults, and what it
names of its module. All of that is written down. Of other modules, and of what they made, such as a frame
to look things up in, no more is seen than the name: whoever changes that raises the rule's ``version``.
"""

from __future__ import annotations

import datetime as dt
import dis
import functools
import inspect
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_PLAIN = (type(None), bool, int, float, complex, str, bytes, Decimal, Enum)
_TIMES = (dt.date, dt.time, dt.timedelta, dt.tzinfo)


def rule_text(rule: object) -> str:
    """Return a rule as text: two with the same text do the same, as far as Python can tell.

    Examples
    --------
    >>> def charging(fee):
    ...     return lambda state, event: {"balance": state["balance"] - fee}
    >>> (
    ...     rule_text(charging(1)) == rule_text(charging(1)),
    ...     rule_text(charging(1)) == rule_text(charging(2)),
    ... )
    (True, False)
    """
    return _Reader(_home(rule)).text(rule)


class _Reader:
    """Reads values of one module; each function, class and object of it once."""

    def __init__(self, module: str | None) -> None:
        self._module = module
        self._read: dict[int, Any] = {}  # the values too, so that no id is used again meanwhile

    def text(self, value: Any) -> str:
        if isinstance(value, _PLAIN + _TIMES):
            return repr(value)
        if isinstance(value, ModuleType):
            return value.__name__
        if id(value) in self._read:
            return _name(value)
        self._read[id(value)] = value
        return self._within(value)

    def _within(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return self._listed(value.keys(), value.values())
        if isinstance(value, set | frozenset):
            return f"{_name(type(value))}{sorted(map(self.text, value))}"
        if isinstance(value, list | tuple):
            return f"{_name(type(value))}{self._listed(value)}"
        if isinstance(value, functools.partial):
            return self._listed([value.func, value.args, value.keywords])
        if isinstance(value, MethodType):
            return self._listed([value.__func__, value.__self__])
        if getattr(value, "__module__", None) != self._module:
            return _name(value)
        return self._own(value)

    def _own(self, value: Any) -> str:
        """Return the text of what the rule's own module defines."""
        if isinstance(value, FunctionType):
            return "\n".join([_source(value), self.text(dict(self._seen_by(value)))])
        if isinstance(value, type):
            return _source(value)
        return self._listed([type(value), getattr(value, "__dict__", {})])

    def _seen_by(self, function: FunctionType) -> Iterator[tuple[str, Any]]:
        """Yield what a function can see beside its arguments, by name."""
        code = function.__code__
        yield "defaults", [function.__defaults__, function.__kwdefaults__]
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            yield name, _content(cell)
        for name in sorted(_global_names(code) & function.__globals__.keys()):
            yield name, function.__globals__[name]

    def _listed(self, *columns: Any) -> str:
        return str([tuple(map(self.text, row)) for row in zip(*columns, strict=True)])


def _home(rule: Any) -> str | None:
    """Return the module a rule was written in."""
    if isinstance(rule, functools.partial):
        return _home(rule.func)
    if isinstance(rule, MethodType):
        return _home(rule.__func__)
    return getattr(rule, "__module__", None)


def _name(value: Any) -> str:
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(kind, '__module__', '')}.{kind.__qualname__}"


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _global_names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    own = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return own.union(*map(_global_names, inner))


def _source(value: Any) -> str:
    try:
        source = inspect.getsource(value)
    except (OSError, TypeError):
        source = _name(value)
    is_whole = not isinstance(value, FunctionType) or (
        source != _name(value) and value.__name__ != "<lambda>"
    )
    # Of a lambda Python knows no more than its line, where others may stand.
    return source if is_whole else f"{source}\n{_instructions(value.__code__)}"


def _instructions(code: CodeType) -> str:
    constants = list(map(_constant, code.co_consts))
    return str((code.co_code.hex(), constants, code.co_names, code.co_varnames))


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _instructions(value)
    # A set is in another order in every process.
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
