"""A progress bar is for what takes seconds: what is quick must show none, in a notebook least of all."""

import sys

import pytest
import tqdm.notebook

import eventlab as el

balances = el.Projection("cards", balance=el.total("amount"))


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would display from here on."""
    displayed = []
    monkeypatch.setattr(tqdm.notebook, "display", displayed.append)
    # The module and not the function of that name, which stands in its package.
    monkeypatch.setattr(sys.modules["eventlab.timetravel.bisect"], "tqdm", tqdm.notebook.tqdm)
    return displayed


def test_a_bisection_that_finds_its_event_early_shows_no_bar(shown):
    store = el.EventStore()
    store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 30, 40)])

    found = balances.bisect(store, lambda card: card["balance"] >= 50, key="card-7")

    assert (found.position, found.looked_at) == (2, 2)
    assert shown == []
