"""Consumers that cannot be what was asked, checkpoints that cannot be right, and crashes made on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from eventlab.errors.family import EventLabError, short

if TYPE_CHECKING:
    from eventlab.event import RecordedEvent


class BusError(EventLabError):
    """A bus was asked for something it cannot do."""

    @classmethod
    def within_a_handler(cls, consumer: str) -> BusError:
        """Say why deliveries do not nest."""
        return cls(
            f"deliver() was called by the handler of {consumer!r}: append the event and return; whoever "
            "consumes it gets it after you."
        )

    @classmethod
    def outside_a_handler(cls) -> BusError:
        """Say where once() belongs."""
        return cls(
            "once() was called outside a handler, so there is no consumer to keep the mark for: call it from "
            "a function that is decorated with @bus.consumer(…)."
        )

    @classmethod
    def number(cls, role: str, found: object) -> BusError:
        """Say what a number of deliveries, or a position, is."""
        return cls(
            f"{role}={short(found)} makes no sense: give a whole number from 0, or leave it out."
        )

    @classmethod
    def waits_behind(cls, consumer: str, position: int, first: int) -> BusError:
        """Name the letter that must go first."""
        return cls(
            f"{consumer!r} cannot take position {position} yet: it waits behind position {first} of the same "
            f"key. Call retry({consumer!r}) to try them in order, or discard({consumer!r}, {first}) first."
        )

    @classmethod
    def no_letter(cls, consumer: str, position: int, there: Iterable[int]) -> BusError:
        """List the letters there are."""
        listed = ", ".join(map(str, there)) or "none at all"
        return cls(
            f"{consumer!r} has no dead letter of position {position}; it has {listed}. "
            "See bus.dead_letters()."
        )

    @classmethod
    def running(cls, verb: str) -> BusError:
        """Say that the background is at it."""
        return cls(
            f"{verb} was called, and this bus runs in the background already: stop() it first."
        )


class InvalidConsumer(BusError, ValueError):
    """A consumer was described in a way that has no meaning; it was not registered."""

    @classmethod
    def option(cls, consumer: str, option: str, found: object, advice: str) -> InvalidConsumer:
        """Name the option and what it takes."""
        return cls(f"consumer {consumer!r} was given {option}={short(found)}: {advice}.")

    @classmethod
    def nameless(cls, found: object) -> InvalidConsumer:
        """Say that a checkpoint needs a name."""
        return cls(
            f"a consumer was named {short(found)}: give it a text such as 'billing', for its checkpoint is "
            "kept under that name, as with @bus.consumer('billing', 'OrderPlaced')."
        )

    @classmethod
    def first_name_of(cls, consumer: str, other: str) -> InvalidConsumer:
        """Name the consumer that went on under another name, but for the ids of what it appends."""
        return cls(
            f"consumer {consumer!r} is to be idempotent, and {other!r} was called so before it was renamed: "
            "what one appends would pass for the other's, by its id. Choose another name; or, for the old "
            f"one again, rename({other!r}, {consumer!r}) first."
        )

    @classmethod
    def starts_beyond(cls, consumer: str, start: int, head: int) -> InvalidConsumer:
        """Give the end of the log."""
        return cls(
            f"consumer {consumer!r} was given start={start}, and the log ends at {head}: it would skip what "
            f"comes before. Say start='now' for what is appended from now on, or a position to {head + 1}."
        )

    @classmethod
    def out_of_order(cls, consumer: str, handler: object) -> InvalidConsumer:
        """Say which terms would let one event overtake another."""
        return cls(
            f"consumer {consumer!r} was given key= or in_order=False, and its handler {handler!r} takes "
            "events in the order of the log only: leave both out."
        )

    @classmethod
    def taken(cls, consumer: str, handler: str) -> InvalidConsumer:
        """Name the handler that has the name."""
        return cls(
            f"consumer {consumer!r} is registered on this bus with the handler {handler}: give the second "
            "one another name, or make a new Bus of the store to start over."
        )


class TermFailed(BusError):
    """A consumer's `key=` or `backoff=` raised, or returned what cannot be used; that consumer stops."""

    def __init__(self, consumer: str, term: str, event: RecordedEvent, error: Exception) -> None:
        self.event = event
        super().__init__(
            f"{term}= of consumer {consumer!r} failed at {event!r} with {type(error).__name__}: {error}. "
            "Mend it and register the consumer again: it goes on where it stopped."
        )


class UnknownConsumer(BusError, LookupError):
    """A consumer was named that this bus or this store does not have."""

    def __init__(self, consumer: object, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no consumer {consumer!r} here; there is {_listed(known)}. lag() lists those that are "
            "registered and those that left a checkpoint."
        )


class ConsumerForgotten(UnknownConsumer):
    """A consumer of this bus has no checkpoint any more: another bus forgot or renamed it."""

    def __init__(self, consumer: str, known: Iterable[str]) -> None:
        EventLabError.__init__(
            self,
            f"consumer {consumer!r} is registered on this bus, and its checkpoint is gone: it was forgotten "
            f"or renamed by another bus; there is {_listed(known)}. Register it again to start it afresh, or "
            "make a new Bus without it.",
        )


class ConsumerInUse(BusError):
    """What is kept of a consumer cannot be renamed or forgotten as asked."""

    @classmethod
    def registered(cls, verb: str, consumer: str) -> ConsumerInUse:
        """Say that a registered consumer keeps its checkpoint."""
        return cls(
            f"{verb}({consumer!r}) is for what a consumer left behind, and {consumer!r} is registered on "
            "this bus: take its decorator out of the code and make a new Bus first."
        )

    @classmethod
    def ahead(cls, old: str, at: int, new: str, beyond: int) -> ConsumerInUse:
        """Give both checkpoints."""
        return cls(
            f"{old!r} stands at position {at} and {new!r} has come further, to {beyond}: renamed, it would "
            f"get events again. Forget the one that you do not want: forget({old!r})."
        )


class ConsumerBeyondLog(BusError):
    """A checkpoint points behind the end of the log: the file is another than the checkpoint's."""

    def __init__(self, consumer: str, checkpoint: int, head: int) -> None:
        self.consumer, self.checkpoint, self.head = consumer, checkpoint, head
        super().__init__(
            f"consumer {consumer!r} has a checkpoint at position {checkpoint}, and the log ends at {head}: "
            "was an older copy of the log put in? Bring the newer one back; or "
            f"forget({consumer!r}) and register it anew with start= where it shall go on."
        )


class NotReplayable(BusError):
    """A reactor was to be replayed: what it did to the world would be done twice."""

    def __init__(self, consumer: str) -> None:
        super().__init__(
            f"replay({consumer!r}) is refused: {consumer!r} is a reactor, and what it does to the world "
            "(a letter, a payment) would be done again. Replay consumers that only keep something; to repeat "
            "a single event, append another one."
        )


class InvalidFaults(BusError, ValueError):
    """Faults were described in a way that has no meaning."""


class Crashed(BusError):
    """A crash that was made on purpose: what a consumer had not committed is lost."""

    def __init__(self, consumer: str, position: int, when: str) -> None:
        self.consumer, self.position, self.when = consumer, position, when
        super().__init__(
            f"injected crash of {consumer!r} {when} position {position}: deliver() again, as a restarted "
            "process would, and it goes on from its checkpoint."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
