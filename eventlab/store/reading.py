"""Events out of the store, in bulk: a row group of DuckDB at a time, all from one moment of the database.

Columns come as arrays, and become Python objects a few thousand events at a time: so many stay in the
processor's cache until they are folded. A log by occurrence, or of a query, is read by positions chosen
beforehand, eight bytes an event: DuckDB 2.0 would read all columns of every event to test its tags.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import pairwise, repeat
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from eventlab.event import RecordedEvent
from eventlab.store.ahead import ahead
from eventlab.store.payloads import Payloads, decoded
from eventlab.store.question import AFTER_DATA, BEFORE_DATA
from eventlab.store.scans import ROW_GROUP

if TYPE_CHECKING:
    import duckdb

    from eventlab.store.log import Log

SLICE = ROW_GROUP
BATCH = 2_048
SLICES_BY_STREAM = 4  # more of them bring more of a stream together, and take more memory
MOST_TYPES = 32  # are looked for in a list, one after the other

Columns = dict[str, Any]


def batches(log: Log, *, by_stream: bool = False) -> Iterator[list[RecordedEvent]]:
    """Yield the log's events in fold order, in lists of about 2,000.

    With `by_stream`, those of a long log come stream by stream, a part of the log after the other: each
    stream in fold order still, so that who keeps a state of each finds it in the processor's cache.
    """
    with log.borrowed() as con, log.moment(con):
        # As text a payload that is no object stays what it is; by field it would be one without fields.
        payloads = Payloads([] if log.holds_broken_payloads else log.fields_within(con))
        for columns in _slices(log, con, payloads, by_stream=by_stream):
            yield from _events(payloads, columns)


class Slice(NamedTuple):
    """A part of the log small enough to read at once: a condition on top of the cut.

    Where it `is_long` it pays to look first what its events have in common.
    """

    where: str
    params: dict[str, Any]
    limit: str = ""
    by_stream: bool = False
    is_long: bool = False


class Common(NamedTuple):
    """What is not made a Python object for each event: the few ``types`` there are, and what is ``empty``."""

    types: Sequence[str] = ()
    empty: Collection[str] = ()

    def reads(self, name: str) -> str:
        """Return how a column of the envelope is read."""
        if name in self.empty:
            return f"null::boolean as {name}"
        if name == "type" and self.types:
            return "list_position($types::varchar[], type) - 1 as type"
        return _READ_AS.get(name, name)


def _slices(
    log: Log, con: duckdb.DuckDBPyConnection, payloads: Payloads, *, by_stream: bool
) -> Iterator[Columns]:
    """Yield the columns of slice after slice."""
    read = partial(_columns, log, con, payloads)
    if log.cut.by_occurrence or log.cut.queries:
        yield from ahead(read, _by_choice(log, con))
    elif log.cut.streams is None or log.has_parts:  # a limit could cut what shares a position
        yield from ahead(read, _by_position(log, con, by_stream=by_stream))
    else:
        # Named streams are seldom longer than a slice: not counting them first saves 3 ms of 15.
        columns = read(Slice("", {}, f"limit {SLICE}"))
        yield columns
        if len(columns["position"]) == SLICE:
            rest = log.since(position=int(columns["position"][-1]) + 1)
            yield from ahead(partial(_columns, rest, con, payloads), _by_position(rest, con))


def _by_position(
    log: Log, con: duckdb.DuckDBPyConnection, *, by_stream: bool = False
) -> Iterator[Slice]:
    if log.cut.position.width < SLICE:  # few for sure, and not counting them spares a query
        yield Slice("", {})
        return
    [(events, first, last)] = log.run(
        con, "select count(*), min(position), max(position) from events"
    ).fetchall()
    if events <= SLICE:
        yield from [Slice("", {})] if events else []
        return
    # Edges of row groups, where few events are cut away: a group that is cut in two is read twice.
    rows = SLICE * (SLICES_BY_STREAM if by_stream else 1)
    width = rows * max(1, round((last + 1 - first) / events))
    edges = range((first - 1) // width * width + 1, last + width + 1, width)
    for low, high in pairwise(edges):
        where, bounds = "where position >= $low and position < $high", {"low": low, "high": high}
        yield Slice(where, bounds, by_stream=by_stream, is_long=True)


def _by_choice(log: Log, con: duckdb.DuckDBPyConnection) -> Iterator[Slice]:
    found = log.run(con, f"select position from events order by {log.order_by}").fetchnumpy()
    within = (
        "where position in (select unnest($chosen::bigint[])) and position between $low and $high"
    )
    positions = found["position"].tolist()
    if log.has_parts:
        positions = list(dict.fromkeys(positions))
    for start in range(0, len(positions), SLICE):
        chosen = positions[start : start + SLICE]
        yield Slice(within, {"chosen": chosen, "low": min(chosen), "high": max(chosen)})


def _columns(log: Log, con: duckdb.DuckDBPyConnection, payloads: Payloads, part: Slice) -> Columns:
    common = _in_common(log, con, part) if part.is_long else Common()
    before, after = map(common.reads, BEFORE_DATA), map(common.reads, AFTER_DATA)
    asked = [*before, *payloads.columns, *after]
    order = f"stream_no, {log.order_by}" if part.by_stream else log.order_by
    select = f"select {', '.join(asked)} from events {part.where} order by {order} {part.limit}"
    types = {"types": common.types} if common.types else {}
    found = log.run(con, select, {**part.params, **types}).fetchnumpy()
    found["stream_no"] = log.names_within(con, np.asarray(found["stream_no"], "int64"))
    if common.types:
        found["type"] = np.array(common.types, "object")[found["type"]]
    return found


def _in_common(log: Log, con: duckdb.DuckDBPyConnection, part: Slice) -> Common:
    """Return the types of its events, if they are few, and what of the envelope none of them says."""
    said = ", ".join(f"count({stored})" for stored in _OPTIONAL.values())
    query = f"select coalesce(list(distinct type), []), {said} from events {part.where}"
    [(types, *counts)] = log.run(con, query, part.params).fetchall()
    empty = {name for name, events in zip(_OPTIONAL, counts, strict=True) if not events}
    return Common(types if len(types) <= MOST_TYPES else (), empty)


# Names of streams are shared by all their events, and most ids are made of them.
_READ_AS = {
    "stream": "stream_no",
    "event_id": "given_id",
    "tags": "tags::json::varchar as tags",
}
_OPTIONAL = {
    "actor": "actor",
    "reason": "reason",
    "correlation_id": "correlation_id",
    "causation_id": "causation_id",
    "event_id": "given_id",
    "tags": "tags",
}


# -- arrays to events ------------------------------------------------------------------------------


def _events(payloads: Payloads, columns: Columns) -> Iterator[list[RecordedEvent]]:
    if not len(columns["position"]):
        return
    takers = [_taker(values) for values in columns.values()]
    before, after = len(BEFORE_DATA), len(AFTER_DATA)
    for start in range(0, len(columns["position"]), BATCH):
        parts = [take(start, start + BATCH) for take in takers]
        events = len(parts[0])
        data = payloads.decoded(parts[before:-after], events)
        yield _recorded(*parts[:before], data, *parts[-after:])


def _recorded(*columns: Any) -> list[RecordedEvent]:
    named = dict(zip(RecordedEvent._fields, columns, strict=True))
    named["type"] = map(intern, named["type"])
    named["event_id"] = _event_ids(*(named[name] for name in ("event_id", "stream", "version")))
    if any(named["tags"]):
        named["tags"] = decoded(tags or "null" for tags in named["tags"])
    # What RecordedEvent._make does, without a Python frame for each of a million events.
    return list(map(tuple.__new__, repeat(RecordedEvent), zip(*named.values(), strict=True)))


def _event_ids(given: list[str | None], streams: list[str], versions: list[int]) -> list[str]:
    if given.count(None) == len(given):
        return [f"{stream}@{version}" for stream, version in zip(streams, versions, strict=True)]
    known = zip(given, streams, versions, strict=True)
    return [f"{stream}@{version}" if own is None else own for own, stream, version in known]


def _taker(values: Any) -> Callable[[int, int], list[Any]]:
    """Return what gives a part of an array as Python values, None where they are missing."""
    if isinstance(values, np.ma.MaskedArray):
        values, gaps = values.data, values.mask
        if gaps.all():
            return _always(None, len(values))
        values = np.where(gaps, None, values.astype(object))
    elif values.dtype != object and (values == values[0]).all():
        return _always(values[:1].tolist()[0], len(values))
    return lambda start, stop: values[start:stop].tolist()


def _always(value: Any, events: int) -> Callable[[int, int], list[Any]]:
    """Return what gives one and the same object for each event."""
    return lambda start, stop: [value] * (min(stop, events) - start)
