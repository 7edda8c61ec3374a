"""A read model is its projection at the checkpoint, whatever way it got there."""

from decimal import Decimal
from threading import Thread

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import eventlab as el
from eventlab.errors import (
    CheckpointBeyondLog,
    CheckpointMoved,
    ReadModelBehind,
    ReadModelFailed,
    ReadModelRefused,
    ReadOnly,
    RowsMissing,
    RuleChanged,
    SQLError,
    UntypedField,
)
from tests.examples import examples
from tests.projections.test_laws import BOTH, logs, store_of
from tests.snapshots.test_snapshots import HOLDER, every_rule

both = pytest.mark.parametrize("rule", BOTH, ids=["fold", "projection"])


def load(*amounts):
    return [el.Event("CardLoaded", {"amount": amount}) for amount in amounts]


def add(card, event):
    return {"balance": card["balance"] + event.data["amount"]}


BALANCE = el.Projection("cards", balance=el.total("amount"))
ADDED = el.Fold(add, {"balance": 0}, name="cards")
EXACT = el.Projection("cards", balance=el.total("amount::DECIMAL(9, 2)"))
lanes = pytest.mark.parametrize("rule", [BALANCE, ADDED], ids=["projection", "fold"])


@pytest.fixture(scope="module")
def parent():
    with el.EventStore() as parent:
        yield parent


@pytest.fixture(params=["store", "branch"])
def store(request, parent):
    with el.EventStore() if request.param == "store" else parent.branch() as store:
        yield store


# -- the law ---------------------------------------------------------------------------------------


@every_rule
@examples(3)
@given(rows=logs, batches=st.lists(st.integers(1, 6), max_size=4))
def test_any_batching_of_catch_up_gives_what_one_rebuild_gives(rule, rows, batches):
    with store_of([HOLDER, *rows]) as store:
        view = el.ReadModel(store, rule)
        for limit in batches:
            view.catch_up(limit)
            assert_frame_equal(view.frame(), rule(store.until(position=view.checkpoint)))
        view.catch_up()
        caught_up = view.frame()

        view.rebuild()

        assert_frame_equal(caught_up, rule(store))
        assert_frame_equal(view.frame(), rule(store))


@every_rule
@examples(3)
@given(rows=logs)
def test_inline_gives_what_the_projection_gives_after_every_append(rule, rows):
    with el.EventStore() as store:
        view = el.ReadModel(store, rule, inline=True)
        for stream, kind, data, _ in [HOLDER, *rows]:
            store.append(stream, el.Event(kind, data))
            assert view.lag == 0
        assert_frame_equal(view.frame(), rule(store))


# -- checkpoint and lag ----------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 2])
@examples(8)
@given(st.lists(st.sampled_from([1, 1.0, True, 0, 0.0, -0.0, False, 2.5, "1", "a"]), max_size=12))
def test_keys_that_are_equal_are_one_key_however_they_are_written(parts, ids):
    def key(event):
        return event.data["id"] if parts == 1 else (event.data["id"], "a")

    names = ["id", "part"][:parts]
    seen = el.Fold(lambda n, event: n + 1, 0, key=key, key_names=names, ends_with="Ended")
    store = el.EventStore()
    view = el.ReadModel(store, seen)
    for number, one in enumerate(ids, start=1):
        store.append("ids", el.Event("Ended" if number % 5 == 0 else "Seen", {"id": one}))
        view.catch_up()

    assert_frame_equal(view.frame(), seen(store))


@lanes
def test_a_read_model_is_behind_until_it_catches_up(store, rule):
    view = el.ReadModel(store, rule)
    store.append("card-7", load(20, 5))
    assert (view.lag, view.checkpoint, len(view)) == (2, 0, 0)

    assert view.catch_up() == 2
    store.append("card-7", load(10))

    assert view.frame().to_dict("index") == {"card-7": {"balance": 25, "position": 2}}
    assert (view.lag, view.checkpoint, len(view)) == (1, 2, 1)
    assert view.catch_up() == 1
    assert view.frame().to_dict("index") == {"card-7": {"balance": 35, "position": 3}}
    assert view.catch_up() == 0


