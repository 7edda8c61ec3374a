"""Both ways into a frame keep values as they are, and agree on the dtype."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from eventlab import fetching, frames


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con


def test_query_keeps_integers_and_marks_the_missing_one(con):
    answer = frames.query(con, "select * from (values (1, 1), (2, null)) t(seats, free)")

    expected = pd.DataFrame({"seats": [1, 2], "free": pd.array([1, None], dtype="Int64")})
    assert_frame_equal(answer, expected)


@pytest.mark.parametrize(
    ("sql", "values", "dtype"),
    [
        ("1::tinyint", [1], "int64"),
        ("1::utinyint", [1], "int64"),
        ("sum(7)", [7], "int64"),
        ("2.5::double", [2.5], "float64"),
        ("2.5::float", [2.5], "float64"),
        ("true", [True], "bool"),
        ("'Zoë'", ["Zoë"], "str"),
        ("null::varchar", [None], "str"),
        ("null::boolean", [None], "boolean"),
        ("null::bigint", [None], "Int64"),
        ("null::double", [float("nan")], "float64"),
        ("date '2026-01-31'", [pd.Timestamp("2026-01-31")], "datetime64[us]"),
        ("timestamp '2026-01-31'", [pd.Timestamp("2026-01-31", tz="UTC")], frames.UTC_TIME),
        ("null::timestamp", [pd.NaT], frames.UTC_TIME),
        ("timestamp_ns '2026-01-31'", [pd.Timestamp("2026-01-31", tz="UTC")], frames.UTC_TIME),
        ("'a'::enum('a', 'b')", ["a"], "str"),
        (
            "'00000000-0000-0000-0000-000000000001'::uuid",
            ["00000000-0000-0000-0000-000000000001"],
            "str",
        ),
        ("interval 1 hour", [timedelta(hours=1)], "timedelta64[us]"),
        ("null", [None], "object"),
        ("['x', null]", [["x", None]], "object"),
        ("{'price': 2.5::double}", [{"price": 2.5}], "object"),
        ("map {'a': 1}", [{"a": 1}], "object"),
        ("'[1, \"x\"]'::json", [[1, "x"]], "object"),
        ("'7'::json::variant", [7], "int64"),
        ("'7.5'::json::variant", [7.5], "float64"),
        ("'\"x\"'::json::variant", ["x"], "str"),
        ("null::variant", [None], "object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("many", [False, True], ids=["", "as of many rows"])
def test_query_gives_the_house_dtype(con, sql, values, dtype, many):
    answer = frames.query(con, f"select {sql} as it, 'beside' as text", many=many)

    assert_series_equal(answer["it"], pd.Series(values, dtype=dtype, name="it"))


MANY_ROWS = """
select n, case when n % 3 > 0 then 'holder ' || n % 7 end as holder, 'Zoë🎁' || n as stream,
       case when n % 5 > 0 then n::hugeint end as amount, (n * 3)::ubigint as seats,
       case when n % 2 > 0 then n / 4 end as share, n % 2 = 0 as paid,
       case when n % 4 > 0 then n > 9 end as late, date '2026-01-31' + n::integer as day,
       case when n % 6 > 0 then timestamp '2026-01-31' + to_seconds(n) end as seen,
       (n % 4)::tinyint as size, case when n % 7 > 0 then [n, null, 2] end as list,
       case when n % 3 > 0 then (n / 8)::decimal(9, 3) end as price,
       case when n % 2 > 0 then '{"a": 1}'::json::variant end as data,
       'nul' || chr(0) as nul, case when n < 0 then 'never' end as nothing
