"""How many random examples a law is tried with: few in every run, ten times as many when asked.

make test ARGS=--hypothesis-profile=thorough
"""

from hypothesis import settings

EVERYDAY = "everyday"

# A slow machine is not a failure; how fast things are is for benchmarks to say.
settings.register_profile(EVERYDAY, deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1_000)


def examples(number: int) -> settings:
    """Have a law tried with so many, or in proportion by the profile asked for."""
    usual = settings.get_profile(EVERYDAY).max_examples
    return settings(max_examples=number * settings().max_examples // usual)
