"""The SQL of a projection, in two layers: contributions, and their combination.

The inner SELECT gives, for each event and key it touches, what the event contributes to each column.
The outer one combines contributions: grouped by key they are the state, in a window the history. No
query says ``*``, and none names the stream unless asked to: so a log reads no column in vain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventlab.projections.columns import Column, sql_of
from eventlab.store.sqltext import quoted
from eventlab.timetravel import MOMENT

Bind = Callable[[Any], str]

_COMBINED = {
    "total": "coalesce(sum({value}){over}, 0)",
    "count": "count({value}){over}",
    "first": "arg_min({value}, {order}){over}",
    "last": "arg_max({value}, {order}){over}",
    "least": "min({value}){over}",
    "greatest": "max({value}){over}",
    "distinct": "count(distinct {value}){over}",
}


@dataclass(frozen=True)
class Touch:
    """One way an event touches a key: the SQL of the key's parts, for events of some types or of all.

    ``unlike`` are the ways of the same event that come before: a key is touched once.
    """

    types: tuple[str, ...]
    parts: tuple[str, ...]
    unlike: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Query:
    """The queries of a projection, for a way to write values, an order to fold in, and `only` some events."""

    touches: tuple[Touch, ...]
    columns: tuple[tuple[str, Column], ...]
    ends_with: tuple[str, ...]
    bind: Bind
    order_by: str = "position"
    order_key: str = "position"
    only: str = ""

    def readable(self) -> str:
        """Return the query for one row per key: the key, the columns, the last position."""
        return f"{self._grouped()}\norder by {', '.join(self.keys)}"

    def state(self) -> str:
        """Return the same query as the store runs it; rows that carry numbers of streams are sorted later."""
        return self._grouped() if self.is_by_number else self.readable()

    def by_number(self) -> Query:
        """Return the query with the stream's number as key, where the key is the stream and named nowhere.

        Integers group four times faster than names, so names are joined when the groups are made.
        """
        return replace(self, touches=(Touch((), ("stream_no",)),)) if self._is_by_stream() else self

    def grouped(self, fields: Sequence[str]) -> str:
        """Return a query for one row per key, what is computed of its touches given as SQL."""
        touched = self._touched(self._order_columns())
        keys = ", ".join(self.keys)
        return (
            f"{_select(*self.keys, *fields, f'{self.last} as position')}\n"
            f"from {_nested(touched)} as touched{self._after_endings()}\ngroup by {keys}"
        )

    def contributions(self) -> str:
        """Return a query for one row per event and key touched: what it adds to the key's present life."""
        fields = [quoted(name) for name, _ in self.columns]
        kept = ["position", "occurred_at", *self.parts]
        touched = self._touched(kept)
        return (
            f"{_select(*self.keys, *kept, *fields)}\n"
            f"from {_nested(touched)} as touched{self._after_endings()}"
        )

    def touched(self, kept: Sequence[str] = ()) -> str:
        """Return the same of all lives, and whether the event ends one, where some do."""
        ends = [f"{self._is(self.ends_with)} as _ends"] if self.ends_with else []
        return self._touched(["position", *kept, *ends])

    def endings(self, last: str = "") -> str:
        """Return a query for the keys that ended: the key, and where in the order of folding it last did."""
        bare = replace(self, columns=())
        endings = bare._touched(self._order_columns(), [self._is(self.ends_with)])
        keys, last = ", ".join(self.keys), last or f"max({self.order_key})"
        return (
            f"{_select(*self.keys, f'{last} as _ended')}\nfrom {_nested(endings)}\ngroup by {keys}"
        )

    def changes(self, key: Sequence[Any] = (), kept: Sequence[str] = ()) -> str:
        """Return the query for one row per event and key touched, of all keys or one.

        ``kept`` are columns of the events to be had besides.
        """
        fields = [
            f"{self._while_alive(name, column)} as {quoted(name)}" for name, column in self.columns
        ]
        running = self.running([*MOMENT, *kept, *fields, self.alive], key)
        return f"{running}\norder by {self.order_by}, {', '.join(self.keys)}"

    def running(self, computed: Sequence[str], key: Sequence[Any] = ()) -> str:
        """Return a query for one row per event and key touched: what is computed ``over life``, as SQL."""
        keys = ", ".join(self.keys)
        life = f"{keys}, _life" if self.ends_with else keys
        return (
            f"{_select(*self.keys, *computed)}\n"
            f"from {_nested(self._lives(key))} as lives\n"
            f"window life as (partition by {life} order by {self.order_by} rows unbounded preceding)"
        )

    def lifetimes(self, clock: str) -> str:
        """Return the query for one row per state a key was in: from when until when, and its fields."""
        keys = ", ".join(self.keys)
        life = f"{keys}, _life" if self.ends_with else keys
        interval = [
            "position as valid_from",
            "lead(position) over key as valid_until",
            f"{clock} as from_time",
            f"lead({clock}) over key as until_time",
        ]
        fields = [
            f"{self._combined(name, column, ' over life')} as {quoted(name)}"
            for name, column in self.columns
        ]
        rows = (
            f"{_select(*self.keys, *interval, *fields)}\n"
            f"from {_nested(self._lives(()))} as lives\n"
            f"window life as (partition by {life} order by {self.order_by} rows unbounded preceding),\n"
            f"  key as (partition by {keys} order by {self.order_by})"
            f"{self._held()}"
        )
        order = "from_time, valid_from" if self.order_by.startswith("occurred") else "valid_from"
        if self.is_by_number:
            return (
                f"select names.stream, lives.* exclude stream_no from {_nested(rows)} as lives\n"
                f"join main.streams as names using (stream_no)\norder by {order}"
            )
        return f"{rows}\norder by {order}, {keys}"

    def _held(self) -> str:
        """Return the condition that a state held at some cut: it ends later than it began."""
        conditions = [
            *(["not _ends"] if self.ends_with else []),
            *(["lead(position) over key is distinct from position"] if self.parts else []),
        ]
        return f" qualify {' and '.join(conditions)}" if conditions else ""

    def part(self, names: Iterable[str]) -> str:
        """Return a query that computes the key and no more than the columns named."""
        columns = tuple((name, column) for name, column in self.columns if name in names)
        return replace(self, columns=columns)._grouped()

    # -- layers ------------------------------------------------------------------------------------

    def _grouped(self) -> str:
        return self.grouped(
            [f"{self._combined(name, column)} as {quoted(name)}" for name, column in self.columns]
        )

    def _after_endings(self) -> str:
        """Return the join that leaves of each key what came after its last ending."""
        if not self.ends_with:
            return ""
        return (
            f"\nleft join {_nested(self.endings())} as endings using ({', '.join(self.keys)})\n"
            f"where _ended is null or {self.order_key} > _ended"
        )

    def _lives(self, key: Sequence[Any]) -> str:
        """Return what was touched, each key's lives numbered: an ending belongs to the life it ends."""
        of_key = [
            f"{part} = {self.bind(value)}" for part, value in zip(self.keys, key, strict=False)
        ]
        if not self.ends_with:
            return self._touched([*MOMENT, *self.parts], of_key)
        fields = [quoted(name) for name, _ in self.columns]
        touched = self._touched(
            [*MOMENT, *self.parts, f"{self._is(self.ends_with)} as _ends"], of_key
        )
        life = (
            f"count(case when _ends then 1 end) over (partition by {', '.join(self.keys)} "
            f"order by {self.order_by} rows between unbounded preceding and 1 preceding) as _life"
        )
        kept = _select(*self.keys, *MOMENT, *self.parts, "_ends", *fields, life)
        return f"{kept}\nfrom {_nested(touched)} as touched"

    def _touched(self, kept: Sequence[str], where: Sequence[str] = ()) -> str:
        return "\nunion all\n".join(self._touched_by(touch, kept, where) for touch in self.touches)

    def _touched_by(self, touch: Touch, kept: Sequence[str], where: Sequence[str]) -> str:
        named = list(zip(touch.parts, self.keys, strict=True))
        keys = [part if part == name else f"{part} as {name}" for part, name in named]
        fields = [
            f"{self._contribution(column)} as {quoted(name)}" for name, column in self.columns
        ]
        present = [f"{name} is not null" for part, name in named if part not in _NEVER_NULL]
        once = [
            f"({', '.join(touch.parts)}) is distinct from ({', '.join(other)})"
            for other in touch.unlike
        ]
        conditions = [*([self._is(touch.types)] if touch.types else []), *present, *once, *where]
        conditions += [self.only] if self.only else []
        return f"{_select(*keys, *kept, *fields)}\nfrom events" + (
            f"\nwhere {' and '.join(conditions)}" if conditions else ""
        )

    # -- expressions -------------------------------------------------------------------------------

    def _contribution(self, column: Column) -> str:
        expr = sql_of(column.expr)
        cases = [(column.types, expr), (column.minus, f"-({expr})")]
        whens = [f"when {self._is(types)} then {value}" for types, value in cases if types]
        return f"case {' '.join(whens)} end" if whens else expr

    def _combined(self, name: str, column: Column, over: str = "") -> str:
        return _COMBINED[column.verb].format(value=quoted(name), order=self.order_key, over=over)

    def _while_alive(self, name: str, column: Column) -> str:
        field = self._combined(name, column, " over life")
        return f"case when not _ends then {field} end" if self.ends_with else field

    def _is(self, types: Sequence[str]) -> str:
        bound = ", ".join(map(self.bind, types))
        return f"type = {bound}" if len(types) == 1 else f"type in ({bound})"

    @property
    def keys(self) -> list[str]:
        """The columns of the key, as the query calls them."""
        parts = self.touches[0].parts
        if parts == ("stream_no",):
            return ["stream_no"]
        return ["key"] if len(parts) == 1 else [f"key_{at}" for at in range(1, len(parts) + 1)]

    @property
    def is_by_number(self) -> bool:
        """Whether the key is the number of a stream, whose name is still to be found."""
        return self.keys == ["stream_no"]

    @property
    def alive(self) -> str:
        """Whether a key lives after an event of one of its numbered lives."""
        return f"{'not _ends' if self.ends_with else 'true'} as alive"

    @property
    def parts(self) -> list[str]:
        """The column that puts events in order that share a position, where some do."""
        return ["el_part"] if "el_part" in self.order_by else []

    @property
    def first(self) -> str:
        """The position of the event in a group that is folded first, as SQL."""
        return f"arg_min(position, {self.order_key})" if self._is_reordered() else "min(position)"

    @property
    def last(self) -> str:
        """The position of the event in a group that is folded last."""
        return f"arg_max(position, {self.order_key})" if self._is_reordered() else "max(position)"

    def _order_columns(self) -> list[str]:
        return list(dict.fromkeys(["position", *self.order_by.split(", ")]))

    def _is_reordered(self) -> bool:
        return self.order_key != "position"

    def _is_by_stream(self) -> bool:
        return self.touches == BY_STREAM and not any(
            _mentions_key(column) for _, column in self.columns
        )


