"""Every drawing: what it shows of a state, what it marks, and that nothing in a log becomes markup."""

import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from html import unescape

import pytest

import eventlab as el
from eventlab.errors import InvalidRender
from eventlab.event import RecordedEvent
from eventlab.renders import (
    Shown,
    airport_board,
    card,
    chess_board,
    file_tree,
    signs,
    strip,
    table,
)
from eventlab.widgets import TimeMachine

INF = float("inf")
HALF = "half \ud800"
HOSTILE = "<img src=x onerror=alert(1)>"


def text(picture):
    """What is left where there is neither CSS nor markup, as GitHub or a text browser shows it."""
    without_style = re.sub(r"<style>.*?</style>", "", picture, flags=re.DOTALL)
    spaced = re.sub(r"</(td|th|dt|dd|h4|caption)>", " ", without_style)
    plain = unescape(re.sub(r"<[^>]+>", "", spaced))
    return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]


def event(type="Happened", data=None, stream="s-1", correlation_id=None):
    when = datetime(2013, 1, 1, 12)
    return RecordedEvent(
        1,
        stream,
        1,
        type,
        when,
        data or {},
        None,
        None,
        when,
        correlation_id,
        None,
        "s-1@1",
        None,
        1,
    )


# -- what a state remembers --------------------------------------------------------------------


def test_signs_tell_what_appeared_changed_and_vanished():
    state = Shown({"a": 1, "b": 2, "c": 3}, before={"a": None, "b": 1, "d": 4, "c": 3})

    assert signs(state) == {"a": "+", "b": "~", "d": "−"}
    assert state == {"a": 1, "b": 2, "c": 3}


def test_what_remembers_nothing_has_no_signs():
    assert signs({"a": 1}) == signs(None) == {}


@pytest.fixture(scope="module")
def store():
    store = el.EventStore(clock=lambda: "2026-02-01")
    store.append("card-1", el.Event("CardLoaded", {"amount": 20, "holder": "Ana"}))
    store.append("card-2", el.Event("CardLoaded", {"amount": 10, "holder": "Ben"}))
    store.append("card-1", el.Event("CardRedeemed", {"amount": 5}))
    store.append("card-2", el.Event("CardClosed"))
    return store


@pytest.fixture
def cards():
    return el.Projection(
        "cards",
        balance=el.total("amount", plus="CardLoaded", minus="CardRedeemed"),
        holder=el.last("holder"),
        ends_with="CardClosed",
    )


def seen(tm, step):
    """What a render function is given at a step."""
    given = []
    TimeMachine(tm[0], tm[1], **tm[2], render=lambda state, event: given.append(state) or "").html()
    return given[step]


def test_a_whole_log_remembers_the_rows_that_a_step_touched(store, cards):
    tm = store, cards, {}

    assert seen(tm, 0) == {}
    assert signs(seen(tm, 0)) == {}
    assert signs(seen(tm, 1)) == {"card-1": "+"}
    assert signs(seen(tm, 3)) == {"card-1": "~"}
    assert seen(tm, 3).before == {"card-1": {"balance": 20, "holder": "Ana"}}
    assert signs(seen(tm, 4)) == {"card-2": "−"}


def test_one_key_remembers_its_fields(store, cards):
    tm = store, cards, {"key": "card-1"}

    assert seen(tm, 0) is None
    assert signs(seen(tm, 1)) == {"balance": "+", "holder": "+"}
    assert seen(tm, 2) == {"balance": 15, "holder": "Ana"}
    assert signs(seen(tm, 2)) == {"balance": "~"}


def test_a_key_that_is_gone_is_no_state(store, cards):
    assert seen((store, cards, {"key": "card-2"}), 2) is None


