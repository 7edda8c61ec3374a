"""All histories at once, each state as the interval in which it held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventlab import frames
from eventlab.timetravel.names import MOMENT

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel


def lifetimes(projection: TimeTravel, log: Log) -> pd.DataFrame:
    """Return one row per state that a key was in, as `TimeTravel.lifetimes` says."""
    changes = projection.changes(log)
    keys, clock = list(projection.key_names), clock_of(log)
    following = changes.groupby(keys, sort=False, dropna=False)[["position", clock]].shift(-1)
    rows = changes[keys].assign(
        valid_from=changes["position"],
        valid_until=following["position"].astype("Int64"),
        from_time=changes[clock],
        until_time=following[clock],
    )
    living = changes.drop(columns=[*keys, *MOMENT, "alive"])[changes["alive"]]
    if living.empty:  # no value says what type the fields have; the state of nothing does
        living = projection(log.until(position=0)).drop(columns="position").reset_index(drop=True)
        fields = {str(name): living[name].array for name in living}
    else:
        fields = {str(name): frames.column(frames.values(living[name])).array for name in living}
    rows = rows[changes["alive"]].assign(**fields)
    # Of events that upcasters made of one only the state after the last held at any cut.
    held = (rows["valid_until"] != rows["valid_from"]).fillna(True)
    return rows[held].reset_index(drop=True)


def clock_of(log: Log) -> str:
    """Return the clock in whose order a log is folded."""
    return "occurred_at" if log.cut.by_occurrence else "recorded_at"
