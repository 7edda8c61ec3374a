"""What may be asked of a log in SQL, what types do the answers have, and what is refused?"""

import json
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import SQLError
from eventlab.store import guard
from eventlab.store.question import ENVELOPE


@pytest.fixture(scope="module")
def store():
    """Three cards; amounts are 20, 2.5, 5 and 0.1, the count n is 1, 2, 3, 4."""
    with el.EventStore(clock=lambda: "2026-02-01") as store:
        rows = [("card-7", 20), ("card-7", 2.5), ("card-8", 5), ("order-1", 0.1)]
        for n, (stream, amount) in enumerate(rows, start=1):
            data = {"amount": amount, "n": n, "holder": f"Mara {n}", "late": n > 2, "a.b": n / 2}
            seat = {"row": n, "price": amount + 0.5}
            kind = "CardLoaded" if n != 2 else "CardRedeemed"
            event = el.Event(kind, {**data, "seat": seat}, occurred_at=f"2026-01-0{9 - n}")
            store.append(stream, event)
        yield store


def answer(log, query, params=None):
    """Return the single cell that a query answers."""
    [[cell]] = log.sql(query, params).to_numpy(dtype=object).tolist()
    return cell


# -- the cut ---------------------------------------------------------------------------------------


def test_sql_sees_the_cut_and_nothing_else(store):
    count = "select count(*) from events"

    assert answer(store, count) == 4
    assert answer(store.until(position=3), count) == 3
    assert answer(store.until(occurred="2026-01-06"), count) == 2
    assert answer(store.until(recorded="2026-01-31"), count) == 0
    assert answer(store.since(position=2).category("card"), count) == 2
    assert answer(store.stream("card-7").only("CardRedeemed"), count) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("select count(*) from main.events", "main.events"),
        ("from memory.main.events", "main.events"),
        ("from streams", "streams"),
        ("from main.streams", "main.streams"),
        ("from LOG", "log"),
        ("from events join fields using (type)", "fields"),
        ("select (select max(format) from store)", "store"),
        ("with x as (from main.events) select count(*) from x", "main.events"),
        ("select * from query_table(['streams'])", r"query_table\(\)"),
    ],
)
def test_no_query_reads_past_the_cut(store, query, named):
    with pytest.raises(SQLError, match=named):
        store.until(position=1).sql(query)


def test_a_query_may_name_its_own_tables_as_it_likes(store):
    query = "with streams as (select distinct stream from events) select count(*) from streams"

    assert answer(store, query) == 3
    assert answer(store, "with events as (select 1 as one) select one from events") == 1


# -- forms of a query ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) as n from events",
        "SELECT count(*) AS n FROM events;",
        "select count(*) as n from events ; -- all of them",
        "select count(*) as n from events -- all; of them",
        "/* all; */ select count(*) as n from events;;",
        "from events select count(*) as n",
        "(select count(*) as n from events)",
        "with e as (from events) select count(*) as n from e",
        "with e as materialized (select type from events) select count(*) as n from e",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 4) select max(n) n from r",
        "select count(*) as n from (table events)",
        "select n from (values (4)) as t(n)",
        "select sum(n)::bigint as n from (select count(*) as n from events group by type)",
        "select count(*) as n from events as e, lateral (select e.type)",
        "select count(*) as n from events asof join events as f using (stream, position)",
    ],
)
def test_a_select_may_have_any_form(store, query):
    assert_frame_equal(store.sql(query), pd.DataFrame({"n": [4]}))


@pytest.mark.parametrize("query", ["from events", "select * from events", "table events"])
def test_all_columns_are_the_envelope_and_the_category(store, query):
    found = store.sql(query)

    assert found.columns.tolist() == [*store.events().columns, "category"]
    assert sorted(found["category"]) == ["card", "card", "card", "order"]
    assert len(found) == 4


@pytest.mark.parametrize(
    "query", ["describe events", "select column_name from (describe from events)"]
)
def test_describe_lists_all_columns(store, query):
    assert store.sql(query)["column_name"].tolist() == [*store.events().columns, "category"]


def test_summarize_counts_every_column(store):
    assert set(store.sql("select * from (summarize events)")["count"]) == {4}


def test_columns_may_be_chosen_by_pattern(store):
    assert store.sql("select columns('.*_id$') from events").columns.tolist() == [
        *["correlation_id", "causation_id", "event_id"]
    ]


