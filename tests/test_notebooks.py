"""Are the committed notebooks fit to be read on a screen without a kernel, and to be compared?

nbval runs every notebook and compares its outputs; this file checks what nbval cannot see: a
notebook that was saved half executed, prints this machine's paths, or uses what never compares
equal. A check takes a notebook and its folder and returns its complaints; each check is shown a
notebook that breaks it, so that none passes by looking away.
"""

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from eventlab.widgets import TimeMachine
from tools.execute_notebooks import MADE_UP_ID, NOTEBOOKS, WIDGET_VIEW, execute, stored, tidy

MOST_LINES = 15

FORBIDDEN = {
    r"\binteract(ive|ive_output)?\(": "interact() captures outputs that no kernel-free page shows",
    r"\bOutput\(": "Output() fills itself after the cell has ended",
    r"\bclear_output\b": "clear_output leaves a different output every time",
    r"\bdisplay_id\b": "display_id is random",
    r"%time": "%time and %timeit print timings",
    r";\s*\Z": "a trailing semicolon hides the output from the reader, but not from nbval",
    r"(?i)#\s*(nbval_|pytest_validate_)": "nbval comments switch the comparison off",
}

# What one machine or one run prints and the next does not.
UNSTEADY = {
    r"(?<![\w.])/(home|root|tmp|Users|usr|var|opt|mnt|private)/": "an absolute path",
    r"\b[A-Z]:\\": "an absolute path",
    r"\b0x[0-9a-f]{6,}\b": "a memory address",
    r"\d ?(ns|µs|us|ms)\b": "a timing",
    r"\d\.\d+ ?s(ec|econds)?\b": "a timing",
    r"Wall time|CPU times|\bit/s\b": "a timing",
}

Check = Callable[[NotebookNode, Path], list[str]]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    return ((cell, output) for cell in code_cells(notebook) for output in cell.outputs)


def was_executed_in_order(notebook: NotebookNode, folder: Path) -> list[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"execution counts are {counts}, not 1 to {len(counts)}"]


def has_its_outputs(notebook: NotebookNode, folder: Path) -> list[str]:
    if not any(cell.outputs for cell in code_cells(notebook)):
        return ["no cell has an output"]
    return [
        f"{cell.id}: the last line shows something, yet no output is stored"
        for cell in code_cells(notebook)
        if shows_its_last_line(cell.source) and not cell.outputs
    ]


def shows_its_last_line(source: str) -> bool:
    """Whether the cell surely displays: a call may return None, a name or a subscript hardly."""
    try:
        last = ast.parse(source).body[-1]
    except (SyntaxError, IndexError):  # a magic; an empty cell
        return False
    return isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Await)


