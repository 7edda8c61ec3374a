"""Where a target stands in the log, by what it holds itself: for targets that get every event exactly once.

The last message there must be an event of this log, or the target is another's, or the log is older than it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from eventlab.checks import is_whole
from eventlab.errors import ForeignTarget
from eventlab.outbox.messages import Message, rfc3339
from eventlab.store.log import Log


class Place(NamedTuple):
    """A position in the log, and 2, 3 … for further events that an upcaster made of the one there, else 0."""

    position: int
    part: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Place:
        """Return where a message belongs."""
        return cls(told["position"], told.get("part", 0))


def parsed(text: bytes | str) -> Message | None:
    """Return the message that a text holds; None where it holds something else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if _is_message(found) else None


def require_same_event(where: str, found: Message, told: Message) -> None:
    """Refuse a target that holds another event in the place of this one; old events may look new by now."""
    for name in ("source", "id", "recordedtime"):
        if found[name] != told[name]:
            raise ForeignTarget.another_event(
                where, found["position"], name, found[name], told[name]
            )


def require_of_log(where: str, last: Message, source: str, log: Log) -> None:
    """Refuse a target whose last message is no event of this log."""
    position = last["position"]
    there = log.since(position=position).until(position=position).events(raw=True)
    if there.empty:
        raise ForeignTarget.ahead(where, position, log.head)
    [(event_id, recorded_at)] = there[["event_id", "recorded_at"]].itertuples(index=False)
    stored = {
        "source": source,
        "id": f"{event_id}/{last['part']}" if "part" in last else event_id,
        "recordedtime": rfc3339(recorded_at.tz_localize(None).to_pydatetime()),
    }
    require_same_event(where, last, stored)


def _is_message(found: object) -> bool:
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(name), str) for name in ("id", "source", "recordedtime"))
        and is_whole(found.get("position"), least=1)
        and is_whole(found.get("part", 2), least=2)
    )
