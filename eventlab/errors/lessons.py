"""What goes wrong in the world of a lesson: services that do not answer, and events out of turn."""

from __future__ import annotations

from collections.abc import Sequence

from eventlab.errors.bus import Crashed
from eventlab.errors.family import EventLabError


class ServiceFailed(EventLabError):
    """A service gave no answer; whoever asked cannot tell whether the work was done."""

    def __init__(self, service: str, what: str, order: str) -> None:
        super().__init__(
            f"{service} gave no answer when it was asked to {what} for {order!r}: it was done, or it was "
            "not; ask again under the same key, or look at what it has done."
        )


class AskerDied(Crashed):
    """A process died on purpose, right after a service did what it was asked: the answer is lost."""

    def __init__(self, service: str, what: str, order: str) -> None:
        self.consumer = service
        super(Crashed, self).__init__(
            f"the process that asked {service} to {what} for {order!r} died before it heard the answer: "
            "start another one, and see what it knows."
        )


class OutOfTurn(EventLabError):
    """A process manager heard an answer before it had asked; nothing was written."""

    def __init__(self, heard: str, asked: str, told: Sequence[str]) -> None:
        so_far = ", ".join(told) or "nothing"
        super().__init__(
            f"{heard} answers {asked}, which was never asked for; so far there is {so_far}: look for who "
            "appended it, and retry its dead letter once the question is there."
        )