@lanes
def test_a_limit_or_a_position_stops_on_the_way(store, rule):
    store.append("card-7", load(1, 2, 3, 4, 5))
    view = el.ReadModel(store, rule)

    assert (view.catch_up(2), view.frame().loc["card-7", "balance"]) == (2, 3)
    assert (view.catch_up(until=4), view.frame().loc["card-7", "balance"]) == (2, 10)
    assert view.catch_up(0) == 0
    with pytest.raises(ReadModelRefused, match="position 3, and stands at 4 already"):
        view.catch_up(until=3)
    assert view.rebuild(until=3) == 3
    assert view.frame().loc["card-7", "balance"] == 6


@lanes
def test_only_the_rows_that_events_touch_are_written(rule):
    with el.EventStore() as store:
        for number in range(10):
            store.append(f"card-{number}", load(number))
        view = el.ReadModel(store, rule)
        view.catch_up()
        before = row_ids(store)

        store.append("card-3", load(100))
        view.catch_up()

        assert len(row_ids(store) ^ before) <= 2


def row_ids(store):
    """Return which rows lie where: a row that is written again has another row id or another position."""
    return set(store.cursor().execute("select rowid, position from read_rows_1").fetchall())


def test_a_key_that_ended_leaves_the_table_and_starts_afresh():
    cards = el.Projection("cards", loads=el.count("CardLoaded"), ends_with="CardClosed")
    with el.EventStore() as store:
        view = el.ReadModel(store, cards)
        store.append("card-7", load(1, 2))
        view.catch_up()

        store.append("card-7", el.Event("CardClosed"))
        view.catch_up()
        assert len(view) == 0

        store.append("card-7", [*load(5), el.Event("CardClosed"), *load(6)])
        view.catch_up()
        assert view.frame().to_dict("index") == {"card-7": {"loads": 1, "position": 6}}


def test_several_read_models_go_their_own_ways(store):
    store.append("card-7", load(20, 5))
    balances, first = el.ReadModel(store, BALANCE), el.ReadModel(store, ADDED, name="first")

    balances.catch_up()
    first.catch_up(1)

    assert store.read_models().values.tolist() == [["cards", 1, 2, 0, 1], ["first", 1, 1, 1, 1]]
    first.drop()
    assert store.read_models()["name"].tolist() == ["cards"]
    assert (first.checkpoint, first.lag) == (0, 2)


def test_one_whose_rows_another_program_deleted_is_listed_with_the_others():
    with el.EventStore() as store:
        store.append("card-7", load(20, 5))
        for rule, name in ((BALANCE, "a"), (ADDED, "b"), (BALANCE, "c")):
            el.ReadModel(store, rule, name=name).catch_up()
        store.cursor().execute("drop table read_rows_2")

        listed = store.read_models()

        assert listed["name"].tolist() == ["a", "b", "c"]
        assert listed["checkpoint"].tolist() == [2, 2, 2]
        assert listed["rows"].isna().tolist() == [False, True, False]
        assert listed["rows"].dtype == "Int64"


def test_a_store_without_read_models_lists_none(store):
    listed = store.read_models()

    assert listed["rows"].dtype == "Int64"
    assert list(listed.columns) == ["name", "version", "checkpoint", "lag", "rows"]
    assert listed.empty


def test_two_objects_of_one_name_share_rows_and_checkpoint(store):
    store.append("card-7", load(20, 5))

    el.ReadModel(store, BALANCE).catch_up()

    assert el.ReadModel(store, BALANCE).checkpoint == 2
    assert el.ReadModel(store, BALANCE).catch_up() == 0


@lanes
def test_two_objects_of_one_name_take_turns_and_find_what_the_other_did(store, rule):
    one, other = el.ReadModel(store, rule), el.ReadModel(store, rule)
    for amount, view in zip((1, 2, 3, 4), (one, other, one, other), strict=True):
        store.append("card-7", load(amount, amount))
        assert view.catch_up() == 2
        assert_frame_equal(view.frame(), rule(store))

    one.rebuild(until=3)
    assert (other.lag, other.catch_up(until=5), other.catch_up()) == (5, 2, 3)
    other.drop()
    store.append("card-8", load(5))
    assert one.catch_up() == 9
    assert_frame_equal(one.frame(), rule(store))


