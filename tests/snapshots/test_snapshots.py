"""Snapshots are a cache: the same answers, fewer events folded, and nothing lost with them."""

import tracemalloc
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from threading import Event
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import (
    ColumnFailed,
    EventLabError,
    ReadOnly,
    SnapshotRefused,
    SnapshotWarning,
    UntypedField,
)
from eventlab.keeping.codec import Codec, as_text
from eventlab.snapshots.shelf import Shelf
from eventlab.store.snapshot_tables import SnapshotTable
from tests.examples import examples
from tests.projections.test_laws import BOTH, CARD, CARDS, START, laws, logs, store_of
from tests.racing import at_once
from tests.timetravel.test_panel import EVERYTHING

PAIRS = el.Projection(
    "pairs", key=["holder", "data.amount > 0"], key_names=["holder", "up"], n=el.count()
)
PAIRS_FOLD = el.Fold(
    lambda state, event: {"n": state["n"] + 1},
    {"n": 0},
    name="pairs",
    key=lambda event: (event.data.get("holder"), event.data["amount"] > 0),
    key_names=["holder", "up"],
)
RULES = {
    "fold": CARD,
    "projection": CARDS,
    "every verb": EVERYTHING,
    "pairs": PAIRS,
    "pairs fold": PAIRS_FOLD,
}
HOLDER = ("card-1", "CardLoaded", {"amount": 1, "holder": "Mara"}, 0)

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
both = pytest.mark.parametrize("rule", BOTH, ids=["fold", "projection"])


def loads(store, number, stream="card-1"):
    store.append(stream, [el.Event("CardLoaded", {"amount": 1, "holder": "Mara"})] * number)


def tampered(folder, rule, number, sql):
    """Return a file with some loads and a snapshot every ten, in which another program ran a statement."""
    path = folder / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, number)
        el.Snapshots(store, rule, every=10)
    with duckdb.connect(path) as con:
        con.execute(sql)
    return path


def moved(position, to):
    """Return the statement that moves a snapshot to another position."""
    return (
        f"update snapshots set position = {to} where position = {position};"
        f"update snapshot_rows_1 set snapshot = {to} where snapshot = {position}"
    )


@every_rule
@examples(3)
@given(rows=logs, every=st.integers(1, 6), cut=st.integers(0, 17))
def test_snapshots_never_change_an_answer(rule, rows, every, cut):
    with store_of([HOLDER, *rows]) as store:
        fast = el.Snapshots(store, rule, every=every)
        recorded = store.events()["recorded_at"]
        cuts = [
            store,
            store.until(position=cut),
            store.until(recorded=recorded.iloc[cut % len(recorded)]),
            store.until(occurred=START + timedelta(days=3)),
            store.stream("card-1").until(position=cut),
            store.stream("card-1", "card-2"),
            store.since(position=2),
            store.only("CardLoaded").until(position=cut),
        ]
        for log in cuts:
            assert_frame_equal(fast(log), rule(log))
        assert fast(store).empty or fast.replayed < every
        at = sorted({0, cut, every, len(rows)})
        assert_frame_equal(fast.panel(store, at), rule.panel(store, at))
        assert_frame_equal(fast.diff(cuts[1], store), rule.diff(cuts[1], store))
        newest = fast.newest(cuts[1], 2)
        assert newest["position"].tolist() == sorted(rule(cuts[1])["position"])[::-1][:2]
        assert fast.verify()["equal"].all()


@both
@laws
@given(rows=logs, more=logs, every=st.integers(1, 6))
def test_appends_keep_them_up_to_date(rule, rows, more, every):
    with el.EventStore() as store:
        for stream, kind, data, _ in rows:
            store.append(stream, el.Event(kind, data))
        fast = el.Snapshots(store, rule, every=every)
        for stream, kind, data, _ in more:
            store.append(stream, el.Event(kind, data))
        total = len(rows) + len(more)

        assert fast.verify()["position"].tolist() == list(range(every, total + 1, every))
        assert_frame_equal(fast(store), rule(store))


