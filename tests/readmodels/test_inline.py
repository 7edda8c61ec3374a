"""Kept inline, a read model is never behind, and what it cannot take in is not appended."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Timer

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import AppendRefused
from tests.readmodels.test_readmodel import ADDED, BALANCE, EXACT, changed, lanes, load

FRAME = pd.DataFrame(
    {"card": ["card-7", "card-8", "card-7"], "kind": "CardLoaded", "amount": [1, 2, 3]}
)


@lanes
def test_an_append_and_its_rows_are_visible_at_once(rule):
    with el.EventStore() as store:
        store.append("card-7", load(20))
        view = el.ReadModel(store, rule, inline=True)
        assert view.lag == 0

        store.append("card-7", load(5))

        assert (view.lag, view.frame().loc["card-7", "balance"]) == (0, 25)
        assert "0 behind, inline" in repr(view)


@lanes
def test_a_bulk_import_brings_it_forward_too(rule):
    with el.EventStore() as store:
        view = el.ReadModel(store, rule, inline=True)

        store.append_frame(FRAME, stream="card", type="kind")

        assert view.lag == 0
        assert view.frame()["balance"].to_dict() == {"card-7": 4, "card-8": 2}
        assert_frame_equal(view.frame(), rule(store))


@pytest.mark.parametrize("rule", [ADDED, EXACT], ids=["fold", "projection"])
def test_what_it_cannot_take_in_is_not_appended(rule):
    with el.EventStore() as store:
        store.append("card-7", load(20))
        view = el.ReadModel(store, rule, inline=True)
        other = el.ReadModel(store, el.Projection("loads", n=el.count()), inline=True)

        with pytest.raises(AppendRefused, match=r"'cards' is kept inline .* event 2"):
            store.append("card-7", load("a lot"))
        with pytest.raises(AppendRefused):
            store.append_frame(FRAME.assign(amount=["1", "2", "a lot"]), stream="card", type="kind")

        assert (len(store), view.lag, other.lag) == (1, 0, 0)
        assert store.append("card-7", load(5)).position == 2
        assert (view.frame().loc["card-7", "balance"], view.error) == (25, None)
        assert other.frame()["n"].tolist() == [2]


@lanes
def test_what_it_took_in_of_a_refused_append_is_forgotten(rule):
    with el.EventStore() as store:
        view = el.ReadModel(store, rule, name="first in line", inline=True)
        el.ReadModel(store, EXACT, name="refuses", inline=True)
        store.append("card-7", load(20))

        with pytest.raises(AppendRefused, match="refuses"):
            store.append("card-7", load(4, 10**9))
        assert (view.checkpoint, view.lag) == (1, 0)

        store.append("card-7", load(5))
        assert_frame_equal(view.frame(), rule(store))
        assert view.frame()["balance"].tolist() == [25]


def test_a_value_of_another_kind_is_refused_and_its_kind_forgotten():
    with el.EventStore() as store:
        view = el.ReadModel(store, BALANCE, inline=True)
        store.append("card-7", load(20))

        with pytest.raises(AppendRefused, match="UntypedField"):
            store.append("card-7", load("five"))

        assert [field.kind for field in store.fields()] == ["BIGINT"]
        store.append("card-7", load(2.5))
        assert view.frame()["balance"].tolist() == [22.5]


def test_a_repeated_batch_changes_nothing():
    with el.EventStore() as store:
        view = el.ReadModel(store, BALANCE, inline=True)
        event = el.Event("CardLoaded", {"amount": 5}, event_id="first")

        store.append("card-7", event)
        assert store.append("card-7", event).duplicate

        assert view.frame().loc["card-7", "balance"] == 5


def test_it_takes_part_until_it_is_dropped():
    with el.EventStore() as store:
        view = el.ReadModel(store, BALANCE, inline=True)
        view.drop()
        store.append("card-7", load(5))
        assert (view.checkpoint, view.lag) == (0, 1)


def test_it_can_be_rebuilt_by_another_rule_and_goes_on_with_the_new_one():
    with el.EventStore() as store:
        el.ReadModel(store, BALANCE, inline=True)
        store.append("card-7", load(20))
        new = el.ReadModel(store, changed(BALANCE))
        new.rebuild()

        with pytest.raises(AppendRefused, match="RuleChanged"):
            store.append("card-7", load(5))

        new = el.ReadModel(store, changed(BALANCE), inline=True)
        store.append("card-7", load(5))
        assert new.frame()["loads"].tolist() == [2]


def test_a_store_opened_again_after_closing_has_no_old_participants(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        view = el.ReadModel(store, BALANCE, inline=True)
        store.append("card-7", load(20))
    with el.EventStore(path) as store:
        store.append("card-7", load(5))
        assert el.ReadModel(store, BALANCE).lag == 1
        again = el.ReadModel(store, BALANCE, inline=True)
        assert (again.lag, again.frame()["balance"].tolist()) == (0, [25])
    assert view.inline


@pytest.mark.parametrize(
    "asked",
    [lambda view: view.lag, lambda view: len(view.frame()), lambda view: view.catch_up()],
    ids=["lag", "frame", "catch_up"],
)
def test_it_is_not_ahead_of_an_append_that_is_committed_and_not_yet_told_of(asked, monkeypatch):
    with el.EventStore() as store, ThreadPoolExecutor(1) as pool:
        view = el.ReadModel(store, BALANCE, inline=True)
        store.append("card-7", load(20))
        committed, told, wrote = Event(), Event(), store._ledger.wrote

        def late(*args):
            committed.set()
            assert told.wait(10)
            wrote(*args)

        monkeypatch.setattr(store._ledger, "wrote", late)
        appending = pool.submit(store.append, "card-7", load(5))
        assert committed.wait(10)
        Timer(0.2, told.set).start()

        assert asked(view) in (0, 1)  # events behind, rows, events taken in
        assert appending.result().position == 2
