"""Delivering in the background: a thread that catches up, then sleeps until something is appended."""

from __future__ import annotations

from threading import Event, Thread, current_thread
from typing import Protocol

AT_ONCE = 10_000  # deliveries, before it looks whether it shall stop


class Deliverer(Protocol):
    """What the thread needs of a bus."""

    @property
    def due(self) -> float | None:
        """When the next attempt is due."""

    def now(self) -> float:
        """Return the time by which that is measured."""

    def deliver_now(self, handled: dict[str, int], limit: int | None = None) -> int:
        """Deliver without waiting."""


class Runner:
    """One background thread of one bus."""

    def __init__(self, bus: Deliverer) -> None:
        self._bus, self._awake, self._stopping = bus, Event(), Event()
        self._thread = Thread(target=self._run, name="eventlab bus", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the log again."""
        self._awake.set()

    def stop(self) -> None:
        """End after the delivery under way."""
        self._stopping.set()
        self.wake()
        if self._thread is not current_thread():  # a handler may stop the bus that runs it
            self._thread.join()

    @property
    def is_running(self) -> bool:
        """Whether the thread is at it."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                # Cleared before looking: an append in between wakes it once more, so none is missed.
                self._awake.clear()
                if not self._bus.deliver_now(_Uncounted(), AT_ONCE):
                    self._awake.wait(self._patience())
        except Exception as error:  # shown by the bus; a thread has nobody to raise it to
            self.error = error

    def _patience(self) -> float | None:
        due = self._bus.due
        return None if due is None else max(0.0, due - self._bus.now())

    def __str__(self) -> str:
        return f"ended by {type(self.error).__name__}: {self.error}" if self.error else "stopped"


class _Uncounted(dict[str, int]):
    """Counts that nobody reads."""

    def __missing__(self, key: str) -> int:
        return 0
