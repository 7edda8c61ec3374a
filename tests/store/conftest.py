"""Stores to test: in memory, and the path of one in a file."""

import pytest

import eventlab as el


@pytest.fixture
def store():
    with el.EventStore(clock=lambda: "2026-03-01T12:00:00Z") as store:
        yield store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cards.duckdb"
