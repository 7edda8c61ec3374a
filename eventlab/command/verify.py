"""``eventlab verify``: whether anybody changed a history."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from eventlab.command.answer import FOUND, Answer
from eventlab.command.sources import open_store
from eventlab.widgets.markup import counted

EPILOG = """\
Seal a store with store.seal(), and note the digest somewhere else: who can write the file can also seal
anew what they forged. Exit code 0: all is well; 1: something was found; 2: the store could not be opened.

example:
  eventlab verify cards.duckdb --digest 3f1b…
"""


def add(commands: Any) -> ArgumentParser:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser(
        "verify",
        help="tell whether a store's history was changed",
        description="Check a store against its seals, and for what no store would write.",
        epilog=EPILOG,
    )
    parser.add_argument("store", type=Path, help="the file of an eventlab store")
    parser.add_argument("--digest", help="a digest that was noted elsewhere")
    return parser


def run(args: Namespace) -> Answer:
    """Say what is wrong, a line for each finding; exit code 1 if anything is."""
    with open_store(args.store) as store:
        found = store.verify(args.digest)
        if len(found):
            lines = (
                f"{row.position:>10,}  {row.kind:<17}  {row.detail}" for row in found.itertuples()
            )
            title = f"{args.store}: {counted(len(found), 'finding')}"
            return Answer("\n".join([title, *lines, ""]), FOUND)
        seals = store.seals()
        sealed = int(seals["position"].max()) if len(seals) else 0
        return Answer(
            f"{args.store}: all is well; {counted(len(store), 'event')}, {sealed:,} of them under "
            f"{counted(len(seals), 'seal')}\n"
        )
