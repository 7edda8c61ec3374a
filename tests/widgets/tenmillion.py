"""A store of ten million events, made in seconds: its rows as they are stored, written by one query.

It has no keys and no triggers, and is to be opened for reading only.
"""

from pathlib import Path

import duckdb

from eventlab.store.schema import FORMAT

EVENTS, CARDS = 10_000_000, 100_000


def write(path: Path) -> None:
    """Let event n, counted from 0, load n onto a card: all cards in turn, one a second."""
    with duckdb.connect(path) as con:
        con.execute(_TABLES)


def card_at(position: int) -> tuple[str, int]:
    """Return the card that the event at a position loads, and how much is on it then."""
    last = position - 1
    turns, place = divmod(last, CARDS)
    return f"card-{place + 1}", sum(place + CARDS * turn for turn in range(turns + 1))


_TABLES = f"""
create table store as select {FORMAT} as format;

create table streams as
select n::integer as stream_no, 'card-' || n as stream, 'card' as category
from range(1, {CARDS + 1}) as cards(n);

create table fields as select 1 as seen, 'CardLoaded' as type, 'amount' as field, 'BIGINT' as kind;

create table events as
select n + 1 as position, (n % {CARDS} + 1)::integer as stream_no, n // {CARDS} + 1 as version,
       'CardLoaded' as type,
       timestamp '2026-01-01' + to_seconds(n) as occurred_at, occurred_at as recorded_at,
       {{'amount': n}}::variant as data, null::varchar as actor, null::varchar as reason,
       null::varchar as correlation_id, null::varchar as causation_id, null::varchar as given_id,
       null::varchar[] as tags, 1 as schema
from range({EVENTS}) as events(n);
"""
