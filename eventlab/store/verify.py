"""Verifying that the history here is the one that was sealed, and one that a store would write.

Against the seals every event is hashed again; a digest that differs says that something was changed,
and the fingerprints say where. What needs no seal is in `structure`. Nothing is repaired here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from eventlab.store.digest import CONTENT, NAMED_EVENTS, PLACE, Lines, line, lines
from eventlab.store.schema import has_seals
from eventlab.store.seal import Link, Seal, chain, probe
from eventlab.store.structure import Finding, index, other_columns, structure

SWAPS_AMONG = 300  # rows are compared pair by pair: for so many changed ones it takes a second


def verify(con: duckdb.DuckDBPyConnection, digest: str | None) -> pd.DataFrame:
    """Return one row per finding, sorted by position and kind."""
    if others := list(other_columns(con)):
        return _frame(others, [])
    links = chain(con)
    seals = [link.seal for link in links]
    found = {*_against_seals(con, links), *structure(con), *_of_digest(seals, digest)} or {
        *index(con)
    }
    places = [finding.position for finding in found]
    stand = con.execute(_WHERE_IT_STANDS, [places]).fetchall() if found else []
    return _frame(sorted(found), stand)


def _frame(found: list[Finding], rows: list[tuple[int, str, int]]) -> pd.DataFrame:
    places = [finding.position for finding in found]
    stands = dict.fromkeys(places, (None, None)) | {place: (name, no) for place, name, no in rows}
    return pd.DataFrame(
        {
            "position": pd.Series(places, dtype="int64"),
            "kind": pd.Series([finding.kind for finding in found], dtype="str"),
            "stream": pd.Series([stands[place][0] for place in places], dtype="str"),
            "version": pd.Series([stands[place][1] for place in places], dtype="Int64"),
            "detail": pd.Series([finding.detail for finding in found], dtype="str"),
        }
    )


# -- what was sealed -------------------------------------------------------------------------------


def _against_seals(con: duckdb.DuckDBPyConnection, links: list[Link]) -> Iterator[Finding]:
    events, known = sum(link.seal.events for link in links), probe(con)
    with tqdm(total=events, unit=" events", desc="verify", delay=2) as progress:
        for link in links:
            yield from _compared(con, link, progress).findings(con, link.probe == known)
    yield from _of_lost_seals(con, links)


def _of_lost_seals(con: duckdb.DuckDBPyConnection, links: list[Link]) -> Iterator[Finding]:
    for link in links:
        if link.seal.number != link.before.number + 1:
            yield _damaged(link.seal, f"seal {link.before.number + 1} is gone")
    last = links[-1].seal.position if links else 0
    [(beyond,)] = con.execute(_BEYOND, [last]).fetchall() if has_seals(con) else [(None,)]
    if beyond is not None:
        detail = f"there are fingerprints up to here, but the seals end at position {last}"
        yield Finding(beyond, "damaged seal", detail)


def _compared(con: duckdb.DuckDBPyConnection, link: Link, progress: tqdm[None]) -> _Comparison:
    hashed, comparison = link.hashed(), _Comparison(link)
    for part in lines(con, link.since, link.seal.position):
        hashed.update(part.text)
        sealed = con.execute(_SEALED, [part.low, part.high]).fetchnumpy()
        comparison.add(part, np.asarray(sealed["position"]), np.asarray(sealed["fingerprint"]))
        progress.update(len(part.texts))
    comparison.holds = hashed.hexdigest() == link.seal.digest
    return comparison


Array = np.ndarray[Any, Any]

Mark = tuple[int, int]
"""A position and the fingerprint of the event there."""


@dataclass
class _Comparison:
    """The events under one seal beside what was sealed: does the digest hold, and what differs."""

    link: Link
    holds: bool = False
    here: set[Mark] = field(default_factory=set)
    sealed: set[Mark] = field(default_factory=set)

    def add(self, part: Lines, positions: Array, marks: Array) -> None:
        if np.array_equal(part.positions, positions) and np.array_equal(part.fingerprints, marks):
            return
        found = Counter(zip(part.positions.tolist(), part.fingerprints.tolist(), strict=True))
        there = Counter(zip(positions.tolist(), marks.tolist(), strict=True))
        self.here.update(found - there)
        self.sealed.update(there - found)

    def findings(self, con: duckdb.DuckDBPyConnection, comparable: bool) -> Iterator[Finding]:
        if self.holds:
            yield from self._of_fingerprints(comparable)
        elif not comparable:
            yield self._somewhere()
        elif self.here or self.sealed:
            yield from self._of_rows(con)
        else:
            yield _damaged(self.link.seal, _UNTRUE_SEAL)

    def _of_fingerprints(self, comparable: bool) -> Iterator[Finding]:
        if comparable and (differing := {place for place, _ in self.here | self.sealed}):
            yield Finding(
                min(differing),
                "damaged seal",
                f"{len(differing):,} fingerprint(s) under seal {self.link.seal.number} were tampered with; "
                "the events are as sealed",
            )

    def _of_rows(self, con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
        number = self.link.seal.number
        here, sealed = ({place for place, _ in marks} for marks in (self.here, self.sealed))
        elsewhere = _moved(con, sorted(here & sealed))
        for place in here & sealed:
            if place in elsewhere:
                detail = f"what seal {number} saw here stands at position {elsewhere[place]}"
                yield Finding(place, "swapped", detail)
            else:
                yield Finding(place, "changed", f"this is not what seal {number} saw here")
        for place in here - sealed:
            yield Finding(place, "foreign", f"seal {number} did not see this event here")
        for place in sealed - here:
            yield Finding(place, "missing", f"seal {number} saw an event here")

    def _somewhere(self) -> Finding:
        seal, first = self.link.seal, self.link.since + 1
        return Finding(
            first,
            "changed",
            f"seal {seal.number} saw something else among positions {first} to {seal.position}, or was "
            "tampered with; this DuckDB makes other fingerprints than were kept, so they cannot say where",
        )


def _moved(con: duckdb.DuckDBPyConnection, changed: list[int]) -> dict[int, int]:
    """Return for changed positions where that which was sealed there stands now, if it still does."""
    places = changed[:SWAPS_AMONG]
    return dict(con.execute(_MOVED, [places, places]).fetchall()) if len(places) > 1 else {}


def _damaged(seal: Seal, detail: str) -> Finding:
    return Finding(seal.position, "damaged seal", detail)


def _of_digest(seals: list[Seal], digest: str | None) -> Iterator[Finding]:
    if digest is None or digest in {seal.digest for seal in seals}:
        return
    last = f"the last seal here is {seals[-1].digest}" if seals else "there is no seal here"
    place = seals[-1].position if seals else 0
    yield Finding(place, "other digest", f"no seal here has the digest {digest}; {last}")


_UNTRUE_SEAL = (
    "its digest is not that of the events here, though every fingerprint agrees: the seal was tampered "
    "with, or an event together with its fingerprint"
)

_SEALED = """
select position, fingerprint from fingerprints where position between ? and ? order by position
"""

_BEYOND = "select max(position) from fingerprints where position > ?"

_WHERE_IT_STANDS = f"""
select position, stream, version from {NAMED_EVENTS} where position in (select unnest(?::bigint[]))
"""

# What can have moved from one row to another: all but the position, the content, or the payload.
_MOVES = (
    (*PLACE[1:], *CONTENT),
    (*PLACE[1:3], *CONTENT),
    CONTENT,
    tuple(name for name in CONTENT if name != "given_id"),
    ("data",),
)

_MOVED = f"""
with suspects as materialized (
    select * from {NAMED_EVENTS} where position in (select unnest(?::bigint[]))
), marks as (
    select position, fingerprint from fingerprints where position in (select unnest(?::bigint[]))
)
select here.position, min(other.position)
from suspects as here join suspects as other on here.position <> other.position
join marks on marks.position = here.position
where fingerprint in ({", ".join(f"hash({line(moved=move)})" for move in _MOVES)})
group by all
"""
