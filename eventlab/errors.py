"""Every error of the package, each composing its own sentence.

A sentence gives three facts and a next step: what was asked, what was found, where, and what to try.
The raising line passes values only. Nothing here knows how the rest of the package works.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class EventLabError(Exception):
    """The family: catch it to catch everything eventlab raises on purpose."""


class InvalidEvent(EventLabError, ValueError):
    """An event, or one field of it, cannot be stored without altering it."""


class PayloadError(InvalidEvent):
    """A payload field holds something JSON would lose or change."""

    def __init__(self, field: str, problem: str, advice: str) -> None:
        self.field = field
        super().__init__(f"payload field {field!r} {problem}: {advice}.")


class ConcurrencyError(EventLabError):
    """The stream was not where the writer believed it to be; nothing was written."""

    def __init__(self, stream: str, expected: object, actual: int) -> None:
        self.stream, self.expected, self.actual = stream, expected, actual
        super().__init__(
            f"stream {stream!r} is at version {actual} but you expected {expected}: "
            "someone appended in between, or you read another stream; read it again and decide afresh."
        )


class DuplicateEventError(EventLabError):
    """An event id is taken by another event; nothing was written."""

    def __init__(self, event_id: str, found: str) -> None:
        self.event_id = event_id
        super().__init__(
            f"event id {event_id!r} {found}; nothing was written. Append exactly the same batch again to "
            "repeat a write safely, or give new events new ids."
        )


class StoreError(EventLabError):
    """A store could not be opened, or cannot do what was asked."""


class StoreLocked(StoreError):
    """Another process has the file open for writing."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"{str(path)!r} is open in another process ({holder}), and DuckDB lets only one process write: "
            "close that kernel or store, or open it with read_only=True in both, or copy the file and "
            "open the copy, or work in memory with EventStore()."
        )


class NotAStore(StoreError):
    """The file is not an eventlab store."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{str(path)!r} is not an eventlab store: {found}. Give the path of a new file to make a "
            "store, or bring the history in with el.read_table."
        )


class NewerFormat(StoreError):
    """The file was written by a newer eventlab."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{str(path)!r} has store format {found}, and this eventlab knows formats up to {known}: "
            "upgrade eventlab to open it; nothing was changed."
        )


