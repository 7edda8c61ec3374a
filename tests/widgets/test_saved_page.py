"""A saved page in a real Chromium, opened by file://: it slides, plays, and asks no one for anything."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

import eventlab as el
from eventlab.widgets import TimeMachine, longlog, spread
from tests.browser import complaints, key_to_dom, screenshot, wait_until
from tests.widgets.conftest import HOSTILE

SLIDER = ".eventlab-tm input[type=range]"

narrow_and_wide_light_and_dark = pytest.mark.parametrize(
    ("width", "scheme"), [(700, "dark"), (1600, "light")], ids=["narrow", "wide"]
)


class Opened:
    """A page with all its requests and errors, and the text of its parts."""

    def __init__(self, browser: Browser, path, **context):
        self.page: Page = browser.new_context(**context).new_page()
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.goto(path.as_uri())
        self.page.locator(SLIDER).focus()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.page.context.close()
        if kind is None:
            assert len(self.requests) == 1, "a request left the page"
            assert self.errors == []

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def line(self):
        return self.page.locator(".tm-line").inner_text()

    def picture(self):
        return self.page.locator(".tm-picture").text_content()


@pytest.fixture(scope="module")
def long_log():
    store = el.EventStore()
    for n in range(1, 31):
        store.append(
            f"card-{n % 3}", el.Event("CardLoaded", {"amount": n}, occurred_at="2026-01-31")
        )
    return store


def solid(text: str) -> str:
    """A text without white space, which between the rows of a table is nothing."""
    return "".join(text.split())


def text_of(page: Page, html: str) -> str:
    """What a browser makes of HTML, as text."""
    parse = "html => new DOMParser().parseFromString(html, 'text/html').body.textContent.trim()"
    return page.evaluate(parse, html)


def test_the_page_shows_at_every_step_what_python_says(browser, store, cards, tmp_path):
    for key in (None, "card-1"):
        tm = TimeMachine(store, cards, key=key)
        with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
            opened.press("Home")
            for step in range(tm.last + 1):
                assert solid(opened.picture()) == solid(text_of(opened.page, tm.html(step)))
                opened.press("ArrowRight")


def test_rows_that_stay_are_the_same_elements(browser, tmp_path):
    """Of four visible cards a step makes two rows anew: the one that is marked, and the one that was."""
    store = el.EventStore()
    for n in range(12):
        store.append(f"card-{n % 5}", el.Event("CardLoaded", {"amount": n}))
    tm = TimeMachine(store, el.Projection("cards", loads=el.count()), rows=4, step=7)
    with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
        rows = opened.page.evaluate_handle("[...document.querySelectorAll('.tm-rows tbody tr')]")
        opened.press("ArrowRight")

        stayed = rows.evaluate("rows => rows.map((row) => row.isConnected)")
        assert stayed == [False, True, True, False]  # cards 1, 0, 4, 3; now it is 2, 1, 0, 4


def test_two_rows_that_read_alike_are_both_shown(browser, tmp_path):
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"version": n}) for n in (1, 2, 3)])
    tm = TimeMachine(store, el.Projection("cards", loads=el.count()), step=0)
    with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
        versions = opened.page.locator(".tm-event tr", has_text="version")
        for step in (1, 2, 3):
            opened.press("ArrowRight")
            assert versions.all_inner_texts() == [f"version\t{step}"] * 2


def test_the_page_is_moved_by_keys(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        where = []
        for key in ("Home", "ArrowRight", "ArrowUp", "PageUp", "ArrowLeft", "PageDown", "End"):
            opened.press(key)
            where.append(opened.line().split(" ")[0])

        assert where == ["0", "1", "2", "5", "4", "1", "30"]


def test_the_page_is_moved_by_mouse(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=7).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        for act, expected in (
            ("back", "6 / 30"),
            ("forward", "7 / 30"),
            ("last", "30 / 30"),
            ("first", "0 / 30"),
        ):
            opened.page.locator(f"[data-act={act}]").click()
            assert opened.line().startswith(expected)

        slider = opened.page.locator(SLIDER)
        box = slider.bounding_box()
        slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
        assert opened.line().startswith("15 / 30")


def test_the_page_plays_and_pauses(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=0).save(tmp_path / "cards.html")
    with Opened(browser, path, reduced_motion="reduce") as opened:
        play = opened.page.locator("[data-act=play]")
        assert play.get_attribute("aria-label") == "play (Space)"
        opened.press(" ")
        assert play.get_attribute("aria-label") == "pause (Space)"
        expect(opened.page.locator(".tm-line")).to_have_text(re.compile("^2 / 30"))
        play.click()

        stopped_at = opened.line()
        opened.page.wait_for_timeout(900)
        assert opened.line() == stopped_at


def test_ends_have_no_way_on(browser, store, cards, tmp_path):
    with Opened(browser, TimeMachine(store, cards).save(tmp_path / "cards.html")) as opened:
        assert opened.page.locator("[data-act=forward]").is_disabled()
        opened.press("Home")
        assert opened.page.locator("[data-act=back]").is_disabled()
        assert opened.page.locator("[data-act=forward]").is_enabled()


def test_list_blame_strip_and_entry_all_lead_to_a_step(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=12, key="card-0").save(tmp_path / "one.html")
    with Opened(browser, path) as opened:
        assert opened.page.locator("tr[aria-current] td").first.inner_text() == "10"
        opened.page.locator(".tm-events tr", has_text="card-0").first.click()
        assert opened.line().startswith("2 / 10")

    path = TimeMachine(long_log, cards, step=12).save(tmp_path / "all.html")
    with Opened(browser, path) as opened:
        opened.page.locator("[data-part=entry]").fill("7")
        opened.press("Enter")
        assert opened.line().startswith("7 / 30")
        lanes = opened.page.locator(".tm-lanes")
        box = lanes.bounding_box()
        lanes.click(position={"x": box["width"] * 0.9, "y": box["height"] / 2})
        assert opened.line().startswith("27 / 30")
        opened.page.locator(".tm-blame [data-go]").first.click()
        assert opened.line().startswith("27 / 30")  # it was this event that set the balance
        opened.press("ArrowRight", "ArrowLeft")
        assert opened.line().startswith("27 / 30")  # the keys still work wherever the mouse was


def test_times_and_kinds_are_gone_to_without_a_kernel(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards, step=1).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        entry, told = (opened.page.locator(f"[data-part={part}]") for part in ("entry", "told"))
        opened.press("g")
        opened.page.keyboard.type("2026-01-07 12:00")
        opened.press("Enter")
        assert opened.line().startswith("3 / 4")
        entry.fill("<b>soon</b>")
        opened.press("Enter")
        assert told.inner_text().startswith("“<b>soon</b>” is no place here: type a step")
        assert opened.line().startswith("3 / 4")

        opened.page.locator(SLIDER).focus()
        opened.press("j")
        assert opened.line().startswith("1 / 4")
        assert told.is_hidden()
        opened.press("t")
        assert opened.line().startswith("2 / 4")
        opened.page.get_by_role("button", name="next event of this type").click()
        assert told.inner_text() == "no later event of this type"
        opened.page.get_by_role("button", name="next event of this key").click()
        assert opened.line().startswith("4 / 4")


def test_times_behind_a_far_date_are_as_exact_as_before_it(browser, cards, tmp_path):
    """A number of JavaScript holds no microsecond of the years 1600 and 9999."""
    times = [
        "2026-01-01 00:00:00.000025",
        "9999-12-31 23:59:59.999999",
        "2026-01-02",
        "1600-05-05 10:00:00.123456",
        "2026-01-03",
    ]
    store = el.EventStore(clock=lambda: "2026-02-01")
    for when in times:
        store.append("card-1", el.Event("CardLoaded", {"amount": 1}, occurred_at=when))
    tm = TimeMachine(store, cards)

    with Opened(browser, tm.save(tmp_path / "far.html")) as opened:
        seen = opened.page.locator(".tm-events [data-go] td:nth-child(2)").all_inner_texts()
        assert seen == [
            "before the first event",
            "2026-01-01 00:00",
            "9999-12-31 23:59:59",
            "2026-01-02 00:00",
            "1600-05-05 10:00",
            "2026-01-03 00:00",
        ]
        entry = opened.page.locator("[data-part=entry]")
        for typed, step in zip(
            [*times, "2026-01-02 23:59:59.999999"], [1, 2, 3, 4, 5, 3], strict=True
        ):
            tm.go(time=typed)
            entry.fill(typed)
            opened.press("Enter")
            assert opened.line().startswith(f"{tm.step} / 5")
            assert tm.step == step


def test_it_lists_its_keys(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        keys = opened.page.locator("[data-part=help]")
        assert keys.is_hidden()
        opened.press("?")
        assert "the event of this key before, after" in keys.inner_text()
        assert opened.page.get_by_role("button", name="keys (?)").get_attribute(
            "aria-expanded"
        ) == ("true")
        opened.press("?")
        assert keys.is_hidden()


def test_what_takes_a_kernel_is_not_there(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        for act in ("find", "fork"):
            assert opened.page.locator(f"[data-act={act}]").is_hidden()
        opened.press("/")
        assert opened.page.locator("[data-part=find]").is_hidden()
        assert "takes a kernel" in opened.page.locator("[data-part=told]").inner_text()


def test_it_plays_in_time(browser, store, cards, tmp_path):
    """Between the four events lie 12, 33.5 and 14.5 hours; a pause is as long as they say."""
    path = TimeMachine(store, cards, step=1).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        opened.page.locator("[data-part=pace]").select_option("time")
        opened.page.locator("[data-part=speed]").select_option("4")
        opened.page.locator(SLIDER).focus()
        opened.press(" ")
        expect(opened.page.locator(".tm-line")).to_have_text(re.compile("^4 / 4"), timeout=3000)
        expect(opened.page.locator("[data-act=play]")).to_have_attribute(
            "aria-label", "play (Space)"
        )


def test_the_line_of_the_strip_is_under_the_thumb_of_the_slider(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=0).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        slider = opened.page.locator(SLIDER).bounding_box()
        for key, edge in (("Home", slider["x"] + 8), ("End", slider["x"] + slider["width"] - 8)):
            opened.press(key)
            line = opened.page.locator(".tm-now").bounding_box()
            assert abs(line["x"] - edge) < 2


@pytest.fixture(scope="module")
def months():
    """A busy January and a busy December, and next to nothing in between."""
    store = el.EventStore(clock=lambda: "2026-02-01")
    for day in [*range(1, 13), *range(340, 352)]:
        when = datetime(2025, 1, 1) + timedelta(days=day, hours=day * day % 24)
        kind = ("CardLoaded", "CardRedeemed", "CardLoaded")[day % 3]
        event = el.Event(kind, {"amount": day, "holder": "Ana"}, occurred_at=when, actor="ana")
        store.append(f"card-{day % 4}", event)
    return store


def test_the_slider_stops_where_a_filter_says(browser, months, cards, tmp_path):
    path = TimeMachine(months, cards, step=12).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        page = opened.page
        opened.press("f")
        redeemed = page.locator(".tm-chip", has_text="CardRedeemed")
        assert redeemed.inner_text().split() == ["CardRedeemed", "8"]
        redeemed.click()
        assert redeemed.get_attribute("aria-pressed") == "true"
        assert (
            page.evaluate("document.activeElement.textContent") == "CardRedeemed 8"
        )  # still there
        told = page.locator("[data-part=filtered]").inner_text()
        assert told.startswith("stops at 8 of 24 events · the state is that of the whole log · ")
        assert 'tm.filter(types=["CardRedeemed"])' in told
        assert opened.line().startswith("10 / 24")  # the last before 12
        page.locator(SLIDER).focus()
        opened.press("ArrowRight")
        assert opened.line().startswith("13 / 24")
        assert page.locator(".tm-events tbody tr").count() == 9
        kinds = page.locator(".tm-events tbody td:last-child").all_inner_texts()
        assert set(kinds) == {"before the first event", "CardRedeemed"}

        dimmed = page.locator(".tm-names .dim").all_inner_texts()
        assert [name.split()[0] for name in dimmed] == ["CardLoaded"]
        assert page.locator(".tm-lanes svg.dim").count() == 1

        page.locator("tr[aria-current] [data-only=streams]").click()
        assert "stops at 2 of 24 events" in page.locator("[data-part=filtered]").inner_text()
        page.get_by_role("button", name="stop at every event again").click()
        assert page.locator("[data-part=filtered]").is_hidden()
        assert page.locator(".dim").count() == 0
        page.locator(SLIDER).focus()
        opened.press("ArrowRight")
        assert opened.line().startswith("14 / 24")


def test_a_lane_of_several_types_steps_back_where_none_of_them_is_chosen(browser, cards, tmp_path):
    """Seven types: the five that come first have lanes of their own, F and G share one."""
    store = el.EventStore()
    for kind in "ABCDEFG":
        store.append("card-1", el.Event(kind))
    tm = TimeMachine(store, el.Projection("cards", events=el.count()))
    for types, dimmed in (("A", "BCDE2"), (["B", "G"], "ACDE")):
        tm.filter(types=types)
        with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
            names = opened.page.locator(".tm-names .dim").all_inner_texts()
            assert [name[0] for name in names] == list(dimmed)


def test_a_page_keeps_its_filter_and_its_axis(browser, months, cards, tmp_path):
    tm = TimeMachine(months, cards, axis="recorded")
    tm.filter(types="CardRedeemed", streams=["card-0", "card-1"])
    with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
        assert opened.page.locator("[data-part=axis]").input_value() == "recorded"
        assert opened.page.locator("[data-part=stops]").inner_text() == "stops at 4 of 24 events"
        assert opened.line().startswith(f"{tm.step} / 24")


def test_hostile_names_are_chosen_and_do_not_run(browser, hostile, said, tmp_path):
    with Opened(browser, TimeMachine(hostile, said).save(tmp_path / "said.html")) as opened:
        opened.press("f")
        chips = opened.page.locator(".tm-chip")
        assert chips.count() == 3 * len(HOSTILE)
        for place in range(chips.count()):
            chips.nth(place).click()
            assert opened.page.locator("[data-part=stops]").inner_text() == "stops at 1 of 7 events"
            opened.press("ArrowRight", "ArrowLeft")
            opened.page.locator("[data-act=unfilter]").click()
        assert opened.page.evaluate("window.hacked") is None


@narrow_and_wide_light_and_dark
def test_on_an_axis_of_time_bars_line_thumb_and_pins_agree(
    browser, months, cards, tmp_path, scheme, width
):
    """Eleven idle months are a break in the strip; on both sides a day is as wide as a day."""
    tm = TimeMachine(months, cards, axis="occurred", step=4, marks={"audits": [6, 20]})
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    with Opened(browser, tm.save(tmp_path / "cards.html"), **look) as opened:
        page = opened.page
        assert page.locator("[data-part=axis]").input_value() == "occurred"
        gap = page.locator(".tm-gap")
        assert gap.count() == 1
        assert page.locator(".tm-idle").inner_text() == "11 months"
        assert page.locator(".tm-dates").inner_text().split() == ["2025-01-02", "2025-12-18"]
        room, thumb = page.locator(".tm-lanes").bounding_box(), page.locator(SLIDER).bounding_box()
        opened.press("a")
        screenshot(page, f"page-time-{scheme}-{width}")
        for step in (4, 12, 13, 24):
            while not opened.line().startswith(f"{step} / 24"):
                opened.press("ArrowRight")
            line = page.locator(".tm-now").bounding_box()["x"]
            place = (line - room["x"]) / room["width"]
            value = float(page.locator(SLIDER).input_value()) / 10_000
            assert abs(thumb["x"] + 8 + value * (thumb["width"] - 16) - line) < 2
            bars = page.evaluate(BARS)
            assert min(abs(bar - place) for bar in bars) < 0.004
            edges = {
                12: gap.bounding_box()["x"],
                13: sum(map(gap.bounding_box().get, ("x", "width"))),
            }
            if step in edges:
                assert abs(edges[step] - line) < 12  # the strokes of the break are slanted
        page.locator(".tm-lanes").click(position={"x": room["width"] - 1, "y": 30})
        assert opened.line().startswith("24 / 24")

        page.locator("[data-act=filter]").click()
        page.locator(".tm-chip", has_text="CardRedeemed").click()
        page.locator(".tm-chip", has_text="card-1").click()
        page.locator("[data-act=unpin]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        screenshot(page, f"page-filter-{scheme}-{width}")
        page.locator("[data-act=unfilter]").click()
        page.locator(SLIDER).focus()
        opened.press("End")
        page.locator("[data-part=axis]").select_option("position")
        assert gap.count() == 0
        assert page.locator(SLIDER).input_value() == "24"


BARS = """() => [...document.querySelectorAll(".tm-lanes svg.lane path")].flatMap(
  (path) => [...path.getAttribute("d").matchAll(/M(\\d+) /g)].map((bar) => Number(bar[1]) / 1000)
)"""
"""Where the bars of all lanes stand, as shares of the track."""


def test_two_moments_are_compared_without_a_kernel(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards, step=1).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        table = opened.page.locator(".tm-pins")
        assert table.is_hidden()
        opened.page.locator("[data-act=pinA]").click()
        opened.page.locator(SLIDER).focus()
        opened.press("End", "b")
        told = [row.split("\t") for row in table.locator("tbody").inner_text().splitlines()]
        assert told == [["~", "card-1", "balance", "20", "15"]]
        assert table.locator("[data-part=pinned]").inner_text() == "step 1 → step 4 · 1 difference"
        assert opened.page.locator(".tm-pin.a").is_visible()

        opened.page.locator("[data-act=unpin]").click()
        assert table.is_hidden()


def test_a_page_keeps_the_pins_it_was_saved_with_and_its_caption(browser, store, cards, tmp_path):
    tm = TimeMachine(store, cards)
    tm.pins = (0, 2)
    path = tm.save(tmp_path / "cards.html", caption="Two <cards>.")
    with Opened(browser, path) as opened:
        assert opened.page.locator(".tm-caption").inner_text() == "Two <cards>."
        assert opened.page.locator(".tm-pins tbody tr").count() == 4  # two fields of two new cards


def test_a_page_of_a_long_log_says_that_it_is_thinned_and_keeps_the_pins(
    browser, long_log, cards, tmp_path, monkeypatch
):
    """Of thirty events ten are stops, and the pins and the current stop besides."""
    monkeypatch.setattr(longlog, "MOST_STEPS", 20)
    monkeypatch.setattr(spread, "MOST_PAGES", 10)
    tm = TimeMachine(long_log, cards, step=25)
    tm.pins = (11, 12)
    with Opened(browser, tm.save(tmp_path / "cards.html")) as opened:
        page = opened.page
        note = page.locator(".tm-picture .tm-note").inner_text()
        assert note.startswith("12 of 30 events are stops")
        assert opened.line().startswith("25 / 30")
        assert page.locator(".tm-pins tbody tr").inner_text().split() == [
            *("~", "card-0", "balance", "18", "30")
        ]
        opened.press("a")
        words = page.locator("[data-part=pinned]").inner_text()
        assert words == "to compare two other moments of this log takes a kernel"


def test_on_paper_there_are_no_controls(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards, step=3).save(tmp_path / "cards.html", caption="On paper.")
    with Opened(browser, path) as opened:
        opened.page.emulate_media(media="print")
        assert opened.page.locator("button:visible, input:visible, select:visible").count() == 0
        assert opened.page.locator(".tm-rows").is_visible()
        assert opened.page.locator(".tm-caption").is_visible()
        names, lanes = (
            opened.page.locator(part).bounding_box() for part in (".tm-names", ".tm-lanes")
        )
        assert names["y"] == lanes["y"]
        assert names["x"] + names["width"] < lanes["x"]


def test_the_code_of_a_step_is_copied(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=12).save(tmp_path / "cards.html")
    with Opened(browser, path, permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.page.locator("[data-act=copy]").click()
        expect(opened.page.locator("[data-part=copied]")).to_have_text("copied")
        read = opened.page.evaluate("navigator.clipboard.readText()")
        assert read == "cards(log.until(position=12))"


def test_hostile_names_and_payloads_do_not_run(browser, hostile, said, tmp_path):
    for key in (None, *HOSTILE[:2]):
        tm = TimeMachine(hostile, said, key=key)
        with Opened(browser, tm.save(tmp_path / "said.html", title=HOSTILE[1])) as opened:
            opened.press(*["ArrowLeft"] * tm.last, *["ArrowRight"] * tm.last)

            assert opened.page.evaluate("window.hacked") is None
            assert (
                opened.page.locator(".tm-picture img, .tm-picture svg, .tm-picture script").count()
                == 0
            )


def test_even_a_careless_render_function_runs_nothing(browser, hostile, said, tmp_path):
    """It puts payloads into HTML as they are; the page's policy stops what they would do."""
    tm = TimeMachine(hostile, said, render=lambda state, event: event.data["said"] if event else "")
    opened = Opened(browser, tm.save(tmp_path / "said.html"))
    opened.press(*["ArrowLeft"] * tm.last)

    assert opened.page.evaluate("window.hacked") is None
    assert {request.failure for request in opened.requests[1:]} == {"csp"}
    opened.page.context.close()


