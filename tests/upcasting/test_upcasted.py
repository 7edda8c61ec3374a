"""A store with upcasters: old events read as today's, on every path, and stored as they were."""

import json
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import (
    AppendRefused,
    BrokenPayload,
    ConditionFailed,
    InvalidBranch,
    ReadModelFailed,
    RuleChanged,
    SnapshotWarning,
    StoreError,
    UnknownSchema,
    UpcastFailed,
)
from eventlab.store import upcasted
from eventlab.upcasting import default, drop, rename, rename_type, split
from eventlab.widgets import TimeMachine


def moved(data):
    return [
        el.Event("CardRedeemed", {"cents": data["cents"]}),
        el.Event("CardLoaded", {"cents": data["cents"], "currency": "EUR"}, schema=3),
    ]


@el.upcaster("CardLoaded", schema=1)
def in_cents(data):
    return {"cents": round(data["amount"] * 100)}


UPCASTERS = [
    in_cents,
    default("CardLoaded", 2, currency="EUR"),
    rename_type("CardTopped", 1, to="CardLoaded", to_schema=2),
    split("CardMoved", 1, into=moved),
    drop("CardShown", 1),
]

OLD = [
    el.Event("CardLoaded", {"amount": 2.5}, schema=1),
    el.Event("CardShown", schema=1),
    el.Event("CardTopped", {"cents": 100}, schema=1),
    el.Event("CardMoved", {"cents": 50}, schema=1),
    el.Event("CardLoaded", {"cents": 7, "currency": "CHF"}, schema=3),
]

cards = el.Projection(
    "cards",
    cents=el.total("cents", plus="CardLoaded", minus="CardRedeemed"),
    first=el.first("type"),
    last=el.last("type"),
    loads=el.count("CardLoaded"),
)


def evolve(state, event):
    signs = {"CardLoaded": 1, "CardRedeemed": -1}
    return {
        "cents": state["cents"] + signs[event.type] * event.data["cents"],
        "first": state["first"] or event.type,
        "last": event.type,
        "loads": state["loads"] + (event.type == "CardLoaded"),
    }


folded = el.Fold(
    evolve, initial={"cents": 0, "first": None, "last": None, "loads": 0}, name="cards"
)


@pytest.fixture
def store():
    made = el.EventStore(upcasters=UPCASTERS, clock=lambda: "2026-01-31")
    made.append("card-7", OLD)
    return made


def test_iterating_shows_each_event_as_todays(store):
    shown = [
        (event.position, event.version, event.type, event.data, event.schema) for event in store
    ]

    assert shown == [
        (1, 1, "CardLoaded", {"cents": 250, "currency": "EUR"}, 3),
        (3, 3, "CardLoaded", {"cents": 100, "currency": "EUR"}, 3),
        (4, 4, "CardRedeemed", {"cents": 50}, 1),
        (4, 4, "CardLoaded", {"cents": 50, "currency": "EUR"}, 3),
        (5, 5, "CardLoaded", {"cents": 7, "currency": "CHF"}, 3),
    ]
    assert len(store) == 5
    assert store.head == 5
    assert list(store.positions()) == [1, 3, 4, 5]


def test_a_payload_that_is_kept_by_field_reads_as_upcasters_made_it(monkeypatch):
    monkeypatch.setattr(upcasted, "_WORTH_SHREDDING", 1)
    payloads = [
        {"n": 2**63 - 1, "to": "Mara"},
        {"n": -1, "to": None},
        {"n": 0.5, "to": {"name": "Nils", "tags": [1, "x", []]}},
        {"n": "7", "": True},
        {},
    ]
    store = el.EventStore(upcasters=[rename_type("Sent", 1, to="Gave")])
    store.append("card-7", [el.Event("Sent", payload, schema=1) for payload in payloads])

    assert [event.data for event in store] == payloads
    assert store.events()["data"].tolist() == payloads
    numbers = store.sql("select data.n::varchar as n from events where data.n is not null")
    assert numbers["n"].tolist() == ["9223372036854775807", "-1", "0.5", "7"]


def test_raw_shows_what_is_stored(store):
    raw = store.until(position=3).events(raw=True)

    assert raw["type"].tolist() == ["CardLoaded", "CardShown", "CardTopped"]
    assert raw["data"].tolist() == [{"amount": 2.5}, {}, {"cents": 100}]
    assert raw["schema"].tolist() == [1, 1, 1]


