"""A real game on the board, as the data's own page describes it."""

import re
from pathlib import Path

import pytest

import eventlab as el
from eventlab.renders import chess_board
from eventlab.widgets import TimeMachine

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def game():
    return el.read_table(
        DATA / "opera-game.csv",
        stream="stream",
        type="type",
        occurred_at="occurred_at",
        recorded_at="occurred_at",
        actor="actor",
    )


@pytest.fixture(scope="module")
def machine(game):
    written = (DATA / "README.md").read_text(encoding="utf-8")
    [recipe] = re.findall(r"    board = el\.Projection\(.*?\n    \)\n", written, re.DOTALL)
    found = {"el": el}
    exec("if True:\n" + recipe, found)
    return TimeMachine(game, found["board"], render=chess_board())


def marked(picture):
    return set(re.findall(r'class="[ld] m" title="(\w\w)', picture))


def test_a_move_marks_where_it_came_from_and_went_to(machine):
    assert marked(machine.html(33)) == {"e2", "e4"}
    assert 'title="e4 white pawn"' in machine.html(33)
    assert 'title="e2"' in machine.html(33)


def test_castling_marks_four_squares(machine):
    assert marked(machine.html(55)) == {"e1", "c1", "a1", "d1"}
    assert "O-O-O" in machine.html(55)


def test_the_board_ends_in_mate(machine):
    picture = machine.html(65)

    pieces = set(re.findall(r'title="(\w\d \w+ \w+)"', picture))
    assert len(pieces) == 20
    assert {"d8 white rook", "g5 white bishop", "e8 black king"} <= pieces
    assert "Rd8#" in picture


def test_the_whole_game_is_a_small_page(machine, tmp_path):
    assert (
        machine.save(tmp_path / "game.html").stat().st_size < 90_000
    )  # over half is script and sheet
