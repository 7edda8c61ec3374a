"""The database of a branch: another history that shares the past with its parent and copies none of it.

It lives in memory and holds the branch's own events, and two small tables that say how the parent's
positions and versions move. Scans read the parent's events with these; lesson 10 asks with it: what if?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from eventlab.statements import execute
from eventlab.store import rows, schema
from eventlab.store.branch_plan import Plan
from eventlab.store.cut import Cut
from eventlab.store.database import BranchDatabase, Database, transaction
from eventlab.store.ledger import Field
from eventlab.store.renumbering import Stretch
from eventlab.store.scans import Scan, Scans, union

# So many stretches are each a scan with a constant shift, which DuckDB leaves out by its zone maps where it
# can; more are looked up in a table, for every scan must be planned.
FEW = 32


def database_of(parent: Database, plan: Plan) -> BranchDatabase:
    """Return the database of a branch, all or nothing."""
    database = parent.branch()
    try:
        schema.create(database.cursor())
        con = database.cursor()
        with transaction(con):
            _fill(con, database, parent, plan)
    except BaseException:
        database.close()
        raise
    return database


def _fill(
    con: duckdb.DuckDBPyConnection, database: BranchDatabase, parent: Database, plan: Plan
) -> None:
    catalog = parent.catalog()
    _show_with_own(con, database, catalog, "streams", "stream_no")
    if parent.overlay:
        _show_fields(con, database, parent, catalog, plan.shared)
    else:
        _show_with_own(con, database, catalog, "fields", "seen")
    numbers = _stream_numbers(con, plan)
    move = _moves(con, database, plan, numbers)
    database.plain_scans = move.all_of(parent.scans(plan.shared).inside(catalog))
    database.stored_scans = move.all_of(parent.stored_scans.inside(catalog))
    columns = [f"events.{column}" for column in rows.Row._fields]
    con.execute(
        f"create view main.events as {union(database.stored_scans.by_lookup, columns, (), '', 'true')}"
    )
    if plan.own:
        schema_of = parent.upcasters.schema_of
        own = [o.row(numbers[o.stream], schema_of(o.event.type)) for o in plan.own]
        rows.insert(con, own)
        rows.note_fields(con, [own.event for own in plan.own])


def _show_with_own(
    con: duckdb.DuckDBPyConnection, database: BranchDatabase, catalog: str, table: str, number: str
) -> None:
    """Show the parent's rows that are there now, and the branch's own; each will go on by itself."""
    theirs = f"{catalog}.main.{table}"
    [(last,)] = con.execute(f"select coalesce(max({number}), 0) from {theirs}").fetchall()
    con.execute(
        f"create view main.{table} as select * from {theirs} where {number} <= {last} "
        f"union all select * from {database.name}.eventlab_own.{table}"
    )


def _show_fields(
    con: duckdb.DuckDBPyConnection,
    database: BranchDatabase,
    parent: Database,
    catalog: str,
    shared: Cut,
) -> None:
    """Show the payload fields as the parent shows them, which need not be as it stores them."""
    found = con.execute(f"select type, field, kind from {catalog}.main.fields order by seen")
    stored = [Field(*row) for row in found.fetchall()]
    rows.insert_fields(con, 0, list(parent.shown_fields(stored, shared)))
    con.execute(f"create view main.fields as select * from {database.name}.eventlab_own.fields")


def _stream_numbers(con: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, int]:
    """Return the numbers of the streams the plan names, and give new streams theirs."""
    known = dict(execute(con, _KNOWN, [plan.streams]).fetchall())
    [(last,)] = execute(con, "select coalesce(max(stream_no), 0) from main.streams").fetchall()
    new = [stream for stream in plan.streams if stream not in known]
    for stream_no, stream in enumerate(new, start=last + 1):
        rows.insert_stream(con, stream_no, stream)
        known[stream] = stream_no
    return known


_KNOWN = "select stream, stream_no from main.streams where stream in (select unnest(?::varchar[]))"


# -- what moves ------------------------------------------------------------------------------------


def _moves(
    con: duckdb.DuckDBPyConnection, database: BranchDatabase, plan: Plan, numbers: dict[str, int]
) -> _Move:
    execute(con, _TABLES)
    stretches = list(plan.positions.stretches(plan.at, plan.edited))
    width = _insert_places(con, plan.at, stretches)
    _insert_versions(con, plan, numbers)
    return _Move(database.name, stretches, width, bool(plan.versions))


@dataclass(frozen=True)
class _Move:
    """How scans of the parent are to be read in the branch."""

    name: str
    stretches: Sequence[Stretch]
    width: int
    moves_versions: bool

    def all_of(self, theirs: Scans) -> Scans:
        """Return the scans of the branch: the parent's, and that of its own events."""
        own = Scan(f"{self.name}.eventlab_own.events", is_shared=False)
        return Scans(
            (*(moved for scan in theirs.by_stretch for moved in self.by_stretch(scan)), own),
            (*(moved for scan in theirs.by_lookup for moved in self.by_lookup(scan)), own),
        )

    def by_stretch(self, scan: Scan) -> Iterator[Scan]:
        """Yield a scan for every stretch, or one where they are many, or the events are few."""
        if len(self.stretches) > FEW or not scan.is_shared:
            yield from self.by_lookup(scan)
            return
        scan = self._with_versions(scan)
        for stretch in self.stretches:
            if scan.meets(stretch.low, stretch.high):
                yield _shifted(scan, stretch)

    def by_lookup(self, scan: Scan) -> Iterator[Scan]:
        """Yield the scan that finds the shift of each event in a table, if any event is shared."""
        if self.stretches:
            yield _looked_up(self._with_versions(scan), self.name, self.width)

    def _with_versions(self, scan: Scan) -> Scan:
        return _with_versions_moved(scan, self.name) if self.moves_versions else scan


