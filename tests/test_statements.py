"""Is a statement that was parsed once the same statement ever after: elsewhere, later, and at once?"""

import threading

import duckdb
import pytest

from eventlab.statements import execute


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("create table amounts as select unnest([20, 5]) as amount")
        yield con


TOTAL = "select sum(amount) from amounts where amount > $least"


def test_another_database_is_asked_with_what_one_has_parsed(con):
    assert execute(con, TOTAL, {"least": 5}).fetchone() == (20,)
    with duckdb.connect() as other:
        other.execute("create table amounts as select 7 as amount")

        assert execute(other, TOTAL, {"least": 5}).fetchone() == (7,)


def test_names_and_types_are_looked_up_every_time(con):
    assert execute(con, "from amounts").fetchall() == [(20,), (5,)]

    con.execute("create or replace table amounts as select 'twenty' as amount")

    assert execute(con, "from amounts").fetchall() == [("twenty",)]


def test_of_several_statements_the_last_takes_the_parameters_and_answers(con):
    several = "insert into amounts values (1); insert into amounts values (2); from amounts where amount < ?"

    assert execute(con, several, [3]).fetchall() == [(1,), (2,)]
    assert execute(con, several, [2]).fetchall() == [(1,), (1,)]


def test_a_mistake_is_said_where_it_stands_each_time(con):
    for _ in range(2):
        with pytest.raises(duckdb.ParserException, match="LINE 1: selekt 1"):
            execute(con, "selekt 1")
        with pytest.raises(duckdb.BinderException, match="LINE 1: select nothing from amounts"):
            execute(con, "select nothing from amounts")


def test_several_threads_ask_at_once(con):
    found = []

    def ask(number):
        mine = con.cursor()
        found.extend(execute(mine, "select ?", [number]).fetchone() for _ in range(200))

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [(number,) for number in range(4) for _ in range(200)]