@both
def test_only_what_came_after_the_last_snapshot_is_folded(rule):
    store = el.EventStore()
    loads(store, 25)
    fast = el.Snapshots(store, rule, every=10)

    replayed = []
    for position in (25, 20, 19, 9, 0):
        fast(store.until(position=position))
        replayed.append(fast.replayed)

    assert replayed == [5, 0, 9, 9, 0]


@both
@pytest.mark.parametrize(
    ("every", "at", "folded"), [(10, [12, 19], 11), (100, [3, 7], 7), (10, [], 0)]
)
def test_a_panel_says_what_it_folded(rule, every, at, folded):
    store = el.EventStore()
    loads(store, 25)
    fast = el.Snapshots(store, rule, every=every)
    fast(store)

    fast.panel(store, at=at)

    assert fast.replayed == folded


@both
def test_without_an_interval_what_is_kept_stays_in_proportion_to_the_log(rule, monkeypatch):
    monkeypatch.setattr("eventlab.snapshots.snapshots.LEAST", 4)
    store = el.EventStore()
    for n in range(64):
        loads(store, 1, f"card-{n}")
    fast = el.Snapshots(store, rule)

    assert fast.verify()["position"].tolist() == [4, 8, 16, 32, 64]
    assert fast.verify()["rows"].sum() == 4 + 8 + 16 + 32 + 64


@both
def test_they_lie_in_the_file_and_serve_who_only_reads(rule, tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, 25)
        el.Snapshots(store, rule, every=10)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)

        assert_frame_equal(fast(store), rule(store))
        assert fast.replayed == 5
        assert repr(fast) == f"<Snapshots of {rule.name!r}: 2 up to position 20, 2 rows>"


@both
@pytest.mark.parametrize("ask", [el.Snapshots.update, el.Snapshots.drop])
@pytest.mark.parametrize("taken", [10, 0], ids=["some", "none"])
def test_who_only_reads_neither_takes_nor_drops_any(rule, ask, taken, tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, taken)
        el.Snapshots(store, rule, every=10)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)

        with pytest.raises(ReadOnly, match=r"cards\.duckdb"):
            ask(fast)
        assert fast.kept()["position"].tolist() == [10][:taken]


@both
def test_a_file_without_snapshots_is_read_without_them(rule, tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, 25)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)

        assert_frame_equal(fast(store), rule(store))
        assert (fast.replayed, repr(fast)) == (25, f"<Snapshots of {rule.name!r}: none>")


@both
def test_dropping_them_changes_no_answer(rule):
    store = el.EventStore()
    loads(store, 25)
    fast = el.Snapshots(store, rule, every=10)

    fast.drop()

    assert_frame_equal(fast(store), rule(store))
    assert fast.replayed == 25
    assert fast.verify().empty
    fast.update()
    fast(store)
    assert fast.replayed == 5


@both
def test_what_is_kept_is_told_without_a_replay(rule):
    store = el.EventStore()
    loads(store, 15, "card-1")
    loads(store, 10, "card-2")
    fast = el.Snapshots(store, rule, every=10)

    assert_frame_equal(fast.kept(), pd.DataFrame({"position": [10, 20], "rows": [1, 2]}))

    fast.drop()
    assert_frame_equal(fast.kept(), pd.DataFrame({"position": [], "rows": []}, dtype="int64"))


def test_who_dropped_their_own_is_not_told_of_those_of_another_version():
    store = el.EventStore()
    loads(store, 25)
    fast = el.Snapshots(store, el.Projection("cards", balance=el.total("amount")), every=10)
    el.Snapshots(store, el.Projection("cards", loads=el.count()), every=10)

    fast.drop()

    assert fast(store)["balance"].tolist() == [25]  # and a warning would be an error here
    assert fast.replayed == 25


