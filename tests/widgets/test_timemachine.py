import gc
import weakref

import ipywidgets
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine

AIRLINES = ["United Air Lines", "JetBlue Airways", "Delta Air Lines", "Endeavor Air"]


def test_it_opens_at_the_present(store, cards):
    tm = TimeMachine(store, cards)

    assert (tm.step, tm.last, tm.position, tm.event.type) == (4, 4, 4, "CardClosed")


def test_it_is_moved_from_python(store, cards):
    tm = TimeMachine(store, cards, key="card-1", step=1)

    tm.step = 2

    assert (tm.step, tm.position, tm.event.type) == (2, 3, "CardRedeemed")


def test_before_the_first_event_there_is_none(store, cards):
    tm = TimeMachine(store, cards, step=0)

    assert (tm.position, tm.event) == (0, None)
    assert tm.frame().empty


def test_a_step_beyond_an_end_stops_at_that_end(store, cards):
    tm = TimeMachine(store, cards)

    tm.step = 99
    assert tm.step == 4
    tm.step = -1
    assert tm.step == 0


def test_frames_are_what_the_projection_says(store, cards):
    tm = TimeMachine(store, cards)

    for tm.step in range(5):
        assert_frame_equal(tm.frame(), cards(store.until(position=tm.position)))


def test_the_frame_of_a_key_has_that_key_alone(store, cards):
    tm = TimeMachine(store, cards, key="card-1")

    for tm.step in range(3):
        expected = cards(store.stream("card-1").until(position=tm.position))
        assert_frame_equal(tm.frame(), expected)
    assert tm.frame(1).index.tolist() == ["card-1"]


def test_a_key_is_shown_without_folding_the_others(store):
    def evolve(card, event):
        assert event.stream == "card-1"
        return {"events": card["events"] + 1}

    tm = TimeMachine(store, el.Fold(evolve, initial={"events": 0}), key="card-1")

    assert tm.frame(2)["events"].tolist() == [2]


def test_without_a_number_it_speaks_of_the_current_step(store, cards):
    tm = TimeMachine(store, cards, step=2)

    assert tm.html() == tm.html(2)
    assert tm.text() == tm.text(2)


@pytest.mark.parametrize("step", [5, -1, "2", 1.0, True])
def test_a_step_that_is_not_there_is_refused(store, cards, step):
    tm = TimeMachine(store, cards)

    for verb in (tm.frame, tm.html, tm.text):
        with pytest.raises(TimeMachineError, match=r"steps 0 \(before the first event\) to 4"):
            verb(step)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"rows": -1}, "TimeMachine(rows=-1) cannot be: give a whole number from 1, or leave rows= out"),
        ({"rows": None}, "TimeMachine(rows=None) cannot be"),
        ({"rows": True}, "TimeMachine(rows=True) cannot be"),
        ({"rows": 2.5}, "TimeMachine(rows=2.5) cannot be"),
        ({"max_steps": 0}, "TimeMachine(max_steps=0) cannot be: give a whole number from 1"),
        ({"max_steps": -1}, "TimeMachine(max_steps=-1) cannot be"),
        ({"max_steps": "x"}, "TimeMachine(max_steps='x') cannot be"),
        ({"max_steps": float("inf")}, "TimeMachine(max_steps=inf) cannot be"),
        ({"step": 1.5}, "TimeMachine(step=1.5) cannot be: give a whole number, or leave step= out"),
        ({"marks": 5}, "TimeMachine(marks=5) does not say what its marks stand for"),
    ],
)  # fmt: skip
def test_an_argument_that_cannot_be_is_refused(store, cards, given, sentence):
    with pytest.raises(TimeMachineError) as refused:
        TimeMachine(store, cards, **given)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("step", "x", "there is no step 'x': this time machine has the steps 0"),
        ("step", 1.0, "there is no step 1.0"),
        ("step", None, "there is no step None"),
        ("pins", None, "tm.pins = None are no two stops: set a pair such as (3, 17)"),
        ("pins", (1, 2, 3), "tm.pins = (1, 2, 3) are no two stops"),
        ("pins", (1, "x"), "there is no step 'x'"),
        ("axis", "x", "the track cannot be divided by axis='x': give one of position, recorded"),
        ("only", 5, "tm.only = 5 is no filter: set names by kind"),
        ("only", {"types": 5}, "its types are texts"),
    ],
)
def test_a_trait_that_is_set_to_what_it_cannot_be_refuses_it_and_stays(
    store, cards, name, value, sentence
):
    tm = TimeMachine(store, cards)
    before = getattr(tm, name)

    with pytest.raises(TimeMachineError) as refused:
        setattr(tm, name, value)

    assert sentence in str(refused.value)
    assert getattr(tm, name) == before


