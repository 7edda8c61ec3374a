"""``eventlab page``: a page that slides through the past of whatever a path names."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from eventlab.command.answer import Answer
from eventlab.command.sources import Kind, kind_of, open_source
from eventlab.command.states import key_of, projection_of
from eventlab.errors import CommandFailed
from eventlab.importers import git_files
from eventlab.projections import Projection
from eventlab.renders import file_tree
from eventlab.store import EventStore
from eventlab.widgets import TimeMachine
from eventlab.widgets.markup import counted

EPILOG = """\
The page is one file that slides and plays with no server and no network. What is not said is guessed:
the state has the last value of every field for every stream; a git repository shows its files as a tree.

examples:
  eventlab page flights.csv --time occurred_at
  eventlab page cards.csv --stream card --type kind --time ts --total amount --minus CardRedeemed
  eventlab page cards.duckdb --only card-7 -o card-7.html --title "Mara's card"
  eventlab page ~/projects/eventlab --paths docs
"""


MOST_TREES = 1000
"""Stops of a tree of files, each of which is drawn whole; evenly spread, and the page says so."""


BEGINNING = b"<!doctype html>"
"""How a page begins."""


def add(commands: Any) -> ArgumentParser:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser(
        "page",
        help="make a page that slides through the past",
        description="Make a page that slides through the past of an event log.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "file",
        type=Path,
        help="a table (.csv, .jsonl, .parquet …), an eventlab store, or a git repository",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="PAGE", help="default: FILE's name with .html"
    )
    parser.add_argument("--title", help="default: what is shown, and of what")
    _add_table(parser)
    _add_git(parser)
    _add_state(parser)
    return parser


def _add_table(parser: ArgumentParser) -> None:
    columns = parser.add_argument_group("which column of a table is what")
    columns.add_argument(
        "--stream", metavar="COLUMN", help="the thing it happened to (default: stream)"
    )
    columns.add_argument("--type", metavar="COLUMN", help="what happened (default: type)")
    columns.add_argument("--time", metavar="COLUMN", help="when it happened")
    columns.add_argument("--recorded", metavar="COLUMN", help="when it was recorded")
    columns.add_argument("--actor", metavar="COLUMN", help="who did it")
    columns.add_argument("--reason", metavar="COLUMN", help="why")
    columns.add_argument(
        "--data", metavar="COLUMN", help="the payload as JSON (default: all other columns)"
    )


def _add_git(parser: ArgumentParser) -> None:
    git = parser.add_argument_group("which part of a git repository")
    git.add_argument("--paths", nargs="+", metavar="PATH", help="only what happened to these")
    git.add_argument("--branch", help="a branch, tag or commit (default: what is checked out)")
    git.add_argument("--max-commits", type=int, metavar="N", help="only the newest")


def _add_state(parser: ArgumentParser) -> None:
    state = parser.add_argument_group("what the state is")
    state.add_argument("--key", metavar="FIELD", help="what a row stands for (default: the stream)")
    state.add_argument("--only", metavar="KEY", help="show this one, and only its events")
    for verb, what in (("total", "the sum of a field"), ("last", "the last value of a field")):
        state.add_argument(f"--{verb}", metavar="FIELD", action="append", default=[], help=what)
    state.add_argument(
        "--plus",
        metavar="TYPE",
        action="append",
        default=[],
        help="events that add to totals (default: all others)",
    )
    state.add_argument(
        "--minus", metavar="TYPE", action="append", default=[], help="events that take off totals"
    )
    state.add_argument(
        "--ends", metavar="TYPE", action="append", default=[], help="events that end a row's life"
    )
    state.add_argument(
        "--steps",
        type=stops,
        metavar="N",
        help="stops at most (default: 3,000, or 1,000 of files)",
    )


def stops(text: str) -> int:
    """Return a number of stops that was typed; the first event and the last are among them."""
    if re.fullmatch("[0-9]{1,18}", text) and int(text) >= 2:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no number of stops: give a whole number, 2 or more")


def run(args: Namespace) -> Answer:
    """Write the page and say where it is."""
    name = args.file.resolve().name.partition(".")[0] or "events"
    target = args.output or Path(f"{name}.html")
    _require_free(target)
    with open_source(args.file, args) as log:
        machine = _machine(log, name, args)
        machine.save(target, args.title or (name if _is_tree(args) else None))
        steps = counted(machine.last, "step")
        return Answer(f"{target}: {steps} of {len(log):,} events, {_size(target)}\n")


def _require_free(target: Path) -> None:
    """Refuse to write over a file that is no page: it may be the source, or somebody's store."""
    if not target.is_file():
        return
    with target.open("rb") as file:
        if file.read(len(BEGINNING)).lower() not in (BEGINNING, b""):
            raise CommandFailed.no_page_there(target)


def _machine(log: EventStore, name: str, args: Namespace) -> TimeMachine:
    render = file_tree(show="size", format="{:,} B") if _is_tree(args) else None
    state = git_files if render else _projection(log, name, args)
    most = MOST_TREES if render and args.steps is None else args.steps
    only = key_of(log, args.key, args.only)
    return TimeMachine(log, state, only, render=render, max_steps=most)


def _is_tree(args: Namespace) -> bool:
    """Whether nothing was said of the state, so that a repository shows its files."""
    said = (args.key, args.only, args.total, args.last, args.ends)
    return kind_of(args.file) is Kind.GIT and not any(said)


def _projection(log: EventStore, name: str, args: Namespace) -> Projection:
    return projection_of(
        log,
        name,
        key=args.key,
        totals=args.total,
        lasts=args.last,
        plus=args.plus,
        minus=args.minus,
        ends_with=args.ends,
    )


def _size(path: Path) -> str:
    return f"{max(round(path.stat().st_size / 1000), 1):,} kB"
