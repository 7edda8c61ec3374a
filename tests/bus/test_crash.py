"""Killed in mid-delivery: what does the next process deliver again, and what was done exactly once?"""

import random
import signal
import subprocess
import sys

import pytest

import eventlab as el
from tests.killing import ROOT, killed

COMMIT_EVERY = 5


def shop_bus(store, mail, reached=lambda where, event: None):
    """Return a bus with a consumer that acts on the world, and two whose effects are in the store."""
    store.cursor().execute("create table if not exists invoices (position bigint)")
    bus = el.Bus(store)
    bus.consumer("mail", commit_every=COMMIT_EVERY)(mail)

    @bus.consumer("billing", "OrderPlaced", commit_every=COMMIT_EVERY)
    def bill(event):
        def write_invoice(con):
            con.execute("insert into invoices values (?)", [event.position])
            reached("in the effect", event)

        bus.once(event, write_invoice)
        reached("behind the effect", event)

    @bus.consumer("shipping", "OrderPlaced", commit_every=COMMIT_EVERY, idempotent=True)
    def ship(event):
        store.append(event.stream, el.Event("OrderShipped"))
        reached("behind the append", event)

    return bus


# Delivers in the background while orders come in for ever, and says which event it has mailed.
WORK = """
import sys
import eventlab as el
from tests.bus.test_crash import shop_bus

store = el.EventStore(sys.argv[1])
bus = shop_bus(store, lambda event: print(event.position, flush=True))
print("ready", flush=True)
bus.run()
while bus.error is None:
    store.append(f"order-{store.head}", [el.Event("OrderPlaced"), *[el.Event("OrderViewed")] * 59])
"""


def test_a_bus_killed_in_mid_delivery_goes_on_from_its_checkpoint(tmp_path):
    path, chance = tmp_path / "shop.duckdb", random.Random(7)
    kept = kills = 0

    while kills < 3 or kept == 0:  # a busy machine may not come to its first checkpoint in time
        kills += 1
        lines = killed(WORK, path, chance.uniform(0.3, 0.8))
        mailed = [int(line) for line in lines]
        assert mailed == list(range(kept + 1, kept + 1 + len(mailed)))
        with el.EventStore(path) as store:
            done_to, kept = kept + len(mailed), checkpoint(store, "mail")
            assert kept <= done_to <= kept + COMMIT_EVERY

    with el.EventStore(path) as store:
        mailed = []
        shop_bus(store, lambda event: mailed.append(event.position)).deliver()

        assert mailed == list(range(kept + 1, store.head + 1))
        assert invoices(store) == shipped(store) == orders(store)


# Delivers until it comes to the third order, and dies of it.
DIE = """
import os, signal, sys
import eventlab as el
from tests.bus.test_crash import shop_bus

def reached(where, event):
    if (where, event.position) == ("{where}", 3):
        os.kill(os.getpid(), signal.SIGKILL)

store = el.EventStore(sys.argv[1])
store.append("order-1", [el.Event("OrderPlaced")] * 5)
shop_bus(store, print, reached).deliver()
"""


@pytest.mark.parametrize("where", ["in the effect", "behind the effect", "behind the append"])
def test_an_effect_in_the_store_is_had_once_wherever_the_process_dies(tmp_path, where):
    path = tmp_path / "shop.duckdb"

    died = subprocess.run([sys.executable, "-c", DIE.format(where=where), path], cwd=ROOT)

    assert died.returncode == -signal.SIGKILL
    with el.EventStore(path) as store:
        assert invoices(store) == ([1, 2] if where == "in the effect" else [1, 2, 3])
        assert checkpoint(store, "billing") == 0  # so all orders are billed again
        shop_bus(store, print).deliver()
        assert invoices(store) == shipped(store) == orders(store) == [1, 2, 3, 4, 5]


def checkpoint(store, consumer):
    return el.Bus(store).lag().set_index("consumer").loc[consumer, "checkpoint"]


def orders(store):
    found = store.sql("select position from events where type = 'OrderPlaced' order by 1")
    return found["position"].tolist()


def invoices(store):
    found = store.cursor().execute("select position from invoices order by 1").fetchall()
    return [position for (position,) in found]


def shipped(store):
    """Return the positions of the orders that were shipped, each as often as it was."""
    causes = store.sql("select causation_id from events where type = 'OrderShipped'")
    return sorted(store.find(cause).position for cause in causes["causation_id"])
