"""What can be wrong with the words a drawing is made with."""

from __future__ import annotations

from collections.abc import Iterable

from eventlab.errors.family import EventLabError, short


class InvalidRender(EventLabError, ValueError):
    """A drawing was asked for in a way that cannot be drawn."""

    @classmethod
    def option(cls, render: str, name: str, found: object, advice: str) -> InvalidRender:
        """Name the option and what it takes."""
        return cls(f"{render}({name}={short(found)}) cannot be drawn: {advice}.")

    @classmethod
    def limits(cls, found: object) -> InvalidRender:
        """Say what the ends of a scale are."""
        return cls(
            f"strip(limits={found!r}) is no scale: give two numbers, the lower first, such as (0, 100), or "
            "leave it out for a scale that fits each step."
        )

    @classmethod
    def zone(cls, found: object) -> InvalidRender:
        """Say what names a time zone."""
        return cls(
            f"airport_board(zone={found!r}) is no time zone that this machine knows: give a name of the IANA "
            "database, such as 'America/New_York' or 'UTC'."
        )

    @classmethod
    def no_queues(cls, missing: Iterable[str]) -> InvalidRender:
        """Say which state the board is for."""
        return cls(
            f"queue_board() draws the queues of a bus, and the state has no {', '.join(missing)}: give "
            "TimeMachine(recording.log, el.bus.queues, render=queue_board())."
        )

    @classmethod
    def most(cls, render: str, name: str, found: object) -> InvalidRender:
        """Say that at least one must be shown."""
        return cls(
            f"{render}({name}={found!r}) would show nothing: give a whole number, 1 or more."
        )
