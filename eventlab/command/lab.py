"""``eventlab lab``: the course in a folder of your own, open in JupyterLab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eventlab.command.answer import Answer
from eventlab.errors import CommandFailed
from eventlab.widgets.markup import counted

PACKAGE = Path(__file__).parents[1]

PLACES = (PACKAGE / "_course", PACKAGE.parent)
"""Where the course lies: in an installed wheel, or beside the package in a clone."""

PARTS = {"notebooks": ("*.ipynb",), "data": ("*.csv", "*.jsonl", "*.parquet", "*.md", "*.py")}

FIRST = "notebooks/00_tour.ipynb"


def add(commands: Any) -> ArgumentParser:
    """Add the subcommand."""
    parser: ArgumentParser = commands.add_parser(
        "lab",
        help="copy the course to a folder and open it",
        description="Copy the notebooks and their data to a folder and open the first in JupyterLab.",
        epilog="Files that are there already are left as they are: your work is safe.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("eventlab-course"),
        help="default: eventlab-course",
    )
    parser.add_argument("--no-open", action="store_true", help="only copy")
    return parser


def run(args: Namespace) -> Answer:
    """Copy what is not there yet, and open it."""
    copied, kept = copy_course(course(PLACES), args.folder)
    had = f", {counted(kept, 'file')} left as they were" if kept else ""
    told = f"{args.folder}: {counted(copied, 'file')} copied{had}\n"
    if args.no_open:
        return Answer(told)
    return Answer(told, _open(args.folder))


def course(places: tuple[Path, ...]) -> Path:
    """Return the folder with the notebooks and data of this installation."""
    for place in places:
        if (place / FIRST).is_file():
            return place
    raise CommandFailed.no_course(list(places))


def copy_course(source: Path, target: Path) -> tuple[int, int]:
    """Copy the files that are missing; return how many those were, and how many there were already."""
    copied = kept = 0
    for part, patterns in PARTS.items():
        for file in sorted(
            found for pattern in patterns for found in (source / part).glob(pattern)
        ):
            place = target / part / file.name
            if place.exists():
                kept += 1
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
                copied += 1
    return copied, kept


def _open(folder: Path) -> int:
    if find_spec("jupyterlab") is None:
        raise CommandFailed.no_jupyterlab(folder)
    return subprocess.call([sys.executable, "-m", "jupyterlab", FIRST], cwd=folder)
