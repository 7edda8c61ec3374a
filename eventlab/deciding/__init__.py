"""The write side: rules that decide, a handler that writes what they decide, scenarios that test them.

Rules are pure: they read no store and no clock. Read ``decider`` first, then ``handle``, which gives them
the state and appends the outcome, and ``scenario``, which tests them without any store; ``interleaving``
tries every order in which several writers can take their steps. Lesson 02 uses all of it.
"""

from eventlab.deciding.decider import Decider
from eventlab.deciding.handle import Handled, handle
from eventlab.deciding.interleaving import interleavings, play
from eventlab.deciding.scenario import given

__all__ = ["Decider", "Handled", "given", "handle", "interleavings", "play"]
