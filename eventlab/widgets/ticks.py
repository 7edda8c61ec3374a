"""What makes a track of time readable: where it begins and ends, and where it leaves out an idle pause.

A pause is drawn as a break through all lanes, with its length above it where there is room, and as its
tooltip always. Pure.
"""

from __future__ import annotations

from datetime import datetime

from eventlab.widgets.axis import Axis, Gap, Scale
from eventlab.widgets.stops import moment_at
from eventlab.widgets.strip import Track
from eventlab.widgets.values import moment

ROOM = 0.14
"""The part of the track that a text takes on a narrow screen."""


def timed(drawn: Track, axis: Axis, scale: Scale) -> Track:
    """Return a track with its idle pauses and its first and last time."""
    if not scale.gaps and len(scale.times) < 2:
        return drawn
    first, last = ends(moment_at(scale.times[0]), moment_at(scale.times[-1]))
    dates = f'<span class="tm-dates"><span>{first}</span><span>{last}</span></span>'
    name = f'<span class="tm-axis">{axis}</span>'
    idle = "; ".join(f"{gap.words} without events" for gap in scale.gaps)
    said = "; ".join(filter(None, [drawn.label, f"{axis} from {first} to {last}", idle]))
    if not scale.gaps:
        return Track(drawn.names + name, drawn.lanes + dates, said)
    names = f'<span class="tm-axis">idle</span>{drawn.names}{name}'
    breaks = "".join(map(_break, scale.gaps))
    return Track(names, f"{_words(scale.gaps)}{drawn.lanes}{breaks}{dates}", said)


def ends(first: datetime, last: datetime) -> tuple[str, str]:
    """Return the first and the last time: as days where they are far apart, otherwise to the second.

    >>> ends(datetime(2013, 1, 1, 17, 30), datetime(2013, 1, 1, 18))
    ('2013-01-01 17:30', '2013-01-01 18:00')
    >>> ends(datetime(2013, 1, 1, 17, 30), datetime(2013, 12, 31))
    ('2013-01-01', '2013-12-31')
    """
    if (last - first).days >= 7:
        return first.date().isoformat(), last.date().isoformat()
    return moment(first.replace(microsecond=0)), moment(last.replace(microsecond=0))


def labelled(gaps: list[Gap]) -> list[Gap]:
    """Return the pauses whose text has room: the texts do not overlap, and earlier ones come first."""
    found: list[Gap] = []
    for gap in gaps:
        if not found or _middle(gap) - _middle(found[-1]) >= ROOM:
            found.append(gap)
    return found


def _words(gaps: list[Gap]) -> str:
    """Return a row with the length of each pause above its break."""
    texts = "".join(
        f'<span style="left:{_middle(gap):.2%}">{gap.words}</span>' for gap in labelled(gaps)
    )
    return f'<span class="tm-idle">{texts}</span>'


def _middle(gap: Gap) -> float:
    """Return where the text of a pause stands, away from the ends of the track."""
    return min(max((gap.low + gap.high) / 2, ROOM / 2), 1 - ROOM / 2)


def _break(gap: Gap) -> str:
    return (
        f'<i class="tm-gap" title="{gap.words} without events" '
        f'style="left:{gap.low:.2%};width:{gap.high - gap.low:.2%}"></i>'
    )