def test_a_log_as_it_is_stored_is_cut_and_folded_like_any_other(store):
    stored = store.until(position=4).as_stored()
    kinds = el.Projection("kinds", last=el.last("type"))

    assert kinds(stored)["last"].tolist() == ["CardMoved"]
    assert [event.type for event in stored.only("CardTopped", "CardLoaded")] == [
        "CardLoaded",
        "CardTopped",
    ]
    assert stored.is_of(store.as_stored())
    assert (bool(stored.upcasters), bool(store.until(position=1).upcasters)) == (False, True)


def test_a_log_as_it_is_stored_is_closed_with_its_store(store):
    stored = store.as_stored()
    store.close()

    with pytest.raises(StoreError, match=r"is closed: open it again"):
        len(stored)


def test_a_field_that_only_old_events_have_is_gone(store):
    assert "amount" not in store.events(expand=True)
    assert store.events(expand=True)["cents"].tolist() == [250, 100, 50, 50, 7]
    assert "amount" in store.events(expand=True, raw=True)
    assert store.types()["fields"].tolist() == ["cents, currency", "cents"]


def test_a_field_of_old_events_stays_where_one_of_today_has_it(store):
    store.append("card-8", el.Event("CardLoaded", {"cents": 1, "amount": 0.5}, schema=3))

    assert list(store)[-1].data == {"cents": 1, "amount": 0.5}
    assert store.events(expand=True)["amount"].tolist()[-1] == 0.5


def test_an_explicit_null_of_today_stays_where_old_events_had_one():
    store = el.EventStore(upcasters=[rename("A", 1, gone="kept")])
    store.append(
        "a", [el.Event("A", {"gone": None}, schema=1), el.Event("A", {"gone": None}, schema=2)]
    )

    assert [event.data for event in store] == [{"kept": None}, {"gone": None}]


def test_a_field_of_another_kind_before_disturbs_no_types():
    @el.upcaster("A", schema=1)
    def as_number(data):
        return {"n": int(data["n"])}

    store = el.EventStore(upcasters=[as_number])
    store.append("a", [el.Event("A", {"n": "7"}, schema=1), el.Event("A", {"n": 5}, schema=2)])

    assert store.events(expand=True)["n"].dtype == "int64"
    assert store.sql("select sum(data.n) as n from events")["n"].tolist() == [12]


def test_cuts_and_sql_see_todays_types(store):
    assert len(store.only("CardLoaded")) == 4
    assert len(store.only("CardTopped")) == 0
    assert len(store.stream("card-7").until(position=4)) == 4
    assert len(store.since(position=5)) == 1
    assert len(store.until(occurred="2026-02-01")) == 5
    found = store.sql("select type, sum(data.cents) as cents from events group by 1 order by 1")
    assert found["cents"].tolist() == [407, 50]
    assert store.streams()[["events", "version", "last_type"]].values.tolist() == [
        [5, 5, "CardLoaded"]
    ]


@pytest.mark.parametrize("projection", [cards, folded])
def test_both_kinds_of_projection_fold_todays_events(store, projection):
    state = projection(store)

    assert state.drop(columns="position").values.tolist() == [[357, "CardLoaded", "CardLoaded", 4]]


def test_events_that_share_a_position_are_folded_in_order_by_all_verbs(store):
    at_split = store.since(position=4).until(position=4)

    for log in (at_split, at_split.stream("card-7"), at_split.until(occurred="2026-02-01")):
        state = cards(log)
        assert state[["first", "last"]].values.tolist() == [["CardRedeemed", "CardLoaded"]]
        history = cards.history(log, "card-7")
        assert history[["type", "cents"]].values.tolist() == [
            ["CardRedeemed", -50],
            ["CardLoaded", 0],
        ]


def test_both_kinds_agree_on_all_of_the_past(store):
    pd.testing.assert_frame_equal(cards.history(store, "card-7"), folded.history(store, "card-7"))
    pd.testing.assert_frame_equal(
        cards.lifetimes(store), folded.lifetimes(store), check_dtype=False
    )
    pd.testing.assert_frame_equal(
        cards.panel(store, at=[2, 3, 4]), folded.panel(store, at=[2, 3, 4])
    )
    before = store.until(position=3)
    pd.testing.assert_frame_equal(cards.diff(before, store), folded.diff(before, store))
    pd.testing.assert_frame_equal(cards.blame(store, "card-7"), folded.blame(store, "card-7"))


