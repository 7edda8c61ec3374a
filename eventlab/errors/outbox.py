"""Events that could not be handed to the outside: the target is none, is another's, or did not take them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventlab.errors.family import EventLabError, short


class OutboxError(EventLabError):
    """An event could not be handed to the outside."""


class InvalidTarget(OutboxError, ValueError):
    """A target was described in a way that has no meaning."""

    @classmethod
    def source(cls, found: object) -> InvalidTarget:
        """Say what a source is."""
        return cls(
            f"source={short(found)} names no source of events: give a URI, or the end of one, without "
            "blanks, such as 'https://shop.example/orders'."
        )

    @classmethod
    def address(cls, found: object) -> InvalidTarget:
        """Say what a webhook may be; an address may hold a secret, so only its scheme is named."""
        return cls(
            f"outbox.webhook was given {_spoken(found)} to send to: give an address that begins with "
            "https:// or http:// and a host's name, without a user's, or a function that takes one message."
        )

    @classmethod
    def coroutine(cls, function: object) -> InvalidTarget:
        """Say that nobody would wait for it."""
        return cls(
            f"outbox.webhook was given {short(function)}, which is async, and nobody would await it: give a "
            "function that has sent the message when it returns."
        )

    @classmethod
    def only_for_addresses(cls, option: str) -> InvalidTarget:
        """Say that a function sends as it likes."""
        return cls(
            f"outbox.webhook was given a function and {option}=: that is for an address. Let the function "
            "see to it."
        )

    @classmethod
    def header(cls, name: object) -> InvalidTarget:
        """Name the header, and keep its value to oneself."""
        return cls(
            f"the header {short(name)} of outbox.webhook cannot be sent: its name is a word as in HTTP, its "
            "value one line of plain characters, and how long a body is no header of yours can say."
        )

    @classmethod
    def headers(cls, found: object) -> InvalidTarget:
        """Say what headers are, without repeating what may be a secret."""
        return cls(
            f"headers= of outbox.webhook is a {type(found).__name__}: give names and values, such as "
            "{'Authorization': 'Bearer …'}."
        )

    @classmethod
    def timeout(cls, found: object) -> InvalidTarget:
        """Say what can be waited for."""
        return cls(
            f"timeout={short(found)} of outbox.webhook is no time to wait: give seconds, more than 0."
        )

    @classmethod
    def clock(cls, found: object) -> InvalidTarget:
        """Say what tells the time."""
        return cls(
            f"clock={short(found)} of outbox.webhook tells no time: give a function that returns seconds "
            "since 1970, such as time.time, or leave it out."
        )

    @classmethod
    def redis(cls, term: str, found: object) -> InvalidTarget:
        """Say what the term is; an address may hold a password, so only its scheme is named."""
        return cls(
            f"outbox.redis_stream was given {_spoken(found)} as its {term}: give {_OF_REDIS[term]}."
        )

    @classmethod
    def path(cls, found: object) -> InvalidTarget:
        """Say what names a file."""
        return cls(f"outbox.json_lines was given {short(found)}: give the path of a file.")

    @classmethod
    def no_event(cls, found: object) -> InvalidTarget:
        """Say what a message is made of."""
        return cls(
            f"outbox.message was given {short(found)}, a {type(found).__name__}: give an event of a log, as "
            "a consumer gets it."
        )

    @classmethod
    def part(cls, found: object) -> InvalidTarget:
        """Say what is counted."""
        return cls(
            f"outbox.message was given part={short(found)}: give 1 for the first or only event that was made "
            "of a stored one, 2 for the second."
        )

    @classmethod
    def secret(cls) -> InvalidTarget:
        """Say what a secret is, without repeating it."""
        return cls(
            "the secret= of outbox.webhook is none: give 24 to 64 random bytes, or the text 'whsec_' with "
            "their base64 behind it."
        )


class ForeignTarget(OutboxError):
    """A target holds something else than what this consumer sent it; nothing was added."""

    @classmethod
    def no_message(cls, path: Path, byte: int) -> ForeignTarget:
        """Say where the file is not as it would be."""
        return cls(
            f"{str(path)!r} holds something around byte {byte:,} that no outbox wrote, so it was left as it "
            "is: give outbox.json_lines the name of a new file."
        )

    @classmethod
    def line(cls, path: str, byte: int) -> ForeignTarget:
        """Say which line is damaged."""
        return cls(
            f"{path!r} has a line at byte {byte:,} that is no message any more: was the file edited, or the "
            "disk damaged? Move it away, and bus.replay(consumer) writes a new one."
        )

    @classmethod
    def another_writer(cls, path: Path) -> ForeignTarget:
        """Say that a file has one writer."""
        return cls(
            f"{str(path)!r} was changed, moved or replaced by somebody else while events were written to it: "
            "give every consumer a file of its own, and move a file away only between deliveries."
        )

    @classmethod
    def ahead(cls, where: str, position: int, head: int) -> ForeignTarget:
        """Give both positions."""
        return cls(
            f"{where!r} has come to position {position:,}, and the log ends at {head:,}: is it the target of "
            "another store, or was an older copy of this one put in? Bring the newer one back, or give "
            "another target."
        )

    @classmethod
    def another_event(
        cls, where: str, position: int, name: str, found: object, expected: object
    ) -> ForeignTarget:
        """Name the attribute by which the events differ."""
        return cls(
            f"{where!r} holds another event at position {position:,} than this log: its {name} is "
            f"{short(found)}, not {short(expected)}. Is it the target of another store, or was an older copy "
            "of this one put in? Give another target, or bring the other log back."
        )

    @classmethod
    def overtaken(
        cls, where: str, told: Mapping[str, Any], last: Mapping[str, Any]
    ) -> ForeignTarget:
        """Say that an order cannot be changed afterwards."""
        return cls(
            f"{where!r} has no event of position {told['position']:,} ({told['type']}), and has come to "
            f"{last['position']:,} already: did the consumer ask for fewer types before? Its order cannot be "
            "changed now: fill a new target under a new consumer's name."
        )

    @classmethod
    def no_entry(cls, where: str, entry: str) -> ForeignTarget:
        """Say that a stream is somebody else's."""
        return cls(
            f"the Redis stream {where!r} has an entry {entry} that no outbox wrote: give every consumer a "
            "stream of its own, for its entries are numbered by the log's positions."
        )


