"""The command ``eventlab``: pages, the course and a look at a store, without opening a notebook.

Thin on purpose: each subcommand reads its options, calls the package, and gives back an `Answer`. Nothing
is printed but here. An error of eventlab is one line on stderr; ``--debug`` shows where it came from.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TextIO

import duckdb

from eventlab.command import info, lab, page, verify
from eventlab.command.answer import REFUSED, Answer
from eventlab.errors import CommandFailed, EventLabError

EPILOG = """\
examples:
  eventlab lab                                    copy the course to ./eventlab-course and open it
  eventlab page cards.csv --stream card --type kind --time ts -o cards.html
  eventlab page .                                 the files of this git repository, at any commit
  eventlab info cards.duckdb
  eventlab verify cards.duckdb --digest 3f1b…

exit codes: 0 all is well, 1 verify found something, 2 it could not be done
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal may not know all letters
        sys.stdout.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        answer: Answer = args.run(args)
        _say(answer.text, sys.stdout)
    except _NO_BUGS as error:
        if args.debug:
            raise
        if sys.stderr is not None:
            _say(f"eventlab {args.command}: {_one_line(error)}\n", sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130  # as a shell says it of a program that was interrupted
    return answer.code if answer.then is None else answer.then()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command with all its subcommands."""
    from eventlab import __version__

    made = argparse.ArgumentParser(
        prog="eventlab",
        description="Slide through the past of any event log; learn how; look at a store.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"eventlab {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for subcommand in (page, lab, verify, info):
        added = subcommand.add(commands)
        added.formatter_class = argparse.RawDescriptionHelpFormatter
        added.set_defaults(run=subcommand.run)
        added.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return made


def _say(text: str, stream: TextIO | None) -> None:
    if stream is None:
        raise CommandFailed.no_output()
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # Python flushes again at its end
        if not isinstance(error, BrokenPipeError):  # the reader has seen enough, such as `head`
            raise


_NO_BUGS = (EventLabError, OSError, duckdb.Error)
"""What is told in a line: a file that is not there, or is broken, is no bug of ours."""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
