"""Every verb is asked of a log; anything else is refused by what it is."""

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import InvalidQuestion

loads = el.Projection("cards", n=el.count("CardLoaded"))
added = el.Fold(lambda card, event: {"n": card["n"] + 1}, {"n": 0}, name="cards")
seen = pd.DataFrame({"card": ["card-1"], "at": [1]})

VERBS = {
    "state": lambda cards, log, store: cards(log),
    "changes": lambda cards, log, store: cards.changes(log),
    "history": lambda cards, log, store: cards.history(log, "card-1"),
    "lifetimes": lambda cards, log, store: cards.lifetimes(log),
    "blame": lambda cards, log, store: cards.blame(log, "card-1"),
    "diff before": lambda cards, log, store: cards.diff(log, store),
    "diff after": lambda cards, log, store: cards.diff(store, log),
    "panel": lambda cards, log, store: cards.panel(log, at=[1]),
    "panel of nothing": lambda cards, log, store: cards.panel(log, at=[]),
    "bisect": lambda cards, log, store: cards.bisect(log, lambda state: True),
    "bisect of a key": lambda cards, log, store: cards.bisect(log, lambda card: True, key="card-1"),
    "asof": lambda cards, log, store: cards.asof(log, seen, on="at", key="card", by="position"),
    "compare": lambda cards, log, store: el.compare(log, store, cards),
    "compare with": lambda cards, log, store: el.compare(store, log, lambda log: log.events()),
}
"""What can be asked, given a projection, what is no log, and a store."""


@pytest.fixture(scope="module")
def store():
    return el.EventStore()


@pytest.fixture(params=["Projection", "Fold", "Snapshots"], scope="module")
def cards(request, store):
    kinds = {"Projection": loads, "Fold": added, "Snapshots": el.Snapshots(store, added, every=2)}
    return kinds[request.param]


@pytest.mark.parametrize("log", [None, pd.DataFrame(), loads], ids=lambda log: type(log).__name__)
@pytest.mark.parametrize("ask", VERBS.values(), ids=VERBS)
def test_what_is_no_log_is_refused_by_every_verb(cards, store, ask, log):
    with pytest.raises(
        InvalidQuestion, match=f"asked about a {type(log).__name__}.*give a store or a cut of one"
    ):
        ask(cards, log, store)
