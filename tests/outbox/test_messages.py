"""Is what the outside gets to see of an event a CloudEvent, with nothing lost?"""

import json
import re

import pytest

import eventlab as el
from eventlab import outbox
from eventlab.errors import InvalidTarget
from eventlab.outbox.messages import to_line


def recorded(*args, **terms):
    with el.EventStore(clock=lambda: "2026-03-01T12:00:00.000500Z") as store:
        store.append("order-1", el.Event(*args, **terms))
        return store.find(terms.get("event_id", "order-1@1"))


def test_a_message_says_all_that_an_event_says():
    event = recorded(
        "OrderPlaced",
        {"total": 20},
        actor="ana",
        reason="",
        occurred_at="2026-02-28",
        correlation_id="talk-1",
        causation_id="cart-9@3",
        event_id="e1",
        tags=["urgent", "a,b"],
        schema=2,
    )

    assert outbox.message(event, source="https://shop.example") == {
        "specversion": "1.0",
        "id": "e1",
        "source": "https://shop.example",
        "type": "OrderPlaced",
        "subject": "order-1",
        "time": "2026-02-28T00:00:00Z",
        "datacontenttype": "application/json",
        "position": 1,
        "version": 1,
        "schema": 2,
        "recordedtime": "2026-03-01T12:00:00.000500Z",
        "actor": "ana",
        "reason": "",
        "correlationid": "talk-1",
        "causationid": "cart-9@3",
        "tags": '["urgent","a,b"]',
        "data": {"total": 20},
    }


def test_what_an_event_does_not_have_is_left_out():
    found = outbox.message(recorded("OrderPaid"))

    assert list(found) == [
        *("specversion", "id", "source", "type", "subject", "time", "datacontenttype"),
        *("position", "version", "schema", "recordedtime", "data"),
    ]


def test_names_and_values_are_those_that_the_standard_allows():
    found = outbox.message(recorded("OrderPaid", {"a": [1]}, tags=["x"], actor="ana"), part=2)
    del found["data"]

    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in found)
    assert all(type(value) in (str, int) for value in found.values())


def test_the_second_event_made_of_one_says_so():
    assert outbox.message(recorded("Sold"), part=2)["part"] == 2


HOSTILE = {
    "lines": "a\nb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h",
    "quotes": "\"\\'</script><!--",
    "nothing": None,
    "most": 2**63 - 1,
    "least": -(2**63),
    "tenth": 0.1,
    "tiny": 5e-324,
    "whole": 3.0,
    "zero": "\x00",
    "wide": "𝄞 Grüße 你好",
    "": {"deep": [[], {}, [{"x": None}]]},
}


def test_whatever_a_payload_holds_stays_on_one_line_and_comes_back_equal():
    line = to_line(outbox.message(recorded("Odd", HOSTILE)))

    assert line.splitlines() == [line]
    assert "Grüße" in line
    back = json.loads(line)["data"]
    assert back == HOSTILE
    assert type(back["whole"]) is float


@pytest.mark.parametrize("source", ["", "two words", "ä", None, 7, "x\n"])
def test_a_source_is_a_uri(source):
    with pytest.raises(InvalidTarget, match="names no source of events"):
        outbox.json_lines("orders.jsonl", source=source)


@pytest.mark.parametrize("wrong", [5, None, el.Event("OrderPlaced"), {"type": "OrderPlaced"}])
def test_a_message_is_made_of_an_event_of_a_log(wrong):
    with pytest.raises(InvalidTarget, match="give an event of a log"):
        outbox.message(wrong)


@pytest.mark.parametrize("part", ["x", None, 0, 1.5, True])
def test_a_part_of_a_message_is_a_number_from_1(shop, part):
    with pytest.raises(InvalidTarget, match=f"part={part!r}: give 1 for the first"):
        outbox.message(shop.at(1)[0], part=part)
