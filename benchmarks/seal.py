"""Sealing the large log and verifying it, against the bare digest of every row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import eventlab as el
from benchmarks import bare, logs
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, memory, rate


def run(setting: Setting) -> list[Row]:
    """Measure both; every round seals a copy that no one has sealed."""
    logs.ensure(setting)
    sealed, digests = race(
        setting, Side("seal", seal), Side("sha256", digest), rounds=2, warm_up=False
    )
    [verified] = race(setting, Side("verify", verify), rounds=2, warm_up=False)
    goal = at_least(1_000_000, "/s").verdict(setting.events / sealed.seconds)
    against = f"sha256 of every payload: {rate(setting.events, digests)}"
    return [
        Row(
            f"seal {setting.events:,} events",
            rate(setting.events, sealed),
            against,
            f"{1 / ratio(sealed, digests):.2f} of its rate",
            goal,
            memory(sealed, digests),
        ),
        Row(
            f"verify {setting.events:,} sealed events",
            rate(setting.events, verified),
            against,
            f"{1 / ratio(verified, digests):.2f} of its rate",
            "",
            memory(verified),
        ),
    ]


@contextmanager
def seal(setting: Setting) -> Iterator[Once]:
    """The chain of digests over the whole log."""

    def once(watch: Watch) -> int:
        with _copy(setting) as path, el.EventStore(path) as store, watch:
            return store.seal().position

    yield once


@contextmanager
def digest(setting: Setting) -> Iterator[Once]:
    """SHA-256 of each payload and nothing else, the least that a seal could do."""
    with bare.connect(setting.log, read_only=True) as con:

        def once(watch: Watch) -> int:
            with watch:
                [(rows,)] = con.execute(
                    "select count(distinct sha256(data::json::varchar)[1]) * 0 + count(*) from events"
                ).fetchall()
            return int(rows)

        yield once


@contextmanager
def verify(setting: Setting) -> Iterator[Once]:
    """Every row against its seal, and every number against its neighbours."""
    with _copy(setting) as path, el.EventStore(path) as store:
        store.seal()

        def once(watch: Watch) -> int:
            with watch:
                return len(store.verify())

        yield once


@contextmanager
def _copy(setting: Setting) -> Iterator[Path]:
    with TemporaryDirectory(dir=setting.folder) as folder:
        yield Path(shutil.copy(setting.log, folder))
