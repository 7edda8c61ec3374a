"""Rules that cannot decide, decisions that are no events, scenarios that came out otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from eventlab.errors.family import EventLabError, short


class InvalidDecider(EventLabError, TypeError):
    """A decider, or a call that hands it a command, was put together in a way that has no meaning."""

    @classmethod
    def not_callable(cls, role: str, found: object) -> InvalidDecider:
        """Say what the rule has to be."""
        return cls(
            f"Decider({role}=…) was given {short(found)}, a {type(found).__name__}: give a function, "
            f"{_FORMS[role]}."
        )

    @classmethod
    def no_decider(cls, found: object) -> InvalidDecider:
        """Say what decides."""
        return cls(
            f"the rules are {short(found)}, a {type(found).__name__}: give a decider, "
            "el.Decider(decide, evolve, initial)."
        )

    @classmethod
    def no_retries(cls, found: object) -> InvalidDecider:
        """Say what retries counts."""
        return cls(
            f"handle(retries={short(found)}) is no number of retries: give a whole number, 0 to try only "
            "once."
        )

    @classmethod
    def no_command_id(cls, found: object) -> InvalidDecider:
        """Say what names a command."""
        return cls(
            f"handle(command_id={short(found)}) is a {type(found).__name__}, not a name: give a text that "
            "the sender keeps and sends again with the same command, or leave it out."
        )


class InvalidDecision(EventLabError, TypeError):
    """What ``decide`` returned cannot be appended; nothing was written."""

    @classmethod
    def no_events(cls, name: str, command: object, found: object) -> InvalidDecision:
        """Name the command, and what came back instead of events."""
        return cls(
            f"decide of {name!r} answered {short(command)} with {short(found)}, a {type(found).__name__}: "
            "return an el.Event, a list of them, or None when nothing happens."
        )

    @classmethod
    def own_id(cls, name: str, command: object, event: object) -> InvalidDecision:
        """Say why one of two ids has to go."""
        return cls(
            f"decide of {name!r} answered {short(command)} with {short(event)}, which has an event_id of its "
            "own, and command_id= names the events it leads to: leave one of the two out."
        )


class LifeEnded(EventLabError):
    """A command came after the end: ``is_terminal`` holds; nothing was written."""

    def __init__(self, name: str, command: object, state: object) -> None:
        super().__init__(
            f"{name!r} has come to its end and takes no more commands, but was given {short(command)}; its "
            f"state is {short(state)}: start a new stream, or let is_terminal tell when it is over."
        )


class InvalidScenario(EventLabError, TypeError):
    """A scenario was told with something that is no event, no error or no pattern."""

    @classmethod
    def no_event(cls, verb: str, found: object) -> InvalidScenario:
        """Say what a scenario is told in."""
        return cls(
            f"{verb}(…) was given {short(found)}, a {type(found).__name__}: give events, such as "
            "el.Event('CardLoaded', {'amount': 20}), several as further arguments."
        )

    @classmethod
    def no_error(cls, found: object) -> InvalidScenario:
        """Say what can be raised."""
        return cls(
            f"then_raises({short(found)}) names no kind of error: give its class, such as "
            "then_raises(ValueError, match='only 20 left')."
        )

    @classmethod
    def no_pattern(cls, found: object, error: Exception) -> InvalidScenario:
        """Pass on what is wrong with the pattern."""
        return cls(
            f"then_raises(match={short(found)}) is no regular expression ({error}): give a text to be found, "
            "with re.escape(…) around it where it is to be found as it stands."
        )


class ScenarioFailed(EventLabError, AssertionError):
    """The rules decided something else than the scenario says."""

    def __init__(self, told: str, differences: Sequence[str]) -> None:
        self.differences = list(differences)
        super().__init__("\n".join([told, "but", *(f"  {line}" for line in differences)]))


class InvalidSchedule(EventLabError, ValueError):
    """A step was given to a writer who cannot take one."""

    def __init__(self, name: object, going: Sequence[str]) -> None:
        super().__init__(
            f"the schedule gives a step to {name!r}, who is no writer or has ended; still going: "
            f"{', '.join(going)}. Leave that step out, or end the schedule early."
        )


_FORMS = {
    "decide": "decide(command, state) -> events",
    "is_terminal": "is_terminal(state) -> bool",
}
