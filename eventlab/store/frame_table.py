"""A DataFrame as a table that SQL can read, a slice at a time, with no value turned into another."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab.checks import is_unicode
from eventlab.errors import BadRow, ImportFailed
from eventlab.payload import exact, to_json, to_json_value
from eventlab.store.columns_in import ROW, Roles, require_distinct
from eventlab.store.sqltext import quoted
from eventlab.times import utc

# What DuckDB 2.0 reads as it is. It would cut a timedelta to microseconds, and refuse a period.
_NATIVE = re.compile(r"bool(ean)?|U?Int\d+|u?int\d+|[Ff]loat(16|32|64)|datetime64\[.+\]|str|string")


class FrameTable:
    """A frame on its way into a store. Columns of Python objects travel as JSON text.

    DuckDB would guess one type for such a column and turn ``[1, "x"]`` into two texts.
    """

    def __init__(self, frame: pd.DataFrame, roles: Roles) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ImportFailed(
                f"{type(frame).__name__} is no DataFrame: make one with pd.DataFrame(…)."
            )
        names = require_distinct(frame.columns)
        self._frame, self._roles = frame, roles
        self._texts = [name for name in names if _holds_text(frame[name])]
        self._mixed = [name for name in names if _is_mixed(frame[name])]

    @property
    def rows(self) -> int:
        """How many rows the frame has."""
        return len(self._frame)

    def columns(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return the SQL type of every column; JSON for columns of Python objects."""
        if not len(self._frame.columns):
            return {}
        con.register("el_frame", self._ready(0, 1))
        described = con.execute("describe from el_frame").fetchall()
        payload = set(self._mixed) - set(self._roles.given().values())
        return {name: "JSON" if name in payload else sql_type for name, sql_type, *_ in described}

    def slice(self, con: duckdb.DuckDBPyConnection, start: int, stop: int) -> str:
        """Register the rows and name them."""
        ready = self._ready(start, stop)
        ready[ROW] = np.arange(start + 1, stop + 1)
        con.register("el_frame", ready)
        self._require_readable(con, ready, start)
        return "el_frame"

    def _require_readable(
        self, con: duckdb.DuckDBPyConnection, ready: pd.DataFrame, start: int
    ) -> None:
        """Let DuckDB find out whether all text is Unicode, and Python where it is not: 50 times faster."""
        texts = [name for name in ready.columns if isinstance(ready[name].dtype, pd.StringDtype)]
        try:
            counts = ", ".join(f"count({quoted(name)})" for name in [ROW, *texts])
            con.execute(f"select {counts} from el_frame").fetchall()
        except duckdb.InvalidInputException:
            for name in texts:
                _require_unicode(ready[name], start)
            raise

    def _ready(self, start: int, stop: int) -> pd.DataFrame:
        ready = self._frame.iloc[start:stop].reset_index(drop=True)
        for name in self._mixed:
            ready[name] = self._as_text(ready[name], start)
        for name in self._texts + self._mixed:
            _require_unicode(ready[name], start)
            ready[name] = ready[name].astype("str")
        return ready

    def _as_text(self, column: pd.Series[Any], start: int) -> pd.Series[Any]:
        convert, cells = self._converter(str(column.name)), []
        for row, value in enumerate(column, start=start + 1):
            try:
                cells.append(None if _is_missing(value) else convert(value))
            except ValueError as error:  # also of an integer that Python does not spell
                raise BadRow.because(row, error) from error
        return pd.Series(cells, dtype=object, name=column.name)

    def _converter(self, column: str) -> Callable[[Any], str]:
        if column in (self._roles.occurred_at, self._roles.recorded_at):
            return lambda moment: utc(moment, column).isoformat()
        if column == self._roles.data:
            return _payload_text
        return _name if column in self._roles.given().values() else _field_text(column)


def _name(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _payload_text(payload: Any) -> str:
    return payload if isinstance(payload, str) else to_json_value(payload, exact)


def _field_text(field: str) -> Callable[[Any], str]:
    """Return what makes JSON text of a field's values; what it refuses, it refuses by the field's name."""
    before = len(to_json({field: ""})) - len('""}')
    return lambda value: to_json({field: value}, exact)[before:-1]


def _holds_text(column: pd.Series[Any]) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.api.types.infer_dtype(column.cat.categories) == "string"
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "string"


def _is_mixed(column: pd.Series[Any]) -> bool:
    return not (_holds_text(column) or _is_native(column))


def _is_native(column: pd.Series[Any]) -> bool:
    if isinstance(column.dtype, pd.DatetimeTZDtype) and column.dtype.unit == "ns":
        return not column.dt.nanosecond.any()  # DuckDB would cut them off
    return _NATIVE.fullmatch(str(column.dtype)) is not None


def _require_unicode(column: pd.Series[Any], start: int) -> None:
    """Refuse half a surrogate pair, which a frame without pyarrow may hold and DuckDB does not."""
    try:
        "".join(column.dropna()).encode()
    except UnicodeEncodeError as error:
        found = enumerate(column, start=start + 1)
        row, text = next(
            (row, text) for row, text in found if not (_is_missing(text) or is_unicode(text))
        )
        raise BadRow.cell(row, str(column.name), "is not valid Unicode", text) from error


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and value != value)
        or (isinstance(value, Decimal) and value.is_nan())
    )
