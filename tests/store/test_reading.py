"""What do the frames of a log look like: columns, dtypes and order, also when there is nothing?"""

from decimal import Decimal

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el

UTC = "datetime64[us, UTC]"


def times(*moments):
    return pd.array(pd.to_datetime(list(moments), utc=True)).astype(UTC)


def texts(*values):
    return pd.array(values, dtype="str")


@pytest.fixture
def store():
    """Two cards; the second event of card-7 happened before its first and was recorded late."""
    clock = iter(["2026-02-01", "2026-02-02", "2026-02-03"])
    with el.EventStore(clock=lambda: next(clock, "2026-02-04")) as store:
        store.append(
            "card-7",
            el.Event(
                "CardLoaded",
                {"amount": 20, "holder": "Mara"},
                actor="ana",
                reason="birthday",
                occurred_at="2026-01-31",
                correlation_id="order-1",
                causation_id="cause-1",
                event_id="e-1",
                tags=["gift", "spring"],
                schema=2,
            ),
        )
        store.append("card-7", el.Event("CardRedeemed", {"amount": 2.5}, occurred_at="2026-01-30"))
        store.append("card-8", el.Event("CardLoaded", {"amount": 5}, tags=[]))
        yield store


# -- iteration, a part of a long log after the other ------------------------------------------------


@pytest.mark.parametrize("most_types", [1, 2])
@pytest.mark.parametrize("cut", ["whole", "only", "since", "stream"])
def test_a_long_log_gives_the_events_of_a_short_one(store, cut, most_types, monkeypatch):
    store.append("card-8", [el.Event("CardLoaded", {"amount": n}) for n in range(5)])
    log = {
        "whole": store,
        "only": store.only("CardLoaded"),
        "since": store.since(position=3),  # of one type, with nothing said but tags
        "stream": store.stream("card-8"),
    }[cut]
    short = list(log)

    monkeypatch.setattr("eventlab.store.reading.SLICE", 2)
    monkeypatch.setattr("eventlab.store.reading.MOST_TYPES", most_types)

    assert list(log) == short
    by_stream = [event for batch in log.batches(by_stream=True) for event in batch]
    assert sorted(by_stream) == short


# -- events ----------------------------------------------------------------------------------------


def test_events_has_one_row_per_event_and_the_whole_envelope(store):
    found = store.events()

    assert_frame_equal(
        found,
        pd.DataFrame(
            {
                "position": [1, 2, 3],
                "stream": texts("card-7", "card-7", "card-8"),
                "version": [1, 2, 1],
                "type": texts("CardLoaded", "CardRedeemed", "CardLoaded"),
                "occurred_at": times("2026-01-31", "2026-01-30", "2026-02-03"),
                "data": [{"amount": 20, "holder": "Mara"}, {"amount": 2.5}, {"amount": 5}],
                "actor": texts("ana", None, None),
                "reason": texts("birthday", None, None),
                "recorded_at": times("2026-02-01", "2026-02-02", "2026-02-03"),
                "correlation_id": texts("order-1", None, None),
                "causation_id": texts("cause-1", None, None),
                "event_id": texts("e-1", "card-7@2", "card-8@1"),
                "tags": [["gift", "spring"], None, []],
                "schema": [2, 1, 1],
            }
        ),
    )


def test_iteration_gives_the_same_events_as_the_frame(store):
    for event, (_, row) in zip(store, store.events().iterrows(), strict=True):
        assert event.position == row.position
        assert event.data == row.data
        assert event.tags == row.tags
        assert event.occurred_at == row.occurred_at.replace(tzinfo=None).to_pydatetime()
        assert (event.actor or "") == ("" if pd.isna(row.actor) else row.actor)


def test_expanding_gives_every_field_a_column_of_its_type(store):
    found = store.events(expand=True)

    assert found.columns.tolist() == [
        *["position", "stream", "version", "type", "occurred_at"],
        *["amount", "holder"],
        *["actor", "reason", "recorded_at", "correlation_id", "causation_id", "event_id"],
        *["tags", "schema"],
    ]
    assert_frame_equal(
        found[["position", "amount", "holder"]],
        pd.DataFrame(
            {
                "position": [1, 2, 3],
                "amount": [20.0, 2.5, 5.0],
                "holder": texts("Mara", None, None),
            }
        ),
    )


def test_expanded_fields_have_the_dtypes_of_their_values(store):
    store = el.EventStore()
    whole = {"n": 1, "x": 1.5, "yes": True, "text": "a", "nothing": None, "list": [1], "map": {}}
    store.append("card-7", [el.Event("A", whole), el.Event("A", {**whole, "late": 7})])
    store.append("card-7", el.Event("A"))

    types = store.events(expand=True).dtypes.astype(str)
    without_gaps = store.until(position=1).events(expand=True).dtypes.astype(str)

    fields = ["n", "x", "yes", "text", "nothing", "list", "map", "late"]
    assert types[fields].to_dict() == {
        "n": "Int64",
        "x": "float64",
        "yes": "boolean",
        "text": "str",
        "nothing": "object",
        "list": "object",
        "map": "object",
        "late": "Int64",
    }
    assert without_gaps[fields[:4]].tolist() == ["int64", "float64", "bool", "str"]


