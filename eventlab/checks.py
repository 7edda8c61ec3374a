"""What is asked of arguments again and again; the sentence of refusal is the caller's."""

from __future__ import annotations

from typing import TypeGuard


def is_unicode(text: str) -> bool:
    r"""Tell whether no half of a surrogate pair stands alone in a text, which no file could hold.

    Examples
    --------
    >>> is_unicode("card-é"), is_unicode("card-\ud800")
    (True, False)
    """
    return text.encode(errors="ignore").decode() == text


def is_text(found: object) -> TypeGuard[str]:
    """Tell whether this is text that a store can hold.

    Examples
    --------
    >>> is_text("card-7"), is_text(b"card-7"), is_text(None)
    (True, False, False)
    """
    return isinstance(found, str) and is_unicode(found)


def is_whole(found: object, least: int) -> TypeGuard[int]:
    """Tell whether this is a whole number of 64 bits, and large enough; ``True`` is none.

    Examples
    --------
    >>> is_whole(3, least=1), is_whole(0, least=1), is_whole(True, least=0)
    (True, False, False)
    """
    return isinstance(found, int) and not isinstance(found, bool) and least <= found < 2**63
