"""Does a payload come back equal, in value and in type, or is it refused by the name of its field?"""

import datetime as dt
import enum
import math
from collections import OrderedDict
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import InvalidEvent, PayloadError
from tests.examples import examples

# -- what comes back -------------------------------------------------------------------------------

INT64 = st.integers(-(2**63), 2**63 - 1)
EDGES = st.sampled_from(
    [0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), -0.0, 0.0, 1.0, 1e16, 1e22, 1e308, 5e-324, 0.1]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", "\0", "a\0b", "'", '"', "\\", "\n", "🎁", "שלום"]
)
SCALARS = st.none() | st.booleans() | INT64 | FLOATS | EDGES | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(TEXTS, VALUES, max_size=5)

ODD_NAMES = {
    "": 0.5,
    " ": 1,
    "a.b": 2.5,
    "a": {"b": 3},
    "it's": "one",
    'say "hi"': True,
    "data": 1,
    "position": "a text",
    "data.position": 1.5,
    "Position": 2,
    "POSITION": 3,
    "select": None,
    "a\0b": 4.5,
    "a\nb": [],
    "$el_until_position": {},
    "{x}": 1,
    "%s": 1,
    "üñí": "ü",
    "🎁": "gift",
    "\u202egnp.exe": 1,
    "x" * 300: "long",
    "'; drop table events; --": "'; drop table events; --",
}
MIXED = {"list": [1, 1.0, True, None, "1", [], {}, [[]], {"": []}], "empty": [], "none": {}}


def exactly(value):
    """Return a value that is equal only for values of equal types: to Python, 1 == 1.0 == True."""
    match value:
        case dict():
            return {name: exactly(item) for name, item in value.items()}
        case list():
            return [exactly(item) for item in value]
        case float():
            return "float", value, math.copysign(1, value)
    return type(value).__name__, value


def nested(depth):
    value = 1.5
    for level in range(depth):
        value = {"deeper": value} if level % 2 else [value]
    return value


def recorded(*payloads, store=None):
    store = el.EventStore() if store is None else store  # an empty store is false
    store.append("card-7", [el.Event("CardLoaded", payload) for payload in payloads])
    return store


@examples(8)
@given(payloads=st.lists(PAYLOADS, min_size=1, max_size=4))
@example(payloads=[ODD_NAMES, MIXED])
@example(payloads=[{"x": 1}, {"x": 1.0}, {"x": True}, {"x": "1"}, {"x": None}, {}])
@example(payloads=[{"deep": nested(90)}])
def test_a_payload_comes_back_equal_in_value_and_type(payloads):
    store = recorded(*payloads)

    through_iteration = [event.data for event in store]
    through_frame = store.events()["data"].tolist()
    through_sql = store.sql("select data from events order by position")["data"].tolist()

    assert exactly(through_iteration) == exactly(payloads)
    assert exactly(through_frame) == exactly(payloads)
    assert exactly(through_sql) == exactly(payloads)


PLAIN = {
    "n": INT64,
    "x": FLOATS,
    "yes": st.booleans(),
    'it\'s "odd"': TEXTS,
    "": st.booleans(),
    "a\0b": TEXTS,
    "$el_until_position": FLOATS,
}


@examples(8)
@given(payloads=st.lists(st.fixed_dictionaries({}, optional=PLAIN), min_size=1, max_size=6))
@example(payloads=[{"n": 1}, {"x": -0.0}, {}, {"n": -(2**63), "x": 5e-324}])
def test_plain_payloads_with_gaps_come_back_equal_and_with_sorted_keys(payloads):
    store = recorded(*payloads)

    found = [event.data for event in store]

    assert exactly(found) == exactly(payloads)
    assert [list(data) for data in found] == [sorted(data) for data in payloads]


@examples(8)
@given(payload=PAYLOADS)
@example(payload=ODD_NAMES)
@example(payload=MIXED)
@example(payload={"deep": nested(90)})
def test_a_payload_comes_back_equal_from_its_columns(payload):
    store = recorded(payload)

    row = store.events(expand=True).astype(object).iloc[0]

    taken = {*store.events().columns} - {"data"}
    for name, value in payload.items():
        cell = row[f"data.{name}" if name in taken or name.startswith("data.") else name]
        if value is None:
            assert cell is None
        else:
            assert exactly(plain(cell)) == exactly(value)


def plain(cell):
    return cell.item() if isinstance(cell, np.generic) else cell


def test_payloads_survive_close_reopen_and_checkpoint(path):
    payloads = [ODD_NAMES, MIXED, {"deep": nested(90)}, {"x": 1}, {"x": 1.0}, {"x": -0.0}]
    recorded(*payloads, store=el.EventStore(path)).close()

    for _ in range(2):
        with el.EventStore(path) as store:
            assert exactly([event.data for event in store]) == exactly(payloads)
            store.cursor().execute("checkpoint")
            assert exactly([event.data for event in store]) == exactly(payloads)


@examples(4)
@given(payloads=st.lists(PAYLOADS, min_size=1, max_size=30))
def test_payloads_survive_the_way_through_a_file(tmp_path_factory, payloads):
    path = tmp_path_factory.mktemp("payloads") / "cards.duckdb"
    recorded(*payloads, store=el.EventStore(path)).close()

    with el.EventStore(path, read_only=True) as store:
        assert exactly([event.data for event in store]) == exactly(payloads)


def test_a_payload_keeps_integers_that_a_float_would_round(store):
    recorded({"n": 2**53 + 1}, {"n": 2**63 - 1}, {"n": -(2**63)}, store=store)

    n = store.events(expand=True)["n"]

    assert n.dtype == "int64"
    assert n.tolist() == [9007199254740993, 9223372036854775807, -9223372036854775808]


