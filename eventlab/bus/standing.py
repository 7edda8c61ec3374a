"""Where consumers stand: the frame of `Bus.lag`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from eventlab.bus.delivery import Delivery
from eventlab.store import EventStore
from eventlab.store.consumer_tables import ConsumerTables, Kept

COLUMNS = {
    "consumer": "str",
    "types": "str",
    "checkpoint": "int64",
    "lag": "int64",
    "parked": "int64",
    "state": "str",
    "error": "str",
}


def standing(
    store: EventStore, tables: ConsumerTables, deliveries: Mapping[str, Delivery]
) -> pd.DataFrame:
    """Return a row for every consumer that has a checkpoint, registered or not."""
    parked, head = tables.parked(), store.head
    rows = []
    for kept in tables.kept().values():
        delivery, lag = deliveries.get(kept.consumer), _lag(store, kept)
        trouble = delivery.trouble if delivery else None
        rows.append(
            {
                "consumer": kept.consumer,
                "types": ", ".join(kept.types),
                "checkpoint": kept.checkpoint,
                "lag": lag,
                "parked": parked.get(kept.consumer, 0),
                "state": _state(delivery, lag, beyond=kept.checkpoint > head),
                "error": trouble.error if trouble else None,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _lag(store: EventStore, kept: Kept) -> int:
    log: Any = store.since(position=kept.checkpoint + 1)
    return len(log.only(*kept.types) if kept.types else log)


def _state(delivery: Delivery | None, lag: int, *, beyond: bool) -> str:
    if beyond:
        return "beyond the log"
    if delivery is None:
        return "not registered"
    if delivery.stopped:
        return "stopped"
    if delivery.trouble:
        return "retrying"
    return "behind" if lag else "up to date"
