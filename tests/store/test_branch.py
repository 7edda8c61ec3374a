"""What a branch promises: another history, a store like any other, and a parent that never notices."""

import gc
import hashlib
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import InvalidBranch, PayloadError, SQLError, StoreError
from eventlab.widgets import TimeMachine

CARDS = el.Projection("cards", balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"))


def evolve(card, event):
    sign = 1 if event.type == "CardLoaded" else -1
    return {"balance": card["balance"] + sign * event.data["amount"]}


CARD = el.Fold(evolve, {"balance": 0}, name="card")


def loaded(amount, **envelope):
    return el.Event("CardLoaded", {"amount": amount}, **envelope)


def redeemed(amount, **envelope):
    return el.Event("CardRedeemed", {"amount": amount}, **envelope)


@pytest.fixture
def cards(store):
    """card-7 loads 20, card-8 loads 50, card-7 redeems 5 and then 10."""
    store.append("card-7", loaded(20, actor="ana"))
    store.append("card-8", loaded(50))
    store.append("card-7", [redeemed(5), redeemed(10)])
    return store


def rows(log):
    return [(e.position, e.stream, e.version, e.type, e.data) for e in log]


def attached(store):
    names = store.cursor().execute(
        "select database_name from duckdb_databases() where not internal"
    )
    return [name for (name,) in names.fetchall()]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- what it shows -----------------------------------------------------------------------------------


def test_a_branch_without_changes_is_the_same_history(cards):
    fork = cards.branch()

    assert isinstance(fork, el.EventStore)
    assert_frame_equal(fork.events(), cards.events())
    assert_frame_equal(fork.streams(), cards.streams())
    assert_frame_equal(fork.types(), cards.types())


def test_what_follows_a_dropped_event_moves_down_in_the_log_and_in_its_stream(cards):
    fork = cards.branch(drop=[1])

    assert rows(fork) == [
        (1, "card-8", 1, "CardLoaded", {"amount": 50}),
        (2, "card-7", 1, "CardRedeemed", {"amount": 5}),
        (3, "card-7", 2, "CardRedeemed", {"amount": 10}),
    ]
    assert [event.event_id for event in fork] == ["card-8@1", "card-7@1", "card-7@2"]


def test_an_edit_changes_the_fields_it_names_and_keeps_the_rest_of_the_event(cards):
    fork = cards.branch(edit={1: {"amount": 7, "holder": "Mara"}})

    [was, now] = [next(iter(cards)), next(iter(fork))]
    assert now == was._replace(data={"amount": 7, "holder": "Mara"})
    assert list(fork)[1:] == list(cards)[1:]


def test_an_edit_by_an_event_puts_it_in_the_same_place_at_the_same_time(cards):
    other = el.Event("CardSold", {"price": 3}, actor="bob", event_id="sale-1")

    fork = cards.branch(edit={3: other})

    assert rows(fork)[2] == (3, "card-7", 2, "CardSold", {"price": 3})
    new = list(fork)[2]
    assert (new.actor, new.event_id) == ("bob", "sale-1")
    assert (new.occurred_at, new.recorded_at) == (
        list(cards)[2].occurred_at,
        list(cards)[2].recorded_at,
    )


def test_what_follows_an_inserted_event_moves_up(cards):
    fork = cards.branch(
        insert={
            0: ("card-9", loaded(1)),
            2: [("card-7", [loaded(2), loaded(3)]), ("card-8", redeemed(4))],
        }
    )

    assert [(e.position, e.stream, e.version, e.data["amount"]) for e in fork] == [
        (1, "card-9", 1, 1),
        (2, "card-7", 1, 20),
        (3, "card-8", 1, 50),
        (4, "card-7", 2, 2),
        (5, "card-7", 3, 3),
        (6, "card-8", 2, 4),
        (7, "card-7", 4, 5),
        (8, "card-7", 5, 10),
    ]


def test_an_inserted_event_is_recorded_with_the_event_before_it():
    days = iter(["2026-01-01", "2026-01-02", "2026-01-03"])
    with el.EventStore(clock=lambda: next(days)) as store:
        for amount in (1, 2):
            store.append("card-7", loaded(amount))

        fork = store.branch(insert={0: ("a", loaded(0)), 1: ("b", loaded(0)), 2: ("c", loaded(0))})

        assert [event.recorded_at.day for event in fork] == [1, 1, 1, 2, 2]


def test_an_event_of_the_log_can_be_moved_to_another_stream(store):
    store.append(
        "card-7",
        [
            el.Event("CardLoaded", {"amount": 20}),
            el.Event("CardRedeemed", {"amount": 5}, actor="ben", occurred_at="2026-05-16"),
            el.Event("CardRedeemed", {"amount": 3}, event_id="slip-4"),
        ],
    )
    _, lunch, slip = store

    fork = store.branch(drop=[2, 3], insert={3: ("card-1", [lunch, slip])})

    assert [(e.stream, e.data["amount"], e.event_id) for e in fork] == [
        ("card-7", 20, "card-7@1"),
        ("card-1", 5, "card-1@1"),
        ("card-1", 3, "slip-4"),
    ]
    [moved] = fork.until(position=2).since(position=2)
    assert (moved.actor, moved.occurred_at) == ("ben", datetime(2026, 5, 16))


def test_an_event_of_the_log_that_stays_cannot_be_told_twice_under_its_id(store):
    store.append("card-7", el.Event("CardRedeemed", {"amount": 3}, event_id="slip-4"))
    [slip] = store

    with pytest.raises(el.DuplicateEventError, match="slip-4"):
        store.branch(insert={1: ("card-1", slip)})


def test_at_is_the_last_position_shared_and_zero_shares_nothing(cards):
    assert rows(cards.branch(at=2)) == rows(cards)[:2]
    assert rows(cards.branch(at=0)) == []
    assert cards.branch(at=0, insert={0: ("card-1", loaded(1))}).head == 1


def test_drop_takes_a_log_of_the_store(cards):
    fork = cards.branch(at=3, drop=cards.only("CardRedeemed"))

    assert [event.type for event in fork] == ["CardLoaded", "CardLoaded"]


def test_positions_out_of_a_frame_will_do(cards):
    fork = cards.branch(drop=np.array([1]), edit={np.int64(2): {"amount": np.int64(1)}})

    assert [event.data["amount"] for event in fork] == [1, 5, 10]


def test_a_causation_id_follows_the_name_of_its_event(store):
    store.append("card-7", [loaded(1), loaded(2), loaded(3, event_id="given")])
    store.append("mail-1", [
        el.Event("MailSent", causation_id="card-7@1"),
        el.Event("MailSent", causation_id="card-7@2"),
        el.Event("MailSent", causation_id="given"),
        el.Event("MailSent", causation_id="elsewhere"),
    ])  # fmt: skip

    fork = store.branch(drop=[1], edit={5: {"to": "ana"}})

    causes = [event.causation_id for event in fork.stream("mail-1")]
    assert causes == [None, "card-7@1", "given", "elsewhere"]
    assert [event.event_id for event in fork.stream("card-7")] == ["card-7@1", "given"]


def test_the_origin_says_what_was_changed(cards):
    fork = cards.branch(drop=[1], edit={3: {"amount": 6}}, insert={3: ("card-9", loaded(1))})

    expected = pd.DataFrame(
        [
            ("shared", 4, 4, None, None),
            ("dropped", 1, None, "card-7", "CardLoaded"),
            ("edited", 3, 2, "card-7", "CardRedeemed"),
            ("inserted", 3, 3, "card-9", "CardLoaded"),
        ],
        columns=["kind", "parent_position", "position", "stream", "type"],
    ).astype({"kind": "str", "position": "Int64", "stream": "str", "type": "str"})
    assert_frame_equal(fork.origin, expected)
    assert "at 4 (1 dropped, 1 edited, 1 inserted): 4 events" in repr(fork)


def test_a_branch_says_whose_it_is(path):
    with el.EventStore(path) as store:
        store.append("card-7", loaded(1))

        assert repr(store.branch(drop=[1]).branch()) == (
            f"<EventStore, branch of a branch of {str(path)!r} at 0: 0 events>"
        )


# -- a store like any other --------------------------------------------------------------------------


def test_a_branch_is_folded_like_any_log(cards):
    fork = cards.branch(drop=[3], edit={2: {"amount": 1}})

    for projection in (CARD, CARDS):
        state = projection(fork)
        assert state["balance"].to_dict() == {"card-7": 10, "card-8": 1}
        assert projection.history(fork, "card-7")["balance"].tolist() == [20, 10]
        assert projection(fork.until(position=1))["balance"].to_dict() == {"card-7": 20}
    assert_frame_equal(CARD(fork), CARDS(fork))
    assert "50" not in TimeMachine(fork, CARDS).html(3)


def test_sql_reads_the_branch_and_no_further(cards):
    fork = cards.branch(drop=[2])

    total = fork.sql("select count(*) as n, sum(data.amount) as total from events")
    assert total.to_dict("records") == [{"n": 3, "total": 35}]
    for table in ("main.events", "own.events", "streams", "main.streams", "memory.main.events"):
        with pytest.raises(SQLError, match="whole store"):
            fork.sql(f"select * from {table}")
    with pytest.raises(SQLError, match="whole store"):
        fork.sql("from own.moved_positions")


def test_a_branch_is_appended_to_where_it_ends(cards):
    fork = cards.branch(drop=[3])

    done = fork.append("card-7", loaded(1), expected=2)
    new = fork.append("card-9", [loaded(1), loaded(2)], expected=el.NO_STREAM)

    assert (done.version, done.position) == (3, 4)
    assert (new.version, new.position) == (2, 6)
    assert [event.version for event in fork.stream("card-7")] == [1, 2, 3]
    with pytest.raises(el.ConcurrencyError, match="is at version 3 but you expected 2"):
        fork.append("card-7", loaded(1), expected=2)
    with pytest.raises(el.ConcurrencyError):
        fork.append("card-8", loaded(1), expected=el.NO_STREAM)


def test_a_stream_whose_events_are_all_dropped_is_none(cards):
    fork = cards.branch(drop=[2])

    assert "card-8" not in fork.streams()["stream"].tolist()
    with pytest.raises(el.ConcurrencyError):
        fork.append("card-8", loaded(1), expected=el.STREAM_EXISTS)
    assert fork.append("card-8", loaded(1), expected=el.NO_STREAM).version == 1


def test_parent_and_branch_go_on_without_seeing_each_other(cards):
    fork = cards.branch()

    cards.append("card-9", el.Event("CardSold", {"price": 1}))
    fork.append("card-10", el.Event("CardLost", {"where": "bus"}))
    fork.append("card-9", loaded(9), expected=el.NO_STREAM)

    assert [event.stream for event in cards.since(position=5)] == ["card-9"]
    assert [event.stream for event in fork.since(position=5)] == ["card-10", "card-9"]
    assert "price" not in fork.events(expand=True)
    assert "where" not in cards.events(expand=True)


def test_a_batch_stored_before_the_branch_is_a_repetition_in_it(store):
    batch = [loaded(1, event_id="a"), loaded(2, event_id="b")]
    store.append("card-7", batch)
    fork = store.branch()

    assert fork.append("card-7", batch).duplicate
    with pytest.raises(el.DuplicateEventError):
        fork.append("card-7", [loaded(1, event_id="a"), loaded(3)])
    assert len(fork) == 2


def test_the_id_of_a_dropped_event_is_free_again(store):
    store.append("card-7", [loaded(1, event_id="a"), loaded(2, event_id="b")])
    fork = store.branch(drop=[1])

    assert not fork.append("card-7", loaded(1, event_id="a")).duplicate
    with pytest.raises(el.DuplicateEventError):
        fork.append("card-7", loaded(9, event_id="b"))


def test_an_id_given_out_by_the_store_is_refused_where_the_shared_past_has_it():
    with el.EventStore(ids=lambda: "same") as store:
        store.append("card-7", loaded(1))
        fork = store.branch()

        with pytest.raises(el.DuplicateEventError, match="second time"):
            fork.append("card-7", loaded(2))
        assert len(fork) == 1


def test_a_frame_is_appended_to_a_branch(cards):
    fork = cards.branch(drop=[1])
    frame = pd.DataFrame(
        {
            "card": ["card-7", "card-9"],
            "kind": ["CardLoaded"] * 2,
            "amount": [1, 2],
            "id": ["x", "y"],
        }
    )

    done = fork.append_frame(frame, stream="card", type="kind", event_id="id")
    again = fork.append_frame(frame, stream="card", type="kind", event_id="id")

    assert (done.position, again.duplicate) == (5, True)
    assert rows(fork)[3] == (4, "card-7", 3, "CardLoaded", {"amount": 1})
    assert len(cards) == 4


def test_a_frame_that_repeats_a_shared_id_late_is_refused(cards, monkeypatch):
    cards.append("card-7", loaded(1, event_id="z"))
    fork = cards.branch()
    monkeypatch.setattr("eventlab.store.bulk.SLICE", 2)
    frame = pd.DataFrame({"card": "card-9", "kind": "CardLoaded", "id": ["x", "y", "z"]})

    with pytest.raises(el.DuplicateEventError, match="'z'"):
        fork.append_frame(frame, stream="card", type="kind", event_id="id")
    assert len(fork) == 5


def test_a_branch_can_be_branched_and_each_level_appended_to(cards):
    child = cards.branch(drop=[1])
    child.append("card-7", loaded(100))
    grandchild = child.branch(drop=[1], insert={4: ("card-8", loaded(7))})
    grandchild.append("card-7", loaded(200))
    child.append("card-7", loaded(300))

    assert [(e.stream, e.version, e.data["amount"]) for e in grandchild] == [
        ("card-7", 1, 5),
        ("card-7", 2, 10),
        ("card-7", 3, 100),
        ("card-8", 1, 7),
        ("card-7", 4, 200),
    ]
    assert [e.data["amount"] for e in child] == [50, 5, 10, 100, 300]


def test_thousands_of_events_can_be_dropped(store):
    store.append("card-7", [loaded(n) for n in range(1, 5001)])
    store.append("card-8", [loaded(n) for n in range(5001, 10_001)])

    fork = store.branch(drop=range(1, 10_001, 2))

    assert [e.data["amount"] for e in fork] == list(range(2, 10_001, 2))
    assert [e.version for e in fork.stream("card-8")] == list(range(1, 2501))
    assert fork.until(position=2).events()["position"].tolist() == [1, 2]
    assert CARDS(fork)["position"].to_dict() == {"card-7": 2500, "card-8": 5000}


def test_a_branch_is_sealed_and_verified_by_itself(cards):
    cards.seal()
    fork = cards.branch(drop=[1])

    assert fork.verify().empty
    assert fork.seal().events == 3
    fork.append("card-7", loaded(1))
    assert fork.verify().empty
    assert cards.verify().empty
    assert (len(fork.seals()), len(cards.seals())) == (1, 1)


# -- the parent --------------------------------------------------------------------------------------


def test_the_file_of_the_parent_keeps_every_byte(path):
    with el.EventStore(path) as store:
        store.append("card-7", [loaded(1), loaded(2)])
    before = sha256(path), path.stat().st_mtime_ns

    with el.EventStore(path) as store:
        fork = store.branch(drop=[1], edit={2: {"amount": 3}})
        fork.append("card-9", loaded(4))
        assert [event.data["amount"] for event in fork] == [3, 4]

    assert (sha256(path), path.stat().st_mtime_ns) == before


def test_a_store_that_is_open_for_reading_only_can_be_branched_and_the_branch_written(path):
    with el.EventStore(path) as store:
        store.append("card-7", [loaded(1), loaded(2)])

    with el.EventStore(path, read_only=True) as store:
        fork = store.branch(drop=[1])
        fork.append("card-7", loaded(3))
        assert [(e.version, e.data["amount"]) for e in fork] == [(1, 2), (2, 3)]


def test_a_closed_branch_leaves_nothing_behind(cards):
    before = attached(cards)
    fork = cards.branch(drop=[1])
    len(fork)
    assert len(attached(cards)) == len(before) + 1

    fork.close()
    fork.close()

    assert attached(cards) == before
    assert repr(fork).endswith("at 4 (1 dropped): closed>")
    with pytest.raises(StoreError, match="branch of a store in memory is closed"):
        len(fork)


def test_a_branch_nobody_holds_leaves_nothing_behind(cards):
    before = attached(cards)
    for _ in range(3):
        len(cards.branch(drop=[1]))
    gc.collect()

    assert attached(cards) == before


def test_a_branch_holds_the_branch_that_it_was_made_of(cards):
    before = attached(cards)
    grandchild = cards.branch(drop=[2]).branch(edit={1: {"amount": 7}})
    gc.collect()

    assert rows(grandchild) == [
        (1, "card-7", 1, "CardLoaded", {"amount": 7}),
        (2, "card-7", 2, "CardRedeemed", {"amount": 5}),
        (3, "card-7", 3, "CardRedeemed", {"amount": 10}),
    ]

    del grandchild
    gc.collect()
    assert attached(cards) == before


def test_the_events_of_a_branch_are_read_to_their_end_though_nobody_holds_it(cards):
    batches = cards.branch(at=1).batches()
    gc.collect()

    assert [event.data for batch in batches for event in batch] == [{"amount": 20}]


def test_closing_the_parent_closes_its_branches_and_frees_the_file(path):
    store = el.EventStore(path)
    store.append("card-7", [loaded(1), loaded(2)])
    fork = store.branch()
    grandchild = fork.branch()
    len(grandchild)

    store.close()

    for branch in (fork, grandchild):
        with pytest.raises(StoreError, match="branch again"):
            len(branch)
    with el.EventStore(path, read_only=True) as store:  # refused while anyone still writes
        assert len(store) == 2


def test_a_closed_store_cannot_be_branched(store):
    store.close()

    with pytest.raises(StoreError, match="is closed"):
        store.branch()


# -- what has no meaning -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"at": 5}, "at=… was given 5.*positions 0 to 4"),
        ({"at": -1}, "positions 0 to 4"),
        ({"at": "4"}, "'4'"),
        ({"drop": [5]}, "drop=… was given 5.*positions 1 to 4"),
        ({"drop": [0]}, "positions 1 to 4"),
        ({"at": 2, "drop": [3]}, "positions 1 to 2"),
        ({"at": 0, "drop": [1]}, "no position at all"),
        ({"drop": [True]}, "True"),
        ({"drop": [1.5]}, "1.5"),
        ({"drop": 1}, "int: give positions"),
        ({"drop": "12"}, "str: give positions"),
        ({"edit": {5: {}}}, "edit=… was given 5"),
        ({"edit": [1]}, "edit=.* list: give a dict by position"),
        ({"edit": {1: 5}}, "edit of position 1 is 5"),
        ({"edit": {1: {2: 3}}}, "edit of position 1"),
        ({"drop": [1], "edit": {1: {"amount": 1}}}, "position 1 is both dropped and edited"),
        ({"insert": {5: ("a", loaded(1))}}, "positions 0 to 4"),
        ({"insert": {1: loaded(1)}}, "give a stream and its event"),
        ({"insert": {1: ("a", {"amount": 1})}}, "give a stream and its event"),
        ({"insert": {1: [("a",)]}}, "give a stream and its event"),
        (
            {"edit": {1: {"amount": 2**70}}},
            "edit of position 1 cannot be stored: payload field 'amount'",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_by_name_and_nothing_is_made(cards, asked, words):
    before = attached(cards)

    with pytest.raises(InvalidBranch, match=words.replace("=…", r"=…\)")):
        cards.branch(**asked)
    assert attached(cards) == before


def test_a_log_of_another_store_names_no_events_here(cards):
    with el.EventStore() as other, pytest.raises(InvalidBranch, match="log of another store"):
        cards.branch(drop=other.only("CardLoaded"))


def test_an_id_can_stand_once_in_a_branch(store):
    store.append("card-7", [loaded(1, event_id="a"), loaded(2)])

    with pytest.raises(el.DuplicateEventError, match="'a' is that of the event at position 1"):
        store.branch(insert={2: ("card-7", loaded(3, event_id="a"))})
    with pytest.raises(el.DuplicateEventError, match="'b' would stand 2 times"):
        store.branch(insert={2: ("card-7", [loaded(3, event_id="b"), loaded(4, event_id="b")])})
    assert store.branch(drop=[1], insert={2: ("card-7", loaded(3, event_id="a"))}).head == 2


def test_an_id_of_the_form_of_the_stores_own_names_is_refused(cards):
    before = attached(cards)

    with pytest.raises(el.errors.InvalidEvent, match="stream@version"):
        cards.branch(insert={2: ("card-7", loaded(3, event_id="card-9@9"))})
    assert attached(cards) == before


def test_the_refusal_of_a_payload_is_its_own_kind(cards):
    with pytest.raises(InvalidBranch) as refused:
        cards.branch(edit={1: {"amount": float("nan")}})
    assert isinstance(refused.value.__cause__, PayloadError)


@pytest.mark.parametrize("name", ["own", "main", "events"])
def test_a_file_may_be_called_as_it_likes(tmp_path, name):
    with el.EventStore(tmp_path / f"{name}.duckdb") as store:
        store.append("card-7", [loaded(20), redeemed(5)])

        fork = store.branch(at=1)
        fork.append("card-7", loaded(1))

        assert CARDS(fork)["balance"].tolist() == [21]
        assert CARDS(store)["balance"].tolist() == [15]
