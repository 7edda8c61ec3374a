"""Can the exercises be solved, with the answers that the lessons and their teachers are promised?

The expected values stand in ``data/README.md`` and were counted there in another way.
"""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import eventlab as el
from eventlab.deciding import interleavings

LESSONS = Path(__file__).parents[1] / "notebooks"
DATA = Path(__file__).parents[1] / "data"

ENVELOPE = {name: name for name in ("stream", "type", "occurred_at", "actor", "reason")}


@pytest.fixture(scope="module")
def cafe():
    return el.read_table(DATA / "gift-cards.csv", **ENVELOPE, recorded_at="recorded_at")


@pytest.fixture(scope="module")
def cards():
    return el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        ends_with="CardClosed",
    )


@pytest.fixture
def bank():
    return el.read_table(DATA / "time-bank.csv", **ENVELOPE, recorded_at="occurred_at")


@pytest.fixture(scope="module")
def members():
    paid = "case when key = stream then -data.hours else data.hours end"
    each_side = el.each("stream", "taker")
    return el.Projection(
        "members",
        key={"MemberJoined": "stream", "HoursPaid": each_side, "MemberLeft": "stream"},
        given=el.total("hours", on="MemberJoined"),
        moved=el.total(paid, on="HoursPaid"),
        left=el.count("MemberLeft"),
    )


def missing(state):
    held = (state["given"] + state["moved"])[state["left"] == 0]
    return state["given"].sum() - held.sum()


def test_lesson_04_of_six_month_ends_only_march_depends_on_when_you_ask(cafe, cards):
    months = pd.date_range("2026-01-31T23:59:59", "2026-06-30T23:59:59", freq="ME", tz="UTC")

    then = [cards(cafe.until(recorded=month))["balance"].sum() for month in months]
    now = [cards(cafe.until(occurred=month))["balance"].sum() for month in months]

    assert then == [60, 83, 184, 162, 139, 175]
    assert now == [60, 83, 180, 162, 139, 175]


def test_lesson_05_finds_the_slip_of_the_bank_in_twelve_looks(bank, members):
    found = members.bisect(bank, missing, monotone=True)

    assert (found.position, found.looked_at) == (2749, 12)
    assert (found.actor, found.data) == ("pia", {"hours": 3, "taker": "member-23"})


def test_lesson_05_puts_the_bank_right_by_a_further_event(bank, members):
    owed = el.Event("HoursPaid", {"hours": 3, "taker": "member-68"}, reason="written to member-23")

    bank.append("member-23", owed)

    assert missing(members(bank)) == 0


def test_lesson_05_blames_the_wrong_event_and_bisects_to_the_right_one(cafe, cards):
    [blamed] = cards.blame(cafe, "card-7")["position"]
    found = cards.bisect(cafe, lambda card: card["balance"] < 0, key="card-7")

    assert (blamed, found.position) == (165, 143)


@pytest.fixture(scope="module")
def orders():
    return pd.read_csv(DATA / "shop-orders.csv", dtype={"quantity": "Int64", "amount": "Int64"})


def test_lesson_07_lists_what_is_to_be_packed_the_same_in_steps_and_afresh(orders):
    types = ["OrderPaid", "OrderPacked", "OrderCancelled"]
    to_pack = el.Projection(
        "to_pack",
        key=dict.fromkeys(types, "stream"),
        amount=el.last("amount", on="OrderPaid"),
        ends_with=["OrderPacked", "OrderCancelled"],
    )
    shop = el.EventStore()
    shop.append_frame(orders, **ENVELOPE)
    steps, afresh = (el.ReadModel(shop, to_pack, name=name) for name in ("steps", "afresh"))

    for position in range(5, 201, 5):
        steps.catch_up(limit=5)
        afresh.rebuild(until=position)
        pd.testing.assert_frame_equal(steps.frame(), afresh.frame())

    assert steps.frame()["amount"].to_dict() == {
        "order-51": 28,
        "order-53": 18,
        "order-54": 18,
        "order-55": 18,
    }
    steps.catch_up()
    assert len(steps) == 0


def test_lesson_07_counts_in_the_till_what_the_bank_counts(orders):
    paid_back = ["OrderCancelled", "OrderReturned"]
    till = el.Projection(
        "till", key="'till'", euros=el.total("amount", plus="OrderPaid", minus=paid_back)
    )
    shop = el.EventStore()
    view = el.ReadModel(shop, till, inline=True)

    shop.append_frame(orders, **ENVELOPE)

    assert view.frame()["euros"].tolist() == [4179]


# -- lesson 02: its exercise is solved with what stands in the notebook ----------------------------


@pytest.fixture(scope="module")
def lesson_02():
    return nbformat.read(LESSONS / "02_append_and_collide.ipynb", as_version=4)


@pytest.fixture
def two_tills(lesson_02):
    """What the lesson's cells define, up to the exercise."""
    names = {}
    for cell in lesson_02.cells:
        if cell.id in {"setup", "clerk", "counter", "careful"}:
            exec(cell.source, names)
    return names


def sold(names, clerk, price):
    orders = interleavings(names["counter"](names[clerk], price))
    return [len(cafe.only("CardRedeemed")) for _, cafe in orders]


