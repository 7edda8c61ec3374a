"""Who did this: the event that last changed each field of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from eventlab import frames
from eventlab.equality import same
from eventlab.timetravel.names import MOMENT
from eventlab.timetravel.told import one_each

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import Key, TimeTravel

COLUMNS = {
    "field": "str",
    "value": "object",
    "position": "int64",
    "type": "str",
    "actor": "str",
    "reason": "str",
    "occurred_at": frames.UTC_TIME,
}


def blame(projection: TimeTravel, log: Log, key: Key) -> pd.DataFrame:
    """Return one row per field of a living key, as `TimeTravel.blame` says."""
    life = _current_life(projection.changes(log, key))
    fields = [name for name in life if name not in {*projection.key_names, *MOMENT, "alive"}]
    columns = [frames.values(life[name]) for name in fields] if len(life) else []
    positions = life["position"].tolist()
    found = pd.DataFrame(
        {
            "field": fields[: len(columns)],
            "value": pd.Series([values[-1] for values in columns], dtype="object"),
            "position": [positions[_last_change(values)] for values in columns],
        }
    )
    told = found.merge(_envelopes(log, found["position"].tolist()), how="left", on="position")
    return told[list(COLUMNS)].astype(COLUMNS)


def _current_life(changes: pd.DataFrame) -> pd.DataFrame:
    """Return what came after the key's last ending: nothing, if it has not come back since."""
    endings = (~changes["alive"]).to_numpy().nonzero()[0]
    return changes.iloc[endings[-1] + 1 :] if len(endings) else changes


def _last_change(values: list[Any]) -> int:
    """Return the place of the last value that differs from the one before it."""
    place = len(values) - 1
    while place and same(values[place - 1], values[place]):
        place -= 1
    return place


def _envelopes(log: Log, positions: list[int]) -> pd.DataFrame:
    found = log.frame(
        "select position, type, actor, reason, occurred_at from events "
        f"where position in (select unnest($el_wanted::bigint[])) order by {log.order_by}",
        {"el_wanted": positions},
    )
    return one_each(found)
