"""Payloads out of the store in bulk: by field where every field is plain, else as JSON text.

The store has noted which kinds of value each field held. Where each held one kind of plain value, DuckDB
hands out its columns and Python puts the dicts together: half the work of writing JSON and parsing it.
A field that is missing in a column is missing in the payload, for an explicit null is a kind of its own.
As DuckDB objects payloads would cost 15 µs each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from eventlab.store.ledger import Field
from eventlab.store.sqltext import SCALARS, as_type, column_types, payload_field

MOST_FIELDS = 24  # a column costs every event a look, also those of types that do not have it

_AS_TEXT = "data::json::varchar as data"


class Payloads:
    """How the payloads of events with these fields are asked for, and put together.

    Examples
    --------
    >>> loads = Payloads(
    ...     [Field("CardLoaded", "amount", "DOUBLE"), Field("CardLoaded", "by", "VARCHAR")]
    ... )
    >>> loads.columns
    ["data['amount']::DOUBLE as el_field_0", "data['by']::VARCHAR as el_field_1"]
    >>> loads.decoded([[2.5, 5.0], ["ana", None]], 2)
    [{'amount': 2.5, 'by': 'ana'}, {'amount': 5.0}]
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        fields = list(fields)
        # The order in which a VARIANT keeps its keys, so that both ways give equal dicts in equal order.
        self._names = sorted({field.field for field in fields}) if _are_plain(fields) else []
        types = column_types(fields)
        by_field = [
            f"{as_type(payload_field(name), types[name])} as el_field_{at}"
            for at, name in enumerate(self._names)
        ]
        self.columns = by_field or [_AS_TEXT]

    def decoded(self, columns: Sequence[Iterable[Any]], events: int) -> list[dict[str, Any]]:
        """Return the payloads of so many events, given what the columns said of them."""
        if not self._names:
            return decoded(columns[0])
        payloads: list[dict[str, Any]] = [{} for _ in range(events)]
        for name, values in zip(self._names, columns, strict=True):
            for payload, value in zip(payloads, values, strict=True):
                if value is not None:
                    payload[name] = value
        return payloads


def decoded(texts: Iterable[str]) -> list[Any]:
    """Return the values of many JSON texts, parsed in one go."""
    values: list[Any] = json.loads(f"[{','.join(texts)}]")
    return values


def _are_plain(fields: list[Field]) -> bool:
    kinds = {(field.field, field.kind) for field in fields}
    names = {name.casefold() for name, _ in kinds}  # SQL does not tell capitals apart
    return len(kinds) == len(names) <= MOST_FIELDS and {kind for _, kind in kinds} <= SCALARS