def test_blame_names_both_events_of_a_split(store):
    blame = cards.blame(store.until(position=4), "card-7").set_index("field")

    assert blame.loc["cents", ["position", "type"]].tolist() == [4, "CardRedeemed + CardLoaded"]


def test_the_first_event_after_which_something_holds_is_found(store):
    found = cards.bisect(store, lambda card: card["loads"] >= 3, key="card-7")

    assert found.position == 4


@pytest.mark.parametrize("projection", [cards, folded])
def test_snapshots_belong_to_the_upcasters(tmp_path, projection):
    with el.EventStore(tmp_path / "cards.duckdb") as store:
        store.append("card-7", [el.Event("CardLoaded", {"cents": n}) for n in range(1, 31)])
        assert el.Snapshots(store, projection, every=10)(store)["cents"].tolist() == [465]

    @el.upcaster("CardLoaded", schema=1)
    def tenfold(data):
        return {"cents": data["cents"] * 10}

    with el.EventStore(tmp_path / "cards.duckdb", upcasters=[tenfold]) as store:
        fast = el.Snapshots(store, projection, every=10)
        assert fast(store)["cents"].tolist() == [4650]
        assert fast(store.until(position=25))["cents"].tolist() == [3250]


@pytest.mark.parametrize("projection", [cards, folded])
def test_snapshots_stay_good_while_the_log_grows(store, projection):
    fast = el.Snapshots(store, projection, every=5)
    for cents in range(30):
        store.append("card-7", el.Event("CardTopped", {"cents": cents}, schema=1))

    state = fast(store)

    assert fast.replayed < 30
    assert state["cents"].tolist() == [357 + 435]


def test_snapshots_of_older_code_or_a_closed_store_fail_no_append(tmp_path):
    path = tmp_path / "cards.duckdb"
    closed, older = (el.EventStore(path, upcasters=UPCASTERS[:1]) for _ in range(2))
    kept = [el.Snapshots(store, cards, every=1) for store in (closed, older)]
    closed.close()

    with el.EventStore(path, upcasters=UPCASTERS[:2]) as store:
        with pytest.warns(SnapshotWarning, match=r"position 1 is 'CardLoaded' schema 3"):
            store.append("card-7", el.Event("CardLoaded", {"cents": 5}))
        assert len(store) == 1
    assert len(kept) == 2
    older.close()


def test_a_read_model_of_other_upcasters_is_refused(tmp_path):
    with el.EventStore(tmp_path / "cards.duckdb", upcasters=UPCASTERS) as store:
        store.append("card-7", OLD)
        el.ReadModel(store, cards).catch_up()

    with (
        el.EventStore(tmp_path / "cards.duckdb", upcasters=UPCASTERS[:-1]) as store,
        pytest.raises(RuleChanged),
    ):
        el.ReadModel(store, cards).frame()


def test_a_read_model_is_not_said_to_be_beyond_a_log_whose_end_is_dropped_now(tmp_path):
    with el.EventStore(tmp_path / "cards.duckdb") as store:
        store.append("card-7", [el.Event("CardLoaded", {"cents": 5}), el.Event("CardShown")])
        el.ReadModel(store, cards).catch_up()

    with el.EventStore(tmp_path / "cards.duckdb", upcasters=[drop("CardShown", 1)]) as store:
        view = el.ReadModel(store, cards)
        assert (len(store), view.checkpoint, view.lag) == (1, 2, 0)
        with pytest.raises(RuleChanged):
            view.catch_up()
        view.rebuild()
        assert (view.lag, view.frame()["cents"].tolist()) == (0, [5])


def test_a_read_model_in_the_append_takes_todays_events_and_refuses_old_ones(store):
    view = el.ReadModel(store, cards, inline=True)
    store.append("card-7", el.Event("CardLoaded", {"cents": 3}, schema=3))
    assert view.frame()["cents"].tolist() == [360]

    with pytest.raises(AppendRefused, match=r"UncommittedSchema: the event at position 7"):
        store.append("card-7", el.Event("CardTopped", {"cents": 3}, schema=1))

    assert len(store.events(raw=True)) == 6


