"""Does a command reach the log exactly once, decided by what was true when it was written?"""

from functools import partial

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import (
    ConcurrencyError,
    ConditionFailed,
    DuplicateEventError,
    InvalidDecider,
    InvalidDecision,
    InvalidQuery,
    LifeEnded,
)
from eventlab.upcasting import drop
from tests.deciding import cards
from tests.deciding.cards import Close, Load, Redeem, rules
from tests.examples import examples
from tests.racing import at_once


def told(log):
    return [(event.stream, event.version, event.type, event.data) for event in log]


def overtaken(store, times, rules):
    """Return the same rules in a world where somebody loads 1 between every reading and its append."""
    left = iter(range(times))

    def decide(command, card):
        if next(left, None) is not None:
            store.append("card-7", el.Event("CardLoaded", {"amount": 1}))
        return rules.decide(command, card)

    return el.Decider(decide, rules.evolve, rules.initial, name="card")


# -- one writer ------------------------------------------------------------------------------------


def test_handle_reads_decides_and_appends(card, store):
    done = el.handle(store, card, "card-7", Redeem(15))

    assert (done.stream, done.version, done.position, done.attempts) == ("card-7", 2, 2, 1)
    assert done.events == (el.Event("CardRedeemed", {"amount": 15}),)
    assert told(store)[1:] == [("card-7", 2, "CardRedeemed", {"amount": 15})]


def test_the_first_command_starts_a_stream(card, store):
    done = el.handle(store, card, "card-8", Load(5))

    assert (done.version, done.position) == (1, 2)


def test_several_events_are_written_together(card, store):
    done = el.handle(store, card, "card-7", Close())

    assert (done.version, done.position, len(done.events)) == (3, 3, 2)
    assert [event.type for event in store] == ["CardLoaded", "BalancePaidOut", "CardClosed"]


def test_a_refusal_reaches_the_caller_as_it_is_and_nothing_is_written(card, store):
    tried = []

    def decide(command, state):
        tried.append(command)
        return card.decide(command, state)

    with pytest.raises(ValueError, match="only 20 left"):
        el.handle(store, el.Decider(decide, card.evolve, card.initial), "card-7", Redeem(30))

    assert (len(store), len(tried)) == (1, 1)


def test_deciding_nothing_writes_nothing(card, store):
    done = el.handle(store, card, "card-7", "a command it does not know")

    assert (done.events, done.version, done.attempts, len(store)) == ((), 1, 1, 1)


def test_after_the_end_nothing_is_written(card, store):
    el.handle(store, card, "card-7", Close())

    with pytest.raises(LifeEnded):
        el.handle(store, card, "card-7", Load(5))
    assert len(store) == 3


def test_the_envelope_is_filled_where_the_rules_leave_it_open(store):
    event = el.Event("CardLoaded", {"amount": 1}, actor="the rules")
    rules = el.Decider(lambda *_: event, lambda n, event: n, 0)

    el.handle(
        store,
        rules,
        "card-9",
        "load",
        actor="ana",
        reason="gift",
        correlation_id="c",
        causation_id="x",
    )

    [written] = store.stream("card-9")
    assert (written.actor, written.reason) == ("the rules", "gift")
    assert (written.correlation_id, written.causation_id) == ("c", "x")


def test_skipped_events_still_count_as_read(store):
    store.append("card-7", el.Event("CardStolen"))
    rules = el.Decider(
        lambda command, n: el.Event("CardLoaded", {"amount": n}),
        {"CardLoaded": lambda n, event: n + event.data["amount"]},
        0,
        on_unknown="skip",
    )

    assert el.handle(store, rules, "card-7", "double", retries=0).version == 3


def test_a_handled_command_reads_as_what_it_did(card, store):
    assert repr(el.handle(store, card, "card-7", Redeem(15))) == (
        "Handled('card-7', version=2, position=2, events=[CardRedeemed {'amount': 15}], attempts=1)"
    )


# -- overtaken -------------------------------------------------------------------------------------


