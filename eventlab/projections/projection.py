"""`Projection`: state described in columns, compiled to one SQL query over the log.

Every event gives each column its contribution, in a first SELECT; a second one combines them: with
GROUP BY it is the state, with a window the history. Values travel as parameters. Lesson 03 compares
this lane with `Fold`, which writes the same rules in Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventlab import frames
from eventlab.errors import (
    EventLabError,
    InvalidProjection,
    UntypedField,
)
from eventlab.projections.columns import (
    NUMBERS,
    VERBS,
    Column,
    Each,
    Types,
    name_of,
    names_of,
    require_expr,
    sql_of,
)
from eventlab.projections.contributed import LeftToDuckDB, states_in_arrays
from eventlab.projections.diagnosis import diagnosis
from eventlab.projections.lastchanges import causes_in_arrays
from eventlab.projections.marks import Marks
from eventlab.projections.mixed import with_types
from eventlab.projections.partials import Carried, Parts
from eventlab.projections.sql import BY_STREAM, Bind, Bound, Query, Touch, untyped_paths
from eventlab.store.expression import trouble_with
from eventlab.store.sqltext import literal
from eventlab.timetravel import (
    ENDED,
    INTERVAL,
    MOMENT,
    Key,
    Part,
    TimeTravel,
    require_key_names,
    require_names,
    require_version,
    with_keys,
)
from eventlab.timetravel.causes import Causes, Cells
from eventlab.timetravel.lifetimes import clock_of
from eventlab.timetravel.panel import parts_between

if TYPE_CHECKING:
    from eventlab.store.log import Log

Expr = str | Each
KeySpec = Expr | list[Expr] | tuple[Expr, ...]


@dataclass(frozen=True, init=False, repr=False)
class Projection(TimeTravel):
    """State as columns: one row per key, computed by DuckDB.

    Parameters
    ----------
    name : str
        What a row is: ``"cards"``.
    key : expression, list of expressions, or dict of event type to either
        What an event touches; by default its stream. With a dict other types touch nothing, and
        ``each(…)`` lets an event touch several keys. A missing key touches nothing.
    key_names : str or sequence of str, optional
        The names of the index; by default the bare names in ``key``, or else ``key``.
    ends_with : str or sequence of str, optional
        Event types that end the key's life: it leaves the state, and starts afresh if it comes back.
    version : int
        To be raised when the meaning of the columns changes.
    **columns : Column
        ``total``, ``count``, ``first``, ``last``, ``least``, ``greatest`` or ``distinct``. An
        expression that is a bare name, also with a cast, is a payload field, or the envelope column of
        that name. Elsewhere a payload field is ``data.amount``, one with an odd name ``data."odd name"``.
        A field that no event has is missing, as it may come one day.

    Raises
    ------
    InvalidProjection
        When the description makes no sense; when called, also if an expression is more than one value that
        comes of one event.
    ColumnFailed, UntypedField
        When called, if DuckDB cannot compute an expression, or would compute it wrongly; they name the event.
    BrokenPayload
        When called over an event whose payload is no object, which another program must have written.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": 20, "holder": "Mara"})])
    >>> done = store.append("card-7", [el.Event("CardRedeemed", {"amount": 5})])
    >>> cards = el.Projection(
    ...     "cards",
    ...     balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
    ...     holder=el.last("holder"),
    ... )
    >>> cards(store)
            balance holder  position
    stream
    card-7       15   Mara         2
    """

    name: str
    key: Any = field(compare=False)
    columns: tuple[tuple[str, Column], ...]
    key_names: tuple[str, ...]
    ends_with: tuple[str, ...]
    version: int
    touches: tuple[Touch, ...]

    def __init__(
        self,
        name: str,
        /,
        *,
        key: KeySpec | Mapping[str, KeySpec] = "stream",
        key_names: Sequence[str] | str | None = None,
        ends_with: Types = (),
        version: int = 1,
        **columns: Column,
    ) -> None:
        ways = _ways(name, key)
        values = {
            "name": name,
            "key": key,
            "columns": tuple(columns.items()),
            "key_names": require_key_names(name, key_names, _bare_names(ways)),
            "ends_with": names_of("ends_with=", ends_with),
            "version": require_version(name, version),
            "touches": tuple(_touches(ways)),
        }
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)
        _require_columns(name, columns)
        require_names(name, columns, self.key_names)

    @property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]
        """The names of the columns, as declared."""
        return tuple(name for name, _ in self.columns)

    @property
    def by_stream(self) -> bool:
        """Whether the key of an event is simply its stream."""
        return self.touches == BY_STREAM

    @property
    def definition(self) -> str:
        """The description as text, as it could be typed."""
        return repr(self)

    @property
    def sql(self) -> str:
        """The query for the state; ``log.sql(cards.sql)`` runs it.

        Examples
        --------
        >>> import eventlab as el
        >>> print(el.Projection("loads", loads=el.count("CardLoaded")).sql)
        select key,
          count("loads") as "loads",
          max(position) as position
        from (
          select stream as key,
            position,
            case when type = 'CardLoaded' then 1 end as "loads"
          from events
        ) as touched
        group by key
        order by key
        """
        return self.query(literal).readable()

    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log: index the key, the columns, ``position``."""
        self.require_log(log)
        bound = Bound()
        query = self.query(bound, log).by_number()
        rows = self._run(log, query.state(), bound)
        return self.typed(log.named(rows) if query.is_by_number else rows)

    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched, in fold order, for all keys or one."""
        self.require_log(log)
        parts: tuple[Part, ...] = ()
        if key is not None:
            log, parts = self.about(log, key), () if self.by_stream else self.require_key(key)
        bound = Bound()
        rows = self._run(log, self.query(bound, log).changes(parts), bound)
        return self._typed(rows, [*MOMENT, *self.fields, "alive"])

    def onward(self, log: Log, position: int) -> pd.DataFrame:
        """Return the state at a position, then one row per later event and key it touched."""
        if log.cut.by_occurrence:
            return super().onward(log, position)
        bound = Bound()
        parts = Parts(self.query(bound, log).by_number())
        return self.followed(log, parts.onward(bound(position)), bound)

    def followed(self, log: Log, rows: str, bound: Bound) -> pd.DataFrame:
        """Return rows of `Parts.onward` as a frame, given as a query over a log."""
        found = self._run(log, rows, bound)
        if self.query(literal).by_number().is_by_number:
            found = log.with_names(found)
        alive = found.pop("alive")
        return self.typed(found).reset_index().assign(alive=alive)

    def states(self, log: Log, cuts: Sequence[Any], by: str = "position") -> Iterator[pd.DataFrame]:
        """Yield the state at each of some cuts, given in increasing order: adding what lies between."""
        if by == "occurred" or log.cut.by_occurrence:
            yield from super().states(log, cuts, by)
            return
        left = list(cuts)
        if left:
            clock = "position" if by == "position" else "recorded_at"
            with suppress(LeftToDuckDB):
                for state in states_in_arrays(self, log, cuts, clock):
                    yield state
                    left.pop(0)
        if left:
            yield from self._states_by_duckdb(log, left, by)

    def _states_by_duckdb(self, log: Log, cuts: Sequence[Any], by: str) -> Iterator[pd.DataFrame]:
        with Carried(log, self.query) as carried:
            for part in parts_between(log, cuts, by):
                with self.computing(part):
                    carried.add(part)
                yield self.typed(carried.state())

    def course(self, log: Log, field: str, cuts: Sequence[int]) -> Iterator[pd.DataFrame]:
        """Yield what a field became at each event, a part of the log at a time: no other is computed."""
        with Carried(log, self._part([field]).query) as carried:
            for part in parts_between(log, cuts, "position"):
                with self.computing(part):
                    changes = carried.changes(part)
                    carried.add(part)
                yield changes.set_axis([field, "position", "alive"], axis="columns")

    def lifetimes(self, log: Log) -> pd.DataFrame:
        """Return the histories of all keys at once, each state as the interval in which it held."""
        self.require_log(log)
        bound = Bound()
        query = self.query(bound, log).by_number().lifetimes(clock_of(log))
        rows = self._typed(self._run(log, query, bound), [*INTERVAL, *self.fields])
        return rows.astype({"valid_until": "Int64", "until_time": frames.UTC_TIME})

    def typed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows of keys, fields and ``position`` as the state frame they are."""
        return self._typed(rows, [*self.fields, "position"]).set_index(list(self.key_names))

    def marks(self, log: Log, since: int = 0, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Return for each key and field the position of the event that last changed it."""
        tail = log.since(position=since + 1) if since else log
        plan = Marks(self.query(literal, log).by_number())
        found = [
            self._marked(
                log if plan.needs_all(names) else tail, names, partial(Marks.of, fields=names)
            )
            for names in plan.groups(self.fields if fields is None else fields)
        ]
        if self.ends_with:
            found.append(self._marked(tail, [ENDED], Marks.endings))
        marks = pd.concat(found, axis="columns", sort=True)
        return (
            marks
            if self.ends_with
            else marks.assign(**{ENDED: pd.Series(pd.NA, marks.index, "Int64")})
        )

    def causes(self, log: Log, since: int, cells: Cells) -> Causes:
        """Return the events that did what `diff` found since a position, each by its position and type."""
        with suppress(LeftToDuckDB):
            return causes_in_arrays(self, log, since, cells)
        return super().causes(log, since, cells)

    def _marked(self, log: Log, names: Sequence[str], sql: Callable[[Marks], str]) -> pd.DataFrame:
        bound = Bound()
        plan = Marks(self.query(bound, log).by_number())
        rows = self._run(log, sql(plan), bound)
        rows = log.named(rows) if plan.query.is_by_number else rows
        rows.columns = pd.Index([*self.key_names, *names])
        return rows.set_index(list(self.key_names)).astype("Int64")

    def query(self, bind: Bind, log: Log | None = None) -> Query:
        """Return the queries of this projection, in the order in which a log is folded."""
        if log is None:
            return Query(self.touches, self.columns, self.ends_with, bind)
        self._require_expressions(log)
        columns, order = with_types(self.columns, log), (log.order_by, log.order_key)
        return Query(self.touches, columns, self.ends_with, bind, *order)

    def _require_expressions(self, log: Log) -> None:
        keys = (expr for touch in self.touches for expr in touch.parts)
        parts = [("the key", expr, expr) for expr in keys] + [
            (f"column {name!r}", column.expr, sql_of(column.expr)) for name, column in self.columns
        ]
        with log.borrowed() as con:
            for part, said, sql in parts:
                if why := trouble_with(con, sql):
                    raise InvalidProjection.not_one_value(self.name, part, said, why)

    def _part(self, names: Sequence[str]) -> Projection:
        """Return the same projection with no more than some of its columns."""
        return Projection(
            self.name,
            key=self.key,
            key_names=self.key_names,
            ends_with=self.ends_with,
            version=self.version,
            **{name: column for name, column in self.columns if name in names},
        )

    def _run(self, log: Log, body: str, bound: Bound) -> pd.DataFrame:
        with self.computing(log):
            return log.frame(body, bound.params)

    @contextmanager
    def computing(self, log: Log) -> Iterator[None]:
        """Refuse a log with a broken payload, and say what else fails where DuckDB computes with it."""
        log.require_payloads()
        with self.explained(log):
            yield

    @contextmanager
    def explained(self, log: Log) -> Iterator[None]:
        """Say which part of the description fails over a log, where DuckDB fails or would guess a type."""
        with self.diagnosed(log):
            self._require_types(log)
            yield

    @contextmanager
    def diagnosed(self, log: Log) -> Iterator[None]:
        """Say the same where it is known that there is no type to guess."""
        try:
            yield
        except (EventLabError, LeftToDuckDB):
            raise
        except Exception as error:
            raise diagnosis(self, log, error) from error

    def _typed(self, frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
        """Name the columns; those that hold nothing forget their type, as Python values have none.

        Sums and counts over no key at all are the exception: they would be numbers.
        """
        frame.columns = pd.Index([*self.key_names, *columns])
        self._require_keys_that_can_be_looked_up(frame)
        empty = [
            name
            for name, column in self.columns
            if frames.is_missing(frame[name]) and (len(frame) or column.verb not in NUMBERS)
        ]
        if empty:
            frame = frame.assign(**dict.fromkeys(empty, frames.missing(len(frame))))
        return with_keys(frame, self.key_names, self.touches == BY_STREAM)

    def _require_keys_that_can_be_looked_up(self, frame: pd.DataFrame) -> None:
        for part in self.key_names:
            if frame[part].dtype == object:
                for found in frame[part]:
                    if not isinstance(found, Hashable):
                        raise InvalidProjection.structured_key(self.name, part, found)

    def untyped(self, log: Log) -> dict[str, str]:
        """Return the payload paths whose type is needed and not known, with the column they are for."""
        columns = with_types(self.columns, log)
        risky = {path: name for name, column in columns for path in untyped_paths(column)}
        if not risky:
            return {}
        types = log.sql_types(f"select {', '.join(risky)} from events limit 0")
        return {
            path: name
            for (path, name), kind in zip(risky.items(), types, strict=True)
            if kind == "VARIANT"
        }

    def _require_types(self, log: Log) -> None:
        for path, name in self.untyped(log).items():
            self._require_none(log, path, name)

    def _require_none(self, log: Log, path: str, name: str) -> None:
        found = log.select(
            f"select variant_typeof({path}) as kind, min(position) as first from events "
            f"where {path} is not null group by kind order by first"
        ).fetchall()
        if found:
            raise UntypedField(self.name, f"column {name!r}", path, found)

    def __repr__(self) -> str:
        given = [
            repr(self.name),
            f"key={self.key!r}",
            *(f"{name}={column!r}" for name, column in self.columns),
        ]
        if self.ends_with:
            given.append(f"ends_with={list(self.ends_with)!r}")
        return f"Projection({', '.join(given)}, version={self.version})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(repr(column))}</td></tr>"
            for name, column in self.columns
        )
        caption = f"{self.name}, by {', '.join(self.key_names)}"
        return f"<table><caption>{escape(caption)}</caption>{rows}</table>"


Ways = dict[tuple[str, ...], list[tuple[str, ...]]]
"""For event types (for all: no type), the expressions that may stand for each part of the key."""


def _ways(name: str, key: object) -> Ways:
    if not isinstance(key, Mapping):
        ways: Ways = {(): _parts(key)}
    else:
        ways = _by_types({_require_type(kind): _parts(spec) for kind, spec in key.items()})
    sizes = sorted({len(parts) for parts in ways.values()})
    if len(sizes) > 1:
        raise InvalidProjection.uneven_key(name, sizes)
    if not any(sizes):
        raise InvalidProjection.no_key(name)
    return ways


def _by_types(by_type: Mapping[str, list[tuple[str, ...]]]) -> Ways:
    """Put types with the same key together: each way of touching is a scan of the log."""
    ways: Ways = {}
    for parts in by_type.values():
        ways[tuple(kind for kind, others in by_type.items() if others == parts)] = parts
    return ways


def _require_type(kind: object) -> str:
    if not isinstance(kind, str):
        raise InvalidProjection.no_text("an event type of key=", kind, "event types are text")
    return kind


def _parts(spec: object) -> list[tuple[str, ...]]:
    listed = list(spec) if isinstance(spec, list | tuple) else [spec]
    return [
        part.exprs if isinstance(part, Each) else (require_expr("a key", part),) for part in listed
    ]


def _touches(ways: Ways) -> Iterator[Touch]:
    for types, parts in ways.items():
        spelled = [tuple(map(sql_of, exprs)) for exprs in parts]
        combined = list(dict.fromkeys(itertools.product(*spelled)))
        for at, chosen in enumerate(combined):
            yield Touch(types, chosen, tuple(combined[:at]))


def _bare_names(ways: Ways) -> list[str | None]:
    """Return the name of each part of the key, where all its expressions share one."""
    by_part = zip(*ways.values(), strict=True)
    names = [
        {name_of(expr) for exprs in alternatives for expr in exprs} for alternatives in by_part
    ]
    return [found.pop() if len(found) == 1 else None for found in names]


def _require_columns(name: str, columns: Mapping[str, object]) -> None:
    if not columns:
        raise InvalidProjection.no_columns(str(name), VERBS)
    for field_name, column in columns.items():
        if not isinstance(column, Column):
            raise InvalidProjection.not_a_column(str(name), field_name, column, VERBS)
