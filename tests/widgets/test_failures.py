"""A projection that fails in the midst of a log: its message stands at the step, and the slider goes on."""

import pytest
from playwright.sync_api import expect

import eventlab as el
from eventlab.errors import FoldFailed
from eventlab.widgets import TimeMachine, longlog

REASON = "at position 3 of stream 'card-1' (key 'card-1'): ZeroDivisionError"


@pytest.fixture
def broken() -> el.Fold:
    """Divides the balance, and by zero where five was spent."""

    def evolve(card, event):
        amount = event.data.get("amount", 0)
        return {"balance": card["balance"] + amount, "share": 100 // (amount - 5)}

    return el.Fold(evolve, {"balance": 0, "share": 0}, name="cards")


def test_the_steps_before_are_as_they_were_and_those_after_say_what_went_wrong(store, broken):
    tm = TimeMachine(store, broken)

    assert "20" in tm.text(1)
    assert "failed" not in tm.text(2)
    for step in (3, 4):
        assert REASON in tm.text(step)
        assert "ZeroDivisionError" in tm.html(step)
        assert 'role="alert"' in tm.html(step)
    assert tm.last == 4
    assert tm.event.type == "CardClosed"


def test_the_frame_of_such_a_step_raises_as_the_fold_does(store, broken):
    tm = TimeMachine(store, broken)

    assert tm.frame(2)["balance"].tolist() == [20, 10]
    with pytest.raises(FoldFailed, match="position 3"):
        tm.frame(3)


def test_of_a_key_the_rest_of_its_stream_are_stops(own_store, broken):
    own_store.append("card-1", el.Event("CardLoaded", {"amount": 9}))

    tm = TimeMachine(own_store, broken, key="card-1")

    assert [tm._past.pages.event(step).position for step in (1, 2, 3)] == [1, 3, 5]
    assert "20" in tm.text(1)
    assert REASON in tm.text(2)
    assert REASON in tm.text(3)


def test_a_key_whose_first_event_fails_has_no_state_to_show(own_store, broken):
    own_store.append("card-9", el.Event("CardLoaded", {"amount": 5}))

    tm = TimeMachine(own_store, broken, key="card-9")

    assert "at position 5" in tm.text(1)
    assert "failed" not in tm.text(0)


def test_a_plain_function_may_fail_at_one_step_and_be_right_at_the_next(store, cards):
    def moody(log):
        if len(log) == 2:
            raise RuntimeError("<not> today")
        return cards(log)

    tm = TimeMachine(store, moody)

    assert "moody failed at position 2: RuntimeError: <not> today" in tm.text(2)
    assert "RuntimeError: &lt;not&gt; today" in tm.html(2)
    assert "failed" not in tm.text(3)
    assert "card-2" in tm.text(3)


def test_a_function_that_fails_in_the_empty_past_cannot_be_shown(store):
    with pytest.raises(ZeroDivisionError):
        TimeMachine(store, lambda log: 1 // 0)


def test_in_order_of_occurrence_the_failure_is_raised(store, broken):
    with pytest.raises(FoldFailed, match="position 3"):
        TimeMachine(store.until(occurred="2026-02-01"), broken)


def test_two_pins_are_not_compared_with_a_state_that_is_not_known(store, broken):
    tm = TimeMachine(store, broken)

    tm.pins = (1, 2)
    assert '<th scope="row">card-2</th>' in tm.difference
    tm.pins = (1, 3)
    assert "ZeroDivisionError" in tm.difference


@pytest.fixture(scope="module")
def forty_loads() -> el.EventStore:
    store = el.EventStore()
    for n in range(1, 41):
        store.append(f"card-{n % 3}", el.Event("CardLoaded", {"amount": n}))
    return store


@pytest.mark.parametrize("step", [0, 6, 12, 30, 40])
def test_a_long_log_shows_it_wherever_it_is_opened(forty_loads, step, monkeypatch, tmp_path):
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(longlog, "WINDOW", 8)

    def evolve(card, event):
        return {"share": card["share"] + 100 // (event.data["amount"] - 12)}

    tm = TimeMachine(forty_loads, el.Fold(evolve, {"share": 0}, name="shares"), step=step)

    assert ("at position 12 of stream" in tm.text()) == (step >= 12)
    for tm.step in (11, 12, 40, 3):
        assert ("at position 12 of stream" in tm.text()) == (tm.step >= 12)
    assert "ZeroDivisionError" in tm.save(tmp_path / "shares.html").read_text() or tm.step < 12


def test_the_slider_of_a_page_goes_on(browser, store, broken, tmp_path):
    page = browser.new_page()
    page.goto(TimeMachine(store, broken, step=2).save(tmp_path / "cards.html").as_uri())
    error = page.locator(".tm-rows .tm-error")
    assert error.count() == 0

    page.locator("[data-act=forward]").click()
    expect(error).to_contain_text("ZeroDivisionError")
    page.locator("[data-act=back]").click()
    expect(page.locator(".tm-rows tbody tr")).to_have_count(2)
    assert error.count() == 0
    page.close()