def test_a_condition_sees_todays_types(store):
    query = el.Query("CardLoaded")

    with pytest.raises(ConditionFailed):
        store.append("card-9", el.Event("CardSold"), condition=el.Condition(query, after=2))


def test_a_read_model_catches_up_with_todays_events(store):
    view = el.ReadModel(store, cards)

    view.catch_up()
    store.append("card-7", el.Event("CardTopped", {"cents": 3}, schema=1))
    view.catch_up()

    assert view.frame()["cents"].tolist() == [360]


@el.upcaster("CardPaid", schema=1)
def out_of_text(data):
    return {"amount": json.loads(data["text"])}


def paid(text):
    return el.Event("CardPaid", {"text": text}, schema=1)


def test_a_read_model_goes_on_when_upcasters_show_a_field_of_another_kind():
    store = el.EventStore(upcasters=[out_of_text])
    view = el.ReadModel(
        store, el.Projection("cards", paid=el.total("amount"), last=el.last("amount"))
    )

    for text in ("20", "1.25", "1.5"):
        store.append("card-7", paid(text))
        view.catch_up()

    assert view.frame()[["paid", "last"]].to_numpy().tolist() == [[22.75, 1.5]]


def test_a_read_model_shows_a_text_where_an_upcaster_showed_a_number_before():
    store = el.EventStore(upcasters=[out_of_text])
    view = el.ReadModel(store, el.Projection("cards", last=el.last("amount")))

    for text in ("20", '"all of it"'):
        store.append("card-7", paid(text))
        view.catch_up()

    assert view.frame()["last"].tolist() == ["all of it"]


@pytest.mark.parametrize("inline", [False, True])
def test_a_read_model_goes_on_when_an_event_of_today_brings_a_field_back(inline):
    store = el.EventStore(upcasters=[rename("CardLoaded", 1, amount="euros")])
    store.append("card-7", el.Event("CardLoaded", {"amount": 2.5}, schema=1))
    view = el.ReadModel(store, el.Projection("cards", left=el.total("amount")), inline=inline)
    view.catch_up()

    for _ in range(2):
        store.append("card-7", el.Event("CardLoaded", {"amount": 2.5}))
        view.catch_up()

    assert view.frame()["left"].tolist() == [5.0]


def test_a_read_model_stops_right_before_the_event_that_brings_another_kind():
    store = el.EventStore(upcasters=[rename("CardLoaded", 1, amount="euros")])
    view = el.ReadModel(store, el.Projection("cards", euros=el.total("euros")))
    old, today, other = (
        el.Event("CardLoaded", {"amount": 1}, schema=1),
        el.Event("CardLoaded", {"euros": 2}),
        el.Event("CardShown", {"till": 1}),
    )
    store.append("card-7", [old, today])
    view.catch_up()
    store.append("card-7", [other, el.Event("CardLoaded", {"euros": "ten"})])

    with pytest.raises(ReadModelFailed, match=r"event 4 \('CardLoaded'\).*UntypedField"):
        view.catch_up()

    assert (view.checkpoint, view.frame()["euros"].tolist()) == (3, [3])


def test_a_read_model_stops_right_before_an_old_event_that_is_shown_with_another_kind():
    store = el.EventStore(upcasters=[out_of_text])
    view = el.ReadModel(store, el.Projection("cards", paid=el.total("amount")))
    store.append("card-7", [paid("20"), paid('"all of it"'), paid("5")])

    with pytest.raises(ReadModelFailed, match=r"event 2 \('CardPaid'\).*UntypedField"):
        view.catch_up()

    assert view.frame()["paid"].tolist() == [20]


def test_events_appended_later_are_upcasted_when_they_are_old(store):
    assert len(store) == 5

    store.append("card-8", el.Event("CardTopped", {"cents": 9}, schema=1))

    assert cards(store)["cents"].tolist() == [357, 9]
    assert cards(store.stream("card-8"))["cents"].tolist() == [9]


