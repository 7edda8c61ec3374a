"""Does every way to say a moment mean the same moment in UTC, and what is no moment?"""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlab.errors import InvalidEvent
from eventlab.times import now, utc

NOON = dt.datetime.fromisoformat("2026-01-31T12:00")


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-31T12:00:00",
        "2026-01-31 12:00",
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.000000+00:00",
        "2026-01-31T13:00+01:00",
        "2026-01-31T07:00:00-05:00",
        "20260131T120000Z",
        NOON,
        NOON.replace(tzinfo=dt.UTC),
        dt.datetime(2026, 1, 31, 17, 30, tzinfo=ZoneInfo("Asia/Kolkata")),
        pd.Timestamp("2026-01-31 12:00"),
        pd.Timestamp("2026-01-31 13:00", tz="Europe/Berlin"),
        np.datetime64("2026-01-31T12"),
        np.datetime64("2026-01-31T12:00:00", "ns"),
    ],
    ids=repr,
)
def test_every_way_to_say_a_moment_means_the_same(moment):
    assert utc(moment) == NOON
    assert utc(moment).tzinfo is None
    assert type(utc(moment)) is dt.datetime


@pytest.mark.parametrize("day", ["2026-01-31", "20260131", dt.date(2026, 1, 31)], ids=repr)
def test_a_day_begins_at_midnight_utc(day):
    assert utc(day).isoformat() == "2026-01-31T00:00:00"


def test_an_hour_that_happens_twice_is_told_apart_by_its_fold():
    berlin = ZoneInfo("Europe/Berlin")

    summer = dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0)
    winter = dt.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)

    assert utc(summer).isoformat() == "2026-10-25T00:30:00"
    assert utc(winter).isoformat() == "2026-10-25T01:30:00"


@given(moment=st.datetimes())
def test_microseconds_are_kept(moment):
    assert utc(moment) == moment
    assert utc(pd.Timestamp(moment)) == moment
    assert utc(moment.isoformat()) == moment


@pytest.mark.parametrize(
    ("moment", "spoken"),
    [
        ("soon", "is not a time: write it as '2026-01-31' or '2026-01-31T12:00:00Z'"),
        ("", "is not a time"),
        ("2026-02-30", "is not a time"),
        ("2026-01-31T25:00", "is not a time"),
        ("2026-01-31T", "is not a time"),
        ("2026-01-31T12:00 Nowhere/City", "is not a time"),
        ("2026", "is not a time"),
        ("2026-01", "is not a time"),
        ("12:30", "is not a time"),  # today's, says pandas
        ("today", "is not a time"),
        ("now", "is not a time"),
        ("01/02/2026", "is not a time"),  # the second of January, says pandas
        ("31.01.2026", "is not a time"),
        ("2026Q1", "is not a time"),
        (None, "is a NoneType, not a time: give a datetime, a date or a text such as"),
        (2026, "is a int, not a time"),
        (1.5, "is a float, not a time"),
        (True, "is a bool, not a time"),
        (dt.time(12), "not a time: give a datetime"),
        (dt.timedelta(1), "is a timedelta, not a time"),
        (pd.NaT, "is missing: leave it out or give a time"),
        (np.datetime64("NaT", "us"), "is missing"),
        (
            "2026-01-31T12:00:00.0000001",
            "has nanoseconds, and a store keeps microseconds: round it",
        ),
        (pd.Timestamp("2026-01-31T12:00:00.000000001"), "has nanoseconds"),
        (np.datetime64("2026-01-31T12:00:00.000000001"), "has nanoseconds"),
        ("0001-01-01T00:00+01:00", "lies outside the years 1 to 9999 of UTC"),
        (dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=1))), "lies outside"),
        (np.datetime64("10000-01-01"), "lies outside the years 1 to 9999"),
        (np.datetime64("-0044-03-15"), "lies outside"),
    ],
    ids=repr,
)
def test_what_is_no_moment_is_refused_by_the_name_of_its_role(moment, spoken):
    with pytest.raises(InvalidEvent, match=f"^seen_at=.*{spoken}"):
        utc(moment, "seen_at")


def test_now_is_the_present_in_utc():
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)

    moment = now()

    assert before <= moment <= dt.datetime.now(dt.UTC).replace(tzinfo=None)
