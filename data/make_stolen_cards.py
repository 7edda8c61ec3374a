"""Write a summer in which gift cards are stolen from: `data/stolen-cards.csv`.

Forty guests of the Harbour Café pay by card. Somebody photographs numbers off the rack and spends
them at the self-service kiosk, several purchases in a row, until the card has no more. On their next visit
the guests report each sale that was not theirs, and the café makes it good: so it is known afterwards
what was theft, as a rule that refuses sales would have to guess before. Knows nothing of eventlab.
Lesson 10 uses the result.

    python data/make_stolen_cards.py
"""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

TARGET = Path(__file__).with_name("stolen-cards.csv")
COLUMNS = ["stream", "type", "occurred_at", "actor", "reason", "amount", "sale", "till"]
SEED = 23  # the best rule with five false alarms needs three conditions
TUESDAY = 1  # closed

FIRST, UNTIL = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
CARDS = [f"card-{n}" for n in range(21, 61)]
OFFICES = {"card-21", "card-34", "card-47", "card-60"}
ROBBED = {f"card-{n}": 3 + n % 7 for n in range(22, 60, 2)}  # on an evening after so many visits

PRICES = {"coffee": 3, "coffee and cake": 5, "breakfast": 8, "lunch": 12, "beans": 14}
TEAM_LUNCH = 36
FORGOTTEN = ["coffee", "coffee", "coffee and cake", "lunch"]  # the cake, the colleague's lunch
LOOT = ["beans", "beans", "lunch", "breakfast"]
TOP_UPS = [20, 30, 50]


def main():
    log = stolen_cards(Random(SEED))
    write_csv(log, TARGET)
    report(log)


def stolen_cards(rng):
    """One row per event in order of time; the sales are numbered in that order too."""
    events = [event for card in CARDS for event in Life(rng, card).events()]
    events.sort(key=lambda event: event["occurred_at"])
    numbers = {}
    for event in events:
        if event["sale"] is not None:  # until now the card and a number of its own
            event["sale"] = numbers.setdefault(event["sale"], len(numbers) + 1)
    return events


class Life:
    """What happens to one card: visits of its guest and, to some cards, one evening of theft."""

    def __init__(self, rng, card):
        self.rng, self.card = rng, card
        self.balance, self.sales, self.stolen = 0, 0, []

    def events(self):
        for count, when in enumerate(visits(self.rng), start=1):
            yield from self.complaint(when - timedelta(minutes=2 * len(self.stolen)))
            yield from self.visit(when)
            if count == ROBBED.get(self.card):
                yield from self.spree(evening_after(self.rng, when))

    def visit(self, when):
        """One purchase, and sometimes something that was forgotten; or a load, where it is too short."""
        wish, price = self.wish()
        if self.balance < price:
            yield self.load(when, "top-up", pick(self.rng, TOP_UPS))
            return
        till = "kiosk" if self.rng.random() < 0.4 else "counter"
        yield self.sell(when, wish, price, till)
        again = pick(self.rng, FORGOTTEN)
        if self.rng.random() < 0.12 and self.balance >= PRICES[again]:
            later = when + timedelta(minutes=2 + below(self.rng, 8))
            yield self.sell(later, again, PRICES[again], till)

    def wish(self):
        if self.card in OFFICES and self.rng.random() < 0.5:
            return "team lunch", TEAM_LUNCH
        wish = pick(self.rng, list(PRICES))
        return wish, PRICES[wish]

    def spree(self, when):
        """Purchases at the kiosk, minutes apart, until the card cannot pay the next."""
        while self.balance >= PRICES[loot := pick(self.rng, LOOT)]:
            sale = self.sell(when, loot, PRICES[loot], "kiosk")
            self.stolen.append(sale)
            yield sale
            when += timedelta(minutes=2 + below(self.rng, 9))

    def complaint(self, when):
        """A report and a refund for every sale that was not the guest's."""
        for sale in self.stolen:
            yield self.event("TheftReported", when, "not me", sale=sale["sale"])
            made_good = self.load(when + timedelta(minutes=1), "made good", sale["amount"])
            yield made_good | {"sale": sale["sale"]}
            when += timedelta(minutes=2)
        self.stolen = []

    def load(self, when, reason, amount):
        self.balance += amount
        return self.event("CardLoaded", when, reason, amount=amount)

    def sell(self, when, reason, amount, till):
        self.balance -= amount
        self.sales += 1
        sale = (self.card, self.sales)
        return self.event("CardRedeemed", when, reason, amount=amount, sale=sale, till=till)

    def event(self, type, when, reason, amount=None, sale=None, till=None):
        actor = "kiosk" if till == "kiosk" else on_shift(when)
        told = {"stream": self.card, "type": type, "occurred_at": when, "actor": actor}
        return told | {"reason": reason, "amount": amount, "sale": sale, "till": till}


def visits(rng):
    """Times within opening hours, 9:00 to 20:00, some days apart."""
    day = FIRST + timedelta(days=below(rng, 9))
    while day < UNTIL:
        if day.weekday() != TUESDAY:
            yield day + timedelta(hours=9, minutes=20 + below(rng, 10 * 60))
        day += timedelta(days=3 + below(rng, 8))


def evening_after(rng, visit):
    """Five or later on the next open day; the guest comes again in three days or more."""
    day = visit.replace(hour=13, minute=0) + timedelta(days=1)
    if day.weekday() == TUESDAY:
        day += timedelta(days=1)
    return day + timedelta(minutes=below(rng, 330))


def pick(rng, choices):
    return choices[below(rng, len(choices))]


def below(rng, n):
    # Of all its draws Python promises only random() to stay the same in later versions.
    return int(n * rng.random())


def on_shift(when):
    return "ana" if when.hour < 13 else "ben" if when.hour < 17 else "chloe"


def iso(when):
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def write_csv(log, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(event | {"occurred_at": iso(event["occurred_at"])} for event in log)


def report(log):
    print(f"{TARGET.name}: {len(log)} events")
    for type, count in Counter(event["type"] for event in log).items():
        print(f"{count:6} {type}")


if __name__ == "__main__":
    main()
