"""All histories at once, each state as the interval in which it held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventlab.timetravel.names import MOMENT

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

INTERVAL = ("valid_from", "valid_until", "from_time", "until_time")


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
    fields = changes.drop(columns=[*keys, *MOMENT, "alive"])
    return pd.concat([rows, fields], axis="columns")[changes["alive"]].reset_index(drop=True)


def clock_of(log: Log) -> str:
    """Return the clock in whose order a log is folded."""
    return "occurred_at" if log.cut.by_occurrence else "recorded_at"