def test_who_is_overtaken_reads_again_and_decides_afresh(card, store):
    done = el.handle(store, overtaken(store, 2, card), "card-7", Redeem(20))

    assert (done.attempts, done.version) == (3, 4)
    assert card.state(store)["balance"] == 2


def test_deciding_afresh_may_end_in_a_refusal(card, store):
    def decide(command, state):
        if len(store) == 1:
            store.append("card-7", el.Event("CardRedeemed", {"amount": 15}))
        return card.decide(command, state)

    with pytest.raises(ValueError, match="only 5 left"):
        el.handle(store, el.Decider(decide, card.evolve, card.initial), "card-7", Redeem(15))
    assert len(store) == 2


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_are_limited_and_then_the_conflict_is_raised(card, store, retries):
    with pytest.raises(ConcurrencyError) as caught:
        el.handle(store, overtaken(store, 99, card), "card-7", Redeem(1), retries=retries)

    assert len(store) == 1 + retries + 1  # only the intruder's
    assert f"decided {retries + 1} times" in caught.value.__notes__[0]


def test_a_conflict_that_decide_itself_runs_into_is_not_retried(store):
    tried = []

    def decide(command, state):
        tried.append(command)
        store.append("card-7", el.Event("CardLoaded", {"amount": 1}), expected=0)

    rules = el.Decider(decide, lambda n, event: n, 0)

    with pytest.raises(ConcurrencyError):
        el.handle(store, rules, "card-7", "load")
    assert len(tried) == 1


# -- what the caller expects -----------------------------------------------------------------------


@pytest.mark.parametrize("expected", [1, el.ANY, el.STREAM_EXISTS])
def test_an_expectation_that_holds_lets_the_command_through(card, store, expected):
    assert el.handle(store, card, "card-7", Redeem(5), expected=expected).version == 2


@pytest.mark.parametrize("expected", [0, 2, el.NO_STREAM])
def test_an_expectation_that_does_not_hold_is_not_retried(card, store, expected):
    with pytest.raises(ConcurrencyError, match="is at version 1"):
        el.handle(store, card, "card-7", Redeem(5), expected=expected)
    assert len(store) == 1


def test_who_expects_a_version_and_is_overtaken_is_told_and_not_decided_for(card, store):
    with pytest.raises(ConcurrencyError, match="is at version 2 but you expected 1"):
        el.handle(store, overtaken(store, 1, card), "card-7", Redeem(5), expected=1)
    assert len(store) == 2


@pytest.mark.parametrize(
    ("hidden", "shown"), [("CardShown", ["CardRedeemed"]), ("CardRedeemed", ["CardShown"])]
)
def test_a_command_sent_twice_is_handled_once_whatever_is_shown_of_it(tmp_path, hidden, shown):
    def decide(amount, balance):
        return [el.Event("CardShown"), el.Event("CardRedeemed", {"amount": amount})]

    rules = el.Decider(decide, lambda balance, event: balance, 0)
    with el.EventStore(tmp_path / "cards.duckdb") as store:
        el.handle(store, rules, "card-7", 15, command_id="c1")
        store.append("card-7", el.Event("CardLoaded", {"amount": 5}))

    with el.EventStore(tmp_path / "cards.duckdb", upcasters=[drop(hidden, 1)]) as store:
        again = el.handle(store, rules, "card-7", 15, command_id="c1")

        assert (again.version, again.position, again.duplicate) == (2, 2, True)
        assert [event.type for event in again.events] == shown
        assert store.head == 3


# -- events that upcasters do not show ---------------------------------------------------------------


@pytest.fixture
def hiding():
    """Card-7 is loaded with 20 and then shown to somebody, which nobody wants to know any more."""
    with el.EventStore(upcasters=[drop("CardShown", 1)]) as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        store.append("card-7", el.Event("CardShown", schema=1))
        yield store


def test_a_stream_whose_last_event_is_not_shown_is_written_to(card, hiding):
    done = el.handle(hiding, card, "card-7", Redeem(5), expected=2, retries=0)

    assert (done.version, done.position) == (3, 3)
    assert told(hiding) == [
        ("card-7", 1, "CardLoaded", {"amount": 20}),
        ("card-7", 3, "CardRedeemed", {"amount": 5}),
    ]