def test_a_rule_that_took_its_place_meanwhile_is_named_and_its_rows_stay(store):
    store.append("card-7", load(20))
    old, new = el.ReadModel(store, BALANCE), el.ReadModel(store, changed(BALANCE))
    old.catch_up()
    new.rebuild()
    store.append("card-7", load(5))

    with pytest.raises(RuleChanged):
        old.catch_up()
    assert new.catch_up() == 1
    assert new.frame()["loads"].tolist() == [2]


def test_a_checkpoint_that_another_program_moved_back_counts_nothing_twice():
    with el.EventStore() as store:
        store.append("card-7", load(20, 5))
        view = el.ReadModel(store, BALANCE)
        view.catch_up()
        store.append("card-7", load(3))
        store.cursor().execute("update read_models set checkpoint = 1")

        for moved in (view, el.ReadModel(store, BALANCE)):
            with pytest.raises(
                CheckpointMoved, match=r"at position 1, and its rows .* position 2.*rebuild"
            ):
                moved.catch_up()
        view.rebuild()
        assert view.frame().to_dict("index") == {"card-7": {"balance": 28, "position": 3}}


@lanes
def test_rows_that_another_program_deleted_are_said_to_be_missing_and_made_afresh(rule):
    with el.EventStore() as store:
        store.append("card-7", load(20, 5, 3))
        view = el.ReadModel(store, rule)
        view.catch_up(2)
        store.cursor().execute("drop table read_rows_1")

        for asked in (view.frame, view.catch_up, view.__len__):
            with pytest.raises(RowsMissing, match=r"'cards'.*no table read_rows_1.*rebuild\(\)"):
                asked()
        assert "rows are missing" in repr(view)
        view.rebuild()
        assert view.frame().to_dict("index") == {"card-7": {"balance": 28, "position": 3}}


def test_a_read_model_without_its_rows_can_be_dropped():
    with el.EventStore() as store:
        store.append("card-7", load(20))
        view = el.ReadModel(store, BALANCE)
        view.catch_up()
        store.cursor().execute("drop table read_rows_1")

        view.drop()

        assert store.read_models().empty


@lanes
def test_threads_that_catch_up_at_once_count_nothing_twice(rule):
    with el.EventStore() as store:
        store.append("card-7", load(*range(200)))
        views = [el.ReadModel(store, rule) for _ in range(4)]
        taken = []

        def work(view):
            while found := view.catch_up(7):
                taken.append(found)

        threads = [Thread(target=work, args=(view,)) for view in views]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(taken) == 200
        assert views[0].frame().loc["card-7", "balance"] == sum(range(200))


# -- files and branches ----------------------------------------------------------------------------


@lanes
def test_rows_outlive_the_store_and_are_read_without_writing(tmp_path, rule):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", load(20, 5))
        el.ReadModel(store, rule).catch_up(1)

    with el.EventStore(path, read_only=True) as store:
        view = el.ReadModel(store, rule)
        assert (view.checkpoint, view.lag) == (1, 1)
        assert view.frame().loc["card-7", "balance"] == 20
        assert view.sql("select balance from read_model").values.tolist() == [[20]]
        for refused in (view.catch_up, view.rebuild, view.run, view.drop):
            with pytest.raises(ReadOnly):
                refused()

    with el.EventStore(path) as store:
        assert store.verify().empty
        assert el.ReadModel(store, rule).catch_up() == 1


def test_a_store_that_never_had_one_shows_the_empty_state_without_writing(tmp_path):
    with el.EventStore(tmp_path / "cards.duckdb") as store:
        store.append("card-7", load(20))
    with el.EventStore(tmp_path / "cards.duckdb", read_only=True) as store:
        view = el.ReadModel(store, BALANCE)
        assert_frame_equal(view.frame(), BALANCE(store.until(position=0)))
        assert view.lag == 1


