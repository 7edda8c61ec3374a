"""The board of queues: what lies before a consumer, in words as well as in colours."""

import pytest

import eventlab as el
from eventlab.bus import Recording, queues
from eventlab.errors import Crashed, InvalidRender
from eventlab.renders import queue_board
from eventlab.widgets import TimeMachine
from tests.browser import chromium, complaints, screenshot
from tests.renders.test_renders import HOSTILE, event, text


def fields(**given):
    return {**queues.initial, **given}


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
    told = event("Crashed", {"event": "1 Placed", "consumers": ["mail", "other"]}, stream="mail")
    state = {"mail": fields(waiting=["1 Placed"]), "other": fields(waiting=["1 Placed"])}

    assert lines(state, told) == ["mail 0 ▏ 1 Placed Crashed – –", "other 0 ▏ 1 Placed – –"]


def test_what_was_just_appended_is_marked_wherever_it_waits():
    told = event("Appended", {"event": "1 Placed", "consumers": ["billing", "mail"]}, stream="log")
    state = {name: fields(waiting=["1 Placed"]) for name in ("billing", "mail")}

    assert lines(state, told) == [
        "billing 0 ▏ 1 Placed Appended – –",
        "mail 0 ▏ 1 Placed Appended – –",
    ]


@pytest.mark.parametrize("state", [{"card-7": {"balance": 5}}, {"balance": 5}])
def test_a_state_that_is_no_queues_is_refused(state):
    with pytest.raises(InvalidRender, match=r"no again, checkpoint, done.*el\.bus\.queues"):
        queue_board()(state, None)


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
    told = event(HOSTILE, {"event": f"1 {HOSTILE}", "consumers": [HOSTILE]}, stream=HOSTILE)

    drawn = queue_board()({HOSTILE: hostile}, told)

    assert "<img" not in drawn
    assert drawn.count("&lt;img") == 6


def test_an_empty_recording_says_so():
    assert text(queue_board()({}, None)) == ["There is no consumer yet."]


def test_a_board_shows_at_least_one_event():
    with pytest.raises(InvalidRender, match="most=0"):
        queue_board(most=0)


@pytest.fixture
def crashed():
    """What is seen of a consumer with a hostile name that died in the middle, and of a dead letter."""
    store = el.EventStore(clock=lambda: "2026-03-01")
    recording = Recording(store)
    faults = el.Faults(seed=3, crash_after=0.4)
    for number in (1, 2, 3):
        store.append(f"order-{number}", el.Event(f"Placed{HOSTILE}"))

    def refuse(event):
        raise ValueError(HOSTILE)

    bus = el.Bus(store, faults=faults, witness=recording, sleep=lambda seconds: None)
    bus.consumer(f"mail{HOSTILE}")(lambda event: None)
    bus.consumer("refused", retries=0)(refuse)
    with pytest.raises(Crashed):
        bus.deliver()
    return TimeMachine(recording.log, queues, render=queue_board())


def test_a_recording_is_slid_through(crashed):
    assert any("↻" in line for line in text(crashed.html()))
    assert crashed.html() == crashed.html()
    assert crashed.frame().loc[f"mail{HOSTILE}", "struck"] == {"Crashed": 1}
    assert all("tm-error" not in crashed.html(step) for step in range(crashed.last + 1))


def test_in_a_browser_it_fits_runs_nothing_and_has_no_barriers(crashed, tmp_path):
    path = crashed.save(tmp_path / "page.html")

    with chromium() as browser:
        for width, scheme in ((700, "light"), (1400, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(path.as_uri())
            page.locator("input[type=range]").focus()
            for key in ("Home", *["ArrowRight"] * crashed.last):
                page.keyboard.press(key)
            assert page.locator(".el-queues .lost").count() > 0
            assert page.locator(".el-queues :is(img, script)").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert complaints(page) == []
            screenshot(page, f"renders-queue_board-{width}-{scheme}")
            page.close()