def test_a_stream_of_which_nothing_is_shown_is_no_new_one(card, hiding):
    hiding.append("card-8", el.Event("CardShown", schema=1))

    with pytest.raises(ConcurrencyError, match="'card-8' is at version 1"):
        el.handle(hiding, card, "card-8", Load(5), expected=el.NO_STREAM)
    assert el.handle(hiding, card, "card-8", Load(5)).version == 2


def test_who_is_overtaken_behind_an_event_that_is_not_shown_decides_afresh(card, hiding):
    done = el.handle(hiding, overtaken(hiding, 1, card), "card-7", Redeem(20))

    assert (done.version, done.attempts) == (4, 2)


# -- the same command again ------------------------------------------------------------------------


def test_a_command_sent_twice_is_handled_once(card, store):
    first = el.handle(store, card, "card-7", Redeem(15), command_id="till-1/7")
    again = el.handle(store, card, "card-7", Redeem(15), command_id="till-1/7")

    assert (first.duplicate, again.duplicate, len(store)) == (False, True, 2)
    assert (again.version, again.position) == (first.version, first.position) == (2, 2)
    assert [event.event_id for event in again.events] == ["till-1/7#1"]


def test_a_repeated_command_finds_all_its_events_and_no_other(card, store):
    first = el.handle(store, card, "card-7", Close(), command_id="c1")
    store.append("card-7", el.Event("ReceiptPrinted", event_id="c11#3"))

    again = el.handle(store, card, "card-7", Close(), command_id="c1")

    assert (again.version, again.position, again.duplicate) == (3, 3, True)
    assert [event.type for event in again.events] == [event.type for event in first.events]


def test_a_command_id_used_for_another_stream_is_refused(card, store):
    el.handle(store, card, "card-7", Redeem(15), command_id="c1")

    with pytest.raises(DuplicateEventError, match="stream 'card-7'"):
        el.handle(store, card, "card-8", Load(15), command_id="c1")
    assert len(store) == 2


def test_a_command_id_and_events_with_ids_of_their_own_exclude_each_other(store):
    rules = el.Decider(lambda *_: el.Event("A", event_id="mine"), lambda n, event: n, 0)

    with pytest.raises(InvalidDecision, match="leave one of the two out"):
        el.handle(store, rules, "a-1", "do", command_id="c1")


def test_one_command_sent_by_many_at_once_is_handled_once(card):
    with el.EventStore() as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 100}))
        for number in range(5):
            send = partial(
                el.handle, store, card, "card-7", Redeem(2), retries=8, command_id=f"c{number}"
            )
            results = at_once([send] * 6)

            assert sorted(done.duplicate for done in results) == [False] + [True] * 5
            assert len(store) == number + 2


def decide_once(command, card):
    return None if card["balance"] < 20 else cards.decide(command, card)


def decide_with_a_receipt(command, card):
    return el.Event("CardRedeemed", {"amount": command.amount, "before": card["balance"]})


@pytest.mark.parametrize(
    ("decide", "settings"),
    [
        (cards.decide, {}),
        (cards.decide, {"expected": 1}),
        (cards.decide, {"query": el.Query(types="CardLoaded")}),
        (decide_once, {}),
        (decide_with_a_receipt, {}),
    ],
    ids=["refused", "expectation", "unseen by the query", "nothing decided", "decided otherwise"],
)
def test_a_command_handled_behind_the_look_for_its_id_is_a_duplicate(
    store, monkeypatch, decide, settings
):
    rules, look = el.Decider(decide, cards.EVOLVE, {"balance": 0}, name="card"), store.find

    def look_and_be_overtaken(event_id, **kwargs):
        found = look(event_id, **kwargs)
        monkeypatch.setattr(store, "find", look)
        el.handle(store, rules, "card-7", Redeem(15), command_id="c1", **settings)
        return found

    monkeypatch.setattr(store, "find", look_and_be_overtaken)
    done = el.handle(store, rules, "card-7", Redeem(15), command_id="c1", **settings)

    assert (done.duplicate, done.version, done.position, len(store)) == (True, 2, 2, 2)
    assert [(event.event_id, event.data["amount"]) for event in done.events] == [("c1#1", 15)]


