"""Does the file hold each event exactly once, in order, whatever dies on the way?"""

import errno
import json
import os
import random
from collections import Counter

import pytest

import eventlab as el
from eventlab import outbox
from eventlab.errors import ForeignTarget, InvalidTarget, NotSent
from eventlab.outbox.linefile import LineFile
from eventlab.outbox.standing import Place
from tests.examples import seeds
from tests.killing import killed
from tests.outbox.conftest import placed
from tests.outbox.test_messages import HOSTILE

CHANCES = {
    "drop": 0.1,
    "duplicate": 0.15,
    "delay": 0.1,
    "reorder": 0.1,
    "crash_before": 0.1,
    "crash_after": 0.1,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.jsonl"


def held(path):
    """The events in the file, as position and total."""
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    messages = map(json.loads, lines)
    return [(message["position"], message["data"].get("total")) for message in messages]


ALL = [(1, 20), (2, 30), (3, 20), (4, 40)]


def test_a_consumer_s_events_are_written_in_the_order_of_the_log(bus, path):
    bus.consumer("partners", "OrderPlaced")(outbox.json_lines(path))

    assert bus.deliver() == {"partners": 3}
    assert held(path) == [(1, 20), (2, 30), (4, 40)]
    assert bus.lag()[["consumer", "checkpoint", "lag"]].to_numpy().tolist() == [["partners", 4, 0]]


def test_a_line_is_a_message(bus, shop, path):
    bus.consumer("partners")(outbox.json_lines(path, source="https://shop.example"))
    bus.deliver()

    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert json.loads(first) == outbox.message(shop.at(1)[0], source="https://shop.example")


def test_what_is_appended_later_comes_behind(bus, shop, path):
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()
    shop.append("order-4", placed(50))

    bus.deliver()

    assert held(path) == [*ALL, (5, 50)]


def test_faults_of_every_kind_leave_each_event_once_and_in_order(deliver, shop, path):
    struck = Counter()

    for seed in seeds(20):
        faults = el.Faults(seed, **CHANCES)
        deliver(lambda: outbox.json_lines(path), faults=faults, commit_every=1 + seed % 3)

        assert held(path) == ALL
        struck.update(faults.schedule["fault"])
        path.unlink()
        el.Bus(shop).forget("outside")

    assert set(struck) == set(CHANCES)


def test_workers_do_not_disturb_the_order(bus, path):
    bus.consumer("partners", workers=4)(outbox.json_lines(path))

    bus.deliver()

    assert held(path) == ALL


def test_a_replay_writes_nothing_twice(bus, path):
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()

    bus.replay("partners")

    assert bus.deliver() == {"partners": 4}
    assert held(path) == ALL


def test_wherever_a_file_breaks_off_it_becomes_whole_again(shop, path):
    events = list(shop)

    def write():
        target = outbox.json_lines(path)
        target.begin(shop)
        for event in events:
            target(event)
        target.flush()
        return path.read_bytes()

    whole = write()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    near_ends = [at + step for at in ends for step in (-1, 0, 1, 2)]

    for left in sorted({*near_ends, *range(0, len(whole), 41)}):
        path.write_bytes(whole[:left])

        assert write() == whole


def test_a_file_of_one_torn_line_is_begun_anew(deliver, path):
    path.write_bytes(b'{"specversion":"1.0","id":"order-1@1","sou')

    deliver(lambda: outbox.json_lines(path))

    assert held(path) == ALL


@pytest.mark.parametrize("wrong", [5, None, b"orders.jsonl", "a\0b", "\ud800.jsonl"])
def test_a_file_has_a_path(wrong):
    with pytest.raises(InvalidTarget, match="give the path of a file"):
        outbox.json_lines(wrong)


def test_a_name_that_is_too_long_for_a_file_is_refused_when_the_consumer_is_registered(bus):
    with pytest.raises(NotSent, match="cannot be written: File name too long"):
        bus.consumer("outside")(outbox.json_lines("x" * 5000))


@pytest.mark.parametrize(
    "content",
    [
        b"Dear diary",
        b"Dear diary\n",
        b'{"total": 20}\n',
        b'{"specversion":"1.0","id":"x","source":"y","recordedtime":"z","position":"1"}\n',
        b'{"specversion":"1.0","id":"x","source":"y","recordedtime":"z","position":-1}\n',
        b'{"id":"x","source":"y","recordedtime":"z","position":99999999999999999999999}\n',
        b'{"id":"x","source":"y","recordedtime":"z","position":1,"part":0}\n',
        b"[1]\n",
        b"[" * 100_000 + b"\n",
        b"\x00\x00",
        b"\n",
    ],
)
def test_a_file_of_others_is_refused_and_left_as_it_is(bus, path, content):
    path.write_bytes(content)

    with pytest.raises(ForeignTarget, match=r"orders\.jsonl.* no outbox wrote"):
        bus.consumer("partners")(outbox.json_lines(path))

    assert path.read_bytes() == content
    assert bus.lag().empty


def test_a_file_that_is_ahead_of_the_log_is_refused(bus, path):
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()

    with el.EventStore(clock=lambda: "2026-03-01T12:00:00Z") as older:
        older.append("order-1", placed(20))
        with pytest.raises(ForeignTarget, match="come to position 4, and the log ends at 1"):
            el.Bus(older).consumer("partners")(outbox.json_lines(path))


def test_a_file_of_another_log_is_refused(bus, path):
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()

    with el.EventStore(clock=lambda: "2026-03-02") as other:
        other.append("order-1", [placed(1)] * 9)
        with pytest.raises(ForeignTarget, match="its id is 'order-3@1', not 'order-1@4'"):
            el.Bus(other).consumer("partners")(outbox.json_lines(path))
    with pytest.raises(ForeignTarget, match="its source is 'eventlab', not 'other'"):
        el.Bus(bus.store).consumer("partners")(outbox.json_lines(path, source="other"))


def test_a_log_that_went_another_way_since_is_noticed_event_by_event(tmp_path, path):
    clock = iter(f"2026-03-0{day}" for day in range(1, 9))
    with el.EventStore(clock=lambda: next(clock)) as store:
        store.append("order-1", placed(20))
        target = outbox.json_lines(path)
        target(store.at(1)[0])
        target.flush()
    with el.EventStore(clock=lambda: next(clock)) as store:
        store.append("order-1", placed(20))

        with pytest.raises(ForeignTarget, match=r"its recordedtime is '2026-03-01T00:00:00Z', not"):
            target(store.at(1)[0])


def test_types_asked_for_too_late_are_not_lost_in_silence(bus, shop, path):
    bus.consumer("partners", "OrderPlaced")(outbox.json_lines(path))
    bus.deliver()
    wider = el.Bus(shop, sleep=lambda seconds: None)
    wider.consumer("partners")(outbox.json_lines(path))

    wider.replay("partners")
    wider.deliver()

    [row] = wider.lag().to_dict("records")
    assert (row["state"], row["checkpoint"]) == ("stopped", 2)
    assert "has no event of position 3 (OrderPaid), and has come to 4" in row["error"]


def test_two_consumers_cannot_share_a_file(bus, path):
    bus.consumer("a", "OrderPlaced")(outbox.json_lines(path))
    bus.consumer("b", "OrderPaid")(outbox.json_lines(path))

    bus.deliver()

    assert "stopped" in bus.lag()["state"].tolist()
    assert [position for position, _ in held(path)] in ([1, 2, 4], [1, 3], [1], [3])


def test_a_file_may_be_moved_away_between_deliveries(bus, shop, path, tmp_path):
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()
    path.rename(tmp_path / "old.jsonl")
    shop.append("order-4", placed(50))

    bus.deliver()

    assert (held(tmp_path / "old.jsonl"), held(path)) == (ALL, [(5, 50)])


def test_a_file_that_vanishes_while_it_is_written_is_written_again(bus, shop, path):
    class Vanishing(outbox.JSONLines):
        def flush(self):
            path.unlink(missing_ok=True)
            Vanishing.flush = outbox.JSONLines.flush
            super().flush()

    bus.consumer("partners")(Vanishing(path))

    bus.deliver()

    assert held(path) == ALL


def test_lines_count_only_when_the_disk_has_them(bus, path, monkeypatch):
    target, fsync, failures = outbox.json_lines(path), os.fsync, [3]
    bus.consumer("partners")(target)

    def failing(number):
        failures[0] -= 1
        if failures[0] == 0:
            raise OSError(errno.EIO, "Input/output error")
        fsync(number)

    monkeypatch.setattr(os, "fsync", failing)
    failures[0] = 2  # the first is that of opening, the second that of the checkpoint
    bus.deliver(limit=4)

    assert path.read_bytes() == b""  # the system may have lost them, so they are to come again
    assert bus.lag()["checkpoint"].tolist() == [0]
    bus.deliver()
    assert held(path) == ALL


class FullDisk(LineFile):
    """Takes half of a line, some times."""

    times = 2

    def append(self, told):
        if FullDisk.times:
            FullDisk.times -= 1
            self._file.write(b'{"specversion":"1.0","id":"or')
            raise NotSent.torn(self.path, 30, 300)
        super().append(told)


def test_a_full_disk_leaves_no_half_line_behind(bus, path, monkeypatch):
    monkeypatch.setattr("eventlab.outbox.jsonlines.LineFile", FullDisk)
    bus.consumer("partners")(outbox.json_lines(path))

    bus.deliver()

    assert (held(path), FullDisk.times) == (ALL, 0)


def test_a_short_write_is_a_failure(path, shop, monkeypatch):
    file = LineFile(path)

    class Short:
        def __init__(self, file):
            self.file = file

        def write(self, line):
            return self.file.write(line[:10])

        def __getattr__(self, name):
            return getattr(self.file, name)

    file._file = Short(file._file)
    with pytest.raises(NotSent, match="took 10 of the"):
        file.append(outbox.message(shop.at(1)[0]))
    file.close()


def test_a_folder_that_is_not_there_is_named(bus, tmp_path):
    with pytest.raises(NotSent, match="cannot be written: No such file or directory"):
        bus.consumer("partners")(outbox.json_lines(tmp_path / "none" / "orders.jsonl"))


def test_it_can_be_read_back_as_a_table(bus, shop, path):
    shop.append("order-5", el.Event("Odd", HOSTILE, occurred_at="2026-02-28T01:02:03.000004Z"))
    bus.consumer("partners")(outbox.json_lines(path))
    bus.deliver()

    with el.read_table(
        path, stream="subject", type="type", occurred_at="time", data="data"
    ) as again:
        columns = ["stream", "version", "type", "occurred_at", "data"]
        assert again.events()[columns].to_dict("list") == shop.events()[columns].to_dict("list")


def test_events_made_of_one_have_lines_of_their_own(halved, path):
    bus = el.Bus(halved)
    bus.consumer("partners", commit_every=1)(outbox.json_lines(path))
    bus.deliver()
    bus.replay("partners")
    bus.deliver()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["id"], line["data"].get("what")) for line in lines] == [
        ("shop-1@1", "a"),
        ("shop-1@1/2", "b"),
        ("shop-1@1/3", "b"),
        ("shop-1@2", None),
    ]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    el.Bus(halved).consumer("partners")(outbox.json_lines(path))  # the third is of this log


