"""What git says of a history: its commits, oldest first, each with the files that it touched.

Talks to the program ``git``, never through a shell, and takes its answer apart at the zero bytes that no
name can hold. Knows nothing of events.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from eventlab.errors import GitFailed

START = "\x01"
"""Stands before every commit."""

FORMAT = "%x01" + "%x00".join(("%H", "%an", "%at", "%ct", "%P", "%s"))

# Said, whatever the user's own configuration says; no program named by a repository is run. What only a
# newer git has a word for is said as a setting, which an older git passes over.
LOG = (
    *("-c", "log.showRoot=true", "-c", "log.diffMerges=separate", "-c", "diff.relative=false"),
    *("log", "--reverse", f"--format={FORMAT}", "--encoding=UTF-8", "--no-show-signature"),
    *("-m", "-M", "-l1000", "--raw", "--numstat", "-z", "-O/dev/null", "--no-follow"),
    *("--diff-algorithm=myers", "--ignore-submodules=none"),
    *("--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color"),
)

AT_ONCE = 500
"""Commits whose sizes are asked for together."""

SUBMODULE = "160000"


class Change(NamedTuple):
    """What a commit did to one path.

    ``kind`` is git's letter: A added, M or T changed, D removed, R renamed from ``source``. Lines are None
    where the file is binary.
    """

    kind: str
    path: str
    source: str | None
    blob: str | None
    added: int | None = None
    removed: int | None = None
    size: int | None = None


@dataclass
class Commit:
    """A commit, and what it did to which path beside the one before it on the branch."""

    hash: str
    author: str
    authored: int
    committed: int
    parents: list[str]
    subject: str
    changes: dict[str, Change] = field(default_factory=dict)


@dataclass(frozen=True)
class Repository:
    """A git repository, asked by running git in its folder."""

    path: Path

    def __post_init__(self) -> None:
        if not os.path.isdir(self.path):  # noqa: PTH112  # Path's own fails for a name that is too long
            raise GitFailed.no_folder(self.path)
        found = self._ask("rev-parse", "--git-dir")
        if found.returncode:
            self._refuse(found.stderr)

    def resolve(self, branch: str) -> str:
        """Return the hash of the commit that a branch, a tag or a hash names."""
        named = f"{branch}^{{commit}}"
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", named)
        if found.returncode == 0:
            return _text(found.stdout).split()[-1]
        if not self._ask("rev-list", "--all", "--max-count=1").stdout:
            raise GitFailed.no_commits(self.path)
        branches = self._ask("for-each-ref", "--format=%(refname:short)", "refs/heads")
        raise GitFailed.no_branch(self.path, branch, _text(branches.stdout).split())

    def range(self, branch: str, last: str | None) -> str:
        """Return git's name for the commits of a branch, or for those behind the `last` one known."""
        tip = self.resolve(branch)
        if last is None:
            return tip
        line = self._ask("rev-list", "--first-parent", tip)
        if last not in _text(line.stdout).split():
            raise GitFailed.rewritten(self.path, last)
        return f"{last}..{tip}"

    def count(self, commits: str, most: int | None, paths: Sequence[str]) -> int:
        """Return how many commits of a range `commits` will yield."""
        counted = self._ask("rev-list", "--count", *_which(commits, most, paths))
        if counted.returncode:
            self._refuse(counted.stderr)
        return int(counted.stdout)

    def commits(self, commits: str, most: int | None, paths: Sequence[str]) -> Iterator[Commit]:
        """Yield the commits of a range, oldest first; a merge as what it brought to the branch."""
        with self._listen(*LOG, *_which(commits, most, paths)) as answer:
            told = read(_tokens(answer))
            while some := list(islice(told, AT_ONCE)):
                self._measure(some)
                yield from some

    def _measure(self, commits: Sequence[Commit]) -> None:
        changes = [(c.changes, change) for c in commits for change in c.changes.values()]
        sizes = self._sizes({change.blob for _, change in changes if change.blob})
        for of_commit, change in changes:
            of_commit[change.path] = change._replace(size=sizes.get(change.blob or ""))

    def _sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """Return how many bytes each has; what a clone has left out is not fetched for that."""
        asked = "".join(f"{blob}\n" for blob in sorted(blobs))
        found = self._ask("cat-file", "--batch-check=%(objectname) %(objectsize)", given=asked)
        lines = (line.split() for line in _text(found.stdout).splitlines())
        return {blob: int(size) for blob, size in lines if size.isdigit()}

    def _ask(self, *words: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
        command = self._command(words)
        try:
            return subprocess.run(
                command, input=given.encode(), capture_output=True, env=self._env, check=False
            )
        except FileNotFoundError as error:
            raise GitFailed.no_git() from error

    @contextmanager
    def _listen(self, *words: str) -> Iterator[IO[bytes]]:
        """Yield what git says while it says it; what it complains of is kept in a file of its own."""
        with (
            TemporaryFile() as complaint,
            subprocess.Popen(
                self._command(words), stdout=subprocess.PIPE, stderr=complaint, env=self._env
            ) as git,
        ):
            if git.stdout is not None:
                yield git.stdout
            if git.wait():
                complaint.seek(0)
                self._refuse(complaint.read())

    def _command(self, words: Iterable[str]) -> list[str]:
        return ["git", "--no-pager", "-C", str(self.path), *words]

    @cached_property
    def _env(self) -> dict[str, str]:
        """The environment, but for what would send git to another repository than the one named."""
        kept = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE")}
        return kept | {"LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}

    def _refuse(self, complaint: bytes) -> None:
        said = _text(complaint)
        if "not a git repository" in said:
            raise GitFailed.no_repository(self.path)
        raise GitFailed.because(self.path, said.strip().partition("\n")[0])


def read(tokens: Iterator[str]) -> Iterator[Commit]:
    r"""Yield the commits in what ``git log -z --raw --numstat`` says, cut at its zero bytes.

    Examples
    --------
    >>> said = "\x01f00|Ana|0|0||first|\n:0 1 0 9 A|a.txt|3\t0\ta.txt"
    >>> [commit] = read(iter(said.split("|")))
    >>> commit.subject, commit.changes["a.txt"].added
    ('first', 3)
    """
    commit = None
    for token in tokens:
        said = token.removeprefix("\n")
        if said.startswith(START):
            if commit is not None:
                yield commit
            commit = _commit(said.removeprefix(START), *islice(tokens, 5))
        elif commit is not None and said.startswith(":"):
            change = _change(said, tokens)
            commit.changes[change.path] = change
        elif commit is not None and said:
            _count_lines(commit, said, tokens)
    if commit is not None:
        yield commit


def _commit(
    hash: str, author: str, authored: str, committed: str, parents: str, subject: str
) -> Commit:
    return Commit(hash, author, int(authored), int(committed), parents.split(), subject)


def _change(said: str, tokens: Iterator[str]) -> Change:
    _, mode, _, blob, kind = said.split(" ")
    source = next(tokens) if kind[0] in "RC" else None
    kept = None if kind[0] == "D" or mode == SUBMODULE else blob
    return Change(kind[0], next(tokens), source, kept)


def _count_lines(commit: Commit, said: str, tokens: Iterator[str]) -> None:
    added, removed, path = said.split("\t", 2)
    if not path:  # of a renamed file the two names follow
        _, path = islice(tokens, 2)
    if added != "-" and path in commit.changes:
        change = commit.changes[path]
        commit.changes[path] = change._replace(added=int(added), removed=int(removed))


def _which(commits: str, most: int | None, paths: Sequence[str]) -> list[str]:
    """Return the words that choose commits: the line of first parents, on which every state was once true."""
    newest = [] if most is None else [f"--max-count={most}"]
    return ["--first-parent", "--topo-order", *newest, commits, "--", *paths]


def _tokens(answer: IO[bytes]) -> Iterator[str]:
    rest = b""
    while part := answer.read(1 << 16):
        *whole, rest = (rest + part).split(b"\0")
        yield from map(_text, whole)
    if rest:
        yield _text(rest)


def _text(said: bytes) -> str:
    r"""Return text; a byte that is not UTF-8 is spelled ``\xff``."""
    return said.decode(errors="backslashreplace")
