"""The verbs on random logs with ties, late events, rebirths and odd names, each against a fold by hand.

`Told` reads the rules off the page, event by event, and knows nothing of eventlab.
"""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from tests.projections.test_laws import (
    BOTH,
    CARD,
    CARDS,
    START,
    STREAMS,
    laws,
    logs,
    numbered,
    store_of,
)
from tests.timetravel.test_panel import EVERYTHING

FIELDS = ("balance", "holder", "loads")
both = pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])


class Told:
    """What a log tells, in the order it is given: every card's fields, and what last changed each."""

    def __init__(self, rows) -> None:
        self.state, self.marks, self.ended, self.intervals = {}, {}, {}, []
        self._open = {}
        for position, row in rows:
            self._event(position, *row)

    def _event(self, position, stream, kind, data, day):
        began = self._open.pop(stream, None)
        if began:
            self.intervals[began[1]] += (position, day)
        if kind == "CardClosed":
            self.state.pop(stream, None), self.marks.pop(stream, None)
            self.ended[stream] = position
            return
        before = self.state.get(stream)
        balance, holder, loads = before or (0, None, 0)
        balance += data["amount"] if kind == "CardLoaded" else -data["amount"]
        holder = holder if data.get("holder") is None else data["holder"]
        now = (balance, holder, loads + (kind == "CardLoaded"))
        marks = self.marks.get(stream, {})
        for field, value, was in zip(FIELDS, now, before or (None,) * 3, strict=True):
            if before is None or value != was:
                marks[field] = position
        self.state[stream], self.marks[stream] = now, marks
        self._open[stream] = (position, len(self.intervals))
        self.intervals.append((stream, position, day, now))

    def differences(self, before: Told):
        for stream in sorted({*self.state, *before.state}):
            was, now = before.state.get(stream), self.state.get(stream)
            change = "appeared" if was is None else "vanished" if now is None else "changed"
            for at, field in enumerate(FIELDS):
                one, other = (was or (None,) * 3)[at], (now or (None,) * 3)[at]
                if one != other:
                    ended = self.ended.get(stream) if now is None else self.marks[stream][field]
                    yield stream, field, one, other, change, ended


def by_day(rows, until=99):
    return sorted(
        (row for row in numbered(rows) if row[1][3] <= until), key=lambda r: (r[1][3], r[0])
    )


def plain(frame, columns):
    values = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None)
    return list(values.itertuples(index=False, name=None))


@both
@laws
@given(rows=logs, early=st.integers(0, 15), late=st.integers(0, 15))
def test_diff_tells_what_differs_and_which_event_did_it(cards, rows, early, late):
    before, after = Told(numbered(rows[:early])), Told(numbered(rows[:late]))
    with store_of(rows) as store:
        diff = cards.diff(store.until(position=early), store.until(position=late))

        told = plain(diff, ["key", "field", "before", "after", "change", "position"])
        assert told == list(after.differences(before))
        types = {position: row[1] for position, row in numbered(rows)}
        assert plain(diff, ["type"]) == [(types.get(position),) for *_, position in told]


@both
@laws
@given(rows=logs, early=st.integers(-1, 5), late=st.integers(-1, 5))
def test_diff_of_what_had_happened_follows_that_order(cards, rows, early, late):
    before, after = Told(by_day(rows, early)), Told(by_day(rows, late))
    with store_of(rows) as store:
        cuts = [store.until(occurred=START + timedelta(days=day)) for day in (early, late)]
        diff = cards.diff(*cuts)

        told = plain(diff, ["key", "field", "before", "after", "change", "position"])
        assert told == list(after.differences(before))


@both
@laws
@given(rows=logs, cut=st.integers(0, 15))
def test_a_log_does_not_differ_from_itself(cards, rows, cut):
    with store_of(rows) as store:
        diff = cards.diff(store.until(position=cut), store.until(position=cut))

        assert diff.empty
        full = cards.diff(store.until(position=0), store)
        assert list(diff.columns) == list(full.columns)
        kept = [name for name in diff if name not in ("key", "before", "after")]
        assert [str(diff.dtypes[n]) for n in kept] == [str(full.dtypes[n]) for n in kept]


@both
@laws
@given(rows=logs, occurred=st.booleans())
def test_blame_names_the_event_that_last_changed_a_field(cards, rows, occurred):
    told = Told(by_day(rows) if occurred else numbered(rows))
    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store
        for stream in STREAMS:
            blame = cards.blame(log, stream)
            expected = [
                (field, value, told.marks[stream][field])
                for field, value in zip(FIELDS, told.state.get(stream, ()), strict=False)
            ]
            assert plain(blame, ["field", "value", "position"]) == expected


@both
@laws
@given(rows=logs, occurred=st.booleans())
def test_lifetimes_are_all_states_with_their_ends(cards, rows, occurred):
    told = Told(by_day(rows) if occurred else numbered(rows))
    expected = [
        (stream, position, *now, *(ending or (None,)))
        for stream, position, _, now, *ending in (
            (*interval[:4], *interval[4:5]) for interval in told.intervals
        )
    ]
    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store
        found = cards.lifetimes(log)

        columns = ["stream", "valid_from", *FIELDS, "valid_until"]
        assert plain(found, columns) == expected
        if occurred:
            days = [(START + timedelta(days=interval[2]),) for interval in told.intervals]
            assert plain(found, ["from_time"]) == days