def test_a_branch_has_read_models_of_its_own():
    with el.EventStore() as store:
        store.append("card-7", load(20, 5))
        view = el.ReadModel(store, BALANCE)
        view.catch_up()
        fork = store.branch(edit={2: {"amount": 7}})
        theirs = el.ReadModel(fork, BALANCE)

        assert theirs.lag == 2
        theirs.catch_up()

        assert theirs.frame().loc["card-7", "balance"] == 27
        assert view.frame().loc["card-7", "balance"] == 25


def test_a_checkpoint_that_the_log_does_not_reach_is_named_with_a_way_out():
    with el.EventStore() as store:
        store.append("card-7", load(20, 5))
        view = el.ReadModel(store, BALANCE)
        view.catch_up()
        store.cursor().execute("update read_models set checkpoint = 9")

        for asked in (view.catch_up, lambda: view.lag, lambda: view.wait(2), view.frame):
            with pytest.raises(
                CheckpointBeyondLog, match=r"at position 9, and the log ends at 2.*rebuild"
            ):
                asked()
        assert "beyond the log" in repr(view)
        assert view.rebuild() == 2
        assert view.lag == 0


# -- rules that change -----------------------------------------------------------------------------


def changed(rule):
    if isinstance(rule, el.Fold):
        return el.Fold(lambda card, event: {"loads": 1}, {"loads": 0}, name="cards")
    return el.Projection("cards", loads=el.count())


@lanes
def test_another_definition_is_refused_until_the_rows_are_rebuilt(store, rule):
    store.append("card-7", load(20))
    old, new = el.ReadModel(store, rule), el.ReadModel(store, changed(rule))
    old.catch_up()

    for asked in (new.catch_up, new.frame):
        with pytest.raises(
            RuleChanged, match=r"'cards' .* another definition of version 1.*rebuild\(\)"
        ):
            asked()
    assert old.frame().loc["card-7", "balance"] == 20

    new.rebuild()
    assert new.frame().to_dict("index") == {"card-7": {"loads": 1, "position": 1}}
    with pytest.raises(RuleChanged):
        old.frame()


def test_another_version_is_named(store):
    store.append("card-7", load(20))
    el.ReadModel(store, BALANCE).catch_up()
    second = el.Projection("cards", version=2, balance=el.total("amount"))

    with pytest.raises(RuleChanged, match="version 1 of it, and this is version 2"):
        el.ReadModel(store, second).catch_up()


def test_fields_that_hold_wider_values_widen_the_rows(store):
    store.append("card-7", load(20))
    view = el.ReadModel(store, BALANCE)
    view.catch_up()

    store.append("card-7", load(2.5))
    view.catch_up()

    assert view.frame()["balance"].tolist() == [22.5]
    assert_frame_equal(view.frame(), BALANCE(store))


# -- events that fail ------------------------------------------------------------------------------


def test_a_fold_that_fails_stops_before_the_event_and_goes_on_after_the_fix(store):
    store.append("card-7", [*load(20, 5), el.Event("CardLost"), *load(1)])
    view = el.ReadModel(store, el.Fold({"CardLoaded": add}, {"balance": 0}, name="cards"))
    other = el.ReadModel(store, BALANCE, name="other")

    with pytest.raises(ReadModelFailed, match=r"'cards' cannot take in event 3 \('CardLost'\)"):
        view.catch_up()

    assert (view.checkpoint, view.frame().loc["card-7", "balance"]) == (2, 25)
    assert (view.error.position, view.error.type) == (3, "CardLost")
    assert "CardLost" in repr(view)
    assert other.catch_up() == 4
    with pytest.raises(ReadModelFailed):
        view.catch_up()

    mended = el.Fold({"CardLoaded": add}, {"balance": 0}, name="cards", on_unknown="skip")
    view = el.ReadModel(store, mended)
    view.rebuild()
    assert (view.error, view.frame().loc["card-7", "balance"]) == (None, 26)


