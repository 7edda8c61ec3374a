"""A JSON Lines file that holds each event exactly once, though the bus delivers at least once.

The file itself says how far it is: by its last complete line. So a process may die in any line; the next one
cuts off what is torn and goes on.
"""

from __future__ import annotations

import os
from pathlib import Path

from eventlab.checks import is_path
from eventlab.errors import ForeignTarget, InvalidTarget
from eventlab.outbox.linefile import LineFile
from eventlab.outbox.messages import SOURCE, Message
from eventlab.outbox.standing import Place, require_of_log, require_same_event
from eventlab.outbox.target import Target
from eventlab.store.log import Log


class JSONLines(Target):
    """A file with a line for every event of a consumer, in the order of the log, each exactly once.

    Parameters
    ----------
    path : str or path
        The file. It is made where there is none; its folder must be there.
    source : str
        What the messages say they come from; see `message`.

    Raises
    ------
    ForeignTarget
        When the consumer is registered, or later, and the file holds something else than events of this
        log: it is ahead of the log, say, as an older copy of the store was put in.

    Notes
    -----
    All lines are on the disk (fsync) before the consumer's checkpoint counts. A file belongs to one
    consumer. It may be moved away between two deliveries, and a new one begins. What others took out of it,
    ``bus.replay(name, start=…)`` brings back: behind its last line the file grows, and before it nothing is
    written twice. Source: JSON Lines, https://jsonlines.org.

    Examples
    --------
    >>> import tempfile, eventlab as el
    >>> from eventlab import outbox
    >>> store = el.EventStore(clock=lambda: "2026-03-01T12:00:00Z")
    >>> done = store.append(
    ...     "order-1", [el.Event("OrderPlaced", {"total": 20}), el.Event("OrderPaid")]
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bus, path = el.Bus(store), f"{folder}/orders.jsonl"
    ...     target = bus.consumer("partners")(outbox.json_lines(path))
    ...     handled = bus.deliver()
    ...     again = el.read_table(path, stream="subject", type="type", data="data")
    >>> [(event.stream, event.type, event.data) for event in again]
    [('order-1', 'OrderPlaced', {'total': 20}), ('order-1', 'OrderPaid', {})]
    """

    in_log_order = True

    def __init__(self, path: str | os.PathLike[str], *, source: str = SOURCE) -> None:
        super().__init__(source)
        self._given = _require_path(path)
        self.path = Path(self._given).absolute()
        self._file: LineFile | None = None

    def begin(self, log: Log) -> None:
        """Refuse a file that holds something else than events of this log."""
        super().begin(log)
        last = self._open().last
        self._close()
        if last is not None:
            require_of_log(str(self.path), last, self.source, log)

    def flush(self) -> None:
        """Have all lines on the disk."""
        if self._file is not None:
            try:
                self._file.keep()
            finally:
                self._close()

    def send(self, told: Message) -> None:
        """Write a message behind the last one, or see that it is there."""
        try:
            self._write(self._open(), told)
        except Exception:
            self._close()  # what is in the file now is found when it is opened again
            raise

    def _write(self, file: LineFile, told: Message) -> None:
        place = Place.of(told)
        if file.last is None or Place.of(file.last) < place:
            file.append(told)
            return
        found = file.find(place)
        if found is None:
            raise ForeignTarget.overtaken(str(self.path), told, file.last)
        require_same_event(str(self.path), found, told)

    def _open(self) -> LineFile:
        if self._file is None:
            self._file = LineFile(self.path)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def __repr__(self) -> str:
        return f"outbox.json_lines({self._given!r})"


def _require_path(found: object) -> str:
    if not is_path(found):
        raise InvalidTarget.path(found)
    return os.fspath(found)
