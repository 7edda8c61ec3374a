"""Rows of the table, the machine they are from, and the README that keeps them."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
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
        spoken = f"{self.sign} {self.bound:,g}{self.unit}"
        off = found / self.bound - 1
        met = off >= 0 if self.sign == "≥" else off <= 0
        return f"{spoken}: met" if met else f"{spoken}: **missed** by {abs(off):.0%}"


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
    return f"{found:,.0f} ms" if found >= 100 else f"{found:.2g} ms" if found < 10 else f"{found:.0f} ms"


def memory(*results: Result) -> str:
    """Return the peak of each side."""
    return " / ".join(f"{result.peak / 1e6:,.0f}" for result in results) + " MB"


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table, aligned for the terminal too."""
    cells = [HEADER, *rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(HEADER))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in [lines[0], rule, *lines[1:]])


def machine(events: int) -> str:
    """Return what a reader must know of the machine, and nothing that would name it."""
    cores, total = os.cpu_count(), psutil.virtual_memory().total / 2**30
    return (
        f"{date.today():%d %B %Y}, {events:,} events in the large log. {_processor()}, {cores} cores, {total:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}; Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}, pandas {pd.__version__}. "
        f"Load when it began: {_load()}."
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


def _load() -> str:
    return f"{psutil.getloadavg()[0]:.1f}"
