"""Does a whole frame become events, each value as it was, all of them or none?"""

import datetime as dt
import json
import re
from decimal import Decimal
from itertools import count
from uuid import UUID

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import BadRow, DuplicateEventError, ImportFailed, MissingColumn, ReadOnly
from eventlab.store import bulk
from eventlab.store.columns_in import Roles
from tests.examples import examples

NOON = pd.Timestamp("2026-03-01T12:00:00Z").as_unit("us")


def sales():
    return pd.DataFrame(
        {
            "card": ["card-7", "card-8", "card-7", "card-9"],
            "kind": ["CardLoaded", "CardLoaded", "CardRedeemed", "CardClosed"],
            "ts": [
                "2026-01-05",
                "2026-01-06T10:00:00+02:00",
                "2026-01-09T08:30:00Z",
                "2026-01-07 09:00",
            ],
            "amount": pd.array([20, 30, 5, None], dtype="Int64"),
            "holder": ["Mara", "Ben", None, None],
        }
    )


def append(store, frame, **roles):
    return store.append_frame(frame, **{"stream": "card", "type": "kind", **roles})


def one_column(values, name="x", dtype=object):
    column = pd.Series(values, dtype=dtype)
    return pd.DataFrame({"card": "card-7", "kind": "CardLoaded", name: column})


def payloads(log):
    return [event.data for event in log]


def ids(log):
    return [event.event_id for event in log]


@pytest.fixture(params=[2, 100])
def any_slice(request, monkeypatch):
    """Slices that end anywhere in a table."""
    monkeypatch.setattr(bulk, "SLICE", request.param)


@pytest.fixture
def one_by_one(monkeypatch):
    """A slice for every row, so that each rule has to hold across slices."""
    monkeypatch.setattr(bulk, "SLICE", 1)


# -- rows become events ----------------------------------------------------------------------------


def test_every_row_becomes_an_event_in_the_order_of_the_rows(store, any_slice):
    done = append(store, sales(), occurred_at="ts")

    assert done == el.Appended("card-9", version=1, position=4)
    pd.testing.assert_frame_equal(
        store.events(expand=True),
        pd.DataFrame(
            {
                "position": [1, 2, 3, 4],
                "stream": ["card-7", "card-8", "card-7", "card-9"],
                "version": [1, 1, 2, 1],
                "type": ["CardLoaded", "CardLoaded", "CardRedeemed", "CardClosed"],
                "occurred_at": pd.to_datetime(
                    [
                        "2026-01-05T00:00:00Z",
                        "2026-01-06T08:00:00Z",
                        "2026-01-09T08:30:00Z",
                        "2026-01-07T09:00:00Z",
                    ]
                ).as_unit("us"),
                "amount": pd.array([20, 30, 5, None], dtype="Int64"),
                "holder": pd.Series(["Mara", "Ben", None, None], dtype="str"),
                "actor": pd.Series([None] * 4, dtype="str"),
                "reason": pd.Series([None] * 4, dtype="str"),
                "recorded_at": [NOON] * 4,
                "correlation_id": pd.Series([None] * 4, dtype="str"),
                "causation_id": pd.Series([None] * 4, dtype="str"),
                "event_id": ["card-7@1", "card-8@1", "card-7@2", "card-9@1"],
                "tags": pd.Series([None] * 4, dtype=object),
                "schema": [1, 1, 1, 1],
            }
        ),
    )


def test_columns_named_for_the_envelope_leave_the_payload(store):
    frame = pd.DataFrame(
        {
            "card": ["card-7"],
            "kind": ["CardLoaded"],
            "who": ["ana"],
            "why": ["birthday"],
            "talk": ["c1"],
            "cause": ["e0"],
            "id": ["e1"],
            "amount": [20],
        }
    )

    append(
        store,
        frame,
        actor="who",
        reason="why",
        correlation_id="talk",
        causation_id="cause",
        event_id="id",
    )

    [event] = store
    assert (event.actor, event.reason, event.correlation_id) == ("ana", "birthday", "c1")
    assert (event.causation_id, event.event_id, event.data) == ("e0", "e1", {"amount": 20})


