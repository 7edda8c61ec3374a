"""Frames with the house's dtypes, from a SQL result (`query`) or from Python values (`column`).

Both ways give the same column for the same values: integers stay integers (``Int64`` where one is
missing), text is ``str``, times are ``datetime64[us, UTC]``, decimals stay ``Decimal``, lists and
mappings stay Python objects. A column of nothing but missing values says nothing about its type and
is ``object``. Nothing here knows what an event is.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from eventlab.fetching import FLOATS, HUGE, MOMENTS, TEXTS, WHOLE, Array, fetched
from eventlab.statements import Params, execute

if TYPE_CHECKING:
    import duckdb

UTC_TIME: Final = "datetime64[us, UTC]"

_EXACT_IN_DOUBLE = 2**53
_INT64 = np.iinfo("int64")


MANY = 20_000
"""From so many rows on it pays to say so: planning takes longer, and every text less."""

Families = dict[str, str]
"""The columns of an answer, with the kind of their SQL type."""


def query(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    params: Params = None,
    families: Families | None = None,
    *,
    many: bool = False,
) -> pd.DataFrame:
    """Return what a query answers, with the house's dtypes; the sooner if it is said that rows are `many`.

    The query is described first, unless its families are known, because DuckDB 2.0 hands out DECIMAL
    and HUGEINT as floats and needs 15 µs for each VARIANT: such columns are asked for as text, and
    decoded in bulk.

    Examples
    --------
    >>> import duckdb
    >>> query(duckdb.connect(), "select 0.10::decimal(9, 2) as price, null::integer as seats")
      price  seats
    0  0.10   <NA>
    """
    families = families or described(con, sql, params)
    asked = list(families.values())
    values = fetched(con, sql, params, asked, many=many)
    if any(map(outgrown, asked, values)):
        asked = ["INTEGER AS TEXT" if family in HUGE else family for family in asked]
        values = fetched(con, sql, params, asked, many=many)
    columns = zip(families, map(decoded, asked, values), strict=True)
    return pd.DataFrame({name: series.array for name, series in columns}, copy=False)


def described(con: duckdb.DuckDBPyConnection, sql: str, params: Params = None) -> Families:
    """Return the families of a query's columns: to plan it once more is all that takes.

    Examples
    --------
    >>> import duckdb
    >>> described(duckdb.connect(), "select 0.10::decimal(9, 2) as price, [1] as seats")
    {'price': 'DECIMAL', 'seats': 'NESTED'}
    """
    families = families_of(con, sql, params)
    return dict(zip(con.fetchnumpy(), families, strict=True))


def families_of(con: duckdb.DuckDBPyConnection, sql: str, params: Params = None) -> list[str]:
    """Return the same without the names, also of types that are none of NumPy's."""
    execute(con, f"from (\n{sql}\n) limit 0", params)
    return [_family(str(column[1])) for column in con.description or []]


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


