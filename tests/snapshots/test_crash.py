"""Do snapshots survive a process that is killed while it takes them, and never change an answer after it?"""

import random
import warnings

import pandas as pd
import pytest

import eventlab as el
from tests.killing import killed

EVENTS = 1_000
CARDS = el.Projection("cards", balance=el.total("amount"), last=el.last("amount"))

# Takes a snapshot after every tenth event, and says how far it is; then throws all away and begins again.
KEEPER = """
import sys
import eventlab as el

store = el.EventStore(sys.argv[1])
cards = el.Projection("cards", balance=el.total("amount"), last=el.last("amount"))
print("ready", flush=True)
while True:
    fast = el.Snapshots(store, cards, every=10)
    fast.drop()
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "cards.duckdb"
    amounts = range(EVENTS)
    frame = pd.DataFrame({"card": [f"card-{n % 20}" for n in amounts], "amount": amounts})
    with el.EventStore(path) as store:
        store.append_frame(frame.assign(kind="CardLoaded"), stream="card", type="kind")
    return path


def test_a_kill_in_the_middle_leaves_whole_snapshots_or_none(path):
    chance = random.Random(3)
    found = set()

    for _ in range(3):
        killed(KEEPER, path, chance.uniform(0.2, 0.6))

        with el.EventStore(path, read_only=True) as store, warnings.catch_warnings():
            warnings.simplefilter("error")
            fast = el.Snapshots(store, CARDS, every=10)
            kept = fast.kept()
            found.add(len(kept))
            assert kept["position"].tolist() == list(range(10, 10 * len(kept) + 1, 10))
            checked = fast.verify()
            assert checked["intact"].all()
            assert checked["equal"].all()
            for position in (1, 5 * len(kept), EVENTS):
                cut = store.until(position=position)
                pd.testing.assert_frame_equal(fast(cut), CARDS(cut))

    assert any(0 < snapshots < EVENTS // 10 for snapshots in found)  # it was killed in the middle


def test_who_comes_after_a_kill_takes_the_snapshots_that_are_missing(path):
    killed(KEEPER, path, 0.4)

    with el.EventStore(path) as store:
        kept = el.Snapshots(store, CARDS, every=10).kept()

    assert kept["position"].tolist() == list(range(10, EVENTS + 1, 10))
