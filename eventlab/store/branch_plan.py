"""A branch worked out: how the numbers of its parent move, and which events are its own.

Nothing is made here; what cannot be stored is refused while there is nothing to undo.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from eventlab.errors import DuplicateEventError, InvalidBranch
from eventlab.event import Event, RecordedEvent
from eventlab.payload import from_json
from eventlab.store import changes, rows
from eventlab.store.changes import Changes, Insertion
from eventlab.store.cut import Cut
from eventlab.store.identity import OWN_ID, given_id
from eventlab.store.log import Log
from eventlab.store.renumbering import Renumbering


@dataclass(frozen=True)
class OwnEvent:
    """An event of the branch's own, and where it stands in the parent and in the branch."""

    kind: str
    parent_position: int
    position: int
    stream: str
    version: int
    recorded_at: datetime
    event: Event

    def row(self, stream_no: int, schema: int) -> rows.Row:
        """Return the event as it is stored, of a schema where it says none itself."""
        return rows.row_of(
            self.event,
            position=self.position,
            stream_no=stream_no,
            version=self.version,
            recorded_at=self.recorded_at,
            given_id=given_id(self.event.event_id, self.stream, self.version),
            schema=schema,
        )


class Gone(NamedTuple):
    """An event of the parent that the branch leaves out."""

    position: int
    stream: str
    version: int
    type: str


@dataclass(frozen=True)
class Plan:
    """What a branch will be: its positions and versions, and its own events in order."""

    at: int
    edited: frozenset[int]
    dropped: tuple[Gone, ...]
    positions: Renumbering
    versions: dict[str, Renumbering]
    own: tuple[OwnEvent, ...]

    @property
    def shared(self) -> Cut:
        """What is left of the parent's log, changes aside."""
        return Cut().until(self.at, None, None)

    @property
    def streams(self) -> list[str]:
        """The streams whose versions move or that have own events."""
        return list(dict.fromkeys([*self.versions, *(own.stream for own in self.own)]))

    def spoken(self) -> str:
        """Return it in words: where it leaves the parent, and how many events differ."""
        kinds = ["dropped"] * len(self.dropped) + [own.kind for own in self.own]
        counts = [f"{n:,} {kind}" for kind, n in sorted(Counter(kinds).items())]
        return f"at {self.at:,}" + (f" ({', '.join(counts)})" if counts else "")

    def origin(self) -> pd.DataFrame:
        """Return what is shared and what was changed, one row each, in the order of the parent."""
        changed = [
            *(("dropped", gone.position, None, gone.stream, gone.type) for gone in self.dropped),
            *((o.kind, o.parent_position, o.position, o.stream, o.event.type) for o in self.own),
        ]
        changed.sort(key=lambda row: (row[1], row[2] or 0))
        shared = ("shared", self.at, self.positions(self.at), None, None)
        return pd.DataFrame([shared, *changed], columns=list(_ORIGIN)).astype(_ORIGIN)


_ORIGIN = {
    "kind": "str",
    "parent_position": "int64",
    "position": "Int64",
    "stream": "str",
    "type": "str",
}


def worked_out(parent: Log, asked: Changes, now: datetime) -> Plan:
    """Return the plan of a branch.

    Raises
    ------
    PayloadError, DuplicateEventError, InvalidBranch
        When an event of its own cannot be stored, has an id that is taken, or stands for several or none.
    """
    past = parent.until(position=asked.at)
    dropped = tuple(_gone(past, asked.drop))
    bases = _bases(past, asked.insert)
    positions = Renumbering(asked.drop, [new.after for new in asked.insert])
    versions = _versions(dropped, asked.insert, bases)
    own = [
        *_edited(past, asked, positions, versions),
        *_inserted(past, asked.insert, bases, positions, versions, now),
    ]
    _require_free_ids(past, asked, own)
    in_order = tuple(sorted(own, key=lambda event: event.position))
    return Plan(asked.at, frozenset(asked.edit), dropped, positions, versions, in_order)


# -- what moves ------------------------------------------------------------------------------------

_CHOSEN = "where position in (select unnest($chosen::bigint[]))"


def _gone(past: Log, positions: Iterable[int]) -> Iterator[Gone]:
    chosen = {"chosen": sorted(positions)}
    if chosen["chosen"]:
        found = past.select(f"select position, stream, version, type from events {_CHOSEN}", chosen)
        yield from (Gone(*row) for row in found.fetchall())


def _bases(past: Log, new: Sequence[Insertion]) -> list[int]:
    """Return for each insertion the version its stream has reached at the position it follows."""
    if not new:
        return []
    numbers, streams = list(range(len(new))), [insertion.stream for insertion in new]
    asked = {"numbers": numbers, "streams": streams, "afters": [i.after for i in new]}
    found = dict(past.stream(*streams).select(_BASES, asked).fetchall())
    return [found.get(number, 0) for number in numbers]