def test_the_order_asked_for_is_kept(store):
    found = store.sql("select stream, position from events order by data.n desc")

    assert found["position"].tolist() == [4, 3, 2, 1]


def test_a_query_that_finds_nothing_has_columns_and_dtypes(store):
    found = store.until(position=0).sql("select position, stream, data.amount from events")

    assert found.dtypes.astype(str).to_dict() == {
        "position": "int64",
        "stream": "str",
        "amount": "float64",
    }


# -- payload fields have their types ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(data.amount)", 27.6),
        ("sum(e.data.amount)", 27.6),
        ("sum(data . amount)", 27.6),
        ("sum(data\n.\namount)", 27.6),
        ('sum(data."amount")', 27.6),
        ('sum("data".amount)', 27.6),
        ('sum("data"."amount")', 27.6),
        ("sum(data['amount'])", 27.6),
        ("sum(DATA.amount)", 27.6),
        ("sum(data.amount * 2)", 55.2),
        ("sum(data.amount + 1)", 31.6),
        ("sum(-data.amount)", -27.6),
        ("max(data.amount / 8)", 2.5),
        ("avg(data.amount)", 6.9),
        ("min(data.amount)", 0.1),
        ("sum(data.amount) filter (data.amount > 2.4)", 27.5),
        ("sum(data.amount) filter (data.amount between 2.4 and 2.6)", 2.5),
        ("sum(data.amount) filter (data.amount in (2.5, 5))", 7.5),
        ("sum(data.amount) filter (data.late)", 5.1),
        ("sum(case when data.amount < 2.6 then data.amount end)", 2.6),
        ("round(sum(data.amount), 1)", 27.6),
        ("list_sum(list(data.amount order by position))", 27.6),
        ("arg_max(data.amount, position)", 0.1),
        ("sum(data.amount::decimal(18, 2))", Decimal("27.60")),
        ("sum(cast(data.amount as decimal(18, 2)))", Decimal("27.60")),
        ("sum(data.n)", 10),
        ("max(data.n)", 4),
        ("max(data.n * 2)", 8),
        ('sum(data."a.b")', 5.0),
        ("sum(data['a.b'])", 5.0),
        ("sum(data.seat.price::double)", 29.6),
        ("max(data.seat.row::bigint)", 4),
        ("max(data.holder)", "Mara 4"),
        ("count(*) filter (data.holder like 'Mara%')", 4),
        ("count(*) filter (data.holder = 'Mara 2')", 1),
        (
            "string_agg(upper(data.holder), ', ' order by position)",
            "MARA 1, MARA 2, MARA 3, MARA 4",
        ),
        ("bool_or(data.late)", True),
        ("count(data.amount)", 4),
        ("count(data.nowhere)", 0),
        ("max(data.nowhere)", None),
    ],
)
def test_a_payload_field_is_never_rounded_or_retyped(store, expression, value):
    found = answer(store, f"select {expression} from events e")

    assert found == (pytest.approx(value) if isinstance(value, float) else value)
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select data.amount as value from events) select sum(value) from a",
        "with a as (select data.amount from events) select sum(amount) from a",
        "select sum(amount) from (select 'ü', e.data.amount, type from events e)",
        "select sum(a.amount) from (select data . amount/**/from events) as a",
        "select sum(x) from (select data.n, data.amount, data.n from events) as a(n, x, m)",
        "select sum(a.data.amount) from (from events) a",
        "select sum(a.data.amount) from (select data from events) a",
        "select sum(data.amount) from (select * from events)",
    ],
)
def test_a_payload_field_keeps_its_name_and_type_through_a_subquery(store, query):
    assert answer(store, query) == pytest.approx(27.6)


def test_a_result_can_be_ordered_and_filtered_by_the_name_of_a_payload_field(store):
    found = store.sql("select data.amount, data.n from events where n > 1 order by amount desc")

    assert found.to_numpy().tolist() == [[5.0, 3], [2.5, 2], [0.1, 4]]


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("'data.amount'", "data.amount"),
        ("'it''s data.amount'", "it's data.amount"),
        (r"e'it\'s data.amount'", "it's data.amount"),
        ("$$data.amount$$", "data.amount"),
        ("$a$data.amount$a$", "data.amount"),
        ("'x' /* data.amount ' */", "x"),
        ("'x' -- data.amount '", "x"),
        ("'a; b'", "a; b"),
    ],
)
def test_texts_and_comments_are_left_alone(store, literal, text):
    assert answer(store.until(position=1), f"select {literal}\nfrom events") == text


