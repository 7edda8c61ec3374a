"""What changed last: the few rows that a person looks at first.

Where the key is the stream, the last events tell which rows these are, and only their streams are folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventlab.checks import is_whole
from eventlab.errors import InvalidQuestion

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

FIRST_LOOK = 1000  # events
FURTHER = 8  # times as many at the next look


def newest_by_stream(projection: TimeTravel, log: Log, rows: int) -> pd.DataFrame | None:
    """Return so many rows of the state, those changed last, or None where only folding tells which.

    An event of a stream changes its row or ends it, unless the rule skips events; and in a log that is
    folded by occurrence the last event of a stream need not be the one that was folded last.
    """
    projection.require_log(log)
    if not is_whole(rows, least=0):
        raise InvalidQuestion.rows(rows)
    if not projection.by_stream or projection.skips or log.cut.by_occurrence:
        return None
    streams = _last_living(log, rows, projection.ends_with)
    part = log.stream(*streams) if streams else log.until(position=0)
    return projection(part).sort_values("position", ascending=False)


def _last_living(log: Log, number: int, ends_with: tuple[str, ...]) -> list[str]:
    """Return so many streams, those whose last events are the last ones and do not end them."""
    end, reach = log.cut.position.high, FIRST_LOOK
    end = log.head if end is None else int(end)
    query = _LIVING.format(order=log.order_key)
    while True:
        last = log.since(position=max(end - reach, 0) + 1)
        with last.borrowed() as con:
            found = last.run(con, query, {"ends": list(ends_with), "number": number}).fetchall()
        if len(found) == number or reach >= end:
            return list(log.stream_names([stream_no for (stream_no,) in found]))
        reach *= FURTHER


_LIVING = """
select stream_no from events group by stream_no
having not list_contains($ends::varchar[], arg_max(type, {order}))
order by max(position) desc limit $number
"""
