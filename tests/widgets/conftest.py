"""Logs small enough to fold by hand, and a browser for those tests that need one."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser

import eventlab as el
from tests.browser import chromium

HOSTILE = [
    "<img src=x onerror=\"window.hacked='img'\">",
    "</script><script>window.hacked='script'</script>",
    "\"'><svg onload=window.hacked=1>",
    "`${window.hacked=1}`",
    "&lt;b&gt; & \u202eevil\u202c",
    "two\nlines\tand a tab",
    "Zoë · 東京 · 🎂",
]
"""Names and payloads that would like to be markup, or to run."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One per module: an open Playwright keeps a running loop, which nbval's kernels could not bear.
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def only_read() -> el.EventStore:
    return two_cards()


@pytest.fixture
def store(only_read) -> Iterator[el.EventStore]:
    """Two cards: 1 loads 20, 2 loads 10, 1 spends 5, 2 is closed. To be read only: a module has one."""
    yield only_read
    assert only_read.head == 4, "a test that appends asks for own_store"


@pytest.fixture
def own_store() -> el.EventStore:
    """The same two cards, to append to."""
    return two_cards()


@pytest.fixture
def cards() -> el.Projection:
    return el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        holder=el.last("holder"),
        ends_with="CardClosed",
    )


@pytest.fixture(scope="module")
def hostile() -> el.EventStore:
    """Every hostile text as a stream, a type, an actor, a field name and a value."""
    store = el.EventStore(clock=lambda: datetime.fromisoformat("2026-02-01"))
    for text in HOSTILE:
        event = el.Event(text, {"said": text, text: {"deep": [text]}}, actor=text, reason=text)
        store.append(text, event)
    return store


def two_cards() -> el.EventStore:
    store = el.EventStore(clock=lambda: datetime.fromisoformat("2026-02-01"))
    store.append("card-1", loaded(20, "Ana", "2026-01-05T12:00"))
    store.append("card-2", loaded(10, "Ben", "2026-01-06"))
    store.append(
        "card-1", el.Event("CardRedeemed", {"amount": 5}, occurred_at="2026-01-07T09:30:15")
    )
    store.append("card-2", el.Event("CardClosed", occurred_at="2026-01-08", reason="lost"))
    return store


def loaded(amount: int, holder: str, when: str) -> el.Event:
    return el.Event(
        "CardLoaded", {"amount": amount, "holder": holder}, occurred_at=when, actor="ana"
    )


@pytest.fixture
def said() -> el.Projection:
    """What was said last, by stream."""
    return el.Projection("<said>", said=el.last("said"))
