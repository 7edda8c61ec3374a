"""Cuts, branches and SQL that make no sense of a log."""

from __future__ import annotations

from collections.abc import Iterable

from eventlab.errors.family import EventLabError, short, shortened


class InvalidCut(EventLabError, ValueError):
    """A cut of the log was described in a way that has no meaning."""

    @classmethod
    def no_correlation(cls, found: object) -> InvalidCut:
        """Say what names a conversation."""
        return cls(
            f"trace({short(found)}) was given no valid text: give the text that the events share as "
            "their correlation_id, such as 'order-7'."
        )


class InvalidBranch(EventLabError, ValueError):
    """A branch was described in a way that has no meaning; nothing was made."""

    @classmethod
    def no_position(cls, role: str, position: object, first: int, last: int) -> InvalidBranch:
        """Give the positions there are."""
        there = f"positions {first:,} to {last:,}" if last >= first else "no position at all"
        return cls(
            f"branch({role}=…) was given {short(position)}, and here it can name {there}: positions are "
            "whole numbers of the store you branch, and none may be beyond at=."
        )

    @classmethod
    def not_positions(cls, found: object) -> InvalidBranch:
        """Say what drop can be."""
        return cls(
            f"branch(drop=…) was given {short(found)}, a {type(found).__name__}: give positions, such as "
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
            f"edit of position {short(position)} is {short(found)}, a {type(found).__name__}: give the "
            "payload fields that change, such as {'amount': 5}, or an el.Event to stand in its place."
        )

    @classmethod
    def no_insertion(cls, position: object, found: object) -> InvalidBranch:
        """Say what can be inserted."""
        return cls(
            f"insert after position {short(position)} is {short(found)}: give a stream and its event, or "
            "events, such as ('card-7', el.Event('CardLoaded', {'amount': 5})), or a list of such pairs."
        )

    @classmethod
    def dropped_and_edited(cls, position: int) -> InvalidBranch:
        """Name the position that is in both."""
        return cls(f"position {position:,} is both dropped and edited: do one of the two.")

    @classmethod
    def shown_as(cls, position: int, events: int) -> InvalidBranch:
        """Say that upcasters make several events of one, or none, and what to do instead."""
        shown = f"{events} events" if events else "no event"
        return cls(
            f"edit of position {position:,} has no one event to change: upcasters show {shown} there. Drop "
            "the position and insert what happened instead: "
            f"drop=[{position}], insert={{{position - 1}: ('card-7', [el.Event(…)])}}."
        )

    @classmethod
    def cannot_be_stored(cls, position: int, reason: Exception) -> InvalidBranch:
        """Say where an edit cannot be stored, and why."""
        return cls(f"edit of position {position:,} cannot be stored: {reason}")


class SQLError(EventLabError):
    """A query over the log was refused or failed; nothing was changed."""

    @classmethod
    def no_text(cls, found: object) -> SQLError:
        """Say what a query is."""
        return cls(
            f"log.sql({short(found)}) was given no valid text: write a SELECT, such as "
            "'select type, count(*) from events group by all'."
        )

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

    @classmethod
    def failed_over_rows(cls, query: str, reason: str, columns: Iterable[str]) -> SQLError:
        """Quote what DuckDB said of a query over the rows of a read model."""
        return cls(
            f"the query could not be run over this read model: {reason.strip()}\n"
            f"query: {query.strip()}\n"
            f"The table is called read_model; its columns are {', '.join(columns)}."
        )


class BrokenPayload(EventLabError, ValueError):
    """The payload of a stored event is no object, so it has no fields: something else wrote it."""

    def __init__(self, type: str, position: int, found: str) -> None:
        super().__init__(
            f"the payload of the {type!r} at position {position:,} is {shortened(found)}, which is no object "
            "with named fields: something else than eventlab wrote it. store.verify() lists all such events, "
            "and store.branch(drop=[…]) is a history without them."
        )
        self.position = position
