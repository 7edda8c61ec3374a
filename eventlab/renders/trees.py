"""A file tree: paths as folders and files, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.renders.options import FORMAT, NAME, or_none, require_options
from eventlab.renders.parts import (
    QUIET,
    Format,
    Row,
    marked,
    require_most,
    rows_of,
    said,
    style,
    tint,
)
from eventlab.widgets.markup import counted, word


@dataclass(frozen=True)
class file_tree:  # noqa: N801 - said like a verb, as `functools.partial` is
    """Paths as a tree of text; what this step added, changed and removed has its sign.

    The state has a row for each path. Folders stand before the files beside them. A tree longer than `most`
    lines folds the folders in which nothing happened to one line each, and if need be the files, too.

    Parameters
    ----------
    show : str, optional
        A field to show behind each file, such as its ``size``.
    format : text or callable, optional
        How it is said: ``"{:,} bytes"``.
    together : str, optional
        A field with the ``correlation_id`` of the event that touched the file last, as the ``commit`` of
        `eventlab.read_git`: whatever has that of the current event is marked too.
    most : int
        Lines to aim at.

    Examples
    --------
    >>> tree = file_tree()
    >>> print(tree({"a/b.txt": {}, "c.txt": {}}, None).partition("</style>")[2])
    <BLANKLINE>
    <pre class="el-tree">  ├─ a/
      │  └─ b.txt
      └─ c.txt
    2 files
    </pre>
    <BLANKLINE>
    """

    show: str | None = None
    format: Format | None = None
    together: str | None = "commit"
    most: int = 40

    def __post_init__(self) -> None:
        require_most("file_tree", "most", self.most)
        require_options(self, show=or_none(NAME), together=or_none(NAME), format=or_none(FORMAT))

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the tree at one step."""
        root = _Folder()
        for row in rows_of(state):
            leaf = _Leaf(row, self._mark(row, event), partial(self._shown, row))
            root.put(str(row.key).split("/"), leaf)
        files = counted(root.alive, "file")
        lines = "".join(root.fitting(self.most))
        return f'{_STYLE}<pre class="el-tree">{lines}{files}\n</pre>\n'

    def _mark(self, row: Row, event: RecordedEvent | None) -> str:
        if row.mark or event is None or not self.together or not event.correlation_id:
            return row.mark
        return "~" if row.fields.get(self.together) == event.correlation_id else ""

    def _shown(self, row: Row) -> str:
        if self.show is None or row.fields.get(self.show) is None:
            return ""
        return f"  <small>{said(row.fields[self.show], self.format)}</small>"


@dataclass
class _Leaf:
    row: Row
    mark: str
    shown: Callable[[], str]


@dataclass
class _Folder:
    folders: dict[str, _Folder] = field(default_factory=dict)
    files: dict[str, _Leaf] = field(default_factory=dict)

    def put(self, parts: list[str], leaf: _Leaf) -> None:
        folder = self
        for part in parts[:-1]:
            folder = folder.folders.setdefault(part, _Folder())
        folder.files[parts[-1]] = leaf

    @property
    def leaves(self) -> Iterator[_Leaf]:
        for folder in self.folders.values():
            yield from folder.leaves
        yield from self.files.values()

    @property
    def alive(self) -> int:
        """Files that exist now."""
        return sum(leaf.row.now is not None for leaf in self.leaves)

    def fitting(self, most: int) -> list[str]:
        """Return the lines of the tree, folded no further than needed to come near so many."""
        for folded in ((), (_Folder,)):
            lines = list(islice(self.lines("", folded), most + 1))
            if len(lines) <= most:
                return lines
        return list(self.lines("", (_Folder, _Leaf)))

    def lines(self, lead: str, folded: tuple[type, ...]) -> Iterator[str]:
        """Yield a line for each entry, folders first; quiet entries of the kinds folded take one line."""
        entries: list[tuple[str, _Folder | _Leaf]] = [
            *sorted(self.folders.items()),
            *sorted(self._files(folded).items()),
        ]
        hidden = len(self.files) - len(self._files(folded))
        for place, (name, entry) in enumerate(entries, start=1):
            is_last = place == len(entries) and not hidden
            corner, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            if isinstance(entry, _Leaf):
                yield _line(entry.mark, f"{lead}{corner}", word(name, 200) + entry.shown())
            elif _Folder in folded and entry.is_quiet:
                yield _line("", f"{lead}{corner}", f"{word(name, 200)}/ {_counted(entry.alive)}")
            else:
                yield _line("", f"{lead}{corner}", f"{word(name, 200)}/")
                yield from entry.lines(lead + below, folded)
        if hidden:
            yield _line("", f"{lead}└─ ", _counted(hidden))

    def _files(self, folded: tuple[type, ...]) -> dict[str, _Leaf]:
        """Return the files that have a line of their own."""
        if _Leaf not in folded:
            return self.files
        return {name: leaf for name, leaf in self.files.items() if leaf.mark}

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened in it."""
        return not any(leaf.mark for leaf in self.leaves)


def _counted(files: int) -> str:
    return f"<small>… {counted(files, 'file')}</small>"


def _line(mark: str, lead: str, shown: str) -> str:
    if not mark:
        return f"  {lead}{shown}\n"
    crossed = f"<s>{shown}</s>" if mark == "−" else f"<b>{shown}</b>"
    return f"{marked(mark)}{lead}<span{tint(mark)}>{crossed}</span>\n"


_STYLE = style(
    f"""
    pre.el-tree {{
      margin: 0; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
      color: inherit; background: none; overflow-x: auto; }}
    pre.el-tree small {{ color: {QUIET}; font-size: inherit; }}
    pre.el-tree b {{ font-weight: 600; }}
    pre.el-tree abbr {{ text-decoration: none; font-weight: 700; }}
    """
)
