"""A soak: a producer, two read models and three consumers at work on one log at once, for a million events.

    python -m benchmarks.soak                    # some minutes; ends with 1 where a promise is broken
    python -m benchmarks.soak --events 20000     # what the tests do

Nothing may be lost, nothing count twice, each stream stays in order, all sums are those of a counter kept by
hand, and memory stays flat.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event as Signal
from threading import Thread
from typing import Any, NamedTuple

import psutil
from tqdm import tqdm

import eventlab as el
from benchmarks import report

MILLION = 1_000_000
CARDS = 200
BATCH = 400  # events at most, in one append
AHEAD = 10_000  # events by which the producer may be ahead of anybody before it waits
ASKS = 0.002  # of the events ask for a statement, which a consumer then sends
LOOK_EVERY = 0.1  # seconds between two looks at the memory
# The keys of the file may stay in memory, 80 bytes an event (see the README); an event that somebody forgets
# to let go of costs more than 1,000.
BYTES_PER_EVENT = 100
ROOM = 32_000_000  # bytes by which the memory of a process comes and goes


class Finding(NamedTuple):
    """One promise of the soak: what was found, and what it had to be."""

    what: str
    found: float
    sign: str
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the promise was kept."""
        return self.found <= self.bound if self.sign == "≤" else self.found == self.bound

    def row(self) -> tuple[str, str, str, str]:
        """Return it as a line of the table."""
        wanted = f"{self.sign} {self.bound:,}"
        return self.what, f"{self.found:,}", wanted, "kept" if self.holds else "**broken**"


def main() -> None:
    """Soak as many events as the command line says, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--events", type=int, default=MILLION, help="how many to append")
    events = parser.parse_args().events
    described, began = report.machine(events), time.monotonic()
    with TemporaryDirectory(prefix="eventlab-soak-") as folder:
        findings = soak(Path(folder, "soak.duckdb"), events, quiet=False)
    rows = [finding.row() for finding in findings]
    print(f"\n{described}\n\n{report.table(rows, ['what', 'found', 'promised', 'verdict'])}\n")
    print(f"{time.monotonic() - began:.0f} s in all", file=sys.stderr)
    sys.exit(not all(finding.holds for finding in findings))


def soak(path: Path, events: int, *, quiet: bool = True) -> list[Finding]:
    """Let them all work until every event is where it has to be; return what was found."""
    with el.EventStore(path) as store, memory_watched() as memory:
        producer, consumers = Producer(store, events), Consumers(store, events)
        views = [el.ReadModel(store, rule) for rule in (BY_COLUMNS, IN_PYTHON)]
        for view in views:
            view.run()
        with consumers.bus.run() as bus:
            # Who is far behind reads more at once: memory can be compared only while all keep up.
            producer.run(lambda: consumers.wait(AHEAD), quiet=quiet)
            consumers.wait()
        bus.deliver()  # what was sent when it looked as if all were done
        for view in views:
            view.wait(store.head, timeout=600)
        return [
            *consumers.findings(producer),
            *(of_rows(view, producer) for view in views),
            of_memory(memory, store.head),
        ]


# -- who appends -----------------------------------------------------------------------------------


class Producer:
    """Appends single events, batches, and what rules decide, and keeps a counter of it by hand."""

    def __init__(self, store: el.EventStore, events: int) -> None:
        self._store, self._events = store, events
        self._chance = random.Random(7)
        self.balance, self.asked, self.appended = Counter(), Counter(), Counter()

    def run(self, wait: Callable[[], object], *, quiet: bool) -> None:
        """Append them all, and wait now and then, so that the others keep up."""
        with tqdm(total=self._events, unit=" events", desc="soak", disable=quiet) as bar:
            while (left := self._events - self.appended.total()) > 0:
                bar.update(self._append_some(min(left, AHEAD)))
                wait()

    def _append_some(self, events: int) -> int:
        ways, weights = [self._batch, self._single, self._decided], [70, 25, 5]
        before = self.appended.total()
        while self.appended.total() < before + events:
            [append] = self._chance.choices(ways, weights)
            card = f"card-{self._chance.randrange(CARDS)}"
            self.note(card, append(card))
        return self.appended.total() - before

    def note(self, card: str, events: list[el.Event]) -> None:
        """Count what was appended."""
        for event in events:
            self.appended[card] += 1
            self.asked[card] += event.type == "StatementAsked"
            sign = {"CardLoaded": 1, "CardRedeemed": -1}.get(event.type, 0)
            self.balance[card] += sign * event.data.get("amount", 0)

    def _batch(self, card: str) -> list[el.Event]:
        events = [self._event() for _ in range(self._chance.randint(2, BATCH))]
        self._store.append(card, events)
        return events

    def _single(self, card: str) -> list[el.Event]:
        event = self._event()
        self._store.append(card, event)
        return [event]

    def _decided(self, card: str) -> list[el.Event]:
        return list(el.handle(self._store, REDEEMING, card, self._amount(), retries=20).events)

    def _event(self) -> el.Event:
        if self._chance.random() < ASKS:
            return el.Event("StatementAsked")
        type = "CardLoaded" if self._chance.random() < 0.6 else "CardRedeemed"
        return el.Event(type, {"amount": self._amount()})

    def _amount(self) -> int:
        return self._chance.randint(1, 9)


def evolve(card: dict[str, int], event: Any) -> dict[str, int]:
    """Return a card after an event."""
    column, amount = {
        "CardLoaded": ("balance", event.data.get("amount")),
        "CardRedeemed": ("balance", -event.data.get("amount", 0)),
        "StatementAsked": ("asked", 1),
        "StatementSent": ("sent", 1),
    }[event.type]
    return {**card, column: card[column] + amount, "events": card["events"] + 1}


def redeem(amount: int, card: dict[str, int]) -> el.Event | None:
    """Take an amount off a card that has as much."""
    return el.Event("CardRedeemed", {"amount": amount}) if card["balance"] >= amount else None


START = {"balance": 0, "asked": 0, "sent": 0, "events": 0}
REDEEMING = el.Decider(redeem, evolve, START, name="card")
IN_PYTHON = el.Fold(evolve, START, name="in_python")
BY_COLUMNS = el.Projection(
    "by_columns",
    balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
    asked=el.count("StatementAsked"),
    sent=el.count("StatementSent"),
    events=el.count(),
)


# -- who consumes ----------------------------------------------------------------------------------


class Tally:
    """What one consumer was given: each event how often, in which order, and what it comes to."""

    def __init__(self, events: int) -> None:
        self.times = bytearray(2 * events + BATCH)  # by position
        self.version, self.balance = Counter(), Counter()
        self.out_of_order = 0

    def note(self, event: el.RecordedEvent) -> None:
        """Count one more delivery; those of one stream never come at once."""
        self.times[event.position] += 1
        self.out_of_order += event.version != self.version[event.stream] + 1
        self.version[event.stream] = event.version
        sign = {"CardLoaded": 1, "CardRedeemed": -1}.get(event.type, 0)
        self.balance[event.stream] += sign * event.data.get("amount", 0)

    def findings(self, name: str, producer: Producer, head: int) -> Iterator[Finding]:
        """Hold it against the log and against the producer's counter."""
        times = self.times[1 : head + 1]
        wrong = sum(self.balance[card] != balance for card, balance in producer.balance.items())
        yield Finding(f"consumer {name}: events that it was never given", times.count(0), "=", 0)
        yield Finding(
            f"consumer {name}: given more than once", head - times.count(0) - times.count(1), "=", 0
        )
        yield Finding(
            f"consumer {name}: out of the order of their stream", self.out_of_order, "=", 0
        )
        yield Finding(f"consumer {name}: cards with another balance", wrong, "=", 0)


