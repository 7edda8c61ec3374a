"""What upcasters did, in words and signs: fields that came, went or were renamed, and lanes."""

import pytest

import eventlab as el
from eventlab.errors import UpcastFailed
from eventlab.upcasting import Chains, default, drop, rename, rename_type, split
from eventlab.upcasting.told import changes, lanes, shapes, told


def parts(data):
    return [el.Event("Loaded", {"n": data["n"]}), el.Event("Named", {"who": data["who"]})]


CHAINS = Chains(
    [
        rename("Loaded", 1, n="euros"),
        default("Loaded", 2, by="shop"),
        rename_type("Topped", 1, to="Loaded", to_schema=2),
        split("Sold", 1, into=parts),
        drop("Seen", 1),
    ]
)


def way(type, data, schema=1):
    return CHAINS.way(el.Event(type, data, schema=schema), position=1)


@pytest.mark.parametrize(
    ("event", "signs", "read", "words"),
    [
        (("Loaded", {"n": 5}, 1), "○ → ●", "Loaded 3", "+ by, n → euros"),
        (("Loaded", {"euros": 5}, 2), "· ○ ●", "Loaded 3", "+ by"),
        (("Loaded", {"euros": 5}, 3), "· · ◉", "Loaded 3", ""),
        (("Topped", {"euros": 5}, 1), "○ → ●", "Loaded 3", "+ by"),
        (("Sold", {"n": 5, "who": "Mara"}, 1), "◉ → ●", "Loaded 3 + Named 1", "2 events"),
        (("Seen", {}, 1), "✕ · ·", "not shown", ""),
        (("Closed", {"n": 1}, 1), "◉ · ·", "Closed 1", ""),
    ],
    ids=["two steps", "one step", "today's", "renamed type", "split", "dropped", "no upcaster"],
)
def test_an_event_takes_its_lanes(event, signs, read, words):
    found = way(*event)

    assert (lanes(found, 3), shapes(found.ends()), told(found)) == (signs, read, words)


def test_the_ends_of_the_way_are_what_a_store_shows():
    store = el.EventStore(upcasters=CHAINS.steps.values())
    old = [("Loaded", {"n": 5}), ("Sold", {"n": 5, "who": "Mara"}), ("Seen", {}), ("Closed", {})]
    store.append("a", [el.Event(type, data, schema=1) for type, data in old])

    shown = [(event.type, event.data, event.schema) for event in store]
    ends = [(e.type, e.data, e.schema) for event in old for e in way(*event).ends()]

    assert shown == ends


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, ["~ a"]),
        ({"a": 1}, {"a": True}, ["~ a"]),
        ({"a": 1}, {"b": 1}, ["a → b"]),
        ({"a": 1}, {"b": True}, ["+ b", "− a"]),
        ({"a": 0, "b": 0}, {"c": 0}, ["+ c", "− a", "− b"]),
        ({"a": 0}, {"b": 0, "c": 0}, ["+ b", "+ c", "− a"]),
        ({"a": 0, "b": 0}, {"a": 0, "c": 0}, ["b → c"]),
        ({"a": None}, {"b": {"x": [1]}}, ["+ b", "− a"]),
    ],
)
def test_a_field_is_renamed_only_where_no_other_could_be_meant(before, now, words):
    assert [str(change) for change in changes(before, now) if change.sign] == words


def test_a_circle_is_met_on_the_way():
    chains = Chains(
        [
            el.upcaster("A", schema=1)(lambda data: el.Event("B")),
            el.upcaster("B", schema=1)(lambda data: el.Event("A")),
        ]
    )

    with pytest.raises(UpcastFailed, match=r"position 7.*came round to 'A' again"):
        chains.way(el.Event("A", schema=1), position=7)