def test_fields_that_differ_only_in_capitals_stay_apart():
    store = el.EventStore()
    store.append(
        "card-7", el.Event("Moved", {"x": 0.5, "X": 2.5, "position": "a", "Position": "b"})
    )

    found = store.sql(
        'select data.x as a, data.X as b, data.position as c, data."Position" as d from events'
    )

    assert found.to_numpy(dtype=object).tolist() == [[0.5, 2.5, "a", "b"]]


def test_a_field_with_an_odd_name_can_be_asked_for():
    store = el.EventStore()
    store.append("card-7", el.Event("A", {'say "hi"': 2.5, "it's": 1.5, "": 0.5, "select": 4.5}))

    query = """select sum(data."say ""hi"\"") a, sum(data['it''s']) b, sum(data['']) c, sum(data."select") d
               from events"""

    assert store.sql(query).to_numpy().tolist() == [[2.5, 1.5, 0.5, 4.5]]


def test_a_field_that_grows_fractions_later_is_typed_afresh():
    store = el.EventStore()
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
    before = store.sql("select sum(data.amount) as total from events")
    store.append("card-7", el.Event("CardLoaded", {"amount": 2.5}))
    after = store.sql("select sum(data.amount) as total from events")

    assert before["total"].tolist() == [20]
    assert before["total"].dtype == "int64"
    assert after["total"].tolist() == [22.5]


# -- parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "params", "count"),
    [
        ("data.amount >= ?", [2.5], 3),
        ("data.amount >= ? and type = ?", (2.5, "CardLoaded"), 2),
        ("data.amount >= $1 and data.amount <= $1", [2.5], 1),
        ("data.amount >= $least", {"least": 2.5}, 3),
        ("stream = $stream", {"stream": "card-7'; drop table events; --"}, 0),
        ("position <= ?", [np.int64(2)], 2),
        ("type in (select unnest(?))", [["CardLoaded", "x"]], 3),
        ("occurred_at <= ?", [pd.Timestamp("2026-01-06")], 2),
        ("?::integer is null", [None], 4),
        ("true", None, 4),
        ("true", [], 4),
    ],
)
def test_values_travel_as_parameters(store, condition, params, count):
    query = f"select count(*) from events where {condition}"

    assert answer(store, query, params) == count


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("select ?", None),
        ("select ?", [1, 2]),
        ("select $a", {"b": 1}),
        ("select 1", {"unused": 1}),
        ("select ?", "text"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(store, query, params):
    with pytest.raises(SQLError, match="the query could not be run over this log"):
        store.sql(query, params)


# -- results ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("data.amount", "amount"),
        ("e.data.amount", "amount"),
        ("data.holder", "holder"),
        ("sum(data.amount)", "sum(data.amount)"),
        ("sum(e.data.amount)", "sum(e.data.amount)"),
        ("data.amount * 2", "(data.amount * 2)"),
        ("data.seat", "seat"),
        ("data.amount as value", "value"),
        ("type", "type"),
        ("count(*)", "count_star()"),
    ],
)
def test_columns_of_a_result_are_called_what_was_asked(store, expression, name):
    grouping = "" if "sum(" in expression or "count(" in expression else "limit 1"

    assert store.sql(f"select {expression} from events e {grouping}").columns.tolist() == [name]


def test_results_have_the_dtypes_of_the_house(store):
    found = store.sql(
        "select position, data.n, data.amount, stream, data.late, occurred_at, data, "
        "1.5::decimal(9, 2) as exact, [1, 2] as list, null as nothing from events order by 1"
    )

    assert found.dtypes.astype(str).to_dict() == {
        "position": "int64",
        "n": "int64",
        "amount": "float64",
        "stream": "str",
        "late": "bool",
        "occurred_at": "datetime64[us, UTC]",
        "data": "object",
        "exact": "object",
        "list": "object",
        "nothing": "object",
    }
    assert found["data"].iloc[1]["seat"] == {"row": 2, "price": 3.0}
    assert found["exact"].tolist() == [Decimal("1.50")] * 4


# -- everything that could write is refused --------------------------------------------------------

