"""Tracing: which event caused which, of all that belong to one conversation, as a tree.

Events of a conversation share a ``correlation_id``, and each names its cause by ``causation_id``: the id
of the event that led to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from eventlab.checks import is_text
from eventlab.errors import InvalidCut

if TYPE_CHECKING:
    from eventlab.store.log import Log

COLUMNS = [
    "tree",
    "depth",
    "position",
    "stream",
    "type",
    "event_id",
    "causation_id",
    "occurred_at",
    "actor",
]

CIRCLE = "↺ "
"""Stands before an event whose cause is one of its own effects."""

_CONVERSATION = """
select position, stream, type, event_id, causation_id, occurred_at, actor
from events where correlation_id = $correlation_id order by position
"""


def trace(log: Log, correlation_id: str) -> pd.DataFrame:
    """Return the events of a conversation in tree order."""
    if not is_text(correlation_id):
        raise InvalidCut.no_correlation(correlation_id)
    events = log.frame(_CONVERSATION, {"correlation_id": correlation_id})
    nodes = list(_tree(events["event_id"].tolist(), events["causation_id"].tolist()))
    told = events.take([node.row for node in nodes]).reset_index(drop=True)
    drawn = [f"{node.lead}{type}" for node, type in zip(nodes, told["type"], strict=True)]
    tree = pd.Series(drawn, dtype="str")
    depth = pd.Series([node.depth for node in nodes], dtype="int64")
    return told.assign(tree=tree, depth=depth)[COLUMNS]


class _Node(NamedTuple):
    """An event in the tree: its row, how deep it is, what is drawn before it and before its effects."""

    row: int
    depth: int
    lead: str
    below: str


def _tree(ids: list[str], causes: list[str | None]) -> Iterator[_Node]:
    """Yield every event once, each behind its cause; of a circle the first event counts as the root."""
    rows, effects = {event_id: row for row, event_id in enumerate(ids)}, defaultdict(list)
    for row, cause in enumerate(causes):
        effects[cause].append(row)
    told: set[int] = set()
    for row, cause in enumerate(causes):
        if cause not in rows:
            yield from _branch(_Node(row, 0, "", ""), ids, effects, told)
    cause_of = [rows.get(cause or "", 0) for cause in causes]
    for row in range(len(ids)):
        if row not in told:  # then no way up from it ends
            root = _first_of_circle(row, cause_of)
            yield from _branch(_Node(root, 0, CIRCLE, ""), ids, effects, told)


def _first_of_circle(row: int, cause_of: list[int]) -> int:
    """Return the first event of the circle that the way up from an event ends in."""
    way: dict[int, None] = {}
    while row not in way:
        way[row] = None
        row = cause_of[row]
    on_way = list(way)
    return min(on_way[on_way.index(row) :])


def _branch(
    root: _Node, ids: list[str], effects: dict[str | None, list[int]], told: set[int]
) -> Iterator[_Node]:
    """Yield an event and all it led to; a list of what is to come, for chains may be long."""
    coming = [root]
    while coming:
        node = coming.pop()
        told.add(node.row)
        yield node
        rows = [row for row in effects.get(ids[node.row], []) if row not in told]
        below = [_below(node, row, last=row == rows[-1]) for row in rows]
        coming.extend(reversed(below))


def _below(cause: _Node, row: int, *, last: bool) -> _Node:
    corner, line = ("└─ ", "   ") if last else ("├─ ", "│  ")
    return _Node(row, cause.depth + 1, cause.below + corner, cause.below + line)
