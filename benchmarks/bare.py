"""DuckDB without eventlab: the other side of most races."""

from __future__ import annotations

from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

__all__ = ["Connection", "connect"]


def connect(path: Path, *, read_only: bool = False) -> Connection:
    """Return a connection that keeps quiet: DuckDB takes the process of a side for a person typing."""
    con = duckdb.connect(path, read_only=read_only)
    con.execute("set enable_progress_bar = false")
    return con
