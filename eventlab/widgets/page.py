"""How a flip-book lives on without a notebook.

One HTML file with the book, the same JavaScript and the same style sheet as the widget. Its content
security policy lets that one script run and forbids every request, so that nothing in a log can ever
call home, even through a render function that forgot to escape.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from shutil import copymode
from tempfile import TemporaryDirectory

from eventlab.store.opening import is_duckdb, is_open_here
from eventlab.widgets.script import script, style

START = """
const data = (id) => document.getElementById(id);
const bytes = (id) => Uint8Array.from(atob(data(id).textContent), (letter) => letter.charCodeAt(0));
const state = { ...JSON.parse(data("book").dataset.state), book: bytes("book"), tracks: bytes("tracks") };
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; },
  save_changes() {},
  on() {},
  off() {},
};
render({ model, el: data("time-machine") });
"""
"""What a notebook does for the widget: hand it a model and a place."""


def page(
    title: str,
    book: bytes,
    tracks: bytes,
    picture: str,
    *,
    caption: str = "",
    **state: object,
) -> str:
    """Return a page that opens a book in a `state`, such as ``step=3``; without JavaScript, the `picture`."""
    told = f'<p class="tm-caption">{escape(caption)}</p>\n' if caption else ""
    code = script() + START
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(code)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style()}</style>
</head>
<body class="tm-page">
<main>
<h1>{escape(title)}</h1>
{told}<div id="time-machine"><div class="eventlab-tm">
{picture}</div></div>
</main>
{_data("book", book, f' data-state="{escape(json.dumps(state))}"')}
{_data("tracks", tracks)}
<script type="module">{code}</script>
</body>
</html>
"""


def put(page: str, path: Path) -> None:
    """Put a page in its place once all of it is written: until then, what was there stays.

    Raises
    ------
    OSError, ValueError
        When there can be no such file, or it is a store; then nothing has changed.
    """
    target = path.resolve()  # a link goes on to lead there
    if target.is_file() and (is_open_here(target) or is_duckdb(target)):
        raise FileExistsError("it is a store, or another file that this process has open")
    if target.exists() and not target.is_file():  # /dev/stdout holds nothing that could be lost
        target.write_text(page, encoding="utf-8", newline="\n")
        return
    with TemporaryDirectory(prefix=".", dir=target.parent) as beside:
        whole = Path(beside, target.name)
        whole.write_text(page, encoding="utf-8", newline="\n")
        if target.exists():
            with target.open("r+b"):  # what may not be written to is not replaced either
                copymode(target, whole)
        whole.replace(target)


def _data(name: str, packed: bytes, beside: str = "") -> str:
    return f'<script type="text/plain" id="{name}"{beside}>{base64.b64encode(packed).decode()}</script>'


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'sha256-{digest}'",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