_BASES = """
select number, max(version)
from (select unnest($numbers::bigint[]) as number, unnest($streams::varchar[]) as stream,
             unnest($afters::bigint[]) as after) as asked
join events using (stream) where position <= after group by number
"""


def _versions(
    dropped: Iterable[Gone], new: Iterable[Insertion], bases: Iterable[int]
) -> dict[str, Renumbering]:
    out: dict[str, list[int]] = defaultdict(list)
    put_in: dict[str, list[int]] = defaultdict(list)
    for gone in dropped:
        out[gone.stream].append(gone.version)
    for insertion, base in zip(new, bases, strict=True):
        put_in[insertion.stream].append(base)
    return {stream: Renumbering(out[stream], put_in[stream]) for stream in {**out, **put_in}}


# -- events of its own -----------------------------------------------------------------------------


def _edited(
    past: Log, asked: Changes, positions: Renumbering, versions: dict[str, Renumbering]
) -> Iterator[OwnEvent]:
    for event in _shown_alone(_events_at(past, asked.edit), asked.edit):
        moved = versions.get(event.stream)
        yield OwnEvent(
            "edited",
            event.position,
            positions(event.position),
            event.stream,
            moved(event.version) if moved else event.version,
            event.recorded_at,
            changes.edited(
                event, asked.edit[event.position], _moved_cause(event.causation_id, versions)
            ),
        )


def _shown_alone(
    found: Iterable[RecordedEvent], positions: Iterable[int]
) -> Iterable[RecordedEvent]:
    """Return the events of some positions, where there is one at each."""
    events = list(found)
    shown = Counter(event.position for event in events)
    for position in positions:
        if shown[position] != 1:
            raise InvalidBranch.shown_as(position, shown[position])
    return events


def _events_at(past: Log, positions: Iterable[int]) -> Iterator[RecordedEvent]:
    chosen = {"chosen": sorted(positions)}
    if chosen["chosen"]:
        for row in past.select(_ENVELOPE + _CHOSEN, chosen).fetchall():
            event = RecordedEvent(*row)
            yield event._replace(data=from_json(str(event.data)))


_ENVELOPE = f"""
select {", ".join(RecordedEvent._fields).replace("data", "data::json::varchar")} from events
"""


def _moved_cause(cause: str | None, versions: dict[str, Renumbering]) -> str | None:
    """Return a causation id after the change, for one such as ``card-7@3`` follows its event."""
    own = OWN_ID.fullmatch(cause or "")
    if not own or own["stream"] not in versions:
        return cause
    moved, version = versions[own["stream"]], int(own["version"])
    return None if moved.drops(version) else f"{own['stream']}@{moved(version)}"


def _inserted(
    past: Log,
    new: Sequence[Insertion],
    bases: Sequence[int],
    positions: Renumbering,
    versions: dict[str, Renumbering],
    now: datetime,
) -> Iterator[OwnEvent]:
    recorded = _recorded(past, new)
    in_log: Counter[int] = Counter()
    in_stream: Counter[tuple[str, int]] = Counter()
    for (after, stream, event), base in zip(new, bases, strict=True):
        in_log[after] += 1
        in_stream[stream, base] += 1
        yield OwnEvent(
            "inserted",
            after,
            positions(after) + in_log[after],
            stream,
            versions[stream](base) + in_stream[stream, base],
            recorded.get(max(after, 1), now),
            event,
        )


def _recorded(past: Log, new: Iterable[Insertion]) -> dict[int, datetime]:
    """Return when the events before the insertions were recorded; at the beginning, the first."""
    chosen = {"chosen": sorted({max(insertion.after, 1) for insertion in new})}
    if not chosen["chosen"]:
        return {}
    found = past.select(f"select position, recorded_at from events {_CHOSEN}", chosen)
    return dict(found.fetchall())


def _require_free_ids(past: Log, asked: Changes, own: Iterable[OwnEvent]) -> None:
    ids = Counter(one.event.event_id for one in own if one.event.event_id is not None)
    if not ids:
        return
    for event_id, times in ids.items():
        if times > 1:
            raise DuplicateEventError(event_id, f"would stand {times} times in the branch")
    given = {"ids": [event_id for event_id in ids if not OWN_ID.fullmatch(event_id)]}
    for event_id, position in past.select(_TAKEN, given).fetchall():
        if position not in asked.drop and position not in asked.edit:
            raise DuplicateEventError(event_id, f"is that of the event at position {position}")


_TAKEN = "select event_id, position from events where event_id in (select unnest($ids::varchar[]))"
