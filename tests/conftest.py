"""What holds for all tests."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings
from ipywidgets import Widget

# A slow machine is not a failure; how fast things are is for benchmarks to say.
settings.register_profile("everyday", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile("everyday")


@pytest.fixture(autouse=True, scope="module")
def nothing_outlives_its_module() -> Iterator[None]:
    """Let go of widgets, and of stores in cycles: each keeps nine threads of DuckDB.

    ipywidgets keeps every widget that is not closed, and Python seldom looks for cycles among so many
    objects.
    """
    yield
    Widget.close_all()
    gc.collect()