def test_lines_that_stay_are_kept_once(store):
    rows = "".join(f"<p>{'a long line that never changes ' * 9}{n}</p>\n" for n in range(200))
    hundred = el.EventStore(clock=lambda: "2026-02-01")
    hundred.append("s", [el.Event("Counted", {"n": n}) for n in range(100)])
    counts = el.Projection("counts", n=el.last("n"))
    tm = TimeMachine(hundred, counts, render=lambda state, event: f"{state}\n{rows}")

    assert len(tm.book) < 20_000 < len(rows)
    assert "'n': 99" in tm.html(100)
    assert rows in tm.html(100)


# -- table --------------------------------------------------------------------------------------


def test_table_shows_the_chosen_columns_in_the_chosen_format(store, cards):
    render = table("holder", "balance", formats={"balance": "{:.2f} €", "holder": str.upper})

    picture = render({"card-2": {"balance": 10, "holder": "Ben"}, "card-1": {"balance": 15}}, None)

    assert text(picture) == ["holder balance", "card-1 · 15.00 €", "card-2 BEN 10.00 €"]


def test_table_marks_what_changed_and_strikes_what_vanished():
    before = {"a": {"n": 1, "m": 5}, "b": None, "c": {"n": 3, "m": 5}}
    picture = table()(Shown({"a": {"n": 2, "m": 5}, "b": {"n": 9, "m": 5}}, before), None)

    assert text(picture) == ["n m", "~ a ~ 2 5", "+ b 9 5", "− c 3 5"]
    assert '<tr class="gone"' in picture


def test_table_of_many_rows_keeps_those_touched_and_says_how_many_there_are_besides():
    rows = {f"k{n:02}": {"n": n} for n in range(50)}
    picture = table(rows=3)(Shown(rows, {"k49": {"n": 0}}), None)

    assert text(picture) == ["n", "k00 0", "k01 1", "~ k49 ~ 49", "… and 47 more rows"]


def test_table_of_one_key_is_one_row():
    assert text(table()({"balance": 5, "holder": None}, None)) == ["balance holder", "5 ·"]


# -- card ---------------------------------------------------------------------------------------


def test_card_tells_what_a_field_was():
    state = Shown({"balance": 15, "holder": "Ana"}, {"balance": 20, "holder": "Ana"})

    assert text(card("balance", title="holder", formats={"balance": "{} €"})(state, None)) == [
        "~ Ana balance ~ 15 € was 20 €"
    ]


def test_card_of_nothing_says_so():
    assert text(card()(None, None)) == ["There is nothing here yet, or nothing any more."]


def test_cards_of_a_whole_log_are_named_by_their_key():
    state = {("card", 2): {"n": 1}, ("card", 1): {"n": 2}}

    assert text(card()(state, None)) == ["card / 1 n 2", "card / 2 n 1"]


# -- strip --------------------------------------------------------------------------------------


def test_strip_draws_all_bars_on_one_scale():
    picture = strip("n")({"a": {"n": 40}, "b": {"n": -10}, "c": {"n": None}}, None)

    assert text(picture) == ["n, -10 to 40", "a 40", "b -10", "c ·"]
    assert re.findall(r'<i style="(.*?)"', picture) == [
        "left:20.0%;width:80.0%",
        "left:0.0%;width:20.0%",
    ]


def test_strip_ends_at_its_limits_and_stands_empty_states():
    render = strip("n", limits=(0, 10))

    assert 'style="left:0.0%;width:100.0%"' in render({"a": {"n": 1000}}, None)
    assert text(strip("n")({}, None)) == ["n, 0 to 1"]


def test_strip_draws_a_list_as_a_line_of_blocks():
    picture = strip("n", limits=(0, 7))({"a": {"n": [0, 1, 7, None, 3]}}, None)

    assert text(picture) == ["n, 0 to 7", "a ▁▂█ ▄ 3"]


