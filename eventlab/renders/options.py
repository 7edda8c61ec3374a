"""What can be said to a drawing when it is made: looked at then, not when the first step is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from string import Formatter
from typing import Any, NamedTuple

from eventlab.checks import is_text
from eventlab.errors import InvalidRender


class Option(NamedTuple):
    """What fits, and what to give."""

    fits: Callable[[Any], bool]
    advice: str


def require_options(render: object, **options: Option) -> None:
    """Refuse what a drawing was made with and cannot be drawn by, each option by its name."""
    for name, option in options.items():
        found = getattr(render, name)
        if not option.fits(found):
            raise InvalidRender.option(type(render).__name__, name, found, option.advice)


def or_none(option: Option) -> Option:
    """Return the same for what may be left out."""
    return Option(lambda found: found is None or option.fits(found), option.advice)


def _are_several(found: Any) -> bool:
    return isinstance(found, Collection) and not isinstance(found, str)


def _is_format(found: Any) -> bool:
    if not isinstance(found, str):
        return callable(found)
    try:
        list(Formatter().parse(found))
    except ValueError:
        return False
    return True


def _are_formats(found: Any) -> bool:
    return isinstance(found, Mapping) and all(map(_is_format, found.values()))


TEXT = Option(is_text, "give a text")
NAME = Option(is_text, "give the name of a field, such as 'balance'")
NAMES = Option(
    lambda found: all(map(is_text, found)),
    "give the names of fields one by one, such as 'balance', 'holder'",
)
SEVERAL = Option(_are_several, "give several in a list or tuple, such as ('FlightDeparted',)")
WORDS = Option(
    lambda found: isinstance(found, Mapping),
    "give a dict, such as {'FlightDeparted': 'departed'}",
)
FORMAT = Option(_is_format, "give a text such as '{:,} €', or a function of the value")
FORMATS = Option(
    _are_formats, "give for each field a text or a function, such as {'balance': '{:,} €'}"
)
