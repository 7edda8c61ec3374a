"""Following a log from a position on: what was there, and each later change; with snapshots or without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from tests.examples import examples
from tests.projections.test_laws import CARD, CARDS, logs, store_of
from tests.snapshots.test_snapshots import HOLDER, RULES
from tests.timetravel.test_laws_of_time_travel import plain


@pytest.mark.parametrize("rule", [CARD, CARDS], ids=["fold", "projection"])
@pytest.mark.parametrize("every", [None, 2])
def test_what_was_there_stands_before_what_happened(two_cards, rule, every):
    cards = rule if every is None else el.Snapshots(two_cards, rule, every=every)

    rows = cards.onward(two_cards, 3)

    assert plain(behind(rows, 3), ["stream", "position", "balance", "alive"]) == [
        ("card-1", 4, None, False),
        ("card-1", 5, 3, True),
        ("card-2", 6, 11, True),
    ]
    assert known(cards, rows, 3) == [("card-1", 25, 3), ("card-2", 10, 2)]


def test_snapshots_fold_what_came_after_the_last_one_before(two_cards):
    cards = el.Snapshots(two_cards, CARDS, every=2)

    replayed = []
    for log in (two_cards, two_cards.until(position=5), two_cards.stream("card-2")):
        cards.onward(log, 3)
        replayed.append(cards.replayed)

    assert replayed == [4, 3, 1]


@pytest.mark.parametrize("every", [None, 3])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@examples(3)
@given(rows=logs, at=st.integers(0, 17))
def test_it_is_the_state_and_the_changes(rule, every, rows, at):
    with store_of([HOLDER, *rows]) as store:
        asked = rule if every is None else el.Snapshots(store, rule, every=every)
        for log in (store, store.stream("card-1", "card-2").until(position=12)):
            found, changes = asked.onward(log, at), rule.changes(log)
            columns = [*rule.key_names, "position", *rule.fields, "alive"]
            state = rule(log.until(position=at)).reset_index()

            late = behind(found, at)
            assert in_order(plain(late, columns)) == in_order(plain(behind(changes, at), columns))
            assert late["position"].is_monotonic_increasing
            assert known(rule, found, at) == known(rule, state.assign(alive=True), at)


def behind(rows, position):
    """The rows of the events behind a position."""
    return rows[rows["position"] > position]


def known(rule, rows, position):
    """Key, first field and position of what lived at a position."""
    early = rows[rows["position"] <= position].drop_duplicates(list(rule.key_names), keep="last")
    return in_order(plain(early[early["alive"]], [*rule.key_names, rule.fields[0], "position"]))


def in_order(rows):
    """Rows that may have missing keys, in one order."""
    return sorted(rows, key=repr)
