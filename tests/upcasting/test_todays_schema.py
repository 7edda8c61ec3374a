"""Which schema an event has that says none: today's in an append, the first in an upcaster."""

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import BadRow, DuplicateEventError, InvalidEvent, MissingColumn
from eventlab.upcasting import default, rename, split

UPCASTERS = [rename("CardLoaded", 1, amount="euros"), default("CardLoaded", 2, by="shop")]

ROWS = pd.DataFrame(
    {
        "card": ["card-7", "card-7", "card-8"],
        "kind": ["CardLoaded", "CardClosed", "CardLoaded"],
        "euros": [20, None, 5],
        "shape": [3, None, 2],
    }
)


@pytest.fixture
def store():
    return el.EventStore(upcasters=UPCASTERS, clock=lambda: "2026-01-31")


def stored(store):
    raw = store.events(raw=True)
    return list(zip(raw["type"], raw["data"], raw["schema"], strict=True))


def test_an_event_that_says_no_schema_is_of_todays(store):
    store.append("card-7", [el.Event("CardLoaded", {"euros": 5}), el.Event("CardClosed")])

    assert stored(store) == [("CardLoaded", {"euros": 5}, 3), ("CardClosed", {}, 1)]
    assert [event.data for event in store] == [{"euros": 5}, {}]


def test_an_old_event_says_which_schema_it_has(store):
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}, schema=1))
    store.append("card-7", el.Event("CardLoaded", {"euros": 5}, schema=2))

    assert [event.data for event in store] == [
        {"euros": 20, "by": "shop"},
        {"euros": 5, "by": "shop"},
    ]


def test_what_rules_decide_needs_no_schema(store):
    rules = el.Decider(
        lambda euros, card: el.Event("CardLoaded", {"euros": euros}),
        lambda card, event: card + event.data["euros"],
        initial=0,
    )
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}, schema=1))

    el.handle(store, rules, "card-7", 5)

    assert stored(store)[-1] == ("CardLoaded", {"euros": 5}, 3)
    el.given(rules, el.Event("CardLoaded", {"euros": 5})).when(5).then(
        el.Event("CardLoaded", {"euros": 5})
    )


def test_an_append_is_repeated_after_the_chain_grew(tmp_path):
    batch = [el.Event("CardLoaded", {"euros": 5}, event_id="load-1")]
    with el.EventStore(tmp_path / "cards.duckdb", upcasters=UPCASTERS[:1]) as store:
        store.append("card-7", batch)

    with el.EventStore(tmp_path / "cards.duckdb", upcasters=UPCASTERS) as store:
        assert store.append("card-7", batch).duplicate
        with pytest.raises(DuplicateEventError, match=r"content \(schema\)"):
            store.append(
                "card-7", el.Event("CardLoaded", {"euros": 5}, event_id="load-1", schema=3)
            )
        assert stored(store) == [("CardLoaded", {"euros": 5}, 2)]


def test_a_branch_writes_as_its_parent_does(store):
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}, schema=1))
    euros = el.Event("CardLoaded", {"euros": 1})

    fork = store.branch(edit={1: el.Event("CardLoaded", {"euros": 9})}, insert={1: ("a", euros)})
    fork.append("card-7", el.Event("CardLoaded", {"euros": 2}))
    again = fork.branch(insert={0: ("b", euros)})

    assert [(event.data["euros"], event.schema) for event in fork] == [(9, 3), (1, 3), (2, 3)]
    assert next((event.data["euros"], event.schema) for event in again) == (1, 3)


def test_an_upcaster_that_says_no_schema_makes_an_event_of_the_first(store):
    def parts(data):
        return [el.Event("CardLoaded", {"amount": data["amount"]})]

    store = el.EventStore(upcasters=[*UPCASTERS, split("CardSold", 1, into=parts)])
    store.append("card-7", el.Event("CardSold", {"amount": 20}, schema=1))

    [event] = store
    assert (event.data, event.schema) == ({"euros": 20, "by": "shop"}, 3)


# -- tables ----------------------------------------------------------------------------------------


@pytest.fixture(params=["frame", "dicts", "csv", "jsonl", "parquet"])
def table(request, tmp_path):
    """The same rows in every form that is read."""
    path = tmp_path / f"rows.{request.param}"
    if request.param == "frame":
        return ROWS
    if request.param == "csv":
        ROWS.to_csv(path, index=False)
    elif request.param == "parquet":
        ROWS.to_parquet(path)
    else:
        rows = [row.dropna().to_dict() for _, row in ROWS.iterrows()]
        if request.param == "dicts":
            return rows
        path.write_text(pd.DataFrame(rows).to_json(orient="records", lines=True))
    return path


def read(store, table, **more):
    return el.read_table(table, stream="card", type="kind", into=store, **more)


def test_rows_are_of_todays_schema_unless_they_say_another(store, table):
    read(store, table, schema="shape")

    assert [schema for _, _, schema in stored(store)] == [3, 1, 2]
    assert list(store)[2].data == {"euros": 5, "by": "shop"}
    assert all("shape" not in data for _, data, _ in stored(store))


def test_a_number_is_the_schema_of_all_rows(store, table):
    read(store, table, schema=2)

    assert [schema for _, _, schema in stored(store)] == [2, 2, 2]


def test_rows_that_say_nothing_are_of_todays_schema(store, table):
    read(store, table)

    assert [schema for _, _, schema in stored(store)] == [3, 1, 3]


def test_old_rows_are_read_into_a_store_of_today(store):
    old = pd.DataFrame({"card": ["card-7"], "kind": ["CardLoaded"], "amount": [20]})

    store.append_frame(old, stream="card", type="kind", schema=1)

    assert stored(store) == [("CardLoaded", {"amount": 20}, 1)]
    assert [event.data for event in store] == [{"euros": 20, "by": "shop"}]


def test_a_table_is_repeated_whether_or_not_it_says_its_schemas(store):
    rows = ROWS.assign(id=["a", "b", "c"]).drop(columns="shape")
    read(store, rows, event_id="id", schema=2)

    assert store.append_frame(rows, stream="card", type="kind", event_id="id").duplicate
    with pytest.raises(DuplicateEventError, match=r"another stream, order or content"):
        read(store, rows, event_id="id", schema=1)
    assert len(stored(store)) == 3


def test_what_a_store_shows_is_read_into_another(store):
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}, schema=1))
    raw = store.events(raw=True)

    copy = el.EventStore(upcasters=UPCASTERS)
    copy.append_frame(raw, stream="stream", type="type", data="data", schema="schema")

    assert stored(copy) == stored(store)


@pytest.mark.parametrize("bad", [0, -1, 1.5, "one", 2**31, "", True])
def test_what_is_no_schema_is_refused_by_row_and_column(store, bad):
    frame = ROWS.assign(shape=pd.Series([3, 2, bad], dtype=object))

    with pytest.raises(BadRow, match=r"row 3: column 'shape' is no schema, which counts 1, 2, 3"):
        read(store, frame, schema="shape")

    assert len(store) == 0


def test_a_schema_for_all_rows_is_a_number_or_a_column(store):
    with pytest.raises(InvalidEvent, match=r"schema=0 is no shape number"):
        read(store, ROWS, schema=0)
    with pytest.raises(MissingColumn, match="schema='form'"):
        read(store, ROWS, schema="form")
