"""What a gift card is, in each of the ways that are measured: the same rules everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

import eventlab as el
from benchmarks import bare

START = {"balance": 0, "holder": None, "loads": 0}

CARDS = el.Projection(
    "cards",
    balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
    holder=el.last("holder"),
    loads=el.count("CardLoaded"),
)


def evolve(card: dict[str, Any], event: Any) -> dict[str, Any]:
    """Return a card after an event, in plain Python."""
    data = event.data
    if event.type == "CardLoaded":
        return {
            "balance": card["balance"] + data["amount"],
            "holder": data["holder"],
            "loads": card["loads"] + 1,
        }
    return {**card, "balance": card["balance"] - data["amount"]}


CARD = el.Fold(evolve, START, name="card")

# The best we could write by hand: each payload field taken once, right above the table, where DuckDB reads
# it alone, and a whole number as the unsigned one it is kept as; grouped by number, and named at the end.
SQL_BY_NUMBER = """
select stream_no,
       sum(case when loaded then amount else -amount end)::bigint as balance,
       arg_max(holder, position) as holder,
       count(*) filter (loaded) as loads,
       max(position) as position
from (
    select stream_no, position, type = 'CardLoaded' as loaded,
           data.amount::ubigint::bigint as amount, data.holder::varchar as holder
    from events
)
group by stream_no
"""

SQL = f"""
select stream, balance, holder, loads, position
from ({SQL_BY_NUMBER})
join streams using (stream_no)
order by stream
"""

SQL_OF_ONE = """
select type, data.amount::ubigint::bigint, data.holder::varchar
from events where position in ?::bigint[] order by position
"""

# A query of its own: as part of the other, the events are not found by their key.
POSITIONS_OF_ONE = """
with this as (select stream_no from streams where stream = ?)
select position from stream_index where stream_no = (from this)
union all
select position from events
where position > (select count(*) from stream_index) and stream_no = (from this)
"""


def positions_of_one(con: bare.Connection, stream: str) -> list[int]:
    """Return where the events of a stream stand."""
    return [position for (position,) in con.execute(POSITIONS_OF_ONE, [stream]).fetchall()]


def fingerprint(state: pd.DataFrame) -> int:
    """Return one number for a whole state, whatever way it was computed."""
    fields = state[["balance", "holder", "loads"]]
    plain = fields.astype({"balance": "int64", "holder": "str", "loads": "int64"})
    return int(pd.util.hash_pandas_object(plain.set_axis(plain.index.astype("str"))).sum())


def as_frame(cards: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return states by card as a frame."""
    return pd.DataFrame.from_dict(dict(cards), orient="index")
