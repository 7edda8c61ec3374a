"""Reading ahead: DuckDB fetches the next part on a thread of its own while Python works on the last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Part = TypeVar("Part")
Answer = TypeVar("Answer")


def ahead(read: Callable[[Part], Answer], parts: Iterable[Part]) -> Iterator[Answer]:
    """Yield what was read of each part, in order, while a thread reads the next.

    Examples
    --------
    >>> list(ahead(str.upper, ["a", "b"]))
    ['A', 'B']
    """
    parts = iter(parts)
    for first in parts:
        answer = read(first)
        with ThreadPoolExecutor(
            1, "eventlab-read"
        ) as reader:  # which starts no thread if this is all
            for part in parts:
                coming = reader.submit(read, part)
                yield answer
                answer = coming.result()
        yield answer


@contextmanager
def meanwhile(read: Callable[[], Answer]) -> Iterator[Future[Answer]]:
    """Have a thread read something during a block; behind it, ``result()`` is at hand, or raises.

    Examples
    --------
    >>> with meanwhile(lambda: "events") as events:
    ...     snapshot = "snapshot"
    >>> snapshot, events.result()
    ('snapshot', 'events')
    """
    with ThreadPoolExecutor(1, "eventlab-read") as reader:
        yield reader.submit(read)
