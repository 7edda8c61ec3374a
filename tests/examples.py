"""How many random examples a law is tried with: few in every run, ten times as many when asked.

make test ARGS=--hypothesis-profile=thorough
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import settings

EVERYDAY = "everyday"

# A slow machine is not a failure; how fast things are is for benchmarks to say.
settings.register_profile(EVERYDAY, deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1_000)


def examples(number: int) -> settings:
    """Have a law tried with so many, or in proportion by the profile asked for."""
    return settings(max_examples=in_proportion(number))


def seeds(number: int) -> range:
    """Have a law tried with the first so many seeds of chance, or in proportion."""
    return range(in_proportion(number))


def of_many(cases: Sequence[Any], start: int) -> Sequence[Any]:
    """Return every other case, or all of them if the profile asked for tries more than every day's."""
    return cases if in_proportion(1) > 1 else cases[start::2]


def in_proportion(number: int) -> int:
    return number * settings().max_examples // settings.get_profile(EVERYDAY).max_examples
