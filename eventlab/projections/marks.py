"""Which event last changed each field of each key, found in DuckDB: ten million events are many to fetch.

A sum, a count and a first value change where an event contributes to them, so grouping finds the last
such event. A last value may be contributed again; a window compares each contribution with the one before
it. Other verbs are computed for every event, and the values compared: five times the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eventlab.projections.sql import Query
from eventlab.store.sqltext import quoted
from eventlab.timetravel import ENDED

CHANGES = {
    "total": "{value} is not null and {value} <> 0",
    "count": "{value} is not null",
    "first": "{value} is not null",
}
"""Which contributions may change a field: the last of them did, or of a first value the first."""


@dataclass(frozen=True)
class Marks:
    """The queries for the marks of a projection's fields; each gives rows of keys and positions."""

    query: Query

    def groups(self, fields: Sequence[str]) -> Iterator[list[str]]:
        """Yield the fields that one query can mark together."""
        asked = {n: column.verb for n, column in self.query.columns if n in fields}
        for together in (CHANGES, ("distinct",), ("least", "greatest")):
            if names := [name for name, verb in asked.items() if verb in together]:
                yield names
        yield from ([name] for name, verb in asked.items() if verb == "last")

    def needs_all(self, fields: Sequence[str]) -> bool:
        """Whether the marks of a group depend on all events, and not on the later ones alone."""
        return any(column.verb == "distinct" for _, column in self._of(fields).columns)

    def of(self, fields: Sequence[str]) -> str:
        """Return the query for the marks of one group."""
        verbs = {column.verb for _, column in self._of(fields).columns}
        if verbs <= {*CHANGES}:
            return self._by_contribution(fields)
        return self._by_comparison(fields) if verbs != {"last"} else self._by_run(*fields)

    def endings(self) -> str:
        """Return a query for the position at which each key last ended."""
        return self._chosen(self.query.endings(self.query.last), [ENDED])

    def _by_contribution(self, fields: Sequence[str]) -> str:
        query = self._of(fields)
        marks = [
            f"coalesce({query.first if column.verb == 'first' else query.last} "
            f"filter (where {CHANGES[column.verb].format(value=quoted(name))}), {query.first})"
            f" as {quoted(name)}"
            for name, column in query.columns
        ]
        return self._chosen(query.grouped(marks), fields)

    def _by_run(self, field: str) -> str:
        """Return the query for a last value: the contribution that differs from the one before it."""
        query, name = self._of([field]), quoted(field)
        keys = ", ".join(self.query.keys)
        kept = ", ".join(["position", "occurred_at", *query.parts])
        compared = (
            f"select {keys}, {kept}, {name} is distinct from lag({name}) over of_key as _new\n"
            f"from ({query.contributions()}) as contributions where {name} is not null\n"
            f"window of_key as (partition by {keys} order by {query.order_by})"
        )
        births = replace(query, columns=()).grouped([f"{query.first} as _born"])
        return self._chosen(
            f"select {keys}, coalesce(_set, _born) as {name} from ({births}) as births left join (\n"
            f"select {keys}, {query.last} as _set from ({compared}) where _new group by {keys}\n"
            f") as runs using ({keys})",
            [field],
        )

    def _by_comparison(self, fields: Sequence[str]) -> str:
        keys, query = ", ".join(self.query.keys), self._of(fields)
        kept = ", ".join(["position", "occurred_at", *query.parts])
        compared = [
            f"{quoted(name)} is distinct from lag({quoted(name)}) over of_key as {quoted(name)}"
            for name in fields
        ]
        changed = [
            f"{query.last} filter (where _born or {quoted(name)}) as {quoted(name)}"
            for name in fields
        ]
        return self._chosen(
            f"select {keys}, {', '.join(changed)}\nfrom (\n"
            f"select {keys}, {kept}, alive, {', '.join(compared)},\n"
            "not coalesce(lag(alive) over of_key, false) as _born\n"
            f"from ({query.changes(kept=query.parts)}) as changes\n"
            f"window of_key as (partition by {keys} order by {self.query.order_by})\n"
            f") where alive group by {keys}",
            fields,
        )

    def _of(self, fields: Sequence[str]) -> Query:
        return replace(self.query, columns=tuple(c for c in self.query.columns if c[0] in fields))

    def _chosen(self, rows: str, fields: Sequence[str]) -> str:
        return f"select {', '.join([*self.query.keys, *map(quoted, fields)])} from ({rows})"
