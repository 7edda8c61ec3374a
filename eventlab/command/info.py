"""``eventlab info``: what is in a store, on one screen."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventlab.command.answer import Answer
from eventlab.command.sources import open_store
from eventlab.store import EventStore
from eventlab.store.schema import OF_A_STORE, contents
from eventlab.widgets.markup import counted
from eventlab.widgets.values import cut, moment, one_line

MOST = 12
"""Types and categories that are listed."""


BESIDE = {
    "snapshots": (
        "snapshots",
        "select name, count(*) || ', the last at position ' || max(position) "
        "from snapshots join snapshot_rules using (rule) group by name order by name",
    ),
    "read_models": (
        "models",
        "select name, 'at position ' || checkpoint from read_models order by name",
    ),
    "consumers": (
        "consumers",
        "select consumer, 'at position ' || checkpoint from consumers order by consumer",
    ),
}
"""What other parts of the package keep in the file: its table, how it is called, and what is said of it."""

KEPT = ("snapshot", "read_", "consumers", "dead_letters", "work_done")
"""How the tables of those parts begin."""


def add(commands: Any) -> ArgumentParser:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser(
        "info",
        help="say what is in a store",
        description="Say what is in a store: events, streams, types, times, seals, what else is there.",
    )
    parser.add_argument("store", type=Path, help="the file of an eventlab store")
    return parser


def run(args: Namespace) -> Answer:
    """Return a line for each thing there is to know."""
    with open_store(args.store) as store:
        lines = [f"{name:<10}  {told}" for name, told in _facts(store)]
    size = f"{args.store.stat().st_size / 1e6:,.1f} MB"
    return Answer("\n".join([f"{args.store}, {size}", *lines, ""]))


def _facts(store: EventStore) -> Iterator[tuple[str, str]]:
    yield "events", f"{len(store):,}"
    [(streams, *clocks)] = store.sql(_SUMMARY).itertuples(index=False, name=None)
    yield "streams", f"{streams:,}, by category: {_listed(store, 'category')}"
    yield "types", _listed(store, "type")
    if len(store):
        for name, first, last in (("occurred", *clocks[:2]), ("recorded", *clocks[2:])):
            yield name, f"{moment(first)} to {moment(last)} UTC"
    yield "seals", _seals(store)
    yield from _kept_beside(store)


def _kept_beside(store: EventStore) -> Iterator[tuple[str, str]]:
    """Yield what is kept beside the log, by name and position, and the tables of somebody else."""
    with store.borrowed() as con:
        there = [name for name in contents(con) if name not in OF_A_STORE]
        for table, (label, query) in BESIDE.items():
            if table in there:
                rows = con.execute(query).fetchall()
                yield label, ", ".join(f"{one_line(name)} {told}" for name, told in rows) or "none"
    others = [name for name in there if not name.startswith(KEPT)]
    if others:
        yield "also here", ", ".join(map(one_line, others))


def _listed(store: EventStore, column: str) -> str:
    """Return the values of a column with how often each is there, the most frequent first."""
    counts = store.sql(f"select {column}, count(*) from events group by 1 order by 2 desc, 1")
    told = [f"{cut(one_line(name), 40)} {n:,}" for name, n in counts.itertuples(index=False)]
    more = [f"and {len(told) - MOST:,} more"] if len(told) > MOST else []
    return ", ".join([*told[:MOST], *more]) or "none"


def _seals(store: EventStore) -> str:
    seals = store.seals()
    if seals.empty:
        return "none"
    last = seals.iloc[-1]
    return f"{counted(len(seals), 'seal')}, the last at position {last.position:,}: {last.digest}"


_SUMMARY = """
select count(distinct stream), min(occurred_at) as first_occurred, max(occurred_at) as last_occurred,
  min(recorded_at) as first_recorded, max(recorded_at) as last_recorded
from events
"""
