"""`python -m benchmarks`: measure what is named, print one table, and keep it with --write."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from benchmarks.measure import Setting

THEMES = {
    "append": "bulk and single appends against bare DuckDB",
    "importing": "a CSV file into a store, and the memory it takes",
    "fold": "a Fold end to end, against a bare loop and the eventsourcing package",
    "projection": "a Projection of the large log against SQL by hand",
    "stream": "one stream of the large log, read and folded",
    "cuts": "the state at any position, with and without snapshots",
    "readmodels": "read models: catching up, one event's way, rebuilding",
    "bus": "delivery by the bus, against a loop and the eventsourcing package",
    "upcasting": "reading with one old event in a hundred, against reading without",
    "conditions": "appends on a condition, against plain ones and bare DuckDB",
    "past": "history, diff, panel, bisect and lifetimes",
    "seal": "sealing and verifying",
    "growth": "how the verbs grow with the log",
    "opening": "opening the large log",
    "asking": "the time machine's kernel: axis by time, filter, search, a saved page",
    "browser": "the time machine: key press to DOM, far jumps, first picture, size of a page",
}

LARGE = 10_000_000


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    asked = _arguments()
    if asked.list:
        print("\n".join(f"{name:12}{about}" for name, about in THEMES.items()))
        return
    described, began = report.machine(asked.events), time.monotonic()
    with TemporaryDirectory(prefix="eventlab-bench-") as folder:
        rows = _measured(
            asked.names or list(THEMES), Setting(asked.events, Path(folder), asked.write)
        )
    print(f"\n{described}\n\n{report.table(rows)}\n")
    print(f"{time.monotonic() - began:.0f} s in all", file=sys.stderr)
    if asked.write:
        report.write(described, rows)


def _measured(names: list[str], setting: Setting) -> list[report.Row]:
    rows = []
    for name in names:
        print(f"{name}: {THEMES[name]}", file=sys.stderr)
        rows += importlib.import_module(f"benchmarks.{name}").run(setting)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"one of {', '.join(THEMES)}; by default all"
    )
    parser.add_argument(
        "--events",
        type=int,
        default=LARGE,
        help="size of the large log; others are a part of it",
    )
    parser.add_argument("--list", action="store_true", help="say what there is, and stop")
    parser.add_argument(
        "--write", action="store_true", help="keep the table in benchmarks/README.md"
    )
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(THEMES)):
        parser.error(f"no benchmark is called {', '.join(unknown)}: there are {', '.join(THEMES)}")
    if asked.write and (asked.names or asked.events != LARGE):
        parser.error("--write keeps the whole table: it goes with no names and no --events")
    if asked.events < 10_000:
        parser.error(f"--events {asked.events} is too few to measure anything: give 10000 or more")
    return asked


if __name__ == "__main__":
    main()
