"""What lies before each consumer of a bus? The fold of a `Recording`: one row per consumer.

Pure functions of a state and an event of the recording; knows nothing of buses, and nothing of drawings.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.projections import Fold

State = dict[str, Any]


def _consumers(event: RecordedEvent) -> list[Any]:
    return list(event.data.get("consumers", [event.stream]))


def _stands(state: State, event: RecordedEvent) -> State:
    """Take up what lies behind a checkpoint; of who was sent back, all of it comes again."""
    waiting = event.data["waiting"]
    again = [name for name in waiting if event.type == "SentBack"]
    return state | {"checkpoint": event.data["checkpoint"], "waiting": waiting, "lost": again}


def _appended(state: State, event: RecordedEvent) -> State:
    return state | {"waiting": [*state["waiting"], event.data["event"]]}


def _kept(state: State, event: RecordedEvent) -> State:
    checkpoint = event.data["checkpoint"]
    done = [name for name in state["done"] if position_of(name) > checkpoint]
    return state | {"checkpoint": checkpoint, "done": done}


def _handled(state: State, event: RecordedEvent) -> State:
    state, name = _ran(_with_effects(state, event), event), event.data["event"]
    now = (
        {name} if position_of(name) > state["checkpoint"] else set()
    )  # a dead letter lies before it
    done = sorted({*state["done"], *now}, key=position_of)
    return _without(state, name, "waiting", "parked", "lost") | {"done": done}


def _duplicated(state: State, event: RecordedEvent) -> State:
    """Count a run after which the same event is handled once more."""
    lost = [*state["lost"], event.data["event"]]
    return _struck(_ran(state, event), event) | {"lost": lost}


def _crashed(state: State, event: RecordedEvent) -> State:
    """Forget what was done since the checkpoint: all of it comes again."""
    waiting = sorted({*state["done"], *state["waiting"]}, key=position_of)
    lost = sorted({*state["done"], *state["lost"]}, key=position_of)
    return _struck(state, event) | {"waiting": waiting, "done": [], "lost": lost}


def _parked(state: State, event: RecordedEvent) -> State:
    name = event.data["event"]
    parked = sorted({*state["parked"], name}, key=position_of)
    return _without(_struck(state, event), name, "waiting") | {"parked": parked}


def _struck(state: State, event: RecordedEvent) -> State:
    """Count what went wrong, and what the handler appended all the same."""
    struck = Counter(state["struck"]) + Counter([event.type])
    return _with_effects(state, event) | {"struck": dict(struck)}


def _ran(state: State, event: RecordedEvent) -> State:
    again = event.data["event"] in (*state["lost"], *state["done"])
    counts = {"runs": state["runs"] + 1, "again": state["again"] + again}
    return state | counts


def _with_effects(state: State, event: RecordedEvent) -> State:
    effects = Counter(state["effects"]) + Counter(event.data["effects"])
    return state | {"effects": dict(effects)}


def _without(state: State, name: str, *places: str) -> State:
    return state | {place: [other for other in state[place] if other != name] for place in places}


def position_of(name: str) -> int:
    """Return where in the log an event lies that is written as ``"5 OrderPlaced"``."""
    return int(name.partition(" ")[0])


queues = Fold(
    {
        "Subscribed": _stands,
        "SentBack": _stands,
        "Appended": _appended,
        "CheckpointKept": _kept,
        "Handled": _handled,
        "Duplicated": _duplicated,
        "Crashed": _crashed,
        "Parked": _parked,
        **dict.fromkeys(("Failed", "Dropped", "Delayed", "Overtaken", "Stopped"), _struck),
    },
    initial={
        "checkpoint": 0,
        "done": [],
        "waiting": [],
        "parked": [],
        "lost": [],
        "runs": 0,
        "again": 0,
        "effects": {},
        "struck": {},
    },
    name="queues",
    key=_consumers,
    key_names="consumer",
)
"""What lies before each consumer: a projection of a `Recording`, one row per consumer.

``checkpoint`` is the one kept in the file. Of events such as ``"5 OrderPlaced"`` there are those ``done``
since, which come again after a crash, those ``waiting``, those ``parked`` as dead letters, and those whose
handling was ``lost``, so that they come again. The handler ``runs`` to its end so often, so many of these
``again`` for the same event; ``effects`` counts what it appended, by type, and ``struck`` what went wrong.
"""
