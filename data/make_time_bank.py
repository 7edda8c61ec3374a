"""Write a year of the Harbour Time Bank, 4,096 events with one slip: `data/time-bank.csv`.

Members help one another and pay in hours; a clerk writes the payments down. Hours only move: what was
given out on joining is what the members hold together, until one payment goes to a member who has
left. Knows nothing of eventlab. Lesson 05 uses the result.

    python data/make_time_bank.py
"""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

TARGET = Path(__file__).with_name("time-bank.csv")
COLUMNS = ["stream", "type", "occurred_at", "actor", "reason", "hours", "taker", "name"]
SEED = 5
EVENTS = 4096  # twelve halvings lead to one of them

FIRST = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
LONGEST_PAUSE = 115  # minutes: so the last event falls in December
GIFT = 10  # hours on joining

HELP = ["babysitting", "bicycle repair", "cooking", "gardening", "lessons", "moving house"]
CLERKS = ["nora", "otto", "pia"]  # two weekdays each; on Sundays nora

NAMES = """
Aino Abel Ada Amir Anouk Bela Bo Carl Cleo Dag Dora Edda Emil Esra Ewa Finn Flora Gil Gus Hana
Hugo Ida Kim Ivo Jana Joost Kaja Karim Lars Lea Leo Lotte Magda Malik Mina Momo Nadia Nils Nina Oda
Olaf Paula Piet Quinn Rafa Rosa Ruth Sami Sara Selim Stine Tarek Theo Tilda Toni Ugo Ulla Vera Viktor
Wanda Wim Yara Yusuf Zoe
"""
FOUNDERS = NAMES.split()

# Position and who leaves: what hours there are go to a friend, then the member goes. Kim is the third.
LEAVING = {
    402: 9, 810: 40, 1203: 23, 1466: 52, 1838: 17,
    2105: 61, 2390: 33, 2911: 4, 3302: 28, 3760: 45,
}  # fmt: skip
# Position and who joins: the second Kim is the fourth.
JOINING = {
    515: "Alma", 903: "Basil", 1310: "Celia", 1599: "Kim", 1902: "Elif", 2240: "Fritz",
    2507: "Greta", 3004: "Heinz", 3411: "Imke", 3808: "Jonte",
}  # fmt: skip

# The planted fault: the hours were earned by the Kim of today, member-68, and written to the one who left.
SLIP, WRONG_KIM, HOURS = 2749, 23, 3


def main():
    log = time_bank(Random(SEED))
    write_csv(log, TARGET)
    report(log)


def time_bank(rng):
    """One row per event in order of time."""
    bank = Bank(rng)
    for name in FOUNDERS:
        bank.join(name)
    while (position := len(bank.log) + 1) <= EVENTS:
        if position in LEAVING:
            bank.leave(LEAVING[position])
        elif position in JOINING:
            bank.join(JOINING[position])
        elif position == SLIP:
            bank.help(HOURS, WRONG_KIM)
        else:
            bank.help(1 + below(rng, 3))
    return bank.log


class Bank:
    """The hours of each member who has not left, and the log so far."""

    def __init__(self, rng):
        self.rng, self.when = rng, FIRST
        self.hours, self.log, self.joined = {}, [], 0

    def join(self, name):
        self.joined += 1
        self.hours[self.joined] = GIFT
        self.write(self.joined, "MemberJoined", "welcome", hours=GIFT, name=name)

    def help(self, hours, taker=None):
        """Somebody who can pay thanks somebody else."""
        giver = pick(self.rng, [member for member, held in self.hours.items() if held >= hours])
        self.pay(giver, taker or self.other_than(giver), hours, pick(self.rng, HELP))

    def leave(self, member):
        if self.hours[member]:
            self.pay(member, self.other_than(member), self.hours[member], "farewell")
        del self.hours[member]
        self.write(member, "MemberLeft", "moved away")

    def pay(self, giver, taker, hours, reason):
        self.hours[giver] -= hours
        if taker in self.hours:  # who has left has no account to add to
            self.hours[taker] += hours
        self.write(giver, "HoursPaid", reason, hours=hours, taker=f"member-{taker}")

    def write(self, member, type, reason, hours=None, taker=None, name=None):
        told = {"stream": f"member-{member}", "type": type, "occurred_at": self.when}
        told |= {"actor": CLERKS[self.when.weekday() // 2 % 3], "reason": reason}
        self.log.append(told | {"hours": hours, "taker": taker, "name": name})
        self.when = later(self.when, 1 + below(self.rng, LONGEST_PAUSE))

    def other_than(self, member):
        return pick(self.rng, [other for other in self.hours if other != member])


def later(when, minutes):
    """So many minutes later, between 9:00 and 20:00."""
    when += timedelta(minutes=minutes)
    if when.hour < 20:
        return when
    return when.replace(hour=9) + timedelta(days=1)


def pick(rng, choices):
    return choices[below(rng, len(choices))]


def below(rng, n):
    # Of all its draws Python promises only random() to stay the same in later versions.
    return int(n * rng.random())


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
