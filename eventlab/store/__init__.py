"""The store: an append-only log of events in one DuckDB file, and lazy views of it.

Read ``schema`` first (the file on one screen), then ``append`` (how an event gets in) and ``log`` (how
it is seen again). Only this layer imports DuckDB.
"""

from eventlab.store.append import Appended
from eventlab.store.condition import Condition
from eventlab.store.eventstore import EventStore, require_store
from eventlab.store.expectation import ANY, NO_STREAM, STREAM_EXISTS
from eventlab.store.log import Log
from eventlab.store.query import Query
from eventlab.store.seal import Seal

__all__ = [
    "ANY",
    "NO_STREAM",
    "STREAM_EXISTS",
    "Appended",
    "Condition",
    "EventStore",
    "Log",
    "Query",
    "Seal",
    "require_store",
]
