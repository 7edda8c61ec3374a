"""Time travel: what every projection can do with a log, whichever way it is written.

``protocol`` says what a projection has to know; every other file is one question about the past, answered
once for all of them. Lessons 04 and 05 ask these questions.
"""

from eventlab.timetravel.bisect import Found
from eventlab.timetravel.compare import compare
from eventlab.timetravel.names import (
    ENDED,
    INTERVAL,
    MOMENT,
    in_order,
    require_key_names,
    require_names,
    require_version,
    with_keys,
)
from eventlab.timetravel.protocol import Key, Part, TimeTravel

__all__ = [
    "ENDED",
    "INTERVAL",
    "MOMENT",
    "Found",
    "Key",
    "Part",
    "TimeTravel",
    "compare",
    "in_order",
    "require_key_names",
    "require_names",
    "require_version",
    "with_keys",
]