def test_an_actor_is_taken_only_when_named(store):
    append(store, one_column(["ana"], name="actor"))

    [event] = store
    assert event.actor is None
    assert event.data == {"actor": "ana"}


def test_streams_that_are_there_already_are_continued(store, any_slice):
    store.append("card-7", el.Event("CardLoaded", {"amount": 1}))

    done = append(store, sales())

    assert done.position == 5
    assert [(e.stream, e.version) for e in store.stream("card-7")] == [
        ("card-7", 1),
        ("card-7", 2),
        ("card-7", 3),
    ]


def test_appending_goes_on_behind_an_import(store):
    append(store, sales())

    done = store.append("card-7", el.Event("CardLoaded", {"amount": 1}), expected=2)

    assert (done.version, done.position) == (3, 5)


def test_an_import_continues_what_another_connection_wrote(path):
    with el.EventStore(path) as store, el.EventStore(path) as other:
        other.append("card-7", el.Event("CardLoaded", {"amount": 1}))
        append(store, sales())

        assert [e.version for e in other.stream("card-7")] == [1, 2, 3]


def test_the_index_and_the_order_of_its_labels_do_not_matter(store):
    append(store, sales().set_axis([5, 5, 1, 0]))

    assert [e.stream for e in store] == ["card-7", "card-8", "card-7", "card-9"]


def test_the_frame_is_not_changed(store):
    frame, before = sales(), sales()

    append(store, frame, occurred_at="ts")

    pd.testing.assert_frame_equal(frame, before)


def test_a_frame_without_rows_appends_nothing(store):
    assert append(store, sales().iloc[:0], occurred_at="ts") == el.Appended("", 0, 0)
    assert len(store) == 0


def test_an_empty_id_is_refused_as_an_event_refuses_it(store):
    with pytest.raises(BadRow, match=r"row 2: column 'id' is empty \(found ''\)"):
        append(store, one_column(["a", ""], name="id"), event_id="id")

    assert len(store) == 0


def test_ids_are_drawn_for_the_rows_that_bring_none(one_by_one):
    store = el.EventStore(ids=iter("xyz").__next__)

    append(store, one_column(["a", None, None], name="id"), event_id="id")

    assert ids(store) == ["a", "x", "y"]


def ids_while_others_write(path, times):
    """Give ids; before each of the first ones another connection of this process writes an event."""
    numbers = count(1)

    def made():
        number = next(numbers)
        if number <= times:
            duckdb.connect(path.resolve()).execute(
                "insert into events select * replace (position + 1 as position, version + 1 as version) "
                "from events order by position desc limit 1"
            )
        return f"id-{number}"

    return made


def test_a_frame_goes_behind_what_another_connection_writes_meanwhile(path):
    with el.EventStore(path) as store:
        store.append("card-1", el.Event("CardLoaded"))
    with el.EventStore(path, ids=ids_while_others_write(path, times=1)) as store:
        done = append(store, one_column([7]))

        assert (done.version, done.position, len(store)) == (1, 3, 3)
        assert store.verify().empty


def test_a_frame_gives_way_to_a_connection_that_does_not_stop_writing(path):
    with el.EventStore(path) as store:
        store.append("card-1", el.Event("CardLoaded"))
    with el.EventStore(path, ids=ids_while_others_write(path, times=2)) as store:
        with pytest.raises(el.errors.StoreError, match="another connection of this process wrote"):
            append(store, one_column([7]))

        assert [event.type for event in store] == ["CardLoaded"] * 3


