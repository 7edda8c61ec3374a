"""How many streams live at any moment of a log: found once, so that any moment is a look into a list.

A slider over a long log says how many rows there are at each stop. Where the key of an event is its stream
nothing has to be folded for that: a stream begins to live with an event, and stops with one of the types
that end it. Knows nothing of projections.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from eventlab.store.log import Log


class Living:
    """The positions at which streams of a log begin to live, and those at which they end.

    Parameters
    ----------
    log : Log
        A cut in the order of positions.
    ends_with : sequence of str
        The event types that end a stream's life, if any do.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> for stream, kind in [("card-1", "Loaded"), ("card-2", "Loaded"), ("card-1", "Closed")]:
    ...     done = store.append(stream, el.Event(kind))
    >>> living = Living(store, ["Closed"])
    >>> [living.at(position) for position in range(4)]
    [0, 1, 2, 1]
    """

    def __init__(self, log: Log, ends_with: Sequence[str] = ()) -> None:
        whole = log.begins_streams
        query = (
            (_TURNS_OF_ALL if whole else _TURNS)
            if ends_with
            else (_FIRST_OF_ALL if whole else _FIRST)
        )
        found = log.select(query, {"el_ends": list(ends_with)} if ends_with else {}).fetchnumpy()
        begins = np.asarray(found["begins"], "bool")
        self._begun, self._ended = found["position"][begins], found["position"][~begins]

    def at(self, position: int) -> int:
        """Return how many live behind the event at a position."""
        begun, ended = (np.searchsorted(at, position, "right") for at in (self._begun, self._ended))
        return int(begun - ended)


# The first event of a stream is the one of version 1, where none is left out: 3 ms of 10 million events.
_FIRST_OF_ALL = "select position, true as begins from events where version = 1 order by position"

_FIRST = (
    "select min(position) as position, true as begins from events group by stream_no order by 1"
)

_TURNS = """
select position, lives as begins
from (
    select position, lives, lag(lives, 1, false) over (partition by stream_no order by position) as lived
    from (
        select position, stream_no, type not in (select unnest($el_ends::varchar[])) as lives from events
    )
)
where lives is distinct from lived
order by position
"""

# Only an ending, or an event behind one, can be a turn: a window over these few takes a quarter of the time.
_TURNS_OF_ALL = _TURNS.replace(
    "from events\n",
    """from events
        where version = 1 or not lives or (stream_no, version) in (
            select (stream_no, version + 1) from events where type in (select unnest($el_ends::varchar[]))
        )
""",
)
