"""A projection gives one row per key, and what it cannot compute it refuses with a sentence."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal, assert_series_equal

import eventlab as el


def store_of(*events, clock="2026-01-31"):
    """Give a store of (stream, type, data, further envelope) rows, in that order."""
    store = el.EventStore(clock=lambda: clock)
    for stream, kind, data, *envelope in events:
        store.append(stream, el.Event(kind, data, **(envelope[0] if envelope else {})))
    return store


@pytest.fixture(scope="module")
def cafe():
    with store_of(
        ("card-1", "CardLoaded", {"amount": 20, "holder": "Mara"}, {"actor": "ana"}),
        ("card-2", "CardLoaded", {"amount": 50}, {"actor": "ben"}),
        ("card-1", "CardRedeemed", {"amount": 5}, {"actor": "ana"}),
        ("card-1", "CardLoaded", {"amount": 10, "holder": None}, {"actor": "cleo"}),
        ("card-2", "CardClosed", {}),
    ) as store:
        yield store


@pytest.fixture(scope="module")
def ledger():
    with store_of(
        ("book", "Opened", {"account": "ana"}),
        ("book", "Transferred", {"giver": "ana", "taker": "ben", "amount": 7}),
        ("book", "Transferred", {"giver": "ben", "taker": "ben", "amount": 2}),
        ("book", "Transferred", {"giver": "ben", "amount": 1}),
    ) as store:
        yield store


def test_the_contract_of_the_design_holds(cafe):
    cards = el.Projection(
        "cards",
        key="stream",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        holder=el.last("holder"),
        loads=el.count("CardLoaded"),
        ends_with="CardClosed",
    )

    state = cards(cafe)

    expected = pd.DataFrame(
        {"balance": [25], "holder": ["Mara"], "loads": [2], "position": [4]},
        index=pd.Index(["card-1"], name="stream"),
    )
    assert_frame_equal(state, expected)


@pytest.mark.parametrize(
    ("column", "card_1", "card_2"),
    [
        (el.total("amount"), 35, 50),
        (el.total("amount", on="CardLoaded"), 30, 50),
        (el.total("amount", minus="CardRedeemed"), -5, 0),
        (el.total("amount", plus=["CardLoaded", "CardRedeemed"]), 35, 50),
        (el.total("no_such_field"), 0, 0),
        (el.total("data.amount * 2", plus="CardLoaded"), 60, 100),
        (el.count(), 3, 2),
        (el.count("CardClosed", "CardRedeemed"), 1, 1),
        (el.first("amount"), 20, 50),
        (el.last("amount"), 10, 50),
        (el.last("type"), "CardLoaded", "CardClosed"),
        (el.last("actor", on=["CardRedeemed", "CardClosed"]), "ana", None),
        (el.least("amount"), 5, 50),
        (el.greatest("amount", on="CardLoaded"), 20, 50),
        (el.greatest("version"), 3, 2),
        (el.distinct("actor"), 2, 1),
        (el.last("upper(data.holder)"), "MARA", None),
        (el.last("key"), "card-1", "card-2"),
        (el.last("category"), "card", "card"),
    ],
    ids=repr,
)
def test_every_column_means_what_it_says(cafe, column, card_1, card_2):
    state = el.Projection("cards", it=column)(cafe)

    it = state["it"].astype(object)
    assert list(it.where(it.notna(), None)) == [card_1, card_2]


def test_missing_is_what_is_absent_and_what_is_null():
    store = store_of(
        ("a", "Named", {"name": "x"}), ("a", "Named", {"name": None}), ("a", "Named", {})
    )

    assert el.Projection("names", name=el.last("name"))(store)["name"].tolist() == ["x"]


def test_decimals_stay_exact_where_asked_for():
    store = store_of(("a", "Paid", {"amount": "0.10"}), ("a", "Paid", {"amount": "0.20"}))
    paid = el.Projection("paid", amount=el.total("amount::DECIMAL(18, 2)"))

    assert paid(store)["amount"].tolist() == [Decimal("0.30")]
    assert paid.history(store, "a")["amount"].tolist() == [Decimal("0.10"), Decimal("0.30")]


def test_halves_are_not_rounded():
    store = store_of(("a", "Paid", {"amount": 2.5}), ("a", "Paid", {"amount": 2}))

    state = el.Projection("paid", amount=el.total("amount"), last=el.last("data.amount * 3"))(store)

    assert state["amount"].tolist() == [4.5]
    assert state["last"].tolist() == [6.0]


def test_totals_keep_every_digit():
    store = store_of(*[("a", "Paid", {"amount": 2**62})] * 4)

    assert el.Projection("paid", amount=el.total("amount"))(store)["amount"].tolist() == [2**64]


def test_each_log_is_answered_in_its_own_types_whatever_was_asked_before():
    values = [20, 2.5, "twenty", {"euros": 20}, True, [20], 21]
    kept = el.Projection("cards", amount=el.last("amount"))

    found = []
    for value in values:
        with store_of(("card-1", "CardLoaded", {"amount": value})) as store:
            found.append(kept(store)["amount"])
            store.append("card-2", el.Event("CardLoaded", {"amount": "another kind"}))
            assert kept(store)["amount"].tolist() == [value, "another kind"]

    assert [column.tolist() for column in found] == [[value] for value in values]
    dtypes = ["int64", "float64", "str", "object", "bool", "object", "int64"]
    assert [str(column.dtype) for column in found] == dtypes


def test_nested_values_come_back_whole():
    store = store_of(("a", "Packed", {"items": ["tea", 2, {"of": None}], "box": {"cm": 2.5}}))

    state = el.Projection(
        "boxes", items=el.last("items"), cm=el.last("data.box.cm"), all=el.last("data")
    )(store)

    assert state["items"].tolist() == [["tea", 2, {"of": None}]]
    assert state["cm"].tolist() == [2.5]
    assert state["all"].tolist() == [{"items": ["tea", 2, {"of": None}], "box": {"cm": 2.5}}]


def test_odd_field_names_are_quoted():
    store = store_of(("a", "Noted", {"odd name": 1, "größe": 2, "order": 3, "type": "own"}))

    state = el.Projection(
        "notes",
        odd=el.last('data."odd name"'),
        size=el.last("größe"),
        order=el.last("order"),
        own=el.last("data.type"),
        **{"a 'column'": el.last("type")},
    )(store)

    assert state.iloc[0].tolist() == [1, 2, 3, "own", "Noted", 1]
    assert list(state.columns) == ["odd", "size", "order", "own", "a 'column'", "position"]


WORDS = (
    "name names self state touched endings lives life data actor category tags schema events streams "
    "count select order at end p_1 columns"
)


@pytest.mark.parametrize("key", ["stream", "category", ["stream", "category"]], ids=repr)
def test_fields_can_have_the_names_of_anything_else(cafe, key):
    words = [word for word in WORDS.split() if word not in key]
    cards = el.Projection("cards", key=key, **dict.fromkeys(words, el.count()), ends_with="Ended")

    state, changes = cards(cafe), cards.changes(cafe)

    assert {tuple(state[word]) for word in words} == {tuple(state[words[0]])}
    assert state[words[0]].sum() == 5
    assert list(changes.columns[-len(words) - 1 : -1]) == words


def test_an_empty_log_gives_the_same_columns(cafe):
    cards = el.Projection("cards", n=el.count(), sum=el.total("amount"), holder=el.last("holder"))

    state = cards(cafe.until(position=0))

    expected = pd.DataFrame(
        {
            "n": pd.Series(dtype="int64"),
            "sum": pd.Series(dtype="int64"),
            "holder": pd.Series(dtype="object"),
            "position": pd.Series(dtype="int64"),
        }
    ).set_index(pd.Index([], dtype="str", name="stream"))
    assert_frame_equal(state, expected)
    assert_frame_equal(cards(el.EventStore()), expected)


def test_the_same_log_always_gives_the_same_frame_and_is_left_alone(cafe):
    cards = el.Projection("cards", n=el.count())
    before = cafe.events()

    first, second = cards(cafe), cards(cafe)

    assert_frame_equal(first, second)
    assert_frame_equal(cafe.events(), before)


# -- keys ------------------------------------------------------------------------------------------


def test_a_key_can_be_a_payload_field_and_names_the_index(ledger):
    state = el.Projection("givers", key="giver", n=el.count())(ledger)

    assert_frame_equal(
        state,
        pd.DataFrame(
            {"n": [1, 2], "position": [2, 4]}, index=pd.Index(["ana", "ben"], name="giver")
        ),
    )


def test_an_event_touches_every_key_of_each_once_and_no_missing_one(ledger):
    balances = el.Projection(
        "balances",
        key=el.each("giver", "taker"),
        balance=el.total("case when key = data.taker then data.amount else -data.amount end"),
        n=el.count(),
    )

    state = balances(ledger)

    expected = pd.DataFrame(
        {"balance": [-7, 8], "n": [1, 3], "position": [2, 4]},
        index=pd.Index(["ana", "ben"], name="key"),
    )
    assert_frame_equal(state, expected)


def test_each_event_type_can_have_its_own_key_and_others_touch_nothing(ledger):
    key = {"Opened": "account", "Transferred": el.each("giver", "taker")}

    state = el.Projection("accounts", key=key, key_names="account", n=el.count())(ledger)
    only = el.Projection("opened", key={"Opened": "account"}, n=el.count())(ledger)

    assert_series_equal(
        state["n"], pd.Series([2, 3], index=pd.Index(["ana", "ben"], name="account"), name="n")
    )
    assert only.index.tolist() == ["ana"]
    assert only.index.name == "account"


def test_a_list_of_expressions_makes_a_key_of_several_parts(ledger):
    state = el.Projection(
        "pairs", key=["giver", "data.amount > 1"], key_names=["who", "much"], n=el.count()
    )(ledger)

    index = pd.MultiIndex.from_tuples(
        [("ana", True), ("ben", False), ("ben", True)], names=["who", "much"]
    )
    assert_index_equal(state.index, index)
    assert state["n"].tolist() == [1, 1, 1]


def test_each_may_stand_in_a_key_of_several_parts(ledger):
    pairs = el.Projection("pairs", key=["type", el.each("giver", "taker")], n=el.count())

    assert pairs(ledger).index.tolist() == [("Transferred", "ana"), ("Transferred", "ben")]
    assert pairs(ledger).index.names == ["key_1", "key_2"]
    assert pairs.history(ledger, ("Transferred", "ben"))["position"].tolist() == [2, 3, 4]


def test_numbers_are_keys_too():
    store = store_of(("a", "Seated", {"row": 10}), ("b", "Seated", {"row": 9}))

    state = el.Projection("rows", key="row", n=el.count())(store)

    assert_index_equal(state.index, pd.Index([9, 10], name="row"), exact="equiv")


def test_a_key_named_like_a_column_of_every_frame_is_called_key(cafe):
    by_type = el.Projection("types", key="type", n=el.count())

    assert by_type(cafe)["n"].to_dict() == {"CardClosed": 1, "CardLoaded": 3, "CardRedeemed": 1}
    assert by_type(cafe).index.name == "key"
    assert by_type.changes(cafe)["key"].tolist() == by_type.changes(cafe)["type"].tolist()


# -- order and life --------------------------------------------------------------------------------


def test_a_log_by_occurrence_is_folded_in_that_order():
    store = store_of(
        ("a", "Named", {"name": "new"}, {"occurred_at": "2026-03-02"}),
        ("a", "Named", {"name": "late"}, {"occurred_at": "2026-03-01"}),
        ("a", "Named", {"name": "tie"}, {"occurred_at": "2026-03-02"}),
    )
    names = el.Projection("names", first=el.first("name"), last=el.last("name"))

    known = names(store)
    happened = names(store.until(occurred="2026-03-02"))
    early = names(store.until(occurred="2026-03-01"))

    assert known.iloc[0].tolist() == ["new", "tie", 3]
    assert happened.iloc[0].tolist() == ["late", "tie", 3]
    assert early.iloc[0].tolist() == ["late", "late", 2]


def test_position_is_that_of_the_last_event_folded_in_not_the_highest():
    store = store_of(
        ("a", "Named", {}, {"occurred_at": "2026-03-02"}),
        ("a", "Named", {}, {"occurred_at": "2026-03-01"}),
    )

    state = el.Projection("names", n=el.count())(store.until(occurred="2026-03-02"))

    assert state["position"].tolist() == [1]


def test_a_key_that_ended_is_gone_and_starts_afresh():
    store = store_of(
        ("f", "Added", {"size": 3}),
        ("f", "Deleted", {}),
        ("f", "Added", {"size": 5}),
        ("g", "Deleted", {}),
    )
    files = el.Projection("files", size=el.total("size"), n=el.count(), ends_with=["Deleted"])

    assert files(store.until(position=2)).empty
    assert_frame_equal(
        files(store),
        pd.DataFrame(
            {"size": [5], "n": [1], "position": [3]}, index=pd.Index(["f"], name="stream")
        ),
    )


def test_an_ending_event_ends_every_key_it_touches():
    store = store_of(
        ("s", "Met", {"a": "ana", "b": "ben"}),
        ("s", "Met", {"a": "cleo", "b": None}),
        ("s", "Left", {"a": "ben", "b": "cleo"}),
    )

    state = el.Projection("guests", key=el.each("a", "b"), n=el.count(), ends_with="Left")(store)

    assert state.index.tolist() == ["ana"]


# -- the projection as a value ---------------------------------------------------------------------


def test_the_sql_can_be_read_and_run(cafe):
    cards = el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        ends_with="CardClosed",
    )

    assert "case when type = 'CardLoaded' then data.amount" in cards.sql
    assert_frame_equal(cafe.sql(cards.sql).set_index("key"), cards(cafe), check_names=False)


def test_event_types_are_never_formatted_into_the_query():
    hostile = "it's'); drop table events; --"
    store = store_of(("it's", hostile, {"n": 1}))
    odd = el.Projection("odd", n=el.count(hostile), ends_with="o'clock")

    assert odd(store)["n"].to_dict() == {"it's": 1}
    assert odd.history(store, "it's")["n"].tolist() == [1]
    assert "'it''s''); drop table events; --'" in odd.sql
    assert store.sql(odd.sql)["n"].tolist() == [1]


def test_equal_projections_are_equal_and_hashable():
    def cards(**more):
        return el.Projection("cards", n=el.count("CardLoaded"), **more)

    assert cards() == cards()
    assert len({cards(), cards(), cards(version=2), cards(key="actor")}) == 3
    assert cards().definition != cards(version=2).definition


def test_a_projection_cannot_be_changed():
    with pytest.raises(AttributeError):
        el.Projection("cards", n=el.count()).name = "other"


def test_it_shows_itself_as_it_was_written():
    cards = el.Projection(
        "cards",
        key={"A": "stream", "B": el.each("x", "y")},
        total=el.total("amount", plus=["A", "B"], minus="C"),
        last=el.last("x", on="A"),
        ends_with="C",
    )

    assert repr(cards) == (
        "Projection('cards', key={'A': 'stream', 'B': each('x', 'y')}, "
        "total=total('amount', plus=['A', 'B'], minus='C'), last=last('x', on='A'), "
        "ends_with=['C'], version=1)"
    )
    assert "<th>total</th>" in cards._repr_html_()
    assert "<b>" not in el.Projection("<b>", **{"<b>": el.last("'<b>'")})._repr_html_()


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: el.Projection("cards"), "no columns.*total, count, first, last"),
        (lambda: el.Projection("cards", n=3), r"'n'.*is 3.*el\.total"),
        (
            lambda: el.Projection("cards", position=el.count()),
            "'position'.*taken are stream, position",
        ),
        (lambda: el.Projection("cards", stream=el.count()), "'stream'"),
        (lambda: el.Projection("cards", key="dest", dest=el.count()), "'dest'"),
        (lambda: el.Projection("cards", a=el.count(), A=el.count()), "'a' and 'A'.*capitals"),
        (lambda: el.Projection("", a=el.count()), "name"),
        (lambda: el.Projection("cards", key=3, a=el.count()), "a key is 3, a int"),
        (lambda: el.Projection("cards", key=[], a=el.count()), "key of 'cards' is empty"),
        (lambda: el.Projection("cards", key={}, a=el.count()), "is empty: give an expression"),
        (lambda: el.Projection("cards", key=" ", a=el.count()), "a key is empty"),
        (
            lambda: el.Projection("cards", key={"A": "x", "B": ["x", "y"]}, a=el.count()),
            "1 or 2 parts",
        ),
        (lambda: el.Projection("cards", key_names=["a", "b"], n=el.count()), "2 part.*key has 1"),
        (lambda: el.Projection("cards", key_names=3, n=el.count()), "key_names= of 'cards' is 3"),
        (lambda: el.Projection("cards", key_names=[3], n=el.count()), r"key_names= .* is \[3\]"),
        (lambda: el.Projection("cards", key_names=[["a"]], n=el.count()), "key_names= of 'cards'"),
        (lambda: el.Projection("cards", key_names="type", n=el.count()), "'type'.*another name"),
        (lambda: el.Projection("cards", key={3: "x"}, a=el.count()), "type of key= is 3"),
        (lambda: el.Projection("cards", ends_with=3, a=el.count()), "ends_with= is 3"),
        (lambda: el.total(3), r"expression of total\(\) is 3"),
        (lambda: el.last(""), "is empty"),
        (lambda: el.last("a", on=[3]), "event type of on= is 3"),
        (lambda: el.count(3), r"event type of count\(\) is 3"),
        (lambda: el.total("a", plus="A", minus=["A"]), "both adds and takes off A"),
        (lambda: el.total("a", plus="A", on="B"), "on= is plus="),
        (lambda: el.each(), r"each\(\) is empty"),
        (lambda: el.each(3), r"each\(\) is 3"),
    ],
)
def test_a_description_without_meaning_is_refused_when_made(make, words):
    with pytest.raises(el.errors.InvalidProjection, match=words):
        make()


def test_an_expression_that_fails_is_named_with_the_fields_there_are(cafe):
    cards = el.Projection("cards", n=el.count(), half=el.total("amount / 2"))

    with pytest.raises(el.EventLabError) as caught:
        cards(cafe)

    sentence = str(caught.value)
    assert "column 'half' of projection 'cards', 'amount / 2'" in sentence
    assert "data.<field>" in sentence
    assert "amount, holder" in sentence


def test_a_value_that_cannot_be_cast_names_the_column_too(cafe):
    cards = el.Projection("cards", n=el.count(), age=el.last("holder::INTEGER"))

    with pytest.raises(el.errors.ColumnFailed, match=r"column 'age'.*Mara"):
        cards.history(cafe, "card-1")


def test_a_value_that_cannot_be_cast_is_named_by_the_first_event_that_has_one():
    store = store_of(
        ("a", "Paid", {"amount": 5}),
        ("a", "Paid", {}),
        ("b", "Paid", {"amount": "twenty"}),
        ("b", "Paid", {"amount": {"net": 1}}),
    )
    paid = el.Projection("paid", it=el.total("amount::BIGINT"))

    with pytest.raises(
        el.errors.ColumnFailed,
        match=r"'it'.*at event 'Paid' at position 3 of stream 'b'.*'twenty'[\s\S]*until\(position=2\)",
    ) as caught:
        paid(store)

    assert caught.value.position == 3
    assert paid(store.until(position=2))["it"].to_dict() == {"a": 5}


def test_an_expression_that_could_never_be_computed_is_not_blamed_on_an_event(cafe):
    with pytest.raises(el.errors.ColumnFailed, match=r"no_such_function.*: ") as caught:
        el.Projection("cards", n=el.total("no_such_function(amount)"))(cafe)

    assert caught.value.position is None


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("no_column + 1", r"'no_column \+ 1'"),
        (["stream", "no_column + 1"], r"\['stream', 'no_column \+ 1'\]"),
    ],
    ids=repr,
)
def test_a_key_that_fails_is_named_as_it_was_given(cafe, key, told):
    with pytest.raises(el.errors.ColumnFailed, match=f"the key of projection 'cards', {told}, cou"):
        el.Projection("cards", key=key, n=el.count())(cafe)


@pytest.mark.parametrize(
    "column",
    [el.total("amount"), el.last("data.amount * 2"), el.total("data.cost.net")],
    ids=repr,
)
def test_numbers_of_no_single_type_are_never_added_silently(column):
    store = store_of(
        ("a", "Paid", {"amount": 2.5, "cost": {"net": 2.5}}), ("a", "Paid", {"amount": "2.5"})
    )

    with pytest.raises(el.errors.UntypedField, match=r"'it'.*first at position 1.*::DOUBLE"):
        el.Projection("paid", it=column)(store)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (el.total("amount::DOUBLE"), 5.0),
        (el.total("data.cost.net::DOUBLE"), 2.5),
        (el.total("cast(data.cost.net as double)"), 2.5),
        (el.last("data.cost.net"), 2.5),
        (el.count("Paid"), 2),
        (el.last("data.amount is null"), False),
    ],
    ids=repr,
)
def test_a_named_type_or_a_value_only_kept_is_fine(column, expected):
    store = store_of(
        ("a", "Paid", {"amount": 2.5, "cost": {"net": 2.5}}), ("a", "Paid", {"amount": "2.5"})
    )

    assert el.Projection("paid", it=column)(store)["it"].tolist() == [expected]
