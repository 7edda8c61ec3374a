"""Faults to order: what networks and machines do to messages, drawn from a seed, so that it can be repeated.

They do nothing that a real bus may not do within its promises (at least once, in order for each key): a
handler that survives them survives the real ones.
"""

from __future__ import annotations

import random
from collections import Counter
from html import escape
from threading import Lock
from typing import NamedTuple

import pandas as pd

from eventlab.errors import InvalidFaults

KINDS = ("drop", "duplicate", "delay", "reorder", "crash_before", "crash_after")


class Struck(NamedTuple):
    """One fault: at which delivery of which event to whom; those of an event count from 1."""

    consumer: str
    position: int
    delivery: int
    fault: str


class Faults:
    """Strikes some deliveries, by chance or by a schedule.

    Whether a delivery is struck depends on the seed, the consumer, the event and which of its
    deliveries it is, and on nothing else: not on who else consumes, nor on the order of turns.

    Parameters
    ----------
    seed : int
        The same seed gives the same faults.
    drop : float
        The chance, between 0 and 1, that a delivery is lost; the event comes again.
    duplicate : float
        … that it is delivered twice.
    delay : float
        … that it waits for three turns, while other consumers get theirs.
    reorder : float
        … that an event of another key overtakes it.
    crash_before, crash_after : float
        … that the process dies before the handler runs, or after it ran and before the checkpoint is
        kept. `Crashed` is raised out of ``deliver()``.

    Attributes
    ----------
    schedule : DataFrame
        The faults that struck so far, one row each: ``consumer, position, delivery, fault``.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("order-1", [el.Event("OrderPlaced"), el.Event("OrderPaid")])
    >>> faults = el.Faults(seed=1, duplicate=0.5)
    >>> bus = el.Bus(store, faults=faults)
    >>> @bus.consumer("mail")
    ... def write(event):
    ...     print(event.type)
    >>> bus.deliver()
    OrderPlaced
    OrderPlaced
    OrderPaid
    {'mail': 2}
    >>> faults.schedule
      consumer  position  delivery      fault
    0     mail         1         1  duplicate
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        drop: float = 0,
        duplicate: float = 0,
        delay: float = 0,
        reorder: float = 0,
        crash_before: float = 0,
        crash_after: float = 0,
    ) -> None:
        given = (drop, duplicate, delay, reorder, crash_before, crash_after)
        self._chances = dict(zip(KINDS, given, strict=True))
        _require_chances(self._chances)
        self.seed = seed
        self._planned: dict[tuple[str, int, int], str] | None = None
        self._deliveries: Counter[tuple[str, int]] = Counter()
        self._struck: list[Struck] = []
        self._lock = Lock()

    @classmethod
    def from_schedule(cls, schedule: pd.DataFrame) -> Faults:
        """Return faults that strike exactly where a schedule says.

        Parameters
        ----------
        schedule : DataFrame
            Columns ``consumer, position, delivery, fault``: that of an earlier run, or written by hand.

        Raises
        ------
        InvalidFaults
            When a column is missing, or a fault is none.
        """
        missing = [column for column in Struck._fields if column not in schedule]
        if missing:
            raise InvalidFaults(
                f"the schedule has no column {', '.join(missing)}: it needs {', '.join(Struck._fields)}."
            )
        rows = [Struck(*row) for row in schedule[list(Struck._fields)].itertuples(index=False)]
        for row in rows:
            _require_kind(row.fault)
        made = cls()
        made._planned = {(row.consumer, row.position, row.delivery): row.fault for row in rows}
        return made

    @property
    def schedule(self) -> pd.DataFrame:
        """The faults that struck, by consumer, position and delivery."""
        frame = pd.DataFrame(sorted(self._struck), columns=list(Struck._fields))
        return frame.astype(
            {"consumer": "str", "position": "int64", "delivery": "int64", "fault": "str"}
        )

    def strike(self, consumer: str, position: int) -> str | None:
        """Return what happens to the next delivery of an event, and note it; None when all goes well."""
        with self._lock:
            self._deliveries[consumer, position] += 1
            delivery = self._deliveries[consumer, position]
            fault = self._drawn(consumer, position, delivery)
            if fault:
                self._struck.append(Struck(consumer, position, delivery, fault))
        return fault

    def _drawn(self, consumer: str, position: int, delivery: int) -> str | None:
        if self._planned is not None:
            return self._planned.get((consumer, position, delivery))
        # Seeded by a text, `random` is the same in every version of Python and on every machine.
        left = random.Random(f"{self.seed}/{consumer}/{position}/{delivery}").random()  # noqa: S311
        for kind, chance in self._chances.items():
            if left < chance:
                return kind
            left -= chance
        return None

    def __repr__(self) -> str:
        if self._planned is not None:
            return f"Faults.from_schedule({len(self._planned)} faults)"
        chances = [f"{kind}={chance}" for kind, chance in self._chances.items() if chance]
        return f"Faults({', '.join([f'seed={self.seed}', *chances])})"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + self.schedule.to_html(index=False)


def _require_chances(chances: dict[str, float]) -> None:
    for kind, chance in chances.items():
        if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance < 1:
            raise InvalidFaults(
                f"{kind}={chance!r} is no chance: give a number from 0 to below 1, such as {kind}=0.2."
            )
    if sum(chances.values()) >= 1:
        listed = ", ".join(f"{kind}={chance}" for kind, chance in chances.items() if chance)
        raise InvalidFaults(
            f"the chances of {listed} come to {sum(chances.values()):g}: keep them below 1 in all, or no "
            "event would ever get through."
        )


def _require_kind(fault: object) -> None:
    if fault not in KINDS:
        raise InvalidFaults(f"{fault!r} is no fault: there are {', '.join(KINDS)}.")
