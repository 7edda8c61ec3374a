"""How old rows are told from those of today, in SQL: by a row's type and schema.

Few rows are old and all are tested, so as little is tested as will do. DuckDB 2.0 tests one column while it
scans, and not in row groups whose least and greatest value tell; of a test of two it makes a filter behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from eventlab.store.sqltext import literal
from eventlab.upcasting.upcaster import Step

Schemas = Mapping[str, Sequence[int]]


def is_old(schemas: Schemas) -> str:
    """Return the condition of old rows, given the old schemas of each type: one after the other.

    Examples
    --------
    >>> is_old({"CardLoaded": [1, 2]})
    "(events.type = 'CardLoaded' and events.schema between 1 and 2)"
    """
    pairs = [
        f"events.type = {literal(type)} and events.schema between {known[0]} and {known[-1]}"
        for type, known in schemas.items()
    ]
    return f"({' or '.join(pairs)})"


def is_current(schemas: Schemas) -> list[str]:
    """Return the conditions of rows of today, whatever rows there are.

    Examples
    --------
    >>> is_current({"CardLoaded": [1, 2]})
    ["(events.type <> 'CardLoaded' or events.schema not between 1 and 2)"]
    """
    return [_is_of_today(type, known) for type, known in schemas.items()]


def is_current_among(stored: Iterable[Step], schemas: Schemas) -> list[str]:
    """Return the conditions of rows of today where all rows are of these types and schemas.

    Examples
    --------
    >>> stored = [("CardLoaded", 2), ("CardLoaded", 3), ("CardTopped", 1), ("CardSold", 2)]
    >>> for condition in is_current_among(
    ...     stored, {"CardLoaded": [1, 2], "CardTopped": [1], "CardSold": [1]}
    ... ):
    ...     print(condition)
    (events.type <> 'CardLoaded' or events.schema not between 1 and 2)
    events.type <> 'CardTopped'
    """
    found = defaultdict(set)
    for type, schema in stored:
        found[type].add(schema)
    return [
        _is_another(type) if found[type] <= set(known) else _is_of_today(type, known)
        for type, known in schemas.items()
        if found[type] & set(known)
    ]


def _is_of_today(type: str, known: Sequence[int]) -> str:
    return f"({_is_another(type)} or events.schema not between {known[0]} and {known[-1]})"


def _is_another(type: str) -> str:
    return f"events.type <> {literal(type)}"
