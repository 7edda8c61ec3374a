"""What makes an event, before the store has it and after?"""

import dataclasses
import datetime as dt

import pytest

import eventlab as el
from eventlab.errors import EventLabError, InvalidEvent
from eventlab.event import category


def test_an_event_needs_no_more_than_a_type():
    event = el.Event("CardClosed")

    assert event.type == "CardClosed"
    assert event.data == {}
    assert event.occurred_at is None
    assert event.actor is event.reason is event.event_id is event.tags is event.schema is None


def test_an_event_cannot_be_changed():
    event = el.Event("CardLoaded", {"amount": 20})

    with pytest.raises(dataclasses.FrozenInstanceError):
        event.type = "CardRedeemed"


def test_events_are_equal_by_what_they_say():
    one = el.Event("CardLoaded", {"amount": 20}, occurred_at="2026-01-31")
    same = el.Event("CardLoaded", {"amount": 20}, occurred_at=dt.date(2026, 1, 31))

    assert one == same
    assert one != el.Event("CardLoaded", {"amount": 21}, occurred_at="2026-01-31")


def test_an_event_takes_its_time_in_utc():
    event = el.Event("CardLoaded", occurred_at="2026-01-31T12:00:00+02:00")

    assert event.occurred_at.isoformat() == "2026-01-31T10:00:00"


def test_an_event_shows_what_was_given_and_can_be_pasted_back():
    event = el.Event(
        "CardLoaded",
        {"amount": 20},
        actor="ana",
        occurred_at="2026-01-31T12:00",
        tags=["gift"],
        schema=2,
    )

    assert repr(event) == (
        "Event('CardLoaded', {'amount': 20}, actor='ana', "
        "occurred_at=datetime.datetime(2026, 1, 31, 12, 0), tags=['gift'], schema=2)"
    )
    assert eval(repr(event), {"Event": el.Event, "datetime": dt}) == event
    assert repr(el.Event("CardClosed")) == "Event('CardClosed', {})"


@pytest.mark.parametrize(
    ("given", "spoken"),
    [
        ({"type": ""}, "type is empty: give it a name"),
        ({"type": None}, "type=None is a NoneType: give it as text"),
        ({"type": 7}, "type=7 is a int: give it as text"),
        ({"type": "\ud800"}, "not valid Unicode: repair it first"),
        ({"actor": 7}, "actor=7 is a int: give it as text"),
        ({"reason": b"x"}, "reason=b'x' is a bytes: give it as text"),
        ({"correlation_id": 1}, "correlation_id=1 is a int"),
        ({"causation_id": "\udfff"}, "causation_id='.udfff' is not valid Unicode"),
        ({"event_id": ""}, "event_id is empty: give it a name"),
        ({"event_id": 7}, "event_id=7 is a int"),
        ({"tags": "gift"}, r"tags='gift' is no list: give a list of texts, such as \['urgent'\]"),
        ({"tags": {"gift"}}, "is no list"),
        ({"tags": ["gift", 7]}, "tag=7 is a int"),
        ({"tags": [""]}, "tag is empty"),
        ({"schema": 0}, "schema=0 is no shape number: schemas count 1, 2, 3"),
        ({"schema": True}, "schema=True is no shape number"),
        ({"schema": 2**31}, "is no shape number"),
        ({"schema": "1"}, "is no shape number"),
        ({"occurred_at": "soon"}, "occurred_at='soon' is not a time: write it as '2026-01-31'"),
        ({"occurred_at": 2026}, "occurred_at=2026 is a int, not a time"),
    ],
    ids=repr,
)
def test_an_event_that_could_not_be_stored_is_refused_when_it_is_made(given, spoken):
    with pytest.raises(InvalidEvent, match=spoken) as caught:
        el.Event(**{"type": "CardLoaded", **given})

    assert isinstance(caught.value, EventLabError)
    assert isinstance(caught.value, ValueError)


def test_an_empty_reason_is_a_reason(store_with):
    [event] = store_with(el.Event("CardLoaded", actor="", reason="", tags=[]))

    assert (event.actor, event.reason, event.tags) == ("", "", [])


def test_tags_are_kept_in_order_and_as_a_list(store_with):
    [event] = store_with(el.Event("CardLoaded", tags=("spring", "gift", "spring")))

    assert event.tags == ["spring", "gift", "spring"]


def test_a_recorded_event_reads_aloud(store_with):
    [event] = store_with(el.Event("CardLoaded", {"amount": 20}, occurred_at="2026-01-31T12:00"))

    assert repr(event) == "<1 card-7@1 CardLoaded 2026-01-31 12:00:00 {'amount': 20}>"
    assert event.category == "card"


@pytest.fixture
def store_with():
    def append(*events):
        store = el.EventStore()
        store.append("card-7", events)
        return store

    return append


@pytest.mark.parametrize(
    ("stream", "name"),
    [("card-7", "card"), ("ledger", "ledger"), ("a-b-c", "a"), ("-x", ""), ("a–b", "a–b")],
)
def test_a_category_is_the_text_before_the_first_hyphen(stream, name):
    store = el.EventStore()
    store.append(stream, el.Event("Opened"))

    assert category(stream) == name
    assert store.streams()["category"].tolist() == [name]
    assert len(store.category(name)) == 1


HUGE = 10**5000  # Python refuses to spell integers of more than 4,300 digits


ASKED = {
    "a field": lambda store: el.Event("CardLoaded", {"amount": HUGE}),
    "a key deep inside": lambda store: el.Event("CardLoaded", {"amount": [{HUGE: 1}]}),
    "a key": lambda store: el.Event("CardLoaded", {HUGE: 1}),
    "a schema": lambda store: el.Event("CardLoaded", schema=HUGE),
    "an actor": lambda store: el.Event("CardLoaded", actor=HUGE),
    "a time": lambda store: el.Event("CardLoaded", occurred_at=HUGE),
    "an expectation": lambda store: store.append("card-7", el.Event("CardLoaded"), expected=HUGE),
    "an event": lambda store: store.append("card-7", [HUGE]),
    "a condition": lambda store: el.Condition(el.Query("CardLoaded"), after=HUGE),
    "a position": lambda store: store.until(position=HUGE),
    "a stream": lambda store: store.stream(HUGE),
    "a branch": lambda store: store.branch(at=HUGE),
    "an edit": lambda store: store.branch(edit={1: [HUGE]}),
    "a cell": lambda store: el.read_table([{"s": "a", "t": "b", "x": HUGE}], stream="s", type="t"),
    "a name in a table": lambda store: el.read_table([{"s": HUGE, "t": "b"}], stream="s", type="t"),
    "a row": lambda store: el.read_table([HUGE], stream="s", type="t"),
    "commits": lambda store: el.read_git(".", max_commits=HUGE),
    "an interval": lambda store: el.Snapshots(store, el.Projection("n", n=el.count()), every=HUGE),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_number_too_long_to_be_spelled_is_refused_in_a_sentence(ask):
    store = el.EventStore()
    store.append("card-7", el.Event("CardLoaded"))

    with pytest.raises(EventLabError) as refused:
        ask(store)

    assert len(str(refused.value)) < 700
    assert len(store) == 1