# -- values come out as they went in ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([1, 2**63 - 1, -(2**63)]), [1, 2**63 - 1, -(2**63)]),
        (pd.Series([1.5, np.nan, 1e300]), [1.5, None, 1e300]),
        (pd.Series([Decimal("1.10"), Decimal("NaN")]), ["1.10", None]),
        (pd.Series([0.1, 2.0], dtype="float32"), [0.10000000149011612, 2.0]),
        (pd.Series([True, False]), [True, False]),
        (pd.Series([True, None], dtype="boolean"), [True, None]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Series([2**63 - 1], dtype="uint64"), [2**63 - 1]),
        (pd.Series([1, "x", 2.5, True, None], dtype=object), [1, "x", 2.5, True, None]),
        (pd.Series([None, "x"], dtype=object), [None, "x"]),
        (pd.Series([None, None], dtype=object), [None, None]),
        (pd.Series(["", "ß\n'\"; --", None], dtype="str"), ["", "ß\n'\"; --", None]),
        (pd.Series(["u", None, "v"], dtype="category"), ["u", None, "v"]),
        (pd.Series([1, None], dtype="category"), [1, None]),
        (pd.Series([1, None], dtype="int64[pyarrow]"), [1, None]),
        (pd.Series([[1, "x"], {"a": [None]}]), [[1, "x"], {"a": [None]}]),
        (pd.Series([Decimal("1.10"), None]), ["1.10", None]),
        (pd.Series([b"\xff", bytearray(b"cat")]), ["/w==", "Y2F0"]),
        (pd.Series([[Decimal("1.10")], {"a": b"\xff"}]), [["1.10"], {"a": "/w=="}]),
        (pd.Series([UUID(int=1)]), ["00000000-0000-0000-0000-000000000001"]),
        (pd.Series([dt.date(2026, 1, 31), dt.time(9, 30)]), ["2026-01-31", "09:30:00"]),
        (pd.Series(pd.to_datetime(["2026-01-31T09:30:00"])), ["2026-01-31T09:30:00"]),
        (pd.Series(pd.to_datetime(["2026-01-31T09:30+01:00"])), ["2026-01-31T08:30:00Z"]),
        (
            pd.Series(np.array(["2026-01-31T09:30:00.123456789"], dtype="datetime64[ns]")),
            ["2026-01-31T09:30:00.123456789"],
        ),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")) or None,
)
def test_a_value_stays_what_it_is_or_becomes_exact_text(store, column, expected):
    append(store, one_column(column, dtype=None))

    assert payloads(store) == [{} if value is None else {"x": value} for value in expected]
    assert [type(p.get("x")) for p in payloads(store)] == [type(value) for value in expected]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
names = texts.filter(
    lambda name: name and "\0" not in name and name.lower() not in ("card", "kind")
)


@examples(8)
@given(
    rows=st.integers(0, 4).flatmap(
        lambda size: st.dictionaries(
            names, st.lists(values, min_size=size, max_size=size), max_size=3
        )
    )
)
def test_any_frame_of_values_that_json_has_comes_out_equal(rows):
    columns = {name.lower(): (name, column) for name, column in rows.items()}
    frame = pd.DataFrame({n: pd.Series(column, dtype=object) for n, column in columns.values()})
    frame = frame.assign(card="card-7", kind="CardLoaded")

    with el.EventStore() as store:
        append(store, frame)
        stored = [json.dumps(payload, sort_keys=True) for payload in payloads(store)]

    assert stored == [
        json.dumps({n: c[row] for n, c in columns.values() if c[row] is not None}, sort_keys=True)
        for row in range(len(frame))
    ]


@pytest.mark.parametrize(
    "name",
    [
        "self",
        "type",
        "stream",
        "position",
        "data",
        "select",
        'a"b',
        "it's; drop table events; --",
        "$x",
        "ß",
    ],
)
def test_a_column_may_be_called_anything(store, name):
    append(store, one_column([1, "x"], name=name))

    assert payloads(store) == [{name: 1}, {name: "x"}]


def test_the_catalogue_knows_the_kinds_of_each_field(store, any_slice):
    frame = one_column([1, "x", None, 2.5]).assign(y=[np.nan, 1.0, 2.0, 3.0], z=[np.nan] * 4)

    append(store, frame)

    assert store.types().fields.tolist() == ["x, y"]
    kinds = store.cursor().execute("select field, kind from fields order by all").fetchall()
    assert kinds == [("x", "BIGINT"), ("x", "DOUBLE"), ("x", "VARCHAR"), ("y", "DOUBLE")]


# -- a column of payloads --------------------------------------------------------------------------


