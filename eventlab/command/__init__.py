"""The command ``eventlab``: pages, the course and a look at a store, without opening a notebook.

Thin on purpose: each subcommand reads its options, calls the package, and gives back an `Answer`. Nothing
is printed but here. An error of eventlab is one line on stderr; ``--debug`` shows where it came from.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from eventlab.command import info, lab, page, verify
from eventlab.command.answer import REFUSED, Answer
from eventlab.errors import EventLabError

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
    args = parser().parse_args(argv)
    try:
        answer: Answer = args.run(args)
    except (EventLabError, OSError) as error:  # a file that is not there is no bug of ours either
        if args.debug:
            raise
        return _say(Answer(f"eventlab {args.command}: {_one_line(error)}\n", REFUSED), sys.stderr)
    except KeyboardInterrupt:
        return 130  # as a shell says it of a program that was interrupted
    code = _say(answer, sys.stdout)
    return code if answer.then is None else answer.then()


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


def _say(answer: Answer, stream: TextIO) -> int:
    try:
        stream.write(answer.text)
        stream.flush()
    except BrokenPipeError:  # the reader of the pipe has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return answer.code


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
