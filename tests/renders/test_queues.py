"""The board of queues: what lies before a consumer, in words as well as in colours."""

import pytest

import eventlab as el
from eventlab.bus import Recording, queues
from eventlab.errors import Crashed, InvalidRender
from eventlab.renders import queue_board
from eventlab.widgets import TimeMachine
from tests.renders.test_renders import HOSTILE, event, text


def fields(**given):
    return {
        "checkpoint": 0,
        "done": [],
        "waiting": [],
        "parked": [],
        "lost": [],
        "runs": 0,
        "again": 0,
        "effects": {},
        "struck": {},
    } | given


def lines(state, event=None, **terms):
    [_, *found] = text(queue_board(**terms)(state, event))
    return found


def test_a_line_for_every_consumer():
    billing = fields(checkpoint=3, done=["4 OrderPlaced"], waiting=["5 OrderPlaced"], runs=4)
    mail = fields(waiting=["1 OrderPlaced"], parked=["2 OrderPlaced"], struck={"Parked": 1})

    assert lines({"mail": mail, "billing": billing}) == [
        "billing 3 ▏ ✓ 4 OrderPlaced 5 OrderPlaced – ran 4 times",
        "mail 0 ▏ 1 OrderPlaced ✕ 2 OrderPlaced –Parked ×1",
    ]


def test_what_was_done_before_a_crash_is_marked_to_come_again():
    mail = fields(waiting=["1 Placed", "2 Placed"], lost=["1 Placed"], runs=1)

    assert lines({"mail": mail}) == ["mail 0 ▏ ↻ 1 Placed 2 Placed – ran once"]


def test_the_event_of_the_step_says_what_happened_to_it():
    told = event("Dropped", {"event": "1 Placed", "consumers": ["mail"]})
    state = {"mail": fields(waiting=["1 Placed"]), "other": fields(waiting=["1 Placed"])}

    assert lines(state, told) == ["mail 0 ▏ 1 Placed Dropped – –", "other 0 ▏ 1 Placed – –"]


def test_a_long_queue_says_how_much_more_there_is():
    mail = fields(waiting=[f"{n} Placed" for n in range(1, 13)])

    assert lines({"mail": mail}, most=2) == [
        "mail 0 ▏ 1 Placed 2 Placed … and 10 more events",
        "– –",
    ]


def test_what_the_handler_did_is_counted():
    billing = fields(
        runs=3, again=1, effects={"InvoiceSent": 3}, struck={"Crashed": 1, "Failed": 2}
    )

    assert lines({"billing": billing}) == [
        "billing 0 ▏ – – ran 3 times, 1 of them again, InvoiceSent ×3Crashed ×1, Failed ×2"
    ]


def test_names_are_escaped():
    hostile = fields(
        waiting=[f"1 {HOSTILE}"],
        parked=[f"2 {HOSTILE}"],
        effects={HOSTILE: 1},
        struck={HOSTILE: 1},
    )
    told = event(HOSTILE, {"event": f"1 {HOSTILE}", "consumers": [HOSTILE]})

    drawn = queue_board()({HOSTILE: hostile}, told)

    assert "<img" not in drawn
    assert drawn.count("&lt;img") == 6


def test_an_empty_recording_says_so():
    assert text(queue_board()({}, None)) == ["There is no consumer yet."]


def test_a_board_shows_at_least_one_event():
    with pytest.raises(InvalidRender, match="most=0"):
        queue_board(most=0)


def test_a_recording_is_slid_through(tmp_path):
    store = el.EventStore(clock=lambda: "2026-03-01")
    recording = Recording(store)
    faults = el.Faults(seed=3, crash_after=0.4)

    def deliver():
        bus = el.Bus(store, faults=faults, witness=recording)
        bus.consumer("mail", "OrderPlaced")(lambda event: None)
        bus.deliver()

    for number in (1, 2, 3):
        store.append(f"order-{number}", el.Event("OrderPlaced"))
    with pytest.raises(Crashed):
        deliver()
    tm = TimeMachine(recording.log, queues, render=queue_board())

    crashed = text(tm.html())
    assert any("↻" in line for line in crashed)
    assert tm.html() == tm.html()
    assert tm.frame().loc["mail", "struck"] == {"Crashed": 1}
    assert (
        "tm-error"
        not in tm.save(tmp_path / "page.html").read_text(encoding="utf-8").split("</style>")[-1]
    )