def test_an_error_that_passes_needs_no_rebuild(store):
    prices = {"tea": 3}
    rule = el.Fold(lambda cost, event: cost + price_of(event), 0, name="cost")

    def price_of(event):
        return prices[event.data["item"]]

    store.append("cart-1", [el.Event("Added", {"item": item}) for item in ("tea", "cake", "tea")])
    view = el.ReadModel(store, rule)
    with pytest.raises(ReadModelFailed, match="KeyError: 'cake'"):
        view.catch_up()

    prices["cake"] = 5

    view = el.ReadModel(store, rule, name="again")
    assert view.catch_up() == 3
    assert view.frame()["state"].tolist() == [11]


def test_a_value_that_duckdb_cannot_read_stops_a_projection_right_before_its_event(store):
    store.append("card-7", [*load(*["1.10"] * 9, "a lot"), *load("2.20")])
    view = el.ReadModel(store, EXACT)

    with pytest.raises(ReadModelFailed, match=r"event 10 .*column 'balance'"):
        view.catch_up()

    assert view.checkpoint == 9
    assert view.frame()["balance"].tolist() == [Decimal("9.90")]


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_value_of_another_kind_stops_a_projection_right_before_its_event(store, before):
    view = el.ReadModel(store, BALANCE)
    store.append("card-7", load(1, 2, 3))
    view.catch_up(before)
    store.append("card-7", [el.Event("CardSeen", {"place": "Bern"}), *load(4, "five", 6)])

    with pytest.raises(ReadModelFailed, match=r"event 6 .*amount") as failed:
        view.catch_up()

    assert isinstance(failed.value.__cause__, UntypedField)
    assert view.checkpoint == 5
    assert view.frame()["balance"].tolist() == [10]


def test_a_state_that_cannot_be_kept_stops_before_its_event(store):
    seen = el.Fold(lambda state, event: {"seen": {event.type}}, {"seen": None}, name="seen")
    store.append("card-7", load(1))
    view = el.ReadModel(store, seen)

    with pytest.raises(ReadModelFailed, match="a set, and what is kept beside the log holds"):
        view.catch_up()

    assert view.checkpoint == 0


# -- asking ----------------------------------------------------------------------------------------


@lanes
def test_rows_are_a_table_to_ask_in_sql(store, rule):
    store.append("card-7", load(20))
    store.append("card-8", load(5))
    view = el.ReadModel(store, rule)
    view.catch_up()

    found = view.sql("select stream, balance from read_model where balance > ?", [10])

    assert found.values.tolist() == [["card-7", 20]]
    with pytest.raises(SQLError):
        view.sql("delete from read_model")
    with pytest.raises(SQLError):
        view.sql("select nothing from read_model")
    assert view.sql("select count(*) n from read_model")["n"].tolist() == [2]


@lanes
def test_numbers_out_of_a_frame_may_be_asked_with_and_a_failure_names_the_columns(store, rule):
    store.append("card-7", load(20))
    view = el.ReadModel(store, rule, inline=True)
    least = view.frame()["balance"].min()  # NumPy's

    assert len(view.sql("select * from read_model where balance >= ?", [least])) == len(view)
    with pytest.raises(SQLError, match="called read_model; its columns are stream, balance"):
        view.sql("select nothing from read_model")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda store: el.ReadModel(store, len), "an el.Fold or an el.Projection"),
        (lambda store: el.ReadModel(store, BALANCE, name=""), "name='' names no read model"),
        (lambda store: el.ReadModel(store, BALANCE).catch_up(-1), "limit=-1 makes no sense"),
        (
            lambda store: el.ReadModel(store, BALANCE).catch_up(until=1.5),
            "until=1.5 makes no sense",
        ),
        (lambda store: el.ReadModel(store, BALANCE, inline=True).run(), "nothing to run"),
    ],
)
def test_what_makes_no_sense_is_refused(store, wrong, said):
    with pytest.raises(ReadModelRefused, match=said):
        wrong(store)


def test_its_name_rows_place_and_way_are_shown_and_escaped(store):
    view = el.ReadModel(store, BALANCE, name="<b>cards</b>")
    store.append("card-7", load(20, 5))
    view.catch_up(1)

    assert repr(view) == "<ReadModel '<b>cards</b>': 1 rows, at position 1, 1 behind, by hand>"
    assert "<b>" not in view._repr_html_()
    store.close()
    assert "closed" in repr(view)


