"""A cut: which events of the store a log shows, as a value that composes and compiles to SQL.

Bounds are inclusive. Cutting a cut narrows it; nothing is read until the log is asked for something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from operator import index
from typing import Any

from eventlab.checks import is_integer, is_unicode
from eventlab.errors import InvalidCut, InvalidEvent
from eventlab.errors.family import short
from eventlab.store.knownstreams import Numbers
from eventlab.store.query import Query, require_query
from eventlab.times import Moment, utc

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Bounds:
    """An inclusive range of one axis; None is open."""

    axis: str
    low: Any = None
    high: Any = None

    def below(self, high: Any) -> Bounds:
        """Return the part at or before ``high``."""
        return replace(self, high=high if self.high is None else min(self.high, high))

    def above(self, low: Any) -> Bounds:
        """Return the part at or after ``low``."""
        return replace(self, low=low if self.low is None else max(self.low, low))

    @property
    def width(self) -> Any:
        """How far its ends are apart."""
        return float("inf") if self.low is None or self.high is None else self.high - self.low

    @property
    def is_open(self) -> bool:
        """Whether nothing is cut off."""
        return self.low is None and self.high is None


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of the log: ranges on three axes, sets of streams, categories and types, and queries."""

    position: Bounds = Bounds("position")
    recorded: Bounds = Bounds("recorded_at")
    occurred: Bounds = Bounds("occurred_at")
    streams: Names | None = None
    categories: Names | None = None
    types: Names | None = None
    queries: tuple[Query, ...] = ()
    last: tuple[datetime, int] | None = None  # the last event in order of occurrence

    def until(self, position: int | None, recorded: Moment | None, occurred: Moment | None) -> Cut:
        """Return the cut that ends at the bounds given."""
        given = _require_bounds("until", position, recorded, occurred)
        return replace(
            self, **{axis: getattr(self, axis).below(bound) for axis, bound in given.items()}
        )

    def since(self, position: int | None, recorded: Moment | None, occurred: Moment | None) -> Cut:
        """Return the cut that begins at the bounds given."""
        given = _require_bounds("since", position, recorded, occurred)
        return replace(
            self, **{axis: getattr(self, axis).above(bound) for axis, bound in given.items()}
        )

    def up_to(self, occurred_at: datetime, position: int) -> Cut:
        """Return the cut that ends with an event, in the order in which it is folded.

        By occurrence several events may be of one time, and those at later positions come later.
        """
        if not self.by_occurrence:
            return self.until(position, None, None)
        last = (occurred_at, position)
        ends = last if self.last is None else min(self.last, last)
        return replace(self.until(None, None, occurred_at), last=ends)

    def among(self, what: str, names: tuple[str, ...]) -> Cut:
        """Return the cut narrowed to some streams, categories or types."""
        known: Names | None = getattr(self, what)
        chosen = frozenset(require_names(what, names))
        narrowed: Any = {what: chosen if known is None else known & chosen}
        return replace(self, **narrowed)

    def matching(self, query: object) -> Cut:
        """Return the cut narrowed to the events that match a query too."""
        both = (*self.queries, require_query("matching()", query))
        return replace(self, queries=tuple(dict.fromkeys(both)))

    @property
    def by_occurrence(self) -> bool:
        """Whether the log is folded in the order things happened, not the order they were recorded."""
        return not self.occurred.is_open

    def begins(self, other: Cut) -> bool:
        """Whether another cut of the same store shows the same events, and then perhaps later ones."""
        if self.by_occurrence or other.by_occurrence:
            return False
        ends = ((self.position, other.position), (self.recorded, other.recorded))
        return self._without_end() == other._without_end() and all(
            other.high is None or (own.high is not None and own.high <= other.high)
            for own, other in ends
        )

    def ends_before(self, position: int, recorded_at: datetime) -> bool:
        """Whether it ends before an event, given where that stands and when it was recorded."""
        ends = ((self.position.high, position), (self.recorded.high, recorded_at))
        return any(high is not None and high < start for high, start in ends)

    @property
    def is_prefix(self) -> bool:
        """Whether it shows all events up to a position, perhaps of some streams only."""
        lows = (self.position.low, self.recorded.low, self.categories, self.types)
        is_whole = not (self.by_occurrence or self.queries)
        return is_whole and all(low is None for low in lows)

    def _without_end(self) -> Cut:
        axes = {axis: replace(getattr(self, axis), high=None) for axis in ("position", "recorded")}
        return replace(self, **axes)

    def where(self, numbers: Numbers | None = None) -> tuple[str, dict[str, Any]]:
        """Return the SQL condition over ``events`` and its bound parameters.

        With the `numbers` of its streams, these need not be looked for by name.
        """
        conditions: list[str] = []
        params: dict[str, Any] = {}
        for bounds in (self.position, self.recorded, self.occurred):
            for sign, name, bound in ((">=", "since", bounds.low), ("<=", "until", bounds.high)):
                if bound is not None:
                    conditions.append(f"events.{bounds.axis} {sign} $el_{name}_{bounds.axis}")
                    params[f"el_{name}_{bounds.axis}"] = bound
        if self.last is not None:
            conditions.append("(events.occurred_at, events.position) <= ($el_last_at, $el_last)")
            params["el_last_at"], params["el_last"] = self.last
        for condition, name, names in self._among(numbers):
            conditions.append(condition)
            params[name] = names
        for number, query in enumerate(self.queries):
            condition, bound = query.where(f"el_query_{number}")
            conditions.append(condition)
            params |= bound
        return " and ".join(conditions) or "true", params

    def _among(self, numbers: Numbers | None) -> Iterator[tuple[str, str, list[Any]]]:
        """Yield the conditions on streams, categories and types, and the one parameter of each."""
        if self.streams is not None and numbers is not None:
            yield _NUMBERED_STREAMS, "el_numbers", list(numbers.values())
        elif self.streams is not None:
            one = len(self.streams) == 1
            yield _ONE_STREAM if one else _NAMED_STREAMS, "el_streams", sorted(self.streams)
        if self.categories is not None:
            yield _CATEGORIES, "el_categories", sorted(self.categories)
        if self.types is not None:
            yield _TYPES, "el_types", sorted(self.types)

    def streams_source(self, numbers: Numbers | None = None) -> tuple[str, dict[str, Any]]:
        """Return the FROM item with the names of the cut's streams, to be joined as ``streams``.

        Naming few of them spares a scan of all names: 12 ms against 40 for one stream of 10 million
        events. With their `numbers` no name is looked at, and these are its parameters besides.
        """
        if self.streams is None:
            return "main.streams", {}
        if numbers is None:
            return f"(select * from main.streams where {_AMONG_NAMES}) as streams", {}
        return f"({_GIVEN}) as streams", {"el_streams": list(numbers)}

    def __str__(self) -> str:
        ranges = [
            _spoken(b) for b in (self.position, self.recorded, self.occurred) if not b.is_open
        ]
        names = [
            f"{what} {', '.join(sorted(getattr(self, what))) or '(none)'}"
            for what in ("streams", "categories", "types")
            if getattr(self, what) is not None
        ]
        last = [] if self.last is None else [f"up to event {self.last[1]}"]
        return " · ".join([*names, *map(str, self.queries), *ranges, *last])


