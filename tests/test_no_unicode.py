"""Half a surrogate pair is in no store: whoever is given one as a name says so in a sentence of its own."""

import pytest

import eventlab as el

HALF = "card-\ud800"
counts = el.Projection("counts", n=el.count())
held = el.Fold(lambda state, event: state, {"n": 0}, name="held")


def handler(event):
    return None


ASKED = {
    "stream": lambda store: store.stream(HALF),
    "category": lambda store: store.category(HALF),
    "only": lambda store: store.only("CardLoaded", HALF),
    "version": lambda store: store.version(HALF),
    "find": lambda store: store.find(HALF),
    "trace": lambda store: store.trace(HALF),
    "sql": lambda store: store.sql(f"select '{HALF}'"),
    "parameter": lambda store: store.sql("select ?", [HALF]),
    "types of a query": lambda store: el.Query(HALF),
    "tags of a query": lambda store: el.Query(tags=["course:1", HALF]),
    "history": lambda store: counts.history(store, HALF),
    "history of a fold": lambda store: held.history(store, HALF),
    "blame": lambda store: counts.blame(store, HALF),
    "bisect": lambda store: counts.bisect(store, lambda state: True, key=HALF),
    "projection": lambda store: el.Projection(HALF, n=el.count()),
    "field": lambda store: el.Projection("counts", **{HALF: el.count()}),
    "read model": lambda store: el.ReadModel(store, counts, HALF),
    "consumer": lambda store: el.Bus(store).consumer(HALF)(handler),
    "types of a consumer": lambda store: el.Bus(store).consumer("billing", HALF)(handler),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_half_a_surrogate_pair_is_refused_by_name(ask):
    with el.EventStore() as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 20}))

        with pytest.raises(el.EventLabError) as refused:
            ask(store)

        assert "Unicode" in str(refused.value) or "\\ud800" in str(refused.value)
        assert len(store) == 1


@pytest.mark.parametrize("query", [None, 5, b"select 1", ["select 1"]])
def test_a_query_is_text(query):
    with pytest.raises(el.errors.SQLError, match=r"was given no valid text: write a SELECT"):
        el.EventStore().sql(query)
