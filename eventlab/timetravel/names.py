"""What names a frame can have, and what its key columns are: checked once, for both kinds of projection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import pandas as pd

from eventlab import frames
from eventlab.checks import is_text, is_whole
from eventlab.errors import InvalidProjection

AnyKey = TypeVar("AnyKey")

MOMENT = {
    "position": "int64",
    "version": "int64",
    "type": "str",
    "occurred_at": frames.UTC_TIME,
    "recorded_at": frames.UTC_TIME,
}
"""The columns that say which event a row of changes or history stands for, and their dtypes."""

INTERVAL = ("valid_from", "valid_until", "from_time", "until_time")
"""The columns that say how long a state held."""

ENDED = "_ended"
"""Stands beside the fields in marks, so that no field can be called so."""

_HELPERS = ("stream_no", "_category", "_ends", ENDED, "_life", "_born", "el_part")

RESERVED = (*MOMENT, *INTERVAL, "alive", "key", *_HELPERS)


def require_names(name: str, fields: Iterable[str], key_names: Sequence[str]) -> None:
    """Refuse names that a frame, or SQL, could not tell apart."""
    if not is_text(name) or not name:
        raise InvalidProjection.no_text(
            "the name of a projection", name, "name what a row is, such as 'cards'"
        )
    taken = [*key_names, *(word for word in RESERVED if word not in _HELPERS)]
    seen: dict[str, str] = {}
    for field in fields:
        if not is_text(field):
            raise InvalidProjection.no_text(
                f"a field of {name!r}", field, "fields are named by text"
            )
        if field.lower() in {*key_names, *RESERVED}:
            raise InvalidProjection.taken_name(name, field, dict.fromkeys(taken))
        if field.lower() in seen:
            raise InvalidProjection.same_name(name, (seen[field.lower()], field))
        seen[field.lower()] = field


def require_key_names(
    name: str, given: Sequence[str] | str | None, found: Sequence[str | None]
) -> tuple[str, ...]:
    """Return the names of a key's parts: those given, or those its expressions have."""
    if given is not None:
        names = _each(name, given)
        if len(names) != len(found) or len(set(names)) != len(names):
            raise InvalidProjection.key_names(name, names, len(found))
        require_names(name, [part for part in names if part != "key"], ())
        return names
    spare = ["key"] if len(found) == 1 else [f"key_{at}" for at in range(1, len(found) + 1)]
    usable = [part if part not in RESERVED and found.count(part) == 1 else None for part in found]
    return tuple(part or other for part, other in zip(usable, spare, strict=True))


def _each(name: str, given: object) -> tuple[str, ...]:
    listed = (given,) if isinstance(given, str) else given
    if not isinstance(listed, list | tuple) or not all(map(is_text, listed)):
        advice = "name each part of the key by text, in a list where it has several"
        raise InvalidProjection.no_text(f"key_names= of {name!r}", given, advice)
    return tuple(listed)


def require_version(name: str, version: object) -> int:
    """Return the version of a rule, or refuse what cannot be kept beside its rows."""
    if not is_whole(version, least=0):
        raise InvalidProjection.version(name, version)
    return version


def in_order(keys: Iterable[AnyKey]) -> list[AnyKey]:
    """Return keys sorted, those of several kinds by the name of their kind first.

    Examples
    --------
    >>> in_order(["b", 2, "a", 1])
    [1, 2, 'a', 'b']
    """
    keys = list(keys)
    try:
        return sorted(keys)  # type: ignore[type-var]  # what cannot be compared says so
    except TypeError:
        return sorted(keys, key=_by_kind)


def _by_kind(key: Any) -> list[tuple[str, Any]]:
    return [(type(part).__name__, part) for part in (key if isinstance(key, tuple) else (key,))]


def with_keys(frame: pd.DataFrame, key_names: Sequence[str], text: bool) -> pd.DataFrame:
    """Return rows whose key columns forget their type where there is no row to have it from.

    Only of stream names it is known beforehand that they are ``text``.
    """
    if len(frame):
        return frame
    empty = pd.Series(dtype="str") if text else frames.missing(0)
    return frame.assign(**dict.fromkeys(key_names, empty))
