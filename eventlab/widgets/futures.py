"""Two futures of one past, side by side: how a log went on, and how a branch of it did.

Above, the events behind the point where they part; below, the rows of the state that end up different.
Pure, but for the comparison, which folds both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from eventlab.equality import same
from eventlab.event import RecordedEvent
from eventlab.timetravel.compare import compare
from eventlab.widgets.differences import MOST_ROWS, more
from eventlab.widgets.markup import counted, row_start, sign_cell, value, word
from eventlab.widgets.scenes import Key
from eventlab.widgets.values import known, moment
from eventlab.widgets.views import key_words

NAMES = ("here", "branch")
"""What the log and its branch are called."""

MOST_EVENTS = 6
"""Events of each future that are shown."""


def differing(log: Any, branch: Any, projection: Any, key: Key | None) -> pd.DataFrame:
    """Return the rows that end up different, of one key or of all, as `el.compare` gives them."""
    table = compare(log, branch, projection, names=NAMES, only_changed=True)
    return table if key is None else table[table.index.isin([key[0] if len(key) == 1 else key])]


def html(log: Any, branch: Any, parted: int, table: pd.DataFrame) -> str:
    """Return both futures behind the position where they part, and the table of what differs."""
    futures = "".join(
        _future(name, words, other.since(position=parted + 1))
        for name, words, other in (("here", "this log", log), ("branch", "tm.branch", branch))
    )
    rows = list(_rows(table))
    hidden = more(len(rows) - MOST_ROWS) if len(rows) > MOST_ROWS else ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("key", "field", *NAMES))
    end = f"in the end {counted(len(rows), 'difference')}"
    return (
        f'<p class="tm-note">two futures behind position {parted:,} {_buttons()}</p>'
        f'<div class="tm-beside">{futures}</div>'
        f'<div class="tm-scroll"><table class="tm-difference"><caption>{end}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows[:MOST_ROWS])}{hidden}</tbody>"
        "</table></div>"
    )


def _future(name: str, words: str, part: Any) -> str:
    """Return the events of one future, as many as a person looks at."""
    total = len(part)
    seen = list(part.until(position=_nth(part, MOST_EVENTS))) if total else []
    rows = "".join(map(_event, seen[:MOST_EVENTS]))
    if total > MOST_EVENTS:
        words_more = f"… and {counted(total - MOST_EVENTS, 'more event')}"
        rows += f'<tr><td colspan="4" class="none">{words_more}</td></tr>\n'
    if not total:
        rows = '<tr><td colspan="4" class="none">nothing has happened yet: append to it</td></tr>\n'
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("position", "occurred", "stream", "type")
    )
    return (
        f'<div class="tm-part tm-scroll"><table class="tm-future {name}">'
        f"<caption>{words} · {counted(total, 'event')}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _nth(part: Any, number: int) -> int:
    """Return the position of the event with a number, or of the last."""
    positions: Sequence[int] = part.positions()
    return int(positions[min(number, len(positions)) - 1])


def _event(event: RecordedEvent) -> str:
    return (
        f'<tr><td class="n">{event.position:,}</td>'
        f"<td>{moment(event.occurred_at.replace(microsecond=0))}</td>"
        f"<td>{word(event.stream)}</td><td>{word(event.type)}</td></tr>\n"
    )


def _rows(table: pd.DataFrame) -> Iterator[str]:
    """Yield a row for each field that differs, with its sign."""
    columns: Any = table.columns.tolist()
    fields = dict.fromkeys(field for field, name in columns if name)
    for key, row in table.iterrows():
        pairs = {field: [known(row[field, name]) for name in NAMES] for field in fields}
        mark = _sign(list(pairs.values()))
        for field, (here, branch) in pairs.items():
            if not same(here, branch):
                yield _row(mark, key if isinstance(key, tuple) else (key,), field, here, branch)


def _sign(pairs: list[list[Any]]) -> str:
    """Return what became of a row: it lives in the branch alone, here alone, or is another."""
    if all(here is None for here, _ in pairs):
        return "+"
    return "−" if all(branch is None for _, branch in pairs) else "~"


def _row(mark: str, key: Key, field: str, here: Any, branch: Any) -> str:
    return (
        f'{row_start(mark)}{sign_cell(mark)}<th scope="row">{key_words(key)}</th><td>{word(field)}</td>'
        f"<td>{value(here)}</td><td>{value(branch)}</td></tr>\n"
    )


def _buttons() -> str:
    acts = {
        "compare": ("compare again", "compare this log with tm.branch again"),
        "without": (
            "fork without this event",
            "fork as if the event at the current stop never happened",
        ),
        "unfork": ("close", "close the two futures"),
    }
    return " ".join(
        f'<button type="button" class="tm-word" data-act="{act}" title="{label}" aria-label="{label}">'
        f"{name}</button>"
        for act, (name, label) in acts.items()
    )
