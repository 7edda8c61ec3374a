import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.widgets import TimeMachine, longlog
from tests.examples import examples
from tests.widgets.conftest import HOSTILE

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["card-1", "card-2"]),
        st.sampled_from(["CardLoaded", "CardRedeemed", "CardClosed", "Looked"]),
        st.fixed_dictionaries(
            {}, optional={"amount": st.integers(0, 1), "holder": st.sampled_from("ab")}
        ),
    ),
    min_size=1,
    max_size=12,
)


def blamed(tm: TimeMachine, step: int) -> list[tuple[str, str, str]]:
    """What stands beside a step: field, value and position of the event that set it."""
    page = tm._past.pages_at(step)
    return rows_of(page._book.frame(step - page.first)["blame"])


def rows_of(html: str) -> list[tuple[str, ...]]:
    rows = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in html.split("<tr")[1:])
    return [tuple(unescape(re.sub("<[^>]*>", "", cell)) for cell in row) for row in rows]


def test_beside_a_step_stands_who_set_each_field(store, cards):
    tm = TimeMachine(store, cards, key="card-1")

    assert blamed(tm, 2) == [
        ("card-1",),
        ("balance", "15", "3", "CardRedeemed"),
        ("holder", "Ana", "1", "CardLoaded"),
    ]


def test_of_a_whole_log_it_is_the_key_just_touched(store, cards):
    tm = TimeMachine(store, cards)

    assert blamed(tm, 2)[0] == ("card-2",)
    assert blamed(tm, 3)[0] == ("card-1",)
    assert blamed(tm, 4) == [("no key lives here",)]  # card-2 was closed


@examples(5)
@given(EVENTS)
def test_it_says_at_every_step_what_blame_says(events):
    store = el.EventStore(clock=lambda: "2026-02-01")
    cards = el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        holder=el.last("holder"),
        ends_with="CardClosed",
    )
    for stream, kind, data in events:
        store.append(stream, el.Event(kind, data))
    key = events[0][0]
    tm = TimeMachine(store, cards, key=key)

    for step in range(1, tm.last + 1):
        position = tm._past.pages.event(step).position
        expected = cards.blame(store.until(position=position), key)["position"].tolist()
        assert [int(row[2]) for row in blamed(tm, step)[1:] if len(row) > 2] == expected


def test_in_the_midst_of_a_long_log_what_came_before_is_only_known_to_be_earlier(
    cards, monkeypatch
):
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    monkeypatch.setattr("eventlab.widgets.past.GLANCE", 8)
    store = el.EventStore()
    store.append("card-1", el.Event("CardLoaded", {"amount": 5, "holder": "Ana"}))
    for _ in range(30):
        store.append("card-1", el.Event("CardLoaded", {"amount": 5}))

    tm = TimeMachine(store, cards)

    assert blamed(tm, 31) == [
        ("card-1",),
        ("balance", "155", "31", "CardLoaded"),
        ("holder", "Ana", "earlier"),
    ]


def test_where_events_are_passed_without_a_stop_no_one_is_blamed(store, cards):
    tm = TimeMachine(store, cards, max_steps=2)

    assert tm._past.pages._book.slots == ["line", "caption", "state", "event", "cut"]


@pytest.mark.parametrize("key", [None, "card-1"])
def test_the_code_gives_the_frame_of_the_step(store, cards, key):
    tm = TimeMachine(store, cards, key=key)

    before, after, _ = tm._past._code
    for step in range(tm.last + 1):
        code = before + tm._past.pages._book.frame(step)["cut"] + after
        found = eval(code, {"cards": cards, "log": store})
        assert_frame_equal(found, tm.frame(step))


def test_a_key_of_several_parts_is_written_as_python(store):
    by_day = el.Projection("by_day", key=["stream", "type"], events=el.count())
    tm = TimeMachine(store, by_day, key=("card-1", "CardLoaded"))

    before, after, _ = tm._past._code
    found = eval(before + "4" + after, {"by_day": by_day, "log": store})

    assert before + "4" + after == (
        "by_day(log.until(position=4)).loc[lambda state: state.index.isin([('card-1', 'CardLoaded')])]"
    )
    assert found["events"].tolist() == [1]


def test_a_projection_shows_its_sql_and_a_lambda_has_a_name_that_fits(store, cards):
    assert TimeMachine(store, cards)._past._code.sql == cards.sql
    anonymous = TimeMachine(store, lambda log: cards(log))
    assert anonymous._past._code.before == "projection(log.until(position="


def test_in_order_of_occurrence_there_is_no_position_to_write_down(cards):
    store = el.EventStore()
    for when in ("2026-01-02", "2026-01-01"):
        store.append("card-1", el.Event("CardLoaded", {"amount": 1}, occurred_at=when))

    tm = TimeMachine(store.until(occurred="2026-01-03"), cards)

    assert tm._past._code is None
    assert "cut" not in tm._past.pages._book.slots


def test_hostile_names_are_escaped_in_every_part(hostile, said):
    tm = TimeMachine(hostile, said, marks=dict.fromkeys(HOSTILE, 1))

    tracks = [tm._past.tracks.on(axis) for axis in ("position", "occurred", "recorded")]
    parts = [*(track["names"] + track["lanes"] for track in tracks), tm._past.pages._beside.html()]
    frames = [tm._past.pages._book.frame(step) for step in range(tm.last + 1)]
    written = "".join([*parts, *(frame["blame"] for frame in frames)])
    assert not [text for text in HOSTILE[:3] if text in written]


def test_the_static_picture_knows_nothing_of_what_stands_beside_it(store, cards):
    html = TimeMachine(store, cards).html()

    assert 'data-slot="blame"' not in html
    assert "tm-beside" not in html
