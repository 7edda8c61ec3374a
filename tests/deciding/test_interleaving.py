"""Are all orders of two writers tried, and what becomes of a card in each of them?"""

import math

import pytest

import eventlab as el
from eventlab.deciding import interleavings, play
from eventlab.errors import ConcurrencyError, InvalidSchedule


def steps(name, number, said):
    for step in range(number - 1):
        said.append(f"{name}{step}")
        yield
    said.append(f"{name}{number - 1}")


def of_steps(**numbers):
    def start():
        said = []
        return said, {name: steps(name, number, said) for name, number in numbers.items()}

    return start


@pytest.mark.parametrize(
    ("numbers", "orders"),
    [
        ({"a": 3, "b": 3}, math.comb(6, 3)),
        ({"a": 1, "b": 4}, 5),
        ({"a": 2, "b": 2, "c": 2}, 90),
        ({}, 1),
    ],
    ids=str,
)
def test_every_order_is_tried_once_and_as_it_is_told(numbers, orders):
    tried = list(interleavings(of_steps(**numbers)))

    assert len({schedule for schedule, _ in tried}) == len(tried) == orders
    for schedule, said in tried:
        assert "".join(schedule) == "".join(word[0] for word in said)
        assert sorted(said) == sorted(
            f"{n}{step}" for n, many in numbers.items() for step in range(many)
        )


def test_orders_come_sorted_by_who_goes_first():
    schedules = ["".join(schedule) for schedule, _ in interleavings(of_steps(a=2, b=2))]

    assert schedules == ["aabb", "abab", "abba", "baab", "baba", "bbaa"]


def test_an_order_can_be_played_again():
    for schedule, said in interleavings(of_steps(a=3, b=2)):
        again, writers = of_steps(a=3, b=2)()
        assert play(writers, schedule) == schedule
        assert again == said


def test_a_schedule_that_ends_early_leaves_the_rest_one_after_the_other():
    said, writers = of_steps(a=2, b=2)()

    assert "".join(play(writers, "b")) == "baab"
    assert said == ["b0", "a0", "a1", "b1"]


def test_a_step_for_nobody_is_refused():
    with pytest.raises(InvalidSchedule, match=r"'a'.*still going: b"):
        play(of_steps(a=1, b=2)()[1], "aa")
    with pytest.raises(InvalidSchedule, match="'c'"):
        play(of_steps(a=1, b=2)()[1], "c")


# -- two clerks and a card of 20 -------------------------------------------------------------------


def balance(store):
    """Fold the card by hand."""
    loaded = sum(event.data["amount"] for event in store.only("CardLoaded"))
    return loaded - sum(event.data["amount"] for event in store.only("CardRedeemed"))


def two_clerks(clerk):
    def start():
        store = el.EventStore()
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        return store, {"A": clerk(store), "B": clerk(store)}

    return start


def redeem(store, expecting):
    """Read, decide and append, each a step; a refused clerk begins again."""
    while True:
        version, left = len(store.stream("card-7")), balance(store)
        yield
        if left < 15:
            return
        event = el.Event("CardRedeemed", {"amount": 15})
        yield
        try:
            store.append("card-7", event, expected=version if expecting else el.ANY)
            return
        except ConcurrencyError:
            yield


def test_without_an_expectation_the_card_is_overdrawn_unless_one_reads_what_the_other_wrote():
    """Of the 20 orders of three steps each only AAABBB and BBBAAA are not a race; they end in five steps."""
    overdrawn = {
        "".join(schedule)
        for schedule, store in interleavings(two_clerks(lambda store: redeem(store, False)))
        if balance(store) < 0
    }

    assert len(overdrawn) == 20 - 2
    assert {"ABABAB", "AABABB"} <= overdrawn
    assert all("AAA" != schedule[:3] != "BBB" for schedule in overdrawn)


def test_with_an_expected_version_no_order_overdraws_the_card():
    left = [
        balance(store)
        for _, store in interleavings(two_clerks(lambda store: redeem(store, expecting=True)))
    ]

    assert len(left) == 20
    assert set(left) == {5}


def test_in_whatever_order_handle_serves_one_clerk_and_the_other_gets_nothing():
    def decide(amount, left):
        return el.Event("CardRedeemed", {"amount": amount}) if amount <= left else None

    def evolve(left, event):
        return left + event.data["amount"] * (1 if event.type == "CardLoaded" else -1)

    rules = el.Decider(decide, evolve, 0)

    def clerk(store):
        yield
        el.handle(store, rules, "card-7", 15)

    for _, store in interleavings(two_clerks(clerk)):
        assert balance(store) == 5
