"""A slider over the past: the widget.

Binds what the pure modules make: `reading` reads the log, `scenes` and `fragments` show a step,
`flipbook` packs the steps, and the ``script`` turns the pages, here and in a saved page. Its verbs stand
where their question is answered: `slider`, `moves`, `pins`, `forks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import index
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from eventlab.checks import is_integer, is_text
from eventlab.errors import EventLabError, TimeMachineError
from eventlab.widgets import answers
from eventlab.widgets.axis import Axis
from eventlab.widgets.flipbook import deflated
from eventlab.widgets.forks import Forks
from eventlab.widgets.moves import Moves
from eventlab.widgets.page import page, put
from eventlab.widgets.past import past_of
from eventlab.widgets.pins import Pins
from eventlab.widgets.plaintext import plain
from eventlab.widgets.plaintext import title as title_of
from eventlab.widgets.reading import Log, Projection
from eventlab.widgets.script import script, style
from eventlab.widgets.views import Render


class TimeMachine(Moves, Pins, Forks):
    """A slider over a log: the state behind any event, what changed, and the event that did it.

    Move it with the mouse, the arrow keys (one step), page up and page down (a tenth of the way),
    home and end; space plays, with pauses that are all the same or as long as those between the events.
    The keys r and t go to the event of this type before and after, j and k to that of this key; in the
    field you type a step, a position such as #17 or a time such as 17:30. The key ? lists them all. It
    shows the same in a notebook, in a page made by `save`, and as plain text and HTML where no widget
    can live.

    Parameters
    ----------
    log : Log
        A store or any cut of one. A log cut by ``occurred=`` is told in order of occurrence.
    projection : Fold, Projection or callable
        What the state is. Any function log → DataFrame with one row per key will do; it is called
        once at every stop, so it has at most 500 stops unless you say otherwise.
    key : optional
        Look at this one key: its fields one below the other, and only events that touch it as
        stops. Without, the rows of all keys; beyond `rows` of them, those changed last come first.
    render : callable, optional
        Draws the state in place of the table: ``render(state, event)`` returns HTML or SVG, which
        is trusted as it is, so escape what comes from the log. With a key, ``state`` is a dict of
        its fields, or None while it does not exist; without, it holds such a dict for every key.
        At step 0 ``event`` is None. An error in it is shown at its step, and the slider goes on.
    step : int, optional
        Where to begin; left out, at the end: the present.
    max_steps : int, optional
        At most so many stops, evenly spread; the picture says so. Left out, every event is a stop: a
        whole log of more than 3,000 events is fetched from the kernel a piece at a time, as the
        slider moves, which `el.Snapshots` makes quick however long the log is. Where that cannot be
        (with a ``key`` or ``render``, in order of occurrence, where keys are not streams, or where
        upcasters make several events of one) there are at most 3,000 stops, and 500 for a plain function.
    rows : int, optional
        Rows of a whole log that are seen at once.
    marks : dict, optional
        Places to be seen on the strip under the slider, by what they stand for: a position or several,
        such as ``{"invoices have read": view.checkpoint}``. Snapshots of an `el.Snapshots`, and the point
        where a branch leaves its parent, are there by themselves.
    axis : {"position", "occurred", "recorded"}, optional
        What the track under the slider is divided by: equally between the events, or by one of the two
        clocks. Idle months are drawn narrow there, with a break and their length.

    Attributes
    ----------
    step : int
        The current stop: 0 is the past before the first event. Set it, observe it, or ``jslink`` it.
        A number beyond either end stops at that end.
    pins : tuple
        Two stops to be laid side by side, set by the keys a and b or from Python; None where there is no
        pin. With one pin the other moment is the current stop.
    axis : str
        What the track is divided by, and which clock the list of events, play in time and a time that is
        typed go by: ``"recorded"``, or in all other cases when things occurred.
    only : dict
        The filter, as `filter` sets it: names by ``types``, ``streams`` and ``actors``.
    last : int
        The last step.
    position : int
        Position of the event behind the current stop; 0 at step 0.
    event : RecordedEvent or None
        That event.
    branch : Branch or None
        What `fork` made last, or 'fork here' in the time machine; `futures` compares it with this log.
    told : str
        What the last move had to say.
    replayed : int
        How many events the last move folded: none where its stop was at hand. Of a long log a jump folds the
        streams in sight, and with `el.Snapshots` of their events only those behind the last snapshot.

    Raises
    ------
    TimeMachineError
        When the log is no log, the projection no projection, no event ever touched the key, or another
        argument is none of what it may be.
    """

    _esm = script()
    _css = style()

    def __init__(
        self,
        log: Log,
        projection: Projection,
        key: Any = None,
        *,
        render: Render | None = None,
        step: int | None = None,
        max_steps: int | None = None,
        rows: int = 15,
        marks: Mapping[str, int | Iterable[int]] | None = None,
        axis: Axis = "position",
    ) -> None:
        _require_whole("rows", rows, least=1)
        for name, number, least in (("step", step, None), ("max_steps", max_steps, 1)):
            if number is not None:
                _require_whole(name, number, least)
        past = past_of(
            log,
            projection,
            key,
            render=render,
            step=step,
            max_steps=max_steps,
            rows=rows,
            marks={} if marks is None else marks,
        )
        super().__init__(past, step, axis)
        self.on_msg(lambda _, asked, __: self._answer(asked))

    def frame(self, step: int | None = None) -> pd.DataFrame:
        """Return the state at a stop (the current one): of the key, or of all keys where none was named."""
        return self._past.state(self._require(step))

    def html(self, step: int | None = None) -> str:
        """Return the picture of a stop (the current one): plain tables, the same every time."""
        step = self._require(step)
        return self._past.pages_at(step).html(step)

    def text(self, step: int | None = None) -> str:
        """Return a stop (the current one) as plain text, the same every time."""
        step = self._require(step)
        pages = self._past.pages_at(step)
        return plain(pages.reading, pages.scene(step))

    def save(
        self, path: str | PathLike[str], title: str | None = None, *, caption: str = ""
    ) -> Path:
        """Write one page that slides, plays and compares two stops, with no kernel and no network.

        It opens at the current stop with the current pins, axis and filter, has a `caption` below its title,
        reads without JavaScript too, and asks no one for anything. Of a long log it has 500 stops, evenly
        spread, the current one and the pins among them, and says so: at each is kept what can be seen there.
        To compare other stops than those two takes every row, and so a kernel.

        Raises
        ------
        TimeMachineError
            When there can be no such file, or no such words in it; a page that was there is as it was.
        """
        target = _require_path(path)
        _require_words(title="" if title is None else title, caption=caption)
        there = [pin for pin in self.pins if pin is not None]
        pages, tracks, steps = self._past.kept([self.step, *there])
        step = steps.index(self.step)
        written = page(
            title or title_of(pages.reading),
            pages.packed(pages.last),
            deflated(tracks),
            pages.html(step),
            caption=caption,
            step=step,
            pins=[pin if pin is None else steps.index(pin) for pin in self.pins],
            difference=self.difference,
            axis=self.axis,
            only=self.only,
        )
        try:
            put(written, target)
        except (OSError, ValueError) as error:
            raise TimeMachineError.not_saved(target, error) from error
        return target

    def __repr__(self) -> str:
        return (
            f"<TimeMachine {title_of(self._past.pages.reading)}, step {self.step} of {self.last}>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view, and beside it text and HTML for where there is none."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return data | {"text/plain": self.text(), "text/html": self.html()}, metadata

    def _answer(self, asked: dict[str, Any]) -> None:
        """Do what a browser asks that has no more than a window of the stops, and tell what came of it."""
        self.told = ""  # the same words twice are to be heard twice
        try:
            self.told = answers.answer(self, asked)
        except EventLabError as error:
            self.told = str(error)


def _require_path(found: Any) -> Path:
    if not isinstance(found, str | PathLike):
        raise TimeMachineError.no_path(found)
    return Path(found)


def _require_words(**texts: object) -> None:
    for name, found in texts.items():
        if not is_text(found):
            raise TimeMachineError.no_words(name, found)


def _require_whole(name: str, found: Any, least: int | None) -> None:
    """Refuse what is no whole number, or too small a one."""
    if not is_integer(found) or (least is not None and index(found) < least):
        raise TimeMachineError.no_whole_number(name, found, least)
