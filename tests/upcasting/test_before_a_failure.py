"""An upcaster fails on one event: it and what follows are not shown, and the past before it is."""

from contextlib import suppress

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import BrokenPayload, ReadModelFailed, UnknownSchema, UpcastFailed
from eventlab.store import upcasted
from eventlab.widgets import TimeMachine
from tests.examples import examples


@el.upcaster("CardLoaded", schema=1)
def in_cents(data):
    return {"cents": round(data["amount"] * 100)}


@el.upcaster("CardLoaded", schema=1)
def in_cents_or_nothing(data):
    return {"cents": round(data.get("amount", 0) * 100)}


def loaded(**data):
    return el.Event("CardLoaded", data, schema=1)


cards = el.Projection("cards", cents=el.total("cents"))
folded = el.Fold(
    lambda state, event: {"cents": state["cents"] + event.data["cents"]}, {"cents": 0}, name="cards"
)
FAILING = 3


@pytest.fixture
def path(tmp_path):
    """A file whose third event has no amount, an event a day."""
    path = tmp_path / "cards.duckdb"
    days = iter(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"])
    with el.EventStore(path, clock=lambda: next(days)) as store:
        for data in ({"amount": 2.5}, {"amount": 1}, {"amuont": 4}, {"amount": 5}):
            store.append("card-7", loaded(**data))
        store.append("card-7", el.Event("CardLoaded", {"cents": 9}, schema=2))
    return path


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("projection", [cards, folded], ids=["Projection", "Fold"])
def test_every_cut_that_ends_before_it_is_shown(path, projection, read_only):
    with el.EventStore(path, upcasters=[in_cents], read_only=read_only) as store:
        for _ in range(2):
            assert projection(store.until(position=2))["cents"].tolist() == [350]
            assert projection(store.until(recorded="2026-01-02"))["cents"].tolist() == [350]
            assert [event.data for event in store.until(position=1)] == [{"cents": 250}]
            assert len(store.until(position=0)) == 0
            for cut in (store, store.until(position=3), store.until(recorded="2026-01-03")):
                with pytest.raises(UpcastFailed, match=r"position 3: KeyError: 'amount'"):
                    projection(cut)
        with pytest.raises(UpcastFailed, match="position 3"):
            len(store.since(position=4))


def test_a_store_that_is_shown_says_up_to_where_it_can_be(path):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        said = "2 events and one at position 3 that cannot be shown"
        assert repr(store) == f"<EventStore {str(path)!r}: {said}>"
        assert repr(store.only("CardLoaded")) == f"<Log of {said} (types CardLoaded)>"
        assert repr(store.until(position=2)) == "<Log of 2 events (position until 2)>"
        assert f"{said}</p>" in store._repr_html_()
        assert "250}" in store._repr_html_()
        assert store._repr_html_().count("<tr") == 3


def test_the_slider_goes_up_to_it(path):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        machine = TimeMachine(store.until(position=FAILING - 1), cards)

        assert machine.frame()["cents"].tolist() == [350]
        with pytest.raises(UpcastFailed, match="position 3"):
            TimeMachine(store, cards)


def test_another_history_branches_off_before_it(path):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        fork = store.branch(at=FAILING - 1)
        fork.append("card-7", loaded(amount=4))

        assert cards(fork)["cents"].tolist() == [750]
        fork.append("card-7", loaded(amuont=4))
        assert cards(fork.until(position=3))["cents"].tolist() == [750]
        with pytest.raises(UpcastFailed, match="position 4"):
            cards(fork)


@pytest.mark.parametrize("projection", [cards, folded], ids=["Projection", "Fold"])
def test_a_read_model_stops_right_before_it_and_goes_on_once_it_is_mended(path, projection):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        view = el.ReadModel(store, projection)

        for _ in range(2):
            with pytest.raises(
                ReadModelFailed, match=r"event 3 \('CardLoaded'\).*KeyError: 'amount'"
            ):
                view.catch_up()
            assert (view.checkpoint, view.lag) == (2, 3)
            assert view.frame()["cents"].tolist() == [350]

    with el.EventStore(path, upcasters=[in_cents_or_nothing]) as store:
        view = el.ReadModel(store, projection)
        view.rebuild()  # for the code of upcasters is part of the rule
        assert view.frame()["cents"].tolist() == [859]


def test_a_rebuild_ends_before_it_if_told_so(path):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        view = el.ReadModel(store, cards)

        assert view.rebuild(until=2) == 2
        with pytest.raises(UpcastFailed, match="position 3"):
            view.rebuild()
        assert view.frame()["cents"].tolist() == [350]


def test_a_consumer_is_given_what_lies_before_it_once(path):
    with el.EventStore(path, upcasters=[in_cents]) as store:
        bus, given_to = el.Bus(store), []
        bus.consumer("billing", "CardLoaded")(lambda event: given_to.append(event.data["cents"]))

        for _ in range(2):
            with pytest.raises(UpcastFailed, match="position 3"):
                bus.deliver()
        assert given_to == [250, 100]

    with el.EventStore(path, upcasters=[in_cents_or_nothing]) as store:
        bus = el.Bus(store)
        bus.consumer("billing", "CardLoaded")(lambda event: given_to.append(event.data["cents"]))
        bus.deliver()
        assert given_to == [250, 100, 0, 500, 9]


def test_the_past_before_an_event_of_newer_code_is_shown_too(path):
    with el.EventStore(path) as store:
        store.append("card-8", el.Event("CardLoaded", {"milli": 1}, schema=7))

    with el.EventStore(path, upcasters=[in_cents_or_nothing]) as store:
        assert cards(store.until(position=5))["cents"].tolist() == [859]
        with pytest.raises(UnknownSchema, match=r"position 6 is 'CardLoaded' schema 7"):
            cards(store)
    with el.EventStore(path, upcasters=[in_cents]) as store:  # of two failures the first counts
        assert cards(store.until(position=2))["cents"].tolist() == [350]
        with pytest.raises(UpcastFailed, match="position 3"):
            cards(store.until(position=5))


def test_the_past_before_an_old_payload_that_is_no_object_is_shown_too(path):
    with duckdb.connect(path) as con:
        con.execute(
            "insert into events select 6, stream_no, 6, type, occurred_at, recorded_at, "
            "'[1]'::json::variant, null, null, null, null, null, null, 1 from events where position = 5"
        )

    with el.EventStore(path, upcasters=[in_cents_or_nothing]) as store:
        assert cards(store.until(position=5))["cents"].tolist() == [859]
        with pytest.raises(BrokenPayload, match="position 6"):
            cards(store)


@examples(20)
@given(
    fails=st.lists(st.booleans(), min_size=1, max_size=12),
    at_once=st.integers(1, 4),
    asked=st.lists(st.integers(0, 12), max_size=6),
)
def test_a_cut_is_shown_exactly_if_it_ends_before_the_first_failure(fails, at_once, asked):
    first = next((position for position, fails in enumerate(fails, 1) if fails), len(fails) + 1)
    with pytest.MonkeyPatch.context() as patch, el.EventStore(upcasters=[in_cents]) as store:
        patch.setattr(upcasted, "AT_ONCE", at_once)
        shown_early = asked[: len(asked) // 2]
        for position, failing in enumerate(fails, 1):
            store.append("card-7", loaded(**{"amuont" if failing else "amount": position}))
            for cut in shown_early:
                with suppress(UpcastFailed):
                    len(store.until(position=cut))
        for cut in asked:
            if cut < first or not any(fails):
                shown = [event.data["cents"] for event in store.until(position=cut)]
                assert shown == [100 * n for n in range(1, min(cut, len(fails)) + 1)]
            else:
                with pytest.raises(UpcastFailed, match=f"position {first}:"):
                    list(store.until(position=cut))
