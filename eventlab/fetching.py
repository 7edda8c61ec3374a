"""What DuckDB answers, as one array for each column: masked ones of NumPy, and of many texts those of Arrow.

For NumPy DuckDB 2.0 makes a Python object of every text, and where pyarrow is installed pandas 3 turns each
into Arrow's again: 20 ms for 100,000 of them, which as Arrow are handed over in 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab.statements import Params, execute, relation

Array = np.ma.MaskedArray[Any, Any]

HUGE = {"HUGEINT", "UHUGEINT", "UBIGINT"}
WHOLE = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT", *HUGE}
FLOATS = {"DOUBLE", "FLOAT"}
TEXTS = {"VARCHAR", "ENUM", "UUID"}
MOMENTS = {
    "TIMESTAMP",
    "TIMESTAMP_S",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP WITH TIME ZONE",
}

_AT_ONCE = 8_000
"""Rows in an array of Arrow's: for larger ones the system clears memory afresh, a tenth of the time."""


def fetched(
    con: duckdb.DuckDBPyConnection, sql: str, params: Params, families: list[str], *, many: bool
) -> list[Any]:
    """Return the columns of an answer, given the families of their types, as masked arrays.

    Where there are `many` rows, texts may come as arrays of Arrow instead.
    """
    if many and _gains_by_arrow(families):
        asked = _asked(sql, families, _ASKED | dict.fromkeys(HUGE, "{}::double"))
        with suppress(duckdb.InvalidInputException):  # an array of Arrow's holds no more than 2 GB
            columns = relation(con, asked, params).to_arrow_table(_AT_ONCE).columns
            return list(_of_arrow(columns, families))
    execute(con, _asked(sql, families, _ASKED), params)
    return [np.ma.asarray(values) for values in con.fetchnumpy().values()]


def _asked(sql: str, families: list[str], as_what: dict[str, str]) -> str:
    names = [f"c{at}" for at in range(len(families))]
    asked = [as_what.get(family, "{}").format(c) for family, c in zip(families, names, strict=True)]
    if asked == names:
        return sql
    return f"select {', '.join(asked)} from (\n{sql}\n) as answer({', '.join(names)})"


def _gains_by_arrow(families: list[str]) -> bool:
    has_texts = not TEXTS.isdisjoint(families)
    keeps_texts_as_arrow = pd.StringDtype(na_value=np.nan).storage == "pyarrow"
    return has_texts and keeps_texts_as_arrow and _ALIKE.issuperset(families)


def _of_arrow(columns: list[Any], families: list[str]) -> Iterator[Any]:
    for column, family in zip(columns, families, strict=True):
        if family in TEXTS:
            yield column
        elif family in _AS_TEXT:
            yield np.ma.array(column.to_numpy(), mask=column.is_null().to_numpy())
        elif column.null_count:
            zero = False if family == "BOOLEAN" else 0
            yield np.ma.array(column.fill_null(zero).to_numpy(), mask=column.is_null().to_numpy())
        else:
            yield np.ma.asarray(column.to_numpy())


_AS_TEXT = {"NESTED", "DECIMAL", "INTEGER AS TEXT"}

_ASKED = {
    **dict.fromkeys([*TEXTS - {"VARCHAR"}, *_AS_TEXT], "{}::varchar"),
    "NESTED": "{}::json::varchar",
}

# Of these types Arrow and NumPy give the same values.
_ALIKE = {"BOOLEAN", "DATE", *WHOLE, *FLOATS, *TEXTS, *MOMENTS, *_AS_TEXT}
