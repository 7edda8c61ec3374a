"""Reading ahead: DuckDB fetches the next part on a thread of its own while Python works on the last."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="eventlab-read") as reader:
        coming = deque[Future[Answer]]()
        for part in parts:
            coming.append(reader.submit(read, part))
            if len(coming) > 1:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
