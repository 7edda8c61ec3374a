"""What a field became, event by event and a part of the log at a time: the same as all changes at once."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from tests.examples import examples
from tests.projections.test_laws import CARD, CARDS, logs, store_of
from tests.snapshots.test_snapshots import HOLDER, RULES
from tests.timetravel.test_laws_of_time_travel import plain


@pytest.mark.parametrize("rule", [CARD, CARDS], ids=["fold", "projection"])
def test_a_part_goes_on_from_the_one_before(two_cards, rule):
    first, second = rule.course(two_cards, "balance", [4, 6])

    columns = ["position", "balance", "alive"]
    assert plain(first, columns) == [(1, 20, True), (2, 10, True), (3, 25, True), (4, None, False)]
    assert plain(second, columns) == [(5, 3, True), (6, 11, True)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@examples(3)
@given(rows=logs, cut=st.integers(1, 16))
def test_the_parts_together_are_all_changes(rule, rows, cut):
    with store_of([HOLDER, *rows]) as store:
        changes = rule.changes(store)
        for field in rule.fields:
            parts = rule.course(store, field, [cut, len(store) + cut])

            columns = ["position", field, "alive"]
            assert plain(pd.concat(parts), columns) == plain(changes, columns)


@pytest.mark.parametrize("rule", [CARD, CARDS], ids=["fold", "projection"])
def test_snapshots_fold_every_event_of_it(two_cards, rule):
    kept = el.Snapshots(two_cards, rule, every=3)

    [part] = kept.course(two_cards, "balance", [6])

    columns = ["position", "balance", "alive"]
    assert plain(part, columns) == plain(rule.changes(two_cards), columns)
    assert kept.replayed == 6
