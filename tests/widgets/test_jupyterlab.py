"""The time machine in a real JupyterLab in a real Chromium, moved by keyboard, heard by the kernel."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from tests.browser import (
    ROOT,
    ask_kernel,
    complaints,
    jupyterlab,
    run_notebook,
    screenshot,
    wait_until,
)
from tests.widgets import tenmillion

SMALL = [
    """
import ipywidgets
import eventlab as el
from eventlab.widgets import TimeMachine

store = el.EventStore()
for n in range(1, 41):
    store.append(f"card-{n % 4}", el.Event("CardLoaded", {"amount": n}, occurred_at="2026-01-31"))
cards = el.Projection("cards", balance=el.total("amount", plus="CardLoaded"))
tm = TimeMachine(store, cards, step=20)
tm
""",
    """
slider = ipywidgets.IntSlider(value=20, max=tm.last)
ipywidgets.jslink((slider, "value"), (tm, "step"))
slider
""",
]

LONG = """
import pandas as pd
import eventlab as el
from eventlab.widgets import TimeMachine

numbers = pd.Series(range(30_000))
rows = pd.DataFrame({"card": "card-" + (numbers % 500).astype(str), "kind": "CardLoaded", "amount": numbers})
store = el.EventStore(clock=lambda: "2026-01-31")
store.append_frame(rows, stream="card", type="kind")
cards = el.Projection("cards", balance=el.total("amount"))
tm = TimeMachine(store, cards)
tm
"""

LARGE = """
import eventlab as el
from eventlab.widgets import TimeMachine

store = el.EventStore("large.duckdb", read_only=True)
tm = TimeMachine(store, el.Projection("cards", balance=el.total("amount")))
tm
"""

# How many steps each book has that comes; the one before it is forgotten.
COUNT_STEPS = """() => {
  window.held = [];
  const json = Response.prototype.json;
  Response.prototype.json = async function () {
    const found = await json.call(this);
    if (found?.deltas) window.held.push(found.deltas.length);
    return found;
  };
}"""

MOVE = """async (moves) => {
  const slider = document.querySelector(".eventlab-tm input[type=range]");
  const keys = ["ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"];
  for (let n = 0; n < moves; n++) {
    if (n % 3 === 0) {
      slider.value = (n * 7919) % Number(slider.max);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      const key = keys[n % keys.length];
      slider.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    }
    await new Promise((done) => setTimeout(done, 5));
  }
}"""

# With their kernels: a notebook that is opened again may not hear that a kernel of before is idle.
CLOSE_ALL = """async () => {
  [...jupyterapp.shell.widgets("main")].forEach((widget) => widget.dispose());
  await jupyterapp.serviceManager.sessions.shutdownAll();
}"""

TOURS = [path for path in [ROOT / "notebooks" / "00_tour.ipynb"] if path.exists()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Notebooks and data as in a checkout, copied: JupyterLab saves what it has open."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "data"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    cells = [new_code_cell(source.strip()) for source in SMALL]
    small = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(small, folder / "small.ipynb")
    for name, source in (("long", LONG), ("large", LARGE)):
        notebook = new_notebook(
            cells=[new_code_cell(source.strip())], metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(folder):
    with jupyterlab(folder) as address:
        yield address


@pytest.fixture(scope="module")
def started(browser, lab) -> Iterator[Page]:
    """JupyterLab takes a browser five seconds to start, so all tests open their notebooks in one."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(f"{lab}/lab?reset")
    wait_until(page, "() => Boolean(window.jupyterapp)", seconds=60)
    page.evaluate("jupyterapp.restored.then(() => null)")
    yield page
    context.close()


@pytest.fixture
def page(started) -> Iterator[Page]:
    """A light JupyterLab with nothing open, and nothing saved behind the test."""
    show_in(started, "Light")
    yield started
    started.evaluate(CLOSE_ALL)


def show_in(page, theme):
    page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', { theme }).then(() => null)",
        f"JupyterLab {theme}",
    )
    is_light = str(theme == "Light").lower()
    wait_until(page, f"() => document.body.dataset.jpThemeLight === '{is_light}'")