def test_data_names_a_column_of_dicts_or_json_text(store, any_slice):
    frame = one_column([{"amount": 20, "tags": [1, "x"]}, '{"amount": null}', None], name="d")

    append(store, frame.assign(other=1), data="d")

    assert payloads(store) == [{"amount": 20, "tags": [1, "x"]}, {"amount": None}, {}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[1]", "no JSON object"),
        ("5", "no JSON object"),
        ('{"a": ', "no JSON object"),
        ("", "no JSON object"),
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ('{"o": {"a": 1, "a": 2}}', "'o.a' is given twice"),
        ('{"l": [{"a": 1, "a": 2}]}', r"'l\[0\].a' is given twice"),
        ('{"a": 18446744073709551616}', "beyond 64 bits"),
        ('{"a": 9223372036854775808}', "beyond 64 bits"),
        ('{"a": NaN}', "nan"),
        ('{"a": [1 , ]}', "no standard JSON"),
        ('{"a": [-Infinity]}', "-inf"),
        ('{"a":inf}', "no standard JSON"),
        ('{"a": 1e999}', "inf"),
        ('{"a": "\\ud800"}', "'a' holds text that is not valid Unicode"),
        ('{"a": "\\ud800"', "no JSON object"),
        ('{"a": ' + "[" * 101 + "]" * 101 + "}", "nested deeper"),
        ('{"a": ' + "[" * 9999 + "]" * 9999 + "}", "no standard JSON"),
    ],
)
def test_json_text_that_would_change_is_refused_by_row(store, text, found):
    frame = one_column(
        ['{"fine": [{"a": 1}, {"a": 2}], "nan": "inf,}"}', text], name="d", dtype="str"
    )

    with pytest.raises(BadRow, match=f"row 2: .*{found}"):
        append(store, frame, data="d")

    assert len(store) == 0


# -- rows that cannot become events ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "roles", "sentence"),
    [
        (
            {"card": None},
            {},
            r"row 3: column 'card' is missing \(found None\); nothing was imported",
        ),
        ({"card": ""}, {}, r"row 3: column 'card' is missing \(found ''\)"),
        ({"kind": None}, {}, r"row 3: column 'kind' is missing"),
        ({"ts": "yesterday"}, {}, r"row 3: column 'ts' is no time \(found 'yesterday'\)"),
        ({"ts": None}, {}, r"row 3: column 'ts' is no time \(found None\)"),
        ({"ts": "infinity"}, {}, r"row 3: column 'ts' is no time"),
        ({"ts": "epoch"}, {}, r"row 3: column 'ts' is no time"),
        ({"ts": "01/02/2026"}, {}, r"row 3: column 'ts' is no time"),
        ({"ts": "2026-01-05T00:00:00.1234567Z"}, {}, r"row 3: column 'ts' is finer than a micro"),
        ({"more": float("inf")}, {}, r"row 3: payload field 'more' is inf"),
        ({"more": Decimal("-Infinity")}, {}, r"row 3: payload field 'more' is -inf"),
        ({"more": (1,)}, {}, r"row 3: payload field 'more' is a tuple"),
        ({"more": [pd.NaT]}, {}, r"row 3: payload field 'more\[0\]' is a NaTType"),
        ({"more": [Decimal("NaN")]}, {}, r"row 3: payload field 'more\[0\]' is nan"),
        ({"more": {"n": [2**70]}}, {}, r"row 3: payload field 'more.n\[0\]' is the integer"),
        (
            {"more": "\ud800"},
            {},
            r"row 3: payload field 'more' holds text that is not valid Unicode",
        ),
        ({"holder": "\ud800"}, {}, r"row 3: column 'holder' is not valid Unicode"),
        ({"more": "\ud800"}, {"actor": "more"}, r"row 3: column 'more' is not valid Unicode"),
    ],
)
def test_one_bad_row_refuses_the_whole_frame(store, any_slice, change, roles, sentence):
    store.append("card-1", el.Event("CardLoaded"))
    frame = sales().astype(object).assign(more=1)
    for column, value in change.items():
        frame[column] = pd.Series([*frame[column][:2], value, frame[column][3]], dtype=object)

    with pytest.raises(BadRow, match=sentence):
        append(store, frame, occurred_at="ts", **roles)

    assert [e.stream for e in store] == ["card-1"]
    assert store.append("card-7", el.Event("CardLoaded")).position == 2