STATEMENTS = """
insert into events select * from main.events
delete from main.events
update main.events set type = 'Forged'
truncate main.events
merge into main.fields using (select 1) on true when matched then delete
create table t (x integer)
create temp table t (x integer)
create view v as select 1
create macro m(a) as a
create sequence s
create type t as integer
create secret (type s3)
drop table main.events
drop trigger events_never_change on events
alter table main.events add column x integer
comment on table main.events is 'x'
copy main.events to 'out.csv'
copy (select 1) to 'out.parquet'
copy events from 'in.csv'
copy from database memory to other
export database 'exported'
import database 'exported'
attach 'new.duckdb'
detach memory
use memory
set threads = 1
set global threads = 1
set variable el_until_position = 99
reset threads
pragma threads = 1
pragma database_list
call checkpoint()
call pragma_version()
checkpoint
force checkpoint
vacuum
analyze
install httpfs
load json
update extensions
begin
commit
rollback
prepare p as select 1
execute p
explain analyze select 1
select 1; select 2
select 1; drop table main.events
drop table main.events; select 1
pivot events on type
""".strip().splitlines()

HIDDEN = """
with x as (insert into main.streams values (9, 'a', 'a') returning *) from x
with x as (update main.fields set kind = 'x' returning *) from x
with x as materialized (delete from main.fields returning *) select 1
with x as (copy (select 1) to 'out.csv') select * from x
with x as (copy (select 1) to 'out.csv') select 1
select * from (with x as (copy (select 1) to 'out.csv') select 1)
select (with x as (copy (select 1) to 'out.csv') select 1)
select exists(with x as (insert into main.streams values (9, 'a', 'a') returning *) from x)
values ((with x as (copy (select 1) to 'out.csv') select 1))
with recursive x as (insert into main.streams values (9, 'a', 'a') returning *) from x
select * from (copy (select 1) to 'out.csv')
select 1) ; copy (select 1) to 'out.csv' ; select (1
select 1) union all (select 2
""".strip().splitlines()

EFFECTS = """
select nextval('s')
select setseed(0.5)
select sleep_ms(1)
select write_log('x')
select list_transform([1], lambda x: write_log('x'))
from query('delete from main.events')
from query_table(['streams'])
from checkpoint()
from "checkpoint"()
from CHECKPOINT()
from system.main.checkpoint()
select (select count(*) from checkpoint())
with c as (from checkpoint()) select 1
select * from events, lateral (from checkpoint())
select * from (describe from checkpoint())
from force_checkpoint()
from enable_logging('QueryLog', storage := 'file', storage_path := 'logs')
from disable_logging()
from enable_profiling()
from truncate_duckdb_logs()
from json_execute_serialized_sql(json_serialize_sql('select 1'))
from read_csv('in.csv', store_rejects = true)
from read_csv('in.csv', STORE_REJECTS := true, rejects_table := 'events')
select (select count(*) from read_csv('in.csv', rejects_scan => 'streams', store_rejects => true))
""".strip().splitlines()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to stand in, with a file that could be read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    return tmp_path


def everything(store):
    """Return all that the database holds, as far as a query can tell."""
    con = store.cursor()
    tables = ("events", "streams", "fields", "store", "refused")
    return {
        "rows": {table: con.execute(f"from {table}").fetchall() for table in tables},
        "catalogue": con.execute("select name, sql from sqlite_master order by name").fetchall(),
        "databases": con.execute("select database_name from duckdb_databases()").fetchall(),
        "settings": con.execute("select name, value from duckdb_settings()").fetchall(),
        "variables": con.execute("from duckdb_variables()").fetchall(),
    }


def forms(found):
    return json.dumps(found, default=str)


