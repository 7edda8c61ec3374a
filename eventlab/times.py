"""Moments in, UTC out: the one place where time is understood.

Inside the package a moment is a naive UTC ``datetime`` with microseconds, as DuckDB's ``TIMESTAMP``
keeps it. Naive input is taken as UTC; input with a zone is converted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from eventlab.errors import InvalidEvent

Moment = str | date | datetime | pd.Timestamp | np.datetime64


def utc(moment: Moment, role: str = "time") -> datetime:
    """Return a moment as naive UTC with microseconds.

    Raises
    ------
    InvalidEvent
        When the text is no time, or the moment has digits finer than a microsecond.

    Examples
    --------
    >>> utc("2026-01-31T12:00:00+01:00")
    datetime.datetime(2026, 1, 31, 11, 0)
    >>> utc("2026-01-31")
    datetime.datetime(2026, 1, 31, 0, 0)
    """
    if isinstance(moment, datetime) and not isinstance(moment, pd.Timestamp):
        return _without_zone(moment)
    stamp = _stamp(moment, role)
    if stamp.nanosecond:
        raise InvalidEvent(
            f"{role}={moment!r} has nanoseconds, and a store keeps microseconds: round it first."
        )
    return _without_zone(stamp.to_pydatetime(warn=False))


def _stamp(moment: Moment, role: str) -> pd.Timestamp:
    if not isinstance(moment, str | date | np.datetime64):
        raise InvalidEvent(
            f"{role}={moment!r} is a {type(moment).__name__}, not a time: "
            "give a datetime, a date or a text such as '2026-01-31T12:00:00Z'."
        )
    try:
        stamp = pd.Timestamp(moment)
    except (ValueError, OverflowError) as error:
        raise InvalidEvent(
            f"{role}={moment!r} is not a time: write it as '2026-01-31' or '2026-01-31T12:00:00Z'."
        ) from error
    if pd.isna(stamp):
        raise InvalidEvent(f"{role}={moment!r} is missing: leave it out or give a time.")
    return stamp


def _without_zone(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None)


def now() -> datetime:
    """Return the present as naive UTC; the clock of a store that was given none."""
    return datetime.now(UTC).replace(tzinfo=None)