def test_lesson_02_promises_two_coffees_and_the_careful_clerk_does_not_keep_it(two_tills):
    assert sorted(sold(two_tills, "careful", 5)) == [1] * 18 + [2] * 2


def test_lesson_02_is_solved_by_the_solution_it_folds_away(lesson_02, two_tills):
    [exercise] = [cell.source for cell in lesson_02.cells if cell.id == "exercise"]
    [solution] = re.findall(r"```python\n(.+?)```", exercise, re.DOTALL)

    exec(solution, two_tills)

    assert set(sold(two_tills, "patient", 5)) == {2}
    assert set(sold(two_tills, "patient", 15)) == {1}


# -- lesson 08: its exercise is solved with what stands in the notebook ----------------------------


@pytest.fixture(scope="module")
def lesson_08():
    notebook = nbformat.read(LESSONS / "08_events_that_travel.ipynb", as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


@pytest.fixture
def harbour(lesson_08, monkeypatch):
    """What the lesson's cells define, and a shop with the three orders of the exercise."""
    monkeypatch.chdir(LESSONS)
    names = {}
    for cell in ("setup", "shop", "exercise"):
        exec(lesson_08[cell], names)
    names["three"] = el.EventStore(clock=lambda: "2026-05-01")
    names["place"](names["three"], 2, 3, 4)
    return names


def bad_days(names, number):
    return {names["bad_day"](seed, names["three"]) for seed in range(number)}


def test_lesson_08_charges_too_often_as_long_as_nobody_mends_it(harbour):
    charges = bad_days(harbour, 20)

    assert min(charges) == 3 < max(charges)


def test_lesson_08_is_solved_by_the_solution_it_folds_away(lesson_08, harbour):
    [solution] = re.findall(r"```python\n(.+?)```", lesson_08["exercise-text"], re.DOTALL)

    exec(solution, harbour)

    assert bad_days(harbour, 200) == {3}


def test_lesson_08_lets_a_letter_about_an_invoice_overtake_the_one_about_its_order(harbour):
    shop, harbour["letters"] = harbour["three"], []
    struck = pd.DataFrame(
        [("mail", 1, delivery, "reorder") for delivery in (1, 2, 3)],
        columns=["consumer", "position", "delivery", "fault"],
    )
    recording = harbour["Recording"](shop)

    harbour["opened"](shop, recording, el.Faults.from_schedule(struck)).deliver()

    handled = [e.data["event"] for e in recording.log.stream("mail").only("Handled")]
    assert shop.events()["stream"][3] == "invoice-2"
    assert handled.index("4 InvoiceSent") < handled.index("1 OrderPlaced")


# -- lesson 09: old events, new code ---------------------------------------------------------------


@pytest.fixture(scope="module")
def lesson_09():
    notebook = nbformat.read(LESSONS / "09_old_events_new_code.ipynb", as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


@pytest.fixture
def solved_09(lesson_09, orders, monkeypatch):
    """What the exercise defines, with the solution that the lesson folds away in the place of its stub."""
    [solution] = re.findall(r"```python\n(.+?)```", lesson_09["solution"], re.DOTALL)
    stub = "mine = []  # yours\n"
    assert stub in lesson_09["exercise"]
    monkeypatch.chdir(LESSONS)
    names = {"el": el, "pd": pd}
    exec(lesson_09["exercise"].replace(stub, solution), names)
    return names


def test_lesson_09_is_solved_by_two_upcasters_with_the_golden_totals(solved_09, orders):
    [totals] = solved_09["report"](solved_09["shop"])[["ordered", "returned"]].values.tolist()
    by_type = orders.groupby("type")["amount"].sum()

    assert len(solved_09["mine"]) == 2
    assert totals == [5293, 363] == by_type[["OrderPlaced", "OrderReturned"]].tolist()


def test_lesson_09_leaves_the_stored_bytes_and_the_old_report_alone(solved_09, orders):
    plain = el.EventStore(clock=lambda: "2026-05-01")
    plain.append_frame(orders, **ENVELOPE)

    pd.testing.assert_frame_equal(solved_09["shop"].events(raw=True), plain.events())
    assert len(solved_09["shop"]) == len(plain) + 10  # ten orders came back, each now two events


def test_lesson_09_is_not_solved_by_its_stub(lesson_09, monkeypatch):
    monkeypatch.chdir(LESSONS)
    names = {"el": el, "pd": pd}

    exec(lesson_09["exercise"], names)

    assert names["report"](names["shop"])[["ordered", "returned"]].values.tolist() == [[0, 0]]


def test_lesson_09_keeps_the_golden_total_of_the_cafe_to_the_cent(cafe, cards):
    def in_cents(data):
        return {"cents": 100 * data.pop("amount"), **data}

    summer = [el.upcaster(kind, schema=1)(in_cents) for kind in ("CardLoaded", "CardRedeemed")]
    till = el.EventStore(upcasters=summer)
    raw = cafe.events()
    till.append_frame(raw, stream="stream", type="type", data="data", schema="schema")
    total = el.total("cents", plus="CardLoaded", minus="CardRedeemed")
    today = el.Projection("cards", balance=total, ends_with="CardClosed")

    old, new = cards(cafe)["balance"], today(till)["balance"]

    assert (old * 100).to_dict() == new.to_dict()
    assert (old.sum(), new.sum()) == (175, 17500)
