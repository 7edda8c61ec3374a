import pytest

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine, longlog
from eventlab.widgets.axis import GAP, LEAD, duration, idle_pauses, scale
from eventlab.widgets.past import InWindows
from eventlab.widgets.ticks import labelled
from tests.widgets.test_strip import drawn

DAY = 86_400_000_000
HOUR = DAY // 24


def test_times_stand_in_proportion():
    found = scale([0, DAY, 3 * DAY, 4 * DAY])

    busy = 1 - LEAD
    assert found.gaps == []
    assert found.place([0, DAY, 3 * DAY, 4 * DAY]).tolist() == pytest.approx(
        [LEAD, LEAD + busy / 4, LEAD + busy * 3 / 4, 1]
    )


def test_ten_idle_months_take_three_hundredths_of_the_track_and_say_so():
    """Four days, 300 idle ones, two days: the six days share what is left."""
    times = [0, DAY, 2 * DAY, 4 * DAY, 304 * DAY, 305 * DAY, 306 * DAY]

    found = scale(times)

    day = (1 - LEAD - GAP) / 6
    assert [gap.words for gap in found.gaps] == ["10 months"]
    assert found.gaps[0].high - found.gaps[0].low == pytest.approx(GAP)
    assert found.place([4 * DAY, 304 * DAY, 305 * DAY, 306 * DAY]).tolist() == pytest.approx(
        [LEAD + 4 * day, LEAD + 4 * day + GAP, LEAD + 5 * day + GAP, 1]
    )


def test_what_is_always_so_is_not_idle():
    assert idle_pauses([0, 100 * DAY]) == set()
    assert idle_pauses([n * 30 * DAY for n in range(12)]) == set()  # an event a month, for a year
    nights = [day * DAY + hour * HOUR for day in range(365) for hour in range(8, 20)]
    assert idle_pauses(nights) == set()  # none takes a twentieth of a year


def test_three_nights_are_idle_between_four_busy_days():
    times = [day * DAY + minute * HOUR // 12 for day in range(4) for minute in range(96)]

    assert len(idle_pauses(times)) == 3
    assert {gap.words for gap in scale(times).gaps} == {"16 hours"}


def test_no_more_than_eight_pauses_are_drawn_narrow():
    """Twenty bursts of ten seconds, days apart: the eight longest of the pauses between."""
    times = [n * DAY + second * 1_000_000 for n in range(20) for second in range(10)]

    assert len(idle_pauses(times)) == 8


@pytest.mark.parametrize("times", [[], [DAY], [DAY, DAY]])
def test_without_a_span_all_stand_at_the_end(times):
    assert scale(times).place(times).tolist() == [1.0] * len(times)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (40 * DAY, "40 days"),
        (800 * DAY, "2 years"),
        (400 * DAY, "13 months"),
        (90 * 60_000_000, "90 minutes"),
        (1_000_000, "1 second"),
        (1, "less than a second"),
    ],
)
def test_a_pause_has_its_length_in_words(length, words):
    assert duration(length) == words