def test_text_without_pyarrow_is_checked_too(store):
    column = pd.Series(["fine", "\ud800"], dtype=pd.StringDtype("python", na_value=np.nan))

    with pytest.raises(BadRow, match=r"row 2: column 'x' is not valid Unicode"):
        append(store, one_column(column, dtype=None))


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (np.array([1, 2**64 - 1], dtype="uint64"), "row 2: column 'x' is beyond 64 bits"),
        (np.array([1.0, -np.inf]), "row 2: column 'x' is infinite"),
        (pd.to_timedelta([1, 2]), "row 1: payload field 'x' is a Timedelta"),
        (np.array([1, 1j]), "row 1: payload field 'x' is a complex"),
        (pd.period_range("2026-01", periods=2, freq="M"), "row 1: payload field 'x' is a Period"),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")) or None,
)
def test_a_column_of_a_type_that_json_has_not_is_refused(store, column, sentence):
    with pytest.raises(BadRow, match=sentence):
        append(store, one_column(column, dtype=None))


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_nanoseconds_are_no_time_to_record(store, zone):
    times = np.array(["2026-01-05", "2026-01-05T00:00:00.000000001"], dtype="datetime64[ns]")
    frame = one_column(pd.Series(times).dt.tz_localize(zone), dtype=None)

    with pytest.raises(BadRow, match=r"row 2: .*microsecond"):
        append(store, frame, occurred_at="x")


def test_a_number_is_no_time(store):
    with pytest.raises(
        ImportFailed, match=r"column 'x' holds BIGINT and was named as a time.*to_datetime"
    ):
        append(store, one_column([1], dtype="int64"), occurred_at="x")


@pytest.mark.parametrize(
    "wrong",
    [{"stream": 0}, {"type": None}, {"data": 5}, {"actor": b"holder"}, {"event_id": ["id"]}],
)
def test_a_column_that_is_not_named_by_text_is_refused(store, wrong):
    [(role, found)] = wrong.items()
    frame = sales().rename(columns={"holder": 0})
    sentence = f"{role}={found!r} names no column of the table: give the name of the column as text"

    for load in (store.append_frame, el.read_table):
        with pytest.raises(ImportFailed, match=re.escape(sentence)):
            load(frame, **{"stream": "card", "type": "kind", **wrong})


@pytest.mark.parametrize(
    "role",
    [
        "stream",
        "type",
        "occurred_at",
        "recorded_at",
        "actor",
        "reason",
        "correlation_id",
        "causation_id",
        "event_id",
        "data",
    ],
)
def test_a_wrong_column_name_lists_the_columns_there_are(store, role):
    with pytest.raises(MissingColumn) as refused:
        append(store, sales(), **{role: "Card"})

    assert str(refused.value) == (
        f"{role}='Card' names no column of the table; "
        "its columns are: 'card', 'kind', 'ts', 'amount', 'holder'."
    )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["card", "kind", 5], "column 5 has no text as its name"),
        (["card", "kind", ""], "column '' has no text as its name"),
        (["card", "kind", "Card"], "columns 'card' and 'Card' have the same name to SQL"),
        (["card", "kind", "kind"], "columns 'kind' and 'kind' have the same name"),
        (["card", "kind", "el_row"], "column 'el_row' has a name kept for the importer"),
        (["card", "kind", "a\0b"], "not valid Unicode"),
        (["card", "kind", "\ud800"], "not valid Unicode"),
    ],
)
def test_columns_that_sql_cannot_tell_apart_are_refused(store, columns, sentence):
    with pytest.raises(ImportFailed, match=sentence):
        append(
            store,
            pd.DataFrame([["card-7", "CardLoaded", 1]], columns=pd.Index(columns, dtype=object)),
        )


def test_what_is_no_frame_is_refused(store):
    with pytest.raises(ImportFailed, match="dict is no DataFrame"):
        append(store, {"card": ["card-7"]})


