"""An expression is one value that comes of one event; whatever else DuckDB would take is refused by name."""

import pytest

import eventlab as el
from eventlab.errors import InvalidProjection


@pytest.fixture(scope="module")
def log():
    store = el.EventStore()
    for stream, amount in (("card-1", 1), ("card-1", 2), ("card-2", 5)):
        store.append(stream, el.Event("CardLoaded", {"amount": amount, "tags": ["tea", "new"]}))
    return store


WINDOW = "a window function looks at other events"
SUBQUERY = "a subquery looks at other events"
BEHIND = "something stands behind the value: a name, a comment or a clause"


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        ("unnest([1, 2])", r"unnest\(\) makes several rows of one event"),
        ("UNNEST(data.tags)", r"unnest\(\) makes several rows of one event"),
        ("generate_subscripts([1], 1)", r"generate_subscripts\(\) makes several rows"),
        ("data.amount, data.tags", "these are 2 expressions, where one is wanted"),
        ("*", "a star stands for many columns"),
        ("columns(*)", "a star stands for many columns"),
        ("sum(data.amount) over (order by position)", WINDOW),
        ("data.amount - lag(data.amount) over (order by position)", WINDOW),
        ("(select count(*) from events)", SUBQUERY),
        ("exists (from events)", SUBQUERY),
        ("data.amount in (select 1)", SUBQUERY),
        ("data.amount -- in euros", BEHIND),
        ("data.amount as money", BEHIND),
        ("1 from events", BEHIND),
        ("data.amount limit 1", BEHIND),
        ("1 union select 2", BEHIND),
        ("1; select 2", BEHIND),
        ("$1", "a parameter is given no value here"),
        ("now()", r"now\(\) does not depend on the event alone"),
        ("data.amount * random()", r"random\(\) does not depend on the event alone"),
    ],
)
def test_what_is_more_than_one_value_of_one_event_is_refused(log, expr, why):
    for rule in (
        el.Projection("cards", seen=el.last(expr)),
        el.Projection("cards", key=["stream", expr], seen=el.count()),
    ):
        with pytest.raises(InvalidProjection, match=f"'cards', .*: {why}"):
            rule(log)


def test_it_is_refused_by_every_verb_and_by_what_keeps_rows():
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": amount}) for amount in (1, 2)])
    sums = el.Projection("sums", sum=el.last("sum(data.amount) over (order by position)"))

    for ask in (
        lambda: sums.history(store, "card-1"),
        lambda: sums.panel(store, [1, 2]),
        lambda: sums.diff(store.until(position=1), store),
        lambda: sums.blame(store, "card-1"),
        lambda: sums.lifetimes(store),
        lambda: el.Snapshots(store, sums, every=1),
        lambda: el.ReadModel(store, sums).catch_up(),
        lambda: el.ReadModel(store, sums, inline=True),
    ):
        with pytest.raises(InvalidProjection, match=r"column 'sum' .*window function"):
            ask()


def test_a_key_of_several_parts_is_a_list(log):
    with pytest.raises(InvalidProjection, match=r"key=\['stream', 'type'\]"):
        el.Projection("cards", key="stream, type", loads=el.count())(log)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("[upper(tag) for tag in data.tags::varchar[]][1]", ["TEA", "TEA"]),
        ("case when key = 'card-1' then 'first' else 'second' end", ["first", "second"]),
        ("coalesce(data.unknown, 'none')", ["none", "none"]),
        ("data.amount::integer between 1 and 3", [True, False]),
        ("'a, b; -- * unnest(' || type", ["a, b; -- * unnest(CardLoaded"] * 2),
        ("len(data.tags::varchar[])", [2, 2]),
    ],
)
def test_what_is_one_value_of_one_event_is_not_refused(log, expr, expected):
    assert el.Projection("cards", seen=el.last(expr))(log)["seen"].tolist() == expected


@pytest.mark.parametrize("key", ["data", "data.tags", "tags"])
def test_a_key_that_nothing_can_be_looked_up_by_is_refused(key):
    store = el.EventStore()
    store.append("card-1", el.Event("CardLoaded", {"tags": ["tea"]}, tags=["new"]))
    cards = el.Projection("cards", key=key, loads=el.count())

    for ask in (cards, cards.lifetimes, lambda log: cards.panel(log, [1])):
        with pytest.raises(InvalidProjection, match=r"of projection 'cards' is .*::VARCHAR"):
            ask(store)


@pytest.mark.parametrize("version", ["v2", "1", None, 1.5, True, -1, 10**30])
def test_a_version_is_a_whole_number(version):
    for define in (
        lambda: el.Projection("cards", loads=el.count(), version=version),
        lambda: el.Fold(lambda n, event: n, 0, name="cards", version=version),
    ):
        with pytest.raises(
            InvalidProjection, match=r"of projection 'cards' is no version: give a whole"
        ):
            define()
