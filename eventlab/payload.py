"""Payloads to JSON text and back, altered nowhere: what goes in comes out equal, or is refused by name.

JSON would quietly turn a tuple into a list, the key ``1`` into ``"1"``, and NaN into something that no
other tool reads. Here each of them is an error that names the field. On the way the payload's fields
are noted with their kinds: the store keeps that catalogue to give SQL and dataframes their types.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any, NoReturn
from uuid import UUID

import numpy as np

from eventlab.errors import InvalidEvent, PayloadError
from eventlab.errors.family import short

INT64 = range(-(2**63), 2**63)
MAX_DEPTH = 100

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def refuse(value: Any, field: str) -> NoReturn:
    """Say what is to be done with a value that JSON has no form for."""
    name = type(value).__name__
    if isinstance(value, tuple):
        raise PayloadError(field, "is a tuple, which JSON would give back as a list", "use a list")
    raise PayloadError(
        field or "data", f"is a {name}, which JSON cannot hold", _ADVICE.get(name, _CONVERT)
    )


def exact(value: Any, field: str) -> Any:
    """Return the text that keeps such a value exactly, or refuse it.

    Examples
    --------
    >>> exact(Decimal("2.50"), "amount"), exact(time(9, 30), "at"), exact(b"cat", "photo")
    ('2.50', '09:30:00', 'Y2F0')
    """
    if isinstance(value, date | time) and value == value:  # a datetime is a date, and NaT one, too
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if isinstance(value, Decimal) and not value.is_finite():
        return float(value)  # which is refused
    return str(value) if isinstance(value, Decimal | UUID) else refuse(value, field)


Otherwise = Callable[[Any, str], Any]
"""What to do with a value that JSON has no form for, and its field: return another, or raise."""


def to_json(data: Mapping[str, Any], otherwise: Otherwise = refuse) -> str:
    """Return a payload as JSON text, or refuse it by the name of its first bad field.

    Examples
    --------
    >>> to_json({"amount": 20, "tags": ["gift"]})
    '{"amount":20,"tags":["gift"]}'
    >>> to_json({"seats": {4}})
    Traceback (most recent call last):
        ...
    eventlab.errors.PayloadError: payload field 'seats' is a set, which JSON cannot hold: store sorted(value).
    """
    return to_json_value(data, otherwise)


def to_json_value(value: Any, otherwise: Otherwise = refuse) -> str:
    """Return any payload value as JSON text, or refuse it."""
    return _encode(_plain(value, "", 0, otherwise))


def from_json(text: str) -> dict[str, Any]:
    """Return the payload that the JSON text holds."""
    payload: dict[str, Any] = json.loads(text)
    return payload


def require_exact(text: str) -> None:
    """Refuse JSON text of which something would be lost: NaN, integers beyond 64 bits, a name given twice."""
    try:
        payload = json.loads(text, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"this is no standard JSON ({error})") from error
    to_json(payload, _refuse_twice)


def bad_field(text: str) -> PayloadError | None:
    r"""Return what is wrong with a field of JSON text that DuckDB does not take for JSON, if it is that.

    Examples
    --------
    >>> bad_field(r'{"holder": {"name": "\ud800"}}').field, bad_field('{"holder": ')
    ('holder.name', None)
    """
    try:
        require_exact(text)
    except PayloadError as error:
        return error
    except InvalidEvent:
        return None
    return None


def kind(value: Any) -> str:
    """Return the SQL type a payload value has: BIGINT, DOUBLE, BOOLEAN, VARCHAR, NULL or VARIANT.

    Examples
    --------
    >>> [kind(value) for value in (1, 2.5, True, "x", None, [1])]
    ['BIGINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'NULL', 'VARIANT']
    """
    return _KINDS.get(type(value)) or _kind_of_subclass(value)


_KINDS = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", str: "VARCHAR", type(None): "NULL"}


def python_value(value: Any) -> Any:
    """Return a NumPy scalar as the Python value it equals; NumPy's times would become bare numbers."""
    is_scalar = isinstance(value, np.generic) and value.dtype.kind not in "mM"
    return value.item() if is_scalar else value


def _kind_of_subclass(value: Any) -> str:
    plain = python_value(value)
    kinds = (name for known, name in _KINDS.items() if isinstance(plain, known))
    return "BOOLEAN" if isinstance(plain, bool) else next(kinds, "VARIANT")


@dataclass(frozen=True)
class _Twice:
    """Stands for an object that has a name twice, until it is known where in the payload that is."""

    name: str


def _members(members: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    payload = dict(members)
    if len(payload) == len(members):
        return payload
    names = [name for name, _ in members]
    return _Twice(next(name for name in names if names.count(name) > 1))


def _refuse_twice(value: _Twice, field: str) -> NoReturn:
    name = f"{field}.{value.name}" if field else value.name
    raise PayloadError(name, "is given twice", "keep one of them")


def _plain(value: Any, field: str, depth: int, otherwise: Otherwise) -> Any:
    value = python_value(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, int):
        return _integer(value, field)
    if isinstance(value, float):
        return _number(value, field)
    if depth > MAX_DEPTH:
        raise PayloadError(field, f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
    if isinstance(value, Mapping):
        return {
            _key(name, field): _plain(
                item, f"{field}.{name}" if field else str(name), depth + 1, otherwise
            )
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [
            _plain(item, f"{field}[{at}]", depth + 1, otherwise) for at, item in enumerate(value)
        ]
    return _plain(otherwise(value, field), field, depth, otherwise)


def _text(value: str, field: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PayloadError(
            field, f"holds text that is not valid Unicode ({value!r})", "repair or escape it"
        ) from error
    return str.__str__(value)  # str() of a text enum is its name, not its text


def _integer(value: int, field: str) -> int:
    value = int(value)  # a range looks for a subclass of int, such as an IntEnum, one by one
    if value not in INT64:
        raise PayloadError(
            field, f"is the integer {short(value)}, beyond 64 bits", "store it as text, or split it"
        )
    return value


def _number(value: float, field: str) -> float:
    if not isfinite(value):
        raise PayloadError(
            field, f"is {value}, which JSON cannot hold", "leave the field out or store None"
        )
    return float(value)


def _key(name: Any, field: str) -> str:
    if not isinstance(name, str):
        raise PayloadError(
            f"{field}.{short(name)}" if field else short(name),
            f"has the key {short(name)} of type {type(name).__name__}, which JSON would turn into text",
            "use text keys",
        )
    return _text(name, f"{field}.{name!r}" if field else repr(name))


_CONVERT = "convert it to text, a number, a list or a dict"
_ADVICE = {
    "datetime": "store value.isoformat()",
    "date": "store value.isoformat()",
    "Timestamp": "store value.isoformat()",
    "datetime64": "store str(value)",
    "timedelta64": "store a number and name its unit in the field",
    "Decimal": "store str(value), and read it back exactly with 'amount::DECIMAL(18,2)'",
    "UUID": "store str(value)",
    "bytes": "store base64 text",
    "set": "store sorted(value)",
}
