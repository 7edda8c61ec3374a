"""`given`: rules tested by the events before, a command, and the events after; no store, no mock.

A scenario reads aloud: given these events, when this is asked, then that happens. It is an assertion in a
test and a picture in a notebook. After Greg Young's "given, when, then" for event-sourced systems.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from eventlab.deciding.decider import Command, Decider, require_decider
from eventlab.deciding.mismatch import of_events, of_state
from eventlab.deciding.recorded import recorded
from eventlab.errors import InvalidDecision, InvalidScenario, ScenarioFailed
from eventlab.event import Event, RecordedEvent
from eventlab.projections.states import State

STREAM = "scenario-1"
Line = tuple[str, str]


def given(decider: Decider, *past: Event | RecordedEvent) -> Given:
    """Return the beginning of a scenario: what happened before.

    Parameters
    ----------
    decider : Decider
        The rules under test.
    *past : Event or RecordedEvent
        What happened before, in order; ``*store.stream("card-7")`` is a past too.

    Returns
    -------
    Given
        ``.when(command)`` goes on; what that returns has ``.then(*events)``, ``.then_nothing()``,
        ``.then_raises(Error, match=…)`` and ``.then_state(state)``.

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
    >>> loaded = el.Event("CardLoaded", {"amount": 20})
    >>> el.given(card, loaded).when(15).then(el.Event("CardRedeemed", {"amount": 15})).then_state(5)
    Given  CardLoaded {'amount': 20}
    When   15
    Then   CardRedeemed {'amount': 15} ✓
    State  5 ✓
    >>> el.given(card, loaded).when(30).then_raises(ValueError, match="only 20")
    Given  CardLoaded {'amount': 20}
    When   30
    Then   ValueError: only 20 left ✓
    >>> el.given(card, loaded).when(15).then(el.Event("CardRedeemed", {"amount": 10}))
    Traceback (most recent call last):
        ...
    eventlab.errors.ScenarioFailed: Given  CardLoaded {'amount': 20}
    When   15
    Then   CardRedeemed {'amount': 15}
    but
      1. CardRedeemed: data.amount is 15, and 10 was expected
    """
    require_decider(decider)
    _require_events("given", past)
    return Given(decider, tuple(recorded(past, STREAM)))


@dataclass(frozen=True, repr=False)
class Given:
    """What happened before; `when` puts a command to the rules."""

    decider: Decider
    past: tuple[RecordedEvent, ...]

    def when(self, command: Command) -> Scenario:
        """Return the scenario in which this is asked; show it to see what the rules say."""
        state = self.decider.state(self.past, STREAM)
        try:
            return Scenario(self, command, tuple(self.decider.decided(command, state)))
        except InvalidDecision:
            raise
        except Exception as error:
            return Scenario(self, command, error=error)

    def lines(self) -> list[Line]:
        """Return the story so far, a label and a text each."""
        return _labelled("Given", [_spoken(event) for event in self.past])

    def __repr__(self) -> str:
        return _text(self.lines())

    def _repr_html_(self) -> str:
        return _table(self.lines())


@dataclass(frozen=True, repr=False)
class Scenario:
    """What the rules said to a command; every ``then`` that holds returns it with a ✓ more.

    Attributes
    ----------
    events : tuple of Event
        What was decided.
    error : Exception or None
        What ``decide`` raised in its place.
    """

    given: Given
    command: Command
    events: tuple[Event, ...] = ()
    error: Exception | None = None
    holds: bool = False
    state: str | None = None

    def then(self, *events: Event) -> Scenario:
        """Demand exactly these events, in order; of the envelope only what they state is compared.

        Raises
        ------
        ScenarioFailed
            When anything else was decided: it says at which event, and in which field.
        """
        _require_events("then", events, Event)
        self._require_decision()
        return self._holding(of_events(events, self.events))

    def then_nothing(self) -> Scenario:
        """Demand that nothing is decided, and nothing refused."""
        self._require_decision()
        return self._holding(of_events((), self.events))

    def then_raises(self, error: type[Exception], match: str | None = None) -> Scenario:
        """Demand that ``decide`` refuses with such an error, whose text a pattern is found in."""
        if not (isinstance(error, type) and issubclass(error, Exception)):
            raise InvalidScenario.no_error(error)
        _require_pattern(match)
        if self.error is None:
            raise self._failed([f"{error.__name__} was expected to be raised"])
        if not isinstance(self.error, error):
            raise self._failed([f"{error.__name__} was expected"]) from self.error
        if match is not None and not re.search(match, str(self.error)):
            raise self._failed([f"a text with {match!r} was expected"]) from self.error
        return replace(self, holds=True)

    def then_state(self, state: State) -> Scenario:
        """Demand the state that the decided events lead to; a dict is compared with the fields."""
        self._require_decision()
        before = self.given.past
        after = recorded(self.events, STREAM, after=len(before))
        reached = self.given.decider.state([*before, *after], STREAM)
        if differences := of_state(state, reached):
            raise self._failed(differences)
        return replace(self, state=repr(reached))

    def lines(self) -> list[Line]:
        """Return the whole story, a label and a text each."""
        mark = " ✓" if self.holds else ""
        told = [*self.given.lines(), ("When", repr(self.command))]
        told += _labelled("Then", [line + mark for line in self._outcome()])
        return told if self.state is None else [*told, ("State", f"{self.state} ✓")]

    def _outcome(self) -> list[str]:
        if self.error is not None:
            return [f"{type(self.error).__name__}: {self.error}"]
        return [_spoken(event) for event in self.events] or ["nothing"]

    def _require_decision(self) -> None:
        if self.error is not None:
            raise self._failed(["a decision was expected, and not an error"]) from self.error

    def _holding(self, differences: Sequence[str]) -> Scenario:
        if differences:
            raise self._failed(differences)
        return replace(self, holds=True)

    def _failed(self, differences: Sequence[str]) -> ScenarioFailed:
        return ScenarioFailed(_text(self.lines()), differences)

    def __repr__(self) -> str:
        return _text(self.lines())

    def _repr_html_(self) -> str:
        return _table(self.lines())


def _require_events(
    verb: str, events: Sequence[object], kinds: type | tuple[type, ...] = (Event, RecordedEvent)
) -> None:
    for event in events:
        if not isinstance(event, kinds):
            raise InvalidScenario.no_event(verb, event)


def _require_pattern(match: str | None) -> None:
    try:
        re.search("" if match is None else match, "")
    except (re.error, TypeError) as error:
        raise InvalidScenario.no_pattern(match, error) from None


def _spoken(event: Event | RecordedEvent) -> str:
    return f"{event.type} {event.data}" if event.data else event.type


def _labelled(label: str, texts: Sequence[str]) -> list[Line]:
    first, *more = texts or ["nothing"]
    return [(label, first), *(("", text) for text in more)]


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(f"{label:<5}  {text}" for label, text in lines)


def _table(lines: Sequence[Line]) -> str:
    rows = [
        f"<tr><th style='text-align:left'>{escape(label)}</th>"
        f"<td style='text-align:left'>{escape(text)}</td></tr>"
        for label, text in lines
    ]
    return f"<table>{''.join(rows)}</table>"