def test_rows_of_today_are_shown_of_a_type_that_had_only_old_ones():
    store = el.EventStore(upcasters=[rename("CardLoaded", 1, amount="cents")])
    store.append("card-7", el.Event("CardLoaded", {"amount": 5}, schema=1))
    view = el.ReadModel(store, cards, inline=True)
    assert cards(store)["cents"].tolist() == [5]

    store.append("card-7", el.Event("CardLoaded", {"cents": 2}))

    for log in (store, store.stream("card-7"), store.until(position=2)):
        assert [event.data for event in log] == [{"cents": 5}, {"cents": 2}]
        assert cards(log)["cents"].tolist() == [7]
    assert view.frame()["cents"].tolist() == [7]


def test_a_branch_shows_and_appends_as_its_parent_does(store):
    fork = store.branch(drop=[1], edit={3: {"cents": 200}})
    fork.append("card-7", el.Event("CardTopped", {"cents": 1}, schema=1))

    assert cards(fork)["cents"].tolist() == [208]
    assert cards(store)["cents"].tolist() == [357]
    assert cards(fork.branch(at=3))["cents"].tolist() == [200]


def test_a_branch_holds_the_old_events_that_its_parent_shows():
    store = el.EventStore(upcasters=UPCASTERS)
    store.append("card-7", OLD[0])
    store = store.branch()

    assert [event.data for event in store] == [{"cents": 250, "currency": "EUR"}]


def test_a_branch_as_it_is_stored_holds_the_branch():
    store = el.EventStore(upcasters=UPCASTERS)
    log = store.branch(insert={0: ("card-7", OLD[0])}).as_stored()

    assert [event.data for event in log] == [{"amount": 2.5}]


@pytest.mark.parametrize("read", [len, list, el.EventStore.events], ids=["len", "list", "events"])
def test_a_branch_of_a_closed_store_says_that_it_is_closed(store, read):
    fork = store.branch()
    store.close()

    with pytest.raises(StoreError, match="closed, by itself or with that store"):
        read(fork)


@pytest.mark.parametrize(("position", "shown"), [(2, "no event"), (4, "2 events")])
def test_an_event_that_is_not_shown_as_one_cannot_be_edited(store, position, shown):
    with pytest.raises(
        InvalidBranch, match=f"position {position} .*{shown}.*insert={{{position - 1}:"
    ):
        store.branch(edit={position: {"cents": 5}})


def test_an_event_that_is_split_is_replaced_by_dropping_it(store):
    sold = el.Event("CardSold", {"cents": 5})
    fork = store.branch(drop=[4], insert={3: ("card-7", sold)})

    assert [(event.position, event.type) for event in fork.since(position=3)] == [
        (3, "CardLoaded"),
        (4, "CardSold"),
        (5, "CardLoaded"),
    ]


def test_a_trace_names_todays_types(store):
    store.append("card-9", el.Event("CardTopped", {"cents": 1}, schema=1, correlation_id="gift"))

    assert store.trace("gift")["type"].tolist() == ["CardLoaded"]


def test_an_event_that_is_not_shown_is_not_found(store):
    assert store.find("card-7@2") is None
    assert store.find("card-7@3").type == "CardLoaded"


@pytest.mark.parametrize("key", [None, "card-7"])
def test_a_time_machine_steps_by_position(store, key):
    machine = TimeMachine(store, cards, key=key)

    seen = [machine.frame(step)[["cents", "loads"]].values.tolist() for step in range(1, 5)]

    assert seen == [[[250, 1]], [[350, 2]], [[350, 3]], [[357, 4]]]
    assert "350" in machine.text(3)
    assert "357" in machine.text(4)


def test_what_is_stored_does_not_change(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path, clock=lambda: "2026-01-31") as store:
        store.append("card-7", OLD)
        sealed = store.seal()

    with el.EventStore(path, upcasters=UPCASTERS) as store:
        cards(store)
        assert store.verify(sealed).empty
        assert store.seal() == sealed

    with duckdb.connect(path) as con:
        assert con.execute("select type, data::json::varchar from events").fetchall()[0] == (
            "CardLoaded",
            '{"amount":2.5}',
        )


