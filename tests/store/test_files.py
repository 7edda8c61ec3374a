"""Where may a store live, who may open it, and what is said of a file that is none?"""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import (
    MemoryExceeded,
    NewerFormat,
    NotAStore,
    ReadOnly,
    StoreError,
    StoreLocked,
)
from eventlab.store import reading
from eventlab.store.opening import is_open_here

ROOT = Path(el.__file__).parents[1]


def loaded(amount):
    return el.Event("CardLoaded", {"amount": amount})


def amounts(log):
    return [event.data["amount"] for event in log]


@contextmanager
def another_process(code, *arguments):
    """Run Python code in another process until it says it is ready; close its input to end it."""
    command = [sys.executable, "-c", f"import sys\nimport eventlab as el\n{code}", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        assert process.wait() == 0


HOLD = """
store = el.EventStore(sys.argv[1], read_only={read_only})
print("ready", flush=True)
sys.stdin.read()
print(len(store))
"""


# -- close and reopen ------------------------------------------------------------------------------


def test_what_was_appended_is_there_after_reopening(path):
    with el.EventStore(path) as store:
        store.append("card-7", [loaded(20), loaded(5)])

    for _ in range(3):
        with el.EventStore(path) as store:
            store.append("card-7", loaded(1))

    with el.EventStore(path) as store:
        assert amounts(store) == [20, 5, 1, 1, 1]
        assert store.head == 5


def test_a_context_closes_the_store_also_when_it_fails(path):
    store = el.EventStore(path)

    with pytest.raises(ZeroDivisionError), store:
        1 / 0  # noqa: B018

    with pytest.raises(StoreError, match="is closed"):
        len(store)
    with duckdb.connect(path) as con:  # the file is free again
        assert con.execute("select count(*) from events").fetchone() == (0,)


def test_closing_twice_is_harmless(path):
    store = el.EventStore(path)

    store.close()
    store.close()

    assert repr(store) == f"<EventStore {str(path)!r}, closed>"


def test_a_closed_store_says_so_whatever_it_is_asked(path):
    store = el.EventStore(path)
    log = store.stream("card-7")
    store.close()

    for ask in (
        lambda: len(log),
        lambda: log.head,
        lambda: list(log),
        log.events,
        log.streams,
        lambda: log.sql("from events"),
        lambda: store.append("card-7", loaded(20)),
    ):
        with pytest.raises(
            StoreError, match=r"store '.*cards.duckdb' is closed: open it again with"
        ):
            ask()


def test_a_closed_store_can_still_be_shown(path):
    store = el.EventStore(path)
    log = store.stream("card-<7>")
    store.close()

    assert repr(log) == "<Log of a closed store (streams card-<7>)>"
    assert log._repr_html_() == "<p>Log of a closed store (streams card-&lt;7&gt;)</p>"
    assert "closed" in store._repr_html_()


def test_reading_on_after_closing_says_that_it_is_closed(path, monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 2)
    store = el.EventStore(path)
    store.append("card-7", [loaded(amount) for amount in range(30)])
    events = iter(store)
    next(events)

    store.close()

    with pytest.raises(StoreError, match=r"cards.duckdb' is closed: open it again with"):
        list(events)


def test_closing_while_someone_reads_ends_the_reading(path):
    store = el.EventStore(path)
    store.append("card-7", [loaded(20), loaded(5)])
    reader = store.batches()
    next(reader)

    store.close()
    reader.close()

    with duckdb.connect(path):
        pass


def test_two_stores_on_one_file_close_one_by_one(path):
    one, other = el.EventStore(path), el.EventStore(path)
    one.append("card-7", loaded(20))

    one.close()
    other.append("card-7", loaded(5))

    assert amounts(other) == [20, 5]
    other.close()


@pytest.mark.parametrize("on_a_branch", [False, True], ids=["store", "branch"])
def test_closing_waits_for_what_another_thread_is_in_the_middle_of(path, on_a_branch):
    asked, done = threading.Event(), []

    def slow(number: int) -> int:
        asked.set()
        time.sleep(0.2)
        return number

    def ask() -> None:
        with read._database.borrowed() as con:
            con.create_function("slow", slow)
            con.execute("select slow(7)")
            done.append(7)

    store = el.EventStore(path)
    read = store.branch() if on_a_branch else store
    asking = threading.Thread(target=ask)
    asking.start()
    asked.wait()

    read.close()
    asking.join()

    assert done == [7]
    store.close()
    with el.EventStore(path):
        pass


def test_a_store_can_be_closed_while_a_read_of_it_was_left_half_way(monkeypatch):
    monkeypatch.setattr("eventlab.store.reading.SLICE", 1)
    for _ in range(10):
        with el.EventStore() as store:
            store.append("card-7", [loaded(amount) for amount in range(3)])
            left = store.batches()
            assert [event.position for event in next(left)] == [1]

        assert store.closed


def test_a_store_in_memory_is_its_own():
    for path in (None, ":memory:"):
        with el.EventStore(path) as one, el.EventStore(path) as other:
            one.append("card-7", loaded(20))

            assert one.path is None
            assert len(other) == 0


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "cards",
        "cards.db",
        "main.duckdb",
        "events.duckdb",
        "system.duckdb",
        "temp.duckdb",
        "select.duckdb",
        'it\'s "odd"; drop table events; --.duckdb',
        "ü 🎁\n%20?x=1#y&z.duckdb",
        "-",
        ":memory:cards",
        "md:cards",
        "sqlite:cards",
        "s3:cards",
    ],
)
def test_a_store_may_have_any_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    with el.EventStore(name) as store:
        store.append("card-7", loaded(20))
        assert store.sql("select stream, data.amount from events").to_numpy().tolist() == [
            ["card-7", 20]
        ]

    with el.EventStore(tmp_path / name, read_only=True) as store:
        assert amounts(store) == [20]
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_store_is_the_same_through_a_link_and_a_relative_path(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    Path("link.duckdb").symlink_to(path)

    with (
        el.EventStore(path) as one,
        el.EventStore("link.duckdb") as two,
        el.EventStore(path.name) as three,
    ):
        one.append("card-7", loaded(1), expected=0)
        two.append("card-7", loaded(2), expected=1)
        three.append("card-7", loaded(3), expected=2)

        assert amounts(one) == amounts(two) == amounts(three) == [1, 2, 3]


def test_the_home_folder_may_be_abbreviated(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    el.EventStore("~/cards.duckdb").close()

    assert (tmp_path / "cards.duckdb").exists()


# -- reading only ----------------------------------------------------------------------------------


@pytest.fixture
def filled(path):
    """The path of a closed store with two events."""
    with el.EventStore(path) as store:
        store.append("card-7", [loaded(20), loaded(5)])
    return path


def test_a_store_open_for_reading_reads_and_refuses_to_write(filled):
    with el.EventStore(filled, read_only=True) as store:
        assert amounts(store) == [20, 5]
        assert store.sql("select sum(data.amount) as s from events")["s"].tolist() == [25]
        with pytest.raises(
            ReadOnly, match="is open read-only, so nothing can be appended: open it without"
        ):
            store.append("card-7", loaded(1))

    with el.EventStore(filled) as store:
        assert amounts(store) == [20, 5]


def test_several_processes_may_read_at_once(filled):
    hold = HOLD.format(read_only=True)

    with (
        another_process(hold, filled) as one,
        another_process(hold, filled) as two,
        el.EventStore(filled, read_only=True) as store,
    ):
        assert amounts(store) == [20, 5]
        for process in (one, two):
            process.stdin.close()
            assert process.stdout.read() == "2\n"


def test_reading_needs_a_file_that_exists(path):
    with pytest.raises(
        StoreError, match="does not exist, so there is nothing to read: check the path"
    ):
        el.EventStore(path, read_only=True)

    assert not path.exists()


@pytest.mark.parametrize("path", [None, ":memory:"])
def test_reading_only_needs_a_path(path):
    with pytest.raises(StoreError, match="in memory starts empty, so read_only=True needs a path"):
        el.EventStore(path, read_only=True)


def test_one_process_opens_a_file_in_one_mode(filled):
    with (
        el.EventStore(filled),
        pytest.raises(
            StoreLocked,
            match=f"open in this process, {os.getpid()}, in the other mode.*close that store",
        ),
    ):
        el.EventStore(filled, read_only=True)
    with el.EventStore(filled, read_only=True), pytest.raises(StoreLocked):
        el.EventStore(filled)


# -- a file that another process holds -------------------------------------------------------------


@pytest.mark.parametrize("ours", [True, False], ids=["to read", "to write"])
@pytest.mark.parametrize("theirs", [True, False], ids=["held to read", "held to write"])
def test_a_lock_names_the_process_and_the_four_ways_out(filled, theirs, ours):
    if theirs and ours:
        return  # both may read; see above

    with another_process(HOLD.format(read_only=theirs), filled) as process:
        with pytest.raises(StoreLocked) as caught:
            el.EventStore(filled, read_only=ours)

        said = str(caught.value)
        assert f"process {process.pid}" in said
        assert "cards.duckdb' is open in another process" in said
        for way in ("close that kernel", "read_only=True in both", "copy the file", "in memory"):
            assert way in said

    with el.EventStore(filled) as store:  # the lock goes with its process
        assert amounts(store) == [20, 5]


TRY = """
print("ready", flush=True)
try:
    el.EventStore(sys.argv[1]).append("card-8", el.Event("CardLoaded", {"amount": 1}))
    print("written")
except el.errors.StoreLocked:
    print("locked")
"""


@pytest.mark.parametrize("is_left_open", [False, True], ids=["closed again", "left open"])
def test_a_file_stays_ours_where_this_process_opens_it_twice(filled, is_left_open):
    with el.EventStore(filled) as store:
        other = el.EventStore(filled)
        if not is_left_open:
            other.close()

        with another_process(TRY, filled) as process:
            assert process.stdout.read() == "locked\n"

        store.append("card-7", loaded(1))
        other.close()
    with el.EventStore(filled) as store:
        assert amounts(store) == [20, 5, 1]


def test_a_file_stays_with_a_plain_connection_that_has_it_open(filled):
    with duckdb.connect(filled):
        with pytest.raises(StoreLocked):
            el.EventStore(filled, read_only=True)

        with another_process(TRY, filled) as process:
            assert process.stdout.read() == "locked\n"


def test_a_file_is_known_to_be_open_under_any_name(filled, tmp_path):
    assert not is_open_here(filled)

    (tmp_path / "link.duckdb").symlink_to(filled)
    with el.EventStore(filled):
        assert is_open_here(filled)
        assert is_open_here(tmp_path / "link.duckdb")
    assert not is_open_here(filled)


FORK = """
import multiprocessing
store = el.EventStore(sys.argv[1])
def what(do):
    try:
        do()
    except Exception as error:
        print(type(error).__name__, flush=True)
def child():
    event = el.Event("CardLoaded", {"amount": 9})
    what(lambda: store.append("card-7", event))
    what(lambda: len(store))
    what(lambda: el.EventStore(sys.argv[1]).append("card-7", event))
    with el.EventStore(sys.argv[1] + ".other") as other:
        other.append("card-7", event)
print("ready", flush=True)
forked = multiprocessing.get_context("fork").Process(target=child)
forked.start()
forked.join()
print(len(store))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_does_not_write_to_the_store_of_its_parent(filled):
    with another_process(FORK, filled) as process:
        assert process.stdout.read() == "StoreForked\nStoreForked\nStoreForked\n2\n"

    with el.EventStore(f"{filled}.other") as other:
        assert amounts(other) == [9]


# -- a file that cannot grow -----------------------------------------------------------------------

FULL = """
import os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = el.EventStore(sys.argv[1])
note = el.Event("CardLoaded", {"note": "x" * 1_000})
store.append("card-7", note)
seen = el.Projection("seen", n=el.count())
view = el.ReadModel(store, seen)
limit = os.path.getsize(sys.argv[1] + ".wal")
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
print("ready", flush=True)
def what(do):
    try:
        do()
    except Exception as error:
        return type(error).__name__
append = lambda: store.append("card-7", note)
print(what(append), what(store.seal), what(view.catch_up), len(store), flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
append()
view.catch_up()
print(len(store), view.frame()["n"].tolist(), len(store.verify(store.seal().digest)))
"""


def test_where_a_file_cannot_grow_nothing_is_written_and_the_store_goes_on(path):
    with another_process(FULL, path) as process:
        assert process.stdout.read() == "NotWritten NotWritten NotWritten 1\n2 [2] 0\n"

    with el.EventStore(path) as store:
        assert len(store) == 2


# -- files that are no store -----------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("damage", ["cut short", "overwritten"])
def test_a_broken_file_is_named_with_what_duckdb_says_of_it(filled, damage, read_only):
    content = filled.read_bytes()
    broken = content[:9_000] if damage == "cut short" else content[:12_288] + b"?" * 16_384
    filled.write_bytes(broken)

    with pytest.raises(StoreError, match=r"cards.duckdb' could not be opened: .*file"):
        el.EventStore(filled, read_only=read_only)

    assert filled.read_bytes() == broken


@pytest.mark.parametrize(
    "path",
    [5, 10**5000, b"cards.duckdb", "cards\0.duckdb", ["cards.duckdb"], ""],
    ids=["number", "long number", "bytes", "NUL", "list", "nothing"],
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(StoreError, match="is no path of a file: give text such as"):
        el.EventStore(path)


def test_a_path_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"could not be opened: .*[Ff]ile name too long"):
        el.EventStore(tmp_path / ("x" * 5_000))
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(StoreError, match="could not be opened"):
        el.EventStore(tmp_path / "round")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"the folder '.*nowhere' does not exist: make it first"):
        el.EventStore(tmp_path / "nowhere" / "cards.duckdb")


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreError, match="is a folder: give the path of a file inside it"):
        el.EventStore(tmp_path)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        b"card,kind,amount\ncard-7,CardLoaded,20\n",
        b'{"stream": "card-7"}\n' * 400,
        b"PAR1" + b"\0" * 5000,
        bytes(range(256)) * 100,
        b"x",
        b"",
    ],
    ids=["csv", "json", "parquet", "bytes", "one byte", "nothing"],
)
def test_a_file_of_another_kind_is_no_store_and_stays_as_it_is(path, content, read_only):
    path.write_bytes(content)

    with pytest.raises(
        NotAStore, match=r"is not an eventlab store: it is no DuckDB file.*el\.read_table"
    ):
        el.EventStore(path, read_only=read_only)

    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_database_of_another_kind_is_no_store(path):
    with closing(sqlite3.connect(path)) as con:
        con.execute("create table cards (amount integer)")

    with pytest.raises(NotAStore, match="it is no DuckDB file"):
        el.EventStore(path)


def test_a_duckdb_file_with_other_tables_is_no_store_and_stays_as_it_is(path):
    with duckdb.connect(path) as con:
        con.execute("create table customers as select 1 as id")

    for read_only in (True, False):
        with pytest.raises(NotAStore, match=r"a DuckDB file with other tables \(customers\)"):
            el.EventStore(path, read_only=read_only)

    with duckdb.connect(path) as con:
        assert con.execute("select table_name from duckdb_tables()").fetchall() == [("customers",)]


@pytest.mark.parametrize(
    "made",
    [
        "create view v as select 1",
        "create sequence s",
        "create schema other; create table other.t (x integer)",
        "create table store (x integer); create table streams (x integer); "
        "create table events (x integer); create table fields (x integer)",
    ],
)
def test_a_duckdb_file_with_anything_else_in_it_is_no_store(path, made):
    with duckdb.connect(path) as con:
        con.execute(made)

    with pytest.raises(NotAStore):
        el.EventStore(path)


def test_an_empty_duckdb_file_becomes_a_store_but_not_for_reading(path):
    duckdb.connect(path).close()

    with pytest.raises(NotAStore, match="it has no tables"):
        el.EventStore(path, read_only=True)
    with el.EventStore(path) as store:
        store.append("card-7", loaded(20))


def test_a_store_of_a_newer_format_is_refused_and_stays_as_it_is(filled):
    with duckdb.connect(filled) as con:
        con.execute("update store set format = 2")
    before = filled.read_bytes()

    for read_only in (True, False):
        with pytest.raises(
            NewerFormat, match=r"has store format 2, and this .* up to 1: upgrade eventlab"
        ):
            el.EventStore(filled, read_only=read_only)

    assert filled.read_bytes() == before


def test_a_store_without_its_format_number_is_refused(filled):
    with duckdb.connect(filled) as con:
        con.execute("delete from store")

    with pytest.raises(NotAStore, match="its format number is missing"):
        el.EventStore(filled)


def test_a_refused_file_is_let_go_of(path):
    with duckdb.connect(path) as con:
        con.execute("create table customers as select 1 as id")
    with pytest.raises(NotAStore):
        el.EventStore(path)

    path.unlink()
    with el.EventStore(path) as store:
        assert len(store) == 0


# -- how a store looks -----------------------------------------------------------------------------


def test_a_store_says_where_it_is_and_how_much_it_holds(filled):
    with el.EventStore(filled) as store:
        assert repr(store) == f"<EventStore {str(filled)!r}: 2 events>"


def test_in_a_notebook_a_log_shows_its_first_ten_events(store):
    store.append("card-7", [loaded(n) for n in range(100, 112)])

    html = store._repr_html_()

    assert html.startswith(f"<p>{repr(store)[1:-1]}</p>")
    assert html.count("<tr") == 11  # the heading and ten events
    assert "109" in html
    assert "110" not in html


def test_names_and_payloads_are_escaped(store):
    attack = "<img src=x onerror=alert(1)>"
    store.append(f"{attack}-1", el.Event(attack, {attack: attack}, actor=attack, tags=[attack]))

    for log in (store, store.stream(f"{attack}-1"), store.only(attack)):
        html = log._repr_html_()

        assert "<img" not in html
        assert "&lt;img" in html


# -- memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["100MB", "0.5GB", "300 MiB", "2GiB"])
def test_memory_can_be_limited_for_a_file_and_in_memory(path, size):
    for place in (path, None):
        with el.EventStore(place, memory_limit=size) as store:
            store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
            with store.borrowed() as con:
                [(said,)] = con.execute("select current_setting('memory_limit')").fetchall()
            assert (
                said
                == {
                    "100MB": "95.3 MiB",
                    "0.5GB": "476.8 MiB",
                    "300 MiB": "300.0 MiB",
                    "2GiB": "2.0 GiB",
                }[size]
            )


@pytest.mark.parametrize(
    "size", ["lots", "", "500", "-300MB", "1KB", "99MB", "0GB", 5, "1MB'; drop", "inf GB"]
)
def test_a_limit_that_is_no_size_is_refused_before_a_file_is_made(path, size):
    with pytest.raises(StoreError, match="no size that DuckDB could work with: give a number"):
        el.EventStore(path, memory_limit=size)
    assert not path.exists()


def test_what_takes_more_memory_than_allowed_says_so_and_leaves_nothing(path):
    frame = pd.DataFrame({"card": "card-7", "kind": "CardLoaded", "note": ["x" * 4_000] * 100_000})
    with el.EventStore(path, memory_limit="100MB") as store:
        with pytest.raises(
            MemoryExceeded, match=r"more memory than DuckDB may take .* larger memory_limit="
        ):
            store.append_frame(frame, stream="card", type="kind")
        assert len(store) == 0
        assert store.append_frame(frame[:10], stream="card", type="kind").position == 10
