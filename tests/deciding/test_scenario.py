"""Does a scenario hold when it should, and say event by event and field by field when it does not?"""

import pytest

import eventlab as el
from eventlab.errors import (
    EventLabError,
    InvalidDecider,
    InvalidDecision,
    InvalidScenario,
    ScenarioFailed,
)
from tests.deciding.cards import Close, Load, Redeem, decide

LOADED = el.Event("CardLoaded", {"amount": 20})
PAID_OUT, CLOSED = el.Event("BalancePaidOut", {"amount": 20}), el.Event("CardClosed")


def redeemed(amount, **envelope):
    return el.Event("CardRedeemed", {"amount": amount}, **envelope)


def deciding(*events):
    return el.given(el.Decider(lambda *_: list(events), lambda n, event: n + 1, 0)).when("do")


def why(caught):
    return caught.value.differences


# -- what holds ------------------------------------------------------------------------------------


def test_then_holds_for_the_events_decided(card):
    el.given(card, LOADED).when(Redeem(5)).then(redeemed(5))
    el.given(card, LOADED).when(Close()).then(PAID_OUT, CLOSED)
    el.given(card).when(Load(5)).then(el.Event("CardLoaded", {"amount": 5}))


def test_then_raises_holds_for_the_refusal(card):
    el.given(card, LOADED).when(Redeem(30)).then_raises(ValueError)
    el.given(card, LOADED).when(Redeem(30)).then_raises(Exception, match=r"only \d+ left")
    el.given(card, CLOSED).when(Load(5)).then_raises(el.errors.LifeEnded)


def test_then_nothing_holds_where_nothing_is_decided(card):
    el.given(card).when("a command it does not know").then_nothing()


def test_then_state_holds_for_the_state_afterwards(card):
    el.given(card, LOADED).when(Redeem(5)).then_state({"balance": 15, "open": True})
    el.given(card, LOADED).when(Close()).then(PAID_OUT, CLOSED).then_state(
        {"balance": 0, "open": False}
    )


def test_rules_that_take_apart_what_they_are_given_find_it_whole_each_time(store):
    def loaded(card, event):
        return {"balance": card["balance"] + event.data.pop("amount")}

    def redeemed(card, event):
        event.data["tags"] = [*event.tags, event.tags.pop()]
        return {"balance": card["balance"] - event.data.pop("amount")}

    past = [LOADED, el.Event("CardRedeemed", {"amount": 5}, tags=["till-1"])]
    store.append("card-7", past[1])
    rules = el.Decider(decide, {"CardLoaded": loaded, "CardRedeemed": redeemed}, {"balance": 0})

    for told in (past, [*store.stream("card-7")]):
        scenario = el.given(rules, *told).when(Load(1))
        scenario.then_state({"balance": 16}).then_state({"balance": 16})
        assert rules.state(told) == rules.state(told) == {"balance": 15}
        assert scenario.lines()[:2] == [
            ("Given", "CardLoaded {'amount': 20}"),
            ("", "CardRedeemed {'amount': 5}"),
        ]


def test_only_the_envelope_that_is_stated_is_compared():
    done = deciding(redeemed(5, actor="ana", tags=["till:1"]))

    done.then(redeemed(5))
    done.then(redeemed(5, tags=("till:1",)))
    with pytest.raises(ScenarioFailed) as caught:
        done.then(redeemed(5, actor="ben"))
    assert why(caught) == ["1. CardRedeemed: actor is 'ana', and 'ben' was expected"]


def test_recorded_events_can_be_the_past(card, store):
    el.given(card, *store.stream("card-7")).when(Redeem(20)).then(redeemed(20))


def test_rules_meet_told_events_as_if_a_store_had_recorded_them():
    seen = []
    rules = el.Decider(lambda *_: None, lambda n, event: seen.append(event) or 0, 0)

    el.given(rules, LOADED, redeemed(5, occurred_at="2026-03-01", event_id="e1")).when("look")

    assert [(e.position, e.stream, e.version, e.event_id) for e in seen] == [
        (1, "scenario-1", 1, "scenario-1@1"),
        (2, "scenario-1", 2, "e1"),
    ]
    assert [e.occurred_at.isoformat() for e in seen] == [
        "2000-01-01T00:00:00",
        "2026-03-01T00:00:00",
    ]


# -- what differs ----------------------------------------------------------------------------------


def test_a_mismatch_is_an_assertion_of_the_family(card):
    with pytest.raises(AssertionError) as caught:
        el.given(card, LOADED).when(Redeem(5)).then(redeemed(6))
    assert isinstance(caught.value, EventLabError)


