"""Does it work an answer out once, and hold no more than it should?"""

import pytest

from eventlab import remembered
from eventlab.remembered import Remembered


def test_an_answer_is_worked_out_once():
    asked, lengths = [], Remembered()

    def length(text):
        asked.append(text)
        return len(text)

    assert [lengths.of(text, lambda text=text: length(text)) for text in ("a", "bc", "a")] == [
        1,
        2,
        1,
    ]
    assert asked == ["a", "bc"]


def test_what_fails_is_tried_again():
    ratios = Remembered()
    with pytest.raises(ZeroDivisionError):
        ratios.of("1 / 0", lambda: 1 / 0)

    assert ratios.of("1 / 0", lambda: 7) == 7


def test_it_begins_afresh_when_it_is_full(monkeypatch):
    monkeypatch.setattr(remembered, "MOST", 3)
    lengths = Remembered()

    held = []
    for text in ("a", "b", "c", "d", "e"):
        lengths.of(text, lambda: 1)
        held.append(list(lengths))

    assert held == [["a"], ["a", "b"], ["a", "b", "c"], ["d"], ["d", "e"]]