def test_a_read_only_store_is_not_written(path):
    el.EventStore(path).close()

    with el.EventStore(path, read_only=True) as store, pytest.raises(ReadOnly):
        append(store, sales())


def test_an_interrupted_import_leaves_the_store_as_it_was(store, one_by_one):
    append(store, sales())

    with pytest.raises(KeyboardInterrupt):
        store.load(Interrupted(), Roles(stream="card", type="kind"))

    assert len(store) == 4
    assert store.append("card-7", el.Event("CardLoaded")).position == 5
    assert append(store, sales()).position == 9


class Interrupted:
    """A table whose reader presses Ctrl-C when half of it is written."""

    rows = 2

    def columns(self, con):
        return {"card": "VARCHAR", "kind": "VARCHAR"}

    def slice(self, con, start, stop):
        if start == 1:
            raise KeyboardInterrupt
        return "(select 'card-7' as card, 'CardLoaded' as kind, 1 as el_row)"


# -- two clocks ------------------------------------------------------------------------------------


def test_recorded_at_is_taken_from_the_table_and_stands_in_for_occurred_at(store):
    append(store, one_column(["2026-01-05", "2026-01-06"], name="r"), recorded_at="r")

    assert [(str(e.recorded_at), str(e.occurred_at)) for e in store] == [
        ("2026-01-05 00:00:00", "2026-01-05 00:00:00"),
        ("2026-01-06 00:00:00", "2026-01-06 00:00:00"),
    ]


def test_recorded_at_may_not_step_back(store, any_slice):
    frame = one_column(["2026-01-05", "2026-01-07", "2026-01-06"], name="r")

    with pytest.raises(
        BadRow, match=r"row 3: recorded_at steps back from 2026-01-07.* to 2026-01-06"
    ):
        append(store, frame, recorded_at="r")

    assert len(store) == 0


def test_recorded_at_may_not_step_behind_the_store(store):
    store.append("card-7", el.Event("CardLoaded"))  # at noon on 1 March

    with pytest.raises(BadRow, match=r"row 1: recorded_at steps back from 2026-03-01 12:00:00"):
        append(store, one_column(["2026-03-01T11:59:59"], name="r"), recorded_at="r")


def test_the_store_goes_on_behind_the_last_recorded_time(store):
    append(store, one_column(["2027-01-01"], name="r"), recorded_at="r")

    store.append("card-7", el.Event("CardLoaded"))

    assert [str(e.recorded_at) for e in store] == ["2027-01-01 00:00:00"] * 2


# -- ids given by the table ------------------------------------------------------------------------


def named(rows, **columns):
    """The rows of four sales that bring the ids a, b, c, d."""
    frame = sales().assign(id=list("abcd"), **columns)
    return frame.iloc[rows]


def append_named(store, frame):
    return append(store, frame, event_id="id", occurred_at="ts")


def test_the_same_table_again_writes_nothing(store, any_slice):
    append_named(store, named([0, 1, 2, 3]))
    store.append("card-9", el.Event("CardLoaded"))

    again = append_named(store, named([0, 1, 2, 3]))

    assert again == el.Appended("card-9", version=1, position=4, duplicate=True)
    assert len(store) == 5


def test_a_part_of_a_stored_table_writes_nothing(store, any_slice):
    append_named(store, named([0, 1, 2, 3]))

    again = append_named(store, named([0, 2]))

    assert again == el.Appended("card-7", version=2, position=3, duplicate=True)


def test_the_same_table_again_with_its_recorded_times_writes_nothing(store, any_slice):
    frame = named([0, 1, 2, 3], r=["2026-01-05", "2026-01-06", "2026-01-06", "2026-01-07"])
    append(store, frame, event_id="id", recorded_at="r")

    assert append(store, frame, event_id="id", recorded_at="r").duplicate
    assert len(store) == 4