from range(?) t(n) order by n
"""


@pytest.mark.parametrize("storage", ["pyarrow", "python"])
@pytest.mark.parametrize("rows", [0, 1, 100_001])
def test_query_of_many_rows_gives_the_same_frame(con, rows, storage):
    with pd.option_context("mode.string_storage", storage):
        some = frames.query(con, MANY_ROWS, [rows])
        many = frames.query(con, MANY_ROWS, [rows], many=True)

    assert_frame_equal(many, some)
    assert many["stream"].dtype.storage == storage


def test_query_of_many_rows_makes_no_python_text(con, monkeypatch):
    monkeypatch.setattr(fetching, "execute", None)

    answer = frames.query(con, MANY_ROWS, [3], frames.described(con, MANY_ROWS, [3]), many=True)

    assert answer["holder"].tolist()[1:] == ["holder 1", "holder 2"]


def test_texts_that_are_too_many_for_arrow_come_as_ever(con, monkeypatch):
    def refuses(*asked):
        raise duckdb.InvalidInputException("Arrow Appender: the maximum is 2147483647")

    monkeypatch.setattr(fetching, "relation", refuses)

    assert frames.query(con, "select 'Mara' as holder", many=True)["holder"].tolist() == ["Mara"]


def test_query_of_many_rows_keeps_every_digit(con):
    rows = f"select 'a' as text, v from (values ({2**100}::hugeint), ({2**53 + 1}::hugeint)) t(v)"

    assert frames.query(con, rows, many=True)["v"].tolist() == [2**100, 2**53 + 1]


def test_query_keeps_decimals_exact(con):
    answer = frames.query(con, "select * from (values (0.10::decimal(18, 2)), (null)) t(price)")

    assert answer["price"].tolist() == [Decimal("0.10"), None]
    assert str(answer["price"][0]) == "0.10"


def test_query_keeps_every_digit_of_integers_wider_than_64_bits(con):
    answer = frames.query(
        con, f"select * from (values ({2**100}::hugeint, {2**53 + 1}::hugeint), (null, 0)) t(a, b)"
    )

    assert answer["a"].tolist() == [2**100, None]
    assert answer["b"].tolist() == [2**53 + 1, 0]
    assert answer["b"].dtype == "int64"


def test_query_keeps_the_order_of_the_rows_it_decodes(con):
    answer = frames.query(
        con, "select n, n::decimal(9, 1) as exact from range(3) t(n) order by n desc"
    )

    assert answer["n"].tolist() == [2, 1, 0]
    assert answer["exact"].tolist() == [Decimal("2.0"), Decimal("1.0"), Decimal("0.0")]


def test_query_of_no_row_keeps_columns_and_dtypes(con):
    answer = frames.query(con, "select 1 as n, 'x' as text, [1] as list where false")

    assert list(answer.columns) == ["n", "text", "list"]
    assert list(map(str, answer.dtypes)) == ["int64", "str", "object"]


def test_query_renames_columns_of_the_same_name(con):
    answer = frames.query(con, "select 1 as n, 0.5::decimal(2, 1) as n")

    assert list(answer.columns) == ["n", "n_1"]


def test_query_takes_named_and_positional_parameters(con):
    assert frames.query(con, "select $n as n", {"n": 3})["n"].tolist() == [3]
    assert frames.query(con, "select ? as n", [3])["n"].tolist() == [3]


def test_query_does_not_follow_the_time_zone_of_the_session(con):
    con.execute("set timezone = 'Asia/Tokyo'")

    answer = frames.query(con, "select timestamptz '2026-01-31 12:00:00+01' as at_noon")

    assert answer["at_noon"].tolist() == [pd.Timestamp("2026-01-31 11:00", tz="UTC")]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, None], "Int64"),
        ([1, 2.5], "float64"),
        ([2.5, None], "float64"),
        ([True, False], "bool"),
        ([True, None], "boolean"),
        (["a", "b"], "str"),
        (["a", None], "str"),
        ([datetime(2026, 1, 31), None], frames.UTC_TIME),  # naive is UTC here
        ([datetime(2026, 1, 31, tzinfo=UTC)], frames.UTC_TIME),
        ([date(2026, 1, 31)], "datetime64[us]"),
        ([], "object"),
        ([None, None], "object"),
        ([1, "a"], "object"),
        ([True, 1], "object"),
        ([2**64, 1], "object"),
        ([[1], [2]], "object"),
        ([{"a": 1}, None], "object"),
        ([Decimal("0.10"), None], "object"),
    ],
    ids=repr,
)
def test_column_takes_its_dtype_from_the_values(values, dtype):
    column = frames.column(values)

    assert column.dtype == dtype
    assert [None if pd.api.types.is_scalar(v) and pd.isna(v) else v for v in column] == [
        pd.Timestamp(v, tz="UTC")
        if isinstance(v, datetime) and v.tzinfo is None
        else pd.Timestamp(v)
        if isinstance(v, date)
        else v
        for v in values
    ]


def test_column_turns_any_zone_into_utc():
    cet = timezone(timedelta(hours=1))

    column = frames.column(
        [datetime(2026, 1, 31, 12, tzinfo=cet), datetime(2026, 1, 31, tzinfo=UTC)]
    )

    assert column.tolist() == [
        pd.Timestamp("2026-01-31 11:00", tz="UTC"),
        pd.Timestamp("2026-01-31", tz="UTC"),
    ]


@pytest.mark.parametrize(
    "values",
    [[1, 2], [1, None], [1.5, None], ["a", None], [True, None], [None], [[1, "x"], None], [1, "x"]],
    ids=repr,
)
def test_both_ways_agree(con, values):
    rows = ", ".join(f"({frames.json.dumps(v)!r}::json::variant)" for v in values)

    answer = frames.query(con, f"select v from (values {rows}) t(v)")

    assert_series_equal(answer["v"], frames.column(values), check_names=False)
