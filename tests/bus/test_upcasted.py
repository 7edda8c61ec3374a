"""Events that upcasters make of one: each is delivered, and a dead letter is about all of them."""

import pytest

import eventlab as el

moved = el.upcasting.split(
    "CardMoved",
    1,
    into=lambda data: [
        el.Event("CardRedeemed", {"amount": data["amount"]}),
        el.Event("CardLoaded", {"amount": data["amount"]}),
    ],
)


@pytest.fixture
def store():
    store = el.EventStore(upcasters=[moved])
    store.append(
        "card-7",
        [el.Event("CardMoved", {"amount": 5}, schema=1), el.Event("CardLoaded", {"amount": 1})],
    )
    return store


def test_they_have_ids_of_their_own(store):
    assert [event.event_id for event in store] == ["card-7@1", "card-7@1/2", "card-7@2"]
    assert store.events()["event_id"].to_list() == ["card-7@1", "card-7@1/2", "card-7@2"]


def test_what_is_done_once_is_done_once_for_each(store):
    bus, done = el.Bus(store, faults=el.Faults(seed=3, duplicate=0.6)), []

    @bus.consumer("totals")
    def note(event):
        bus.once(event, lambda con: done.append(event.type))

    bus.deliver()

    assert done == ["CardRedeemed", "CardLoaded", "CardLoaded"]


def test_an_idempotent_consumer_answers_each(store):
    bus = el.Bus(store, faults=el.Faults(seed=3, duplicate=0.6))

    @bus.consumer("mail", "CardRedeemed", "CardLoaded", idempotent=True)
    def write(event):
        store.append("letter-1", el.Event("LetterSent", {"about": event.type}))

    bus.deliver()

    sent = store.stream("letter-1").events(expand=True)["about"].to_list()
    assert sent == ["CardRedeemed", "CardLoaded", "CardLoaded"]


@pytest.mark.parametrize("types", [(), ("CardLoaded",)], ids=["all", "some"])
def test_a_dead_letter_is_one_row_and_its_retry_brings_all_of_them(store, types):
    bus, got, broken = el.Bus(store, sleep=lambda seconds: None), [], True

    @bus.consumer("totals", *types, retries=1)
    def note(event):
        if broken:
            raise ConnectionError("down")
        got.append(event.type)

    bus.deliver()
    letters = bus.dead_letters()[["position", "attempts", "error"]].to_numpy().tolist()
    broken = False

    assert letters[0] == [1, 2, "ConnectionError: down"]
    assert [row[:2] for row in letters[1:]] == [[2, 0]]
    assert bus.retry("totals") == 2
    assert got == [
        t for t in ("CardRedeemed", "CardLoaded", "CardLoaded") if not types or t in types
    ]
    assert bus.dead_letters().empty


def test_a_letter_about_an_event_that_is_dropped_by_now_can_be_retried_away(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", el.Event("CardMoved", {"amount": 5}, schema=1))
        bus = el.Bus(store)
        bus.consumer("totals", retries=0)(lambda event: 1 / 0)
        bus.deliver()

    with el.EventStore(path, upcasters=[el.upcasting.drop("CardMoved", 1)]) as store:
        bus = el.Bus(store)
        bus.consumer("totals", retries=0)(lambda event: None)
        [[position, error]] = bus.dead_letters()[["position", "error"]].to_numpy().tolist()

        assert (position, error) == (1, "ZeroDivisionError: division by zero")
        assert bus.retry("totals") == 1
        assert bus.dead_letters().empty