class ReadOnly(StoreError):
    """A write was asked of something that only reads."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{str(path)!r} is open read-only, so nothing can be appended: open it without "
            "read_only=True (no other process may have it open then)."
        )


class InvalidCut(EventLabError, ValueError):
    """A cut of the log was described in a way that has no meaning."""

    @classmethod
    def no_correlation(cls, found: object) -> InvalidCut:
        """Say what names a conversation."""
        return cls(
            f"trace({found!r}) was given a {type(found).__name__}: give the text that the events share as "
            "their correlation_id, such as 'order-7'."
        )


class InvalidBranch(EventLabError, ValueError):
    """A branch was described in a way that has no meaning; nothing was made."""

    @classmethod
    def no_position(cls, role: str, position: object, first: int, last: int) -> InvalidBranch:
        """Give the positions there are."""
        there = f"positions {first:,} to {last:,}" if last >= first else "no position at all"
        return cls(
            f"branch({role}=…) was given {position!r}, and here it can name {there}: positions are whole "
            "numbers of the store you branch, and none may be beyond at=."
        )

    @classmethod
    def not_positions(cls, found: object) -> InvalidBranch:
        """Say what drop can be."""
        return cls(
            f"branch(drop=…) was given {found!r}, a {type(found).__name__}: give positions, such as "
            "drop=[57], or a log of this store, such as drop=store.only('CardRedeemed')."
        )

    @classmethod
    def other_log(cls) -> InvalidBranch:
        """Say whose events can be dropped."""
        return cls(
            "branch(drop=…) was given a log of another store: cut the store that you branch, such as "
            "drop=store.only('CardRedeemed')."
        )

    @classmethod
    def no_mapping(cls, role: str, found: object) -> InvalidBranch:
        """Show the form of edit and insert."""
        example = {
            "edit": "edit={60: {'amount': 5}}",
            "insert": "insert={80: ('card-7', el.Event(…))}",
        }[role]
        return cls(
            f"branch({role}=…) was given a {type(found).__name__}: give a dict by position, "
            f"such as {example}."
        )

    @classmethod
    def no_edit(cls, position: object, found: object) -> InvalidBranch:
        """Say what an event can be edited to."""
        return cls(
            f"edit of position {position!r} is {found!r}, a {type(found).__name__}: give the payload fields "
            "that change, such as {'amount': 5}, or an el.Event to stand in its place."
        )

    @classmethod
    def no_insertion(cls, position: object, found: object) -> InvalidBranch:
        """Say what can be inserted."""
        return cls(
            f"insert after position {position!r} is {found!r}: give a stream and its event, or events, "
            "such as ('card-7', el.Event('CardLoaded', {'amount': 5})), or a list of such pairs."
        )

    @classmethod
    def dropped_and_edited(cls, position: int) -> InvalidBranch:
        """Name the position that is in both."""
        return cls(f"position {position:,} is both dropped and edited: do one of the two.")

    @classmethod
    def cannot_be_stored(cls, position: int, reason: Exception) -> InvalidBranch:
        """Say where an edit cannot be stored, and why."""
        return cls(f"edit of position {position:,} cannot be stored: {reason}")


class InvalidDigest(EventLabError, ValueError):
    """What was given as the digest of a seal is none."""

    def __init__(self, found: object) -> None:
        super().__init__(
            f"verify(digest={found!r}) was given no digest: give the 64 hexadecimal digits that "
            "store.seal().digest showed, or leave digest= out."
        )


class SQLError(EventLabError):
    """A query over the log was refused or failed; nothing was changed."""

    @classmethod
    def not_one_select(cls, found: str) -> SQLError:
        """Name the statement that is not a single SELECT."""
        return cls(
            f"log.sql() runs one SELECT and this is {found}: a log is read-only; "
            "ask with SELECT, and add facts with store.append()."
        )

    @classmethod
    def failed(cls, query: str, reason: str) -> SQLError:
        """Quote what DuckDB said of the query."""
        return cls(
            f"the query could not be run over this log: {reason.strip()}\n"
            f"query: {query.strip()}\n"
            "The table is called events; its columns are those of log.events(), and payload fields "
            "are written data.<field>."
        )


class MissingColumn(EventLabError, KeyError):
    """A table was read by a column it does not have."""

    def __init__(self, role: str, name: str, columns: Iterable[str]) -> None:
        self.sentence = (
            f"{role}={name!r} names no column of the table; its columns are: "
            f"{', '.join(map(repr, columns)) or '(none)'}."
        )
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return self.sentence


class ImportFailed(EventLabError, ValueError):
    """A row of a table cannot become an event; nothing was imported from it."""


class ProjectionError(EventLabError, ValueError):
    """A projection was described in a way that has no meaning, or could not be computed."""


class InvalidProjection(ProjectionError):
    """The description of a projection, a fold or a column makes no sense."""

    @classmethod
    def no_columns(cls, name: str, verbs: Iterable[str]) -> InvalidProjection:
        """Say what a projection without columns could have."""
        return cls(
            f"projection {name!r} has no columns: give at least one, such as "
            f"balance=el.total('amount'); the verbs are {', '.join(verbs)}."
        )

    @classmethod
    def not_a_column(
        cls, name: str, column: str, found: object, verbs: Iterable[str]
    ) -> InvalidProjection:
        """List what can stand where something else was given."""
        return cls(
            f"column {column!r} of projection {name!r} is {found!r}, which is no column: "
            f"make one with {', '.join(f'el.{verb}' for verb in verbs)}."
        )

    @classmethod
    def taken_name(cls, name: str, field: str, taken: Iterable[str]) -> InvalidProjection:
        """Say which names a field cannot have."""
        return cls(
            f"field {field!r} of {name!r} has the name of a column that every frame has: choose another "
            f"name (taken are {', '.join(taken)})."
        )

    @classmethod
    def same_name(cls, name: str, fields: Iterable[str]) -> InvalidProjection:
        """Name the fields that SQL cannot tell apart."""
        return cls(
            f"fields {' and '.join(map(repr, fields))} of {name!r} differ only in capitals, which SQL does "
            "not tell apart: rename one."
        )

    @classmethod
    def no_text(cls, role: str, found: object, advice: str) -> InvalidProjection:
        """Say where a text was expected."""
        return cls(f"{role} is {found!r}, a {type(found).__name__}: {advice}.")

    @classmethod
    def empty(cls, role: str, example: str) -> InvalidProjection:
        """Say what could stand where nothing was given."""
        return cls(f"{role} is empty: name something, such as {example}.")

    @classmethod
    def both_ways(cls, expr: str, types: Iterable[str]) -> InvalidProjection:
        """Name the event types that a total both adds and takes off."""
        return cls(
            f"total({expr!r}) both adds and takes off {', '.join(types)}: leave out one of the two."
        )

    @classmethod
    def on_and_plus(cls, expr: str) -> InvalidProjection:
        """Say that two parameters mean the same."""
        return cls(f"total({expr!r}) has both on= and plus= or minus=: on= is plus=, so give one.")

    @classmethod
    def on_unknown(cls, name: str, found: object) -> InvalidProjection:
        """List what a fold can do with an event type it does not know."""
        return cls(f"on_unknown={found!r} of fold {name!r} is no choice: say 'fail' or 'skip'.")

    @classmethod
    def not_a_rule(cls, name: str, found: object) -> InvalidProjection:
        """Say what evolve can be."""
        return cls(
            f"evolve of fold {name!r} is {found!r}: give a function of state and event, or a dict of "
            "event type to such functions."
        )

    @classmethod
    def key_names(cls, name: str, names: tuple[str, ...], parts: int) -> InvalidProjection:
        """Count the parts of a key and the names given to them."""
        return cls(
            f"key_names={names!r} of {name!r} names {len(names)} part(s) and the key has {parts}: "
            "give one name for each."
        )

    @classmethod
    def no_key(cls, name: str) -> InvalidProjection:
        """Say what a key can be."""
        return cls(
            f"the key of {name!r} is empty: give an expression such as 'stream' or 'dest', a list of "
            "them, or one for each event type."
        )

    @classmethod
    def key_parts(cls, name: str, key: object, names: tuple[str, ...]) -> InvalidProjection:
        """Say that a key function gave another number of parts than are named."""
        return cls(
            f"the key of {name!r} gave {key!r}, and its parts are named {', '.join(names)}: name every "
            "part of the tuple with key_names=(…)."
        )

    @classmethod
    def uneven_key(cls, name: str, parts: Iterable[int]) -> InvalidProjection:
        """Say that event types disagree about the parts of a key."""
        return cls(
            f"the key of {name!r} has {' or '.join(map(str, parts))} parts, depending on the event type: "
            "give every type as many expressions."
        )


class KeyShapeError(ProjectionError):
    """A key was given with another number of parts than the projection's keys have."""

    def __init__(self, name: str, key: object, key_names: tuple[str, ...]) -> None:
        shape = key_names[0] if len(key_names) == 1 else f"({', '.join(key_names)})"
        super().__init__(
            f"{key!r} is no key of {name!r}: its keys are {shape}; give a tuple where there are "
            "several parts."
        )


