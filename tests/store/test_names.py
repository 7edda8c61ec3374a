"""May streams, types, people and fields have any name? Every text is data, and none of it is code."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import InvalidEvent
from tests.examples import examples

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


@pytest.fixture(scope="module")
def full():
    """A store in which every hostile text is a stream, a type, a person, a field and a value."""
    with el.EventStore() as store:
        for name in HOSTILE:
            store.append(name, whole_event(name), expected=el.NO_STREAM)
        yield store


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_comes_back_as_it_was_and_can_be_asked_for(full, name):
    [event] = full.stream(name).only(name).category(name.split("-")[0])

    assert event.stream == event.type == event.actor == event.reason == name
    assert event.correlation_id == event.causation_id == name
    assert event.tags == [name]
    assert event.data == {name: name}
    assert event.event_id == f"{name}@1"
    assert event.category == name.split("-")[0]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_can_be_a_parameter_and_can_be_shown(full, name):
    log = full.stream(name)

    found = log.sql("select stream, type, actor from events where type = ?", [name])

    assert found.to_numpy().tolist() == [[name, name, name]]
    assert repr(log).startswith("<Log of 1 events (streams ")
    assert "<script>" not in log._repr_html_()
    assert "<img" not in log._repr_html_()


def test_any_text_comes_back_in_frames(full):
    expanded = full.events(expand=True)

    assert full.events()["data"].tolist() == [{name: name} for name in HOSTILE]
    assert expanded["type"].tolist() == HOSTILE
    for row, name in enumerate(HOSTILE):
        assert expanded.loc[row, f"data.{name}" if name.startswith("data.") else name] == name
    assert full.streams()["stream"].tolist() == sorted(HOSTILE)
    assert full.types()["fields"].tolist() == sorted(HOSTILE)


@examples(5)
@given(names=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5, unique=True))
@example(names=["é", "e\u0301"])  # look the same, are not
@example(names=["a", "A", "a ", "a\0"])
def test_names_that_differ_stay_apart(names):
    store = el.EventStore()
    for name in names:
        store.append(name, el.Event("Opened", event_id=f"id of {name}."), expected=el.NO_STREAM)

    assert [event.stream for event in store] == names
    assert sorted(store.streams()["stream"]) == sorted(names)
    for name in names:
        assert [event.event_id for event in store.stream(name)] == [f"id of {name}."]


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
