"""How do the committed notebooks get their outputs?

Every notebook runs from top to bottom in a fresh kernel, in the folder it lives in, and is stored
in place with nothing in it that another run or another machine would write differently: no widget
ids, no timings, no random cell ids, no version of Python. Run it through `make notebooks`.

    python -m tools.execute_notebooks                        # all of them
    python -m tools.execute_notebooks notebooks/00_tour.ipynb
    python -m tools.execute_notebooks --check                # write nothing, fail on a difference
"""

import argparse
import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tqdm import tqdm

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

# A kernel started under these prints the same everywhere.
STEADY = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}

# Names a model by a random id that means nothing to the next kernel. nbval never compares it, and
# the text/plain and text/html that stand beside it are what GitHub shows.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# The ids that nbformat (8 hex digits) and JupyterLab (a UUID) make up for a new cell.
MADE_UP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def execute(notebook: NotebookNode, folder: Path, timeout: int = 300) -> NotebookNode:
    """The notebook with the outputs of a fresh kernel that ran it in `folder`."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        # ipykernel 7 warns of every kernel reached over TCP; ours is on this machine.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    return client.execute(env=os.environ | STEADY)


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what only one run or one machine would write.

    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("# Tour", id="3f2a9c1e"), new_markdown_cell("", id="why")]
    >>> [cell.id for cell in tidy(new_notebook(cells=cells)).cells]
    ['cell-01', 'why']
    """
    cells = list(map(tidy_cell, notebook.cells, steady_ids(notebook.cells)))
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    return nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def steady_ids(cells: Iterable[NotebookNode]) -> Iterator[str]:
    """The id of each cell where a person gave it one; otherwise the first free `cell-NN`."""
    ids = [cell.id for cell in cells]
    given = {id for id in ids if not MADE_UP_ID.fullmatch(id)}
    free = (id for id in (f"cell-{n:02}" for n in itertools.count(1)) if id not in given)
    return (id if id in given else next(free) for id in ids)


def tidy_cell(cell: NotebookNode, id: str) -> NotebookNode:
    """The cell under its steady id, with its tags and without how and when it ran."""
    kept = {key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata}
    tidied = nbformat.from_dict({**cell, "id": id, "metadata": kept})
    for output in tidied.get("outputs", []):
        output.get("data", {}).pop(WIDGET_VIEW, None)
        if "metadata" in output:
            output.metadata.pop(WIDGET_VIEW, None)
    return tidied


def stored(notebook: NotebookNode) -> str:
    """The notebook as its file: keys sorted, a line per line of code, one newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def refresh(path: Path) -> str:
    """What the file should contain: the same cells, executed now."""
    return stored(tidy(execute(nbformat.read(path, as_version=4), folder=path.parent)))


def main(arguments: list[str] | None = None) -> int:
    """Refresh the notebooks named, or all; with --check only say which ones would change."""
    parser = argparse.ArgumentParser(description="Execute the notebooks and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    options = parser.parse_args(arguments)

    changed = []
    progress = tqdm(options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")), unit="notebook")
    for path in progress:
        progress.set_description(path.stem)
        try:
            fresh = refresh(path)
        except CellExecutionError as error:
            progress.close()
            print(f"{path} stopped and was left as it is:\n{error}", file=sys.stderr)
            return 1
        if fresh != path.read_text(encoding="utf-8"):
            changed.append(path)
            if not options.check:
                path.write_text(fresh, encoding="utf-8", newline="\n")

    for path in changed:
        print(f"{path} {'would change: run make notebooks' if options.check else 'changed'}")
    return int(options.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