class ColumnFailed(ProjectionError):
    """DuckDB could not compute a column, or the key, of a projection."""

    def __init__(self, name: str, part: str, expr: str, reason: str, fields: Iterable[str]) -> None:
        known = ", ".join(fields) or "(none yet)"
        super().__init__(
            f"{part} of projection {name!r}, {expr!r}, could not be computed: {reason.strip()}\n"
            f"In an expression payload fields are written data.<field>; fields seen in this log: {known}."
        )


class UntypedField(ProjectionError):
    """An expression uses a payload field that has no single type."""

    def __init__(self, name: str, part: str, path: str, kinds: Iterable[str]) -> None:
        super().__init__(
            f"{part} of projection {name!r} computes with {path}, whose type is not known (found: "
            f"{', '.join(kinds)}); DuckDB would take it for a whole number. Name the type: {path}::DOUBLE, "
            f"{path}::DECIMAL(18, 2) or {path}::VARCHAR."
        )


class FoldFailed(ProjectionError):
    """A fold stopped at an event; the original error is its cause."""

    def __init__(
        self, name: str, event_type: str, position: int, stream: str, key: object, why: str
    ) -> None:
        self.position = position
        super().__init__(
            f"fold {name!r} failed at event {event_type!r} at position {position} of stream {stream!r} "
            f"(key {key!r}): {why}"
        )