def test_keyboard_kernel_and_other_widgets_move_one_slider(page):
    opened(page, "small.ipynb")
    line = page.locator(".eventlab-tm .tm-line")
    expect(line).to_have_text(re.compile("^20 / 40"))

    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert line.inner_text() == "39 / 40 · 2026-01-31 00:00 · card-3 · CardLoaded"
    assert page.locator(".tm-rows tbody tr.chg").inner_text().split() == ["~", "card-3", "~", "210"]
    expect(page.locator(".widget-readout")).to_have_text("39")
    kernel_follows(page, "(tm.step, tm.position, len(tm.frame()))", "(39, 39, 4)")
    assert complaints(page) == []
    screenshot(page, "lab-light")

    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("a")
    page.keyboard.press("ArrowLeft")
    kernel_follows(page, "(tm.pins, tm.diff()['after'].tolist())", "((39, None), [210])")
    assert page.locator(".tm-pins tbody tr").inner_text().split() == [
        *("~", "card-3", "balance", "171", "210")
    ]

    ask_kernel(page, "setattr(tm, 'step', 3)")
    expect(line).to_have_text(re.compile("^3 / 40"))
    expect(page.locator(".widget-readout")).to_have_text("3")

    show_in(page, "Dark")
    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.eventlab-tm')).colorScheme")
        == "dark"
    )
    assert complaints(page) == []
    screenshot(page, "lab-dark")


def test_a_long_log_is_fetched_as_the_slider_moves(page):
    opened(page, "long.ipynb")
    line = page.locator(".eventlab-tm .tm-line")
    expect(line).to_have_text(re.compile("^30,000 / 30,000 · "))

    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("Home")
    expect(line).to_have_text("0 / 30,000 · before the first event")
    page.keyboard.press("PageUp")
    expect(line).to_have_text("3,000 / 30,000 · 2026-01-31 00:00 · card-499 · CardLoaded")
    assert page.locator(".tm-rows tbody tr").count() == 15

    for _ in range(150):  # beyond what was fetched for step 3,000
        page.keyboard.press("ArrowRight")
    expect(line).to_have_text("3,150 / 30,000 · 2026-01-31 00:00 · card-149 · CardLoaded")
    top = page.locator(".tm-rows tbody tr").first.inner_text().split()
    assert top == ["~", "card-149", "~", str(sum(149 + 500 * n for n in range(7)))]
    kernel_follows(page, "(tm.step, tm.position, len(tm.frame()))", "(3150, 3150, 500)")
    screenshot(page, "lab-long")


def test_of_300_quick_moves_over_a_long_log_the_last_one_wins(page):
    opened(page, "long.ipynb")
    page.evaluate(COUNT_STEPS)
    line = page.locator(".eventlab-tm .tm-line")
    slider = page.locator(".eventlab-tm input[type=range]")
    slider.focus()

    page.evaluate(MOVE, 300)
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    expect(line).to_have_text("3,000 / 30,000 · 2026-01-31 00:00 · card-499 · CardLoaded")
    top = page.locator(".tm-rows tbody tr").first.inner_text().split()
    assert top == ["~", "card-499", "~", str(sum(499 + 500 * n for n in range(6)))]
    expect(page.locator("[data-part=replayed]")).to_have_text(
        re.compile(r"^\d[\d,]* events replayed$")
    )
    kernel_follows(page, "(tm.step, tm.replayed > 0)", "(3000, True)")

    screenshot(page, "lab-jump")

    page.locator(".eventlab-tm [data-part=entry]").select_text()
    page.keyboard.type("12345")
    page.keyboard.press("Enter")
    expect(line).to_have_text("12,345 / 30,000 · 2026-01-31 00:00 · card-344 · CardLoaded")

    held = page.evaluate("window.held")
    assert len(held) > 3
    assert max(held) <= 128


def test_ten_million_events_are_opened_and_jumped_about_in(page, folder):
    tenmillion.write(folder / "large.duckdb")
    opened(page, "large.ipynb")
    page.evaluate(COUNT_STEPS)
    line = page.locator(".eventlab-tm .tm-line")
    expect(line).to_have_text(
        "10,000,000 / 10,000,000 · 2026-04-26 17:46:39 · card-100000 · CardLoaded"
    )

    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("Home")
    expect(line).to_have_text("0 / 10,000,000 · before the first event")
    for place, moment in ((5_000_000, "2026-02-27 20:53:19"), (1_234_567, "2026-01-15 06:56:06")):
        page.locator(".eventlab-tm [data-part=entry]").select_text()
        page.keyboard.type(str(place))
        page.keyboard.press("Enter")
        shows_card_at(page, place, moment)

    page.locator(".eventlab-tm input[type=range]").focus()
    for _ in range(200):  # beyond what was fetched
        page.keyboard.press("ArrowRight")
    shows_card_at(page, 1_234_767, "2026-01-15 06:59:26")
    kernel_follows(page, "(tm.step, tm.position, tm.last)", "(1234767, 1234767, 10000000)")
    assert max(page.evaluate("window.held")) <= 128
    assert complaints(page) == []
    screenshot(page, "lab-ten-million")


