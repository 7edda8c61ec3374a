"""Threads that start together, for the tests of who wins."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from eventlab.errors import ConcurrencyError


def at_once(tasks):
    """Run every task in a thread of its own, all starting together; return what they return or raise."""
    tasks = list(tasks)
    start = Barrier(len(tasks))

    def run(task):
        start.wait()
        try:
            return task()
        except ConcurrencyError as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))