def _shifted(scan: Scan, stretch: Stretch) -> Scan:
    low, high, shift = stretch
    bounds = f"{scan.position} between {low} and {high}"
    return replace(
        scan,
        where=(*scan.where, bounds),
        position=f"({scan.position} + {shift})" if shift else scan.position,
        span=(low + shift, high + shift),
    )


def _looked_up(scan: Scan, name: str, width: int) -> Scan:
    """Return the scan that finds the shift of each event in a table.

    DuckDB 2.0 joins a range to an equality fast, and by a range alone slowly: hence the buckets. It must not
    make this join first, where a cut leaves few events: hence a left join, which it keeps in its place, and
    the test for an event with no place on both sides at once, or it would make an inner join of it.
    """
    places = f"{name}_places"
    join = (
        f"left join {name}.eventlab_own.moved_positions as {places} "
        f"on {places}.bucket = {scan.position} // {width} "
        f"and {scan.position} between {places}.low and {places}.high"
    )
    moved = f"({scan.position} + {places}.shift)"
    return replace(
        scan,
        where=(*scan.where, f"{moved} is not null"),
        joins=(*scan.joins, join),
        position=moved,
        span=None,
    )


def _with_versions_moved(scan: Scan, name: str) -> Scan:
    """Return the scan with the versions, and the names in causation ids, of the branch."""
    moved, cause = f"{name}_versions", f"{name}_causes"
    by_version = (
        f"left join {name}.eventlab_own.moved_versions as {moved} on {moved}.of_stream_no = events.stream_no "
        f"and {scan.version} between {moved}.low and {moved}.high"
    )
    stream, version = _OWN_STREAM.format(scan.causation_id), _OWN_VERSION.format(scan.causation_id)
    by_cause = (
        f"left join {name}.eventlab_own.moved_versions as {cause} on {cause}.of_stream = {stream} "
        f"and {version} between {cause}.low and {cause}.high"
    )
    follows = f"{cause}.of_stream || '@' || ({version} + {cause}.shift)"
    return replace(
        scan,
        version=f"({scan.version} + coalesce({moved}.shift, 0))",
        version_joins=(*scan.version_joins, by_version),
        causation_id=(
            f"case when {cause}.of_stream is null then {scan.causation_id} else {follows} end"
        ),
        causation_joins=(*scan.causation_joins, by_cause),
    )


_OWN_STREAM = "regexp_extract({}, '(?s)^(.+)@[1-9][0-9]*$', 1)"
_OWN_VERSION = "try_cast(regexp_extract({}, '(?s)^.+@([1-9][0-9]*)$', 1) as bigint)"

_TABLES = """
create table moved_positions (
    bucket bigint not null,
    low    bigint not null,
    high   bigint not null,
    shift  bigint not null
);

create table moved_versions (
    of_stream_no integer not null,
    of_stream    varchar not null,
    low          bigint not null,
    high         bigint not null,
    shift        bigint  -- missing: the event was dropped
);
"""


def _insert_places(con: duckdb.DuckDBPyConnection, at: int, stretches: Sequence[Stretch]) -> int:
    """Note every stretch in the buckets it touches, and return their width."""
    width = at // max(1, len(stretches)) + 1
    if stretches:
        low, high, shift = map(list, zip(*stretches, strict=True))
        execute(con, _INSERT_PLACES, {"width": width, "low": low, "high": high, "shift": shift})
    return width


_INSERT_PLACES = """
insert into moved_positions
select unnest(range(low // $width, high // $width + 1)), low, high, shift
from (select unnest($low::bigint[]) as low, unnest($high::bigint[]) as high,
             unnest($shift::bigint[]) as shift)
"""


def _insert_versions(con: duckdb.DuckDBPyConnection, plan: Plan, numbers: dict[str, int]) -> None:
    moved = [
        (numbers[stream], stream, *move)
        for stream, versions in plan.versions.items()
        for move in versions.moves()
    ]
    if moved:
        columns = [list(column) for column in zip(*moved, strict=True)]
        execute(con, _INSERT_VERSIONS, columns)


_INSERT_VERSIONS = """
insert into moved_versions select unnest(?::integer[]), unnest(?::varchar[]), unnest(?::bigint[]),
                            unnest(?::bigint[]), unnest(?::bigint[])
"""
