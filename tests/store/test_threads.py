"""Do many threads keep the promises that one does: one winner, no gap, nothing lost?"""

from collections import Counter
from functools import partial
from threading import Event

import pytest

import eventlab as el
from eventlab.errors import ConcurrencyError
from eventlab.store import reading
from tests.racing import at_once

THREADS = 8


def moved(number):
    return el.Event("Moved", {"number": number})


@pytest.fixture(params=["in memory", "in a file"])
def stores(request, path):
    """Eight handles: eight times one store in memory, or two stores on one file in turns."""
    if request.param == "in memory":
        with el.EventStore() as store:
            yield [store] * THREADS
    else:
        with el.EventStore(path) as one, el.EventStore(path) as other:
            yield [one, other] * (THREADS // 2)


def test_of_racing_writers_with_one_expectation_exactly_one_wins(stores):
    for version in range(10):
        results = at_once(
            partial(store.append, "game-1", moved(who), expected=version)
            for who, store in enumerate(stores)
        )

        won = [result for result in results if isinstance(result, el.Appended)]
        lost = [result for result in results if isinstance(result, ConcurrencyError)]
        assert won == [el.Appended("game-1", version=version + 1, position=version + 1)]
        assert len(lost) == THREADS - 1
        assert {(error.expected, error.actual) for error in lost} == {(version, version + 1)}

    assert [event.version for event in stores[0]] == list(range(1, 11))


def test_of_racing_writers_of_a_new_stream_exactly_one_wins(stores):
    for game in range(10):
        results = at_once(
            partial(store.append, f"game-{game}", [moved(1), moved(2)], expected=el.NO_STREAM)
            for store in stores
        )

        assert sum(isinstance(result, el.Appended) for result in results) == 1

    assert stores[0].streams()["events"].tolist() == [2] * 10
    assert stores[0].head == len(stores[0]) == 20


def test_of_racing_repetitions_one_writes_and_all_succeed(stores):
    event = el.Event("Moved", {"number": 1}, event_id="the one")

    results = at_once(partial(store.append, "game-1", event) for store in stores)

    assert Counter(result.duplicate for result in results) == {False: 1, True: THREADS - 1}
    assert {result.position for result in results} == {1}
    assert len(stores[0]) == 1


def test_writers_on_many_streams_leave_no_gap_and_lose_nothing(stores):
    def write(store, who):
        for number in range(25):
            stream = f"game-{(who + number) % 5}"
            store.append(
                stream, [el.Event("Moved", {"who": who, "number": number})] * (number % 3 + 1)
            )

    at_once(partial(write, store, who) for who, store in enumerate(stores))

    events = list(stores[0])
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    for game in range(5):
        versions = [event.version for event in events if event.stream == f"game-{game}"]
        assert versions == list(range(1, len(versions) + 1))
    written = Counter((event.data["who"], event.data["number"]) for event in events)
    assert written == {(who, n): n % 3 + 1 for who in range(THREADS) for n in range(25)}
    moments = [event.recorded_at for event in events]
    assert moments == sorted(moments)


def test_new_fields_seen_by_many_writers_are_all_noted(stores):
    at_once(
        partial(store.append, "game-1", el.Event("Moved", {f"f{who}": 0.5}))
        for who, store in enumerate(stores)
    )

    row = stores[0].sql(
        f"select {', '.join(f'sum(data.f{n}) as f{n}' for n in range(THREADS))} from events"
    )
    assert row.to_numpy().tolist() == [[0.5] * THREADS]


def test_readers_see_a_prefix_of_the_log_while_it_grows(stores, monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 7)
    done = Event()

    def write(store):
        for number in range(60):
            store.append("game-1", [moved(number)] * 3)  # three events, or none of them
        done.set()

    def read(store):
        sizes = []
        while True:
            last = done.is_set()
            positions = [event.position for event in store]
            assert positions == list(range(1, len(positions) + 1))
            assert len(positions) % 3 == 0
            assert len(store.events()) % 3 == 0
            sizes.append(len(positions))
            if last:
                return sizes

    writer, *readers = stores[:4]
    tasks = [partial(write, writer), *(partial(read, store) for store in readers)]

    _, *seen = at_once(tasks)

    for sizes in seen:
        assert sizes == sorted(sizes)
        assert sizes[-1] == 180


def test_a_query_does_not_wait_for_a_writer(stores):
    store = stores[0]
    store.append("game-1", moved(1))

    with store._ledger.lock:  # as a long import holds it
        [answer] = at_once([partial(store.sql, "select sum(data.number) as total from events")])

    assert answer["total"].tolist() == [1]