def test_its_repr_is_how_it_was_made(path):
    assert repr(outbox.json_lines("orders.jsonl")) == "outbox.json_lines('orders.jsonl')"


@pytest.mark.parametrize("length", [10, 200, 70_000, 150_000])
def test_any_line_is_found_in_a_file_of_lines_of_any_length(path, length):
    chance, places = random.Random(length), list(range(2, 60, 2))
    file = LineFile(path)
    for position in places:
        text = "x" * chance.randrange(length)
        file.append(
            {
                "specversion": "1.0",
                "id": text,
                "source": "",
                "recordedtime": "",
                "position": position,
            }
        )
    file.close()

    again = LineFile(path)
    assert again.last["position"] == 58
    for position in range(61):
        found = again.find(Place(position, 0))
        assert (found and found["position"]) == (position if position in places else None)
    again.close()


# Delivers for ever into a file what is appended for ever, and says how many events there are.
WORK = """
import sys
import eventlab as el
from eventlab import outbox

store = el.EventStore(sys.argv[1])
bus = el.Bus(store)
bus.consumer("partners", commit_every=7)(outbox.json_lines(sys.argv[1] + ".jsonl"))
print("ready", flush=True)
while True:
    store.append("order-1", [el.Event("OrderPlaced", {"text": "x" * 3_000})] * 20)
    print(bus.deliver()["partners"], flush=True)
"""


def test_killed_in_mid_export_it_goes_on_where_the_file_ends(tmp_path):
    database, chance = tmp_path / "shop.duckdb", random.Random(3)
    path = tmp_path / "shop.duckdb.jsonl"

    for _ in range(3):
        done = killed(WORK, database, chance.uniform(0.2, 0.6))
        lines = path.read_bytes().split(b"\n")[:-1]
        assert [json.loads(line)["position"] for line in lines] == [*range(1, len(lines) + 1)]
        assert len(lines) >= sum(map(int, done))

    with el.EventStore(database) as store:
        bus = el.Bus(store)
        bus.consumer("partners", commit_every=7)(outbox.json_lines(path))
        bus.deliver()
        found = [json.loads(line)["position"] for line in path.read_bytes().splitlines()]
        assert found == list(range(1, store.head + 1))
