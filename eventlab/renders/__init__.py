"""Ways to draw a state: what ``TimeMachine(log, projection, render=…)`` takes.

Each is made with a few words and then called with a state and an event; it returns HTML that is a pure
function of the two, escaped, without JavaScript, and readable as text where there is no CSS::

    from eventlab.renders import chess_board
    from eventlab.widgets import TimeMachine

    TimeMachine(game, squares, render=chess_board())

- `table`: the columns you choose, in the format you choose
- `card`: the fields of one key, or a card for every key
- `strip`: a bar for every key, all on one scale; a list of numbers becomes a line
- `chess_board`: squares and pieces, the last move marked
- `file_tree`: paths as a tree, what was added, changed and removed marked
- `airport_board`: departures, as they hang in the hall
- `queue_board`: what lies before the consumers of a bus, as an `eventlab.bus.Recording` tells it

One is a whole time machine: `version_lanes(store)` shows what is stored, and what today's code reads of it.

Your own is a function. What it draws must be escaped where it comes from the log, and `signs` tells what
this step did (``+`` appeared, ``~`` changed, ``−`` vanished), if you want to mark it:

>>> from html import escape
>>> from eventlab.renders import signs
>>> def names(state, event):
...     marks = signs(state)
...     items = (f"<li>{marks.get(key, '')} {escape(str(key))}</li>" for key in state)
...     return f"<ul>{''.join(items)}</ul>"
>>> names({"card-7": {"balance": 20}}, None)
'<ul><li> card-7</li></ul>'

Lines that stay the same from step to step are kept once, so a drawing with a line per row makes a small page.
"""

from eventlab.renders.airport import airport_board
from eventlab.renders.cards import card
from eventlab.renders.chess import chess_board
from eventlab.renders.lanes import version_lanes
from eventlab.renders.queues import queue_board
from eventlab.renders.strips import strip
from eventlab.renders.tables import table
from eventlab.renders.trees import file_tree
from eventlab.widgets.shown import Shown, signs

__all__ = [
    "table",
    "card",
    "strip",
    "chess_board",
    "file_tree",
    "airport_board",
    "version_lanes",
    "queue_board",
    "Shown",
    "signs",
]