def test_a_command_handled_while_its_copy_was_decided_needs_no_retry(card, store):
    def decide(command, state):
        if len(store) == 1:
            el.handle(store, card, "card-7", command, command_id="c1")
        return cards.decide(command, state)

    rules = el.Decider(decide, cards.EVOLVE, {"balance": 0}, name="card")
    done = el.handle(store, rules, "card-7", Redeem(15), command_id="c1", retries=0)

    assert (done.duplicate, done.version, len(store)) == (True, 2, 2)


# -- races -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["memory", "file"])
def test_of_racing_handlers_exactly_one_wins_each_round(card, place, tmp_path):
    with el.EventStore(None if place == "memory" else tmp_path / "cards.duckdb") as store:
        for round in range(8):
            command = partial(el.handle, store, card, "card-7", Load(1), expected=round)
            results = at_once([command] * 6)

            won = [result for result in results if isinstance(result, el.Handled)]
            assert ([done.version for done in won], len(results)) == ([round + 1], 6)
        assert len(store) == 8


def test_racing_handlers_never_spend_more_than_is_there(card):
    with el.EventStore() as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 25}))

        def redeem():
            try:
                return el.handle(store, card, "card-7", Redeem(10), retries=20)
            except ValueError as error:
                return str(error)

        results = at_once([redeem] * 6)

        assert results.count("only 5 left") == 4
        assert card.state(store) == {"balance": 5, "open": True}


@over(st.lists(st.sampled_from([Load(5), Redeem(3), Redeem(8), Close()]), max_size=8))
@examples(8)
def test_the_state_decided_by_is_the_state_of_the_log(commands):
    card, history = rules(), []
    with el.EventStore() as store:
        for command in commands:
            try:
                decided = card.decided(command, card.state(history))
            except (ValueError, LifeEnded) as refusal:
                with pytest.raises(type(refusal)):
                    el.handle(store, card, "card-7", command)
            else:
                assert list(el.handle(store, card, "card-7", command).events) == decided
                history += decided
        assert [(event.type, event.data) for event in store] == [(e.type, e.data) for e in history]


# -- by a query: the last seat in two courses ------------------------------------------------------


SEATS, COURSES_EACH = 2, 2


def subscription(student, course):
    """Return the rules and the query of one subscription: the course has seats, the student has time."""

    def decide(command, taken):
        if taken["seats"] >= SEATS:
            raise ValueError(f"{course} is full")
        if taken["courses"] >= COURSES_EACH:
            raise ValueError(f"{student} has {COURSES_EACH} courses")
        return el.Event("StudentSubscribed", tags=[f"course:{course}", f"student:{student}"])

    def evolve(taken, event):
        return {
            "seats": taken["seats"] + (f"course:{course}" in event.tags),
            "courses": taken["courses"] + (f"student:{student}" in event.tags),
        }

    rules = el.Decider(decide, evolve, {"seats": 0, "courses": 0}, name="subscription")
    either = el.Query("StudentSubscribed", tags=f"course:{course}") | el.Query(
        "StudentSubscribed", tags=f"student:{student}"
    )
    return rules, either


def subscribe(store, student, course, **settings):
    rules, query = subscription(student, course)
    return el.handle(store, rules, f"student-{student}", "subscribe", query=query, **settings)


def test_a_decision_by_a_query_sees_other_streams():
    with el.EventStore() as store:
        subscribe(store, "s1", "c1")
        subscribe(store, "s2", "c1")

        with pytest.raises(ValueError, match="c1 is full"):
            subscribe(store, "s3", "c1")

        assert [event.stream for event in store] == ["student-s1", "student-s2"]