def test_another_version_or_rule_gets_snapshots_of_its_own(tmp_path):
    path = tmp_path / "cards.duckdb"
    doubled = el.Projection("cards", balance=el.total("data.amount * 2"))
    with el.EventStore(path) as store:
        loads(store, 25)
        el.Snapshots(store, el.Projection("cards", balance=el.total("amount")), every=10)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, doubled, every=10)
        with pytest.warns(SnapshotWarning, match="of another version or definition"):
            assert fast(store)["balance"].tolist() == [50]
        assert fast(store.until(position=15))["balance"].tolist() == [30]

    with el.EventStore(path) as store:
        fast = el.Snapshots(store, doubled, every=10)
        assert fast(store)["balance"].tolist() == [50]
        assert fast.replayed == 5


def test_a_field_that_comes_to_hold_another_kind_of_value_starts_anew():
    store = el.EventStore()
    cards = el.Projection("cards", balance=el.total("amount"))
    loads(store, 15)
    fast = el.Snapshots(store, cards, every=10)
    store.append("card-1", el.Event("CardLoaded", {"amount": 0.5}))

    assert fast(store)["balance"].tolist() == [15.5]
    assert fast.replayed == 6


def test_a_rule_that_cannot_be_computed_is_refused_as_ever():
    store = el.EventStore()
    loads(store, 3)

    with pytest.raises(EventLabError, match="column 'balance' of projection 'cards'"):
        el.Snapshots(store, el.Projection("cards", balance=el.total("amount * 2")))


@pytest.mark.parametrize("every", [2, 4, 100])
def test_a_value_that_cannot_be_computed_is_named_as_without_snapshots(every):
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": text}) for text in ["1", "2", "x"]])
    cards = el.Projection("cards", balance=el.total("amount::INTEGER"))

    with pytest.raises(ColumnFailed, match="column 'balance' of projection 'cards'"):
        el.Snapshots(store, cards, every=every)(store)


@pytest.mark.parametrize("every", [2, 100])
def test_a_type_that_would_be_guessed_is_refused_as_without_snapshots(every):
    store = el.EventStore()
    store.append(
        "card-1", [el.Event("CardLoaded", {"note": note}) for note in ["a", [1], {"b": 1}]]
    )
    cards = el.Projection("cards", note=el.last("data.note || '!'"))

    with pytest.raises(UntypedField, match=r"computes with data\.note"):
        el.Snapshots(store, cards, every=every)(store)


def test_a_field_that_counts_in_another_way_since_starts_anew():
    """The column holds text before and after; but 1 reads 1.0 once the field holds 2.5 as well."""
    store = el.EventStore()
    cards = el.Projection("cards", paid=el.first("data.amount || ' paid'"))
    loads(store, 15)
    fast = el.Snapshots(store, cards, every=10)
    assert fast(store)["paid"].tolist() == ["1 paid"]

    store.append("card-1", el.Event("CardLoaded", {"amount": 2.5}))

    assert cards(store)["paid"].tolist() == ["1.0 paid"]
    assert fast(store)["paid"].tolist() == ["1.0 paid"]


def test_least_and_greatest_compare_values_of_several_kinds_as_numbers_and_texts():
    store = el.EventStore()
    values = [2**60, "tea", 1, 2**60]
    store.append("card-1", [el.Event("CardLoaded", {"amount": value}) for value in values])
    cards = el.Projection("cards", low=el.least("amount"), high=el.greatest("amount"))

    for every in (1, 2, 3):
        assert_frame_equal(el.Snapshots(store, cards, every=every)(store), cards(store))
    assert cards(store)["low"].tolist() == [1]


DAMAGES = {
    "a changed row": "update {rows} set position = position + 1 where snapshot = 20",
    "a missing row": "delete from {rows} where snapshot = 20",
    "a row too many": "insert into {rows} select * from {rows} where snapshot = 20",
    "another digest": "update snapshots set digest = '0' where position = 20",
    "no table": "drop table {rows}",
}


@both
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_said_once_and_the_answer_is_right(rule, damage, tmp_path):
    path = tampered(tmp_path, rule, 25, damage.format(rows="snapshot_rows_1"))

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)
        with pytest.warns(SnapshotWarning, match="at position 20 is damaged and is ignored"):
            assert_frame_equal(fast(store), rule(store))
        assert_frame_equal(fast(store), rule(store))  # a second warning would be an error
        assert fast.replayed == (25 if "drop" in damage else 15)


