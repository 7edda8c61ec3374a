"""The law of branches, on random logs: a branch is the store into which the changed history was appended.

The changed history is made by `retold`, which walks down the log and knows nothing of eventlab's branches.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.store import branch
from tests.examples import examples

laws = examples(3)

STREAMS = ["card-1", "card-2", "Zoë's ☕-1", "odd@7"]
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
CARDS = el.Projection(
    "cards",
    balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
    holder=el.last("holder"),
    ends_with="CardClosed",
)

payloads = st.fixed_dictionaries(
    {"amount": st.integers(-9, 9)}, optional={"holder": st.sampled_from(["Mara", "", None])}
)
facts = st.tuples(
    st.sampled_from(STREAMS),
    st.sampled_from(["CardLoaded", "CardRedeemed", "CardClosed"]),
    payloads,
    st.integers(0, 3),  # the day it occurred
    st.integers(0, 12),  # the position of its cause, or none
)
logs = st.lists(facts, max_size=10)
changes = st.fixed_dictionaries(
    {
        "at": st.integers(0, 10),
        "drop": st.sets(st.integers(1, 10), max_size=4),
        "edit": st.dictionaries(st.integers(1, 10), payloads, max_size=3),
        "insert": st.dictionaries(
            st.integers(0, 10), st.lists(facts, min_size=1, max_size=2), max_size=3
        ),
    }
)


@pytest.fixture(params=["few stretches", "many stretches"], autouse=True)
def few(request, monkeypatch):
    """Take both ways of moving positions: constants, and a table for more than two stretches."""
    monkeypatch.setattr(branch, "FEW", branch.FEW if request.param == "few stretches" else 2)


class Told(list):
    """Rows (stream, type, data, occurred, recorded, cause); the cause is another row, or None."""

    def names(self):
        seen, names = {}, {}
        for told in self:
            seen[told["stream"]] = seen.get(told["stream"], 0) + 1
            names[id(told)] = f"{told['stream']}@{seen[told['stream']]}"
        return names

    def store(self):
        names, ticks = self.names(), iter([told["recorded"] for told in self])
        store = el.EventStore(clock=lambda: next(ticks, NOW))
        for told in self:
            cause = told["cause"] and names.get(id(told["cause"]))
            event = el.Event(
                told["type"], told["data"], occurred_at=told["occurred"], causation_id=cause
            )
            store.append(told["stream"], event)
        return store


def told(facts):
    rows = Told()
    for number, (stream, kind, data, day, cause) in enumerate(facts, start=1):
        occurred, recorded = START + timedelta(days=day), START + timedelta(days=9, seconds=number)
        before = rows[cause - 1] if 0 < cause < number else None
        rows.append(row(stream, kind, data, occurred, recorded, before))
    return rows


def row(stream, kind, data, occurred, recorded, cause):
    names = ("stream", "type", "data", "occurred", "recorded", "cause")
    return dict(zip(names, (stream, kind, data, occurred, recorded, cause), strict=True))


def within(rows, asked):
    """Return what was asked, without the positions that this log does not have."""
    at = min(asked["at"], len(rows))
    return {
        "at": at,
        "drop": {p for p in asked["drop"] if p <= at},
        "edit": {p: new for p, new in asked["edit"].items() if p <= at and p not in asked["drop"]},
        "insert": {p: new for p, new in asked["insert"].items() if p <= at},
    }


def retold(rows, asked):
    """Walk down the log and tell the other history."""
    new = Told()

    def tell(position):
        recorded = rows[max(position, 1) - 1]["recorded"] if asked["at"] else NOW
        for stream, kind, data, day, _ in asked["insert"].get(position, []):
            occurred = START + timedelta(days=day)
            new.append(row(stream, kind, data, occurred, recorded, None))

    tell(0)
    for position, old in enumerate(rows[: asked["at"]], start=1):
        if position not in asked["drop"]:
            old["data"] = {**old["data"], **asked["edit"].get(position, {})}
            new.append(old)
        tell(position)
    return new


def as_asked(asked):
    inserted = {
        position: [
            (stream, el.Event(kind, data, occurred_at=START + timedelta(days=day)))
            for stream, kind, data, day, _ in new
        ]
        for position, new in asked["insert"].items()
    }
    return {**asked, "insert": inserted}


def assert_same_log(log, expected):
    assert len(log) == len(expected)
    assert log.head == expected.head
    assert list(log) == list(expected)
    assert_frame_equal(log.events(), expected.events())
    assert_frame_equal(log.streams(), expected.streams())
    assert_frame_equal(log.types().drop(columns="fields"), expected.types().drop(columns="fields"))
    assert_frame_equal(CARDS(log), CARDS(expected))
    assert_frame_equal(CARDS.history(log, "card-1"), CARDS.history(expected, "card-1"))


@laws
@given(facts=logs, asked=changes, cut=st.integers(0, 12), day=st.integers(0, 3))
def test_a_branch_is_the_store_of_the_changed_history(facts, asked, cut, day):
    rows = told(facts)
    asked = within(rows, asked)
    with rows.store() as parent:
        before = parent.events()
        fork = parent.branch(**as_asked(asked))

        with retold(rows, asked).store() as expected:
            assert_same_log(fork, expected)
            assert_same_log(fork.until(position=cut), expected.until(position=cut))
            assert_same_log(fork.since(position=cut), expected.since(position=cut))
            moment = START + timedelta(days=day)
            assert_same_log(fork.until(occurred=moment), expected.until(occurred=moment))
            assert_same_log(fork.stream(*STREAMS[:2]), expected.stream(*STREAMS[:2]))
            assert_same_log(fork.category("odd@7"), expected.category("odd@7"))
            assert_same_log(fork.only("CardLoaded"), expected.only("CardLoaded"))
        assert_frame_equal(parent.events(), before)


@laws
@given(facts=logs, first=changes, second=changes)
def test_a_branch_of_a_branch_is_the_history_changed_twice(facts, first, second):
    rows = told(facts)
    first = within(rows, first)
    with rows.store() as parent:
        child = parent.branch(**as_asked(first))
        once = retold(rows, first)
        second = within(once, second)
        grandchild = child.branch(**as_asked(second))

        with retold(once, second).store() as expected:
            assert_same_log(grandchild, expected)
