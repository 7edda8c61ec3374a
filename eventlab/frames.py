"""Frames with the house's dtypes, from a SQL result (`query`) or from Python values (`column`).

Both ways give the same column for the same values: integers stay integers (``Int64`` where one is
missing), text is ``str``, times are ``datetime64[us, UTC]``, decimals stay ``Decimal``, lists and
mappings stay Python objects. A column of nothing but missing values says nothing about its type and
is ``object``. Nothing here knows what an event is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd

UTC_TIME = "datetime64[us, UTC]"

_EXACT_IN_DOUBLE = 2**53
_INT64 = np.iinfo(np.int64)


class Connection(Protocol):
    """The part of a DuckDB connection that reading takes."""

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        """Name and type of every column of the last result."""

    def execute(self, query: Any, parameters: Any = ...) -> Any:
        """Run one statement."""

    def fetchnumpy(self) -> dict[str, Any]:
        """Return the last result as one array per column, masked where values are missing."""


def query(
    con: Connection, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return what a query answers, with the house's dtypes.

    The query is described first, because DuckDB 2.0 hands out DECIMAL and HUGEINT as floats and needs
    15 µs for each VARIANT: such columns are asked for as text, and decoded in bulk.

    Examples
    --------
    >>> import duckdb
    >>> query(duckdb.connect(), "select 0.10::decimal(9, 2) as price, null::integer as seats")
      price  seats
    0  0.10   <NA>
    """
    con.execute(f"from (\n{sql}\n) limit 0", params)
    types = [str(column[1]) for column in con.description or []]
    names = list(con.fetchnumpy())
    values = _read(con, sql, params, types)
    if any(_outgrown(kind, v) for kind, v in zip(types, values, strict=True)):
        types = ["INTEGER TEXT" if kind in _HUGE else kind for kind in types]
        values = _read(con, sql, params, types)
    columns = zip(names, map(_decoded, types, values), strict=True)
    return pd.DataFrame({name: series.array for name, series in columns}, copy=False)


def column(values: Iterable[Any]) -> pd.Series[Any]:
    """Return Python values as a column: the dtype is that of the values, not of their declaration.

    Integers among floats become floats; any other mixture stays what it is, in an ``object`` column.

    Examples
    --------
    >>> column([3, None, 5]).dtype, column(["a", None]).dtype, column([None, None]).dtype
    (Int64Dtype(), <StringDtype(na_value=nan)>, dtype('O'))
    """
    values = [None if value is pd.NA or value is pd.NaT else value for value in values]
    kinds = {_kind(found) for found in set(map(type, values)) - {type(None)}}
    if kinds == {int, float}:
        kinds = {float}
    build = _BUILDERS.get(kinds.pop(), _objects) if len(kinds) == 1 else _objects
    return build(values)


def missing(rows: int) -> pd.Series[Any]:
    """Return a column in which every value is missing."""
    return _objects([None] * rows)


# -- Python values to a column ---------------------------------------------------------------------


def _kind(found: type) -> type | None:
    """Return the kind of column that values of a type make; bool comes before its parent int."""
    kinds = {
        bool: bool,
        np.bool_: bool,
        int: int,
        np.integer: int,
        float: float,
        np.floating: float,
    }
    kinds |= {str: str, dt.datetime: dt.datetime, dt.date: dt.date}
    return next((kind for parent, kind in kinds.items() if issubclass(found, parent)), None)


def _objects(values: list[Any]) -> pd.Series[Any]:
    return pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)


def _integers(values: list[Any]) -> pd.Series[Any]:
    present = [value for value in values if value is not None]
    if min(present) < _INT64.min or max(present) > _INT64.max:
        return _objects(values)
    return pd.Series(values, dtype="int64" if len(present) == len(values) else "Int64")


def _booleans(values: list[Any]) -> pd.Series[Any]:
    return pd.Series(values, dtype="boolean" if None in values else "bool")


