"""May streams, types, people and fields have any name? Every text is data, and none of it is code."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import InvalidEvent

HOSTILE = [
    "'; drop table events; --",
    '"; drop table events; --',
    "<img src=x onerror=alert(1)>",
    "<script>alert('x')</script>",
    "' or '1'='1",
    "\\' or 1=1 --",
    "'",
    '"',
    "''",
    "`",
    "$1",
    "$el_streams",
    "?",
    "%s",
    "{0}",
    "*",
    "%",
    "_",
    "-",
    "--",
    "/* */",
    " ",
    " leading and trailing ",
    "\n",
    "a\nb",
    "\t",
    "a\0b",
    "\0",
    "NULL",
    "null",
    "nan",
    "NaT",
    "True",
    "1",
    "events",
    "data",
    "data.amount",
    "card-7@1",
    "@",
    "🎁",
    "👩‍👩‍👧",
    "é",
    "e\u0301",
    "שלום-1",
    "\u202egnp.exe",
    "\ufeff",
    "\U0010ffff",
    "x" * 10_000,
]


def whole_event(name):
    return el.Event(
        name,
        {name: name},
        actor=name,
        reason=name,
        correlation_id=name,
        causation_id=name,
        tags=[name],
    )


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_comes_back_as_it_was_and_can_be_asked_for(store, name):
    store.append("other", el.Event("Other"))
    store.append(name, whole_event(name), expected=el.NO_STREAM)

    for log in (
        store.stream(name),
        store.only(name),
        store.category(name.split("-")[0]).only(name),
    ):
        [event] = log
        texts = (event.stream, event.type, event.actor, event.reason)
        assert texts == (name, name, name, name)
        assert (event.correlation_id, event.causation_id) == (name, name)
        assert event.tags == [name]
        assert event.data == {name: name}
        assert event.event_id == f"{name}@1"
        assert event.category == name.split("-")[0]
    assert len(store) == 2


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_comes_back_in_frames_and_through_sql(store, name):
    store.append(name, whole_event(name))

    row = store.events(expand=True).iloc[0]
    asked = store.sql(
        "select stream, type, actor from events where stream = ? and type = ?", [name, name]
    )

    assert (row["stream"], row["type"], row["actor"], row["tags"]) == (name, name, name, [name])
    assert row[f"data.{name}" if name.startswith("data.") else name] == name
    assert asked.to_numpy().tolist() == [[name, name, name]]
    assert store.streams()["stream"].tolist() == [name]
    assert store.streams()["category"].tolist() == [name.split("-")[0]]
    assert store.types()["fields"].tolist() == [name]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_can_be_shown(store, name):
    store.append(name, whole_event(name))

    log = store.stream(name).only(name)

    assert "Log of 1 events" in repr(log)
    assert "<script>" not in log._repr_html_()
    assert "<img" not in log._repr_html_()


@settings(deadline=None, max_examples=30)
@given(names=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5, unique=True))
@example(names=["é", "e\u0301"])  # look the same, are not
@example(names=["a", "A", "a ", "a\0"])
def test_names_that_differ_stay_apart(names):
    store = el.EventStore()
    for name in names:
        store.append(name, el.Event("Opened", event_id=f"id of {name}"), expected=el.NO_STREAM)

    assert [event.stream for event in store] == names
    assert sorted(store.streams()["stream"]) == sorted(names)
    for name in names:
        assert [event.event_id for event in store.stream(name)] == [f"id of {name}"]


def test_names_survive_reopening(path):
    with el.EventStore(path) as store:
        for name in HOSTILE:
            store.append(name, whole_event(name))

    with el.EventStore(path) as store:
        assert [event.stream for event in store] == HOSTILE
        assert [event.data for event in store] == [{name: name} for name in HOSTILE]
        for name in HOSTILE:
            assert store.append(name, el.Event("Again"), expected=1).version == 2


@pytest.mark.parametrize("name", ["", None, 7, b"card", ["card-7"], "\ud800"], ids=ascii)
def test_a_stream_needs_a_name_that_is_text(store, name):
    with pytest.raises(InvalidEvent, match="stream"):
        store.append(name, el.Event("Opened"))

    assert len(store) == 0
