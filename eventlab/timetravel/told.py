"""Who did it, where several events share a position because upcasters made them of one stored event."""

from __future__ import annotations

import pandas as pd


def one_each(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row per position of events in fold order; of those that share one all types are named.

    Examples
    --------
    >>> events = pd.DataFrame({"position": [1, 2, 2], "type": ["Loaded", "Sent", "Received"]})
    >>> one_each(events)["type"].tolist()
    ['Loaded', 'Sent + Received']
    """
    if not events["position"].duplicated().any():
        return events
    types = events.groupby("position")["type"].agg(" + ".join)
    first = events.drop_duplicates("position")
    return first.assign(type=first["position"].map(types).astype("str"))
