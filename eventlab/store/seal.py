"""Sealing: a digest over the log so far, to be noted elsewhere, that no later change of history keeps.

A seal's digest is the SHA-256 of lines of JSON: one that names the seal and the digest before it, then one
per event since. So seals form a chain, and the last digest stands for the whole history. `verify` reads
them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import duckdb
import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.statements import execute
from eventlab.store import schema
from eventlab.store.append import Writer
from eventlab.store.database import transaction
from eventlab.store.digest import Lines, lines


@dataclass(frozen=True, slots=True)
class Seal:
    """What was sealed: ``events`` events since the seal before, up to ``position``.

    Attributes
    ----------
    number : int
        1, 2, 3 … in the store.
    position, events : int
        The last position sealed, and how many events this seal added.
    digest : str
        64 hexadecimal digits that stand for all events up to here. Note them outside the store.
    sealed_at : datetime
        When, by the store's clock (naive UTC).
    """

    number: int
    position: int
    events: int
    digest: str
    sealed_at: datetime

    def __repr__(self) -> str:
        return (
            f"Seal(number={self.number}, position={self.position}, events={self.events}, "
            f"digest={self.digest!r}, sealed_at={str(self.sealed_at)!r})"
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A seal in its chain, and how to compute what its digest must be."""

    before: Seal
    seal: Seal
    probe: int

    @property
    def since(self) -> int:
        """The position up to which the seal before reaches."""
        return self.before.position

    def hashed(self) -> hashlib._Hash:
        """Return a digest begun with the line that names this seal; the events' lines come next."""
        seal, before = self.seal, self.before
        sealed = [seal.number, seal.position, seal.events, seal.sealed_at.isoformat(), self.probe]
        header = json.dumps([before.digest, before.position, *sealed])
        return hashlib.sha256(f"{header}\n".encode())


_NOTHING = Seal(0, 0, 0, "", datetime(1, 1, 1))  # noqa: DTZ001  # naive UTC, as in the store


def seal(writer: Writer) -> Seal:
    """Seal what was appended since the last seal, all or nothing; return the last seal where nothing was."""
    writer.require_writable()
    con = writer.database.cursor()
    with writer.ledger.lock, transaction(con):
        if not schema.has_seals(con):
            execute(con, schema.SEALS)
        last = next(iter(seals(con)[-1:]), _NOTHING)
        events, position = execute(con, _NEW, [last.position]).fetchall()[0]
        if not events and last is not _NOTHING:
            return last
        now = writer.clock()
        unsealed = Seal(last.number + 1, position or 0, events, "", now)
        return _sealed(con, Link(last, unsealed, probe(con)))


def seals(con: duckdb.DuckDBPyConnection) -> list[Seal]:
    """Return all seals, oldest first."""
    return [link.seal for link in chain(con)]


def chain(con: duckdb.DuckDBPyConnection) -> list[Link]:
    """Return all seals, each with the one before it, as they are stored."""
    if not schema.has_seals(con):
        return []
    rows = execute(con, f"select {_SEAL}, probe from seals order by seal").fetchall()
    found = [Seal(*row[:-1]) for row in rows]
    neighbours = pairwise([_NOTHING, *found])
    return [
        Link(before, seal, row[-1]) for (before, seal), row in zip(neighbours, rows, strict=True)
    ]


def seals_frame(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return all seals as a frame."""
    source = "seals" if schema.has_seals(con) else f"({_NO_SEAL})"
    columns = _SEAL.replace("seal,", "seal as number,", 1)
    return frames.query(con, f"select {columns} from {source} order by seal")


def probe(con: duckdb.DuckDBPyConnection) -> int:
    """Return DuckDB's hash of a fixed text: one day a DuckDB may hash otherwise, and this tells."""
    return int(execute(con, "select hash('eventlab')").fetchall()[0][0])


def _sealed(con: duckdb.DuckDBPyConnection, link: Link) -> Seal:
    hashed, unsealed = link.hashed(), link.seal
    with tqdm(total=unsealed.events, unit=" events", desc="seal", delay=2) as progress:
        for part in lines(con, link.since, unsealed.position):
            hashed.update(part.text)
            _keep_fingerprints(con, part)
            progress.update(len(part.texts))
    position, events, now = unsealed.position, unsealed.events, unsealed.sealed_at
    sealed = Seal(unsealed.number, position, events, hashed.hexdigest(), now)
    row = [sealed.number, position, events, sealed.digest, now, link.probe]
    execute(con, "insert into seals values (?, ?, ?, ?, ?, ?)", row)
    return sealed


def _keep_fingerprints(con: duckdb.DuckDBPyConnection, part: Lines) -> None:
    """Keep 8 bytes per event: the digest says that history was changed, these say where."""
    frame = pd.DataFrame({"position": part.positions, "fingerprint": part.fingerprints})
    con.register("el_fingerprints", frame)
    execute(con, "insert into fingerprints select position, fingerprint from el_fingerprints")
    con.unregister("el_fingerprints")


_SEAL = "seal, position, events, digest, sealed_at"

_NEW = "select count(*), max(position) from main.events where position > ?"

_NO_SEAL = """
select 0 as seal, 0::bigint as position, 0::bigint as events, '' as digest, now()::timestamp as sealed_at
where false
"""
