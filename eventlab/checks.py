"""What is asked of arguments again and again; the sentence of refusal is the caller's."""

from __future__ import annotations

import os
from typing import SupportsIndex, TypeGuard


def is_unicode(text: str) -> bool:
    r"""Tell whether no half of a surrogate pair stands alone in a text, which no file could hold.

    Examples
    --------
    >>> is_unicode("card-é"), is_unicode("card-\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_text(found: object) -> TypeGuard[str]:
    """Tell whether this is text that a store can hold.

    Examples
    --------
    >>> is_text("card-7"), is_text(b"card-7"), is_text(None)
    (True, False, False)
    """
    return isinstance(found, str) and is_unicode(found)


def is_word(found: object) -> TypeGuard[str]:
    r"""Tell whether this is text that the system, or another program, can be told.

    Examples
    --------
    >>> is_word("main"), is_word("ma\0in")
    (True, False)
    """
    return is_text(found) and "\0" not in found


def is_path(found: object) -> TypeGuard[str | os.PathLike[str]]:
    r"""Tell whether this can name a file.

    Examples
    --------
    >>> is_path("cards.duckdb"), is_path(b"cards.duckdb"), is_path("cards\0"), is_path("")
    (True, False, False, False)
    """
    path = os.fspath(found) if isinstance(found, os.PathLike) else found
    return is_word(path) and path != ""


def is_integer(found: object) -> TypeGuard[SupportsIndex]:
    """Tell whether this is a whole number, of Python or of NumPy; ``True`` is none.

    Examples
    --------
    >>> is_integer(3), is_integer(3.0), is_integer(True)
    (True, False, False)
    """
    return hasattr(found, "__index__") and not isinstance(found, bool)


def is_whole(found: object, least: int) -> TypeGuard[int]:
    """Tell whether this is a whole number of 64 bits, and large enough; ``True`` is none.

    Examples
    --------
    >>> is_whole(3, least=1), is_whole(0, least=1), is_whole(True, least=0)
    (True, False, False)
    """
    return isinstance(found, int) and not isinstance(found, bool) and least <= found < 2**63
