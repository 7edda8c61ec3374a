"""What holds for all tests."""

import gc
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import settings
from ipywidgets import Widget

from eventlab.store import stream_index
from tests.examples import EVERYDAY, of_many

settings.load_profile(EVERYDAY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let all tests look streams up as in a log of many million events."""
    parser.addoption("--short-runs", action="store_true", help="index streams in runs of 3 events")


def pytest_configure(config: pytest.Config) -> None:
    """Shorten the runs before any store is made."""
    if config.getoption("--short-runs"):
        stream_index.RUN, stream_index.MERGED, stream_index.SORTED_AT_ONCE = 3, 2, 1


MANY = 8  # cases of one test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test with many cases, each for a store and for a branch, let these take turns."""
    cases = defaultdict(list)
    for item in items:
        on = item.callspec.params.get("store") if hasattr(item, "callspec") else None
        if on in ("store", "branch"):
            cases[item.nodeid.partition("[")[0], on].append(item)
    left_out = {
        item
        for (_, on), those in cases.items()
        if 2 * len(those) >= MANY
        for item in set(those).difference(of_many(those, start=int(on == "branch")))
    }
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True, scope="module")
def nothing_outlives_its_module() -> Iterator[None]:
    """Let go of widgets, and of stores in cycles: each keeps nine threads of DuckDB.

    ipywidgets keeps every widget that is not closed, and Python seldom looks for cycles among so many
    objects.
    """
    yield
    Widget.close_all()
    gc.collect()
