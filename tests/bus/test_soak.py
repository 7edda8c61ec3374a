"""All at once, in threads: is every promise kept, and would the soak notice if one were not?

``python -m benchmarks.soak`` is the same with a million events.
"""

import eventlab as el
from benchmarks.soak import BY_COLUMNS, Producer, Tally, of_memory, of_rows, soak


def broken(findings):
    return [finding.row() for finding in findings if not finding.holds]


def test_a_producer_two_read_models_and_three_consumers_at_once_keep_every_promise(tmp_path):
    findings = soak(tmp_path / "soak.duckdb", 10_000)

    assert broken(findings) == []
    head = findings[0]
    assert head.found > 10_000  # statements were sent too


def small_log():
    """Positions: 1 card-1 loaded 5, 2 card-1 loaded 3, 3 card-2 loaded 1; and the counter of them."""
    store = el.EventStore()
    producer = Producer(store, 0)
    for card, amount in [("card-1", 5), ("card-1", 3), ("card-2", 1)]:
        events = [el.Event("CardLoaded", {"amount": amount})]
        store.append(card, events)
        producer.note(card, events)
    return store, producer


def tallied(*positions):
    store, producer = small_log()
    tally = Tally(3)
    for position in positions:
        tally.note(*store.at(position))
    return [finding.found for finding in tally.findings("mail", producer, store.head)]


def test_the_soak_counts_what_a_consumer_lost_got_twice_or_out_of_order():
    assert tallied(1, 2, 3) == [
        0,
        0,
        0,
        0,
    ]  # never, twice, out of order, cards with another balance
    assert tallied(1, 2) == [1, 0, 0, 1]
    assert tallied(1, 2, 2, 3) == [0, 1, 1, 1]
    assert tallied(2, 1, 3) == [0, 0, 2, 0]


def test_the_soak_counts_the_rows_of_a_read_model_that_differ():
    store, producer = small_log()
    view = el.ReadModel(store, BY_COLUMNS)

    found = []
    for _ in range(4):
        found.append(of_rows(view, producer).found)
        view.catch_up(1)

    assert found == [2, 2, 1, 0]


def test_the_soak_notices_events_that_stay_in_memory():
    kept = 100_000 * 1_000  # bytes, by the end of 100,000 events

    assert broken([of_memory([10, 30, 20, 30], 100_000)]) == []
    assert len(broken([of_memory([0, kept // 4, kept // 2, kept], 100_000)])) == 1