def test_a_damaged_row_of_a_stream_far_beyond_all_others_takes_no_memory(tmp_path):
    far = "update snapshot_rows_1 set stream_no = 20_000_000 where snapshot = 20"
    path = tampered(tmp_path, CARDS, 25, far)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, CARDS, every=10)
        expected = CARDS(store)
        tracemalloc.start()
        with pytest.warns(SnapshotWarning, match="at position 20 is damaged"):
            answer = fast(store)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert_frame_equal(answer, expected)
    assert peak < 10_000_000


def test_no_rule_is_given_a_damaged_state(tmp_path):
    given = []

    def count(state, _event):
        given.append(state)
        return {"n": state["n"] + 1}

    fold = el.Fold(count, {"n": 0}, name="cards")
    other = """update snapshot_rows_1 set state = '{"n": -5}' where snapshot = 20"""
    path = tampered(tmp_path, fold, 25, other)
    given.clear()

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, fold, every=10)
        with pytest.warns(SnapshotWarning, match="at position 20 is damaged"):
            assert fast(store)["n"].tolist() == [25]

    assert given == [{"n": n} for n in range(10, 25)]


def test_what_duckdb_made_of_a_damaged_snapshot_is_not_heard_of(tmp_path):
    far = "update snapshot_rows_1 set part_0 = 9e37::hugeint where snapshot = 20"
    rule = el.Projection("cards", key="holder", balance=el.total("amount"))
    path = tampered(tmp_path, rule, 25, far)

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)
        with pytest.warns(SnapshotWarning, match="at position 20 is damaged"):
            assert fast(store)["balance"].tolist() == [25]