def test_it_speaks_to_a_screen_reader(browser, store, cards, tmp_path):
    with Opened(browser, TimeMachine(store, cards).save(tmp_path / "cards.html")) as opened:
        slider = opened.page.get_by_role("slider", name="step in time")
        assert slider.get_attribute("aria-valuetext") == opened.line()
        assert opened.page.get_by_role("status").inner_text() == opened.line()
        assert opened.page.get_by_role("group", name="cards").count() == 1
        for name in (
            "before the first event",
            "one step back",
            "play",
            "one step forward",
            "to the last",
        ):
            assert opened.page.get_by_role("button", name=name).count() == 1
        assert opened.page.locator("button:not([aria-label])").count() == 0


def test_focus_can_be_seen(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards, step=2).save(tmp_path / "cards.html")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    named = "(({ act, part }) => act ?? part ?? null)(document.activeElement.dataset)"
    with Opened(browser, path) as opened:
        for focused in (
            None,
            "axis",
            "help",
            "filter",
            "pinB",
            "pinA",
            "keyForward",
            "keyBack",
            "typeForward",
            "typeBack",
            "entry",
            "pace",
            "speed",
            "last",
            "forward",
            "play",
            "back",
            "first",
        ):
            assert opened.page.evaluate(named) == focused
            assert opened.page.evaluate(outline) == "solid"
            opened.press("Shift+Tab")


