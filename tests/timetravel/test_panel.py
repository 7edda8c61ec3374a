"""State at many moments is the states at each of them."""

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import EventLabError
from tests.projections.test_laws import BOTH, laws, logs, store_of

both = pytest.mark.parametrize("cards", BOTH, ids=["fold", "projection"])

EVERYTHING = el.Projection(
    "everything",
    key=el.each("stream", "holder"),
    total=el.total("amount"),
    half=el.total("data.amount / 2.0", on="CardLoaded"),
    exact=el.total("data.amount::DECIMAL(18, 2)"),
    count=el.count(),
    first=el.first("holder"),
    last=el.last("holder"),
    least=el.least("amount"),
    greatest=el.greatest("occurred_at"),
    different=el.distinct("amount"),
    ends_with="CardClosed",
)


@pytest.mark.parametrize("cards", [*BOTH, EVERYTHING], ids=["fold", "projection", "every verb"])
@laws
@given(
    rows=logs,
    cuts=st.lists(st.integers(0, 16), max_size=5),
    by=st.sampled_from(["position", "recorded", "occurred"]),
)
@example(
    rows=[
        ("card-1", "CardLoaded", {"amount": 0}, 0),
        ("card-1", "CardLoaded", {"amount": 0}, 0),
        ("card-2", "CardLoaded", {"amount": 0}, 0),
        ("card-1", "CardClosed", {"amount": 0, "holder": "Mara"}, 0),
    ],
    cuts=[0, 4],
    by="recorded",
)
def test_a_panel_is_the_states_at_its_cuts(cards, rows, cuts, by):
    with store_of([("card-1", "CardLoaded", {"amount": 1, "holder": "Mara"}, 0), *rows]) as store:
        events = store.events()
        at = cuts
        if by != "position":
            times = events[f"{by}_at"]
            at = [times.iloc[cut % len(times)] for cut in cuts]
        panel = cards.panel(store, at=at, by=by)

        for cut in at:
            state = cards(store.until(**{by: cut}))
            part = panel.loc[[cut]] if len(state) else panel[:0]
            times_asked = at.count(cut)
            assert len(part) == len(state) * times_asked
            if times_asked == 1:
                found = part.droplevel("cut")
                held = state.dropna(axis="columns", how="all")
                assert_frame_equal(
                    found[held.columns], held, check_dtype=False, check_index_type=False
                )
                assert found.drop(columns=held.columns).isna().all(axis=None)
        assert panel.index.names == ["cut", *cards.key_names]
        assert len(panel) == sum(len(cards(store.until(**{by: cut}))) for cut in at)


@both
def test_cuts_come_in_the_order_they_were_asked_for(cards):
    with store_of(
        [("card-1", "CardLoaded", {"amount": 5}, 0), ("card-1", "CardLoaded", {"amount": 1}, 0)]
    ) as store:
        panel = cards.panel(store, at=[2, 0, 1])

        assert panel.index.tolist() == [(2, "card-1"), (1, "card-1")]
        assert panel["balance"].tolist() == [6, 5]


@both
def test_times_are_the_cuts_where_times_are_asked_for(cards):
    with store_of([("card-1", "CardLoaded", {"amount": 5}, 3)]) as store:
        panel = cards.panel(store, at=["2026-01-04", "2026-01-05"], by="occurred")

        assert panel.index.get_level_values("cut").tolist() == [
            pd.Timestamp("2026-01-04", tz="UTC"),
            pd.Timestamp("2026-01-05", tz="UTC"),
        ]


@both
def test_no_cuts_give_an_empty_panel_of_the_same_shape(cards):
    with store_of([("card-1", "CardLoaded", {"amount": 5}, 3)]) as store:
        panel = cards.panel(store, at=[])

        assert panel.empty
        assert panel.index.names == ["cut", "stream"]
        assert list(panel) == list(cards(store))


@pytest.mark.parametrize(
    ("at", "by", "words"),
    [
        ([1.5], "position", "is no position: give whole numbers, or times with by='recorded'"),
        ([True], "position", "is no position"),
        (["March"], "recorded", "at='March' is not a time"),
        ([1], "version", "by= one of position, recorded, occurred"),
        (5, "position", "panel(at=5) is no list of cuts: give panel(at=[5])"),
        ("2026-03-01", "recorded", "panel(at='2026-03-01') is no list of cuts"),
    ],
)
def test_what_is_no_cut_is_refused(at, by, words):
    with store_of([]) as store, pytest.raises(EventLabError) as refused:
        BOTH[0].panel(store, at=at, by=by)

    assert words in str(refused.value)


@pytest.mark.parametrize("kind", ["fold", "projection"])
def test_a_column_has_its_type_also_where_the_first_cuts_hold_nothing_of_it(kind):
    fields = {"number": 3, "text": "a", "flag": True, "half": 0.5}
    rule = (
        el.Projection("rule", **{name: el.last(name) for name in fields})
        if kind == "projection"
        else el.Fold(lambda state, event: state | event.data, dict.fromkeys(fields), name="rule")
    )
    with el.EventStore() as store:
        store.append("card-1", [el.Event("Seen", {}), el.Event("Seen", fields)])

        panel = rule.panel(store, at=[0, 1, 2])

    assert panel.dtypes.astype(str).to_dict() == {
        "number": "Int64",
        "text": "str",
        "flag": "boolean",
        "half": "float64",
        "position": "int64",
    }
    assert panel.loc[1].isna().sum(axis=1).item() == 4
    assert panel.loc[2].iloc[0].to_dict() == {**fields, "position": 2}
