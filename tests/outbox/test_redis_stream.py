"""Does the stream hold each event exactly once, and is a stream of others left alone?"""

import json
import sys

import fakeredis
import pytest

import eventlab as el
from eventlab import outbox
from eventlab.errors import InvalidTarget, MissingClient
from tests.examples import seeds
from tests.outbox.conftest import placed
from tests.outbox.test_json_lines import CHANCES
from tests.outbox.test_messages import HOSTILE


@pytest.fixture(params=[False, True], ids=["bytes", "text"])
def client(request):
    with fakeredis.FakeRedis(decode_responses=request.param) as client:
        client.flushall()
        yield client


def held(client):
    """The entries of the stream, by number and total."""
    found = []
    for number, fields in client.xrange("orders"):
        [message] = map(json.loads, fields.values())
        number = number if isinstance(number, str) else number.decode()
        found.append((number, message["data"].get("total")))
    return found


ALL = [("1-0", 20), ("2-0", 30), ("3-0", 20), ("4-0", 40)]


def stuck(bus):
    """Why the only consumer has stopped."""
    [row] = bus.lag().to_dict("records")
    assert row["state"] == "stopped"
    return row["error"]


def test_every_event_is_an_entry_numbered_by_its_position(bus, shop, client):
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))

    assert bus.deliver() == {"stock": 4}
    assert held(client) == ALL
    [(_, fields)] = client.xrange("orders", "1-0", "1-0")
    assert json.loads(fields.popitem()[1]) == outbox.message(shop.at(1)[0])


@pytest.mark.parametrize(
    ("target", "maxlen", "term"),
    [
        (("http://ana:pass@shop.example", "orders"), None, "'http' as its client"),
        (("redis://localhost:port", "orders"), None, "'redis' as its client"),
        (("", "orders"), None, "'' as its client"),
        ((None, "orders"), None, "None as its client"),
        ((fakeredis.FakeRedis(), None), None, "None as its stream"),
        ((fakeredis.FakeRedis(), ""), None, "'' as its stream"),
        ((fakeredis.FakeRedis(), ["orders"]), None, "'orders'.* as its stream"),
        ((fakeredis.FakeRedis(), "orders"), 0, "0 as its maxlen"),
        ((fakeredis.FakeRedis(), "orders"), "x", "'x' as its maxlen"),
        ((fakeredis.FakeRedis(), "orders"), 1.5, "1.5 as its maxlen"),
        ((fakeredis.FakeRedis(), "orders"), True, "True as its maxlen"),
    ],
)
def test_what_could_never_hold_an_event_is_refused(target, maxlen, term):
    with pytest.raises(InvalidTarget, match=f"was given .*{term}: give") as refused:
        outbox.redis_stream(*target, maxlen=maxlen)

    assert "pass" not in str(refused.value)


def test_faults_leave_each_event_once_and_in_order(deliver, shop, client):
    for seed in seeds(10):
        client.delete("orders")
        faults = el.Faults(seed, **CHANCES)
        deliver(lambda: outbox.redis_stream(client, "orders"), faults=faults, commit_every=2)

        assert held(client) == ALL
        el.Bus(shop).forget("outside")


def test_a_replay_adds_nothing_and_brings_back_what_was_lost_at_the_end(bus, client):
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))
    bus.deliver()
    bus.replay("stock")
    bus.deliver()
    assert held(client) == ALL

    client.delete(
        "orders"
    )  # an older dump was restored: two entries are gone, and Redis has forgotten them
    for number, total in ALL[:2]:
        event = bus.store.at(int(number[0]))[0]
        assert event.data["total"] == total
        client.xadd("orders", {"event": json.dumps(outbox.message(event))}, number)
    bus.replay("stock")
    bus.deliver()

    assert held(client) == ALL


def test_what_was_consumed_and_deleted_is_not_sent_again(bus, client):
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))
    bus.deliver()
    client.xdel("orders", "1-0", "2-0", "4-0")

    bus.replay("stock")

    assert bus.deliver() == {"stock": 4}
    assert held(client) == [("3-0", 20)]


def test_a_stream_may_be_trimmed(shop, client):
    shop.append("order-4", [placed(1)] * 300)
    bus = el.Bus(shop)
    bus.consumer("stock")(outbox.redis_stream(client, "orders", maxlen=10))
    bus.deliver()
    bus.replay("stock")

    bus.deliver()

    assert held(client)[-1] == ("304-0", 1)
    assert len(held(client)) < 304
    assert len(dict(held(client))) == len(held(client))


def test_a_stream_of_others_is_refused(bus, client):
    client.xadd("orders", {"what": "something"})
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))

    bus.deliver()

    assert "has an entry" in stuck(bus)
    assert "that no outbox wrote" in stuck(bus)
    assert client.xlen("orders") == 1


def test_a_message_under_another_number_is_none_of_ours(bus, shop, client):
    client.xadd("orders", {"event": json.dumps(outbox.message(shop.at(1)[0]))}, "7-0")
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))

    bus.deliver()

    assert "entry 7-0 that no outbox wrote" in stuck(bus)


def test_a_stream_that_is_ahead_of_the_log_is_refused(bus, client):
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))
    bus.deliver()

    with el.EventStore(clock=lambda: "2026-03-01T12:00:00Z") as older:
        older.append("order-1", placed(20))
        again = el.Bus(older, sleep=lambda seconds: None)
        again.consumer("stock")(outbox.redis_stream(client, "orders"))
        again.deliver()

        assert "has come to position 4, and the log ends at 1" in stuck(again)


def test_types_asked_for_too_late_are_not_lost_in_silence(shop, bus, client):
    bus.consumer("stock", "OrderPlaced")(outbox.redis_stream(client, "orders"))
    bus.deliver()
    wider = el.Bus(shop, sleep=lambda seconds: None)
    wider.consumer("stock")(outbox.redis_stream(client, "orders"))

    wider.replay("stock")
    wider.deliver()

    assert "has no event of position 3 (OrderPaid), and has come to 4" in stuck(wider)


def test_a_redis_that_is_down_is_waited_for(shop, client):
    class Down:
        times = 2

        def __getattr__(self, name):
            def call(*args, **kwargs):
                if Down.times:
                    Down.times -= 1
                    raise ConnectionError("Connection refused")
                return getattr(client, name)(*args, **kwargs)

            return call

    bus = el.Bus(shop, sleep=lambda seconds: None)
    bus.consumer("stock")(outbox.redis_stream(Down(), "orders"))

    bus.deliver()

    assert held(client) == ALL


def test_a_payload_comes_back_equal(shop, bus, client):
    shop.append("order-5", el.Event("Odd", HOSTILE))
    bus.consumer("stock", "Odd")(outbox.redis_stream(client, "orders"))

    bus.deliver()

    [(_, fields)] = client.xrange("orders")
    assert json.loads(fields.popitem()[1])["data"] == HOSTILE


def test_events_made_of_one_have_entries_of_their_own(halved, client):
    bus = el.Bus(halved)
    bus.consumer("stock")(outbox.redis_stream(client, "orders"))
    bus.deliver()
    bus.replay("stock")
    bus.deliver()

    assert [number for number, _ in held(client)] == ["1-0", "1-2", "1-3", "2-0"]


def test_without_the_package_an_address_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(MissingClient, match=r"pip install 'eventlab\[redis\]'"):
        outbox.redis_stream("redis://localhost", "orders")


def test_its_repr_keeps_the_password():
    target = outbox.redis_stream("redis://:s3cret@localhost", "orders")

    assert repr(target) == "outbox.redis_stream(…, 'orders')"
