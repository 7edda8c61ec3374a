"""How many random examples a law is tried with: few in every run, ten times as many when asked.

make test ARGS=--hypothesis-profile=thorough
"""

from hypothesis import settings

EVERYDAY = settings.get_profile("everyday").max_examples


def examples(number: int) -> settings:
    """Have a law tried with so many, or in proportion by the profile asked for."""
    return settings(max_examples=number * settings().max_examples // EVERYDAY)
