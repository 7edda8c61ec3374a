"""What a question about the past is asked of: looked at once, before anything is read."""

from __future__ import annotations

from eventlab.errors import InvalidQuestion


def require_logs(asked: str, *found: object) -> None:
    """Refuse what is neither a store nor a cut of one, nor gives batches of events as these do."""
    for one in found:
        if not (hasattr(one, "batches") and hasattr(one, "__len__")):
            raise InvalidQuestion.no_log(asked, one)
