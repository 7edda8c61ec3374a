"""What a time machine cannot show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlab.errors.family import EventLabError


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
    def repeated_column(cls, function: object, name: object) -> TimeMachineError:
        """Name a column that is there several times."""
        return cls(
            f"{getattr(function, '__name__', function)!r} returned several columns that read {name!r}, so "
            "none of them is that field: give each its own name."
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

    @classmethod
    def no_place(cls) -> TimeMachineError:
        """Say how a place is given."""
        return cls(
            "tm.go() takes one place: a step such as tm.go(17), a position such as tm.go(position=17), or a "
            "time such as tm.go(time='2013-01-01 17:30')."
        )

    @classmethod
    def no_such_time(cls, time: object) -> TimeMachineError:
        """Say how a time is written."""
        return cls(
            f"{time!r} is no time to go to: write it as '2013-01-01 17:30', or as '17:30' for the day at the "
            "current stop."
        )

    @classmethod
    def no_such_kind(cls, of: object) -> TimeMachineError:
        """Say of what there is a next event."""
        return cls(
            f"tm.next({of!r}) asks for what no two events share: ask for the next of this 'type' or 'key'."
        )

    @classmethod
    def no_such_axis(cls, axis: object, axes: Iterable[str]) -> TimeMachineError:
        """List the axes there are."""
        return cls(f"the track cannot be divided by axis={axis!r}: give one of {', '.join(axes)}.")

    @classmethod
    def no_such_choice(cls, kind: str, name: object, found: Iterable[str]) -> TimeMachineError:
        """List the names of a kind, at most ten of them."""
        there = list(found)
        some = ", ".join(map(repr, there[:10])) or "texts"
        more = f" and {len(there) - 10:,} more" if len(there) > 10 else ""
        return cls(
            f"tm.filter({kind}={name!r}) asks for what no event of this log has: its {kind} are {some}{more}."
        )

    @classmethod
    def no_whole_number(cls, name: str, found: object, least: int | None) -> TimeMachineError:
        """Say which whole numbers an argument takes."""
        numbers = "a whole number" if least is None else f"a whole number from {least}"
        return cls(
            f"TimeMachine({name}={found!r}) cannot be: give {numbers}, or leave {name}= out."
        )

    @classmethod
    def no_marks(cls, marks: object) -> TimeMachineError:
        """Say how marks are given."""
        return cls(
            f"TimeMachine(marks={marks!r}) does not say what its marks stand for: give positions by name, "
            "such as marks={'invoices have read': view.checkpoint}."
        )

    @classmethod
    def no_such_mark(cls, name: object, at: object) -> TimeMachineError:
        """Name what stands in the place of a position."""
        return cls(
            f"the mark {name!r} was given {at!r} as its place: give a position, or a list of positions, such "
            "as marks={'invoices have read': view.checkpoint}."
        )

    @classmethod
    def no_path(cls, found: object) -> TimeMachineError:
        """Say where a page goes."""
        return cls(f"tm.save({found!r}) names no file: give a path, such as 'cards.html'.")

    @classmethod
    def no_words(cls, name: str, found: object) -> TimeMachineError:
        """Name the words of a page that are none."""
        return cls(
            f"tm.save({name}={found!r}) is no text that can be written to a page; nothing was saved. Give "
            "words, such as 'Gift cards', or leave it out."
        )

    @classmethod
    def not_saved(cls, path: Path, error: Exception) -> TimeMachineError:
        """Pass on what the system said."""
        said = getattr(error, "strerror", None) or error
        return cls(
            f"no page was saved as {str(path)!r}: {said}. What was there is as it was; see that the folder "
            "is there, may be written to, and has space left."
        )

    @classmethod
    def no_pin(cls) -> TimeMachineError:
        """Say how a moment is pinned."""
        return cls(
            "tm.diff() compares two pinned stops and nothing is pinned: press a and b in the time machine, "
            "or set tm.pins = (3, 17); with one pin the other moment is the current stop."
        )

    @classmethod
    def no_such_pins(cls, pins: object) -> TimeMachineError:
        """Say how two stops are pinned."""
        return cls(
            f"tm.pins = {pins!r} are no two stops: set a pair such as (3, 17), None where there is no pin."
        )

    @classmethod
    def no_filter(cls, only: object) -> TimeMachineError:
        """Say how a filter is set."""
        return cls(
            f"tm.only = {only!r} is no filter: set names by kind such as {{'types': ['CardLoaded']}}, or "
            "call tm.filter(types='CardLoaded')."
        )

    @classmethod
    def no_condition(cls, typed: object) -> TimeMachineError:
        """Say how a condition is written."""
        return cls(
            f"{typed!r} is no condition: write a field, a sign and a value, such as 'balance < 0' or "
            "'holder == Ana'."
        )

    @classmethod
    def no_event(cls) -> TimeMachineError:
        """Say where there is no event to leave out."""
        return cls(
            "tm.fork_without() leaves out the event at the current stop, and before the first there is none: "
            "go to a later step."
        )

    @classmethod
    def no_branch(cls) -> TimeMachineError:
        """Say how a branch is made."""
        return cls(
            "tm.futures() compares this log with tm.branch, and there is none yet: make one by tm.fork(), or "
            "by 'fork here' in the time machine."
        )

    @classmethod
    def no_such_sign(cls, sign: object, signs: Iterable[str]) -> TimeMachineError:
        """List the signs there are."""
        return cls(f"a condition cannot compare by {sign!r}: write one of {', '.join(signs)}.")

    @classmethod
    def no_such_field(cls, field: object, fields: Iterable[str]) -> TimeMachineError:
        """List the fields of the state."""
        return cls(f"the state has no field {field!r} to compare: it has {', '.join(fields)}.")

    @classmethod
    def not_comparable(cls, field: object, found: object, value: object) -> TimeMachineError:
        """Name the two kinds that do not compare."""
        return cls(
            f"the field {field!r} holds {found!r} ({type(found).__name__}), which does not compare with "
            f"{value!r} ({type(value).__name__}): give a value of its kind."
        )

    @classmethod
    def no_cut(cls, what: str) -> TimeMachineError:
        """Say why a log in order of occurrence has no cut at a stop."""
        return cls(
            f"{what} needs a cut by position, and this log is told in order of occurrence: open the time "
            "machine on the store, or on a cut by position= or recorded=."
        )

    @classmethod
    def no_fork(cls, log: object) -> TimeMachineError:
        """Say what can be forked."""
        return cls(
            f"tm.fork() needs a whole store, and this time machine looks at {log!r}: open it on the store, "
            "or call store.branch(at=tm.position)."
        )
