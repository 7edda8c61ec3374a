"""Is everything that append acknowledged still there when its process is killed in the middle?"""

import random
from itertools import groupby

import eventlab as el
from tests.killing import killed

# Appends single events and batches as fast as it can, and says what append has acknowledged.
WRITER = """
import sys
import eventlab as el

store = el.EventStore(sys.argv[1])
print("ready", flush=True)
batch = len(store)
while True:
    batch += 1
    size = (1, 1, 40)[batch % 3]
    events = [el.Event("Moved", {"batch": batch, "size": size, "text": "x" * 50})] * size
    done = store.append(f"game-{batch % 7}", events)
    print(done.position, flush=True)
"""


def write_and_kill(path, seconds):
    """Return the last position that a writer acknowledged before it was killed."""
    lines = killed(WRITER, path, seconds)
    return int(lines[-1]) if lines else 0


def test_what_was_acknowledged_survives_a_kill_and_nothing_is_half_written(path):
    chance = random.Random(7)

    for _ in range(3):
        acknowledged = write_and_kill(path, seconds=chance.uniform(0.1, 0.5))

        with el.EventStore(path) as store:
            events = list(store)
            assert len(events) >= acknowledged > 0
            assert [event.position for event in events] == list(range(1, len(events) + 1))
            for stream in {event.stream for event in events}:
                versions = [event.version for event in events if event.stream == stream]
                assert versions == list(range(1, len(versions) + 1))
            for (_, size), batch in groupby(events, lambda e: (e.data["batch"], e.data["size"])):
                assert len(list(batch)) == size
            moments = [event.recorded_at for event in events]
            assert moments == sorted(moments)


def test_a_store_whose_writer_was_killed_can_be_read_without_writing(path):
    acknowledged = write_and_kill(path, seconds=0.2)

    with el.EventStore(path, read_only=True) as store:
        assert store.head >= acknowledged > 0
        assert len(store) == store.head
