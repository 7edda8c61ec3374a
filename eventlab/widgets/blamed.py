"""Which event last set each field, stop by stop.

The same answer as ``projection.blame``, for every stop at once: it follows the scenes and remembers,
for each living key, the event behind every field. Where a reading begins in the midst of a log, what
was set before is known to be earlier, and not by whom.
"""

from __future__ import annotations

from eventlab.event import RecordedEvent
from eventlab.widgets.scenes import Key, Line, Reading, Scene
from eventlab.widgets.values import same

Setter = tuple[int, RecordedEvent] | None
"""A stop and the event behind it; None where that was before the reading began."""


class Blame:
    """The events behind the fields of all living keys, as of the scene seen last."""

    def __init__(self, reading: Reading) -> None:
        self._key = reading.key
        self._nobody: tuple[Setter, ...] = (None,) * len(reading.fields)
        self._setters: dict[Key, tuple[Setter, ...]] = {}

    def seen(self, scene: Scene) -> tuple[Line, tuple[Setter, ...]] | None:
        """Take in the next scene; return the key to tell of, a line of it and its setters.

        That is the key of the reading, or of the keys just touched the first that lives.
        """
        for line in scene.touched:
            self._set(line, scene)
        told = scene.lines if self._key is not None else scene.touched
        found = next((line for line in told if line.now is not None), None)
        return None if found is None else (found, self._setters.get(found.key, self._nobody))

    def _set(self, line: Line, scene: Scene) -> None:
        if line.now is None:
            self._setters.pop(line.key, None)
            return
        by = None if scene.event is None else (scene.step, scene.event)
        if line.before is None:
            self._setters[line.key] = (by,) * len(line.now)
            return
        cells = zip(line.before, line.now, self._setters.get(line.key, self._nobody), strict=True)
        self._setters[line.key] = tuple(old if same(a, b) else by for a, b, old in cells)


def can_tell(reading: Reading) -> bool:
    """Whether every event is a stop, so that the one behind a stop is the one that did it."""
    return not reading.is_thinned
