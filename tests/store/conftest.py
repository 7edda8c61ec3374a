"""Stores to test: in memory, a branch whose parent's events were all dropped, and the path of one in a file.

What a store promises, a branch promises: every test that asks for ``store`` runs on both, but see
`tests/conftest.py` for those with many cases.
"""

import pytest

import eventlab as el


def noon():
    return "2026-03-01T12:00:00Z"


@pytest.fixture(scope="module")
def parent():
    """A store to branch from: no branch can write to it, so one serves a whole module."""
    with el.EventStore(clock=noon) as parent:
        parent.append("card-7", [el.Event("Dropped"), el.Event("Dropped")])
        yield parent


@pytest.fixture(params=["store", "branch"])
def store(request, parent):
    made = parent.branch(drop=[1, 2]) if request.param == "branch" else el.EventStore(clock=noon)
    with made:
        yield made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cards.duckdb"
