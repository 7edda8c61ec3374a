"""Is history immutable for real: on every connection, also a plain one after reopening?"""

import shutil

import duckdb
import pytest

import eventlab as el

EVENTS = """
update events set type = 'Forged'
update events set type = 'Forged' where position = 1
update events set type = 'Forged' where false
update main.events set data = '{"amount": 99}'::json::variant
update events set type = 'Forged' from streams where events.stream_no = streams.stream_no
delete from events
delete from events where position = 2
delete from events using streams where events.stream_no = streams.stream_no
truncate events
truncate table main.events
insert or replace into events select * from events
insert or ignore into events select * from events
insert into events select * from events on conflict (position) do update set type = 'Forged'
insert into events select * from events on conflict (stream_no, version) do update set type = 'Forged'
insert into events select * from events on conflict (given_id) do update set type = 'Forged'
insert into events select * replace (1 as version) from events
merge into events using (select 1 as p) on position = p when matched then delete
merge into events using (select 1 as p) on position = p when matched then update set type = 'Forged'
with gone as (delete from events returning *) from gone
with forged as (update events set type = 'Forged' returning *) from forged
update log set type = 'Forged'
alter table events rename to other
alter table events drop column type
""".strip().splitlines()

STREAMS = """
update streams set stream = 'forged'
update streams set category = 'forged' where stream = 'card-7'
update streams set stream = 'forged' where false
delete from streams
delete from streams where stream = 'card-8'
truncate streams
insert or replace into streams select stream_no, stream, 'forged' from streams
insert into streams values (1, 'card-7', 'x') on conflict (stream_no) do update set category = 'forged'
insert into streams values (9, 'card-7', 'x') on conflict (stream) do update set stream_no = 9
merge into streams using (select 1 as n) on stream_no = n when matched then delete
""".strip().splitlines()


@pytest.fixture(scope="module")
def three_events(tmp_path_factory):
    """The file of a store that was closed."""
    path = tmp_path_factory.mktemp("store") / "cards.duckdb"
    with el.EventStore(path, clock=lambda: "2026-02-01") as store:
        store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
        store.append("card-8", el.Event("CardLoaded", {"amount": 1}, event_id="mine"))
    return path


@pytest.fixture
def path(path, three_events):
    """A copy of it to be attacked."""
    return shutil.copy(three_events, path)


def history(con):
    return con.execute(
        "select position, stream, category, version, type, data::json::varchar, given_id "
        "from events join streams using (stream_no) order by position"
    ).fetchall()


HISTORY = [
    (1, "card-7", "card", 1, "CardLoaded", '{"amount":20}', None),
    (2, "card-7", "card", 2, "CardLoaded", '{"amount":5}', None),
    (3, "card-8", "card", 1, "CardLoaded", '{"amount":1}', "mine"),
]


@pytest.mark.parametrize("change", [*EVENTS, *STREAMS])
def test_history_refuses_to_change_through_the_store(path, change):
    with el.EventStore(path) as store:
        con = store.cursor()

        with pytest.raises(duckdb.Error):
            con.execute(change).fetchall()

        assert history(store.cursor()) == HISTORY


@pytest.mark.parametrize("change", [*EVENTS, *STREAMS])
def test_history_refuses_to_change_through_a_plain_connection(path, change):
    with duckdb.connect(path) as con, pytest.raises(duckdb.Error):
        con.execute(change).fetchall()

    with duckdb.connect(path, read_only=True) as con:
        assert history(con) == HISTORY


def test_history_refuses_to_change_inside_a_transaction(path):
    with duckdb.connect(path) as con:
        con.execute("begin")
        with pytest.raises(duckdb.Error, match="events are immutable"):
            con.execute("delete from events")
        con.execute("commit")

        assert history(con) == HISTORY


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("update events set type = 'x'", "immutable: append a correcting event instead of UPDATE"),
        ("delete from events", "immutable: append a correcting event instead of DELETE"),
        ("truncate events", "immutable: append a correcting event instead of DELETE"),
        ("update streams set category = 'x'", "a stream is never renamed"),
        ("delete from streams", "a stream never vanishes"),
    ],
)
def test_the_refusal_says_what_to_do_instead(path, change, sentence):
    with duckdb.connect(path) as con, pytest.raises(duckdb.Error, match=sentence):
        con.execute(change)


def test_a_plain_connection_reads_the_log_whole(path):
    with duckdb.connect(path) as con:
        rows = con.execute("select position, stream, version, type, event_id from log").fetchall()

    assert rows == [
        (1, "card-7", 1, "CardLoaded", "card-7@1"),
        (2, "card-7", 2, "CardLoaded", "card-7@2"),
        (3, "card-8", 1, "CardLoaded", "mine"),
    ]