_AMONG_NAMES = "stream in (select unnest($el_streams::varchar[]))"

_NAMED_STREAMS = f"events.stream_no in (select stream_no from main.streams where {_AMONG_NAMES})"

# As an equation it reaches every scan, in half the time of a semi-join.
_ONE_STREAM = (
    "events.stream_no = (select stream_no from main.streams where stream = $el_streams[1])"
)

# So does a list, which need not be joined.
_NUMBERED_STREAMS = "events.stream_no in $el_numbers::integer[]"

_GIVEN = """
select stream_no, stream, split_part(stream, '-', 1) as category
from (select unnest($el_numbers::integer[]) as stream_no, unnest($el_streams::varchar[]) as stream)
"""

_CATEGORIES = (
    "events.stream_no in (select stream_no from main.streams "
    "where category in (select unnest($el_categories::varchar[])))"
)

_TYPES = "events.type in (select unnest($el_types::varchar[]))"


def _require_bounds(
    verb: str, position: int | None, recorded: Moment | None, occurred: Moment | None
) -> dict[str, Any]:
    given: dict[str, int | datetime] = {}
    if position is not None:
        given["position"] = _require_position(verb, position)
    if recorded is not None:
        given["recorded"] = _require_moment("recorded", recorded)
    if occurred is not None:
        given["occurred"] = _require_moment("occurred", occurred)
    if not given:
        raise InvalidCut(
            f"{verb}() was given no bound: say {verb}(position=17), {verb}(recorded='2026-03-31') "
            f"or {verb}(occurred='2026-03-31')."
        )
    return given


def _require_position(verb: str, position: object) -> int:
    if not is_integer(position) or not -(2**63) <= index(position) < 2**63:
        raise InvalidCut(
            f"{verb}(position={short(position)}) is no position: positions are whole numbers from 1."
        )
    return index(position)


def _require_moment(name: str, moment: Moment) -> datetime:
    try:
        return utc(moment, name)
    except InvalidEvent as error:
        raise InvalidCut(str(error)) from error


def require_names(what: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of streams, categories or types, or refuse what cannot be one."""
    for name in names:
        if not isinstance(name, str):
            raise InvalidCut(
                f"{short(name)} is a {type(name).__name__}, not the name of one of the {what}: give text, "
                "several as further arguments."
            )
        if not is_unicode(name):
            raise InvalidCut(
                f"{name!r} is not valid Unicode, so no log holds it among its {what}: repair it first."
            )
    if not names:
        raise InvalidCut(f"no {what} were named: name at least one, such as {_EXAMPLES[what]!r}.")
    return names


_EXAMPLES = {"streams": "card-7", "categories": "card", "types": "CardLoaded"}


def _spoken(bounds: Bounds) -> str:
    ends = [
        f"{word} {bound}"
        for word, bound in (("since", bounds.low), ("until", bounds.high))
        if bound is not None
    ]
    return f"{bounds.axis} {' '.join(ends)}"