def shows_card_at(page, position, moment):
    card, balance = tenmillion.card_at(position)
    line = page.locator(".eventlab-tm .tm-line")
    expect(line).to_have_text(f"{position:,} / 10,000,000 · {moment} · {card} · CardLoaded")
    top = page.locator(".tm-rows tbody tr").first.inner_text().split()
    assert top == ["~", card, "~", str(balance)]


def test_a_condition_is_found_and_a_fork_shows_two_futures(page):
    opened(page, "small.ipynb")
    line, told = page.locator(".eventlab-tm .tm-line"), page.locator(".eventlab-tm .tm-told")
    expect(line).to_have_text(re.compile("^20 / 40"))

    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("/")
    page.keyboard.type("balance > 150")
    page.keyboard.press("Enter")
    expect(line).to_have_text(re.compile("^33 / 40"))  # card-1: 1 + 5 + … + 33 is 153
    expect(told).to_have_text("balance > 150 first holds here; 33 states were looked at")
    page.locator("[data-part=condition]").fill("balance > soon")
    page.locator("[data-act=search]").click()
    expect(told).to_contain_text("which does not compare with 'soon'")

    page.get_by_role("button", name="another future from here: tm.branch").click()
    expect(page.locator(".tm-future.here caption")).to_have_text("this log · 7 events")
    expect(page.locator(".tm-future.branch caption")).to_have_text("tm.branch · 0 events")
    expect(page.locator("[data-part=futures] .tm-difference caption")).to_have_text(
        "in the end 4 differences"
    )
    page.get_by_role("button", name="fork as if the event").click()
    expect(page.locator("[data-part=futures] .tm-difference tbody tr")).to_have_text(
        [re.compile("card-1.*balance.*190.*157")]
    )
    kernel_follows(page, "(len(tm.branch), len(tm.futures()))", "(39, 1)")
    assert complaints(page) == []
    page.locator("[data-part=futures]").scroll_into_view_if_needed()
    screenshot(page, "lab-futures-light")
    show_in(page, "Dark")
    assert complaints(page) == []
    screenshot(page, "lab-futures-dark")
    page.get_by_role("button", name="close the two futures").click()
    expect(page.locator("[data-part=futures]")).to_be_hidden()


def test_the_stops_of_a_long_log_are_chosen_and_its_axis_is_drawn_by_the_kernel(page):
    opened(page, "long.ipynb")
    line = page.locator(".eventlab-tm .tm-line")
    expect(line).to_have_text(re.compile("^30,000 / 30,000 · "))

    page.locator(".eventlab-tm [data-act=filter]").click()
    page.locator("[data-choose-typed=streams]").fill("card-7")
    page.keyboard.press("Enter")
    expect(line).to_have_text(re.compile("^29,508 / 30,000 · .* · card-7 · "))
    expect(page.locator("[data-part=stops]")).to_have_text("stops at 60 of 30,000 events")
    page.locator(".eventlab-tm input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    expect(line).to_have_text(re.compile("^29,008 / 30,000 · .* · card-7 · "))
    kernel_follows(page, "(tm.step, tm.only)", "(29008, {'streams': ['card-7']})")
    ask_kernel(page, "tm.filter()")
    expect(page.locator("[data-part=filtered]")).to_be_hidden()

    page.locator("[data-part=axis]").select_option("occurred")
    slider = page.locator(".eventlab-tm input[type=range]")
    expect(slider).to_have_attribute("max", "10000")  # by the kernel's scale; all happened at once


@pytest.mark.parametrize("notebook", TOURS, ids=lambda path: path.stem)
def test_the_first_slider_of_a_notebook_moves(page, notebook):
    opened(page, f"notebooks/{notebook.name}")
    slider = page.locator(".eventlab-tm input[type=range]").first
    line = page.locator(".eventlab-tm .tm-line").first
    slider.focus()
    last = int(slider.get_attribute("max"))

    for key, step in (("Home", 0), ("ArrowRight", 1), ("End", last), ("ArrowLeft", last - 1)):
        page.keyboard.press(key)
        assert slider.input_value() == str(step)
        assert line.inner_text().startswith(f"{step:,} / {last:,} · ")
    screenshot(page, f"lab-{notebook.stem}")


def opened(page: Page, name: str) -> None:
    """Open a notebook, and run all its cells."""
    page.evaluate(
        "path => jupyterapp.commands.execute('docmanager:open', { path }).then(() => null)", name
    )
    run_notebook(page)


def kernel_follows(page: Page, expression: str, expected: str) -> None:
    """The browser never waits for the kernel, so the kernel may be a message behind."""
    answers = [ask_kernel(page, expression)]
    while answers[-1] != expected and len(answers) < 5:
        answers.append(ask_kernel(page, expression))
    assert answers[-1] == expected, answers