class NotSent(OutboxError):
    """A target did not take an event; the bus tries again."""

    @classmethod
    def to_file(cls, path: Path, error: OSError) -> NotSent:
        """Pass on what the system said."""
        said = error.strerror or str(error)
        return cls(
            f"{str(path)!r} cannot be written: {said}. See that its folder is there, may be written to, and "
            "has space left."
        )

    @classmethod
    def torn(cls, path: Path, written: int | None, length: int) -> NotSent:
        """Say how much of a line was written."""
        return cls(
            f"{str(path)!r} took {written or 0:,} of the {length:,} bytes of a line: is the disk full? "
            "The next attempt cuts them off and writes the line again."
        )

    @classmethod
    def answered(cls, host: str, status: int, said: str) -> NotSent:
        """Quote the answer."""
        quoted = f" and said {short(said)}" if said else ""
        return cls(
            f"{host} answered {status}{quoted}: a webhook answers 200 to 299 when it has the event."
        )

    @classmethod
    def unreachable(cls, host: str, reason: object) -> NotSent:
        """Say that there was no answer."""
        return cls(f"{host} gave no answer ({reason}): is it up, and is the address right?")

    @classmethod
    def to_topic(cls, topic: str, left: int, failed: int, reason: object) -> NotSent:
        """Say how many messages are on the way, and how many came to nothing."""
        said = f": {reason}" if reason else ""
        return cls(
            f"topic {topic!r} did not confirm all messages: {failed:,} failed and {left:,} are still on the "
            f"way{said}. They are sent again; are the brokers up?"
        )


class MissingClient(OutboxError, ImportError):
    """A target needs a library that is not installed."""

    def __init__(self, target: str, library: str, extra: str) -> None:
        super().__init__(
            f"outbox.{target} needs {library}, which is not installed: pip install 'eventlab[{extra}]'."
        )


def _spoken(target: object) -> str:
    """Return what was given as a target, of an address the scheme alone."""
    is_address = isinstance(target, str) and ":" in target
    return short(str(target).partition(":")[0] if is_address else target)


_OF_REDIS = {
    "client": "an address that begins with redis://, rediss:// or unix://, or a redis.Redis",
    "stream": "the stream's key, a text such as 'orders'",
    "maxlen": "a whole number of entries from 1, or leave it out",
}