def fitted(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column with the dtype that its values alone would give it, as `column` says.

    Examples
    --------
    >>> seats = pd.Series([4, None, 9], dtype="Int64")
    >>> fitted(seats[:1]).dtype, fitted(seats).dtype, fitted(seats[1:2]).dtype
    (dtype('int64'), Int64Dtype(), dtype('O'))
    """
    if series.dtype == object:
        return column(values(series))
    gaps = series.isna()
    if gaps.all():
        return missing(len(series))
    plain = {"Int64": "int64", "boolean": "bool"}.get(str(series.dtype))
    return series if plain is None or gaps.any() else series.astype(plain)  # type: ignore[call-overload]


def values(series: pd.Series[Any]) -> list[Any]:
    """Return a column as plain Python values, None where one is missing.

    Examples
    --------
    >>> values(pd.Series([1, None], dtype="Int64"))
    [1, None]
    """
    plain = series.astype(object)
    found: list[Any] = plain.where(series.notna(), None).tolist()
    return found


def taken(series: pd.Series[Any], places: Any) -> pd.Series[Any]:
    """Return the values at some places, counted from 0, and a missing one at -1.

    Examples
    --------
    >>> taken(pd.Series([20, 5]), [1, -1]).tolist(), taken(pd.Series([20, 5]), [1, 0]).dtype
    ([5, <NA>], dtype('int64'))
    """
    places = np.asarray(places, dtype="int64")
    plain = series.reset_index(drop=True)
    if not (places < 0).any():
        return plain.take(places).reset_index(drop=True)
    found = plain.astype(nullable(plain.dtype)).reindex(places).reset_index(drop=True)
    return found.where(found.notna(), None) if found.dtype == object else found


def nullable(dtype: Any) -> Any:
    """Return the dtype of the same values where some are missing."""
    return {"i": "Int64", "b": "boolean"}.get(dtype.kind, dtype)


def places(index: pd.Index[Any], keys: pd.Index[Any]) -> Any:
    """Return where each key stands in an index of different keys, -1 where it does not.

    Two states of the same keys are the rule, and comparing 100,000 texts in order takes a twentieth of
    looking them up.

    Examples
    --------
    >>> places(pd.Index(["card-7", "card-8"]), pd.Index(["card-8", "card-9"])).tolist()
    [1, -1]
    """
    return np.arange(len(keys)) if index.equals(keys) else index.get_indexer(keys)


def is_missing(series: pd.Series[Any]) -> bool:
    """Tell whether every value is missing; most often the first one tells.

    Examples
    --------
    >>> is_missing(pd.Series([None, "Mara"])), is_missing(pd.Series([None, None]))
    (False, True)
    """
    return bool(series[:1].isna().all() and series.isna().all())


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


def _family(kind: str) -> str:
    """Return the name of a SQL type without its parameters; all that nests is one family."""
    nested = kind in ("VARIANT", "JSON") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return "NESTED" if nested or kind.endswith("]") else kind.partition("(")[0]


def outgrown(family: str, values: Array) -> bool:
    """Tell whether a wide integer may have lost digits: NumPy has none that wide, and got doubles."""
    if family not in HUGE:
        return False
    found = values.filled(0)
    return max(float(found.max(initial=0)), -float(found.min(initial=0))) >= _EXACT_IN_DOUBLE


def decoded(family: str, values: Any) -> pd.Series[Any]:
    """Return values of a kind of SQL type, as they were fetched, as a column."""
    if not isinstance(values, np.ma.MaskedArray):
        return pd.Series(pd.array(values, dtype="str"))
    return _DECODERS.get(family, _kept)(values, np.ma.getmaskarray(values))


def _whole(values: Array, gap: Any) -> pd.Series[Any]:
    if not gap.any():
        return pd.Series(values.data.astype("int64"))
    return pd.Series(pd.arrays.IntegerArray(values.filled(0).astype("int64"), gap))


def _floats(values: Array, gap: Any) -> pd.Series[Any]:
    return pd.Series(np.ma.filled(values.astype("float64"), np.nan))


def _flags(values: Array, gap: Any) -> pd.Series[Any]:
    return pd.Series(pd.arrays.BooleanArray(values.data, gap) if gap.any() else values.data)


def _texts(values: Array, gap: Any) -> pd.Series[Any]:
    return pd.Series(values.filled(np.nan) if gap.any() else values.data, dtype="str")


def _days(values: Array, gap: Any) -> pd.Series[Any]:
    return pd.Series(values.filled(np.datetime64("NaT", "us")).astype("datetime64[us]"))


def _moments(values: Array, gap: Any) -> pd.Series[Any]:
    times: pd.Series[Any] = _days(values, gap).dt.tz_localize("UTC")
    return times


def _nested(values: Array, gap: Any) -> pd.Series[Any]:
    return column(json.loads(f"[{','.join(values.filled('null'))}]"))


def _integer_texts(values: Array, gap: Any) -> pd.Series[Any]:
    return column(None if text is None else int(text) for text in values.tolist())


def _decimals(values: Array, gap: Any) -> pd.Series[Any]:
    return _objects([None if text is None else Decimal(text) for text in values.tolist()])


def _kept(values: Array, gap: Any) -> pd.Series[Any]:
    if values.dtype == object:
        return _objects(values.tolist())
    return pd.Series(values.data).mask(gap)


_DECODERS: dict[str, Callable[[Array, Any], pd.Series[Any]]] = {
    **dict.fromkeys(WHOLE, _whole),
    **dict.fromkeys(FLOATS, _floats),
    **dict.fromkeys(TEXTS, _texts),
    **dict.fromkeys(MOMENTS, _moments),
    "BOOLEAN": _flags,
    "DATE": _days,
    "NESTED": _nested,
    "DECIMAL": _decimals,
    "INTEGER AS TEXT": _integer_texts,
}