def test_what_fails_on_a_sound_snapshot_fails_as_ever():
    fold = el.Fold(lambda state, event: {"n": 10 // event.data["amount"]}, {"n": 0}, name="cards")
    store = el.EventStore()
    loads(store, 10)
    fast = el.Snapshots(store, fold, every=10)
    store.append("card-1", el.Event("CardLoaded", {"amount": 0}))

    with pytest.raises(EventLabError, match="division"):
        fast(store)


@both
def test_a_snapshot_beyond_the_end_of_the_log_is_ignored_with_a_warning(rule, tmp_path):
    path = tampered(tmp_path, rule, 25, moved(20, 30))

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)
        with pytest.warns(
            SnapshotWarning, match="at position 30 lies beyond the end of the log, at 25"
        ):
            assert_frame_equal(fast(store), rule(store))
        assert_frame_equal(fast(store), rule(store))  # a second warning would be an error
        assert fast.replayed == 15
    with el.EventStore(path) as store:
        with pytest.warns(SnapshotWarning, match="lies beyond"):
            fast = el.Snapshots(store, rule, every=10)
        assert fast.verify()["position"].tolist() == [10, 20]


@both
@pytest.mark.parametrize("damage", ["a missing row", "no table"])
def test_update_takes_damaged_snapshots_again(rule, damage, tmp_path):
    path = tampered(tmp_path, rule, 35, DAMAGES[damage].format(rows="snapshot_rows_1"))

    with el.EventStore(path) as store:
        with pytest.warns(SnapshotWarning, match=r"at position \d0 is damaged"):
            fast = el.Snapshots(store, rule, every=10)

        assert fast.verify()["position"].tolist() == [10, 20, 30]
        assert fast.verify()[["intact", "equal"]].all(axis=None)


DAMAGED_LISTS = {
    "no list": "drop table snapshots",
    "an emptied list": "delete from snapshots",
    "no rules": "drop table snapshot_rules",
    "a list without a column": "alter table snapshots drop column rows",
    "a list of other things": "drop table snapshots; create table snapshots (a integer)",
    "a list of texts": "drop table snapshots; create table snapshots as "
    "select 1 as rule, '20' as position, '1' as rows, 0 as digest",
    "a list of nothings": "drop table snapshots; create table snapshots as "
    "select 1 as rule, null::bigint as position, null::bigint as rows, null::varchar as digest",
    "a view for a list": "drop table snapshots; create view snapshots as "
    "select 1 as rule, 20::bigint as position, 0::bigint as rows, '0' as digest",
    "an empty snapshot": "insert into snapshots values (1, 25, 0, '0')",
    "one before the first event": "insert into snapshots values (1, -5, 0, '0'), (1, 0, 0, '0')",
    "rows with one column less": "alter table snapshot_rows_1 drop column snapshot",
    "rows with one column more": "alter table snapshot_rows_1 add column more integer",
    "a view for the rows": "drop table snapshot_rows_1; create view snapshot_rows_1 as select 1 as a",
}


@pytest.mark.filterwarnings("ignore::eventlab.errors.SnapshotWarning")
@pytest.mark.parametrize("damage", DAMAGED_LISTS.values(), ids=DAMAGED_LISTS)
def test_whatever_became_of_the_lists_answers_are_right_and_update_makes_them_anew(
    damage, tmp_path
):
    path = tampered(tmp_path, CARDS, 35, damage)

    for read_only in (True, False):
        with el.EventStore(path, read_only=read_only) as store:
            fast = el.Snapshots(store, CARDS, every=10)
            for log in (store, store.until(position=27), store.stream("card-1")):
                assert_frame_equal(fast(log), CARDS(log))
            if not read_only:
                assert fast.verify()["position"].tolist() == [10, 20, 30]
                assert fast.verify()[["intact", "equal"]].all(axis=None)


def test_what_was_kept_under_one_rule_is_never_taken_for_that_of_another(tmp_path):
    path = tmp_path / "cards.duckdb"
    up, down = (
        el.Fold(lambda n, event, step=step: n + step, 0, name=name)
        for name, step in (("up", 1), ("down", -1))
    )
    with el.EventStore(path) as store:
        loads(store, 12)
        el.Snapshots(store, up, every=10)
    with duckdb.connect(path) as con:
        con.execute("delete from snapshot_rules")

    with el.EventStore(path) as store:
        for rule in (down, up):
            fast = el.Snapshots(store, rule, every=10)
            assert_frame_equal(fast(store), rule(store))
            assert fast.verify()[["intact", "equal"]].all(axis=None)


def test_a_snapshot_that_was_moved_is_damaged(tmp_path):
    path = tampered(tmp_path, CARDS, 15, moved(10, 12))

    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, CARDS, every=10)
        with pytest.warns(SnapshotWarning, match="at position 12 is damaged"):
            assert_frame_equal(fast(store), CARDS(store))


@both
def test_verify_tells_a_wrong_snapshot_from_a_damaged_one(rule, tmp_path):
    """Whoever changes rows and digest alike is found by a replay only."""
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, 25)
        fast = el.Snapshots(store, rule, every=10)
        con, table = store.cursor(), fast._shelf._table()
        con.execute("update snapshot_rows_1 set position = 3 where snapshot = 20")
        rows, digest = table.measured(con, 20)
        con.execute("update snapshots set digest = ? where position = 20", [digest])

        found = fast.verify()

    assert rows == 1
    assert found[["position", "intact", "equal"]].to_numpy().tolist() == [
        [10, True, True],
        [20, True, False],
    ]


@both
@pytest.mark.parametrize("times", [1, 9])
def test_a_snapshot_that_is_deleted_while_it_is_read_does_not_count(rule, times, monkeypatch):
    """Another thread could delete it between the choice and the reading; here it is this one that does."""
    store = el.EventStore()
    loads(store, 25)
    fast = el.Snapshots(store, rule, every=10)
    start, deleted = fast._shelf.start, []

    def deleted_meanwhile(*asked):
        if len(deleted) < times:
            deleted.append(asked)
            fast.drop()
            fast.update()
            fast.drop()
        return start(*asked)

    monkeypatch.setattr(fast._shelf, "start", deleted_meanwhile)

    for ask in (lambda: fast(store), lambda: fast(store.stream("card-1"))):
        fast.update()
        assert_frame_equal(ask(), rule(store))
    fast.update()
    assert_frame_equal(fast.onward(store, 20), rule.onward(store, 20))
    fast.update()
    assert fast.newest(store, 5)["position"].tolist() == [25]
    assert deleted