@pytest.mark.parametrize(
    ("decided", "expected", "differences"),
    [
        ([redeemed(5)], [redeemed(6)], ["1. CardRedeemed: data.amount is 5, and 6 was expected"]),
        (
            [redeemed(5)],
            [LOADED],
            [
                "1. CardRedeemed {'amount': 5} was decided, and CardLoaded {'amount': 20} was expected"
            ],
        ),
        (
            [PAID_OUT, CLOSED],
            [PAID_OUT],
            ["2. CardClosed {} was decided, and nothing more was expected"],
        ),
        (
            [PAID_OUT],
            [PAID_OUT, CLOSED],
            ["2. nothing more was decided, and CardClosed {} was expected"],
        ),
        (
            [el.Event("A", {"x": 1, "new": 2})],
            [el.Event("A", {"x": True, "old": 3})],
            [
                "1. A: data.x is 1, and True was expected",
                "1. A: data.old is missing, and 3 was expected",
                "1. A: data.new is 2, and no such field was expected",
            ],
        ),
        ([el.Event("A")], [el.Event("A", schema=2)], ["1. A: schema is None, and 2 was expected"]),
        (
            [CLOSED, PAID_OUT],
            [PAID_OUT, CLOSED],
            [
                "1. CardClosed {} was decided, and BalancePaidOut {'amount': 20} was expected",
                "2. BalancePaidOut {'amount': 20} was decided, and CardClosed {} was expected",
            ],
        ),
    ],
    ids=["field", "type", "too many", "too few", "fields", "schema", "order"],
)
def test_a_mismatch_is_explained_event_by_event(decided, expected, differences):
    with pytest.raises(ScenarioFailed) as caught:
        deciding(*decided).then(*expected)

    assert why(caught) == differences


def test_a_mismatch_tells_the_whole_story(card):
    with pytest.raises(ScenarioFailed) as caught:
        el.given(card, LOADED).when(Redeem(5)).then_nothing()

    assert str(caught.value).splitlines() == [
        "Given  CardLoaded {'amount': 20}",
        "When   Redeem(amount=5)",
        "Then   CardRedeemed {'amount': 5}",
        "but",
        "  1. CardRedeemed {'amount': 5} was decided, and nothing more was expected",
    ]


def test_a_refusal_is_no_decision_and_stays_the_cause(card):
    refused = el.given(card, LOADED).when(Redeem(30))

    for demand in (
        lambda: refused.then(redeemed(30)),
        refused.then_nothing,
        lambda: refused.then_state({}),
    ):
        with pytest.raises(ScenarioFailed, match="ValueError: only 20 left") as caught:
            demand()
        assert caught.value.__cause__ is refused.error


def test_another_refusal_or_none_is_told_from_the_one_expected(card):
    refused = el.given(card, LOADED).when(Redeem(30))

    with pytest.raises(ScenarioFailed, match="KeyError was expected"):
        refused.then_raises(KeyError)
    with pytest.raises(ScenarioFailed, match="a text with 'only 5' was expected"):
        refused.then_raises(ValueError, match="only 5")
    with pytest.raises(ScenarioFailed, match="ValueError was expected to be raised"):
        el.given(card, LOADED).when(Redeem(3)).then_raises(ValueError)


def test_another_state_is_explained_field_by_field(card):
    with pytest.raises(ScenarioFailed) as caught:
        el.given(card, LOADED).when(Redeem(5)).then_state({"balance": 14, "open": True})

    assert why(caught) == ["state: balance is 15, and 14 was expected"]


# -- what makes no sense ---------------------------------------------------------------------------


def test_what_is_no_event_no_error_and_no_rule_is_refused(card):
    with pytest.raises(InvalidScenario, match=r"given\(…\)"):
        el.given(card, [LOADED])
    with pytest.raises(InvalidScenario, match=r"then\(…\)"):
        el.given(card).when(Load(5)).then({"amount": 5})
    with pytest.raises(InvalidScenario, match="then_raises"):
        el.given(card).when(Redeem(5)).then_raises("only 20 left")
    with pytest.raises(InvalidDecider):
        el.given(LOADED)


@pytest.mark.parametrize("match", ["(", 5, b"only 20", ["only"]])
def test_a_pattern_that_is_none_is_refused_whatever_was_decided(card, match):
    for amount in (5, 30):
        with pytest.raises(InvalidScenario, match=r"match=.* is no regular expression"):
            el.given(card, LOADED).when(Redeem(amount)).then_raises(ValueError, match=match)


def test_rules_that_return_no_events_fail_at_once():
    rules = el.Decider(lambda *_: {"amount": 5}, lambda n, event: n, 0)

    with pytest.raises(InvalidDecision):
        el.given(rules).when("load")


# -- how it reads ----------------------------------------------------------------------------------


def test_a_scenario_reads_aloud(card):
    begun = el.given(card, LOADED, redeemed(5))
    asked = begun.when(Close())
    held = asked.then(el.Event("BalancePaidOut", {"amount": 15}), CLOSED)

    assert repr(begun).splitlines() == [
        "Given  CardLoaded {'amount': 20}",
        "       CardRedeemed {'amount': 5}",
    ]
    assert repr(asked).splitlines()[2:] == [
        "When   Close()",
        "Then   BalancePaidOut {'amount': 15}",
        "       CardClosed",
    ]
    assert repr(held).splitlines()[3:] == [
        "Then   BalancePaidOut {'amount': 15} ✓",
        "       CardClosed ✓",
    ]
    assert repr(el.given(card)) == "Given  nothing"


def test_what_is_shown_in_a_notebook_is_escaped():
    shown = deciding(el.Event("<script>", {"<b>": "&"}))._repr_html_()

    assert "&lt;script&gt; {&#x27;&lt;b&gt;&#x27;: &#x27;&amp;&#x27;}" in shown
    assert "<script>" not in shown
