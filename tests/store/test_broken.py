"""A payload that is no object, written into the file by something else, is never read as an empty one."""

import shutil

import duckdb
import pytest

import eventlab as el
from eventlab.errors import BrokenPayload, FoldFailed, ReadModelFailed
from eventlab.widgets import TimeMachine

INSERT = (
    "insert into events select 3, stream_no, 3, type, occurred_at, recorded_at, ?::json::variant, "
    "null, null, null, null, null, null, 1 from events where position = 1"
)


def load(card, event):
    return {"balance": card["balance"] + event.data.get("amount", 0)}


CARD = el.Fold(load, initial={"balance": 0}, name="card")
CARDS = el.Projection("cards", balance=el.total("amount", on="CardLoaded"))


@pytest.fixture(scope="module", params=["[1]", "5", '"text"'])
def made(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("broken") / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
    with duckdb.connect(path) as con:
        con.execute(INSERT, [request.param])
    with el.EventStore(path) as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 1}))
    return path


@pytest.fixture
def store(made, tmp_path):
    with el.EventStore(shutil.copy(made, tmp_path)) as store:
        yield store


@pytest.mark.parametrize(
    "verb",
    [CARDS, lambda log: CARDS.history(log, "card-7"), lambda log: CARDS.panel(log, at=[2, 4])],
    ids=["state", "history", "panel"],
)
def test_a_projection_names_the_event(store, verb):
    with pytest.raises(BrokenPayload, match=r"'CardLoaded' at position 3 is .*which is no object"):
        verb(store)


def test_a_fold_stops_at_the_event_and_names_it(store):
    with pytest.raises(FoldFailed, match=r"'CardLoaded' at position 3 of stream 'card-7'"):
        CARD(store)


def test_a_time_machine_of_a_fold_tells_of_the_event_at_its_step(store, tmp_path):
    tm = TimeMachine(store, CARD)
    [broken] = store.at(3)

    assert tm.text(2).endswith("card-7  ~25\ndata: amount=5")
    assert "failed at event 'CardLoaded' at position 3" in tm.text(3)
    assert tm.text(3).endswith(f"data: (no object)={broken.data}")
    assert '<th scope="row">(no object)</th>' in tm.html(3)
    assert tm.text(4).endswith("data: amount=1")
    assert tm.save(tmp_path / "cards.html").exists()


def test_what_does_not_show_the_event_is_computed(store):
    before = store.until(position=2)

    assert CARDS(before)["balance"].to_dict() == CARD(before)["balance"].to_dict() == {"card-7": 25}


def test_a_branch_without_it_is_the_way_out(store):
    fork = store.branch(drop=[3])

    assert CARDS(fork)["balance"].to_dict() == CARD(fork)["balance"].to_dict() == {"card-7": 26}


def test_a_branch_that_shares_it_names_it_too(store):
    with pytest.raises(BrokenPayload, match="at position 2 is"):
        CARDS(store.branch(drop=[1]))


@pytest.mark.parametrize("projection", [CARD, CARDS], ids=["Fold", "Projection"])
def test_a_read_model_stops_before_it(store, projection):
    view = el.ReadModel(store, projection)

    with pytest.raises(ReadModelFailed, match="cannot take in event 3"):
        view.catch_up()

    assert (view.checkpoint, view.frame()["balance"].to_list()) == (2, [25])


def test_a_consumer_gets_it_as_it_is_and_it_can_be_given_up(store):
    bus, loaded = el.Bus(store, sleep=lambda seconds: None), []

    @bus.consumer("totals", in_order=False)
    def note(event):
        loaded.append(event.data["amount"])

    bus.deliver()
    letters = bus.dead_letters()
    bus.discard("totals", 3)

    assert loaded == [20, 5, 1]
    assert letters["position"].to_list() == [3]
    assert bus.dead_letters().empty


def test_verify_names_it(store):
    found = store.verify()

    assert found["position"].to_list() == [3]