@pytest.mark.parametrize(
    ("one", "other", "bars"),
    [
        (Decimal("1.50"), Decimal("3.00"), ["left:0.0%;width:50.0%", "left:0.0%;width:100.0%"]),
        (Decimal("-1.5"), 4.5, ["left:0.0%;width:25.0%", "left:25.0%;width:75.0%"]),
        (5, float("inf"), ["left:0.0%;width:0.0%", "left:0.0%;width:100.0%"]),
        (-1e308, 1e308, ["left:0.0%;width:50.0%", "left:50.0%;width:50.0%"]),
        (10**400, 7, ["left:0.0%;width:100.0%", "left:0.0%;width:0.0%"]),
        (float("nan"), 7, ["left:0.0%;width:100.0%"]),
        (Decimal("1e-400"), 0, ["left:0.0%;width:0.0%"] * 2),
    ],
)
def test_strip_draws_numbers_of_every_kind_and_size(one, other, bars):
    picture = strip("n")({"a": {"n": one}, "b": {"n": other}}, None)

    assert re.findall(r'<i style="(.*?)"', picture) == bars


def test_strip_leaves_a_gap_for_what_is_no_number_and_ends_its_scale_exactly():
    picture = strip("n")({"a": {"n": [Decimal("0.00"), float("nan"), Decimal("7.10")]}}, None)

    assert text(picture) == ["n, 0 to 7.10", "a ▁ █ 7.10"]


def test_strip_takes_exact_limits():
    picture = strip("n", limits=(0, Decimal(5)))({"a": {"n": 4}}, None)

    assert 'style="left:0.0%;width:80.0%"' in picture


# -- chess board --------------------------------------------------------------------------------

BACK = "♜\ufe0e ♞\ufe0e ♝\ufe0e ♛\ufe0e ♚\ufe0e ♝\ufe0e ♞\ufe0e ♜\ufe0e"


def test_board_reads_as_text():
    state = {f + "8": {"piece": p} for f, p in zip("abcdefgh", "rnbqkbnr", strict=True)} | {
        "e4": "♙"
    }
    lines = text(chess_board()(state, event(data={"san": "e4"})))

    assert lines[0] == "e4"
    assert lines[1] == f"8 {BACK}"
    assert lines[5] == "4 · · · · ♙\ufe0e · · ·"
    assert lines[9] == "a b c d e f g h"


def test_board_can_be_seen_from_blacks_side():
    lines = text(chess_board(flip=True)({"a1": "K"}, None))

    assert lines[0] == "1 · · · · · · · ♔\ufe0e"
    assert lines[8] == "h g f e d c b a"


def touched(picture):
    return re.findall(r'class="[ld] m" title="(\w\w)', picture)


def test_board_marks_the_squares_that_the_step_touched():
    castled = Shown(
        {"c1": {"piece": "K"}, "d1": {"piece": "R"}},
        {"e1": {"piece": "K"}, "a1": {"piece": "R"}, "c1": None, "d1": None},
    )

    assert touched(chess_board()(castled, None)) == ["a1", "c1", "d1", "e1"]


def test_board_marks_from_and_to_where_the_state_remembers_nothing():
    moved = event(data={"from": "e2", "to": "e4"})

    assert touched(chess_board()({"e4": "P"}, moved)) == ["e4", "e2"]


def test_squares_are_dark_and_light_as_on_a_real_board():
    picture = chess_board()({}, None)

    assert 'class="d" title="a1"' in picture
    assert 'class="l" title="h1"' in picture


# -- file tree ----------------------------------------------------------------------------------


def tree_lines(picture):
    body = unescape(re.sub(r"<[^>]+>", "", picture.partition("</style>")[2]))
    return [line.rstrip() for line in body.strip("\n").splitlines()]


def test_tree_marks_what_was_added_changed_and_removed():
    state = Shown(
        {"a/x.py": {"size": 9}, "a/y.py": {"size": 1}, "b.md": {"size": 2}},
        {"a/x.py": None, "a/y.py": {"size": 0}, "a/z/old.py": {"size": 1200}},
    )

    assert tree_lines(file_tree(show="size", format="{:,} B")(state, None)) == [
        "  ├─ a/",
        "  │  ├─ z/",
        "− │  │  └─ old.py  1,200 B",
        "+ │  ├─ x.py  9 B",
        "~ │  └─ y.py  1 B",
        "  └─ b.md  2 B",
        "3 files",
    ]


