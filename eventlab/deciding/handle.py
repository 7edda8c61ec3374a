"""`handle`: read, decide, append where nobody appended in between; otherwise read and decide afresh.

Optimistic: no lock is held while the rules think. That is safe because deciding is pure, so doing it
again costs nothing but time, and an append with an exact version has one winner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from eventlab.checks import is_whole
from eventlab.deciding.boundary import Boundary, Matching, OneStream
from eventlab.deciding.decider import Command, Decider, require_decider
from eventlab.errors import ConcurrencyError, DuplicateEventError, InvalidDecider, InvalidDecision
from eventlab.event import Event, RecordedEvent, require_stream
from eventlab.projections.states import State
from eventlab.store import ANY, EventStore, Query, causes, require_store
from eventlab.store.expectation import Expected, require_expectation
from eventlab.store.query import require_query


@dataclass(frozen=True, slots=True)
class Handled:
    """What a command led to: the events written, where the last one stands, and at which attempt.

    Where nothing was decided ``events`` is empty, and version and position say where the stream and the
    store stood. ``duplicate`` is True when the command, by its id, was handled before, or by another
    sender meanwhile.
    """

    stream: str
    version: int
    position: int
    events: tuple[Event | RecordedEvent, ...]
    attempts: int
    duplicate: bool = False

    def __repr__(self) -> str:
        events = ", ".join(f"{event.type} {event.data}" for event in self.events)
        again = ", duplicate=True" if self.duplicate else ""
        return (
            f"Handled({self.stream!r}, version={self.version}, position={self.position}, "
            f"events=[{events}], attempts={self.attempts}{again})"
        )


def handle(
    store: EventStore,
    decider: Decider,
    stream: str,
    command: Command,
    *,
    query: Query | None = None,
    retries: int = 3,
    expected: Expected = ANY,
    command_id: str | None = None,
    actor: str | None = None,
    reason: str | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Handled:
    """Put a command to the rules and append what they decide, if what they looked at still stands.

    Parameters
    ----------
    store : EventStore
        Where to read and to append.
    decider : Decider
        The rules.
    stream : str
        The stream to append to, and to decide by where no ``query`` is given.
    command : object
        What is asked for; only the rules look into it.
    query : Query, optional
        What to decide by in place of the stream: all events that match, of whichever stream. The append
        is refused, and decided afresh, when another one matches meanwhile.
    retries : int
        How often to read and decide afresh after somebody else was faster.
    expected : ANY, NO_STREAM, STREAM_EXISTS or int
        Where the stream must stand, such as the version that the person who gives the command looked at.
        If it stands elsewhere, deciding afresh is not what they meant, and it is not done.
    command_id : str, optional
        Makes a command safe that is sent again, or twice at once: its events are called
        ``<command_id>#1``, ``#2`` …, and where they are stored already, nothing is written and they are
        returned. A command that led to no event leaves no trace.
    actor, reason, correlation_id, causation_id : str, optional
        For the envelope of events that do not say so themselves.

    Returns
    -------
    Handled
        The events, where the last one stands, and the number of attempts.

    Raises
    ------
    ConcurrencyError
        When ``expected`` does not hold, or somebody was faster at every attempt. Nothing is written.
    LifeEnded, InvalidDecision
        When it is over, or the rules return no events. Nothing is written.
    Exception
        What ``decide`` raises to refuse a command is raised as it is, and not tried again.

    Examples
    --------
    >>> import eventlab as el
    >>> def decide(amount, balance):
    ...     if amount > balance:
    ...         raise ValueError(f"only {balance} left")
    ...     return el.Event("CardRedeemed", {"amount": amount})
    >>> def evolve(balance, event):
    ...     sign = 1 if event.type == "CardLoaded" else -1
    ...     return balance + sign * event.data["amount"]
    >>> card = el.Decider(decide, evolve, initial=0, name="card")
    >>> store = el.EventStore()
    >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
    >>> el.handle(store, card, "card-7", 15, actor="ana")
    Handled('card-7', version=2, position=2, events=[CardRedeemed {'amount': 15}], attempts=1)
    >>> el.handle(store, card, "card-7", 15, actor="ben")
    Traceback (most recent call last):
        ...
    ValueError: only 5 left
    """
    require_store(store, "handle(store, decider, stream, command)")
    task = _Task(
        store,
        require_decider(decider),
        require_stream(stream),
        command,
        _require_command_id(command_id),
        _without_gaps(
            actor=actor, reason=reason, correlation_id=correlation_id, causation_id=causation_id
        ),
    )
    boundary = _boundary(store, stream, require_expectation(expected), query)
    attempts = _require_retries(retries) + 1
    for attempt in range(1, attempts + 1):
        outcome = task.attempt(boundary)
        if isinstance(outcome, Handled):
            return replace(outcome, attempts=attempt)
        overtaken = outcome
    overtaken.add_note(
        f"handle() read and decided {attempts} times; retries= says how often it may."
    )
    raise overtaken


@dataclass(frozen=True, slots=True)
class _Task:
    """A command on its way to a stream."""

    store: EventStore
    decider: Decider
    stream: str
    command: Command
    command_id: str | None
    envelope: dict[str, str]

    def attempt(self, boundary: Boundary) -> Handled | ConcurrencyError:
        """Return what came of it; the error only where somebody else was faster."""
        if before := self.handled_before():
            return before
        # A copy of the command may be faster from here on: its events are in the state decided by, or in
        # the way of the append, and what is refused now, or found to need nothing, was done.
        try:
            outcome = self.written(boundary)
        except Exception:
            if meanwhile := self.handled_before():
                return meanwhile
            raise
        if isinstance(outcome, Handled) and not outcome.events:
            return self.handled_before() or outcome
        return outcome

    def written(self, boundary: Boundary) -> Handled | ConcurrencyError:
        """Read, decide and append."""
        basis = boundary.read(self.decider)
        events = self.decided(basis.state)
        try:
            with causes.counted_again_after(boundary.overtaken):
                done = self.store.append(self.stream, events, **basis.guard)
        except boundary.overtaken as error:
            return error
        return Handled(self.stream, done.version, done.position, tuple(events), 1, done.duplicate)

    def decided(self, state: State) -> list[Event]:
        """Return the decided events with the envelope they left open."""
        return [
            self._completed(event, number)
            for number, event in enumerate(self.decider.decided(self.command, state), start=1)
        ]

    def handled_before(self) -> Handled | None:
        """Return what the command of this id led to before."""
        first = self.store.find(f"{self.command_id}#1", raw=True) if self.command_id else None
        if first is None:
            return None
        if first.stream != self.stream:
            found = f"is stored already at position {first.position} of stream {first.stream!r}"
            raise DuplicateEventError(first.event_id, found)
        rest = self.store.stream(self.stream).since(position=first.position)
        *_, last = takewhile(self._is_ours, rest.as_stored())
        ours = tuple(rest.until(position=last.position))
        return Handled(self.stream, last.version, last.position, ours, 1, duplicate=True)

    def _is_ours(self, event: RecordedEvent) -> bool:
        return event.event_id.rpartition("#")[0] == self.command_id

    def _completed(self, event: Event, number: int) -> Event:
        missing = {n: value for n, value in self.envelope.items() if getattr(event, n) is None}
        if self.command_id is not None:
            if event.event_id is not None:
                raise InvalidDecision.own_id(self.decider.name, self.command, event)
            missing["event_id"] = f"{self.command_id}#{number}"
        return replace(event, **missing) if missing else event  # type: ignore[arg-type]


def _boundary(store: EventStore, stream: str, expected: Expected, query: Query | None) -> Boundary:
    if query is None:
        return OneStream(store, stream, expected)
    return Matching(store, stream, expected, require_query("handle(query=…)", query))


def _without_gaps(**envelope: str | None) -> dict[str, str]:
    return {name: value for name, value in envelope.items() if value is not None}


def _require_retries(retries: object) -> int:
    if not is_whole(retries, least=0):
        raise InvalidDecider.no_retries(retries)
    return retries


def _require_command_id(command_id: object) -> str | None:
    if command_id is not None and not (isinstance(command_id, str) and command_id):
        raise InvalidDecider.no_command_id(command_id)
    return command_id
