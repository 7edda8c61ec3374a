"""When two values are the same to a person who asks what changed.

Missing is missing, whether pandas, NumPy or JSON says so; ``True`` is not ``1``. Knows nothing of
events: diff, blame and the time machine all ask here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_PLAIN = {int, str, bool}


def known(value: Any) -> Any:
    """Return the value in plain Python, or None where pandas, NumPy or JSON says it is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    return None if isinstance(value, float) and value != value else value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, so that nothing changed between them.

    Examples
    --------
    >>> same(float("nan"), None), same(1, 1.0), same(True, 1)
    (True, True, False)
    """
    if one is other:
        return True
    if type(one) is type(other) and type(one) in _PLAIN:
        return bool(one == other)
    one, other = known(one), known(other)
    try:
        return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
    except (TypeError, ValueError):  # an array answers with an array
        return repr(one) == repr(other)