def test_one_field_may_hold_many_types(store):
    values = [1, 2.5, True, "x", None, [1], {"a": 1}]
    recorded(*({"field": value} for value in values), store=store)

    column = store.events(expand=True)["field"]

    assert column.dtype == object
    assert exactly(column.tolist()) == exactly(values)


def test_an_event_without_a_payload_has_an_empty_one(store):
    store.append("card-7", el.Event("CardClosed"))

    assert [event.data for event in store] == [{}]


# -- what is accepted and becomes plain ------------------------------------------------------------


class Colour(str, enum.Enum):  # noqa: UP042  str() of it is 'Colour.RED'
    RED = "red"


class Loud(str):
    def __str__(self):
        return self.upper()


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (np.int64(-5), -5),
        (np.uint8(5), 5),
        (np.uint64(2**63 - 1), 2**63 - 1),
        (np.float64(2.5), 2.5),
        (np.float32(0.1), 0.10000000149011612),
        (np.float16(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (Colour.RED, "red"),
        (Loud("x"), "x"),
        (Level.HIGH, 3),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": [np.int64(1)]}), {"a": [1]}),
    ],
    ids=repr,
)
def test_what_equals_a_plain_value_is_stored_as_one(store, given, stored):
    recorded({"field": given}, {"inside": [{"field": given}]}, store=store)

    assert exactly([event.data for event in store]) == exactly(
        [{"field": stored}, {"inside": [{"field": stored}]}]
    )


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (float("nan"), "is nan, which JSON cannot hold: leave the field out or store None"),
        (float("inf"), "is inf"),
        (np.float64("-inf"), "is -inf"),
        ((1, 2), "is a tuple, which JSON would give back as a list: use a list"),
        ({1, 2}, r"is a set, which JSON cannot hold: store sorted\(value\)"),
        (b"x", "is a bytes, which JSON cannot hold: store base64 text"),
        (Decimal("0.10"), r"is a Decimal, which JSON cannot hold: store str\(value\)"),
        (
            dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
            r"is a datetime, which JSON cannot hold: store value.isoformat",
        ),
        (dt.date(2026, 1, 31), "is a date"),
        (dt.timedelta(1), "is a timedelta"),
        (pd.Timestamp("2026-01-31"), "is a Timestamp"),
        (np.datetime64("2026-01-31T00:00:00", "ns"), "is a datetime64"),
        (np.timedelta64(1, "ns"), "is a timedelta64"),
        (np.array([1]), "is a ndarray"),
        (pd.NA, "is a NAType"),
        (UUID(int=0), r"is a UUID, which JSON cannot hold: store str\(value\)"),
        (1j, "is a complex"),
        (print, "is a builtin_function_or_method"),
        (2**63, "is the integer 9223372036854775808, beyond 64 bits: store it as text"),
        (-(2**63) - 1, "is the integer -9223372036854775809, beyond 64 bits"),
        (np.uint64(2**64 - 1), "is the integer 18446744073709551615, beyond 64 bits"),
        ("\ud800", r"holds text that is not valid Unicode .*repair or escape it"),
    ],
    ids=repr,
)
def test_what_json_would_change_is_refused_by_the_name_of_its_field(value, spoken):
    with pytest.raises(PayloadError, match=f"payload field 'amount' {spoken}") as caught:
        el.Event("CardLoaded", {"fine": 1, "amount": value})

    assert caught.value.field == "amount"
    with pytest.raises(PayloadError, match=r"payload field 'basket.items\[1\].price' "):
        el.Event("CardLoaded", {"basket": {"items": [{}, {"price": value}]}})


@pytest.mark.parametrize("key", [1, None, True, 1.5, (1, 2), b"x"])
def test_a_key_that_is_no_text_is_refused(key):
    with pytest.raises(
        PayloadError, match="which JSON would turn into text: use text keys"
    ) as caught:
        el.Event("CardLoaded", {"prices": {key: 1}})

    assert caught.value.field == f"prices.{key}"


def test_a_key_that_is_no_unicode_is_refused():
    with pytest.raises(PayloadError, match="not valid Unicode"):
        el.Event("CardLoaded", {"\udfff": 1})


def test_a_payload_that_contains_itself_is_refused():
    endless = {}
    endless["again"] = endless

    with pytest.raises(PayloadError, match="is nested deeper than 100 levels: flatten it"):
        el.Event("CardLoaded", endless)


@pytest.mark.parametrize("data", [None, [("amount", 20)], "amount=20", 20])
def test_a_payload_has_named_fields(data):
    with pytest.raises(InvalidEvent, match="not a mapping: a payload has named fields"):
        el.Event("CardLoaded", data)


# -- whose dict it is ------------------------------------------------------------------------------


def test_the_callers_payload_is_never_touched(store):
    mine = {"b": [np.int64(1)], "a": {"y": 1, "x": 2}}

    recorded(mine, store=store)
    store.events(expand=True)

    assert list(mine) == ["b", "a"]
    assert list(mine["a"]) == ["y", "x"]
    assert isinstance(mine["b"][0], np.int64)


def test_changing_a_payload_later_changes_nothing_stored(store):
    mine = {"amount": 20, "tags": ["gift"]}
    recorded(mine, store=store)

    mine["amount"] = 99
    mine["tags"].append("late")
    next(iter(store)).data["amount"] = 98
    store.events()["data"].iloc[0]["tags"].clear()

    assert [event.data for event in store] == [{"amount": 20, "tags": ["gift"]}]


def test_an_event_keeps_the_payload_it_was_made_with(store):
    mine = {"amount": 20}
    event = el.Event("CardLoaded", mine)

    mine["amount"] = 99
    store.append("card-7", event)

    assert event.data == {"amount": 20}
    assert [event.data for event in store] == [{"amount": 20}]