def _times(values: list[Any]) -> pd.Series[Any]:
    return pd.Series(pd.to_datetime(pd.Series(values, dtype=object), utc=True).astype(UTC_TIME))


_BUILDERS: dict[type | None, Callable[[list[Any]], pd.Series[Any]]] = {
    bool: _booleans,
    int: _integers,
    float: lambda values: pd.Series(values, dtype="float64"),
    str: lambda values: pd.Series(values, dtype="str"),
    dt.datetime: _times,
    dt.date: lambda values: pd.Series(values, dtype="datetime64[us]"),
}


# -- SQL values to a column ------------------------------------------------------------------------

_HUGE = ("HUGEINT", "UHUGEINT", "UBIGINT")
_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT", *_HUGE)


def _read(
    con: Connection, sql: str, params: Any, types: list[str]
) -> list[np.ma.MaskedArray[Any, Any]]:
    asked = [_asked(kind).format(f"c{at}") for at, kind in enumerate(types)]
    names = ", ".join(f"c{at}" for at in range(len(types)))
    if ", ".join(asked) != names:
        sql = f"select {', '.join(asked)} from (\n{sql}\n) as answer({names})"
    con.execute(sql, params)
    return [np.ma.asarray(values) for values in con.fetchnumpy().values()]


def _asked(kind: str) -> str:
    if kind == "INTEGER TEXT" or kind.startswith(("DECIMAL", "ENUM", "UUID")):
        return "{}::varchar"
    return "{}::json::varchar" if _is_nested(kind) else "{}"


def _is_nested(kind: str) -> bool:
    return (
        kind in ("VARIANT", "JSON")
        or kind.startswith(("STRUCT", "MAP", "UNION"))
        or kind.endswith("]")
    )


def _outgrown(kind: str, values: np.ma.MaskedArray[Any, Any]) -> bool:
    """Tell whether a wide integer may have lost digits: NumPy has none that wide, and got doubles."""
    if kind not in _HUGE or values.count() == 0:
        return False
    return bool(np.abs(values.compressed().astype("float64")).max() >= _EXACT_IN_DOUBLE)


def _decoded(kind: str, values: np.ma.MaskedArray[Any, Any]) -> pd.Series[Any]:
    gap = np.ma.getmaskarray(values)
    if kind in _WHOLE:
        return _whole(values.data, gap)
    if kind in ("DOUBLE", "FLOAT"):
        return pd.Series(values.astype("float64").filled(np.nan))
    if kind == "BOOLEAN":
        return pd.Series(pd.arrays.BooleanArray(values.data, gap) if gap.any() else values.data)
    if kind == "VARCHAR" or kind.startswith(("ENUM", "UUID")):
        return pd.Series(values.filled(np.nan) if gap.any() else values.data, dtype="str")
    if kind.startswith("TIMESTAMP"):
        return pd.Series(values.filled(np.datetime64("NaT"))).dt.tz_localize("UTC").astype(UTC_TIME)
    if kind == "DATE":
        return pd.Series(values.filled(np.datetime64("NaT")).astype("datetime64[us]"))
    if _is_nested(kind):
        return column(json.loads(f"[{','.join(values.filled('null'))}]"))
    parse = {"INTEGER TEXT": int}.get(kind, Decimal if kind.startswith("DECIMAL") else _as_is)
    return _exactly(parse, values, gap)


def _whole(values: Any, gap: Any) -> pd.Series[Any]:
    whole = np.where(gap, 0, values).astype("int64") if gap.any() else values.astype("int64")
    return pd.Series(pd.arrays.IntegerArray(whole, gap) if gap.any() else whole)


def _exactly(parse: Callable[[Any], Any], values: Any, gap: Any) -> pd.Series[Any]:
    parsed = [
        None if hole else parse(v)
        for v, hole in zip(values.data.tolist(), gap.tolist(), strict=True)
    ]
    return column(parsed) if parse is int else _objects(parsed)


def _as_is(value: Any) -> Any:
    return value