def test_tree_marks_what_the_same_commit_touched():
    state = {"a": {"commit": "f00"}, "b": {"commit": "0ld"}}

    assert tree_lines(file_tree()(state, event(correlation_id="f00"))) == [
        "~ ├─ a",
        "  └─ b",
        "2 files",
    ]


def test_long_tree_folds_folders_in_which_nothing_happened():
    state = {f"quiet/{n}": {"n": 1} for n in range(50)} | {"loud/x": {"n": 1}}

    assert tree_lines(file_tree(most=10)(Shown(state, {"loud/x": {"n": 0}}), None)) == [
        "  ├─ loud/",
        "~ │  └─ x",
        "  └─ quiet/ … 50 files",
        "51 files",
    ]


def test_longer_tree_folds_the_files_beside_those_to_which_something_happened():
    state = {f"src/{name}": {"n": 1} for name in "abcdefghijklmnop"} | {"README": {"n": 1}}

    assert tree_lines(file_tree(most=4)(Shown(state, {"src/c": {"n": 0}}), None)) == [
        "  ├─ src/",
        "~ │  ├─ c",
        "  │  └─ … 15 files",
        "  └─ … 1 file",
        "17 files",
    ]


# -- airport board ------------------------------------------------------------------------------

BOARD = airport_board(
    words={"FlightScheduled": "on time", "FlightDeparted": "departed"},
    done=("FlightDeparted",),
    delay="delay",
    zone="America/New_York",
    cut="flight-",
)


def flight(scheduled, status="FlightScheduled", delay=None):
    return {"to": "IAH", "scheduled": scheduled, "status": status, "delay": delay}


def test_airport_board_shows_what_is_still_to_leave_by_time():
    state = {
        "flight-UA2": flight("2013-01-01T15:20:00Z"),
        "flight-UA1": flight("2013-01-01T10:15:00Z"),
        "flight-UA3": flight("2013-01-01T09:00:00Z", "FlightDeparted"),
    }

    assert text(BOARD(state, event())) == [
        "Departures · 07:00",
        "time flight to status",
        "05:15 UA1 IAH on time",
        "10:20 UA2 IAH on time",
    ]


def test_airport_board_shows_a_flight_once_more_when_it_leaves():
    gone = flight("2013-01-01T09:00:00Z", "FlightDeparted", 12.0)
    state = Shown({"flight-UA3": gone}, {"flight-UA3": flight("2013-01-01T09:00:00Z")})

    assert text(BOARD(state, None))[2:] == ["~ 04:00 UA3 IAH departed 12 min late"]


@pytest.mark.parametrize("minutes", [12, 12.0, Decimal("12.0")])
def test_airport_board_tells_a_delay_in_numbers_of_every_kind(minutes):
    state = {"flight-UA3": flight("2013-01-01T09:00:00Z", delay=minutes)}

    assert text(BOARD(state, None))[2:] == ["04:00 UA3 IAH on time 12 min late"]


@pytest.mark.parametrize(
    ("zone", "time"), [("America/New_York", "0001-01-01"), ("Asia/Tokyo", "9999-12-31T23:59:59")]
)
def test_airport_board_stands_times_at_the_ends_of_the_calendar(zone, time):
    board = airport_board(zone=zone)

    assert text(board({"UA3": flight(time)}, None))[2:] == [f"{time} UA3 IAH FlightScheduled"]


def test_airport_board_says_how_many_flights_wait_besides_and_stands_odd_times():
    state = {f"flight-{n}": flight("soon") for n in range(5)}

    assert text(airport_board(rows=2)(state, None))[2:] == [
        "soon flight-0 IAH FlightScheduled",
        "soon flight-1 IAH FlightScheduled",
        "… and 3 more flights",
    ]
    assert text(airport_board()({}, None))[2:] == ["no departures"]


# -- what cannot be drawn ----------------------------------------------------------------------


