import json
import zlib

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine
from eventlab.widgets.strip import BINS, Lane, lanes, marked, track
from eventlab.widgets.tracks_of_log import lanes_of_long


def drawn(tm: TimeMachine, axis: str = "position") -> dict[str, str]:
    """What a browser is sent to draw under the slider."""
    return json.loads(zlib.decompress(tm.tracks))[axis]


def test_a_lane_for_each_type_the_most_frequent_first():
    found = lanes(["CardLoaded", "CardRedeemed", "CardRedeemed", "CardClosed"])

    assert found == [
        Lane("CardRedeemed", 2, {1: 1, 2: 1}),
        Lane("CardClosed", 1, {3: 1}),
        Lane("CardLoaded", 1, {0: 1}),
    ]


def test_types_beyond_the_sixth_share_a_lane():
    found = lanes([*"aaabbbcccdddeee", "f", "g", "h"])

    assert [(lane.name, lane.total) for lane in found] == [
        *((kind, 3) for kind in "abcde"),
        ("3 other types", 3),
    ]


def test_a_lane_has_no_more_bars_than_a_screen_can_tell_apart():
    (lane,) = lanes(["CardLoaded"] * 100_000)

    assert len(lane.bins) == BINS
    assert sum(lane.bins.values()) == lane.total == 100_000


def test_an_empty_log_has_no_lanes():
    assert lanes([]) == []
    assert track([], 1) == ("", "", "")


@pytest.mark.parametrize("cut", ["whole", "from the middle", "with gaps"])
def test_duckdb_counts_a_long_log_as_python_would(cut):
    kinds = ["CardLoaded", "CardRedeemed", "CardLoaded", "CardClosed"] * 300
    store = el.EventStore()
    rows = pd.DataFrame({"card": "card-1", "kind": kinds})
    store.append_frame(rows, stream="card", type="kind")
    log = {
        "whole": store,
        "from the middle": store.since(position=402).until(position=1100),
        "with gaps": store.only("CardRedeemed", "CardLoaded"),
    }[cut]

    assert lanes_of_long(log, len(log)) == lanes([event.type for event in log])


def test_bars_are_as_high_as_there_are_events_and_stand_at_the_end_of_their_part():
    drawn = track([Lane("CardLoaded", 3, {0: 1, 3: 2})], 4)

    assert '<path d="M250 15v-9M1000 15v-14"/>' in drawn.lanes  # 3 + 11 · 1/2 rounds to even


def test_one_crowded_moment_does_not_flatten_the_others():
    quiet = dict.fromkeys(range(1, 100), 2)

    drawn = track([Lane("CardLoaded", 1_198, {0: 1_000, **quiet})], 100)

    assert '<path d="M10 15v-14M20 15v-14' in drawn.lanes


def test_names_are_escaped_and_a_reader_hears_how_many_there_are():
    names, bars, label = track([marked("<b>", [2]), *lanes(['"><script>'])], 4)

    assert "<b>" not in names + bars
    assert "<script>" not in names + bars
    assert label == '<b>: 1 mark; "><script>: 1 event'  # set as an attribute, which takes any text


def test_snapshots_and_marks_of_the_reader_lie_on_the_strip(own_store, cards):
    fast = el.Snapshots(own_store, cards, every=2).update()

    strip = drawn(TimeMachine(own_store, fast, marks={"read so far": 3, "seals": [1, 4]}))

    assert "snapshots: 2 marks; read so far: 1 mark; seals: 2 marks; " in strip["label"]
    assert '<svg class="mark" viewBox="0 0 1000 16"' in strip["lanes"]
    assert '<path d="M500 15v-13M1000 15v-13"/>' in strip["lanes"]  # snapshots at 2 and 4 of 4


def test_a_branch_shows_where_it_leaves_its_parent(store, cards):
    fork = store.branch(at=2)
    fork.append("card-1", el.Event("CardLoaded", {"amount": 7}))

    strip = drawn(TimeMachine(fork, cards))

    assert "branches here: 1 mark" in strip["label"]
    assert '<path d="M667 15v-13"/>' in strip["lanes"]  # behind the second of three


def test_a_mark_of_a_key_stands_at_the_last_of_its_stops_before(store, cards):
    """card-1 was touched at 1 and 3; position 2 lies behind the first of them."""
    strip = drawn(TimeMachine(store, cards, key="card-1", marks={"here": 2}))

    assert '<path d="M500 15v-13"/>' in strip["lanes"]


@pytest.mark.parametrize("at", ["soon", 1.5, None, [1, "2"]])
def test_a_mark_that_is_no_place_is_refused(store, cards, at):
    with pytest.raises(TimeMachineError, match="the mark 'here' was given"):
        TimeMachine(store, cards, marks={"here": at})
