"""``eventlab lab``: the course in a folder of your own, open in JupyterLab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eventlab.command.answer import Answer
from eventlab.errors import CommandFailed
from eventlab.widgets.markup import counted

PACKAGE = Path(__file__).parents[1]

PLACES = (PACKAGE / "_course", PACKAGE.parent)
"""Where the course lies: in an installed wheel, or beside the package in a clone."""

PARTS = ("notebooks", "data")

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
    if find_spec("jupyterlab") is None:
        raise CommandFailed.no_jupyterlab(args.folder)
    return Answer(told, then=partial(_open, args.folder))


def course(places: tuple[Path, ...]) -> Path:
    """Return the folder with the notebooks and data of this installation."""
    for place in places:
        if (place / FIRST).is_file():
            return place
    raise CommandFailed.no_course(list(places))


def copy_course(source: Path, target: Path) -> tuple[int, int]:
    """Copy the files that are missing; return how many those were, and how many there were already."""
    copied = kept = 0
    for name in course_files(source):
        place = target / name
        if place.exists():
            kept += 1
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, place)
            copied += 1
    return copied, kept


def course_files(source: Path) -> list[Path]:
    """Return the files of the course below a folder, but for what Python, Jupyter or a reader made there."""
    found = (file for part in PARTS for file in (source / part).rglob("*") if file.is_file())
    names = sorted(file.relative_to(source) for file in found)
    return [name for name in names if not any(map(_is_made, name.parts))]


def _is_made(part: str) -> bool:
    return part.startswith((".", "__")) or part.endswith((".duckdb", ".duckdb.wal"))


def _open(folder: Path) -> int:
    return subprocess.call([sys.executable, "-m", "jupyterlab", FIRST], cwd=folder)
