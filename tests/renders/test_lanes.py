"""Version lanes: what is stored beside what is read, at every stored event; nothing of it becomes markup."""

import re
from html import unescape

import pytest

import eventlab as el
from eventlab.renders import version_lanes
from eventlab.upcasting import default, drop, rename, split
from tests.widgets.conftest import HOSTILE


def parts(data):
    return [el.Event("CardLoaded", {"amount": data["amount"]}), el.Event("HolderNamed")]


UPCASTERS = [
    rename("CardLoaded", 1, amount="euros"),
    default("CardLoaded", 2, by="shop"),
    split("CardSold", 1, into=parts),
    drop("CardShown", 1),
]


@pytest.fixture
def store():
    made = el.EventStore(upcasters=UPCASTERS, clock=lambda: "2026-01-31")
    old = [("CardLoaded", {"amount": 20}), ("CardShown", {}), ("CardSold", {"amount": 5})]
    made.append("card-7", [el.Event(type, data, schema=1) for type, data in old])
    made.append("card-7", el.Event("CardLoaded", {"euros": 7, "by": "ana"}))
    return made


def lines(picture):
    """The rows of its tables as text, without markup and style."""
    drawn = re.search(r'<div data-slot="state">.*?</figure>', picture, re.DOTALL)[0]
    plain = re.sub(r"<style>.*?</style>|<code>|</?span[^>]*>", "", drawn, flags=re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", plain, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def test_every_stored_event_is_a_stop_also_one_that_is_not_shown(store):
    lanes = version_lanes(store)

    assert lanes.last == 4
    assert lanes.frame()[["stored", "lanes", "read", "fields"]].values.tolist() == [
        ["CardLoaded 1", "○ → ●", "CardLoaded 3", "+ by, amount → euros"],
        ["CardShown 1", "✕ · ·", "not shown", ""],
        ["CardSold 1", "◉ → ●", "CardLoaded 3 + HolderNamed 1", "2 events"],
        ["CardLoaded 3", "· · ◉", "CardLoaded 3", ""],
    ]


def test_what_is_no_log_has_no_lanes():
    with pytest.raises(el.EventLabError, match=r"version_lanes\(\) was asked about a NoneType"):
        version_lanes(None)


def test_the_way_of_an_event_is_told_step_by_step(store):
    assert lines(version_lanes(store).html(1)) == [
        "event stored as 1 2 3 read as",
        "1 CardLoaded 1 ○ → ● CardLoaded 3",
        "type and schema payload",
        'stored CardLoaded 1 {"amount": 20}',
        "↳ on its way CardLoaded 2 ~ euros: 20 was amount",
        "↳ read CardLoaded 3 + by: shop euros: 20",
    ]


def test_what_is_dropped_and_what_is_todays_is_said(store):
    lanes = version_lanes(store)

    assert lines(lanes.html(2))[-2:] == ["stored CardShown 1 {}", "↳ read not shown"]
    assert lines(lanes.html(4))[-1] == 'stored and read CardLoaded 3 {"by": "ana", "euros": 7}'


def test_the_text_says_the_same(store):
    text = version_lanes(store).text(2)

    assert "CardShown 1   ✕ · ·  not shown" in text
    assert "CardLoaded 1  ○ → ●  CardLoaded 3  + by, amount → euros" in text


def test_a_cut_and_a_store_without_upcasters_have_lanes_too(store):
    assert version_lanes(store.until(position=2)).last == 2
    plain = el.EventStore()
    plain.append("card-7", el.Event("CardClosed"))
    assert version_lanes(plain).frame()["lanes"].tolist() == ["◉"]


def test_a_failing_upcaster_is_told_at_its_step(store):
    store.append("card-8", el.Event("CardSold", {"amuont": 1}, schema=1))

    lanes = version_lanes(store)

    assert "KeyError: 'amount'" in lanes.text(5)
    assert "CardLoaded 3" in lanes.text(4)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_log_becomes_markup(hostile):
    store = el.EventStore(upcasters=[rename(hostile, 1, **{hostile: "<b>new</b>"})])
    store.append(hostile, el.Event(hostile, {hostile: hostile}, schema=1))

    drawn = version_lanes(store).html(1)

    assert set(re.findall(r"<(\w+)", drawn)) <= TAGS


TAGS = {
    "div",
    "p",
    "b",
    "bdi",
    "figure",
    "figcaption",
    "style",
    "table",
    "caption",
    "thead",
    "tbody",
}
TAGS |= {"tr", "th", "td", "abbr", "span", "small", "s", "code"}
