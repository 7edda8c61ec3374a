"""Do rules decide, evolve and project without a store, and say clearly what they cannot do?"""

from dataclasses import dataclass, replace

import pandas as pd
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import (
    FoldFailed,
    InvalidDecider,
    InvalidDecision,
    InvalidProjection,
    LifeEnded,
    UnknownEventType,
)
from tests.deciding.cards import Close, Load, Redeem, rules
from tests.examples import examples

LOADED_20 = el.Event("CardLoaded", {"amount": 20})


def answering(answer):
    return el.Decider(lambda command, state: answer, lambda state, event: state, 0, name="shop")


def test_a_decision_is_always_a_list_of_events(card):
    assert card.decided(Load(5), {"balance": 0, "open": True}) == [
        el.Event("CardLoaded", {"amount": 5})
    ]
    assert card.decided(Close(), {"balance": 3, "open": True}) == [
        el.Event("BalancePaidOut", {"amount": 3}),
        el.Event("CardClosed"),
    ]
    assert card.decided("a command it does not know", {"balance": 0, "open": True}) == []


@pytest.mark.parametrize(
    "answer",
    [(LOADED_20, LOADED_20), iter([LOADED_20] * 2), [LOADED_20] * 2],
    ids=["tuple", "iterator", "list"],
)
def test_several_events_may_come_in_any_sequence(answer):
    assert answering(answer).decided("load", 0) == [LOADED_20, LOADED_20]


def test_the_state_is_folded_without_a_store(card):
    spent = el.Event("CardRedeemed", {"amount": 5})

    assert card.state([]) == {"balance": 0, "open": True}
    assert card.state([LOADED_20, spent]) == {"balance": 15, "open": True}


def test_recorded_events_are_a_past_too(card, store):
    assert card.state(store.stream("card-7")) == {"balance": 20, "open": True}


def test_the_same_rules_project(card, store):
    store.append("card-8", el.Event("CardLoaded", {"amount": 3}))

    frame = card.fold("cards")(store)

    expected = pd.DataFrame(
        {"balance": [20, 3], "open": [True, True], "position": [1, 2]},
        index=pd.Index(["card-7", "card-8"], name="stream", dtype="str"),
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_fold_takes_the_settings_of_a_fold(card):
    fold = card.fold("cards", version=3, ends_with="CardClosed")

    assert (fold.name, fold.version, fold.ends_with) == ("cards", 3, ("CardClosed",))


def test_state_and_commands_may_be_dataclasses():
    @dataclass(frozen=True)
    class Door:
        open: bool = False

    door = el.Decider(
        lambda command, door: None if door.open else el.Event("DoorOpened"),
        {"DoorOpened": lambda door, event: replace(door, open=True)},
        Door(),
    )

    assert door.decided({"do": "open"}, Door()) == [el.Event("DoorOpened")]
    assert door.state([el.Event("DoorOpened")]) == Door(open=True)
    assert door.decided({"do": "open"}, Door(open=True)) == []


def test_an_initial_state_may_depend_on_the_stream():
    door = el.Decider(lambda command, name: None, lambda name, event: name + "!", initial=str.upper)

    assert door.state([], "door-1") == "DOOR-1"
    assert door.state([el.Event("DoorOpened")], "door-1") == "DOOR-1!"


def test_evolving_in_place_never_touches_the_initial_state():
    def evolve(names, event):
        names.append(event.type)
        return names

    guests = el.Decider(lambda command, names: None, evolve, initial=[])

    assert guests.state([el.Event("MaraCame")]) == ["MaraCame"]
    assert guests.state([]) == []


def test_after_the_end_no_command_reaches_decide(card):
    with pytest.raises(LifeEnded, match=r"'card' has come to its end.*Load\(amount=5\)"):
        card.decided(Load(5), {"balance": 0, "open": False})


@pytest.mark.parametrize(
    "answer",
    [
        {"amount": 5},
        "CardLoaded",
        5,
        True,
        [LOADED_20, None],
        [LOADED_20, {"amount": 5}],
        [[LOADED_20]],
    ],
    ids=repr,
)
def test_a_decision_that_is_no_event_is_refused_with_the_command_and_the_answer(answer):
    with pytest.raises(InvalidDecision, match=r"decide of 'shop' answered 'load' with .*el\.Event"):
        answering(answer).decided("load", 0)


def test_a_recorded_event_is_no_decision(store):
    [recorded] = store

    with pytest.raises(InvalidDecision, match="RecordedEvent"):
        answering(recorded).decided("load", 0)


def test_rules_that_are_no_functions_are_refused_when_they_are_made():
    def function(*_):
        return None

    with pytest.raises(InvalidDecider, match=r"Decider\(decide=…\)"):
        el.Decider({"Load": 1}, function, 0)
    with pytest.raises(InvalidDecider, match=r"is_terminal\(state\) -> bool"):
        el.Decider(function, function, 0, is_terminal="open")
    with pytest.raises(InvalidProjection):
        el.Decider(function, "evolve", 0)
    with pytest.raises(InvalidProjection):
        el.Decider(function, function, 0, on_unknown="panic")


def test_evolve_fails_as_it_does_in_a_fold(card):
    with pytest.raises(UnknownEventType, match="CardStolen"):
        card.state([LOADED_20, el.Event("CardStolen")])
    with pytest.raises(FoldFailed, match="KeyError"):
        card.state([el.Event("CardLoaded")])


def test_unknown_events_can_be_skipped():
    card = el.Decider(lambda *_: None, {"Loaded": lambda n, event: n + 1}, 0, on_unknown="skip")

    assert card.state([el.Event("Loaded"), el.Event("Stolen"), el.Event("Loaded")]) == 2


def test_repr_names_the_rules(card):
    assert repr(card).startswith("Decider('card', decide, Fold('card'")
    assert repr(card).endswith(", with an end)")


COMMANDS = st.one_of(
    st.builds(Load, st.integers(0, 50)), st.builds(Redeem, st.integers(0, 50)), st.just(Close())
)


@over(st.lists(COMMANDS, max_size=12))
@examples(12)
def test_replaying_a_history_gives_the_state_it_was_decided_by(commands):
    """The law of a decider, with a naive account kept beside it."""
    card, history, balance, is_open = rules(), [], 0, True
    for command in commands:
        state = card.state(history)
        assert state == {"balance": balance, "open": is_open}
        try:
            history += card.decided(command, state)
        except (ValueError, LifeEnded):
            continue
        match command:
            case Load(amount):
                balance += amount
            case Redeem(amount):
                balance -= amount
            case Close():
                balance, is_open = 0, False
    assert card.state(history) == {"balance": balance, "open": is_open}