class Consumers:
    """Three consumers of every event: in threads, appending, and with effects in the store."""

    def __init__(self, store: el.EventStore, events: int) -> None:
        self._store, self.bus = store, el.Bus(store)
        self._tallies = {name: Tally(events) for name in ("workers", "idempotent", "once")}
        store.cursor().execute("create table statements (card varchar)")
        self.bus.consumer("workers", workers=2)(self._tallies["workers"].note)
        self.bus.consumer("idempotent", idempotent=True)(self._sending)
        self.bus.consumer("once")(self._noting)

    def _sending(self, event: el.RecordedEvent) -> None:
        self._tallies["idempotent"].note(event)
        if event.type == "StatementAsked":
            self._store.append(event.stream, el.Event("StatementSent"))

    def _noting(self, event: el.RecordedEvent) -> None:
        self._tallies["once"].note(event)
        if event.type == "StatementAsked":
            row = [event.stream]
            self.bus.once(event, lambda con: con.execute("insert into statements values (?)", row))

    def wait(self, behind: int = 0) -> None:
        """Wait until nobody is further behind, and hear of an error in the background."""
        while self.bus.lag()["lag"].max() > behind:
            if self.bus.error is not None:
                raise self.bus.error
            time.sleep(0.1)

    def findings(self, producer: Producer) -> Iterator[Finding]:
        """Hold what they were given, and what they did, against the log and the producer's counter."""
        head, asked = self._store.head, sum(producer.asked.values())
        appended = sum(producer.appended.values())
        yield Finding("events in the log, appended and sent", head, "=", appended + asked)
        for name, tally in self._tallies.items():
            yield from tally.findings(name, producer, head)
        [(noted,)] = self._store.cursor().execute("select count(*) from statements").fetchall()
        yield Finding("statements noted in the store, by once", noted, "=", asked)
        yield Finding("dead letters", len(self.bus.dead_letters()), "=", 0)


# -- what is found ---------------------------------------------------------------------------------


def of_rows(view: el.ReadModel, producer: Producer) -> Finding:
    """Compare every row with the counter: what was lost or taken in twice would show."""
    found = view.frame().drop(columns="position").to_dict("index")
    wanted = {
        card: {
            "balance": balance,
            "asked": producer.asked[card],
            "sent": producer.asked[card],
            "events": producer.appended[card] + producer.asked[card],
        }
        for card, balance in producer.balance.items()
    }
    differing = _differing(found, wanted)
    return Finding(f"read model {view.name}: rows unlike the counter", differing, "=", 0)


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> int:
    return sum(found.get(card) != wanted.get(card) for card in {*found, *wanted})


def of_memory(samples: list[int], events: int) -> Finding:
    """Compare what memory was mostly taken in the second half of the time with that of the first.

    Not the most that was taken: when DuckDB 2.0 writes its file anew, it takes some 200 bytes an event more
    for a moment, for the keys of the whole log, and gives them back.
    """
    half = len(samples) // 2
    growth = int(median(samples[half:]) - median(samples[:half]))
    bound = BYTES_PER_EVENT * events // 2 + ROOM
    return Finding("bytes that the second half took more, by medians", growth, "≤", bound)


@contextmanager
def memory_watched() -> Iterator[list[int]]:
    """Sample the memory of this process, in bytes, for as long as the block takes."""
    samples, over, process = [psutil.Process().memory_info().rss], Signal(), psutil.Process()

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            samples.append(process.memory_info().rss)

    watcher = Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


if __name__ == "__main__":
    main()
