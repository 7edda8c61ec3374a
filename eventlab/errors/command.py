"""What can go wrong on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlab.errors.family import EventLabError


class CommandFailed(EventLabError):
    """The command cannot do what was asked."""

    @classmethod
    def no_store(cls, path: Path) -> CommandFailed:
        """Say that there is no file."""
        return cls(
            f"there is no store {str(path)!r} (seen from {str(Path.cwd())!r}): give the path of a file that "
            "el.EventStore(…) made."
        )

    @classmethod
    def not_needed(cls, path: Path, kind: str, options: list[str]) -> CommandFailed:
        """Name the options that mean nothing for a source."""
        return cls(
            f"{str(path)!r} is {kind}, and {', '.join(options)} would say nothing about it: "
            "leave it out, or give another file."
        )

    @classmethod
    def no_output(cls) -> CommandFailed:
        """Say that nobody could read the answer."""
        return cls("the standard output is closed: leave it open, or send it to a file.")

    @classmethod
    def unknown(cls, option: str, name: str, known: Iterable[str]) -> CommandFailed:
        """List the names there are."""
        some = ", ".join(map(repr, known)) or "(none)"
        return cls(f"--{option} {name!r} names nothing in this log: choose from {some}.")

    @classmethod
    def no_page_there(cls, target: Path) -> CommandFailed:
        """Name the file that writing the page would destroy."""
        return cls(
            f"{str(target)!r} is there already and is no page, so it was left as it is: give another "
            "name with -o, or move that file away first."
        )

    @classmethod
    def no_course(cls, looked: list[Path]) -> CommandFailed:
        """Say where the notebooks were looked for."""
        places = " and ".join(repr(str(path)) for path in looked)
        return cls(
            f"the notebooks did not come with this installation (looked in {places}): install the wheel, "
            "with pip install eventlab, or clone the repository."
        )

    @classmethod
    def no_jupyterlab(cls, folder: Path) -> CommandFailed:
        """Say how to get JupyterLab."""
        return cls(
            f"the notebooks are in {str(folder)!r}, but JupyterLab is not installed: "
            "pip install 'eventlab[lab]', or open the folder in another notebook; --no-open only copies."
        )
