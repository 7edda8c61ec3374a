"""Events that travel: consumers with checkpoints of their own, what goes wrong on the way, and the way out.

`Bus` is the front door; `Faults` makes things go wrong on purpose, and a `Recording` keeps what happened.
Lesson 08 uses it all.
"""

from eventlab.bus.bus import Bus
from eventlab.bus.faults import Faults
from eventlab.bus.queues import queues
from eventlab.bus.recording import Recording
from eventlab.bus.retries import doubling

__all__ = ["Bus", "Faults", "Recording", "queues", "doubling"]