@pytest.mark.parametrize("query", [*STATEMENTS, *HIDDEN, *EFFECTS])
def test_whatever_could_write_is_refused_and_leaves_no_trace(store, folder, query):
    before = forms(everything(store))

    with pytest.raises(SQLError):
        store.sql(query)

    assert forms(everything(store)) == before
    assert [file.name for file in folder.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("query", [*STATEMENTS[:4], *HIDDEN[:4]])
def test_a_file_is_left_as_it_was_too(folder, query):
    with el.EventStore("cards.duckdb") as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        before = forms(everything(store))

        with pytest.raises(SQLError):
            store.sql(query)

        assert forms(everything(store)) == before


def test_every_function_with_effects_that_duckdb_has_is_known():
    """A new DuckDB may bring more: then look at each of them, and add it here or to the guard."""
    con = duckdb.connect()
    volatile = con.execute(
        "select distinct function_name from duckdb_functions() "
        "where function_type = 'scalar' and has_side_effects"
    ).fetchall()
    tables = con.execute(
        "select distinct function_name from duckdb_functions() where function_type = 'table'"
    ).fetchall()

    answers = ("duckdb_", "pragma_", "parquet_", "read_", "json_", "icu_", "pg_")
    unknown = {name for (name,) in volatile + tables if not name.startswith(answers)}

    assert unknown - guard.FUNCTIONS_WITH_EFFECTS - HARMLESS == set()


HARMLESS = {
    *("error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7", "currval", "stats"),
    *("current_connection_id", "current_query", "current_query_id", "current_transaction_id"),
    *("generate_series", "range", "unnest", "repeat", "repeat_row", "glob", "seq_scan", "summary"),
    *("sniff_csv", "which_secret", "vector_type", "test_all_types", "test_vector_types"),
    # These take pointers, which SQL cannot make.
    *("arrow_scan", "arrow_scan_dumb", "pandas_scan", "python_arrow_scan", "python_map_function"),
}


@pytest.mark.parametrize(
    ("query", "spoken"),
    [
        ("delete from main.events", "runs one SELECT and this is DELETE: a log is read-only"),
        ("select 1; select 2", "this is 2 statements"),
        ("", "this is 0 statements"),
        ("from checkpoint()", r"this is a SELECT that calls checkpoint\(\)"),
        (
            "pivot events on type",
            r"PIVOT without a list of values \(write: pivot events on type in",
        ),
        ("select nope from events", r'"nope" not found(.|\n)*written data.<field>'),
        ("selct 1", "syntax error(.|\n)*query: selct 1"),
        ("select error('x')", "could not be run over this log: .*x"),
        ("from main.events", "main.events is the whole store, and a log shows a cut of it"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(store, query, spoken):
    with pytest.raises(SQLError, match=spoken):
        store.sql(query)


@pytest.mark.parametrize(
    "query",
    [
        "with log as (select * from log) select * from log",
        "with a as (select * from log), log as (select 1) select * from a",
        "with recursive log as (select * from log) select * from log",
        "with recursive a as (select 1 as x union all select x + 1 from a, streams where x < 3) from a",
        "with recursive log as (select 1 from log union all select 2 from log) from log",
        "select (with log as (select 1) select 1), (select count(*) from log)",
        "(with log as (select 1 as x) select x from log) union all select position from log",
        "from (with log as (select 1) from log), log",
        "from seals",
    ],
)
def test_a_name_of_a_with_does_not_open_the_whole_store(store, query):
    with pytest.raises(SQLError, match="is the whole store"):
        store.sql(query)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("with log as (select 7 as x) from log", [7]),
        ("with log as (select 7 as x), b as (from log) select b.x + log.x from b, log", [14]),
        ("with log as (select 7 as x) select (select x from log)", [7]),
        ("with log as (select 7 as x) from (with b as (from log) from b)", [7]),
        (
            "with recursive log as (select 1 as x union all select x + 1 from log where x < 3) from log",
            [1, 2, 3],
        ),
        (
            "with events as (from events where position = 2), log as (from events) select position from log",
            [2],
        ),
    ],
)
def test_a_name_of_a_with_stands_for_its_query_even_where_the_store_has_such_a_table(
    store, query, answer
):
    assert store.sql(query).iloc[:, 0].tolist() == answer


@pytest.mark.parametrize(
    "query",
    [
        "select arg_max(e, position) from events as e",
        "select events from events where position = 2",
        "select (select max(E) from events e)",
    ],
)
def test_a_whole_row_as_a_value_has_all_its_columns(store, query):
    [row] = store.until(position=2).sql(query).iloc[:, 0]

    assert (row["position"], row["type"], row["data"]["amount"]) == (2, "CardRedeemed", 2.5)
    assert [*row][: len(ENVELOPE)] == ENVELOPE


def test_a_failed_query_leaves_the_log_usable(store):
    with pytest.raises(SQLError):
        store.sql("select error('x') from events")

    assert len(store) == 4
