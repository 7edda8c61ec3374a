"""What is asked of arguments again and again; the sentence of refusal is the caller's."""

from __future__ import annotations

from typing import TypeGuard


def is_whole(found: object, least: int) -> TypeGuard[int]:
    """Tell whether this is a whole number, and large enough; ``True`` is none.

    Examples
    --------
    >>> is_whole(3, least=1), is_whole(0, least=1), is_whole(True, least=0)
    (True, False, False)
    """
    return isinstance(found, int) and not isinstance(found, bool) and found >= least