def has_no_errors_or_warnings(notebook: NotebookNode, folder: Path) -> list[str]:
    return [
        f"{cell.id}: {output.get('evalue') or output.text}"
        for cell, output in outputs(notebook)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def has_short_cells(notebook: NotebookNode, folder: Path) -> list[str]:
    lengths = {cell.id: lines_of_code(cell.source) for cell in code_cells(notebook)}
    return [
        f"{id}: {lines} lines of code, at most {MOST_LINES}"
        for id, lines in lengths.items()
        if lines > MOST_LINES
    ]


def lines_of_code(source: str) -> int:
    lines = map(str.strip, source.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def has_no_widget_state(notebook: NotebookNode, folder: Path) -> list[str]:
    state = ["the metadata holds widget state"] if "widgets" in notebook.metadata else []
    views = [
        f"{cell.id}: a widget view with a random id"
        for cell, output in outputs(notebook)
        if WIDGET_VIEW in output.get("data", {})
    ]
    return state + views


def prints_the_same_everywhere(notebook: NotebookNode, folder: Path) -> list[str]:
    return [
        f"{cell.id}: {what}: {found[0]!r}"
        for cell, output in outputs(notebook)
        for text in texts(output)
        for pattern, what in UNSTEADY.items()
        if (found := re.search(pattern, text))
    ]


def texts(output: NotebookNode) -> list[str]:
    """What the output says in words: pictures and JSON left out."""
    data = output.get("data", {})
    words = [data[mime] for mime in data if mime.startswith("text/") or mime == "image/svg+xml"]
    return [*words, output.get("text", "")]


def uses_nothing_forbidden(notebook: NotebookNode, folder: Path) -> list[str]:
    constructs = [
        f"{cell.id}: {why}"
        for cell in code_cells(notebook)
        for pattern, why in FORBIDDEN.items()
        if re.search(pattern, cell.source)
    ]
    tags = [
        f"{cell.id}: the tag {tag!r} switches the comparison off"
        for cell in code_cells(notebook)
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("nbval") or tag == "raises-exception"
    ]
    return constructs + tags


def has_links_that_lead_somewhere(notebook: NotebookNode, folder: Path) -> list[str]:
    inline = re.findall(r"\]\(\s*<?([^)\s>]+)", markdown(notebook))
    html = re.findall(r"""(?:href|src)=["']([^"']+)""", markdown(notebook))
    files = [
        link.partition("#")[0]
        for link in inline + html
        if not re.match(r"#|[a-z]+:", link)  # within the page; https:, mailto:
    ]
    return [f"{link} leads nowhere" for link in files if not (folder / link).exists()]


def has_headings_without_jumps(notebook: NotebookNode, folder: Path) -> list[str]:
    headings = [(1, ""), *headings_of(markdown(notebook))]
    return [
        f"'{title}' has level {level} below level {above}"
        for (above, _), (level, title) in pairwise(headings)
        if level > above + 1
    ]


def has_one_title_at_the_top(notebook: NotebookNode, folder: Path) -> list[str]:
    titles = [title for level, title in headings_of(markdown(notebook)) if level == 1]
    first = headings_of(markdown(new_notebook(cells=notebook.cells[:1])))
    if len(titles) == 1 and (1, titles[0]) in first:
        return []
    return [f"one '# title', in the first cell, is wanted; there are {titles}"]


def headings_of(text: str) -> list[tuple[int, str]]:
    """Level and title of each heading; a `#` in a fenced block is a comment."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^(#{1,6})\s+(.+)$", prose, flags=re.MULTILINE)
    return [(len(marks), title) for marks, title in found]


def has_steady_cell_ids(notebook: NotebookNode, folder: Path) -> list[str]:
    ids = [cell.get("id", "") for cell in notebook.cells]
    made_up = [f"{id!r} is made up" for id in ids if not id or MADE_UP_ID.fullmatch(id)]
    twice = [f"{id!r} is there twice" for id in sorted(set(ids)) if ids.count(id) > 1]
    return made_up + twice


CHECKS: list[Check] = [
    was_executed_in_order,
    has_its_outputs,
    has_no_errors_or_warnings,
    has_short_cells,
    has_no_widget_state,
    prints_the_same_everywhere,
    uses_nothing_forbidden,
    has_links_that_lead_somewhere,
    has_headings_without_jumps,
    has_one_title_at_the_top,
    has_steady_cell_ids,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook(path: Path, check: Check):
    assert check(nbformat.read(path, as_version=4), path.parent) == []


# The checks are checked.


def code(source: str, *shown: NotebookNode, id: str = "look", count: int = 1) -> NotebookNode:
    return new_code_cell(source, id=id, execution_count=count, outputs=list(shown))


def text(words: str) -> NotebookNode:
    return new_output("execute_result", {"text/plain": words}, execution_count=1)


def lesson(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell("# A lesson", id="title"), *cells])


GOOD = lesson(
    new_markdown_cell("## State\nSee [here](#State), [a site](https://a.org) and [b](b.md#c)."),
    code("balance = 12  # ms", id="fold", count=1),
    code("balance", text("12"), id="look", count=2),
    new_markdown_cell("```python\n# not a heading\n```\n### Why", id="why"),
)
GOOD.cells[1].id = "state"

# nbformat gives one of the twins another id wherever it can: when it builds and when it reads.
TWINS = lesson(code("1"), code("2", id="twin"))
TWINS.cells[2].id = "look"

BAD: dict[str, tuple[Check, NotebookNode, str]] = {
    "run-twice": (was_executed_in_order, lesson(code("1", text("1"), count=2)), r"\[2\], not 1"),
    "not-run": (was_executed_in_order, lesson(code("1", count=None)), "None"),
    "stripped": (has_its_outputs, lesson(code("print(1)")), "no cell has an output"),
    "one-stripped": (
        has_its_outputs,
        lesson(code("1", text("1")), code("cards.loc[7]", id="seven")),
        "seven: the last line shows something",
    ),
    "error": (
        has_no_errors_or_warnings,
        lesson(code("1 / 0", new_output("error", ename="E", evalue="by zero", traceback=[]))),
        "look: by zero",
    ),
    "warning": (
        has_no_errors_or_warnings,
        lesson(code("old()", new_output("stream", name="stderr", text="deprecated"))),
        "deprecated",
    ),
    "long": (has_short_cells, lesson(code("a = 1\n\n# so\n" * 16)), "look: 16 lines"),
    "widget-view": (
        has_no_widget_state,
        lesson(code("w", new_output("display_data", {WIDGET_VIEW: {"model_id": "f00"}}))),
        "random id",
    ),
    "widget-state": (
        has_no_widget_state,
        new_notebook(metadata={"widgets": {}}),
        "holds widget state",
    ),
    "dead-link": (
        has_links_that_lead_somewhere,
        lesson(new_markdown_cell("[next](02_append.ipynb#top)")),
        "02_append.ipynb leads nowhere",
    ),
    "dead-picture": (
        has_links_that_lead_somewhere,
        lesson(new_markdown_cell('<img src="log.svg" alt="the log">')),
        "log.svg leads nowhere",
    ),
    "jump": (
        has_headings_without_jumps,
        lesson(new_markdown_cell("## A\n#### B")),
        "'B' has level 4 below level 2",
    ),
    "no-title": (has_one_title_at_the_top, new_notebook(cells=[code("1")]), r"there are \[\]"),
    "two-titles": (has_one_title_at_the_top, lesson(new_markdown_cell("# B")), "'B'"),
    "late-title": (
        has_one_title_at_the_top,
        new_notebook(cells=[code("1"), new_markdown_cell("# Late")]),
        "'Late'",
    ),
    "made-up-id": (has_steady_cell_ids, lesson(code("1", id="3f2a9c1e")), "3f2a9c1e' is made up"),
    "uuid": (
        has_steady_cell_ids,
        lesson(code("1", id="0b7f8c52-3e0d-4b7e-9d51-3f2a9c1e77aa")),
        "made up",
    ),
    "same-id": (has_steady_cell_ids, TWINS, "'look' is there twice"),
    "tag": (
        uses_nothing_forbidden,
        lesson(new_code_cell("1", metadata={"tags": ["nbval-ignore-output"]})),
        "nbval-ignore-output",
    ),
}
BAD |= {
    f"prints-{words}": (prints_the_same_everywhere, lesson(code("look()", text(words))), what)
    for words, what in {
        "/home/ana/cards.duckdb": "an absolute path",
        "open('/tmp/x')": "an absolute path",
        r"C:\Users": "an absolute path",
        "<Log at 0x7f3b2c1d>": "a memory address",
        "folded in 3 ms": "a timing",
        "took 0.25 s": "a timing",
        "Wall time: none": "a timing",
    }.items()
}
BAD |= {
    f"runs-{source}": (uses_nothing_forbidden, lesson(code(source)), why)
    for source, why in {
        "widgets.interact(f, x=3)": r"interact\(\)",
        "box = Output()": r"Output\(\)",
        "clear_output(wait=True)": "clear_output",
        "display(a, display_id=True)": "display_id",
        "%timeit fold(log)": "timings",
        "ax.plot(x);": "semicolon",
        "# NBVAL_IGNORE_OUTPUT\nlook()": "nbval comments",
    }.items()
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_good_notebook_passes(check: Check, tmp_path: Path):
    (tmp_path / "b.md").touch()

    assert check(GOOD, tmp_path) == []


@pytest.mark.parametrize(("check", "notebook", "complaint"), BAD.values(), ids=BAD)
def test_a_bad_notebook_is_told_why(
    check: Check, notebook: NotebookNode, complaint: str, tmp_path: Path
):
    [told] = check(notebook, tmp_path)

    assert re.search(complaint, told)


def test_every_check_has_a_notebook_that_breaks_it():
    assert {check for check, _, _ in BAD.values()} == set(CHECKS)


@pytest.mark.parametrize(
    "harmless",
    ["12 minutes late", "3 msgs", "1.5 standard deviations", "and/or", "12 s", "https://a.b/home/"],
)
def test_ordinary_words_are_no_timing_and_no_path(harmless: str, tmp_path: Path):
    assert prints_the_same_everywhere(lesson(code("look()", text(harmless))), tmp_path) == []


# So is the tool that writes the notebooks.


def test_tidy_keeps_what_is_shown_and_drops_the_widget_view():
    shown = {"text/html": "<p>7</p>", "text/plain": "7", WIDGET_VIEW: {"model_id": "f00"}}
    notebook = lesson(code("tm", new_output("display_data", shown)))

    [output] = tidy(notebook).cells[1].outputs

    assert output.data == {"text/html": "<p>7</p>", "text/plain": "7"}


def test_tidy_drops_what_one_run_or_machine_wrote():
    cell = code("1", text("1"))
    cell.metadata = {"execution": {"iopub.execute_input": "now"}, "tags": ["setup"]}
    language = {"name": "python", "version": "3.11.7"}
    notebook = new_notebook(cells=[cell], metadata={"language_info": language, "widgets": {}})

    tidied = tidy(notebook)

    assert tidied.cells[0].metadata == {"tags": ["setup"]}
    assert tidied.metadata == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }


def test_tidy_keeps_given_ids_and_numbers_the_others():
    cells = [code("1", id=id) for id in ("3f2a9c1e", "fold", "cell-02", "0b7f8c52", "4d1e77aa")]

    ids = [cell.id for cell in tidy(new_notebook(cells=cells)).cells]

    assert ids == ["cell-01", "fold", "cell-02", "cell-03", "cell-04"]


def test_a_second_execution_changes_nothing(tmp_path: Path):
    first = lesson(
        new_code_cell("import os\nos.environ['TZ'], hash('card-7')"),
        new_code_cell("display(1)\nprint(2)\nprint(3)"),
        new_code_cell("import ipywidgets\nipywidgets.IntSlider(3)"),
    )

    once = stored(tidy(execute(first, tmp_path)))
    twice = stored(tidy(execute(nbformat.reads(once, as_version=4), tmp_path)))

    assert twice == once
    assert "'UTC'" in once


def test_what_was_tidied_passes_the_checks(tmp_path: Path):
    notebook = lesson(new_code_cell("import ipywidgets\nipywidgets.IntSlider(3)"))

    tidied = tidy(execute(notebook, tmp_path))

    assert [complaint for check in CHECKS for complaint in check(tidied, tmp_path)] == []


# Ignored as a kernel does: a folder that is made anew, a figure that nobody sees.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", ["05", "09"])
def test_a_cell_may_be_run_again_with_the_sliders_at_their_first_step(number, monkeypatch):
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    monkeypatch.chdir(NOTEBOOKS)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, object] = {}

    for cell in code_cells(nbformat.read(path, as_version=4)):
        exec(cell.source, names)
        for machine in [found for found in names.values() if isinstance(found, TimeMachine)]:
            machine.step = 0
        exec(cell.source, names)
