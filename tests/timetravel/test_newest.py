"""The rows changed last are those of the whole state, found by looking at the last events only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import InvalidQuestion
from tests.examples import examples
from tests.projections.test_laws import BOTH, as_dict, logs, store_of

both = pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])


@both
@examples(3)
@given(
    rows=logs,
    number=st.integers(1, 4),
    cut=st.integers(0, 16),
    every=st.integers(1, 6),
    look=st.sampled_from([1, 3, 1000]),
)
def test_they_are_the_last_rows_of_the_state(cards, rows, number, cut, every, look):
    with store_of(rows) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr("eventlab.timetravel.newest.FIRST_LOOK", look)
        log = store.until(position=cut)
        expected = cards(log).nlargest(number, "position")

        for rule in (cards, el.Snapshots(store, cards, every=every)):
            newest = rule.newest(log, number)

            assert list(as_dict(newest).items()) == list(as_dict(expected).items())
            assert list(newest) == list(expected)


def test_a_log_folded_by_occurrence_is_folded_whole():
    with store_of(
        [("b-1", "CardLoaded", {"amount": 1}, 5), ("b-2", "CardLoaded", {"amount": 2}, 1)]
    ) as store:
        newest = BOTH[1].newest(store.until(occurred="2026-02-01"), 1)

        assert newest.index.tolist() == ["b-2"]


def test_an_event_that_a_fold_skips_does_not_bring_its_row_forward():
    store = el.EventStore()
    for stream, kind in (("a", "Set"), ("b", "Set"), ("a", "Seen")):
        store.append(stream, el.Event(kind, {"n": 1}))
    cells = el.Fold({"Set": lambda cell, event: event.data}, {"n": 0}, on_unknown="skip")

    assert cells.newest(store, 1).index.tolist() == ["b"]


def test_only_their_own_streams_are_folded():
    store = el.EventStore()
    for n in range(50):
        store.append(f"card-{n % 5}", el.Event("CardLoaded", {"amount": 1}))
    fast = el.Snapshots(store, BOTH[1], every=20)

    newest = fast.newest(store, 2)

    assert newest.index.tolist() == ["card-4", "card-3"]
    assert fast.replayed == 4  # of the ten events behind the last snapshot


@both
@pytest.mark.parametrize("kept", [False, True], ids=["afresh", "snapshots"])
def test_what_is_no_log_and_no_number_of_rows_is_refused(cards, kept):
    with store_of([("a", "CardLoaded", {"amount": 1}, 1)]) as store:
        rule = el.Snapshots(store, cards, every=1) if kept else cards

        with pytest.raises(InvalidQuestion, match="was asked about a NoneType"):
            rule.newest(None, 2)
        for rows in (-1, 10**30, "2", 1.5, None, True):
            with pytest.raises(InvalidQuestion, match="is no number of rows"):
                rule.newest(store, rows)
        assert rule.newest(store, 0).empty