def test_an_exported_log_comes_back_under_its_own_names(store, any_slice):
    append(store, sales())
    export = store.events()[["stream", "type", "data", "event_id", "occurred_at"]]
    columns = {"stream": "stream", "type": "type", "data": "data", "event_id": "event_id"}

    again = store.append_frame(export, **columns)
    with el.EventStore() as other:
        first = other.append_frame(export, **columns)

        assert (again.duplicate, first.duplicate) == (True, False)
        assert ids(other) == ids(store) == ["card-7@1", "card-8@1", "card-7@2", "card-9@1"]
        assert other.cursor().execute("select count(given_id) from events").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("second", "named_id"),
    [
        ([0, 1, 2, 3], "a"),  # the first two are stored, the others are not
        ([2, 3, 0, 1], "[ac]"),
        ([2, 0], "[ac]"),
        ([1, 2], "b"),
    ],
)
def test_a_partial_overlap_is_refused(store, any_slice, second, named_id):
    append_named(store, named([0, 1]))

    with pytest.raises(DuplicateEventError, match=f"event id '{named_id}' is stored already"):
        append_named(store, named(second))

    assert ids(store) == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        named([1, 0, 2, 3]),
        named([0, 1, 2, 3], amount=[20, 30, 5, 1]),
        named([0, 1, 2, 3], kind="CardLoaded"),
        named([0, 1, 2, 3], card="card-7"),
        named([0, 1, 2, 3], ts="2026-01-05"),
        named([0, 1, 2, 3], more="new"),
    ],
    ids=["order", "content", "type", "stream", "time", "field"],
)
def test_stored_ids_for_other_events_are_refused(store, any_slice, other):
    append_named(store, named([0, 1, 2, 3]))

    with pytest.raises(DuplicateEventError, match="another stream, order or content"):
        append_named(store, other)

    assert len(store) == 4


def test_an_id_that_stands_twice_is_refused(store, any_slice):
    frame = named([0, 1, 2, 3]).assign(id=["a", "b", 'odd "one"', 'odd "one"'])

    with pytest.raises(
        DuplicateEventError, match="""'odd "one"' stands more than once in the table"""
    ):
        append_named(store, frame)

    assert len(store) == 0


def test_a_stored_id_that_stands_twice_is_refused(store, any_slice):
    append_named(store, named([0]))

    with pytest.raises(DuplicateEventError):
        append_named(store, named([0, 0]))


def test_rows_without_an_id_are_new_every_time(store, any_slice):
    frame = named([0, 1, 2, 3]).assign(id=pd.Series([None] * 4, dtype="str"))

    append_named(store, frame)
    append_named(store, frame)

    assert len(store) == 8


@pytest.mark.parametrize("event_id", ["card-7@2", "other@1"])
def test_an_id_that_looks_like_the_stores_own_is_refused(store, any_slice, event_id):
    frame = named([0, 1]).assign(id=[event_id, "b"])

    with pytest.raises(BadRow, match=rf"row 1: event id '{event_id}' has the form stream@version"):
        append_named(store, frame)


def test_the_stores_own_name_given_to_another_event_is_refused(store, any_slice):
    frame = named([0, 1, 2]).assign(id=["x", "y", "card-7@1"])

    with pytest.raises((BadRow, DuplicateEventError), match="card-7@1"):
        append_named(store, frame)

    assert len(store) == 0


# -- slices do not show ----------------------------------------------------------------------------


def test_the_size_of_a_slice_changes_nothing(monkeypatch):
    frame = pd.DataFrame(
        {
            "card": [f"card-{n * 7 % 5}" for n in range(40)],
            "kind": ["CardLoaded" if n % 3 else "CardRedeemed" for n in range(40)],
            "amount": [n if n % 2 else str(n) for n in range(40)],
            "id": [f"e{n}" for n in range(40)],
        }
    )
    logs = []
    for size in (1, 7, 40, 1000):
        monkeypatch.setattr(bulk, "SLICE", size)
        with el.EventStore(clock=lambda: "2026-03-01") as store:
            append(store, frame, event_id="id")
            logs.append((store.events(expand=True), store.streams(), store.types()))

    for log in logs[1:]:
        for found, expected in zip(log, logs[0], strict=True):
            pd.testing.assert_frame_equal(found, expected)
