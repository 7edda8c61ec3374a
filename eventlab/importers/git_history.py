"""`read_git`: the history of a git repository as an event log.

A branch is followed from commit to commit; each becomes a `CommitMade`, and an event for every file it
touched. So the tree at any commit is a fold: `git_files`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm.auto import tqdm

from eventlab.checks import is_path, is_whole, is_word
from eventlab.errors import GitFailed, ImportFailed
from eventlab.errors.family import short
from eventlab.event import RecordedEvent
from eventlab.importers.git_log import Change, Commit, Repository
from eventlab.importers.table import read_table, require_store
from eventlab.projections import Projection, count, distinct, last
from eventlab.store import EventStore, Log

git_files = Projection(
    "files",
    key="path",
    size=last("size"),
    commits=count(),
    authors=distinct("actor"),
    author=last("actor"),
    commit=last("correlation_id"),
    ends_with=("FileRemoved", "FileRenamed"),
)
"""The files of a log that `read_git` made: a row for each path, as long as it exists."""


def read_git(
    path: str | os.PathLike[str],
    *,
    into: EventStore | None = None,
    paths: str | Sequence[str] = (),
    branch: str = "HEAD",
    max_commits: int | None = None,
) -> EventStore:
    r"""Return a store with the history of a branch: an event for every commit, and for every file it touched.

    Parameters
    ----------
    path : path
        A git repository, or a folder in one.
    into : EventStore, optional
        The store to fill. Left out: a new one in memory. Where it has a part of this history, it is given
        what came since.
    paths : str or sequence of str, optional
        Only what happened to these paths, as git takes them: ``"src"``, ``"*.py"``. Commits
        that touched none of them are left out.
    branch : str, optional
        A branch, a tag or a commit; its history is read.
    max_commits : int, optional
        Only so many commits, the newest. Files from before are seen from their next change on.

    Returns
    -------
    EventStore
        ``into``, or the new store. All of the history is in it, or nothing.

    Raises
    ------
    GitFailed
        When there is no git, no repository, no commit, or no such branch; when the last commit in the store
        is not on the branch.

    Notes
    -----
    ==============  ===============  ==================================================================
    type            stream           payload
    ==============  ===============  ==================================================================
    `CommitMade`    ``commits``      ``commit``, ``parents``, ``files``, ``lines_added``, ``lines_removed``
    `FileAdded`     ``file-<path>``  ``path``, ``size`` (bytes), ``lines_added``, ``lines_removed``;
                                     ``renamed_from`` where the file had another name
    `FileChanged`   ``file-<path>``  ``path``, ``size``, ``lines_added``, ``lines_removed``
    `FileRemoved`   ``file-<path>``  ``path``, ``lines_removed``
    `FileRenamed`   ``file-<path>``  ``path``, ``renamed_to``: the path ends here
    ==============  ===============  ==================================================================

    The commits come oldest first, along first parents: a merge counts as one commit with all that it brought
    to the branch, so the files after it are those that anybody saw who checked it out. Of each commit come
    first the paths that end. ``actor`` is the author's name, ``reason`` the subject, ``correlation_id`` the
    commit; ``occurred_at`` is when it was written, ``recorded_at`` when it was committed (where that steps
    back, or lies before what the store has, the time before it). Binary files have no lines, submodules
    no size either; a name that is not UTF-8 is spelled with ``\xff`` for its odd bytes.

    Examples
    --------
    The tree of a repository at any commit, on a slider::

        from eventlab.importers import git_files
        from eventlab.renders import file_tree
        from eventlab.widgets import TimeMachine

        log = el.read_git("~/projects/eventlab", paths="docs")
        TimeMachine(log, git_files, render=file_tree(show="size"))
    """
    only = [paths] if isinstance(paths, str) else paths
    _require(path, only, branch, max_commits)
    require_store(into)
    repository = Repository(Path(path).expanduser())
    wanted = repository.range(branch, _last_commit(into))
    commits = tqdm(
        repository.commits(wanted, max_commits, only),
        total=repository.count(wanted, max_commits, only),
        desc="git",
        unit=" commits",
        delay=2,
        leave=False,
    )
    with TemporaryDirectory() as folder:
        table = Path(folder, "history.jsonl")
        with table.open("w", encoding="utf-8", newline="\n") as file:
            for row in _rows(commits, _latest(into)):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return _loaded(table, into)


def _loaded(table: Path, into: EventStore | None) -> EventStore:
    """Return the store with every row of the table; one without rows is no table."""
    if table.stat().st_size == 0:
        return EventStore() if into is None else into
    roles = {name: name for name in ("stream", "type", *_ENVELOPE, "data")}
    return read_table(table, into=into, **roles)


_ENVELOPE = (
    "occurred_at",
    "recorded_at",
    "actor",
    "reason",
    "correlation_id",
    "causation_id",
    "event_id",
)


def _rows(commits: Iterator[Commit], latest: datetime) -> Iterator[dict[str, Any]]:
    """Yield an event for each commit and for each file it touched."""
    for commit in commits:
        latest = max(latest, _moment(commit.committed))
        events = [_commit_made(commit), *_of_files(list(commit.changes.values()))]
        for number, (stream, kind, data) in enumerate(events):
            yield {
                "stream": stream,
                "type": kind,
                "occurred_at": _moment(commit.authored).isoformat(),
                "recorded_at": latest.isoformat(),
                "actor": commit.author or None,
                "reason": commit.subject or None,
                "correlation_id": commit.hash,
                "causation_id": commit.hash if number else None,
                "event_id": f"{commit.hash}:{number}" if number else commit.hash,
                "data": data,
            }


Told = tuple[str, str, dict[str, Any]]
"""Stream, type and payload."""


def _commit_made(commit: Commit) -> Told:
    data = {
        "commit": commit.hash,
        "parents": commit.parents,
        "files": len(commit.changes),
        "lines_added": sum(change.added or 0 for change in commit.changes.values()),
        "lines_removed": sum(change.removed or 0 for change in commit.changes.values()),
    }
    return "commits", "CommitMade", data


def _of_files(changes: list[Change]) -> Iterator[Told]:
    """Yield what became of the files; endings first, because a path may end and begin in one commit."""
    for change in changes:
        if change.kind == "D":
            yield _told("FileRemoved", change.path, lines_removed=change.removed)
        elif change.kind == "R" and change.source is not None:
            yield _told("FileRenamed", change.source, renamed_to=change.path)
    for change in changes:
        if change.kind != "D":
            is_new = change.kind in "ARC"
            yield _told(
                "FileAdded" if is_new else "FileChanged",
                change.path,
                size=change.size,
                lines_added=change.added,
                lines_removed=change.removed,
                renamed_from=change.source if change.kind == "R" else None,
            )


def _told(kind: str, path: str, **data: Any) -> Told:
    known = {name: value for name, value in data.items() if value is not None}
    return f"file-{path}", kind, {"path": path, **known}


def _last_commit(into: EventStore | None) -> str | None:
    """Return the hash of the commit that the store knows last."""
    last = None if into is None else _last_event(into.stream("commits").only("CommitMade"))
    return None if last is None else last.correlation_id


def _latest(into: EventStore | None) -> datetime:
    """Return when the store's last event was recorded."""
    last = None if into is None else _last_event(into)
    return _BEGINNING if last is None else last.recorded_at.replace(tzinfo=UTC)


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _last_event(log: Log) -> RecordedEvent | None:
    return next(iter(log.since(position=log.head)), None) if len(log) else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _require(path: object, paths: object, branch: object, max_commits: object) -> None:
    if not is_path(path):
        raise GitFailed.no_path(path)
    if not isinstance(paths, Sequence) or not all(map(is_word, paths)):
        raise GitFailed.no_text("paths", paths, "paths such as 'src' or ['src', '*.py']")
    if not is_word(branch):
        raise GitFailed.no_text("branch", branch, "a branch, a tag or a commit such as 'main'")
    if max_commits is not None and not is_whole(max_commits, least=1):
        raise ImportFailed(
            f"max_commits={short(max_commits)} is no number of commits: give 1 or more, or leave it out "
            "for all."
        )
