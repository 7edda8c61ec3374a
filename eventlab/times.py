"""Moments in, UTC out: the one place where time is understood.

Inside the package a moment is a naive UTC ``datetime`` with microseconds, as DuckDB's ``TIMESTAMP``
keeps it. Naive input is taken as UTC; input with a zone is converted.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from eventlab.errors import InvalidEvent
from eventlab.errors.family import short

Moment = str | date | datetime | pd.Timestamp | np.datetime64

# pandas also reads "12:30" and "today" by the clock on the wall, and "01/02/2026" in the American order.
_ISO = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}([T ].+)?")


def utc(moment: Moment, role: str = "time") -> datetime:
    """Return a moment as naive UTC with microseconds.

    Raises
    ------
    InvalidEvent
        When the text is no ISO 8601 date or time, or the moment has digits finer than a microsecond
        or lies outside the years 1 to 9999.

    Examples
    --------
    >>> utc("2026-01-31T12:00:00+01:00")
    datetime.datetime(2026, 1, 31, 11, 0)
    >>> utc("2026-01-31")
    datetime.datetime(2026, 1, 31, 0, 0)
    """
    if type(moment) is datetime:
        return _without_zone(moment, role)
    stamp = _stamp(moment, role)
    if stamp.nanosecond:
        raise InvalidEvent(
            f"{role}={moment!r} has nanoseconds, and a store keeps microseconds: round it first."
        )
    if not 1 <= stamp.year <= 9999:
        raise _out_of_range(stamp, role)
    return _without_zone(stamp.to_pydatetime(warn=False), role)


def _stamp(moment: Moment, role: str) -> pd.Timestamp:
    if not isinstance(moment, str | date | np.datetime64):
        raise InvalidEvent(
            f"{role}={short(moment)} is a {type(moment).__name__}, not a time: "
            "give a datetime, a date or a text such as '2026-01-31T12:00:00Z'."
        )
    if isinstance(moment, str) and not _ISO.fullmatch(moment):
        raise _not_a_time(moment, role)
    try:
        stamp = pd.Timestamp(moment)
    except (ValueError, OverflowError) as error:
        raise _not_a_time(moment, role) from error
    if pd.isna(stamp):
        raise InvalidEvent(f"{role}={moment!r} is missing: leave it out or give a time.")
    return stamp


def _not_a_time(moment: Moment, role: str) -> InvalidEvent:
    return InvalidEvent(
        f"{role}={moment!r} is not a time: write it as '2026-01-31' or '2026-01-31T12:00:00Z'."
    )


def _without_zone(moment: datetime, role: str) -> datetime:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise _out_of_range(moment, role) from error


def _out_of_range(moment: datetime, role: str) -> InvalidEvent:
    return InvalidEvent(f"{role}={str(moment)!r} lies outside the years 1 to 9999 of UTC.")


def now() -> datetime:
    """Return the present as naive UTC; the clock of a store that was given none."""
    return datetime.now(UTC).replace(tzinfo=None)
