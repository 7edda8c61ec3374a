"""Reading a CSV file into a store: how fast, and how little of it is in memory at a time.

The same by hand is one INSERT that numbers the rows of `read_csv` with windows; it checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import eventlab as el
from benchmarks import bare, logs
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, memory, rate
from eventlab.store import schema

EXPORTED = """
copy (select stream as card, type as kind, occurred_at as ts, data.amount::bigint as amount,
             data.holder::varchar as holder
      from events join streams using (stream_no) where position <= {events} order by position)
to '{path}' (header)
"""

BY_HAND = """
create temp table numbered as select row_number() over () as position, * from read_csv('{path}');
insert into streams
select row_number() over (order by min(position)), card, 'card' from numbered group by card;
insert into events
select position, stream_no, row_number() over (partition by stream_no order by position), kind, ts,
       now()::timestamp,
       ('{{' || concat_ws(',', '"amount":' || amount, '"holder":' || to_json(holder)) || '}}')::json::variant,
       null, null, null, null, null, null, 1
from numbered join streams on stream = card order by position;
"""

WRITTEN = "select count(*), max(version), sum(data.amount::bigint), count(data.holder) from events"


def run(setting: Setting) -> list[Row]:
    """Measure a file of all rows of the large log, and one of a tenth of them."""
    logs.ensure(setting)
    return [_read(setting, setting.events // 10), _read(setting, setting.events)]


def _read(setting: Setting, events: int) -> Row:
    with bare.connect(setting.log, read_only=True) as con:
        con.execute(EXPORTED.format(events=events, path=_table(setting, events)))
    ours, theirs = race(
        setting,
        Side("read_table", partial(_into_a_new_file, events=events, read=read_table)),
        Side("read_csv, INSERT", partial(_into_a_new_file, events=events, read=by_hand)),
        rounds=1,
        warm_up=False,
    )
    return Row(
        f"read_table of {events:,} rows of CSV into a file",
        rate(events, ours),
        f"read_csv, INSERT, nothing checked: {rate(events, theirs)}",
        f"{1 / ratio(ours, theirs):.2f} of its rate",
        "",
        memory(ours, theirs),
    )


def read_table(table: Path, log: Path) -> None:
    """Read the file by the store."""
    with el.EventStore(log) as store:
        el.read_table(table, **logs.ROLES, into=store)


def by_hand(table: Path, log: Path) -> None:
    """Read it by DuckDB, in one transaction too."""
    with bare.connect(log) as con:
        schema.create(con)
        con.execute("begin")
        con.execute(BY_HAND.format(path=table))
        con.execute("commit")


@contextmanager
def _into_a_new_file(
    setting: Setting, events: int, read: Callable[[Path, Path], None]
) -> Iterator[Once]:
    with TemporaryDirectory(dir=setting.folder) as folder:
        log = Path(folder, "log.duckdb")

        def once(watch: Watch) -> object:
            with watch:
                read(_table(setting, events), log)
            with bare.connect(log) as con:
                return con.execute(WRITTEN).fetchall()

        yield once


def _table(setting: Setting, events: int) -> Path:
    """Return where the first events of the large log are written as CSV."""
    return setting.folder / f"cards-{events}.csv"
