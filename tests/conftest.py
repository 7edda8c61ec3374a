"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from ipywidgets import Widget

# A slow machine is not a failure; how fast things are is for benchmarks to say.
settings.register_profile("eventlab", deadline=None)
settings.load_profile("eventlab")


@pytest.fixture(autouse=True, scope="module")
def widgets_go_with_their_module() -> Iterator[None]:
    """Let go of widgets: ipywidgets keeps each one, and with it its store and DuckDB's threads."""
    yield
    Widget.close_all()
