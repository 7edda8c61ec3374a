"""What a consumer is: a name, the event types it asked for, a handler, and what to do when that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eventlab.bus.retries import Backoff, doubling
from eventlab.checks import is_text
from eventlab.errors import InvalidConsumer
from eventlab.event import RecordedEvent
from eventlab.store.log import Log

Handler = Callable[[RecordedEvent], Any]
Key = Callable[[RecordedEvent], object]
Start = str | int


def by_stream(event: RecordedEvent) -> str:
    """Return the stream: events of one stream are kept in order."""
    return event.stream


def by_log(event: RecordedEvent) -> str:
    """Return the same for all events: no one overtakes another."""
    return ""


def needs_log_order(handler: object) -> bool:
    """Tell whether a handler takes events in the order of the log only."""
    return getattr(handler, "in_log_order", False)


def require_name(found: object) -> str:
    """Return the name of a consumer, or refuse what was given in its place."""
    if not is_text(found) or not found:
        raise InvalidConsumer.nameless(found)
    return found


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A handler with its name and its terms; `Bus.consumer` explains every one of them."""

    name: str
    types: tuple[str, ...]
    handler: Handler
    start: Start = "beginning"
    retries: int = 3
    backoff: Backoff = field(default_factory=doubling)
    on_failure: str = "park"
    in_order: bool = True
    key: Key = by_stream
    workers: int = 1
    commit_every: int = 1_000
    idempotent: bool = False
    reactor: bool = False

    def __post_init__(self) -> None:
        require_name(self.name)
        for event_type in self.types:
            if not is_text(event_type):
                raise InvalidConsumer.option(self.name, "types", event_type, _TYPES)
        for option, (holds, advice) in _TERMS.items():
            found = getattr(self, option)
            if not holds(found):
                raise InvalidConsumer.option(self.name, option, found, advice)
        if needs_log_order(self.handler) and (self.key is not by_log or not self.in_order):
            raise InvalidConsumer.out_of_order(self.name, self.handler)

    def checkpoint(self, head: int) -> int:
        """Return where a consumer that was never here stands in a log that ends at `head`."""
        if isinstance(self.start, str):
            return {"beginning": 0, "now": head}[self.start]
        if self.start > head + 1:
            raise InvalidConsumer.starts_beyond(self.name, self.start, head)
        return self.start - 1

    def begin(self, log: Log) -> None:
        """Show the handler the log that its events are of, if it wants to know."""
        if hasattr(self.handler, "begin"):
            self.handler.begin(log)

    def flush(self) -> None:
        """Let the handler bring to safety what it was given, if it keeps something back."""
        if hasattr(self.handler, "flush"):
            self.handler.flush()


def _is_start(found: object) -> bool:
    return found in ("beginning", "now") or _is_whole(1)(found)


def _is_whole(least: int) -> Callable[[object], bool]:
    return lambda found: type(found) is int and found >= least


_TYPES = "types are texts such as 'OrderPlaced', several as further arguments; none means all"
_TERMS: dict[str, tuple[Callable[[object], bool], str]] = {
    "handler": (callable, "decorate a function that takes one event"),
    "start": (_is_start, "say 'beginning', 'now' or the first position to get"),
    "retries": (_is_whole(0), "say how often to try again, 0 for never"),
    "backoff": (callable, "give a function from the number of failed attempts to seconds"),
    "on_failure": (lambda found: found in ("park", "stop"), "say 'park' or 'stop'"),
    "key": (callable, "give a function from an event to what must stay in order"),
    "workers": (_is_whole(1), "say how many threads may handle events at once, 1 or more"),
    "commit_every": (_is_whole(1), "say after how many events to keep the checkpoint, 1 or more"),
}
