"""Gift cards in the `eventsourcing` package, in its SQLite store: the other side of some races."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from benchmarks import logs
from benchmarks.measure import Setting

SECTION = 1_000  # events that others read at once; the default is 10


class Card(Aggregate):
    """The same rules as an aggregate, its events spelled out: faster than its decorator."""

    def __init__(self, name: str) -> None:
        self.name, self.balance, self.holder, self.loads = name, 0, "", 0

    @staticmethod
    def create_id(name: str) -> UUID:
        """Return the id of the aggregate of a stream."""
        return uuid5(NAMESPACE_URL, name)

    class Loaded(Aggregate.Event):
        """Money came on the card."""

        amount: int
        holder: str

        def apply(self, aggregate: Any) -> None:
            """Change the card."""
            aggregate.balance += self.amount
            aggregate.holder = self.holder
            aggregate.loads += 1

    class Redeemed(Aggregate.Event):
        """Money was spent."""

        amount: int

        def apply(self, aggregate: Any) -> None:
            """Change the card."""
            aggregate.balance -= self.amount


class Cards(Application[UUID]):
    """An application that lets others read many of its events at once."""

    log_section_size = SECTION


@contextmanager
def application(setting: Setting, name: str, events: int) -> Iterator[Cards]:
    """Open an application whose SQLite store holds so many events of the log."""
    with Cards(env=sqlite(setting, name)) as app:
        _record(app, rows(events))
        yield app


def sqlite(setting: Setting, name: str) -> dict[str, str]:
    """Return the environment of an application that keeps its events in a file of its own."""
    path = setting.folder / f"eventsourcing-{name}.db"
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}


def rows(events: int) -> Iterator[tuple[str, str, int, str]]:
    """Yield card, type, amount and holder of so many events of the log."""
    frame = logs.frame(events, logs.streams(events))
    columns = (frame[name].tolist() for name in ("card", "kind", "amount", "holder"))
    yield from zip(*columns, strict=True)


def _record(app: Cards, events: Iterable[tuple[str, str, int, str]]) -> None:
    cards: dict[str, Card] = {}
    for name, kind, amount, holder in events:
        card = cards.get(name)
        if card is None:
            card = cards[name] = Card(name)
        if kind == "CardLoaded":
            card.trigger_event(Card.Loaded, amount=amount, holder=holder)
        else:
            card.trigger_event(Card.Redeemed, amount=amount)
    app.save(*cards.values())
