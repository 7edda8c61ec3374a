"""Columns of a projection: what each event contributes, and how contributions combine.

``total``, ``count``, ``first``, ``last``, ``least``, ``greatest`` and ``distinct`` describe a column;
`Projection` compiles it to SQL. An expression that is a bare name is a payload field, or the
envelope column of that name; anything else is SQL over the envelope and ``data.<field>`` of one event:
no window function, subquery or clock, for what other events or the time of asking say is no part of it.
Lesson 03 writes the same rules in Python and in columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from eventlab.errors import InvalidProjection
from eventlab.event import RecordedEvent

VERBS = ("total", "count", "first", "last", "least", "greatest", "distinct")

NUMBERS = ("total", "count", "distinct")

ENVELOPE = frozenset([*RecordedEvent._fields, "category", "key"])

Types = str | list[str] | tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One column: a verb over what an expression gives for the events of some types.

    ``minus`` holds the types whose contribution is taken off; no types at all means all of them.
    """

    verb: str
    expr: str
    types: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    def __repr__(self) -> str:
        given = [] if self.verb == "count" else [repr(self.expr)]
        if self.verb == "count":
            given += map(repr, self.types)
        elif self.types:
            given.append(f"{'plus' if self.minus else 'on'}={_spoken(self.types)}")
        if self.minus:
            given.append(f"minus={_spoken(self.minus)}")
        return f"{self.verb}({', '.join(given)})"


def total(expr: str, *, plus: Types = (), minus: Types = (), on: Types = ()) -> Column:
    """Add up what events contribute; over nothing it is 0.

    Parameters
    ----------
    expr : str
        What an event contributes; a missing value contributes nothing. Sums of integers stay
        integers; ask for exact cents with ``"amount::DECIMAL(18, 2)"``.
    plus, minus : str or sequence of str
        The event types that add, and those that take off.
    on : str or sequence of str
        Only these types; another word for ``plus`` where nothing is taken off.

    Examples
    --------
    >>> total("amount", plus="CardLoaded", minus="CardRedeemed")
    total('amount', plus='CardLoaded', minus='CardRedeemed')
    """
    if on and (plus or minus):
        raise InvalidProjection.on_and_plus(expr)
    column = _column("total", expr, on or plus)
    column = replace(column, minus=names_of("minus=", minus))
    both = set(column.types) & set(column.minus)
    if both:
        raise InvalidProjection.both_ways(expr, sorted(both))
    return column


def count(*types: str) -> Column:
    """Count events of some types, or all events of the key.

    Examples
    --------
    >>> count("CardLoaded"), count()
    (count('CardLoaded'), count())
    """
    return Column("count", "1", names_of("count()", types))


def first(expr: str, *, on: Types = ()) -> Column:
    """Keep the first value that is not missing; SQL NULL and JSON ``null`` are missing.

    Examples
    --------
    >>> first("actor", on="CardLoaded")
    first('actor', on='CardLoaded')
    """
    return _column("first", expr, on)


def last(expr: str, *, on: Types = ()) -> Column:
    """Keep the last value that is not missing; SQL NULL and JSON ``null`` are missing.

    Examples
    --------
    >>> last("holder")
    last('holder')
    """
    return _column("last", expr, on)


def least(expr: str, *, on: Types = ()) -> Column:
    """Keep the smallest value, the earliest time or the first text of the alphabet.

    Examples
    --------
    >>> least("occurred_at")
    least('occurred_at')
    """
    return _column("least", expr, on)


def greatest(expr: str, *, on: Types = ()) -> Column:
    """Keep the largest value, the latest time or the last text of the alphabet.

    Examples
    --------
    >>> greatest("amount", on="CardLoaded")
    greatest('amount', on='CardLoaded')
    """
    return _column("greatest", expr, on)


def distinct(expr: str, *, on: Types = ()) -> Column:
    """Count the different values that are not missing.

    Examples
    --------
    >>> distinct("actor")
    distinct('actor')
    """
    return _column("distinct", expr, on)


@dataclass(frozen=True)
class Each:
    """Several expressions where one may stand: the event touches the key of each."""

    exprs: tuple[str, ...]

    def __repr__(self) -> str:
        return f"each({', '.join(map(repr, self.exprs))})"


def each(*exprs: str) -> Each:
    """Let one event touch several keys, as a transfer touches two accounts.

    An event touches a key at most once, and a missing key not at all. In the columns the word ``key``
    is the key being touched.

    Examples
    --------
    >>> each("giver", "taker")
    each('giver', 'taker')
    """
    if not exprs:
        raise InvalidProjection.empty("each()", "each('giver', 'taker')")
    return Each(tuple(require_expr("an expression of each()", expr) for expr in exprs))


# -- expressions -----------------------------------------------------------------------------------

_BARE = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*(?P<cast>::.*)?", re.DOTALL)
_FIELD = re.compile(r"\s*(?:data\s*\.\s*)?(?P<name>[^\W\d]\w*)\s*(?:::.*)?", re.DOTALL)


def sql_of(expr: str) -> str:
    """Return an expression as SQL: a bare name is an envelope column or else a payload field.

    Examples
    --------
    >>> sql_of("amount::DECIMAL(18, 2)"), sql_of("occurred_at"), sql_of("data.qty * data.price")
    ('data.amount::DECIMAL(18, 2)', 'occurred_at', 'data.qty * data.price')
    """
    bare = _BARE.fullmatch(expr)
    if bare is None or bare["name"] in ENVELOPE:
        return expr.strip()
    return f"data.{expr.strip()}"


def name_of(expr: str) -> str | None:
    """Return the field or envelope column that an expression names, if it is no more than that."""
    field = _FIELD.fullmatch(expr)
    return field["name"] if field else None


def require_expr(role: str, expr: object) -> str:
    """Return a text that can be an expression, or refuse it."""
    if not isinstance(expr, str):
        raise InvalidProjection.no_text(
            role, expr, "give a payload field or a SQL expression as text"
        )
    if not expr.strip():
        raise InvalidProjection.empty(role, "'amount'")
    return expr


def names_of(role: str, types: object) -> tuple[str, ...]:
    """Return one event type or several as a tuple."""
    listed = (types,) if isinstance(types, str) else types
    if not isinstance(listed, list | tuple):
        raise InvalidProjection.no_text(role, types, "give one event type, or a list of them")
    for name in listed:
        if not isinstance(name, str):
            raise InvalidProjection.no_text(
                f"an event type of {role}", name, "event types are text"
            )
    return tuple(dict.fromkeys(listed))


def _column(verb: str, expr: object, types: Types) -> Column:
    return Column(verb, require_expr(f"the expression of {verb}()", expr), names_of("on=", types))


def _spoken(types: tuple[str, ...]) -> str:
    return repr(types[0]) if len(types) == 1 else repr(list(types))