def test_both_limits_hold_at_once():
    with el.EventStore() as store:
        done = [subscribe(store, "s1", course) for course in ("c1", "c2")]

        assert [(one.version, one.position) for one in done] == [(1, 1), (2, 2)]
        with pytest.raises(ValueError, match="s1 has 2 courses"):
            subscribe(store, "s1", "c3")


def test_a_decision_by_a_query_is_made_afresh_when_another_match_came_in_between():
    with el.EventStore() as store:
        rules, query = subscription("s1", "c1")

        def decide(command, taken):
            if len(store) < SEATS:
                subscribe(store, f"other-{len(store)}", "c1")
            return rules.decide(command, taken)

        slow = el.Decider(decide, rules.evolve, rules.initial)

        with pytest.raises(ConditionFailed, match="StudentSubscribed at position 1"):
            el.handle(store, slow, "student-s1", "subscribe", query=query, retries=0)
        with pytest.raises(ValueError, match="c1 is full"):
            el.handle(store, slow, "student-s1", "subscribe", query=query)
        assert len(store) == SEATS


def test_what_the_query_does_not_match_is_no_conflict():
    with el.EventStore() as store:
        rules, query = subscription("s1", "c1")

        def decide(command, taken):
            subscribe(store, "s2", "c2")
            return rules.decide(command, taken)

        slow = el.Decider(decide, rules.evolve, rules.initial)

        assert el.handle(store, slow, "student-s1", "subscribe", query=query).attempts == 1


def test_an_expected_version_of_the_stream_is_kept_beside_the_query():
    with el.EventStore() as store:
        subscribe(store, "s1", "c1", expected=0)

        with pytest.raises(ConcurrencyError, match="expected 0"):
            subscribe(store, "s1", "c2", expected=0)
        assert len(store) == 1


def test_racing_students_never_overbook_a_course_or_themselves():
    """Four students want all three courses at once; naive counting afterwards knows no decider."""
    with el.EventStore() as store:

        def wanted(student, course):
            try:
                return subscribe(store, student, course, retries=50)
            except ValueError as error:
                return str(error)

        wishes = [(f"s{s}", f"c{c}") for s in range(4) for c in range(3)]
        at_once(partial(wanted, student, course) for student, course in wishes)

        pairs = [tuple(event.tags) for event in store]
        for course in ("c0", "c1", "c2"):
            assert sum(f"course:{course}" in pair for pair in pairs) == SEATS
        for student in ("s0", "s1", "s2", "s3"):
            assert sum(f"student:{student}" in pair for pair in pairs) <= COURSES_EACH
        assert len(set(pairs)) == len(pairs)


def test_a_branch_decides_by_its_own_past(card, store):
    store.append("card-7", el.Event("CardRedeemed", {"amount": 20}))
    fork = store.branch(drop=[2])

    assert el.handle(fork, card, "card-7", Redeem(20)).version == 2
    with pytest.raises(ValueError, match="only 0 left"):
        el.handle(store, card, "card-7", Redeem(20))


# -- what makes no sense ---------------------------------------------------------------------------


def test_what_makes_no_sense_is_refused_before_anything_is_read(card, store):
    with pytest.raises(InvalidDecider, match=r"el\.Decider"):
        el.handle(store, card.decide, "card-7", Redeem(5))
    for retries in (-1, True, 1.5, None):
        with pytest.raises(InvalidDecider, match="retries"):
            el.handle(store, card, "card-7", Redeem(5), retries=retries)
    for command_id in ("", 7):
        with pytest.raises(InvalidDecider, match="command_id"):
            el.handle(store, card, "card-7", Redeem(5), command_id=command_id)
    with pytest.raises(InvalidQuery, match="handle"):
        el.handle(store, card, "card-7", Redeem(5), query="card-7")
    assert len(store) == 1


@pytest.mark.parametrize("answer", [{"amount": 5}, "CardLoaded", [None]], ids=repr)
def test_a_decision_that_is_no_event_writes_nothing(store, answer):
    rules = el.Decider(lambda *_: answer, lambda n, event: n, 0)

    with pytest.raises(InvalidDecision):
        el.handle(store, rules, "card-7", "load")
    assert len(store) == 1
