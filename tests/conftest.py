"""What holds for all tests."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings
from ipywidgets import Widget

from tests.examples import EVERYDAY

settings.load_profile(EVERYDAY)


@pytest.fixture(autouse=True, scope="module")
def nothing_outlives_its_module() -> Iterator[None]:
    """Let go of widgets, and of stores in cycles: each keeps nine threads of DuckDB.

    ipywidgets keeps every widget that is not closed, and Python seldom looks for cycles among so many
    objects.
    """
    yield
    Widget.close_all()
    gc.collect()
