"""The HTML of a scene: what a reader of GitHub sees, and what a hostile payload must not become."""

from html.parser import HTMLParser

import pytest

import eventlab as el
from eventlab.widgets import TimeMachine
from tests.widgets.conftest import HOSTILE


class Tables(HTMLParser):
    """Text of every cell by table row, and every tag and attribute that was met."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.tags, self.attributes, self.in_cell = [], set(), set(), False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data


def cells(html):
    return [row for row in Tables(html).rows if any(row)]


def test_one_key_shows_its_fields_before_and_now(store, cards):
    html = TimeMachine(store, cards, key="card-1").html(2)

    assert '<caption data-slot="caption">cards · card-1</caption>' in html
    assert cells(html)[:3] == [
        ["", "field", "before", "now"],
        ["~", "balance", "20 →", "15"],
        ["", "holder", "", "Ana"],
    ]


def test_a_key_that_appears_or_vanishes_says_so_at_every_field(store, cards):
    tm = TimeMachine(store, cards, key="card-2")

    assert cells(tm.html(1))[1:3] == [["+", "balance", "", "10"], ["+", "holder", "", "Ben"]]
    assert cells(tm.html(2))[1:3] == [["−", "balance", "10 →", "·"], ["−", "holder", "Ben →", "·"]]


def test_a_whole_log_shows_its_rows_and_marks_the_touched_one(store, cards):
    html = TimeMachine(store, cards).html(3)

    assert "cards · 2 rows" in html
    assert cells(html)[:3] == [
        ["", "stream", "balance", "holder"],
        ["~", "card-1", "~ 15", "Ana"],
        ["", "card-2", "10", "Ben"],
    ]
    assert ["~ balance", "20 → 15"] in cells(html)


def test_a_row_that_vanished_is_seen_once_more(store, cards):
    html = TimeMachine(store, cards).html(4)

    assert ["−", "card-2", "10", "Ben"] in cells(html)
    assert ["− card-2", "vanished"] in cells(html)
    assert "cards · 1 row<" in html


def test_signs_are_words_too_and_never_colour_alone(store, cards):
    html = TimeMachine(store, cards).html(3)

    assert '<tr class="chg"><td class="sign"><abbr title="changed">~</abbr></td>' in html


def test_the_event_shows_its_envelope_and_its_payload(store, cards):
    html = TimeMachine(store, cards, key="card-1").html(2)

    assert cells(html)[3:] == [
        ["position", "3"],
        ["stream", "card-1"],
        ["version", "2"],
        ["type", "CardRedeemed"],
        ["occurred_at", "2026-01-07 09:30:15 UTC"],
        ["recorded_at", "2026-02-01 00:00 UTC"],
        ["actor", "·"],
        ["data"],
        ["amount", "5"],
    ]


def test_the_envelope_shows_ids_and_tags_where_there_are_any(cards):
    store = el.EventStore()
    event = el.Event(
        "CardLoaded",
        event_id="e-1",
        correlation_id="c-1",
        causation_id="e-0",
        tags=["urgent", "vip"],
        schema=2,
    )
    store.append("card-1", event)

    rows = cells(TimeMachine(store, cards).html(1))

    for row in (
        ["correlation_id", "c-1"],
        ["causation_id", "e-0"],
        ["event_id", "e-1"],
        ["tags", '["urgent","vip"]'],
        ["schema", "2"],
    ):
        assert row in rows


def test_the_line_says_where_the_slider_stands(store, cards):
    tm = TimeMachine(store, cards)

    assert tm.text(3).splitlines()[1] == "3 / 4 · 2026-01-07 09:30:15 · card-1 · CardRedeemed"
    assert tm.text(0).splitlines()[1] == "0 / 4 · before the first event"
    assert "0 / 4 · before the first event</p>" in tm.html(0)
    assert ["", "nothing has happened yet"] in cells(tm.html(0))


def test_an_empty_log_says_so(cards):
    tm = TimeMachine(el.EventStore(), cards)

    assert "0 / 0 · the log is empty" in tm.html()
    assert "The log is empty: append events" in tm.html()
    assert "The log is empty: append events" in tm.text()


def test_a_thinned_log_says_so_in_a_sentence(cards):
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {"amount": 1})] * 10)
    sentence = "4 of 10 events are stops; narrow the log with since()/until() to see every one."

    tm = TimeMachine(store, cards, max_steps=4)

    assert sentence in tm.html()
    assert sentence in tm.text()
    assert "7 / 10 · " in tm.html(3)
    assert ["~", "balance", "4 →", "7"] in cells(
        TimeMachine(store, cards, "card-1", max_steps=4).html(3)
    )


def test_of_a_thinned_log_no_event_is_said_to_have_done_what_others_did(cards):
    store = el.EventStore()
    for n in range(1, 11):
        store.append(f"card-{n}", el.Event("CardLoaded", {"amount": n}))

    thinned = TimeMachine(store, cards, max_steps=4).html(3)  # behind event 7; the stop before is 4

    assert "changes" not in thinned
    assert thinned.count('<tr class="add">') == 3  # that they came since then is seen in the table
    assert "changes" in TimeMachine(store, cards).html(7)


def test_of_many_rows_those_changed_last_are_seen_and_the_rest_counted(cards):
    store = el.EventStore()
    for n in range(1, 31):
        store.append(f"card-{n:02}", el.Event("CardLoaded", {"amount": n}))

    tm = TimeMachine(store, cards, rows=10)

    assert "cards · 10 of 30 rows, last changed first" in tm.html()
    assert [row[1] for row in cells(tm.html())[1:11]] == [f"card-{n}" for n in range(30, 20, -1)]
    assert "… and 20 more" in tm.text()


def test_long_values_are_cut_and_kept_as_a_tooltip(cards):
    store = el.EventStore()
    store.append("card-1", el.Event("CardLoaded", {"holder": "x" * 100}))

    assert f'<span title="{"x" * 100}">{"x" * 47}…</span>' in TimeMachine(store, cards).html()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("one_key", [True, False])
def test_names_and_payloads_stay_text(hostile, said, text, one_key):
    step = 1 if one_key else HOSTILE.index(text) + 1
    html = TimeMachine(hostile, said, key=text if one_key else None).html(step)

    plain = TimeMachine(el.EventStore(), said, key="a" if one_key else None).html()
    usual = {"b", "bdi", "abbr", "span"} | Tables(plain).tags
    assert Tables(html).tags <= usual
    assert Tables(html).attributes <= {
        "class",
        "style",
        "data-slot",
        "role",
        "scope",
        "title",
        "colspan",
    }


def test_a_picture_is_the_same_every_time(store, cards):
    one, other = TimeMachine(store, cards), TimeMachine(store, cards)

    assert [one.html(n) for n in range(5)] == [other.html(n) for n in range(5)]
    assert [one.text(n) for n in range(5)] == [other.text(n) for n in range(5)]


def test_a_render_function_stands_in_for_the_table(store, cards):
    def bar(card, event):
        return f"<svg width={card['balance']}></svg>" if card else "<p>no card</p>"

    tm = TimeMachine(store, cards, key="card-1", render=bar)

    assert '<div data-slot="state"><p>no card</p></div>' in tm.html(0)
    assert '<div data-slot="state"><svg width=15></svg></div>' in tm.html(2)
    assert "~  balance  20 → 15" in tm.text(2)


def test_a_render_function_is_given_all_rows_of_a_whole_log(store, cards):
    given = []
    TimeMachine(store, cards, render=lambda state, event: given.append((state, event)) or "")

    assert given[0] == ({}, None)
    assert given[3][0] == {
        "card-2": {"balance": 10, "holder": "Ben"},
        "card-1": {"balance": 15, "holder": "Ana"},
    }
    assert given[3][1].type == "CardRedeemed"


def test_a_render_function_may_return_whatever_shows_itself_as_html(store, cards):
    class Drawing:
        def _repr_html_(self):
            return "<b>drawn</b>"

    assert "<b>drawn</b>" in TimeMachine(store, cards, render=lambda state, event: Drawing()).html()


@pytest.mark.parametrize(
    ("render", "sentence"),
    [
        (lambda card, event: f"<b>{100 / (card['balance'] - 20)}</b>", "ZeroDivisionError: division by zero"),
        (lambda card, event: event.type < 3, "&#x27;&lt;&#x27; not supported"),
        (lambda card, event: 3, "render must return HTML text, not int"),
        (lambda card, event: "half \ud800", "surrogates not allowed"),
    ],
)  # fmt: skip
def test_an_error_of_a_render_function_is_shown_at_its_step(store, cards, render, sentence):
    tm = TimeMachine(store, cards, key="card-1", render=render)

    assert "render failed at position 1: " in tm.html(1)
    assert sentence in tm.html(1)
    assert "render failed before the first event: TypeError" in TimeMachine(
        store, cards, key="card-1", render=lambda card, event: card["balance"]
    ).html(0)
