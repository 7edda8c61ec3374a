"""What differs between two pinned moments: as a frame, and as the rows of a table.

The frame is the projection's own diff wherever it has one; of a plain function, or a log in order of
occurrence, two states are laid side by side, and no event can be named.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from eventlab.widgets.markup import SIGNS, counted, row_start, sign_cell, value, word
from eventlab.widgets.scenes import Key
from eventlab.widgets.views import key_words

MOST_ROWS = 200
"""Rows of a diff that are seen; ``tm.diff()`` has all of them."""

_SIGN_OF = {word: mark for mark, (_, word) in SIGNS.items()}


def of_cuts(projection: Any, before: Any, after: Any, key: Key | None) -> pd.DataFrame:
    """Return what a projection says of two cuts, of one key or of all."""
    found: pd.DataFrame = projection.diff(before, after)
    if key is None:
        return found
    names = found.columns[: len(key)]
    is_key = pd.Series(True, index=found.index)
    for name, part in zip(names, key, strict=True):
        is_key &= found[name] == part
    return found[is_key].reset_index(drop=True)


def table_rows(diff: pd.DataFrame) -> str:
    """Return the rows of a table for a diff, as many as a person looks at."""
    names = list(diff.columns[: list(diff.columns).index("field")])
    shown = [_row(names, row) for row in diff.head(MOST_ROWS).to_dict("records")]
    return "".join(shown) + (more(len(diff) - MOST_ROWS) if len(diff) > MOST_ROWS else "")


def failure_row(reason: str) -> str:
    """Return the row that says why there is no answer."""
    told = f'<p class="tm-error" role="alert">{word(reason, longest=400)}</p>'
    return f'<tr><td colspan="5" class="failed">{told}</td></tr>\n'


def more(hidden: int) -> str:
    """Return the row that says how many are not seen."""
    words = f"… and {counted(hidden, 'more difference')}"
    return f'<tr><td></td><td colspan="4" class="none">{words}</td></tr>\n'


def _row(names: list[str], row: dict[Any, Any]) -> str:
    mark = _SIGN_OF[row["change"]]
    key = key_words(tuple(row[name] for name in names))
    return (
        f'{row_start(mark)}{sign_cell(mark)}<th scope="row">{key}</th><td>{word(row["field"])}</td>'
        f"<td>{value(row['before'])}</td><td>{value(row['after'])}</td></tr>\n"
    )
