"""`read_table`: a table of events, one per row, from a file, a frame or a list of dicts.

This is the front door for everybody's own data; which column is what is all that has to be said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from eventlab.errors import BadRow, ImportFailed, NoSuchFile, UnreadableFile
from eventlab.errors.family import short
from eventlab.importers.csv_file import CSVFile
from eventlab.importers.files import File
from eventlab.importers.json_lines import JSONLinesFile
from eventlab.importers.parquet_file import ParquetFile
from eventlab.store import EventStore
from eventlab.store.columns_in import PAYLOAD, Roles
from eventlab.store.frame_table import FrameTable
from eventlab.store.staged_table import StagedTable

FORMATS: dict[str, type[File]] = {
    ".csv": CSVFile,
    ".tsv": CSVFile,
    ".csv.gz": CSVFile,
    ".tsv.gz": CSVFile,
    ".jsonl": JSONLinesFile,
    ".ndjson": JSONLinesFile,
    ".json": JSONLinesFile,
    ".jsonl.gz": JSONLinesFile,
    ".ndjson.gz": JSONLinesFile,
    ".json.gz": JSONLinesFile,
    ".parquet": ParquetFile,
}


def read_table(
    source: str | os.PathLike[str] | pd.DataFrame | list[Mapping[str, Any]],
    *,
    stream: str,
    type: str,
    occurred_at: str | None = None,
    recorded_at: str | None = None,
    actor: str | None = None,
    reason: str | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
    event_id: str | None = None,
    data: str | None = None,
    schema: str | int | None = None,
    into: EventStore | None = None,
) -> EventStore:
    r"""Return a store with an event for every row of a table, in the order of the rows.

    Parameters
    ----------
    source : path, DataFrame or list of dicts
        A file in CSV (``.csv``, ``.tsv``) or JSON Lines (``.jsonl``, ``.ndjson``, or ``.json`` with an array
        of objects), each also with ``.gz``, or in Parquet; a frame; or dicts.
    stream, type : str
        The columns with the stream's name and the event's type.
    occurred_at, recorded_at : str, optional
        Columns with times, UTC where they name no zone. Times of recording must not step back.
        Left out: an event occurred when it was recorded, and is recorded now, so that whoever asks what was
        known (``until(recorded=…)``, ``asof``) finds nothing of it before.
    actor, reason, correlation_id, causation_id, event_id : str, optional
        Columns for the envelope. With ``event_id`` the same table again writes nothing.
    data : str, optional
        The column with the payload: JSON text, dicts or a structure; other columns are left aside then.
        Left out: every column that was not named becomes a payload field.
    schema : str or int, optional
        The column with the shape of each payload, or the shape of all of them: 1 where all rows are old and
        the store to fill has upcasters. Left out, or missing: today's.
    into : EventStore, optional
        The store to fill. Left out: a new one in memory.

    Returns
    -------
    EventStore
        ``into``, or the new store. All rows are in it, or none.

    Raises
    ------
    MissingColumn
        When a column named does not exist; the sentence lists those there are.
    ImportFailed
        When the file cannot be read, or a row cannot become an event.
    DuplicateEventError
        When an event id is taken by anything but the same rows.

    Notes
    -----
    Values are kept as they are. A missing cell is an absent field: an empty one in CSV, NaN or None in a
    frame, NULL in Parquet, also as a field of a structure. What is written out stays: ``null`` in JSON, None
    in a list. CSV knows text only, so there a column becomes integers, numbers or booleans if every cell of
    it can be, with nothing lost: ``007`` stays text.

    Dates, decimals and bytes, which JSON has no values for, become exact text, also inside lists and
    structures: ``2026-01-31``, ``2.50``, base64. What else JSON cannot hold is refused by its field, such as
    an integer beyond 64 bits, a set, or a map whose keys are no text.

    A file of any size needs the memory of a quarter of a million rows, besides what the store needs for its
    keys until all rows are in (about 50 MB for each million), and room for a copy among the temporary files.

    Examples
    --------
    >>> import eventlab as el
    >>> rows = [
    ...     {"card": "card-7", "kind": "CardLoaded", "ts": "2026-01-05T10:00+01:00", "amount": 20},
    ...     {"card": "card-7", "kind": "CardRedeemed", "ts": "2026-01-09", "amount": 5},
    ... ]
    >>> store = el.read_table(rows, stream="card", type="kind", occurred_at="ts")
    >>> store.events(expand=True)[["stream", "version", "type", "occurred_at", "amount"]]
       stream  version          type               occurred_at  amount
    0  card-7        1    CardLoaded 2026-01-05 09:00:00+00:00      20
    1  card-7        2  CardRedeemed 2026-01-09 00:00:00+00:00       5

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     size = path.write_text("card,kind,amount\ncard-8,CardLoaded,30\n")
    ...     store = el.read_table(path, stream="card", type="kind", into=store)
    >>> store.streams()[["stream", "events"]]
       stream  events
    0  card-7       2
    1  card-8       1
    """
    roles = Roles(
        stream=stream,
        type=type,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        actor=actor,
        reason=reason,
        correlation_id=correlation_id,
        causation_id=causation_id,
        event_id=event_id,
        data=data,
        schema=schema,
    )
    require_store(into)
    store = EventStore() if into is None else into
    if isinstance(source, str | os.PathLike):
        file = _file(Path(source).expanduser(), roles)
        with StagedTable(file) as table:
            store.load(table, file.staged_roles)
    elif isinstance(source, list):
        store.load(*_dicts(source, roles))
    elif isinstance(source, pd.DataFrame):
        store.load(FrameTable(source, roles), roles)
    else:
        raise ImportFailed(
            f"{short(source)} is a {source.__class__.__name__}, not a table: give the path of a file, a "
            "DataFrame or a list of dicts."
        )
    return store


def require_store(into: object) -> None:
    """Refuse what cannot be filled."""
    if into is not None and not isinstance(into, EventStore):
        raise ImportFailed(
            f"into={short(into)} is a {into.__class__.__name__}, not a store: give an el.EventStore(…), "
            "or leave it out for a new one in memory."
        )


def _file(path: Path, roles: Roles) -> File:
    """Return the file as its ending says it is to be read, or say why it cannot be."""
    if not os.path.exists(path):  # noqa: PTH110  # Path's own fails for a name that is too long
        raise NoSuchFile.seen_from(path, Path.cwd())
    if path.is_dir():
        raise UnreadableFile.folder(path)
    ending = "".join(path.suffixes).lower()
    known = next((known for known in FORMATS if ending.endswith(known)), None)
    if known is None:
        raise UnreadableFile.unknown_ending(path, FORMATS)
    if path.stat().st_size == 0:
        raise UnreadableFile.empty(path)
    return FORMATS[known](path, roles)


def _dicts(rows: list[Mapping[str, Any]], roles: Roles) -> tuple[FrameTable, Roles]:
    """Return dicts as a frame with a column for each name that was given, and one of payloads."""
    for row, found in enumerate(rows, start=1):
        if not isinstance(found, Mapping):
            raise BadRow.no_object(row, found)
    if rows:
        roles.require_in(dict.fromkeys(key for row in rows for key in row))
    columns = {key: [row.get(key) for row in rows] for key in roles.names()}
    if roles.data is None:
        roles = replace(roles, data=PAYLOAD)
        columns[PAYLOAD] = [{k: v for k, v in row.items() if k not in columns} for row in rows]
    return FrameTable(pd.DataFrame(columns, dtype=object), roles), roles
