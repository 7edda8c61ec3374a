"""The past of many keys at once, and where each row of a frame stands in it.

All changes of a log are folded once; a row is then answered by the place of one change. With two clocks
that goes as long as nothing was recorded late in between, which this module finds out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventlab import frames
from eventlab.frames import taken
from eventlab.timetravel.names import MOMENT

if TYPE_CHECKING:
    from eventlab.store.log import Log
    from eventlab.timetravel.protocol import TimeTravel

NEVER = np.iinfo("int64").max


@dataclass(frozen=True)
class Past:
    """All changes of a log in fold order, a number for the key of each, and for the key of each row."""

    changes: pd.DataFrame
    keys: Any
    asked: Any

    @classmethod
    def of(cls, projection: TimeTravel, log: Log, rows: pd.DataFrame) -> Past:
        """Return the past of the keys that a frame's rows name."""
        changes = projection.changes(log)
        names = list(projection.key_names)
        codes = _codes(changes[names], rows)
        return cls(changes.drop(columns=names), codes[: len(changes)], codes[len(changes) :])

    def reading(self, clock: str) -> Any:
        """Return what a clock showed at each change, as whole numbers."""
        return numbers(self.changes[clock])

    def latest(self, reading: Any, asked: Any) -> Any:
        """Return for each row the place of its key's last change up to a reading, -1 before the first.

        The reading must not decrease along the changes of a key.
        """
        known = pd.DataFrame({"key": self.keys, "reading": reading, "place": range(len(self.keys))})
        rows = pd.DataFrame({"key": self.asked, "reading": asked, "row": range(len(self.asked))})
        met = pd.merge_asof(
            rows.sort_values("reading", kind="stable"),
            known.sort_values("reading", kind="stable"),
            on="reading",
            by="key",
        )
        return met.sort_values("row")["place"].fillna(-1).to_numpy("int64")

    def known(self, clock: str, known: Any, happened: Any) -> tuple[Any, Any]:
        """Return the places for both clocks, and for which rows they are right.

        What was known then of what had happened by then is the beginning of the key's changes in order
        of occurrence, unless a change in its midst was recorded later: then the states behind it
        were others, and have to be folded anew.
        """
        if self.changes.empty:
            return np.full(len(self.asked), -1), np.full(len(self.asked), True)
        recorded = pd.Series(self.reading(clock))
        by_key = recorded.groupby(self.keys)
        happened_by = self.latest(self.reading("occurred_at"), happened)
        all_known = self.latest(by_key.cummax().to_numpy(), known)
        nothing_later = recorded[::-1].groupby(self.keys[::-1]).cummin()[::-1].to_numpy()
        unknown = self._next(all_known)
        earliest = np.where(unknown < 0, NEVER, nothing_later[unknown])
        sure = (happened_by <= all_known) | (earliest > known)
        return np.minimum(happened_by, all_known), sure

    def states(self, places: Any) -> pd.DataFrame:
        """Return fields and position at some places; missing at -1, and where the key had ended."""
        alive = np.append(self.changes["alive"].to_numpy(bool), False)
        places = np.where(alive[places], places, -1)
        fields = self.changes.drop(columns=[*MOMENT, "alive"])
        columns = {**fields, "position": self.changes["position"]}
        return pd.DataFrame({str(name): taken(c, places) for name, c in columns.items()})

    def _next(self, places: Any) -> Any:
        """Return for each row the change of its key behind a place, -1 if there is none."""
        order = pd.Series(np.arange(len(self.keys)))
        following = order.groupby(self.keys).shift(-1).fillna(-1).to_numpy("int64")
        first = order.groupby(self.keys).first().reindex(self.asked, fill_value=-1).to_numpy()
        return np.where(places < 0, first, following[places])


def numbers(column: pd.Series[Any]) -> Any:
    """Return positions as they are, and times as microseconds.

    What is finer than a microsecond is cut off, so that no row sees a later event.
    """
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.to_numpy("int64")
    return column.dt.floor("us").astype(frames.UTC_TIME).astype("int64").to_numpy()


def _codes(known: pd.DataFrame, asked: pd.DataFrame) -> Any:
    """Return a number for each key, the same for the same key in both frames."""
    columns = [
        [*frames.values(one), *frames.values(other)]
        for (_, one), (_, other) in zip(known.items(), asked.items(), strict=True)
    ]
    keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    codes: dict[Any, int] = {}
    return np.fromiter((codes.setdefault(key, len(codes)) for key in keys), "int64", len(keys))
