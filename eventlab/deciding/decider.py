"""`Decider`: the rules of one thing, as two pure functions and a start.

After Jérémie Chassaing, "Functional Event Sourcing Decider" (2021),
https://thinkbeforecoding.com/post/2021/12/17/functional-event-sourcing-decider. What it calls evolve is
what a `Fold` calls evolve, so the rules that guard the writing can also show the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from eventlab.deciding.recorded import recorded
from eventlab.errors import InvalidDecider, InvalidDecision, LifeEnded
from eventlab.event import Event, RecordedEvent
from eventlab.projections.fold import Evolve, Fold
from eventlab.projections.states import State, starter

Command = Any
Decision = Event | Iterable[Event] | None
Decide = Callable[[Command, State], Decision]


class Decider:
    """Rules: what a command leads to in a state, and what the state is after an event.

    Parameters
    ----------
    decide : callable
        ``decide(command, state)`` returns an `Event`, several, or None where nothing happens; it raises
        an error of its own to refuse. A command is any object: a dataclass, a tuple, a dict.
    evolve : callable, or dict of event type to callable
        ``evolve(state, event)`` returns the state after an event, as for a `Fold`.
    initial : dict, dataclass, NamedTuple, any other value, or callable
        The state before the first event; a callable is given the stream's name.
    is_terminal : callable, optional
        ``is_terminal(state)`` tells when it is over: then no command is put to ``decide``.
    name : str
        What the rules are about.
    on_unknown : {"fail", "skip"}
        What to do with events that ``evolve`` does not know, as for a `Fold`.

    Raises
    ------
    InvalidDecider, InvalidProjection
        When a rule is no function.

    Examples
    --------
    >>> import eventlab as el
    >>> def decide(amount, balance):
    ...     if amount > balance:
    ...         raise ValueError(f"only {balance} left")
    ...     return el.Event("CardRedeemed", {"amount": amount})
    >>> card = el.Decider(
    ...     decide,
    ...     evolve={
    ...         "CardLoaded": lambda balance, event: balance + event.data["amount"],
    ...         "CardRedeemed": lambda balance, event: balance - event.data["amount"],
    ...     },
    ...     initial=0,
    ...     name="card",
    ... )
    >>> card.decided(5, state=20)
    [Event('CardRedeemed', {'amount': 5})]
    >>> card.state([el.Event("CardLoaded", {"amount": 20}), *card.decided(5, state=20)])
    15

    The same rules project:

    >>> store = el.EventStore()
    >>> done = store.append("card-7", el.Event("CardLoaded", {"amount": 20}))
    >>> card.fold()(store)
            state  position
    stream
    card-7     20         1
    """

    def __init__(
        self,
        decide: Decide,
        evolve: Evolve | Mapping[str, Evolve],
        initial: State | Callable[[str], State],
        *,
        is_terminal: Callable[[State], bool] | None = None,
        name: str = "rules",
        on_unknown: Literal["fail", "skip"] = "fail",
    ) -> None:
        self.decide = _require_callable("decide", decide)
        self.is_terminal = is_terminal and _require_callable("is_terminal", is_terminal)
        self.evolve, self.initial, self.name, self.on_unknown = evolve, initial, name, on_unknown
        self.fold()  # refuses what is no rule now, not at the first command

    def decided(self, command: Command, state: State) -> list[Event]:
        """Return the events a command leads to in a state, none where nothing happens.

        Raises
        ------
        LifeEnded
            When ``is_terminal`` says that it is over.
        InvalidDecision
            When ``decide`` returns anything but events.
        """
        if self.is_terminal and self.is_terminal(state):
            raise LifeEnded(self.name, command, state)
        return _events(self, command, self.decide(command, state))

    def state(self, past: Iterable[Event | RecordedEvent], stream: str = "stream") -> State:
        """Return the state after some events, told or recorded, in the order given."""
        return self.replayed([recorded(past, stream)], stream)

    def replayed(self, batches: Iterable[list[RecordedEvent]], stream: str) -> State:
        """Return the one state after batches of recorded events, of whichever streams."""
        fold = self.fold(key=lambda event: stream)
        states: dict[Any, State] = {}
        for _ in fold.steps(batches, states):
            pass
        return states[stream] if stream in states else starter(self.initial)(stream)

    def fold(self, name: str | None = None, **settings: Any) -> Fold:
        """Return the `Fold` of the same rules; further settings are those of `Fold`."""
        return Fold(
            self.evolve,
            self.initial,
            name=name or self.name,
            **{"on_unknown": self.on_unknown, **settings},
        )

    def __repr__(self) -> str:
        ends = ", with an end" if self.is_terminal else ""
        decide = getattr(self.decide, "__name__", type(self.decide).__name__)
        return f"Decider({self.name!r}, {decide}, {self.fold()!r}{ends})"


def require_decider(decider: object) -> Decider:
    """Return a decider, or refuse what was given in its place."""
    if not isinstance(decider, Decider):
        raise InvalidDecider.no_decider(decider)
    return decider


def _require_callable(role: str, found: Any) -> Any:
    if not callable(found):
        raise InvalidDecider.not_callable(role, found)
    return found


def _events(decider: Decider, command: Command, decision: Any) -> list[Event]:
    if decision is None:
        return []
    if isinstance(decision, Event):
        return [decision]
    # A text, a mapping and a recorded event can be iterated too, and are never what was meant.
    if isinstance(decision, str | Mapping | RecordedEvent) or not isinstance(decision, Iterable):
        raise InvalidDecision.no_events(decider.name, command, decision)
    events = list(decision)
    for event in events:
        if not isinstance(event, Event):
            raise InvalidDecision.no_events(decider.name, command, event)
    return events