def test_texts_do_not_overlap():
    times = [day * DAY + minute * HOUR // 12 for day in range(8) for minute in range(96)]
    gaps = scale(times).gaps
    crowded = [gap for gap in gaps for _ in range(2)]

    assert len(gaps) == 7
    assert labelled(crowded) == labelled(gaps)


@pytest.fixture(scope="module")
def months() -> el.EventStore:
    """Ten days of events, ten idle months, ten days; recorded one a second."""
    ticks = iter(f"2026-02-01T00:00:{second:02}" for second in range(60))
    store = el.EventStore(clock=lambda: next(ticks))
    for day in [*range(1, 11), *range(310, 320)]:
        when = f"2025-{1 + day // 31:02}-{1 + day % 31:02}"
        kind = "CardRedeemed" if day % 3 == 0 else "CardLoaded"
        store.append(f"card-{day % 4}", el.Event(kind, {"amount": day}, occurred_at=when))
    return store


def test_the_track_of_a_clock_shows_the_break_and_where_it_begins_and_ends(months, cards):
    track = drawn(TimeMachine(months, cards), "occurred")

    assert track["lanes"].count('<i class="tm-gap" title="10 months without events"') == 1
    assert ">10 months</span>" in track["lanes"]
    assert "<span>2025-01-02</span><span>2025-11-10</span>" in track["lanes"]
    assert track["label"] == (
        "CardLoaded: 14 events; CardRedeemed: 6 events; "
        "occurred from 2025-01-02 to 2025-11-10; 10 months without events"
    )
    recorded = drawn(TimeMachine(months, cards), "recorded")
    assert "tm-gap" not in recorded["lanes"]
    assert "<span>2026-02-01 00:00</span><span>2026-02-01 00:00:19</span>" in recorded["lanes"]


def test_a_long_log_has_the_same_tracks(months, cards, monkeypatch):
    """DuckDB draws them; here it looks at every stop, and at three marks."""
    marks = {"seals": [3, 10, 20]}
    short = TimeMachine(months, cards, marks=marks)
    monkeypatch.setattr(longlog, "MOST_STEPS", 10)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    long = TimeMachine(months, cards, marks=marks)

    assert isinstance(long._past, InWindows)
    for axis in ("position", "occurred", "recorded"):
        long.axis = axis
        assert drawn(long, axis) == drawn(short, axis)


@pytest.mark.parametrize("most_steps", [3000, 2])
def test_the_end_of_time_is_a_date_as_well(cards, monkeypatch, most_steps):
    """The last microsecond of the year 9999, which a double would round up; read whole and in windows."""
    monkeypatch.setattr(longlog, "MOST_STEPS", most_steps)
    store = el.EventStore(clock=lambda: "2026-02-01")
    for when in ("0001-01-01", "2026-01-01", "9999-12-31T23:59:59.999999"):
        store.append("card-1", el.Event("CardLoaded", {"amount": 1}, occurred_at=when))

    tm = TimeMachine(store, cards, axis="occurred")

    assert "occurred from 0001-01-01 to 9999-12-31" in drawn(tm, "occurred")["label"]
    assert tm.go(time="9999-12-31T23:59:59.999998").position == 2


def test_a_long_log_finds_its_pauses_between_the_stops_it_looks_at(months, cards, monkeypatch):
    monkeypatch.setattr(longlog, "MOST_STEPS", 10)
    monkeypatch.setattr("eventlab.widgets.tracks_of_log.PICKED", 4)
    long = TimeMachine(months, cards, axis="occurred")

    track = drawn(long, "occurred")

    assert track["steps"] == {"start": 0, "unit": 1, "steps": [0, 1, 6, 7, 6]}
    assert "occurred from 2025-01-02 to 2025-11-10; 10 months without events" in track["label"]


def test_the_track_of_a_clock_is_worked_out_when_it_is_asked_for(months, cards, monkeypatch):
    monkeypatch.setattr(longlog, "MOST_STEPS", 10)
    long = TimeMachine(months, cards)

    with pytest.raises(KeyError):
        drawn(long, "occurred")
    long.axis = "occurred"
    assert "tm-gap" in drawn(long, "occurred")["lanes"]


def test_a_time_is_that_of_the_clock_of_the_axis(months, cards):
    tm = TimeMachine(months, cards, axis="recorded", step=0)

    assert tm.go(time="2026-02-01T00:00:03").position == 4
    assert tm.go(time="00:00:05").position == 6
    tm.axis = "position"
    assert tm.go(time="2025-01-05").position == 4


def test_an_axis_that_is_none_is_refused(store, cards):
    with pytest.raises(TimeMachineError, match="give one of position, recorded, occurred"):
        TimeMachine(store, cards, axis="time")


def test_an_empty_log_has_a_track_on_every_axis(cards):
    tm = TimeMachine(el.EventStore(), cards)

    assert [drawn(tm, axis)["label"] for axis in ("position", "occurred", "recorded")] == [""] * 3
