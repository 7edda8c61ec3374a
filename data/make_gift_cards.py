"""Write half a year of gift cards at the Harbour Café: `data/gift-cards.csv`.

Two cards have a story written by hand, ten are drawn from a fixed seed. When the till is offline
the staff write paper slips and type them in days later; one slip goes to the wrong card. Knows
nothing of eventlab. Lessons 01 to 07 use the result.

    python data/make_gift_cards.py
"""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

TARGET = Path(__file__).with_name("gift-cards.csv")
COLUMNS = ["stream", "type", "occurred_at", "recorded_at", "actor", "reason", "amount", "holder"]
SEED = 138  # with this one no guest spends a load whose slip is still to be typed in
TUESDAY = 1  # closed

PRICES = {"coffee": 3, "coffee and cake": 5, "breakfast": 8, "lunch": 12}
TOP_UPS = [10, 15, 20]

# (card, holder, first visit, no visit from this day on)
REGULARS = [
    ("card-1", "Harbour Office", "2026-01-05", "2026-06-30"),
    ("card-2", "Ines", "2026-01-07", "2026-06-30"),
    ("card-3", "Jonas", "2026-01-12", "2026-06-30"),
    ("card-5", "Katya", "2026-01-18", "2026-06-30"),
    ("card-6", "Luis", "2026-01-24", "2026-06-30"),
    ("card-8", "Oskar", "2026-02-05", "2026-06-30"),
    ("card-9", "Rosa", "2026-02-11", "2026-05-27"),
    ("card-10", "Samir", "2026-02-22", "2026-06-30"),
    ("card-11", "Tess", "2026-03-07", "2026-06-30"),
    ("card-12", "Yuki", "2026-03-20", "2026-06-30"),
]

# (card, holder, what happened)
BY_HAND = [
    (
        "card-7",
        "Mara",
        [
            ("2026-01-31 10:30", "CardLoaded", "birthday", 20),
            ("2026-02-02 16:10", "CardRedeemed", "coffee and cake", 5),
            ("2026-02-09 11:20", "CardRedeemed", "coffee", 3),
            ("2026-02-14 15:05", "CardLoaded", "top-up", 10),
            ("2026-02-25 12:40", "CardRedeemed", "lunch", 12),
            ("2026-03-11 17:15", "CardRedeemed", "coffee and cake", 5),
            ("2026-03-21 10:50", "CardLoaded", "top-up", 20),
            ("2026-03-29 16:40", "CardRedeemed", "coffee and cake", 5),
            ("2026-04-04 09:35", "CardRedeemed", "breakfast", 8),
            ("2026-04-23 17:25", "CardRedeemed", "coffee", 3),
            # The planted fault: the slip said card-1, and its handwritten 1 was read as a 7.
            ("2026-05-16 13:10", "CardRedeemed", "lunch for two", 24),
            ("2026-06-06 10:15", "CardLoaded", "top-up", 10),
        ],
    ),
    (
        "card-4",
        "Noor",
        [
            ("2026-01-10 14:20", "CardLoaded", "birthday", 25),
            ("2026-01-22 09:40", "CardRedeemed", "breakfast", 8),
            ("2026-02-06 15:30", "CardRedeemed", "coffee", 3),
            ("2026-02-19 11:00", "CardClosed", "lost", None),
        ],
    ),
    (
        "card-4",
        "Pavel",
        [
            ("2026-03-06 13:15", "CardLoaded", "welcome", 15),
            ("2026-03-14 10:25", "CardRedeemed", "coffee and cake", 5),
            ("2026-04-02 09:20", "CardRedeemed", "breakfast", 8),
            ("2026-05-01 12:10", "CardLoaded", "top-up", 20),
            ("2026-05-20 12:35", "CardRedeemed", "lunch", 12),
        ],
    ),
    ("card-9", "Rosa", [("2026-05-27 09:45", "CardClosed", "moved away", None)]),
    ("card-10", "Samir", [("2026-03-28 16:30", "CardLoaded", "birthday", 30)]),
    ("card-1", "Harbour Office", [("2026-05-15 16:05", "CardLoaded", "team lunch", 30)]),
]

