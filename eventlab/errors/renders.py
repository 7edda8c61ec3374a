"""What can be wrong with the words a drawing is made with."""

from __future__ import annotations

from eventlab.errors.family import EventLabError


class InvalidRender(EventLabError, ValueError):
    """A drawing was asked for in a way that cannot be drawn."""

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
    def most(cls, render: str, name: str, found: object) -> InvalidRender:
        """Say that at least one must be shown."""
        return cls(
            f"{render}({name}={found!r}) would show nothing: give a whole number, 1 or more."
        )
