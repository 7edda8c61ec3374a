"""Rows of the table, the machine they are from, and the README that keeps them."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd
import psutil

from benchmarks.measure import Result

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table: made by make bench -->", "<!-- end of table -->"
HEADER = ["what", "eventlab", "against", "ratio", "goal", "peak memory"]


class Goal(NamedTuple):
    """A bound that a figure should keep: at least, or at most."""

    sign: str
    bound: float
    unit: str = ""

    def verdict(self, found: float) -> str:
        """Say the goal, and whether it was met or by how much not."""
        off = found / self.bound - 1
        met = off >= 0 if self.sign == "≥" else off <= 0
        return f"{self}: met" if met else f"{self}: **missed** by {abs(off):.0%}"

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:,.10g}{self.unit}"


class Row(NamedTuple):
    """One line of the table, as text."""

    what: str
    ours: str
    theirs: str
    ratio: str
    goal: str
    memory: str


def at_least(bound: float, unit: str = "") -> Goal:
    """Return a goal for rates."""
    return Goal("≥", bound, unit)


def at_most(bound: float, unit: str = "") -> Goal:
    """Return a goal for times."""
    return Goal("≤", bound, unit)


def rate(events: float, result: Result) -> str:
    """Return how many events a second that was."""
    return f"{events / result.seconds:,.0f} events/s"


def ms(result: Result) -> str:
    """Return the median time in milliseconds."""
    found = result.seconds * 1000
    return f"{found:.1f} ms" if found < 10 else f"{found:,.0f} ms"


def p95(result: Result) -> str:
    """Return the time that 95 of 100 stay below, and the median, in milliseconds."""
    return f"p95 {result.p95 * 1000:,.0f} ms, median {ms(result)}"


def memory(*results: Result) -> str:
    """Return the peak of each side."""
    return " / ".join(f"{result.peak / 1e6:,.0f}" for result in results) + " MB"


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    """Return the rows as a Markdown table, aligned for the terminal too."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def machine(events: int) -> str:
    """Return what a reader must know of the machine, and nothing that would name it."""
    cores, total = os.cpu_count(), psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return (
        f"{datetime.now(UTC):%d %B %Y}, {events:,} events in the large log. "
        f"{_processor()}, {cores} cores, {total:.0f} GiB, {system}; "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, pandas {pd.__version__}. "
        f"The load was {psutil.getloadavg()[0]:.1f} when it began."
    )


def write(described: str, rows: list[Row]) -> None:
    """Put the table into the README, in the place of the last one."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}\n\n{described}\n\n{table(rows)}\n\n{END}{after}"
    README.write_text(made, encoding="utf-8", newline="\n")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()