BY_STREAM = (Touch((), ("stream",)),)

_NEVER_NULL = ("stream", "stream_no", "position", "type")


class Bound:
    """Values on their way to the database as parameters; call it for the name of one."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._names: dict[tuple[type, Any], str] = {}

    def __call__(self, value: Any) -> str:
        """Return the parameter that stands for a value."""
        name = self._names.setdefault((type(value), value), f"p_{len(self._names) + 1}")
        self.params[name] = list(value) if isinstance(value, tuple) else value
        return f"${name}"


# -- text ------------------------------------------------------------------------------------------

_STRING = r"'(?:[^']|'')*'"
_IDENTIFIER = r'"(?:[^"]|"")*"'
_PATH = re.compile(
    rf"{_STRING} | (?P<path>\bdata(?:\.(?:\w+|{_IDENTIFIER})|\[[^\]]*\])++)(?!\s*::|\s+(?:as|is)\b)",
    re.VERBOSE | re.IGNORECASE,
)
_KEY = re.compile(
    rf"{_STRING} | {_IDENTIFIER} | (?P<key>(?<!\.)\bkey(?:_\d+)?\b)", re.VERBOSE | re.IGNORECASE
)


def untyped_paths(column: Column) -> list[str]:
    """Return the payload paths that a column computes with and gives no type.

    Examples
    --------
    >>> (
    ...     untyped_paths(Column("last", "note")),
    ...     untyped_paths(Column("last", "item.price * data.qty")),
    ... )
    ([], ['data.qty'])
    """
    expr = sql_of(column.expr)
    paths = [match["path"] for match in _PATH.finditer(expr) if match["path"]]
    return paths if column.verb == "total" or paths != [expr] else []


def _mentions_key(column: Column) -> bool:
    return any(match["key"] for match in _KEY.finditer(sql_of(column.expr)))


def _select(*columns: str) -> str:
    return "select " + ",\n  ".join(columns)


def _nested(body: str) -> str:
    return "(\n  " + body.replace("\n", "\n  ") + "\n)"
