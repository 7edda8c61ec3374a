"""What must not have happened meanwhile: a query, and the position up to which the writer has read.

An exact version guards one stream; a condition guards whatever a decision looked at. It is checked in
the transaction of the append, under the lock of all writers, so of racing writers whose conditions match
each other's events exactly one wins. Lesson 02 ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index

import duckdb

from eventlab.checks import is_integer
from eventlab.errors import ConditionFailed, InvalidQuery
from eventlab.statements import execute
from eventlab.store import question
from eventlab.store.cut import Cut
from eventlab.store.database import Database
from eventlab.store.ledger import Ledger
from eventlab.store.query import Query, require_query


@dataclass(frozen=True, slots=True)
class Condition:
    """Nothing that matches a query may have been appended after a position.

    Parameters
    ----------
    query : Query
        What the decision depends on.
    after : int
        The position up to which you have read: ``store.head`` from before you read. 0: nothing may match at
        all.

    Raises
    ------
    InvalidQuery
        When there is no such query or position.

    Examples
    --------
    A course has one seat left and two students want it. Each reads, then writes on the condition that
    nobody has subscribed meanwhile:

    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> def subscribed(student):
    ...     return el.Event("StudentSubscribed", tags=["course:c1", f"student:{student}"])
    >>> seats = el.Query("StudentSubscribed", tags="course:c1")
    >>> seen_by_both = el.Condition(seats, after=store.head)
    >>> store.append("student-s1", subscribed("s1"), condition=seen_by_both)
    Appended(stream='student-s1', version=1, position=1, duplicate=False)
    >>> store.append("student-s2", subscribed("s2"), condition=seen_by_both)
    Traceback (most recent call last):
        ...
    eventlab.errors.ConditionFailed: the append to 'student-s2' must find nothing new of
    Query(types=['StudentSubscribed'], tags=['course:c1']) after position 0, and StudentSubscribed at
    position 1 (stream 'student-s1') matches: someone appended in between; read again what the query
    matches and decide afresh.
    """

    query: Query
    after: int = 0

    def __post_init__(self) -> None:
        require_query("Condition", self.query)
        if not is_integer(self.after) or not 0 <= index(self.after) < 2**63:
            raise InvalidQuery.no_position(self.after)
        object.__setattr__(self, "after", index(self.after))


def require_condition(condition: object) -> Condition | None:
    """Return a condition or None, and refuse anything else."""
    if condition is not None and not isinstance(condition, Condition):
        raise InvalidQuery.no_condition(condition)
    return condition


def require_holds(
    con: duckdb.DuckDBPyConnection,
    database: Database,
    ledger: Ledger,
    stream: str,
    condition: Condition | None,
) -> None:
    """Raise ConditionFailed when an event matches; ask the file only where there are newer events."""
    if condition is None or condition.after == ledger.log_head(con).position:
        return
    _require_within(con, ledger, condition.after)
    cut = Cut().since(condition.after + 1, None, None).matching(condition.query)
    scans = database.scans(cut).of(cut)
    if execute(con, *question.over(cut, scans, (), _ANY_MATCH)).fetchall():
        [first] = execute(con, *question.over(cut, scans, (), _FIRST_MATCH)).fetchall()
        raise ConditionFailed(stream, str(condition.query), condition.after, first)


# By far the most find nothing, which takes less where neither an order nor a name is asked for.
_ANY_MATCH = "select 1 from events limit 1"

_FIRST_MATCH = "select position, type, stream from events order by position limit 1"


def _require_within(con: duckdb.DuckDBPyConnection, ledger: Ledger, after: int) -> None:
    if after > ledger.log_head(con).position:
        ledger.forget()  # somebody may have written behind its back
    head = ledger.log_head(con).position
    if after > head:
        raise InvalidQuery.beyond_head(after, head)