# While the till is offline (from, to) the staff write paper slips; they are typed in later (when).
OUTAGES = [
    ("2026-02-12 09:00", "2026-02-13 20:00", "2026-02-16 08:00"),
    ("2026-03-28 12:00", "2026-03-30 20:00", "2026-04-02 08:00"),
    ("2026-04-24 15:00", "2026-04-26 20:00", "2026-04-30 08:00"),
    ("2026-05-16 09:00", "2026-05-17 20:00", "2026-05-18 08:00"),
    ("2026-06-11 09:00", "2026-06-13 20:00", "2026-06-17 08:00"),
]
# This slip of card-7 had fallen behind the counter.
FOUND_LATE = {"2026-03-29T16:40:00Z": "2026-04-09T08:00:00Z"}


def main():
    log = gift_cards(Random(SEED))
    write_csv(log, TARGET)
    report(log)


def gift_cards(rng):
    """One row per event, in the order in which the till recorded them."""
    events = [event for card, holder, lines in BY_HAND for event in told(card, holder, lines)]
    for card, holder, first, until in REGULARS:
        days = visits(rng, utc(first), utc(until))
        events += regular(rng, card, holder, days)
    return sorted(recorded(events), key=lambda event: event["recorded_at"])


def told(card, holder, lines):
    for when, type, reason, amount in lines:
        yield event(card, type, utc(when), reason, amount, holder)


def visits(rng, day, until):
    """Times within opening hours, 9:00 to 20:00, some days apart."""
    while day < until:
        if day.weekday() != TUESDAY:
            yield day + timedelta(hours=9, minutes=below(rng, 11 * 60))
        day += timedelta(days=4 + below(rng, 9))


def regular(rng, card, holder, times):
    """A guest who tops the card up whenever it is too short for what they fancy."""
    balance = 0
    for visit, when in enumerate(times):
        wish = list(PRICES)[below(rng, len(PRICES))]
        if balance < PRICES[wish]:
            amount = TOP_UPS[below(rng, len(TOP_UPS))]
            balance += amount
            yield event(card, "CardLoaded", when, "top-up" if visit else "new card", amount, holder)
        else:
            balance -= PRICES[wish]
            yield event(card, "CardRedeemed", when, wish, PRICES[wish], holder)


def below(rng, n):
    # Of all its draws Python promises only random() to stay the same in later versions.
    return int(n * rng.random())


def event(card, type, occurred_at, reason, amount, holder):
    return {
        "stream": card,
        "type": type,
        "occurred_at": occurred_at,
        "actor": on_shift(occurred_at),
        "reason": reason,
        "amount": amount,
        "holder": holder if type == "CardLoaded" else None,
    }


def on_shift(when):
    return "ana" if when.hour < 13 else "ben" if when.hour < 17 else "chloe"


def recorded(events):
    """The events with the time of recording: at once, or typed in later, one slip a minute."""
    typed = Counter()
    for event in sorted(events, key=lambda event: event["occurred_at"]):
        begin = start_of_typing(event["occurred_at"])
        yield event | {"recorded_at": begin + timedelta(minutes=typed[begin])}
        typed[begin] += 1


def start_of_typing(occurred_at):
    if iso(occurred_at) in FOUND_LATE:
        return utc(FOUND_LATE[iso(occurred_at)])
    for outage in OUTAGES:
        offline, online, typing = map(utc, outage)
        if offline <= occurred_at < online:
            return typing
    return occurred_at


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def iso(when):
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def write_csv(log, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(as_text, log))


def as_text(event):
    clocks = ("occurred_at", "recorded_at")
    return event | {clock: iso(event[clock]) for clock in clocks}


def report(log):
    late = sum(event["recorded_at"] > event["occurred_at"] for event in log)
    print(f"{TARGET.name}: {len(log)} events, {late} of them recorded late")
    for type, count in Counter(event["type"] for event in log).items():
        print(f"{count:6} {type}")


if __name__ == "__main__":
    main()
