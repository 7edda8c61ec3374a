"""eventlab: explore, teach and debug with event logs.

All changes are kept as *events*: immutable facts in the past tense, in an append-only *log*. State is
not stored; it is a *fold* of the log. So there is one idea to learn, and the package is laid out by it:

1. **A store keeps events.** `EventStore` is one DuckDB file, or memory. `Event` goes in, by `append`;
   `read_table` brings a whole history from a file or a dataframe.
2. **A log shows them.** A store is a `Log`. ``log.until(…)``, ``since``, ``stream``, ``category`` and
   ``only`` cut it, and every cut is a log again: lazy, cheap, read-only.
3. **A projection folds a log into state.** `Fold` is a Python function, `Projection` is columns that DuckDB
   computes. Called on any log they give a dataframe with one row per key; ``history`` gives the way there.
4. **Time travel is the same fold over a shorter log.** ``cards(store.until(recorded="2026-03-31"))`` is what
   was known then. ``diff``, ``blame``, ``bisect``, ``panel``, ``lifetimes`` and ``asof`` ask about the way
   there, ``store.branch`` tells it otherwise, and `Snapshots` gives the same answers without folding
   from the start. ``eventlab.widgets.TimeMachine`` puts the cut on a slider.
5. **A read model keeps state up to date.** `ReadModel` is a projection as a table in the store's file: behind
   the log until it catches up, in the background if you like, or in the transaction of every append.
6. **A log can be held to account.** ``store.seal`` and ``store.verify`` name whatever was changed behind its
   back, ``log.trace`` draws which event caused which.
7. **Rules decide what is written.** A `Decider` is two pure functions and a start: ``handle`` gives it the
   state, appends what it decides, and decides afresh where somebody else was faster; ``given`` tests it
   without a store.
8. **Events travel.** Whoever appends knows no consumer; a `Bus` brings each consumer the events of its
   types, in order and at least once, and `Faults` shows what that is worth. The targets in `outbox` are
   consumers that hand events to the outside, with the log as the outbox.

>>> import eventlab as el
>>> store = el.EventStore()
>>> done = store.append(
...     "card-7", [el.Event("CardLoaded", {"amount": 20}), el.Event("CardRedeemed", {"amount": 5})]
... )
>>> cards = el.Projection(
...     "cards", balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed")
... )
>>> cards(store)
        balance  position
stream
card-7       15         2
>>> cards(store.until(position=1))
        balance  position
stream
card-7       20         1

Every error is an `EventLabError` that says what was asked, what was found, where, and what to try.
"""

from eventlab import errors, outbox, upcasting
from eventlab.bus import Bus, Faults
from eventlab.deciding import Decider, Handled, given, handle
from eventlab.errors import ConcurrencyError, DuplicateEventError, EventLabError
from eventlab.event import Event, RecordedEvent
from eventlab.importers import read_git, read_table
from eventlab.projections import (
    Column,
    Fold,
    Projection,
    count,
    distinct,
    each,
    first,
    greatest,
    last,
    least,
    total,
)
from eventlab.readmodels import ReadModel
from eventlab.snapshots import Snapshots
from eventlab.store import (
    ANY,
    NO_STREAM,
    STREAM_EXISTS,
    Appended,
    Condition,
    EventStore,
    Log,
    Query,
    Seal,
)
from eventlab.timetravel import Found, TimeTravel, compare
from eventlab.upcasting import Upcaster, upcaster

__version__ = "0.1.0"

__all__ = [
    # events and the store
    "Event",
    "RecordedEvent",
    "EventStore",
    "Log",
    "Appended",
    "Seal",
    "read_table",
    "read_git",
    "ANY",
    "NO_STREAM",
    "STREAM_EXISTS",
    "Query",
    "Condition",
    # projections
    "Fold",
    "Projection",
    "TimeTravel",
    "Snapshots",
    "ReadModel",
    "Found",
    "compare",
    "Column",
    "total",
    "count",
    "first",
    "last",
    "least",
    "greatest",
    "distinct",
    "each",
    # deciding what to write
    "Decider",
    "handle",
    "Handled",
    "given",
    # old events, new code
    "upcaster",
    "Upcaster",
    "upcasting",
    # consumers
    "Bus",
    "Faults",
    "outbox",
    # errors
    "errors",
    "EventLabError",
    "ConcurrencyError",
    "DuplicateEventError",
]
