"""A DataFrame as a table that SQL can read, a slice at a time, with no value turned into another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from eventlab.errors import ImportFailed, InvalidEvent
from eventlab.payload import to_json_value
from eventlab.store.columns_in import Roles
from eventlab.times import utc


class FrameTable:
    """A frame on its way into a store. Columns of Python objects travel as JSON text.

    DuckDB would guess one type for such a column and turn ``[1, "x"]`` into two texts.
    """

    def __init__(self, frame: pd.DataFrame, roles: Roles) -> None:
        _require_plain_names(frame)
        self._frame, self._roles = frame, roles
        self._mixed = [name for name in frame.columns if _is_mixed(frame[name])]

    @property
    def rows(self) -> int:
        """How many rows the frame has."""
        return len(self._frame)

    def columns(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return the SQL type of every column; JSON for columns of Python objects."""
        if not len(self._frame.columns):
            return {}
        con.register("el_frame", self._ready(self._frame.iloc[:1]))
        described = con.execute("describe from el_frame").fetchall()
        payload = set(self._mixed) - set(self._roles.given().values())
        return {name: "JSON" if name in payload else sql_type for name, sql_type, *_ in described}

    def slice(self, con: duckdb.DuckDBPyConnection, start: int, stop: int) -> str:
        """Register the rows and name them."""
        ready = self._ready(self._frame.iloc[start:stop], start)
        con.register("el_frame", ready.assign(el_row=np.arange(start + 1, stop + 1)))
        return "el_frame"

    def _ready(self, part: pd.DataFrame, start: int = 0) -> pd.DataFrame:
        texts = {name: self._as_text(part[name], start) for name in self._mixed}
        return part.assign(**texts).reset_index(drop=True)

    def _as_text(self, column: pd.Series[Any], start: int) -> pd.Series[Any]:
        convert = self._converter(str(column.name))
        cells = [
            None if _is_missing(value) else _cell(convert, value, start + place, str(column.name))
            for place, value in enumerate(column, start=1)
        ]
        return pd.Series(cells, index=column.index, dtype="str")

    def _converter(self, column: str) -> Callable[[Any], str]:
        if column in (self._roles.occurred_at, self._roles.recorded_at):
            return lambda moment: utc(moment, column).isoformat()
        if column in self._roles.given().values() and column != self._roles.data:
            return str
        return _payload_text if column == self._roles.data else to_json_value


def _cell(convert: Callable[[Any], str], value: Any, row: int, column: str) -> str:
    try:
        return convert(value)
    except InvalidEvent as error:
        raise ImportFailed(
            f"row {row}, column {column!r}: {error} Nothing was imported."
        ) from error


def _payload_text(payload: Any) -> str:
    return payload if isinstance(payload, str) else to_json_value(payload)


def _is_mixed(column: pd.Series[Any]) -> bool:
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) != "string"


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and value != value)
    )


def _require_plain_names(frame: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise ImportFailed(
            f"{type(frame).__name__} is no DataFrame: make one with pd.DataFrame(…)."
        )
    names = list(frame.columns)
    for name in names:
        if not isinstance(name, str):
            raise ImportFailed(
                f"column {name!r} has no text as its name: rename the columns first."
            )
        if name == "el_row":
            raise ImportFailed(
                "a column is called 'el_row', a name kept for the importer: rename it."
            )
    lowered = [name.lower() for name in names]
    twice = sorted({name for name in names if lowered.count(name.lower()) > 1})
    if twice:
        raise ImportFailed(
            f"columns {twice} have the same name to SQL, which ignores case: rename one."
        )
