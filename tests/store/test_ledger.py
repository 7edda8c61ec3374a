"""What the writers of a store remember: does a transaction get the fields that its own moment has?"""

import pytest

import eventlab as el
from eventlab.store.database import transaction
from eventlab.store.ledger import Field

AMOUNT, BY = (Field("CardLoaded", "amount", "BIGINT"), Field("CardLoaded", "by", "VARCHAR"))


@pytest.fixture
def store():
    with el.EventStore() as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        yield store


def test_a_transaction_sees_the_fields_of_the_moment_it_began(store):
    with store.borrowed() as con, transaction(con):
        before = store._ledger.fields_within(con)
        store.append("card-7", el.Event("CardLoaded", {"by": "ana"}))
        assert (before, store._ledger.fields_within(con)) == ([AMOUNT], [AMOUNT])

    with store.borrowed() as con, transaction(con):
        assert store._ledger.fields_within(con) == [AMOUNT, BY]


def test_a_transaction_sees_the_fields_it_has_written_itself_and_nobody_else_does(store):
    with store.borrowed() as con:
        con.execute("begin transaction")
        con.execute("insert into fields values (2, 'CardLoaded', 'by', 'VARCHAR')")
        assert store._ledger.fields_within(con) == [AMOUNT, BY]
        con.execute("rollback")

        assert store._ledger.fields_within(con) == [AMOUNT]
    assert store.fields() == [AMOUNT]


def test_fields_of_an_append_are_known_at_once(store):
    assert store.fields() == [AMOUNT]

    store.append("card-7", el.Event("CardLoaded", {"amount": 5, "by": "ana"}))

    assert store.fields() == [AMOUNT, BY]
