"""What a writer may expect of a stream: anything, nothing, something, or an exact version."""

from __future__ import annotations

from enum import Enum
from operator import index

from eventlab.checks import is_integer
from eventlab.errors import ConcurrencyError, InvalidEvent
from eventlab.errors.family import short


class Expectation(Enum):
    """An expectation that is not a number; an exact version is given as an int."""

    ANY = "ANY (whatever is there)"
    NO_STREAM = "NO_STREAM (no event yet)"
    STREAM_EXISTS = "STREAM_EXISTS (at least one event)"

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.value


ANY = Expectation.ANY
NO_STREAM = Expectation.NO_STREAM
STREAM_EXISTS = Expectation.STREAM_EXISTS

Expected = Expectation | int


def require_expectation(expected: object) -> Expected:
    """Return an expectation or a version, also one read from a frame, and refuse anything else."""
    if isinstance(expected, Expectation):
        return expected
    if not is_integer(expected) or not 0 <= index(expected) < 2**63:
        raise InvalidEvent(
            f"expected={short(expected)} is no expectation: give ANY, NO_STREAM, STREAM_EXISTS "
            "or the version you read, such as 3."
        )
    return index(expected)


def require_met(stream: str, expected: Expected, version: int) -> None:
    """Raise ConcurrencyError when the stream is not where the writer expects it."""
    if not is_met(expected, version):
        raise ConcurrencyError(stream, expected, version)


def is_met(expected: Expected, version: int) -> bool:
    """Tell whether a stream at this version is what the writer expects."""
    match expected:
        case Expectation.ANY:
            return True
        case Expectation.NO_STREAM:
            return version == 0
        case Expectation.STREAM_EXISTS:
            return version > 0
    return version == expected
