"""Which projection suits a log about which nothing was said: the last value of every field, per stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eventlab.errors import CommandFailed
from eventlab.projections import Column, Projection, count, last, total
from eventlab.store import Log
from eventlab.store.sqltext import quoted
from eventlab.timetravel.names import RESERVED

ENVELOPE = ("stream", "category", "type", "actor", "reason", "correlation_id", "causation_id")
"""What besides a payload field can be the key."""

NUMBERS = {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}


def projection_of(
    log: Log,
    name: str,
    *,
    key: str | None = None,
    totals: Sequence[str] = (),
    lasts: Sequence[str] = (),
    plus: Sequence[str] = (),
    minus: Sequence[str] = (),
    ends_with: Sequence[str] = (),
) -> Projection:
    """Return the state that was asked for; where no field was, the last value of each there is.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20, "holder": "Mara"}))
    >>> projection_of(store, "cards")
    Projection('cards', key='stream', amount=last('data."amount"'), holder=last('data."holder"'), version=1)
    """
    kinds, types = _kinds(log), list(log.types()["type"])
    _require("key", [key or "stream"], [*kinds, *ENVELOPE])
    for option, fields in (("total", totals), ("last", lasts)):
        _require(option, fields, kinds)
    for option, named in (("plus", plus), ("minus", minus), ("ends", ends_with)):
        _require(option, named, types)
    by = f"data.{quoted(key)}" if key in kinds else key or "stream"
    key_name = key or "stream"
    if minus and not plus:  # whoever names what takes off means that all else adds
        plus = [name for name in types if name not in minus]
    asked = _columns([name for name in kinds if name != key], kinds, totals, lasts, plus, minus)
    columns: dict[str, Any] = dict(_named(asked, {key_name.lower()}))
    return Projection(
        name,
        key=by,
        key_names=_free(key_name, set()),
        ends_with=list(ends_with),
        **columns,
    )


def _require(option: str, named: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that a log does not have: a page would show nothing of it, or a wrong sum."""
    for name in named:
        if name not in known:
            raise CommandFailed.unknown(option, name, known)


def key_of(log: Log, key: str | None, written: str | None) -> Any:
    """Return a key that was typed as the value it has in the log: a number where the field holds numbers."""
    if written is None or key is None or _kinds(log).get(key) != {"BIGINT"}:
        return written
    return int(written) if re.fullmatch(r"-?\d+", written) else written


def _kinds(log: Log) -> dict[str, set[str]]:
    """Return for each payload field, in the order they were first seen, what kinds of value it had."""
    kinds: dict[str, set[str]] = {}
    for seen in log.fields():
        kinds.setdefault(seen.field, set()).add(seen.kind)
    return kinds


def _columns(
    fields: Sequence[str],
    kinds: Mapping[str, set[str]],
    totals: Sequence[str],
    lasts: Sequence[str],
    plus: Sequence[str],
    minus: Sequence[str],
) -> Iterator[tuple[str, Column]]:
    """Yield the columns that were asked for; else one for every field, or a count where there is none."""
    for field in totals:
        yield field, total(f"data.{quoted(field)}", plus=list(plus), minus=list(minus))
    for field in lasts or ([] if totals else fields):
        as_text = "" if _is_of_one_kind(kinds.get(field, set())) else "::varchar"
        yield field, last(f"data.{quoted(field)}{as_text}")
    if not totals and not lasts and not fields:
        yield "events", count()


def _is_of_one_kind(kinds: set[str]) -> bool:
    """Whether values can stand in one column as they are; DuckDB would otherwise guess a type."""
    return len(kinds) < 2 or kinds <= NUMBERS


def _named(columns: Iterable[tuple[str, Column]], taken: set[str]) -> Iterator[tuple[str, Column]]:
    for field, column in columns:
        name = _free(field, taken)
        taken.add(name.lower())
        yield name, column


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no column of a frame has, to SQL, which ignores case."""
    while name.lower() in taken or name.lower() in RESERVED:
        name += "_"
    return name