@pytest.mark.parametrize("limits", [(5, 5), (9, 1), (0,), "ab", 7, (0, None), (0, INF)])
def test_strip_refuses_limits_that_are_no_scale(limits):
    with pytest.raises(InvalidRender, match="give two numbers, the lower first"):
        strip("n", limits=limits)


@pytest.mark.parametrize("zone", ["Atlantis/Harbour", "../etc", "", None])
def test_airport_board_refuses_a_zone_that_nobody_knows(zone):
    with pytest.raises(InvalidRender, match="is no time zone"):
        airport_board(zone=zone)


@pytest.mark.parametrize(
    ("render", "name"),
    [(table, "rows"), (card, "most"), (file_tree, "most"), (airport_board, "rows")],
)
@pytest.mark.parametrize("most", [0, -1, 2.5, True, None])
def test_a_drawing_of_nothing_is_refused(render, name, most):
    with pytest.raises(InvalidRender, match=f"{name}={most!r}"):
        render(**{name: most})


@pytest.mark.parametrize(
    ("render", "option", "wrong"),
    [
        (airport_board, "words", [None, 5, "departed"]),
        (airport_board, "done", [None, 5, "FlightDeparted"]),
        (airport_board, "cut", [None, 5]),
        (airport_board, "time", [None, [], HALF]),
        (airport_board, "delay", [5, []]),
        (table, "formats", [5, [], {"n": 5}, {"n": "{:,"}]),
        (card, "formats", [5, [], {"n": 5}, {"n": "}"}]),
        (card, "title", [5, [], HALF]),
        (partial(strip, "n"), "format", [5, "{:,"]),
        (file_tree, "format", [5, "{:,"]),
        (file_tree, "show", [5, []]),
        (file_tree, "together", [5, []]),
        (chess_board, "field", [None, []]),
        (chess_board, "move", [5, []]),
    ],
    ids=str,
)
def test_what_a_drawing_cannot_be_made_with_is_refused_at_once(render, option, wrong):
    for found in wrong:
        with pytest.raises(InvalidRender, match=rf"{option}=.*cannot be drawn: give"):
            render(**{option: found})


@pytest.mark.parametrize("render", [table, card, strip])
@pytest.mark.parametrize("name", [None, 5, [], HALF])
def test_a_field_is_named_by_text(render, name):
    with pytest.raises(InvalidRender, match=r"=.*cannot be drawn: give the name"):
        render(name)


# -- all of them --------------------------------------------------------------------------------

ALL = {
    "table": table(),
    "card": card(),
    "card, titled": card(title="to"),
    "strip": strip("to"),
    "chess_board": chess_board(field="to", move="said"),
    "file_tree": file_tree(show="to"),
    "airport_board": airport_board(),
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_a_log_becomes_markup(name):
    row = {"to": HOSTILE, HOSTILE: HOSTILE, "scheduled": HOSTILE, "status": HOSTILE}
    for key in (HOSTILE, "a1", (HOSTILE, 1)):
        state = Shown({key: row, "b/" + HOSTILE: row}, {key: None, HOSTILE + "2": row})
        picture = ALL[name](state, event(HOSTILE, {"said": HOSTILE}))
        assert "<img" not in picture


@pytest.mark.parametrize("name", ALL)
def test_a_drawing_is_the_same_every_time_and_says_how_it_was_made(name):
    state = {"b": {"to": "x", "n": 1}, "a": {"to": "y", "n": 2}}
    other_order = {"a": {"to": "y", "n": 2}, "b": {"to": "x", "n": 1}}

    assert ALL[name](state, None) == ALL[name](other_order, None)
    assert repr(ALL[name]).startswith(f"{name.partition(',')[0]}(")


@pytest.mark.parametrize("name", ALL)
def test_drawings_stand_every_step_of_a_real_log(name, store, cards):
    tm = TimeMachine(store, cards, render=ALL[name])

    assert all("render failed" not in tm.html(step) for step in range(tm.last + 1))