@pytest.mark.parametrize("key", [None, "card-1"])
def test_axe_finds_nothing_to_complain_of_in_light_and_dark(browser, cards, tmp_path, key):
    store = el.EventStore()
    for n in range(60):
        store.append(f"card-{n % 40}", el.Event("CardLoaded", {"amount": n, "holder": "Ana"}))
    tm = TimeMachine(store, cards, key=key, rows=60, marks={"read so far": 7})
    tm.pins = (0, tm.last)
    context = browser.new_context(bypass_csp=True)  # axe is a foreign script
    page = context.new_page()
    page.goto(tm.save(tmp_path / "cards.html", caption="Forty cards.").as_uri())
    page.locator("[data-act=help]").click()
    page.locator("[data-act=filter]").click()
    page.locator(".tm-chip").first.click()
    page.locator("[data-act=typeForward]").click()
    expect(page.locator("[data-part=told]")).to_have_text("no later event of this type")
    expect(page.locator(".tm-pins tbody tr").first).to_be_visible()
    if key is None:  # forty rows are more than there is room for
        wait_until(page, "() => document.querySelector('.tm-pins .tm-scroll').tabIndex === 0")

    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found[scheme] = complaints(page)
    context.close()

    assert found == {"light": [], "dark": []}


def test_without_javascript_it_still_shows_a_step(browser, store, cards, tmp_path):
    path = TimeMachine(store, cards, step=3).save(tmp_path / "cards.html")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())

    assert page.locator(".tm-line").inner_text().startswith("3 / 4")
    context.close()


@narrow_and_wide_light_and_dark
def test_it_fits_narrow_and_wide_light_and_dark(browser, long_log, cards, tmp_path, scheme, width):
    for name, key in (("log", None), ("key", "card-1")):
        path = TimeMachine(long_log, cards, key=key, step=7).save(tmp_path / "cards.html")
        look = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
        with Opened(browser, path, **look) as opened:
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
            ground = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
            screenshot(opened.page, f"page-{name}-{scheme}-{width}")


def test_the_dom_follows_a_key_within_milliseconds(browser, long_log, cards, tmp_path):
    path = TimeMachine(long_log, cards, step=0).save(tmp_path / "cards.html")
    with Opened(browser, path) as opened:
        found = key_to_dom(opened.page, ["ArrowRight"] * 30)

        assert len(found) == 30
        assert sorted(found)[15] < 50  # on any machine; the benchmark says how much
