import pytest

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine, longlog
from eventlab.widgets.past import InWindows
from tests.widgets.conftest import loaded

# Positions of the store: 1 loads card-1, 2 loads card-2, 3 redeems card-1, 4 closes card-2; ana loads.


@pytest.mark.parametrize(
    ("names", "stops"),
    [
        ({"types": "CardLoaded"}, [1, 2]),
        ({"types": ["CardClosed", "CardLoaded"]}, [1, 2, 4]),
        ({"streams": ["card-1"]}, [1, 3]),
        ({"actors": "ana"}, [1, 2]),
        ({"types": "CardLoaded", "streams": "card-2"}, [2]),
        ({"types": "CardClosed", "streams": "card-1"}, []),
        ({}, [1, 2, 3, 4]),
    ],
)
def test_the_slider_stops_at_the_events_that_are_left(store, cards, names, stops):
    tm = TimeMachine(store, cards)

    assert tm.filter(**names) == len(stops)

    for step in range(5):
        tm.step = step
        assert tm.step == max((stop for stop in stops if stop <= step), default=0)


def test_the_state_at_a_stop_is_that_of_the_whole_log(store, cards):
    tm = TimeMachine(store, cards)

    tm.filter(types="CardClosed")

    assert tm.frame()["balance"].to_dict() == {"card-1": 15}
    assert [event.position for event in tm.log] == [1, 2, 3, 4]


def test_a_filter_moves_the_slider_to_the_last_stop_before(store, cards):
    tm = TimeMachine(store, cards, step=3)

    tm.filter(types="CardLoaded")
    assert tm.step == 2
    tm.filter()
    assert (tm.only, tm.step) == ({}, 2)


def test_a_filter_is_data_and_a_browser_sets_the_same(store, cards):
    tm = TimeMachine(store, cards)

    tm.set_state({"only": {"types": ["CardLoaded"], "streams": []}})

    assert (tm.only, tm.step) == ({"types": ["CardLoaded"]}, 2)
    assert tm.stops == {"only": {"types": ["CardLoaded"]}, "events": 2}
    tm.filter(streams="card-1", actors=["ana"])
    assert tm.only == {"streams": ["card-1"], "actors": ["ana"]}
    assert tm.stops == {"only": tm.only, "events": 1}
    tm.filter()
    assert tm.stops == {}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            {"types": "CardSold"},
            r"tm\.filter\(types='CardSold'\) asks for what no event of this log has: "
            "its types are 'CardLoaded', 'CardClosed', 'CardRedeemed'",
        ),
        ({"actors": ["ana", "ben"]}, "actors='ben'"),
        ({"streams": [7]}, "streams are texts"),
        ({"types": 5}, r"tm\.filter\(types=5\) .* its types are texts"),
    ],
)
def test_a_name_that_no_event_has_is_refused(store, cards, names, sentence):
    tm = TimeMachine(store, cards)

    with pytest.raises(TimeMachineError, match=sentence):
        tm.filter(**names)
    assert tm.only == {}


def test_the_next_of_a_kind_is_one_of_the_stops(own_store, cards):
    own_store.append("card-1", loaded(1, "Ana", "2026-01-09"))
    tm = TimeMachine(own_store, cards, step=0)
    tm.filter(types="CardLoaded")
    tm.step = 1

    assert tm.next("key").position == 5
    assert tm.previous("type").position == 2


@pytest.fixture(scope="module")
def forty_events() -> el.EventStore:
    """On seven cards; of each third event ana is the actor."""
    store = el.EventStore(clock=lambda: "2026-02-01")
    for n in range(40):
        kind = ("CardLoaded", "CardRedeemed", "CardClosed")[n % 5 % 3]
        actor = "ana" if n % 3 == 0 else None
        store.append(f"card-{n % 7}", el.Event(kind, {"amount": n}, actor=actor))
    return store


@pytest.fixture
def both(forty_events, cards, monkeypatch) -> tuple[TimeMachine, TimeMachine]:
    """Forty events read as a whole, and the same read in windows."""
    short = TimeMachine(forty_events, cards)
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)
    return short, TimeMachine(forty_events, cards)


@pytest.mark.parametrize(
    "names",
    [
        {"types": "CardRedeemed"},
        {"actors": "ana"},
        {"streams": ["card-1", "card-2"], "types": ["CardLoaded", "CardClosed"]},
        {"streams": "card-3", "actors": "ana"},
    ],
)
def test_of_a_long_log_duckdb_says_the_same(both, names):
    short, long = both

    assert isinstance(long._past, InWindows)
    assert short.filter(**names) == long.filter(**names) > 0
    for step in range(41):
        short.step = long.step = step
        assert long.step == short.step
        if step != short.step:  # no stop, so the slider stands where it stood before
            continue
        for of in ("type", "key"):
            asked = (step, 1, of, short.only)
            assert long._past.places.seek(*asked) == short._past.places.seek(*asked)


def test_of_a_long_log_the_kernel_goes_from_stop_to_stop(both):
    _, long = both
    long.filter(actors="ana")
    forward = {"ask": "seek", "by": 1, "of": None}

    long.step = 0
    walked = []
    while not long.told:
        walked.append(long.step)
        long._handle_custom_msg({**forward, "from": long.step}, [])

    assert walked == [0, *range(1, 41, 3)]
    assert long.told == "no later stop"
    long._handle_custom_msg({**forward, "by": -1, "from": 1}, [])
    assert (long.step, long.told) == (0, "")
    long._handle_custom_msg({**forward, "by": -1, "from": 0}, [])
    assert (long.step, long.told) == (0, "no earlier stop")


def test_of_a_long_log_a_name_that_was_typed_is_chosen_by_the_kernel(both):
    """A browser was sent the names of the most events, which need not be all."""
    _, long = both
    long.filter(types="CardLoaded")

    long._handle_custom_msg({"ask": "choose", "kind": "streams", "name": "card-3"}, [])
    long._handle_custom_msg({"ask": "choose", "kind": "streams", "name": "card-5"}, [])
    assert long.only == {"types": ["CardLoaded"], "streams": ["card-3", "card-5"]}

    long._handle_custom_msg({"ask": "choose", "kind": "streams", "name": "card-99"}, [])
    assert "streams='card-99'" in long.told
    assert long.only == {"types": ["CardLoaded"], "streams": ["card-3", "card-5"]}


def test_of_a_long_log_the_kernel_says_what_there_is_to_choose_from(both):
    short, long = both

    long._handle_custom_msg({"ask": "choices"}, [])

    assert long.choices["actors"] == [["ana", 14]]
    assert long.choices["streams"][0] == ["card-0", 6]
    assert dict(map(tuple, long.choices["types"])) == short._past.places.counts("types")