class UnknownEventType(FoldFailed):
    """Evolve gave no new state for an event."""

    def __init__(self, name: str, event_type: str, position: int, stream: str, key: object) -> None:
        super().__init__(
            name,
            event_type,
            position,
            stream,
            key,
            "evolve returned None, as it does for a type it has no case for. Add a case (one that changes "
            f"nothing returns the state), or fold log.only(...) without {event_type!r}, or count such events "
            'with on_unknown="skip".',
        )


class SnapshotRefused(EventLabError, ValueError):
    """A state cannot be kept exactly, so no snapshot is taken of it."""

    def __init__(self, field: str, found: object, kept: str) -> None:
        self.field = field
        super().__init__(
            f"{field} is {_short(found)}, a {type(found).__name__}, and snapshots keep {kept}: change the "
            "fold so that its state holds such values, or call the fold itself, without snapshots."
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
            f"every={every!r} is no interval: give a whole number of events from 1, or leave it out.",
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


class PredicateFailed(EventLabError, ValueError):
    """The question of a bisection failed at a state; the original error is its cause."""

    def __init__(self, position: int, error: Exception) -> None:
        self.position = position
        super().__init__(
            f"the predicate of bisect() failed at the state after position {position}: "
            f"{type(error).__name__}: {error}. It is given the state (a dict of fields where a key is "
            "named, otherwise a frame with a row per key) and says whether it is found."
        )


class InvalidQuestion(EventLabError, ValueError):
    """A question about the past was asked in a way that has no meaning."""

    @classmethod
    def clock(cls, verb: str, by: object) -> InvalidQuestion:
        """List the clocks there are."""
        return cls(
            f"{verb}(by={by!r}) names no clock: say by='recorded' (what was known then), by='occurred' "
            "(what had happened by then), by='position', or by=('recorded', 'occurred')."
        )

    @classmethod
    def on_each_clock(cls, on: object, by: object) -> InvalidQuestion:
        """Say that every clock needs a column."""
        return cls(
            f"asof(on={on!r}, by={by!r}) does not name one column for each clock: with two clocks say "
            "on=('known_at', 'happened_at'), by=('recorded', 'occurred')."
        )

    @classmethod
    def missing_time(cls, column: str, row: object) -> InvalidQuestion:
        """Name the row without a time."""
        return cls(
            f"column {column!r} is missing in row {row!r}, so no past can be looked up for it: drop such "
            "rows first, or give them a time."
        )

    @classmethod
    def not_a_time(cls, column: str, dtype: object) -> InvalidQuestion:
        """Say what the column holds."""
        return cls(
            f"column {column!r} holds {dtype}, and a clock needs times: convert it with "
            "pd.to_datetime(…, utc=True), or use by='position' for positions."
        )

    @classmethod
    def unreadable_time(cls, column: str, found: object) -> InvalidQuestion:
        """Show the first text that is no time, and how one is written."""
        return cls(
            f"column {column!r} holds {found!r}, which is not a time: write it as '2026-01-31' or "
            "'2026-01-31T12:00:00Z', or convert the column with pd.to_datetime(…, utc=True)."
        )

    @classmethod
    def not_positions(cls, column: str, dtype: object) -> InvalidQuestion:
        """Say what the column holds instead."""
        return cls(
            f"column {column!r} holds {dtype}, and positions are whole numbers: give those, or say "
            "by='recorded' or by='occurred' for times."
        )

    @classmethod
    def no_frame(cls, found: object) -> InvalidQuestion:
        """Say what the function gave."""
        return cls(
            f"the function to compare() gave a {type(found).__name__}, not a DataFrame: give one with a "
            "row per key; a Series becomes one by .to_frame()."
        )

    @classmethod
    def rows_of_one_key(cls, key: object) -> InvalidQuestion:
        """Name the key."""
        return cls(
            f"key {key!r} has more than one row in what the function gave, so compare() cannot tell which "
            "to lay beside which: group by the key first."
        )

    @classmethod
    def axis(cls, verb: str, by: object, axes: Iterable[str]) -> InvalidQuestion:
        """List what a log can be cut by."""
        return cls(f"{verb}(by={by!r}) is no way to cut a log: say by= one of {', '.join(axes)}.")

    @classmethod
    def no_position(cls, verb: str, found: object) -> InvalidQuestion:
        """Say what a cut by position is."""
        return cls(
            f"{verb}(at=[{found!r}, …]) is no position: give whole numbers, or times with by='recorded' "
            "or by='occurred'."
        )

    @classmethod
    def same_names(cls, names: object) -> InvalidQuestion:
        """Say that two things need two names."""
        return cls(f"compare(names={names!r}) needs two different names, such as ('then', 'now').")

    @classmethod
    def clash(cls, columns: Iterable[str]) -> InvalidQuestion:
        """Name the columns that would stand twice in a frame."""
        return cls(
            f"the frame has columns called like fields of the state ({', '.join(map(repr, columns))}): "
            "give prefix='then_', or rename them."
        )


class TimeMachineError(EventLabError, ValueError):
    """A time machine was asked to look at something it cannot show."""

    @classmethod
    def not_a_log(cls, log: object) -> TimeMachineError:
        """Name what stands in the place of the log."""
        return cls(
            f"TimeMachine(log, projection) was given a {type(log).__name__} as its log: give a store or "
            "a cut of one; el.read_table() turns a table into a store."
        )

    @classmethod
    def not_a_projection(cls, projection: object) -> TimeMachineError:
        """Name what stands in the place of the projection."""
        return cls(
            f"TimeMachine(log, projection) was given a {type(projection).__name__} as its projection: "
            "give an el.Fold, an el.Projection or any function log -> DataFrame with one row per key."
        )

    @classmethod
    def not_a_frame(cls, function: object, answer: object) -> TimeMachineError:
        """Name what the function returned in the place of a frame."""
        return cls(
            f"{getattr(function, '__name__', function)!r} returned a {type(answer).__name__} and not a "
            "DataFrame: return a frame with one row per key, the key as its index."
        )

    @classmethod
    def repeated_key(cls, function: object, key: object) -> TimeMachineError:
        """Name a key that stands in several rows."""
        return cls(
            f"{getattr(function, '__name__', function)!r} returned several rows for the key {key!r}, so "
            "none of them is its state: return one row per key, the key as the index."
        )

    @classmethod
    def not_in_position_order(cls) -> TimeMachineError:
        """Say why a plain function cannot be told a log in order of occurrence."""
        return cls(
            "this log is told in order of occurrence, with events that were recorded late, and a plain "
            "function can only be asked for cuts by position: give an el.Fold or an el.Projection, or "
            "cut the log by position= or recorded=."
        )

    @classmethod
    def unknown_key(cls, name: str, key: object, found: Iterable[object]) -> TimeMachineError:
        """List the keys there are, at most ten of them."""
        keys = [k[0] if isinstance(k, tuple) and len(k) == 1 else k for k in found]
        some = ", ".join(map(repr, sorted(keys, key=str)[:10])) or "(none)"
        more = f" and {len(keys) - 10:,} more" if len(keys) > 10 else ""
        return cls(
            f"no event of this log touches the key {key!r} of {name!r}; its keys are: {some}{more}. "
            "Name one of them, or leave key= out to see all."
        )

    @classmethod
    def no_such_step(cls, step: object, last: int) -> TimeMachineError:
        """Give the steps there are."""
        return cls(
            f"there is no step {step!r}: this time machine has the steps 0 (before the first event) "
            f"to {last:,} (behind the last)."
        )


class BadRow(ImportFailed):
    """A row of a table cannot become an event; nothing was imported."""

    def __init__(self, row: int, problem: str, advice: str) -> None:
        self.row = row
        super().__init__(f"row {row}: {problem}; nothing was imported. {advice}.")

    @classmethod
    def cell(cls, row: int, column: str, problem: str, value: object) -> BadRow:
        """Name the column, and quote what stands there."""
        found = f"column {column!r} {problem} (found {_short(value)})"
        return cls(row, found, "Repair or drop the row first")

    @classmethod
    def line(cls, path: Path, row: int, problem: tuple[str, str], text: str) -> BadRow:
        """Quote a line of a file that is no row."""
        found, advice = problem
        return cls(row, f"this {found} (found {_short(text)} in {str(path)!r})", advice)

    @classmethod
    def no_object(cls, row: int, text: object) -> BadRow:
        """Quote what stands where a payload should."""
        advice = 'A payload has named fields, such as {"amount": 20}'
        return cls(row, f"this is no JSON object: {_short(text)}", advice)

    @classmethod
    def because(cls, row: int, reason: object) -> BadRow:
        """Pass on why an event, or a value of it, cannot be stored."""
        return cls(row, str(reason).rstrip("."), "Repair or drop the row first")

    @classmethod
    def steps_back(cls, row: int, moment: object, before: object) -> BadRow:
        """Say that the table is not in the order of recording."""
        problem = f"recorded_at steps back from {before} to {moment}, and a log is in the order of recording"
        return cls(row, problem, "Sort the table by that column first")

    @classmethod
    def reserved_id(cls, row: int, event_id: str) -> BadRow:
        """Say that an id looks like those that the store gives."""
        problem = (
            f"event id {event_id!r} has the form stream@version, the store's own name for an event"
        )
        return cls(row, problem, "Give other ids, or none")


class UnreadableFile(ImportFailed):
    """A file cannot be read as a table; nothing was imported."""

    def __init__(self, path: Path, problem: str, advice: str) -> None:
        super().__init__(f"{str(path)!r} {problem}; nothing was imported. {advice}.")

    @classmethod
    def because(cls, path: Path, reason: str) -> UnreadableFile:
        """Pass on what another library said of it."""
        return cls(path, f"could not be read ({reason})", "Check how it was written")

    @classmethod
    def empty(cls, path: Path) -> UnreadableFile:
        """Say that nothing is in it."""
        return cls(path, "is empty (0 bytes)", "Check how it was written")

    @classmethod
    def folder(cls, path: Path) -> UnreadableFile:
        """Say that it is no file."""
        return cls(path, "is a folder", "Give the path of a file in it")

    @classmethod
    def no_header(cls, path: Path) -> UnreadableFile:
        """Say that the first line names no columns."""
        return cls(path, "has no header", "Its first line has to name the columns")

    @classmethod
    def not_utf8(cls, path: Path) -> UnreadableFile:
        """Say that the text is in another encoding."""
        return cls(path, "is not UTF-8", "Save it as UTF-8")

    @classmethod
    def odd_line_ends(cls, path: Path) -> UnreadableFile:
        """Say what DuckDB's reader of CSV gives up on."""
        problem = "mixes several kinds of line ends, or has quotes in odd places"
        return cls(path, problem, "Write it again in one way")

    @classmethod
    def same_name(cls, path: Path, name: str) -> UnreadableFile:
        """Name columns that SQL cannot tell apart."""
        problem = f"has columns called {name!r} that differ only in capitals, which SQL ignores"
        return cls(path, problem, "Rename one first")

    @classmethod
    def unknown_ending(cls, path: Path, known: Iterable[str]) -> UnreadableFile:
        """List the endings that say how a file is to be read."""
        problem = f"does not end like a file that is known here ({', '.join(known)})"
        return cls(path, problem, "Rename it, or read it with pandas and give the DataFrame")


class NoSuchFile(UnreadableFile, FileNotFoundError):
    """There is no file to import."""

    @classmethod
    def seen_from(cls, path: Path, folder: Path) -> NoSuchFile:
        """Say from where a relative path was followed."""
        return cls(path, f"does not exist (seen from {str(folder)!r})", "Check the path")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
