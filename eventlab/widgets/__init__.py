"""Look at a log in a notebook, on a slide, on a page that needs neither.

A `TimeMachine` is a slider over the past::

    from eventlab.widgets import TimeMachine

    tm = TimeMachine(log, cards, key="card-7")  # the last line of a cell shows it
    tm.frame(17)  # the state behind stop 17, as a DataFrame
    tm.save("cards.html")  # slides and plays with no kernel and no network

What it shows is a pure function of the log and the step, made in Python: ``reading`` reads log and
projection once, ``scenes`` says what is to be seen at each stop, ``fragments`` writes it as HTML,
``flipbook`` keeps what is shared between steps only once. The browser turns pages and computes
nothing.
"""

from eventlab.widgets.timemachine import TimeMachine

__all__ = ["TimeMachine"]
