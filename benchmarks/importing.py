"""Reading a CSV file into a store: how fast, and how little of it is in memory at a time.

The same by hand is one INSERT that numbers the rows of `read_csv` with windows; it checks nothing. Without a
limit DuckDB keeps what it has written as a cache; with one it shows what an import needs.
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
from eventlab.store import schema, stream_index

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

LIMIT = "200MB"

WRITTEN = "select count(*), max(version), sum(data.amount::bigint), count(data.holder) from events"


def run(setting: Setting) -> list[Row]:
    """Measure a file of all rows of the large log, and one of a tenth of them."""
    logs.ensure(setting)
    return [*_read(setting, setting.events // 10), *_read(setting, setting.events)]


def _read(setting: Setting, events: int) -> list[Row]:
    with bare.connect(setting.log, read_only=True) as con:
        con.execute(EXPORTED.format(events=events, path=_table(setting, events)))
    within = partial(read_table, memory_limit=LIMIT)
    ours, limited, theirs = race(
        setting,
        Side("read_table", partial(_into_a_new_file, events=events, read=read_table)),
        Side("read_table, limited", partial(_into_a_new_file, events=events, read=within)),
        Side("read_csv, INSERT", partial(_into_a_new_file, events=events, read=by_hand)),
        rounds=1,
        warm_up=False,
    )
    return [
        Row(
            f"read_table of {events:,} rows of CSV into a file{how}",
            rate(events, side),
            f"read_csv, INSERT, nothing checked: {rate(events, theirs)}",
            f"{1 / ratio(side, theirs):.2f} of its rate",
            "",
            memory(side, theirs),
        )
        for how, side in (("", ours), (f", memory_limit={LIMIT}", limited))
    ]


def read_table(table: Path, log: Path, memory_limit: str | None = None) -> None:
    """Read the file by the store."""
    with el.EventStore(log, memory_limit=memory_limit) as store:
        el.read_table(table, **logs.ROLES, into=store)


def by_hand(table: Path, log: Path) -> None:
    """Read it by DuckDB, in one transaction too."""
    with bare.connect(log) as con:
        schema.create(con)
        con.execute("begin")
        con.execute(BY_HAND.format(path=table))
        [(events,)] = con.execute("select count(*) from events").fetchall()
        stream_index.write_runs(con, events)
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
