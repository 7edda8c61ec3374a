"""Stores to test: in memory, a branch whose parent's events were all dropped, and the path of one in a file.

What a store promises, a branch promises: every test that asks for ``store`` runs on both.
"""

import pytest

import eventlab as el


def noon():
    return "2026-03-01T12:00:00Z"


@pytest.fixture(params=["store", "branch"])
def store(request):
    with el.EventStore(clock=noon) as store:
        if request.param == "store":
            yield store
        else:
            store.append("card-7", [el.Event("Dropped"), el.Event("Dropped")])
            yield store.branch(drop=[1, 2])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cards.duckdb"
