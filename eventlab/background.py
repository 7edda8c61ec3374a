"""A thread that does some work again and again: whenever it is woken, and when its patience ends."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread, current_thread


class Background:
    """Runs ``work(go_on)`` in the background until it fails or is stopped.

    ``go_on`` is a question that long work asks now and then; ``patience`` says after how many seconds to work
    again though nobody woke it, None for never. What ``work`` raises is given to ``failed``, and ends the
    thread. It is a daemon: a program that ends does not wait for it.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], bool]], object],
        failed: Callable[[Exception], object],
        *,
        name: str,
        patience: Callable[[], float | None],
    ) -> None:
        self._work, self._failed, self._patience = work, failed, patience
        self._due, self._stopped = Event(), Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Have the work done now."""
        self._due.set()

    def stop(self) -> None:
        """End after what is being done, and wait for that."""
        self._stopped.set()
        self.wake()
        if self._thread is not current_thread():  # the work itself may stop it
            self._thread.join()

    def _run(self) -> None:
        try:
            while self._goes_on():
                # Cleared before looking: who wakes it meanwhile wakes it once more, so nothing is missed.
                self._due.clear()
                self._work(self._goes_on)
                self._due.wait(self._patience())
        except Exception as error:  # a thread has nobody to raise it to
            self._failed(error)

    def _goes_on(self) -> bool:
        return not self._stopped.is_set()
