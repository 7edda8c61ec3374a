"""A chess board: squares and pieces, and which of them the last move touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventlab.event import RecordedEvent
from eventlab.renders.options import NAME, or_none, require_options
from eventlab.renders.parts import style
from eventlab.widgets.markup import word
from eventlab.widgets.shown import signs
from eventlab.widgets.values import known

FILES, RANKS = "abcdefgh", "87654321"

AS_TEXT = "\ufe0e"
"""Stands behind a piece, else some systems draw the black pawn as a coloured picture."""

PIECES = dict(zip("KQRBNPkqrbnp", "♔♕♖♗♘♙♚♛♜♝♞♟", strict=True))

NAMES = {
    piece: f"{colour} {name}"
    for colour, pieces in (("white", "♔♕♖♗♘♙"), ("black", "♚♛♜♝♞♟"))
    for piece, name in zip(
        pieces, ["king", "queen", "rook", "bishop", "knight", "pawn"], strict=True
    )
}


@dataclass(frozen=True)
class chess_board:  # noqa: N801 - said like a verb, as `functools.partial` is
    """A board of 8 × 8, labelled a to h and 1 to 8, the squares that this step touched marked.

    The state says what stands where: ``{"e4": "♙"}`` or ``{"e4": "P"}`` (capitals are White), or a row for
    each square with the piece in a field. An empty square is absent, or its piece is missing. Where the state
    remembers nothing, the payload's ``from`` and ``to`` say what was touched.

    Parameters
    ----------
    field : str
        The field of a row that holds the piece.
    move : str, optional
        The payload field with the move as players write it, such as ``Rd8#``; it goes below the board.
    flip : bool
        Look from Black's side.

    Examples
    --------
    >>> board = chess_board()
    >>> picture = board({"e4": {"piece": "♙"}}, None)
    >>> 'title="e4 white pawn"' in picture
    True
    """

    field: str = "piece"
    move: str | None = "san"
    flip: bool = False

    def __post_init__(self) -> None:
        require_options(self, field=NAME, move=or_none(NAME))

    def __call__(self, state: Any, event: RecordedEvent | None) -> str:
        """Return the board at one step."""
        pieces = self._pieces(state or {})
        touched = set(signs(state)) or _from_and_to(event)
        files, ranks = (FILES[::-1], RANKS[::-1]) if self.flip else (FILES, RANKS)
        rows = "".join(_rank(rank, files, pieces, touched) for rank in ranks)
        letters = "".join(f"<th>{letter}</th>" for letter in files)
        return (
            f'{_STYLE}<table class="el-chess"><caption>{self._caption(event)}</caption>\n'
            f"{rows}<tr><td></td>{letters}</tr></table>\n"
        )

    def _pieces(self, state: Mapping[Any, Any]) -> dict[str, str]:
        stands = {
            str(square): known(row.get(self.field) if isinstance(row, Mapping) else row)
            for square, row in state.items()
        }
        return {square: PIECES.get(piece, str(piece)) for square, piece in stands.items() if piece}

    def _caption(self, event: RecordedEvent | None) -> str:
        if event is None or self.move is None or self.move not in event.data:
            return "&nbsp;"
        return word(event.data[self.move])


def _rank(rank: str, files: str, pieces: Mapping[str, str], touched: set[str]) -> str:
    squares = "".join(_square(f + rank, pieces.get(f + rank), f + rank in touched) for f in files)
    return f"<tr><th>{rank}</th>{squares}</tr>\n"


def _square(name: str, piece: str | None, touched: bool) -> str:
    dark = (FILES.index(name[0]) + int(name[1])) % 2 == 1
    kind = ("d" if dark else "l") + (" m" if touched else "")
    if piece is None:
        shown, what = '<span class="o">·</span>', ""
    else:
        shown = f"{piece}{AS_TEXT}" if piece in NAMES else word(piece)
        what = f" {NAMES.get(piece) or word(piece)}"
    return f'<td class="{kind}" title="{name}{what}">{shown}</td>'


def _from_and_to(event: RecordedEvent | None) -> set[str]:
    payload = {} if event is None else event.data
    return {str(payload[end]) for end in ("from", "to") if end in payload}


_STYLE = style(
    """
    table.el-chess.el-chess { border-collapse: collapse; width: auto; line-height: 1; }
    table.el-chess.el-chess tr { background: none; }
    table.el-chess.el-chess :is(td, th) {
      width: 40px; height: 40px; padding: 0; border: 0; text-align: center; vertical-align: middle;
      font-weight: 400; }
    table.el-chess.el-chess th { width: 24px; height: 24px; font-size: 12px; opacity: 0.7; }
    table.el-chess.el-chess td[title] {
      font: 32px/40px "DejaVu Sans", "Segoe UI Symbol", "Apple Symbols", "Noto Sans Symbols2", sans-serif;
      color: #000; }
    table.el-chess.el-chess td.l { background: #f2e3c6; }
    table.el-chess.el-chess td.d { background: #c19a6b; }
    table.el-chess.el-chess td.m { box-shadow: inset 0 0 0 3px #0072b2; }
    table.el-chess.el-chess .o { color: transparent; }
    table.el-chess.el-chess caption {
      padding: 0 0 6px 28px; text-align: left; font-size: 18px; color: inherit; }
    """
)
