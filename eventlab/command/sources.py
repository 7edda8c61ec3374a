"""Which log a path names: an eventlab store, a git repository, or a table of events."""

from __future__ import annotations

from argparse import Namespace
from enum import Enum
from pathlib import Path

from eventlab.errors import CommandFailed
from eventlab.importers import read_git, read_table
from eventlab.store import EventStore
from eventlab.store.opening import is_duckdb


class Kind(Enum):
    """What there is at a path, and what it is called in a sentence."""

    STORE = "an eventlab store"
    GIT = "a git repository"
    TABLE = "a table of events"


OPTIONS = {
    Kind.TABLE: ("stream", "type", "time", "recorded", "actor", "reason", "data"),
    Kind.GIT: ("paths", "branch", "max_commits"),
    Kind.STORE: (),
}
"""The options that say how each is to be read."""


def kind_of(path: Path) -> Kind:
    """Return what there is at a path: a folder counts as a repository, a DuckDB file signs its name."""
    if path.is_dir():
        return Kind.GIT
    return Kind.STORE if path.is_file() and is_duckdb(path) else Kind.TABLE


def open_source(path: Path, args: Namespace) -> EventStore:
    """Return the log at a path; options that belong to another kind of source are refused."""
    kind = kind_of(path)
    given = {name: getattr(args, name) for names in OPTIONS.values() for name in names}
    _refuse_others(path, kind, given)
    if kind is Kind.GIT:
        wanted = {name: given[name] for name in OPTIONS[kind] if given[name] is not None}
        return read_git(path, **wanted)
    if kind is Kind.STORE:
        return EventStore(path, read_only=True)
    return read_table(
        path,
        stream="stream" if given["stream"] is None else given["stream"],
        type="type" if given["type"] is None else given["type"],
        occurred_at=given["time"],
        recorded_at=given["recorded"],
        actor=given["actor"],
        reason=given["reason"],
        data=given["data"],
    )


def open_store(path: Path) -> EventStore:
    """Return the store in a file, open for reading only, or say that there is none."""
    if not path.is_file():
        raise CommandFailed.no_store(path)
    return EventStore(path, read_only=True)


def _refuse_others(path: Path, kind: Kind, given: dict[str, object]) -> None:
    spare = [
        f"--{name.replace('_', '-')}"
        for name, found in given.items()
        if found is not None and name not in OPTIONS[kind]
    ]
    if spare:
        raise CommandFailed.not_needed(path, kind.value, spare)
