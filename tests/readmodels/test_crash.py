"""Whatever is killed or fails on the way, rows and checkpoint are of one moment, and nothing counts twice."""

import os
import random
from threading import Thread

import pytest

import eventlab as el
from eventlab.store import read_tables
from tests.killing import killed
from tests.readmodels.test_readmodel import ADDED, BALANCE, lanes, load


class Crash(BaseException):
    """Nobody catches it: as if the process had ended there."""


def crash(*_, **_named):
    raise Crash


@lanes
@pytest.mark.parametrize("step", ["moved", "merge"])
def test_a_crash_between_rows_and_checkpoint_counts_nothing_twice(monkeypatch, rule, step):
    counter = 0
    chance = random.Random(7)
    with el.EventStore() as store:
        view = el.ReadModel(store, rule)
        for _ in range(10):
            amounts = [chance.randint(1, 9) for _ in range(chance.randint(1, 4))]
            store.append("card-7", load(*amounts))
            counter += sum(amounts)
            with monkeypatch.context() as faulty:
                if view.checkpoint:
                    faulty.setattr(read_tables, step, crash)
                    with pytest.raises(Crash):
                        view.catch_up()
            if chance.random() < 0.5:
                view.catch_up()

        view.catch_up()
        assert view.frame().loc["card-7", "balance"] == counter


@lanes
def test_a_rebuild_that_is_broken_off_leaves_the_old_rows(monkeypatch, rule):
    with el.EventStore() as store:
        store.append("card-7", load(20, 5))
        view = el.ReadModel(store, rule)
        view.catch_up(1)
        monkeypatch.setattr(view._upkeep.lane, "at_once", 1)

        with monkeypatch.context() as faulty:
            faulty.setattr(read_tables, "merge", crash)
            with pytest.raises(Crash):
                view.rebuild()

        assert (view.checkpoint, view.frame().loc["card-7", "balance"]) == (1, 20)
        [old] = tables(store)
        assert view.rebuild() == 2
        assert view.frame().loc["card-7", "balance"] == 25
        [new] = tables(store)
        assert new != old


def tables(store):
    query = "select table_name from duckdb_tables() where starts_with(table_name, 'read_rows')"
    return [name for (name,) in store.cursor().execute(query).fetchall()]


@lanes
def test_who_reads_while_it_is_rebuilt_sees_the_old_rows_or_the_new_ones(rule):
    with el.EventStore() as store:
        store.append("card-7", load(*[1] * 50))
        view = el.ReadModel(store, rule)
        view.catch_up()
        seen = []
        rebuilding = Thread(target=lambda: [view.rebuild() for _ in range(10)])

        rebuilding.start()
        while rebuilding.is_alive():
            seen.append(view.frame().loc["card-7", "balance"])
        rebuilding.join()

        assert set(seen) == {50}


# Appends, catches up and rebuilds for ever, and says which append it has acknowledged.
WORK = """
import sys
import eventlab as el
from tests.readmodels.test_readmodel import ADDED, BALANCE

store = el.EventStore(sys.argv[1])
views = [el.ReadModel(store, BALANCE, name="sql"), el.ReadModel(store, ADDED, name="python")]
inline = el.ReadModel(store, BALANCE, name="inline", inline=True)
print("ready", flush=True)
while True:
    events = [el.Event("CardLoaded", {"amount": 1})] * 50
    done = store.append(f"card-{store.head // 50 % 7}", events)
    print(done.position, flush=True)
    for view in views:
        view.catch_up(30)
        if done.position % 4:
            view.rebuild()
"""


def test_a_process_killed_in_the_middle_leaves_rows_that_fit_their_checkpoint(tmp_path):
    path, chance = tmp_path / "cards.duckdb", random.Random(7)

    for _ in range(2):
        acknowledged = work_and_kill(path, chance.uniform(0.2, 0.6))

        with el.EventStore(path) as store:
            assert store.head >= acknowledged > 0
            for name in ("sql", "python", "inline"):
                kept = store.read_models().set_index("name")
                if name in kept.index:
                    assert counted(store, name) == kept.loc[name, "checkpoint"]
            assert kept.loc["inline", "lag"] == 0
            assert el.ReadModel(store, BALANCE, name="sql").catch_up() >= 0
            assert counted(store, "sql") == store.head


def counted(store, name):
    """Return the sum of all amounts in a read model: each event had an amount of 1."""
    view = el.ReadModel(store, ADDED if name == "python" else BALANCE, name=name)
    return int(view.frame()["balance"].sum())


def work_and_kill(path, seconds):
    lines = killed(WORK, path, seconds)
    return int(lines[-1]) if lines else 0


def test_a_producer_and_read_models_in_threads_lose_nothing_and_count_nothing_twice():
    appends = int(os.environ.get("EVENTLAB_SOAK", "150"))
    chance = random.Random(7)
    counter = {f"card-{number}": 0 for number in range(5)}
    with el.EventStore() as store:
        views = [
            el.ReadModel(store, BALANCE, name="sql"),
            el.ReadModel(store, ADDED, name="python"),
        ]
        for view in views:
            view.run()

        for _ in range(appends):
            card = chance.choice(list(counter))
            amounts = [chance.randint(1, 9) for _ in range(chance.randint(1, 3))]
            store.append(card, load(*amounts))
            counter[card] += sum(amounts)

        for view in views:
            view.wait(store.head, timeout=60)
            assert view.frame()["balance"].to_dict() == counter
