"""What can go wrong where a git repository is read."""

from __future__ import annotations

from pathlib import Path

from eventlab.errors.family import short
from eventlab.errors.imports import ImportFailed


class GitFailed(ImportFailed):
    """The history of a git repository cannot be read; nothing was imported."""

    @classmethod
    def no_git(cls) -> GitFailed:
        """Say which program is missing."""
        return cls(
            "read_git runs the program 'git' and found none on the PATH; nothing was imported. "
            "Install git (https://git-scm.com), or import a table of commits with el.read_table."
        )

    @classmethod
    def no_path(cls, found: object) -> GitFailed:
        """Say what is read."""
        return cls(
            f"{short(found)} is no path of a folder; nothing was imported. "
            "Give the folder of a git repository, or any folder in one."
        )

    @classmethod
    def no_text(cls, role: str, found: object, example: str) -> GitFailed:
        """Say what git can be asked for."""
        return cls(
            f"{role}={short(found)} cannot be asked of git; nothing was imported. Give {example}."
        )

    @classmethod
    def no_folder(cls, path: Path) -> GitFailed:
        """Say from where a path was followed."""
        return cls(
            f"{str(path)!r} is no folder (seen from {str(Path.cwd())!r}); nothing was imported. "
            "Give the folder of a git repository, or any folder in one."
        )

    @classmethod
    def no_repository(cls, path: Path) -> GitFailed:
        """Say that neither the folder nor one above it is a repository."""
        return cls(
            f"{str(path)!r} is not in a git repository; nothing was imported. "
            "Give the folder of a clone, which has a folder .git in it."
        )

    @classmethod
    def no_commits(cls, path: Path) -> GitFailed:
        """Say that the repository is new."""
        return cls(
            f"the git repository {str(path)!r} has no commits yet, so there is no history to import. "
            "Commit something first."
        )

    @classmethod
    def no_branch(cls, path: Path, branch: str, found: list[str]) -> GitFailed:
        """List the branches there are."""
        some = ", ".join(found[:20]) or "(none)"
        more = f" and {len(found) - 20:,} more" if len(found) > 20 else ""
        return cls(
            f"the git repository {str(path)!r} knows no commit by the name {branch!r}; nothing was imported. "
            f"Its branches are: {some}{more}; a tag or the hash of a commit will do, too."
        )

    @classmethod
    def rewritten(cls, path: Path, last: str) -> GitFailed:
        """Say that the store's history is not that of the branch."""
        return cls(
            f"the last commit in the store, {last}, is not on this branch of {str(path)!r}: it was "
            "rewritten, or it is another branch or repository; nothing was imported. Read it into a store of "
            "its own."
        )

    @classmethod
    def because(cls, path: Path, said: str) -> GitFailed:
        """Pass on what git said."""
        return cls(
            f"git could not read the repository {str(path)!r}: {said.strip() or 'it did not say why'}; "
            "nothing was imported. Try 'git log' in that folder first."
        )
