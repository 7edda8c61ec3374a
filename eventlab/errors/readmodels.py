"""Read models that cannot be kept, or that stopped."""

from __future__ import annotations

from eventlab.errors.family import EventLabError, short


class ReadModelError(EventLabError):
    """A read model is not what was asked for, or cannot be brought forward."""


class ReadModelRefused(ReadModelError, ValueError):
    """There can be no such read model, or not of this."""

    def __init__(self, projection: object) -> None:
        super().__init__(
            f"ReadModel(store, projection) was given a {type(projection).__name__} as its projection: give "
            "an el.Fold or an el.Projection."
        )

    @classmethod
    def because(cls, sentence: str) -> ReadModelRefused:
        """Say it in another sentence."""
        refusal = cls.__new__(cls)
        EventLabError.__init__(refusal, sentence)
        return refusal

    @classmethod
    def name(cls, found: object) -> ReadModelRefused:
        """Say what a name is."""
        return cls.because(
            f"name={short(found)} names no read model: give text, or leave it out for the projection's "
            "own name."
        )

    @classmethod
    def number(cls, role: str, found: object) -> ReadModelRefused:
        """Say what a number of events, or a position, is."""
        return cls.because(
            f"{role}={short(found)} makes no sense: give a whole number from 0, or leave it out."
        )

    @classmethod
    def goes_back(cls, name: str, until: int, checkpoint: int) -> ReadModelRefused:
        """Say that a read model only goes forward."""
        return cls.because(
            f"read model {name!r} was asked to catch up until position {until:,}, and stands at "
            f"{checkpoint:,} already: it only goes forward. Ask the projection itself for the past, "
            f"projection(store.until(position={until})), or rebuild(until={until})."
        )

    @classmethod
    def runs_inline(cls, name: str) -> ReadModelRefused:
        """Say that there is nothing to do in the background."""
        return cls.because(
            f"read model {name!r} is kept inline, in the transaction of every append, so there is nothing to "
            "run in the background: make it without inline=True for that."
        )


class RuleChanged(ReadModelError):
    """The rows that are kept were made by another rule."""

    def __init__(self, name: str, kept: int, version: int, checkpoint: int) -> None:
        self.name = name
        change = f"version {kept} of it, and this is version {version}"
        if kept == version:
            change = f"another definition of version {version}"
        super().__init__(
            f"the rows of read model {name!r} were made up to position {checkpoint:,} by {change}, so they "
            "cannot be read or gone on from with this rule: rebuild() makes them afresh from the log, or "
            "give the read model another name=… and keep both."
        )


class CheckpointBeyondLog(ReadModelError):
    """A read model has seen events that are not in the log."""

    def __init__(self, name: str, checkpoint: int, head: int) -> None:
        self.name, self.checkpoint, self.head = name, checkpoint, head
        super().__init__(
            f"read model {name!r} stands at position {checkpoint:,}, and the log ends at {head:,}: events "
            "are missing that it has seen, as when a file was put together from copies. verify() of the "
            "store says whether the log is whole; rebuild() makes the rows afresh from the log there is."
        )


class CheckpointMoved(ReadModelError):
    """The rows of a read model hold events that its checkpoint says it has not seen."""

    def __init__(self, name: str, checkpoint: int, newest: int) -> None:
        self.name, self.checkpoint, self.newest = name, checkpoint, newest
        super().__init__(
            f"read model {name!r} stands at position {checkpoint:,}, and its rows hold events up to position "
            f"{newest:,}: something else than eventlab changed one of the two, and what lies between would "
            "be counted twice. rebuild() makes the rows afresh from the log there is."
        )


class RowsMissing(ReadModelError):
    """The table with the rows of a read model is not there."""

    def __init__(self, name: str, table: str) -> None:
        self.name = name
        super().__init__(
            f"the rows of read model {name!r} are missing: there is no table {table}, so something else than "
            "eventlab deleted or renamed it. rebuild() makes the rows afresh from the log, and drop() "
            "forgets the read model."
        )


class ReadModelFailed(ReadModelError):
    """An event could not be taken in; its read model stands right before it. The error is its cause."""

    def __init__(self, name: str, position: int, type: str, cause: BaseException) -> None:
        self.name, self.position, self.type = name, position, type
        super().__init__(
            f"read model {name!r} cannot take in event {position:,} ({type!r}) and stopped before it; "
            f"earlier events are kept, and nothing is skipped. {_said(cause)}. Mend the rule and rebuild(), "
            "or whatever the rule depends on and catch_up()."
        )


class AppendRefused(ReadModelError):
    """A read model that is kept inline could not take in an event, so it was not appended."""

    def __init__(self, name: str, position: int, cause: BaseException) -> None:
        self.name, self.position = name, position
        super().__init__(
            f"read model {name!r} is kept inline and cannot take in what was to become event {position:,}, "
            f"so the append was refused and nothing written. {_said(cause)}. Append something else, or mend "
            "the rule, or keep the read model without inline=True: then only it stops."
        )


class ReadModelBehind(ReadModelError, TimeoutError):
    """A read model did not reach a position in time."""

    def __init__(
        self, name: str, position: int, checkpoint: int, head: int, timeout: float, runs: bool
    ) -> None:
        self.name, self.position, self.checkpoint = name, position, checkpoint
        if position > head:
            advice = f"the log itself ends at {head:,}: wait for a position that was appended"
        elif runs:
            advice = "it is running: wait longer with timeout=…"
        else:
            advice = (
                "nothing brings it forward from here: catch_up(), or run() it in the background"
            )
        super().__init__(
            f"read model {name!r} stands at position {checkpoint:,} after {timeout:g} s and was waited for "
            f"at {position:,}; {advice}."
        )


def _said(cause: BaseException) -> str:
    return f"{type(cause).__name__}: {str(cause).rstrip('.')}"
