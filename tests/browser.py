"""A real Chromium, a real JupyterLab, and a stopwatch between a key press and the DOM.

Used by the tests of the widgets and by the benchmarks. The browser is the one on this machine; a
missing one skips a test, but fails it in CI.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
ARTIFACTS = ROOT / "test-artifacts"
NAMES = ("chromium", "chromium-browser", "google-chrome")

# As root, without a screen, and without the calls home that a closed network would refuse.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """The browser named by $CHROMIUM, or the first found on PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile; without one on this machine the test skips, in CI it fails."""
    found = executable()
    if found is None:
        missing = f"no browser: looked for {', '.join(NAMES)} on PATH; name one by CHROMIUM=…"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def jupyterlab(folder: Path, theme: str = "JupyterLab Light") -> Iterator[str]:
    """The address of a JupyterLab of this environment, started in a folder and stopped at the end."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        found.close()
        command = [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", "--ServerApp.password="),
            f"--ServerApp.root_dir={folder}",
            "--expose-app-in-browser",
            "--LabApp.extension_manager=readonly",
        ]
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(Path(home), theme),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _answering(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()
            server.wait(20)


def open_notebook(page: Page, lab: str, name: str, seconds: float = 60) -> None:
    """Open a notebook, run all its cells, and wait until the kernel has run the last."""
    page.goto(f"{lab}/lab/tree/{name}?reset", timeout=seconds * 1000)
    run_notebook(page, seconds)


def run_notebook(page: Page, seconds: float = 60) -> None:
    """Run all cells of the notebook that was opened, once its kernel is there, to the last."""
    wait_until(page, KERNEL_IS_IDLE, seconds=seconds)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_until(page, RAN_TO_THE_END, seconds=seconds)


def ask_kernel(page: Page, expression: str, seconds: float = 20) -> str:
    """The repr of an expression, by a cell that a reader would have typed below the last."""
    page.evaluate(TYPE_AND_RUN, f"print('answer:', repr({expression}))")
    output = page.locator(".jp-OutputArea-output", has_text="answer:").last
    output.wait_for(timeout=seconds * 1000)
    return output.inner_text().partition("answer:")[2].strip()


def key_to_dom(page: Page, keys: list[str], within: str = ".eventlab-tm") -> list[float]:
    """Milliseconds from each key event's own time stamp to the change of the line below the slider.

    The slider under `within` must have the focus, and each key must move it.
    """
    page.evaluate(WATCH, within)
    for count, key in enumerate(keys, start=1):
        page.keyboard.press(key)
        wait_until(page, "count => window.keyToDom.length >= count", count)
    found: list[float] = page.evaluate("window.keyToDom")
    return found


def wait_until(page: Page, condition: str, given: object = None, seconds: float = 10) -> None:
    """Wait for a JavaScript function to be true; a page's own policy cannot forbid the question.

    What takes long is asked more and more seldom, for the question itself keeps a browser busy.
    """
    give_up, pause = time.monotonic() + seconds, 5
    while not page.evaluate(condition, given):
        if time.monotonic() > give_up:
            raise TimeoutError(f"not true after {seconds} s: {condition}")
        page.wait_for_timeout(pause)
        pause = min(2 * pause, 80)


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page for a person to look at."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    page.screenshot(path=path)
    return path


def complaints(page: Page, within: str = ".eventlab-tm") -> list[str]:
    """What axe has to say of a part of a page: each rule that is broken, and where."""
    from axe_playwright_python.sync_playwright import Axe  # the benchmarks do without

    # Above the signs of a table stands no word: each sign says its own.
    rules = {"empty-table-header": {"enabled": False}}
    # Of the rules that are kept axe then lists one place each, which in a large table spares seconds.
    options = {"rules": rules, "resultTypes": ["violations"]}
    page.locator(within).first.wait_for()
    page.wait_for_function(_KNOWS_WHAT_SCROLLS)  # a moment after the last step
    found = Axe().run(page, context=within, options=options).response
    assert len(found["passes"]) > 10, "axe looked at nothing"
    return [f"{rule['help']}: {rule['nodes'][0]['html']}" for rule in found["violations"]]


KERNEL_IS_IDLE = """() => {
  const session = window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session;
  return session?.kernel?.status === "idle";
}"""

RAN_TO_THE_END = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets;
  const code = cells.filter((cell) => cell.model.type === "code" && cell.model.sharedModel.source);
  return code.every((cell) => cell.model.executionCount !== null);
}"""

TYPE_AND_RUN = """async (source) => {
  const { commands, shell } = jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  await commands.execute("notebook:insert-cell-below");
  notebook.activeCell.model.sharedModel.setSource(source);
  await commands.execute("notebook:run-cell");
}"""

WATCH = """(within) => {
  window.keyToDom = [];
  const line = document.querySelector(`${within} [data-slot="line"]`);
  // Told as soon as the key's own listener returns; window.event is still that key.
  new MutationObserver(() => {
    if (window.event?.type === "keydown") {
      window.keyToDom.push(performance.now() - window.event.timeStamp);
    }
  }).observe(line, { childList: true, characterData: true, subtree: true });
}"""


def _environment(home: Path, theme: str) -> dict[str, str]:
    """A JupyterLab without the user's own settings, and without questions about news."""
    settings = {
        "notification": {"fetchNews": "false", "checkForUpdates": False},
        "themes": {"theme": theme},
    }
    folder = home / "settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    for name, values in settings.items():
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def _answering(address: str, server: subprocess.Popen[bytes], seconds: float = 40) -> str:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=2):
                return address
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not answer at {address} within {seconds} s")


_KNOWS_WHAT_SCROLLS = """() => [...document.querySelectorAll(".eventlab-tm .tm-scroll")]
    .every((panel) => panel.hasAttribute("tabindex"))"""
