"""eventlab: explore, teach and debug with event logs."""

from eventlab.event import Event, RecordedEvent
from eventlab.store import ANY, NO_STREAM, STREAM_EXISTS, Appended, EventStore, Log

__all__ = [
    "ANY",
    "NO_STREAM",
    "STREAM_EXISTS",
    "Appended",
    "Event",
    "EventStore",
    "Log",
    "RecordedEvent",
]