def test_all_kinds_of_values_come_back_with_the_types_of_the_projection(store):
    kinds = el.Projection(
        "kinds",
        key='data."item"',
        price=el.total("price::DECIMAL(9, 2)"),
        at=el.last("occurred_at"),
        sorts=el.distinct("sort"),
    )
    view = el.ReadModel(store, kinds)
    for item, sort in [("tea", "green"), ("tea", "black"), ("cake", None)]:
        store.append("till-1", el.Event("Sold", {"item": item, "price": "1.10", "sort": sort}))
        view.catch_up()
        assert_frame_equal(view.frame(), kinds(store))
    assert view.frame().loc["tea", "price"] == Decimal("2.20")
    assert pd.api.types.is_datetime64_any_dtype(view.frame()["at"])


# -- waiting and running -----------------------------------------------------------------------------


def test_waiting_for_what_nobody_takes_in_ends_with_advice(store):
    view = el.ReadModel(store, BALANCE)
    done = store.append("card-7", load(20))

    with pytest.raises(
        ReadModelBehind, match=r"at position 0 after 0\.01 s .* at 1; nothing brings it"
    ):
        view.wait(done.position, timeout=0.01)
    with pytest.raises(TimeoutError, match="the log itself ends at 1"):
        view.wait(5, timeout=0)
    view.catch_up()
    assert view.wait(done.position, timeout=0) == 1


@lanes
def test_in_the_background_every_append_is_taken_in(store, rule):
    view = el.ReadModel(store, rule)
    store.append("card-7", load(20))

    view.run(poll=60)
    view.wait(1)
    for amount in (1, 2, 3):
        done = store.append("card-7", load(amount))
        view.wait(done.position)

    assert view.running
    assert view.frame().loc["card-7", "balance"] == 26
    view.stop()
    assert not view.running
    store.append("card-7", load(4))
    assert view.lag == 1


def test_an_error_in_the_background_stops_it_and_is_kept(store):
    view = el.ReadModel(store, el.Fold({"CardLoaded": add}, {"balance": 0}, name="cards"))
    view.run()
    done = store.append("card-7", [*load(20), el.Event("CardLost")])

    with pytest.raises(ReadModelFailed, match="event 2"):
        view.wait(done.position)

    assert view.error.position == 2
    assert view.checkpoint == 1
    assert not view.running


def test_closing_the_store_stops_what_runs_and_frees_the_file(tmp_path):
    path = tmp_path / "cards.duckdb"
    for amount in (1, 2):
        with el.EventStore(path) as store:
            view = el.ReadModel(store, BALANCE)
            view.run()
            store.append("card-7", load(amount))
        assert not view.running
    with el.EventStore(path, read_only=True) as store:
        assert len(store) == 2


def test_a_read_model_that_failed_does_not_keep_the_file_open(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", load("many"))
        views = [
            el.ReadModel(store, rule, name=str(at))
            for at, rule in enumerate([BALANCE, ADDED, EXACT])
        ]
        for view in views:
            view.run()
            with pytest.raises(ReadModelFailed):
                view.wait(1)
    with el.EventStore(path, read_only=True) as store:
        assert len(store) == 1
    assert all(view.error for view in views)


@pytest.mark.parametrize(
    "projection",
    [
        el.Projection("cards", loads=el.count("CardLoaded")),
        el.Fold({"CardLoaded": lambda n, event: n + 1}, initial=0, name="cards"),
    ],
    ids=["Projection", "Fold"],
)
def test_it_gets_past_a_last_event_that_an_upcaster_drops(projection):
    with el.EventStore(upcasters=[el.upcasting.drop("CardTouched", 1)]) as store:
        store.append("card-7", [el.Event("CardLoaded"), el.Event("CardTouched", schema=1)])
        view = el.ReadModel(store, projection)

        assert (view.lag, view.catch_up(), view.checkpoint, view.lag) == (2, 2, 2, 0)
        assert view.wait(2, timeout=0) == 2
        assert view.frame().iloc[0].to_list() == [1, 1]
