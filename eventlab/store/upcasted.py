"""How old rows are shown: upcasted once into a table in memory, which stands in their place.

A log's events are then the stored rows without the old ones, and that table. DuckDB reads both, so only old
rows pay, once, when somebody first looks. What is stored is never touched, and positions stay the store's:
events made of one share its position and are told apart by ``el_part``, and by their ids: ``card-7@3`` is
followed by ``card-7@3/2``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import duckdb
from tqdm.auto import tqdm

from eventlab.errors import BrokenPayload, UncommittedSchema
from eventlab.errors.upcasting import UNREADABLE
from eventlab.payload import kind, to_json
from eventlab.store import rows
from eventlab.store.cut import Cut
from eventlab.store.database import Attached, Database, transaction
from eventlab.store.ledger import Field, Ledger
from eventlab.store.oldfields import FieldsOfOldRows
from eventlab.store.oldrows import is_current, is_current_among, is_old
from eventlab.store.scans import ROW_GROUP, Scan, Scans
from eventlab.upcasting import Chains
from eventlab.upcasting.upcaster import Step

AT_ONCE = 10_000

_WORTH_A_SCAN = 500_000
"""So many tests of a type that it spares are worth a scan of its own, which costs some milliseconds."""

_TYPES_IN_A_POSITION = 4
"""So many tests of a type take as long as one of a position."""

_WORTH_SHREDDING = 1_000
"""So many new rows are worth the 20 milliseconds in which DuckDB takes their payloads apart."""

_numbers = itertools.count(1)


class Overlay:
    """The upcasted events of one table, kept up with it as it grows.

    Parameters
    ----------
    database : Database
        Whose connection reads the table.
    ledger : Ledger
        Knows how far the table goes.
    chains : Chains
        What to do with old rows.
    scan : Scan
        How the table is read where no row is old.

    Notes
    -----
    Where an upcaster fails on an event, who asks for that or a later one is told, rather than shown the log
    without it. What lies before it is shown as ever.
    """

    def __init__(self, database: Database, ledger: Ledger, chains: Chains, scan: Scan) -> None:
        self.chains, self._ledger, self._scan = chains, ledger, scan
        self._lock = Lock()
        self._con = database.cursor()
        self._name = f"eventlab_upcasted_{next(_numbers)}"
        self._attached = Attached(self._con, self._name, database.attached)
        self._con.execute(_TABLE.format(name=self._name, table=scan.table))
        self._grows = not database.read_only
        self._done, self._span, self._parts, self._unshredded = 0, (0, 0), False, 0
        self._stored: set[Step] = set()
        self._shown: dict[Field, None] = {}
        self._failing: Place | None = None
        self._of_old_rows = FieldsOfOldRows(scan.table, chains.schemas)

    def over(self, scans: Scans, cut: Cut) -> Scans:
        """Return scans with upcasted events in the place of old ones, up to the last append."""
        with self._kept_up(cut):
            tests = is_current_among(self._stored, self.chains.schemas)
            return self._put_into(scans, f"events.position <= {self._done}", tests)

    def still(self, scans: Scans, cut: Cut) -> StillOverlay:
        """Return the same for a reader who holds one moment, which this overlay may outgrow."""
        return StillOverlay(self, self.over(scans, cut))

    def within(self, con: duckdb.DuckDBPyConnection, scans: Scans, cut: Cut) -> Scans:
        """Return the same for an open transaction, with the events it has appended so far.

        Raises
        ------
        UncommittedSchema
            When one of them is old: there is no upcasted event in its place before the commit.
        """
        with self._kept_up(cut):
            if not self._failing:
                self._require_none_uncommitted(con)
            return self._put_into(scans, "true", is_current(self.chains.schemas))

    def fields(self, stored: Iterable[Field], cut: Cut) -> dict[Field, None]:
        """Return the payload fields as they are shown, given those that are stored."""
        with self._kept_up(cut):
            return self._left(stored, self._of_old_rows.gone())

    def fields_within(
        self, con: duckdb.DuckDBPyConnection, stored: Iterable[Field], cut: Cut
    ) -> dict[Field, None]:
        """Return the same for an open transaction, with the events it has appended so far."""
        with self._kept_up(cut):
            return self._left(stored, self._of_old_rows.gone_within(con, self._done + 1))

    def _left(self, stored: Iterable[Field], gone: Set[Field]) -> dict[Field, None]:
        left = (field for field in stored if field not in gone or field in self._shown)
        return dict.fromkeys([*left, *self._shown])

    def close(self) -> None:
        """Let go of the table; the log is read no more."""
        self._attached.forget()

    # -- what stands in the place of the table ---------------------------------------------------------

    def _put_into(self, scans: Scans, until: str, tests: list[str]) -> Scans:
        """Return scans with others in the place of the table's, which end where a condition says.

        The tests tell the rows of today up to there; a look-up of streams has no end, and tests all.
        """
        current = self._narrowed(self._scan, *is_current(self.chains.schemas))
        if not self._span[1]:
            by_stretch, by_lookup = [self._narrowed(self._scan, until)], [current]
        else:
            made = Scan(
                f"{self._name}.main.upcasted", is_shared=False, el_part=self._part, span=self._span
            )
            by_stretch, by_lookup = self._stretches(made, until, tests), [current, made]
        return Scans(
            tuple(self._instead(scans.by_stretch, by_stretch)),
            tuple(self._instead(scans.by_lookup, by_lookup)),
        )

    def _stretches(self, made: Scan, until: str, tests: list[str]) -> list[Scan]:
        first, last = self._span
        current = self._narrowed(self._scan, *tests)
        made = self._narrowed(made, f"events.position <= {last}", span=(first, last))
        # At the edge of a row group, for one that is cut in two is read twice.
        edge = -(-last // ROW_GROUP) * ROW_GROUP
        # What lies behind needs no test but that of its position.
        spared = (len(tests) - _TYPES_IN_A_POSITION) * max(self._done - edge, 0)
        if spared < _WORTH_A_SCAN:
            return [self._narrowed(current, until), made]
        mixed = self._narrowed(current, f"events.position <= {edge}", span=(1, edge))
        return [mixed, made, self._narrowed(self._scan, f"events.position > {edge}", until)]

    @property
    def _part(self) -> str:
        return "events.el_part" if self._parts else "0"

    @staticmethod
    def _narrowed(scan: Scan, *conditions: str, span: tuple[int, int] | None = None) -> Scan:
        return replace(scan, where=(*scan.where, *conditions), span=span)

    def _instead(self, scans: Iterable[Scan], own: list[Scan]) -> Iterator[Scan]:
        for scan in scans:
            yield from own if scan == self._scan else [scan]

    # -- keeping up ---------------------------------------------------------------------------------

    @contextmanager
    def _kept_up(self, cut: Cut) -> Iterator[None]:
        """Hold the lock, all rows of a cut upcasted, which are those up to the last append or to a failure.

        What is half done would show too little.
        """
        with self._lock:
            if self._grows or not self._done or self._failing:
                self._keep_up_for(cut)
            yield

    def _keep_up_for(self, cut: Cut) -> None:
        if self._failing and cut.ends_before(*self._failing):
            return
        self._failing = None
        try:
            self._keep_up(self._ledger.seen_position(self._con))
        except UNREADABLE as error:
            self._failing = self._place(error.position)
            if not cut.ends_before(*self._failing):
                raise

    def _keep_up(self, head: int) -> None:
        if head <= self._done:
            return
        try:
            self._add(self._done + 1, head)
        except UNREADABLE as error:
            self._keep_up(error.position - 1)
            raise
        self._done = head
        self._shred()

    def _place(self, position: int) -> Place:
        [(recorded_at,)] = self._con.execute(
            f"select recorded_at from {self._scan.table} as events where position = ?", [position]
        ).fetchall()
        return Place(position, recorded_at)

    def _add(self, low: int, high: int) -> None:
        old = self._old_rows(low, high)
        found: dict[Field, None] = {}
        if old:
            with transaction(self._con), tqdm(total=old, **_BAR) as bar:
                for chunk in self._chunks(low, high):
                    found |= dict.fromkeys(_fields_of(chunk))
                    self._insert(chunk)
                    bar.update(len(chunk))
        self._of_old_rows.look(self._con, low, high, found)

    def _require_none_uncommitted(self, con: duckdb.DuckDBPyConnection) -> None:
        found = con.execute(
            f"select type, schema, min(position) from {self._scan.table} as events "
            f"where position > {self._done} and {is_old(self.chains.schemas)} group by all limit 1"
        ).fetchone()
        if found is not None:
            raise UncommittedSchema(*found)

    def _old_rows(self, low: int, high: int) -> int:
        """Return how many rows are old, and refuse those of a schema that nobody knows."""
        found = self._con.execute(
            f"select type, schema, count(*), min(position) from {self._scan.table} as events "
            "where position between ? and ? group by type, schema order by min(position)",
            [low, high],
        ).fetchall()
        for type, schema, _, position in found:
            self.chains.require_known((type, schema), position)
            self._stored.add((type, schema))
        return sum(n for type, schema, n, _ in found if (type, schema) in self.chains.steps)

    def _chunks(self, low: int, high: int) -> Iterator[list[_Old]]:
        reader = self._con.cursor()
        reader.execute(
            f"select position, type, schema, data::json::varchar from {self._scan.table} as events "
            f"where position between ? and ? and {is_old(self.chains.schemas)} order by position",
            [low, high],
        )
        while chunk := reader.fetchmany(AT_ONCE):
            yield [_Old(*row) for row in chunk]

    def _insert(self, chunk: list[_Old]) -> None:
        made = [
            (old.position, part, event)
            for old in chunk
            for part, event in enumerate(
                self.chains.shown((old.type, old.schema), old.text, old.position)
            )
        ]
        self._span = self._span[0] or chunk[0].position, chunk[-1].position
        if not made:
            return
        self._parts = self._parts or any(part for _, part, _ in made)
        self._shown |= dict.fromkeys(rows.fields_of(event for _, _, event in made))
        self._con.execute(
            _INSERT.format(name=self._name, table=self._scan.table),
            [
                [position for position, _, _ in made],
                [part for _, part, _ in made],
                [event.type for _, _, event in made],
                [to_json(event.data) for _, _, event in made],
                [event.schema for _, _, event in made],
                chunk[0].position,
                chunk[-1].position,
            ],
        )
        self._unshredded += len(made)

    def _shred(self) -> None:
        """Have DuckDB 2.0 keep each payload field as a column of its own, which it reads ten times as fast.

        It does so at a checkpoint, in memory too; unless told otherwise, where 30,000 rows lie together.
        """
        if self._unshredded < _WORTH_SHREDDING:
            return
        self._con.execute(
            f"set variant_minimum_shredding_size = 0; checkpoint {self._name}; "
            "reset variant_minimum_shredding_size"
        )
        self._unshredded = 0


@dataclass(frozen=True)
class StillOverlay:
    """The upcasted events of one table up to an append, whatever is appended later."""

    overlay: Overlay
    scans: Scans

    @property
    def chains(self) -> Chains:
        """What was done to old rows."""
        return self.overlay.chains

    def still(self, _scans: Scans, _cut: Cut) -> StillOverlay:
        """Return itself."""
        return self

    def over(self, _scans: Scans, _cut: Cut) -> Scans:
        """Return the scans of that append."""
        return self.scans

    def within(self, con: duckdb.DuckDBPyConnection, scans: Scans, cut: Cut) -> Scans:
        """Return what an open transaction sees, which stands still by itself."""
        return self.overlay.within(con, scans, cut)

    def fields(self, stored: Iterable[Field], cut: Cut) -> dict[Field, None]:
        """Return the payload fields as they are shown, given those that are stored."""
        return self.overlay.fields(stored, cut)

    def fields_within(
        self, con: duckdb.DuckDBPyConnection, stored: Iterable[Field], cut: Cut
    ) -> dict[Field, None]:
        """Return the same for an open transaction."""
        return self.overlay.fields_within(con, stored, cut)

    def close(self) -> None:
        """Let go of the table."""
        self.overlay.close()


class Place(NamedTuple):
    """Where an event stands, and when it was recorded."""

    position: int
    recorded_at: datetime


class _Old(NamedTuple):
    """A row that is to be upcasted."""

    position: int
    type: str
    schema: int
    text: str


def _fields_of(chunk: Iterable[_Old]) -> Iterator[Field]:
    for old in chunk:
        for name, value in _payload(old).items():
            yield Field(old.type, name, kind(value))


def _payload(old: _Old) -> dict[str, Any]:
    payload = json.loads(old.text)
    if not isinstance(payload, dict):
        raise BrokenPayload(old.type, old.position, old.text)
    return payload


_BAR: dict[str, Any] = {"desc": "upcasters", "unit": " events", "delay": 2, "leave": False}

# The columns are those of the events, for a scan reads both.
_TABLE = "create table {name}.main.upcasted as select *, 0::bigint as el_part from {table} limit 0"

_INSERT = """
insert into {name}.main.upcasted by name
select made.position, made.part as el_part, stream_no, version, made.type, occurred_at, recorded_at,
       made.data::variant as data, actor, reason, correlation_id, causation_id,
       case when made.part = 0 then given_id
            else coalesce(given_id, streams.stream || '@' || version) || '/' || (made.part + 1)
       end as given_id,
       tags, made.schema
from (select unnest($1::bigint[]) as position, unnest($2::bigint[]) as part, unnest($3::varchar[]) as type,
             unnest($4::json[]) as data, unnest($5::integer[]) as schema) as made
join (select * from {table} where position between $6 and $7) as stored using (position)
join main.streams as streams using (stream_no)
order by made.position, made.part
"""
