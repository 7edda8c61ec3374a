"""States that cannot be kept, and snapshots that cannot be used."""

from __future__ import annotations

from eventlab.errors.family import EventLabError, short


class SnapshotRefused(EventLabError, ValueError):
    """A state cannot be kept exactly, so no snapshot or row of a read model is made of it."""

    def __init__(self, field: str, found: object, kept: str) -> None:
        self.field = field
        super().__init__(
            f"{field} is {short(found)}, a {type(found).__name__}, and what is kept beside the log "
            f"holds {kept}: change the fold so that its state holds such values, or call the fold itself."
        )

    @classmethod
    def no_projection(cls, found: object) -> SnapshotRefused:
        """Name what no snapshot can be taken of."""
        refusal = cls.__new__(cls)
        EventLabError.__init__(
            refusal,
            f"Snapshots(store, projection) was given a {type(found).__name__} as its projection: give an "
            "el.Fold or an el.Projection.",
        )
        return refusal

    @classmethod
    def interval(cls, every: object) -> SnapshotRefused:
        """Say what an interval is."""
        refusal = cls.__new__(cls)
        EventLabError.__init__(
            refusal,
            f"every={short(every)} is no interval: give a whole number of events from 1, or leave it out.",
        )
        return refusal


class SnapshotWarning(UserWarning):
    """A snapshot could not be used or taken; the answer is right, and took longer."""

    @classmethod
    def damaged(cls, name: str, position: int) -> SnapshotWarning:
        """Say which snapshot is not what was kept."""
        return cls(
            f"the snapshot of {name!r} at position {position:,} is damaged and is ignored; the answer is "
            "folded from an earlier one or from the start. update() takes it again."
        )

    @classmethod
    def unlisted(cls, name: str) -> SnapshotWarning:
        """Say that it cannot be told which snapshots there are."""
        return cls(
            f"the list of snapshots is not as eventlab made it, and those of {name!r} are ignored. Answers "
            "are right and take longer; update() takes them again."
        )

    @classmethod
    def beyond(cls, name: str, position: int, head: int) -> SnapshotWarning:
        """Say that events are gone which a snapshot has seen."""
        return cls(
            f"the snapshot of {name!r} at position {position} lies beyond the end of the log, at {head}, and "
            "is ignored: verify() of the store says whether events are missing."
        )

    @classmethod
    def outdated(cls, name: str) -> SnapshotWarning:
        """Say that the rule has changed since."""
        return cls(
            f"there are snapshots of {name!r}, but of another version or definition, or of other types of "
            "its fields: they are ignored. Open the store for writing and call update() to take new ones."
        )

    @classmethod
    def not_taken(cls, name: str, error: Exception) -> SnapshotWarning:
        """Say why upkeep after an append failed."""
        return cls(
            f"no snapshot of {name!r} could be taken after an append ({error}); the append is done. "
            "Answers stay right and take longer; update() tries again."
        )
