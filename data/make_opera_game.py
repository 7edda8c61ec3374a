"""Write a famous game of chess as events: `data/opera-game.csv`.

Paul Morphy against the Duke of Brunswick and Count Isouard, in a box of the Paris opera, 1858. The moves
are written here twice, as players note them and from square to square; the board that is kept beside
them tells which piece moved and what it took. Knows nothing of eventlab. Lesson 11 uses the result.

    python data/make_opera_game.py
"""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

TARGET = Path(__file__).with_name("opera-game.csv")
COLUMNS = [
    "stream",
    "type",
    "occurred_at",
    "actor",
    "san",
    "piece",
    "from",
    "to",
    "captured",
    "rook",
    "rook_from",
    "rook_to",
]
BEGIN = datetime(1858, 11, 2, 20, tzinfo=UTC)

WHITE, BLACK = "Paul Morphy", "Duke of Brunswick and Count Isouard"

BACK_RANK = "RNBQKBNR"

MOVES = """
e4 e2e4     e5 e7e5
Nf3 g1f3    d6 d7d6
d4 d2d4     Bg4 c8g4
dxe5 d4e5   Bxf3 g4f3
Qxf3 d1f3   dxe5 d6e5
Bc4 f1c4    Nf6 g8f6
Qb3 f3b3    Qe7 d8e7
Nc3 b1c3    c6 c7c6
Bg5 c1g5    b5 b7b5
Nxb5 c3b5   cxb5 c6b5
Bxb5+ c4b5  Nbd7 b8d7
O-O-O e1c1  Rd8 a8d8
Rxd7 d1d7   Rxd7 d8d7
Rd1 h1d1    Qe6 e7e6
Bxd7+ b5d7  Nxd7 f6d7
Qb8+ b3b8   Nxb8 d7b8
Rd8# d1d8
"""

CASTLING = {"e1c1": ("a1", "d1")}


def main():
    log = opera_game()
    write_csv(log, TARGET)
    print(f"{TARGET.name}: {len(log)} events")


def opera_game():
    """The set-up of the board, 33 moves, and the end, as rows."""
    board = {}
    log = [*set_up(board), *moves(board, MOVES.split()), {"type": "GameWon", "actor": WHITE}]
    minutes = [0] * 32 + list(range(1, len(log) - 31))  # the board is set up before the first move
    return [
        {"stream": "game-opera", "occurred_at": moment(minute)} | row
        for minute, row in zip(minutes, log, strict=True)
    ]


def moment(minute):
    return f"{BEGIN + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"


def set_up(board):
    """White's pieces are capitals, Black's are small, as in every chess program."""
    for rank, pieces in (
        ("1", BACK_RANK),
        ("2", "P" * 8),
        ("7", "p" * 8),
        ("8", BACK_RANK.lower()),
    ):
        for file, piece in zip("abcdefgh", pieces, strict=True):
            board[file + rank] = piece
            yield {"type": "PiecePlaced", "piece": piece, "to": file + rank}


def moves(board, words):
    for number, (san, squares) in enumerate(zip(words[::2], words[1::2], strict=True)):
        start, end = squares[:2], squares[2:]
        piece, captured = board.pop(start), board.get(end)
        is_white = number % 2 == 0
        # A slip in the list above moves nothing, or the other side's piece, or takes one's own.
        assert piece.isupper() == is_white, f"{san}: {piece} is not theirs to move"
        assert captured is None or captured.isupper() != is_white, f"{san} takes its own {captured}"
        assert ("x" in san) == (captured is not None), f"{san} takes {captured}"
        assert san[0] in (piece.upper(), start[0], "O"), f"{san} is no move of {piece}"
        board[end] = piece
        row = {"type": "PieceMoved", "actor": WHITE if is_white else BLACK, "san": san}
        row |= {"piece": piece, "from": start, "to": end, "captured": captured}
        yield row | castled(board, squares if san.startswith("O-O") else None)


def castled(board, squares):
    """The rook that goes along with the king."""
    if squares is None:
        return {}
    start, end = CASTLING[squares]
    board[end] = board.pop(start)
    return {"rook": board[end], "rook_from": start, "rook_to": end}


def write_csv(log, target):
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(log)


if __name__ == "__main__":
    main()