def test_a_cut_expands_to_the_fields_of_the_types_it_shows(store):
    store.append("order-1", el.Event("OrderPlaced", {"total": 3}))

    assert "total" in store.events(expand=True)
    assert "total" not in store.category("card").events(expand=True)
    assert "holder" not in store.only("OrderPlaced").events(expand=True)


def test_a_field_named_like_an_envelope_column_keeps_apart_from_it(store):
    store = el.EventStore()
    fields = {"position": "left", "data.position": "right", "Position": "middle", "type": 5}
    store.append("player-1", el.Event("Moved", fields))

    row = store.events(expand=True).iloc[0]

    assert (row["position"], row["type"]) == (1, "Moved")
    assert row["data.position"] == "left"
    assert row["data.data.position"] == "right"
    assert row["Position"] == "middle"
    assert row["data.type"] == 5


ENVELOPE = {
    "position": "int64",
    "stream": "str",
    "version": "int64",
    "type": "str",
    "occurred_at": UTC,
    "data": "object",
    "actor": "str",
    "reason": "str",
    "recorded_at": UTC,
    "correlation_id": "str",
    "causation_id": "str",
    "event_id": "str",
    "tags": "object",
    "schema": "int64",
}


def test_an_empty_log_has_the_same_columns_and_dtypes(store):
    for log in (el.EventStore(), store.until(position=0), store.stream("nope")):
        empty = log.events()

        assert len(empty) == 0
        assert empty.dtypes.astype(str).to_dict() == ENVELOPE


def test_events_without_text_have_text_columns_all_the_same(store):
    types = store.stream("card-8").events().dtypes.astype(str)

    assert types.to_dict() == ENVELOPE


def test_an_empty_cut_still_knows_the_fields(store):
    empty = store.until(position=0).events(expand=True)

    assert empty.dtypes.astype(str)[["amount", "holder"]].to_dict() == {
        "amount": "float64",
        "holder": "str",
    }


# -- streams and types -----------------------------------------------------------------------------


def test_streams_has_one_row_per_stream(store):
    found = store.streams()

    assert_frame_equal(
        found,
        pd.DataFrame(
            {
                "stream": texts("card-7", "card-8"),
                "category": texts("card", "card"),
                "events": [2, 1],
                "version": [2, 1],
                "first_at": times("2026-01-30", "2026-02-03"),
                "last_at": times("2026-01-31", "2026-02-03"),
                "last_type": texts("CardRedeemed", "CardLoaded"),
                "last_position": [2, 3],
            }
        ),
    )


def test_types_has_one_row_per_type_and_its_fields_in_order(store):
    found = store.types()

    assert_frame_equal(
        found,
        pd.DataFrame(
            {
                "type": texts("CardLoaded", "CardRedeemed"),
                "events": [2, 1],
                "streams": [2, 1],
                "first_at": times("2026-01-31", "2026-01-30"),
                "last_at": times("2026-02-03", "2026-01-30"),
                "fields": texts("amount, holder", "amount"),
            }
        ),
    )


def test_summaries_of_nothing_have_the_same_columns_and_dtypes(store):
    for log in (el.EventStore(), store.until(position=0)):
        assert_frame_equal(log.streams(), store.streams().iloc[:0], check_index_type=False)
        assert_frame_equal(log.types(), store.types().iloc[:0], check_index_type=False)


def test_a_summary_is_of_the_cut(store):
    assert store.until(position=1).streams()["last_type"].tolist() == ["CardLoaded"]
    assert store.since(position=2).streams()["events"].tolist() == [1, 1]
    assert store.since(position=2).streams()["version"].tolist() == [2, 1]
    assert store.until(position=2).types()["streams"].tolist() == [1, 1]


# -- exactness -------------------------------------------------------------------------------------


def test_exact_decimals_stay_decimals_where_asked_for(store):
    store = el.EventStore()
    store.append("card-7", [el.Event("CardLoaded", {"amount": text}) for text in ("0.10", "0.20")])

    total = store.sql("select sum(data.amount::decimal(18, 2)) as total from events")["total"]

    assert total.tolist() == [Decimal("0.30")]


def test_the_first_and_the_last_time_there_are_come_back(store):
    store = el.EventStore(clock=lambda: "2026-02-01")
    moments = ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"]
    store.append("eon-1", [el.Event("Passed", occurred_at=moment) for moment in moments])

    assert [event.occurred_at.isoformat() for event in store] == moments
    assert store.events()["occurred_at"].dt.year.tolist() == [1, 9999]
    assert len(store.until(occurred=moments[1]).since(occurred=moments[1])) == 1
