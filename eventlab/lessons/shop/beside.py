"""What do the two shops do under the same failures? One order each, and what came of it, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

import pandas as pd

from eventlab.bus import Bus
from eventlab.errors import Crashed
from eventlab.lessons.shop.calling import CallingShop
from eventlab.lessons.shop.reacting import TellingShop, subscribe
from eventlab.lessons.shop.services import Services
from eventlab.store import EventStore

ORDER = "order-1"
A_WHILE = ["down"] * 5

FAILURES: dict[str, dict[str, Any]] = {
    "nothing fails": {},
    "mail is down for a while": {"mail": A_WHILE},
    "stock is down for a while": {"stock": A_WHILE},
    "the payment's answer gets lost": {"payment": ["silent"]},
    "the process dies after the payment": {"payment": ["fatal"]},
    "the goods are missing": {"missing": [ORDER]},
    "… and paying back fails": {"missing": [ORDER], "payment": ["works", *A_WHILE]},
}
"""Failures by what one would call them, as the words of `Services.with_fates`."""


def side_by_side(failures: Mapping[str, Mapping[str, Any]] = FAILURES) -> pd.DataFrame:
    """Return what becomes of one order in each shop under each failure.

    What the shop that tells could not do on the first day, its consumers do when the services are up again,
    for the events are still there. The shops that call keep nothing to go on from.

    Parameters
    ----------
    failures : dict of text to dict
        A name, and the words of `Services.with_fates`; left out, `FAILURES`.

    Returns
    -------
    DataFrame
        One row for each failure and shop, in that order: what the customer was ``told``, the number of calls
        they ``waited`` for, the work that was ``lost`` and that was done ``twice``, as texts.

    Examples
    --------
    >>> one = side_by_side({"the answer gets lost": {"payment": ["silent"]}})
    >>> one.droplevel("failure")[["waited", "twice"]]
                         waited           twice
    shop
    calls                     1
    calls, again              5  charge
    calls, again by key       5
    events                    0
    """
    rows = {(name, shop): _row(shop, fates) for name, fates in failures.items() for shop in SHOPS}
    index = pd.MultiIndex.from_tuples(rows, names=["failure", "shop"])
    columns = ["told", "waited", "lost", "twice"]
    return pd.DataFrame(list(rows.values()), index=index, columns=columns)


class _Outcome(NamedTuple):
    """What the customer was told, the calls they waited for, and how often each work was done."""

    told: str
    waited: int
    works: Counter[str]


def _row(shop: str, fates: Mapping[str, Any]) -> tuple[str, int, str, str]:
    """Return told, waited, lost and twice: against what the same shop does where no service fails."""
    refused = (tuple(fates.get(reason, ())) for reason in ("unpaid", "missing"))
    outcome, intended = SHOPS[shop](**fates), _intended(shop, *refused)
    lost, twice = intended - outcome.works, outcome.works - intended
    return outcome.told, outcome.waited, ", ".join(lost), ", ".join(twice)


@cache
def _intended(shop: str, unpaid: tuple[str, ...], missing: tuple[str, ...]) -> Counter[str]:
    return SHOPS[shop](unpaid=unpaid, missing=missing).works


def _by_calls(terms: Mapping[str, Any], **fates: Any) -> _Outcome:
    services = Services.with_fates(**fates)
    shop = CallingShop(services, **terms)
    try:
        told = shop.place(ORDER, {})
    except Crashed:
        told = "nothing, ever"
    return _Outcome(told, len(shop.waited), _works(services))


def _by_events(**fates: Any) -> _Outcome:
    services, store = Services.with_fates(**fates), EventStore()
    told = TellingShop(store).place(ORDER, {})
    while _is_left_undone(store, services):
        pass
    return _Outcome(told, 0, _works(services))


def _is_left_undone(store: EventStore, services: Services) -> bool:
    """Deliver in a process of its own, and again what was given up; tell whether anything is left."""
    bus = Bus(store, sleep=lambda seconds: None)
    subscribe(bus, services)
    try:
        bus.deliver()
    except Crashed:
        return True
    given_up = bus.dead_letters()["consumer"].unique().tolist()
    for consumer in given_up:
        bus.retry(consumer)
    return bool(given_up)


def _works(services: Services) -> Counter[str]:
    return Counter(services.done()["work"])


SHOPS: dict[str, Callable[..., _Outcome]] = {
    "calls": partial(_by_calls, {}),
    "calls, again": partial(_by_calls, {"retries": 2}),
    "calls, again by key": partial(_by_calls, {"retries": 2, "keyed": True}),
    "events": _by_events,
}
"""The shops, by what sets them apart: three that call, and ask again or not, and one that tells."""