def test_threads_that_ask_while_others_delete_are_answered_right():
    store = el.EventStore()
    loads(store, 25)
    fast, other = (el.Snapshots(store, CARDS, every=5) for _ in range(2))
    expected, found, done = CARDS(store), [], Event()

    def ask():
        while not done.is_set():
            found.append(fast(store))

    def delete():
        for _ in range(4):
            other.drop()
            other.update()
        done.set()

    at_once([ask, ask, delete])

    assert len(found) > 5
    for answer in found:
        assert_frame_equal(answer, expected)
    assert fast.verify()[["intact", "equal"]].all(axis=None)


@pytest.mark.parametrize("ask", [el.Snapshots.__call__, lambda fast, _: fast.verify()])
def test_snapshots_deleted_right_after_they_were_listed_are_not_taken_for_damaged(ask, monkeypatch):
    store = el.EventStore()
    loads(store, 25)
    fast, other = (el.Snapshots(store, CARDS, every=5) for _ in range(2))
    kept = fast._shelf.kept

    def kept_until_now():
        listed = kept()
        monkeypatch.undo()
        other.drop()
        return listed

    monkeypatch.setattr(fast._shelf, "kept", kept_until_now)
    answer = ask(fast, store)  # a warning would be an error

    if ask is el.Snapshots.__call__:
        assert_frame_equal(answer, CARDS(store))
    else:
        assert answer["intact"].all()


def test_sums_of_floats_that_differ_by_rounding_are_verified_as_equal():
    store = el.EventStore()
    tenths = [{"amount": n / 10, "holder": "Mara"} for n in range(1, 101)]
    store.append("card-1", [el.Event("CardLoaded", data) for data in tenths])
    sums = el.Projection("sums", sum=el.total("amount"), holder=el.last("holder"))
    fast = el.Snapshots(store, sums, every=7)

    assert fast.verify()["equal"].all()
    cuts = [store.until(position=position) for position in range(1, 101)]
    assert not all(fast(cut).equals(sums(cut)) for cut in cuts)