@both
@laws
@given(rows=logs, wanted=st.integers(-60, 60), monotone=st.booleans())
def test_bisect_finds_the_first_event_after_which_a_card_is_low(cards, rows, wanted, monotone):
    lows, low = {}, {}
    for position, row in numbered(rows):
        told = Told(numbered(rows[:position]))
        if row[0] in told.state:
            low[row[0]] = min(low.get(row[0], 0), told.state[row[0]][0])
            if told.state[row[0]][0] < wanted:
                lows.setdefault(row[0], position)
    with store_of(rows) as store:
        for stream in STREAMS:
            found = cards.bisect(store, lambda card: card["balance"] < wanted, key=stream)
            assert (found and found.position) == lows.get(stream)
            if found:
                assert found == next(iter(store.since(position=found.position)))
                assert found.state["balance"] < wanted


@both
@laws
@given(rows=logs, wanted=st.integers(0, 6), occurred=st.booleans())
def test_bisect_of_all_keys_finds_the_same_by_halves_and_one_by_one(cards, rows, wanted, occurred):
    order = by_day(rows) if occurred else numbered(rows)
    loads = [sum(row[1] == "CardLoaded" for _, row in order[: n + 1]) for n in range(len(order))]
    expected = next((order[n][0] for n, found in enumerate(loads) if found >= wanted), None)
    rule = CARD_WITHOUT_END if cards is CARD else CARDS_WITHOUT_END
    with store_of(rows) as store:
        log = store.until(occurred="2027-01-01") if occurred else store

        one_by_one = rule.bisect(log, lambda s: s["loads"].sum() >= wanted)
        by_halves = rule.bisect(log, lambda s: s["loads"].sum() >= wanted, monotone=True)

        assert (one_by_one and one_by_one.position) == expected
        assert one_by_one == by_halves
        if by_halves:
            assert by_halves.looked_at <= len(rows).bit_length() + 1
            assert_frame_equal(by_halves.state, one_by_one.state)


@both
@laws
@given(
    rows=logs,
    asked=st.lists(st.tuples(st.sampled_from([*STREAMS, "?"]), st.integers(0, 16)), max_size=6),
)
def test_asof_sees_the_state_at_a_position_and_nothing_later(cards, rows, asked):
    with store_of(rows) as store:
        frame = pd.DataFrame(asked, columns=["card", "at"], index=range(5, 5 + len(asked)))
        found = cards.asof(store, frame.astype({"at": "int64"}), on="at", key="card", by="position")

        expected = [Told(numbered(rows[:at])).state.get(card, (None,) * 3) for card, at in asked]
        assert plain(found, FIELDS) == expected
        assert found.index.tolist() == frame.index.tolist()


@both
@laws
@given(
    rows=logs,
    asked=st.lists(
        st.tuples(st.sampled_from(STREAMS), st.integers(-1, 6), st.integers(0, 16)), max_size=6
    ),
)
def test_asof_on_both_clocks_folds_what_was_known_in_order_of_occurrence(cards, rows, asked):
    """Position n was recorded n - 1 seconds after the second day at the earliest; see `store_of`."""
    with store_of(rows) as store:
        recorded = dict(plain(store.events(), ["position", "recorded_at"]))
        frame = pd.DataFrame(
            {
                "card": pd.Series([card for card, _, _ in asked], dtype="str"),
                "happened": [START + timedelta(days=day) for _, day, _ in asked],
                "known": [
                    recorded.get(at, START + timedelta(days=at and 90)) for _, _, at in asked
                ],
            }
        ).astype({"happened": "datetime64[us, UTC]", "known": "datetime64[us, UTC]"})
        on_both = cards.asof(
            store, frame, on=("known", "happened"), key="card", by=("recorded", "occurred")
        )
        happened = cards.asof(store, frame, on="happened", key="card", by="occurred")

        known = [
            [row for row in numbered(rows) if recorded[row[0]] <= time] for time in frame["known"]
        ]
        expected = [
            Told(sorted((r for r in seen if r[1][3] <= day), key=lambda r: (r[1][3], r[0])))
            for seen, (_, day, _) in zip(known, asked, strict=True)
        ]
        cards_asked = [card for card, _, _ in asked]
        assert plain(on_both, FIELDS) == [
            told.state.get(card, (None,) * 3)
            for told, card in zip(expected, cards_asked, strict=True)
        ]
        assert plain(happened, FIELDS) == [
            Told(by_day(rows, day)).state.get(card, (None,) * 3) for card, day, _ in asked
        ]


@laws
@given(rows=logs, cut=st.integers(0, 15), occurred=st.booleans())
def test_fold_and_projection_agree_on_every_verb(rows, cut, occurred):
    with store_of(rows) as store:
        early, late = store.until(position=cut), store
        if occurred:
            early, late = (log.until(occurred="2027-01-01") for log in (early, late))
        assert_frame_equal(CARD.diff(early, late), CARDS.diff(early, late))
        assert_frame_equal(CARD.diff(late, early), CARDS.diff(late, early))
        assert_frame_equal(CARD.lifetimes(late), CARDS.lifetimes(late))
        assert_frame_equal(CARD.blame(late, "card-1"), CARDS.blame(late, "card-1"))


@laws
@given(rows=logs, early=st.integers(0, 15), late=st.integers(0, 15), occurred=st.booleans())
def test_duckdb_finds_for_every_verb_the_event_that_comparing_all_states_finds(
    rows, early, late, occurred
):
    with store_of([("card-1", "CardLoaded", {"amount": 1, "holder": "Mara"}, 0), *rows]) as store:
        cuts = [store.until(position=cut) for cut in (early, late)]
        if occurred:
            cuts = [log.until(occurred="2027-01-01") for log in cuts]
        found = EVERYTHING.diff(*cuts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(el.Projection, "marks", el.TimeTravel.marks)
            assert_frame_equal(found, EVERYTHING.diff(*cuts))


CARDS_WITHOUT_END = type(CARDS)("cards", **dict(CARDS.columns))
CARD_WITHOUT_END = type(CARD)(
    lambda card, event: card if event.type == "CardClosed" else CARD.rule(card, event), CARD.initial
)
