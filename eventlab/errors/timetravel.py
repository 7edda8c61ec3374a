"""Questions about the past that have no answer."""

from __future__ import annotations

from collections.abc import Iterable

from eventlab.errors.family import EventLabError, short


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
    def no_log(cls, asked: str, found: object) -> InvalidQuestion:
        """Name what stands in the place of a log."""
        return cls(
            f"{asked} was asked about a {type(found).__name__}, and the past is in a log: give a store or a "
            "cut of one, such as store.until(position=17); el.read_table() turns a table into a store."
        )

    @classmethod
    def rows(cls, found: object) -> InvalidQuestion:
        """Say what a number of rows is."""
        return cls(f"rows={short(found)} is no number of rows: give a whole number from 0.")

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
    def no_names(cls, role: str, found: object) -> InvalidQuestion:
        """Say how one or several are named."""
        return cls(
            f"asof({role}={short(found)}) names nothing: give one name as text, or several in a list."
        )

    @classmethod
    def no_rows(cls, found: object) -> InvalidQuestion:
        """Name what stands in the place of a frame."""
        return cls(
            f"asof(log, frame) was given a {type(found).__name__} as its frame: give a DataFrame whose rows "
            "carry a time and a key."
        )

    @classmethod
    def no_key(cls, column: str, row: object, found: object) -> InvalidQuestion:
        """Name the row whose key is none."""
        return cls(
            f"column {column!r} holds {short(found)} in row {row!r}, and no key is a "
            f"{type(found).__name__}: give one key in each row, as frame.explode({column!r}) does with lists."
        )

    @classmethod
    def no_prefix(cls, found: object) -> InvalidQuestion:
        """Say what goes before a name."""
        return cls(
            f"asof(prefix={short(found)}) is no valid text: give one such as prefix='then_'."
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
    def no_projection(cls, found: object) -> InvalidQuestion:
        """Say what gives the outcome of a log."""
        return cls(
            f"compare(…, {short(found)}) names no way to read the two logs: give an el.Fold, an "
            "el.Projection or any function log -> DataFrame with one row per key."
        )

    @classmethod
    def columns_of_one_name(cls, where: str, name: object) -> InvalidQuestion:
        """Name the column that is there twice."""
        return cls(
            f"{where} has more than one column {name!r}, and they cannot be told apart: rename one first."
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
    def no_cuts(cls, at: object) -> InvalidQuestion:
        """Say that several cuts are a list, even if it is one."""
        return cls(
            f"panel(at={at!r}) is no list of cuts: give panel(at=[{at!r}]), or more of them."
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