@both
def test_an_interrupted_update_leaves_what_it_took(rule, monkeypatch):
    store = el.EventStore()
    loads(store, 25)
    taken = []

    def stop_at_the_second(self, last, position):
        if taken:
            raise KeyboardInterrupt
        taken.append(position)
        return take(self, last, position)

    take = Shelf.take
    monkeypatch.setattr(Shelf, "take", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        el.Snapshots(store, rule, every=10)
    monkeypatch.undo()

    fast = el.Snapshots(store, rule, every=10)
    assert fast.verify()[["position", "equal"]].to_numpy().tolist() == [[10, True], [20, True]]


def test_upkeep_that_fails_fails_no_append():
    store = el.EventStore()
    fold = el.Fold(lambda state, event: {"seen": {1, 2}}, {"seen": None}, name="sets")
    fast = el.Snapshots(store, fold, every=2)

    with pytest.warns(SnapshotWarning, match="the append is done"):
        loads(store, 2)
    loads(store, 2)  # a second warning would be an error

    assert len(store) == 4
    assert fast(store)["seen"].tolist() == [{1, 2}]


def test_upkeep_that_failed_is_not_tried_at_every_append():
    folded = []

    def evolve(state, event):
        folded.append(event.position)
        return {"seen": {1, 2}}

    store = el.EventStore()
    fast = el.Snapshots(store, el.Fold(evolve, {"seen": None}, name="sets"), every=10)
    with pytest.warns(SnapshotWarning, match="the append is done"):
        loads(store, 10)
    folded.clear()

    for _ in range(30):
        loads(store, 1)

    assert fast.kept().empty
    assert folded == []


@both
def test_snapshots_that_others_drop_or_take_are_seen(rule):
    store = el.EventStore()
    loads(store, 25)
    fast, other = (el.Snapshots(store, rule, every=10) for _ in range(2))
    fast(store)

    other.drop()
    assert_frame_equal(fast(store), rule(store))
    assert fast.replayed == 25

    other.update()
    assert_frame_equal(fast(store), rule(store))
    assert fast.replayed == 5


@both
def test_who_only_reads_asks_once_which_snapshots_there_are(rule, tmp_path, monkeypatch):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        loads(store, 25)
        el.Snapshots(store, rule, every=10)
    with el.EventStore(path, read_only=True) as store:
        fast = el.Snapshots(store, rule, every=10)
        assert_frame_equal(fast(store), rule(store))

        monkeypatch.delattr(SnapshotTable, "kept")

        assert_frame_equal(fast(store.until(position=15)), rule(store.until(position=15)))
        assert fast.replayed == 5


def test_the_rows_of_a_snapshot_lie_in_the_order_of_their_keys():
    store = el.EventStore()
    for number in (3, 1, 2, 1, 3, 2):
        store.append(f"card-{number}", el.Event("CardLoaded", {"amount": 1, "holder": f"{number}"}))
    el.Snapshots(store, CARDS, every=6)
    el.Snapshots(store, CARD, every=6)

    by_number = store.cursor().execute("select stream_no from snapshot_rows_1").fetchall()
    by_name = store.cursor().execute("select key from snapshot_rows_2").fetchall()

    assert by_number == [(1,), (2,), (3,)]
    assert by_name == [('"card-1"',), ('"card-2"',), ('"card-3"',)]


@both
def test_appends_of_several_threads_keep_them_up_to_date(rule):
    store = el.EventStore()
    fast = el.Snapshots(store, rule, every=10)

    def append_ten_times(stream):
        for _ in range(10):
            loads(store, 3, stream)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(append_ten_times, ["card-1", "card-2", "card-3", "card-4"]))

    found = fast.verify()
    assert found["position"].tolist() == list(range(10, 121, 10))
    assert found["equal"].all()


@dataclass(frozen=True)
class Account:
    balance: Decimal = Decimal(0)
    since: datetime | None = None


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("initial", "state"),
    [
        (Account(), Account(Decimal("1.20"), datetime(2026, 1, 1, tzinfo=UTC))),
        (Point(0, 0), Point(1, (2, [3]))),
        (
            {"a": None},
            {"a": {"$": 1, "deep": [date(2026, 1, 1), timedelta(days=-1, microseconds=5)]}},
        ),
        (0, 12),
        ({"a": 0.1}, {"a": 0.1 + 0.2}),
        ({"a": 0.1}, {"a": float("nan")}),
        ({"a": 0}, {"a": 10**40}),
        ({"a": ""}, {"a": "é \U0001f375"}),
        ({"a": None}, {"a": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5)))}),
    ],
    ids=[
        "dataclass",
        "NamedTuple",
        "nested",
        "a bare value",
        "float",
        "no number",
        "large",
        "beyond ASCII",
        "offset",
    ],
)
def test_a_state_comes_back_as_it_was(initial, state):
    store = el.EventStore()
    fold = el.Fold(lambda before, event: state, initial, name="any")
    loads(store, 3)

    assert_frame_equal(el.Snapshots(store, fold, every=1)(store), fold(store))


JSON_STATES = st.dictionaries(
    st.text(max_size=3),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    max_size=3,
)


@given(st.lists(JSON_STATES))
@example([{"a": '}\n{"', "}\n{": "\0"}, {}, {}, {"\n": "},{"}])
@example([{"a": 1}, {"$": "tuple", "v": 1}, {"a": 2}])
def test_states_are_written_as_each_of_them_is_alone(states):
    codec = Codec({})

    texts = codec.written(states)

    assert texts == [as_text(state, "state") for state in states]
    assert repr(codec.read(texts)) == repr(states)


class Shouted(str):
    __slots__ = ()


