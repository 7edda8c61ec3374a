"""Gift cards at scale: synthetic events in interleaved streams, the same ones for the same size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from tqdm import tqdm

import eventlab as el
from benchmarks import rules
from benchmarks.measure import Setting

SLICE = 1_000_000
PER_STREAM = 100  # 10 million events in 100,000 streams
HOLDERS = ["Mara", "Nils", "Oda", "Paul"]
ROLES = {"stream": "card", "type": "kind", "occurred_at": "ts"}


def frame(events: int, streams: int, start: int = 0) -> pd.DataFrame:
    """Return events from number `start` on, one per row: every stream once, shuffled, and again.

    Two of five load a card and name its holder; the others redeem.
    """
    rng = np.random.default_rng(start)
    rounds = -(-events // streams)
    card = np.concatenate([rng.permutation(streams) for _ in range(rounds)])[:events]
    number = np.arange(start, start + events)
    loads = (number < streams) | (number % 5 < 2)  # the first event of a card loads it
    return pd.DataFrame(
        {
            "card": _texts([name(no) for no in range(streams)], card),
            "kind": _texts(["CardRedeemed", "CardLoaded"], loads.astype(int)),
            "ts": np.datetime64("2026-01-01", "us") + number * np.timedelta64(1, "s"),
            "amount": rng.integers(1, 100, events),
            "holder": _texts([*HOLDERS, None], np.where(loads, card % len(HOLDERS), -1)),
        }
    )


def name(card: int) -> str:
    """Return the stream of a card."""
    return f"card-{card}"


def numbered(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events as rows that bare SQL can insert: numbered, with their payload as JSON text."""
    stream_no, _ = pd.factorize(events["card"])
    version = events.groupby(stream_no).cumcount() + 1
    payloads = [
        json.dumps({"amount": amount} if pd.isna(holder) else {"amount": amount, "holder": holder})
        for amount, holder in zip(events["amount"].tolist(), events["holder"], strict=True)
    ]
    return events.assign(
        position=np.arange(1, len(events) + 1),
        stream_no=(stream_no + 1).astype("int32"),
        version=version,
        data=pd.Series(payloads, dtype="str"),
    )


def ensure(setting: Setting) -> None:
    """Make the large log, unless this run has made it already."""
    if setting.log.exists():
        return
    with (
        el.EventStore(setting.log) as store,
        tqdm(total=setting.events, unit=" events", desc="large log", disable=False) as progress,
    ):
        for start in range(0, setting.events, SLICE):
            events = min(SLICE, setting.events - start)
            store.append_frame(frame(events, streams(setting.events), start), **ROLES)
            progress.update(events)


def ensure_snapshots(setting: Setting) -> None:
    """Copy the large log and take snapshots of all cards, unless this run has done so already."""
    ensure(setting)
    if setting.snapshots.exists():
        return
    shutil.copy(setting.log, setting.snapshots)
    with opened_with_snapshots(setting, read_only=False):
        pass  # they are taken when they are opened for writing


@contextmanager
def opened_with_snapshots(
    setting: Setting, *, read_only: bool = True
) -> Iterator[tuple[el.EventStore, el.Snapshots]]:
    """Open the copy of the large log and the snapshots in it."""
    with el.EventStore(setting.snapshots, read_only=read_only) as store:
        yield store, el.Snapshots(store, rules.CARDS)


def streams(events: int, each: int = PER_STREAM) -> int:
    """Return how many streams a log of this size has."""
    return max(events // each, 1)


def _texts(values: list[str | None], chosen: np.ndarray) -> pd.Series:
    return pd.Series(values, dtype="str").take(chosen).reset_index(drop=True)
