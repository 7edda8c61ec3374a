"""Ctrl-C at any moment: it reaches the person who pressed it, and nothing is lost or half known."""

import subprocess
import sys
from pathlib import Path

import pytest

import eventlab as el
from eventlab.store.ledger import Ledger

ROOT = Path(el.__file__).parents[1]

PROGRAM = """
import os, signal, sys, threading
import eventlab as el

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
store = el.EventStore()
store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
LONG = "select (select count(*) from events), sum(sqrt(range)) from range(200_000_000)"
bus = el.Bus(store)
bus.consumer("asks", retries=0)(lambda event: store.sql(LONG))

def interrupted(do):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        do()
    except KeyboardInterrupt:
        return True

print(interrupted(lambda: store.sql(LONG)), interrupted(bus.deliver))
print(len(bus.dead_letters()), bus.lag()["checkpoint"].tolist(), len(store))
"""


def test_it_ends_a_query_and_is_no_failure_of_the_handler_that_asked():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.stdout == "True True\n0 [0] 2\n", done.stderr


def test_right_after_a_commit_it_leaves_a_store_that_knows_what_it_holds(monkeypatch):
    store = el.EventStore()
    store.append("card-7", el.Event("CardLoaded", {"amount": 20}))

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "wrote", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.append("card-7", el.Event("CardLoaded", {"tip": 5}))

    assert (store.head, len(store), store.version("card-7")) == (2, 2, 2)
    assert store.events(expand=True)["tip"].tolist()[1:] == [5]
    assert store.append("card-7", el.Event("CardLoaded"), expected=2).position == 3