@pytest.mark.parametrize("state", [{Shouted("a"): 1}, {"a": Shouted("b")}], ids=["name", "value"])
def test_a_state_among_plain_ones_is_refused_like_any(state):
    with pytest.raises(SnapshotRefused, match="Shouted"):
        Codec({}).written([{"a": 1}, state, {"a": 2}])


@dataclass
class Visits:
    last: int = 0
    made: int = field(init=False, default=0)

    def __post_init__(self):
        self.made += 1


def test_a_dataclass_comes_back_without_being_made_anew():
    def evolve(state, event):
        state.last = event.position
        return state

    store = el.EventStore()
    loads(store, 5)
    fold = el.Fold(evolve, Visits(), name="visits")

    assert_frame_equal(el.Snapshots(store, fold, every=1)(store), fold(store))
    assert fold(store)["made"].tolist() == [1]


def test_a_dataclass_that_a_function_makes_is_refused_with_a_word_on_what_initial_is():
    store = el.EventStore()
    loads(store, 1)
    fold = el.Fold(lambda state, event: state, lambda stream: Visits(), name="visits")

    with pytest.raises(SnapshotRefused, match=r"a dataclass .* as the whole state where initial="):
        el.Snapshots(store, fold, every=1)


KEYS = {
    "date": lambda event: date(2026, 1, event.position),
    "time": lambda event: datetime(2026, 1, event.position, tzinfo=UTC),
    "decimal": lambda event: Decimal(event.position) / 10,
    "parts": lambda event: (event.stream, event.position > 2),
    "several": lambda event: [event.position, event.position + 1],
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_come_back_as_they_were(key):
    store = el.EventStore()
    loads(store, 5)
    names = ["stream", "late"] if key is KEYS["parts"] else "key"
    fold = el.Fold(lambda state, event: state + 1, 0, name="n", key=key, key_names=names)

    assert_frame_equal(el.Snapshots(store, fold, every=2)(store), fold(store))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            {"seen": {1, 2}},
            "state['seen'] is {1, 2}, a set, and what is kept beside the log holds JSON, Decimal",
        ),
        (
            {"by": {1: "a"}},
            "state['by'][1] is 1, a int, and what is kept beside the log holds text as the names",
        ),
        (object, "a type"),
        (
            {"at": datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))},
            "what is kept beside the log holds JSON, Decimal, date, datetime (UTC, or at an offset)",
        ),
    ],
    ids=["set", "name", "class", "time at a place"],
)
def test_a_state_that_would_not_come_back_is_refused_by_field(state, words):
    store = el.EventStore()
    loads(store, 1)
    fold = el.Fold(lambda before, event: state, {"seen": None}, name="any")

    with pytest.raises(SnapshotRefused) as refused:
        el.Snapshots(store, fold, every=1)

    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("projection", "every", "words"),
    [
        (len, None, "was given a builtin_function_or_method as its projection"),
        (CARDS, 0, "every=0 is no interval"),
        (CARDS, True, "every=True is no interval"),
        (CARDS, 2.5, "every=2.5 is no interval"),
    ],
)
def test_what_makes_no_sense_is_refused(projection, every, words):
    with pytest.raises(EventLabError) as refused:
        el.Snapshots(el.EventStore(), projection, every=every)

    assert words in str(refused.value)


def test_a_log_of_another_store_is_folded_afresh():
    store, other = el.EventStore(), el.EventStore()
    loads(store, 10)
    loads(other, 3)
    fast = el.Snapshots(store, CARDS, every=2)

    assert_frame_equal(fast(other), CARDS(other))
    assert isinstance(fast(other), pd.DataFrame)


@both
def test_a_branch_has_snapshots_of_its_own(rule):
    store = el.EventStore()
    loads(store, 25)
    el.Snapshots(store, rule, every=10)

    with store.branch(at=20, drop=[3]) as fork:
        fast = el.Snapshots(fork, rule, every=5)

        assert_frame_equal(fast(fork), rule(fork))
        assert fast.verify()[["position", "equal"]].to_numpy().tolist() == [
            [5, True],
            [10, True],
            [15, True],
        ]
