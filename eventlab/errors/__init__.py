"""Every error of the package, each composing its own sentence; a file for each layer that raises them.

A sentence gives three facts and a next step: what was asked, what was found, where, and what to try.
The raising line passes values only. Nothing here knows how the rest of the package works.
"""

from eventlab.errors.bus import (
    BusError,
    ConsumerBeyondLog,
    ConsumerForgotten,
    ConsumerInUse,
    Crashed,
    InvalidConsumer,
    InvalidFaults,
    NotReplayable,
    TermFailed,
    UnknownConsumer,
)
from eventlab.errors.command import CommandFailed
from eventlab.errors.conditions import ConditionFailed, InvalidQuery
from eventlab.errors.deciding import (
    InvalidDecider,
    InvalidDecision,
    InvalidScenario,
    InvalidSchedule,
    LifeEnded,
    ScenarioFailed,
)
from eventlab.errors.events import InvalidEvent, PayloadError
from eventlab.errors.family import EventLabError
from eventlab.errors.git import GitFailed
from eventlab.errors.imports import BadRow, ImportFailed, MissingColumn, NoSuchFile, UnreadableFile
from eventlab.errors.lessons import AskerDied, OutOfTurn, ServiceFailed
from eventlab.errors.logs import BrokenPayload, InvalidBranch, InvalidCut, SQLError
from eventlab.errors.outbox import (
    ForeignTarget,
    InvalidTarget,
    MissingClient,
    NotSent,
    OutboxError,
)
from eventlab.errors.projections import (
    ColumnFailed,
    FoldFailed,
    InvalidProjection,
    KeyShapeError,
    ProjectionError,
    UnknownEventType,
    UntypedField,
)
from eventlab.errors.readmodels import (
    AppendRefused,
    CheckpointBeyondLog,
    CheckpointMoved,
    ReadModelBehind,
    ReadModelError,
    ReadModelFailed,
    ReadModelRefused,
    RowsMissing,
    RuleChanged,
)
from eventlab.errors.renders import InvalidRender
from eventlab.errors.snapshots import SnapshotRefused, SnapshotWarning
from eventlab.errors.store import (
    ConcurrencyError,
    DuplicateEventError,
    InvalidDigest,
    MemoryExceeded,
    NamelessStream,
    NewerFormat,
    NotAStore,
    NotWritten,
    ReadOnly,
    StoreError,
    StoreForked,
    StoreLocked,
    StoreNeeded,
)
from eventlab.errors.timetravel import InvalidQuestion, PredicateFailed
from eventlab.errors.upcasting import (
    InvalidUpcaster,
    UncommittedSchema,
    UnknownSchema,
    UpcastFailed,
    UpcastingError,
)
from eventlab.errors.widgets import TimeMachineError

__all__ = [
    "EventLabError",
    "InvalidEvent",
    "PayloadError",
    "ConcurrencyError",
    "ConditionFailed",
    "InvalidQuery",
    "DuplicateEventError",
    "StoreError",
    "StoreForked",
    "StoreLocked",
    "StoreNeeded",
    "NotAStore",
    "MemoryExceeded",
    "NotWritten",
    "NamelessStream",
    "NewerFormat",
    "ReadOnly",
    "InvalidDigest",
    "InvalidCut",
    "InvalidBranch",
    "SQLError",
    "UpcastingError",
    "InvalidUpcaster",
    "UpcastFailed",
    "UnknownSchema",
    "BrokenPayload",
    "UncommittedSchema",
    "ProjectionError",
    "InvalidProjection",
    "KeyShapeError",
    "ColumnFailed",
    "UntypedField",
    "FoldFailed",
    "UnknownEventType",
    "SnapshotRefused",
    "SnapshotWarning",
    "ReadModelError",
    "ReadModelRefused",
    "RuleChanged",
    "CheckpointBeyondLog",
    "CheckpointMoved",
    "RowsMissing",
    "ReadModelFailed",
    "AppendRefused",
    "ReadModelBehind",
    "PredicateFailed",
    "InvalidQuestion",
    "InvalidDecider",
    "InvalidDecision",
    "InvalidScenario",
    "InvalidSchedule",
    "LifeEnded",
    "ScenarioFailed",
    "BusError",
    "InvalidConsumer",
    "UnknownConsumer",
    "ConsumerForgotten",
    "ConsumerInUse",
    "ConsumerBeyondLog",
    "NotReplayable",
    "TermFailed",
    "InvalidFaults",
    "Crashed",
    "OutboxError",
    "InvalidTarget",
    "ForeignTarget",
    "NotSent",
    "MissingClient",
    "MissingColumn",
    "ImportFailed",
    "BadRow",
    "UnreadableFile",
    "NoSuchFile",
    "GitFailed",
    "TimeMachineError",
    "InvalidRender",
    "CommandFailed",
    "ServiceFailed",
    "AskerDied",
    "OutOfTurn",
]

# In a traceback an error has the name it is caught by, whichever file it lives in.
for _name in __all__:
    globals()[_name].__module__ = __name__
