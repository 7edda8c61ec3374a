"""Which JavaScript a browser is given: a few small files, put one behind the other.

Each file is about one thing and can be read by itself; a notebook and a saved page get them as one
module, so there is no build step and nothing to fetch.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "script"

PARTS = (
    *(
        "book",
        "stops",
        "pages",
        "chosen",
        "rows",
        "eventlist",
        "axis",
        "strip",
        "pins",
        "scrolling",
        "copy",
        "keys",
    ),
    *("entry", "seeking", "playing", "kernel", "showing", "hearing", "timemachine"),
)
"""What a part uses stands before it; the last one exports what a notebook calls."""


def style() -> str:
    """Return the style sheet, as text: of a file, anywidget would keep every widget that was ever shown."""
    return (FOLDER.parent / "timemachine.css").read_text(encoding="utf-8")


def script() -> str:
    """Return the parts as one module."""
    return "\n".join((FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