def test_a_whole_number_of_numpy_is_one(store, cards):
    tm = TimeMachine(store, cards, rows=np.int64(3), max_steps=np.int32(4), step=np.int64(2))
    assert tm.step == 2

    tm.step, tm.pins = np.int64(3), (np.int64(1), None)
    assert (tm.step, tm.pins, type(tm.step)) == (3, (1, None), int)


def test_other_widgets_follow_and_lead(store, cards):
    tm, slider = TimeMachine(store, cards), ipywidgets.IntSlider(max=4)
    seen = []
    tm.observe(lambda change: seen.append(change["new"]), names="step")

    ipywidgets.link((slider, "value"), (tm, "step"))
    slider.value = 3

    assert tm.step == 3
    assert seen == [0, 3]


def test_the_browser_moves_the_kernel(store, cards):
    tm = TimeMachine(store, cards)

    tm.set_state({"step": 1})

    assert tm.position == 1


def test_beside_the_view_stand_text_and_html(store, cards):
    tm = TimeMachine(store, cards, key="card-1")

    data, _ = tm._repr_mimebundle_()

    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == tm.model_id
    assert data["text/html"] == tm.html(2)
    assert data["text/plain"] == "\n".join(
        [
            "cards · card-1",
            "2 / 2 · 2026-01-07 09:30:15 · card-1 · CardRedeemed",
            "~  balance  20 → 15",
            "   holder   Ana",
            "data: amount=5",
        ]
    )


def test_a_whole_log_reads_as_text(store, cards):
    assert TimeMachine(store, cards).text(4) == "\n".join(
        [
            "cards",
            "4 / 4 · 2026-01-08 00:00 · card-2 · CardClosed",
            "   stream  balance  holder",
            "   card-1  15       Ana",
            "−  card-2  10       Ben",
        ]
    )


def test_its_repr_is_short(store, cards):
    assert (
        repr(TimeMachine(store, cards, key="card-1")) == "<TimeMachine cards · card-1, step 2 of 2>"
    )


def test_a_day_of_flights_costs_a_few_hundred_kilobytes():
    """As many steps and rows as the flights of one day; the packed book is what a browser gets."""
    rows = [
        {
            "stream": f"flight-{n * 379 % 842:04}",
            "type": kind,
            "airline": AIRLINES[n % 4],
            "delay": n * 379 % 842 * 7 % 60 - 20 + act,
            "number": n,
        }
        for act, kind in enumerate(("FlightScheduled", "FlightDeparted", "FlightLanded"))
        for n in range(842)
    ]
    store = el.EventStore()
    store.append_frame(pd.DataFrame(rows), stream="stream", type="type")
    flights = el.Projection(
        "flights", airline=el.last("airline"), status=el.last("type"), delay=el.last("delay")
    )

    tm = TimeMachine(store, flights)

    assert tm.last == 2526
    assert len(tm.book) < 300_000


def test_a_time_machine_that_is_closed_and_held_by_nobody_is_gone_and_its_store_with_it(cards):
    store = el.EventStore()
    machine = TimeMachine(store, cards)
    gone = [weakref.ref(machine), weakref.ref(store)]

    machine.close()
    del machine, store
    gc.collect()

    assert [ref() for ref in gone] == [None, None]