def test_a_file_open_for_reading_only_is_upcasted_too(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", OLD)

    with el.EventStore(path, read_only=True, upcasters=UPCASTERS) as store:
        assert cards(store)["cents"].tolist() == [357]
    with el.EventStore(path, upcasters=UPCASTERS) as store:
        assert cards(store)["cents"].tolist() == [357]


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_log_with_an_event_that_an_upcaster_fails_on_is_shown_raw_alone(store):
    store.append("card-8", el.Event("CardLoaded", {"amuont": 1}, schema=1))

    for _ in range(2):
        with pytest.raises(UpcastFailed, match=r"position 6: KeyError: 'amount'.*amuont"):
            cards(store)
    with pytest.raises(UpcastFailed):
        len(store.only("CardRedeemed"))
    assert len(store.events(raw=True)) == 6


def test_an_event_of_newer_code_is_refused(store):
    store.append("card-8", el.Event("CardLoaded", {"milli": 1}, schema=4))

    with pytest.raises(UnknownSchema, match=r"position 6 is 'CardLoaded' schema 4.*newer code"):
        list(store)
    assert store.events(raw=True)["schema"].tolist()[-1] == 4


def test_an_old_event_with_a_broken_payload_is_named(tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", OLD[:1])
    with duckdb.connect(path) as con:
        con.execute(
            "insert into events select 2, stream_no, 2, type, occurred_at, recorded_at, "
            "'[1]'::json::variant, null, null, null, null, null, null, 1 from events"
        )

    with (
        el.EventStore(path, upcasters=UPCASTERS) as store,
        pytest.raises(BrokenPayload, match=r"position 2 is \[1\], which is no object"),
    ):
        list(store)


def test_an_upcaster_may_do_what_it_likes_with_its_payload(store):
    @el.upcaster("A", schema=1)
    def emptied(data):
        data.clear()
        raise ValueError("no")

    broken = el.EventStore(upcasters=[emptied])
    broken.append("a", el.Event("A", {"n": 1}, schema=1))

    with pytest.raises(UpcastFailed, match='It was given \\{"n":1\\}'):
        list(broken)
    assert broken.events(raw=True)["data"].tolist() == [{"n": 1}]


@pytest.mark.parametrize("worth_shredding", [1, 1_000])
def test_who_reads_while_others_append_old_events_misses_none(worth_shredding, monkeypatch):
    monkeypatch.setattr(upcasted, "_WORTH_SHREDDING", worth_shredding)
    store = el.EventStore(upcasters=UPCASTERS)

    def append():
        for number in range(60):
            kind = "CardTopped" if number % 2 else "CardMoved"
            store.append("card-7", el.Event(kind, {"cents": number}, schema=1))

    counts = []
    with ThreadPoolExecutor(3) as pool:
        writing = pool.submit(append)
        while not writing.done():
            counts.extend(part for part in pool.map(lambda _: of_all_positions(store), range(2)))
        writing.result()

    assert all(counts)
    assert len(store) == 90


def test_a_reader_sees_one_moment_whatever_is_appended_while_it_begins(store, monkeypatch):
    """An append between the beginning of a moment and the first event that is read in it."""
    fields_of_payloads = el.Log.fields_within

    def fields(log, con):
        found = fields_of_payloads(log, con)
        store.append("card-8", el.Event("CardTopped", {"cents": 9}, schema=1))
        return found

    monkeypatch.setattr(el.Log, "fields_within", fields)

    assert [event.stream for event in store] == ["card-7"] * 5


def of_all_positions(store):
    """Whether a reading shows every position from the first to its last."""
    seen = list(dict.fromkeys(event.position for event in store))
    return seen == list(range(1, len(seen) + 1))


def test_a_branch_counts_and_verifies_what_is_stored_whatever_is_shown(tmp_path):
    old = [
        el.Event("CardMoved", {"cents": 5}, schema=1),
        el.Event("CardLoaded", {"cents": 5, "currency": "EUR"}),
        el.Event("CardShown", schema=1),
    ]
    with el.EventStore(tmp_path / "cards.duckdb", upcasters=UPCASTERS) as store:
        store.append("card-7", old)
        same, without = store.branch(), store.branch(drop=[2])
        for branch, events in ((same, 3), (without, 2), (without.branch(), 2)):
            assert branch.verify().empty
            assert (branch.head, branch.version("card-7")) == (events, events)
            done = branch.append("card-7", el.Event("CardClosed"))
            assert (done.version, done.position) == (events + 1, events + 1)
            assert branch.verify().empty
        assert [(event.position, event.type) for event in without] == [
            (1, "CardRedeemed"),
            (1, "CardLoaded"),
            (3, "CardClosed"),
        ]
