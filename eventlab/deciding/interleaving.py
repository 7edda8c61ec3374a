"""In which orders can several writers take their steps? All of them, one after the other, with no thread.

A writer is a generator that yields where another one may come in between. Races that threads show once
in a thousand runs are then a list: two writers of three steps have twenty orders. Lesson 02 looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from eventlab.errors import InvalidSchedule

World = TypeVar("World")
Writer = Iterator[Any]
Start = Callable[[], tuple[World, Mapping[str, Writer]]]
Schedule = tuple[str, ...]


def interleavings(start: Start[World]) -> Iterator[tuple[Schedule, World]]:
    """Yield every order in which writers can take their steps, with the world each order leaves behind.

    Parameters
    ----------
    start : callable
        Returns a fresh world, such as a store, and its writers by name: generators, to which every
        ``yield`` is the end of a step. It is called once for each order. A writer may take other steps in
        other orders, such as those of a retry, as long as it ends in each of them.

    Yields
    ------
    schedule, world
        Who took each step, as a tuple of names; and the world when all writers had ended.

    Examples
    --------
    Two clerks read a balance and write it back:

    >>> def clerk(card):
    ...     seen = card["balance"]
    ...     yield
    ...     card["balance"] = seen + 10
    >>> def both():
    ...     card = {"balance": 0}
    ...     return card, {"A": clerk(card), "B": clerk(card)}
    >>> for schedule, card in interleavings(both):
    ...     print("".join(schedule), card["balance"])
    AABB 20
    ABAB 10
    ABBA 10
    BAAB 10
    BABA 10
    BBAA 20
    """
    untried: list[Schedule] = [()]
    while untried:
        beginning = untried.pop()
        world, writers = start()
        taken: list[str] = []
        for name, others in _turns(writers, beginning):
            if len(taken) >= len(beginning):
                untried.extend((*taken, other) for other in reversed(others))
            taken.append(name)
        yield tuple(taken), world


def play(writers: Mapping[str, Writer], schedule: Iterable[str] = ()) -> Schedule:
    """Let writers take their steps in one order, then one after the other; return who took each.

    Raises
    ------
    InvalidSchedule
        When a step is given to somebody who is not there, or has ended.

    Examples
    --------
    >>> said = []
    >>> def counting(name):
    ...     for number in (1, 2):
    ...         said.append(f"{name}{number}")
    ...         yield
    >>> play({"A": counting("A"), "B": counting("B")}, "ABB")
    ('A', 'B', 'B', 'A', 'A', 'B')
    >>> said
    ['A1', 'B1', 'B2', 'A2']
    """
    return tuple(name for name, _ in _turns(writers, schedule))


def _turns(
    writers: Mapping[str, Writer], schedule: Iterable[str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield who takes the next step, before it is taken, and who else could have taken it."""
    going = dict(writers)
    asked = iter(schedule)
    while going:
        name = next(asked, next(iter(going)))
        if name not in going:
            raise InvalidSchedule(name, list(going))
        yield name, [other for other in going if other != name]
        if next(going[name], _ENDED) is _ENDED:
            del going[name]


_ENDED = object()
