"""Which payload fields only old rows have: upcasters show those rows otherwise, so they are shown no more."""

from __future__ import annotations

from collections.abc import Iterable, Set

import duckdb

from eventlab.store.bulk import KIND_OF_JSON
from eventlab.store.ledger import Field
from eventlab.store.oldrows import Schemas, is_current
from eventlab.store.sqltext import literal, payload_field


class FieldsOfOldRows:
    """The payload fields of old rows in one table, and whether rows of today have them too."""

    def __init__(self, table: str, schemas: Schemas) -> None:
        self._table, self._schemas = table, schemas
        self._held: dict[Field, bool] = {}

    def look(
        self, con: duckdb.DuckDBPyConnection, low: int, high: int, found: Iterable[Field]
    ) -> None:
        """Take up the rows of some positions, given which fields the old ones among them have."""
        for field in found:
            if field not in self._held:
                self._held[field] = self._is_held(con, field, 1, high)
        for field in self.gone():
            self._held[field] = self._is_held(con, field, low, high)

    def gone(self) -> Set[Field]:
        """Return the fields that no row of today has."""
        return {field for field, held in self._held.items() if not held}

    def gone_within(self, con: duckdb.DuckDBPyConnection, low: int) -> Set[Field]:
        """Return the same for an open transaction, which has appended the rows from a position on."""
        return {field for field in self.gone() if not self._is_held(con, field, low)}

    def _is_held(
        self, con: duckdb.DuckDBPyConnection, field: Field, low: int, high: int | None = None
    ) -> bool:
        value, member = payload_field(field.field), literal(_member(field.field))
        # DuckDB 2.0 gives no type to a null, nor to a field that is missing: the JSON tells them apart.
        is_null = f"json_type(data::json, {member}) = 'NULL'"
        kind_of = KIND_OF_JSON.format(f"json_type({value}::json)")
        is_kind = f"{value} is not null and {kind_of} = {literal(field.kind)}"
        condition = is_null if field.kind == "NULL" else is_kind
        tests = " and ".join(is_current(self._schemas))
        return bool(
            con.execute(
                f"select 1 from {self._table} as events "
                f"where position >= $low and ($high is null or position <= $high) "
                f"and type = $type and {tests} and {condition} limit 1",
                {"low": low, "high": high, "type": field.type},
            ).fetchone()
        )


def _member(name: str) -> str:
    """Return the path of a member in DuckDB's JSON functions, for a name of any characters."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
