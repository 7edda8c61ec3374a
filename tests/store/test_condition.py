"""What must not have happened meanwhile: who may append under a condition, and what does a query show?

The log of most tests, by position: two courses, each with one seat; s1 is in c1, s2 in c2.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import (
    ConcurrencyError,
    ConditionFailed,
    DuplicateEventError,
    InvalidCut,
    InvalidQuery,
)
from eventlab.store import reading
from tests.examples import examples
from tests.racing import at_once


def defined(course, seats=1):
    return el.Event("CourseDefined", {"seats": seats}, tags=[f"course:{course}"])


def subscribed(student, course, **envelope):
    tags = [f"course:{course}", f"student:{student}"]
    return el.Event("StudentSubscribed", {"at": course}, tags=tags, **envelope)


@pytest.fixture
def courses(store):
    store.append("course-c1", defined("c1"))  # 1
    store.append("course-c2", defined("c2"))  # 2
    store.append("student-s1", subscribed("s1", "c1"))  # 3
    store.append("student-s2", subscribed("s2", "c2"))  # 4
    store.append("letter-1", el.Event("LetterSent"))  # 5, without tags
    return store


def positions(log):
    return [event.position for event in log]


IN_C1 = el.Query("StudentSubscribed", tags="course:c1")


# -- which events match ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (el.Query(), [1, 2, 3, 4, 5]),
        (el.Query("CourseDefined"), [1, 2]),
        (el.Query(["CourseDefined", "LetterSent"]), [1, 2, 5]),
        (el.Query(tags="course:c1"), [1, 3]),
        (el.Query(tags=["course:c1", "student:s1"]), [3]),
        (el.Query(tags=["course:c1", "student:s2"]), []),
        (el.Query("StudentSubscribed", tags="course:c1"), [3]),
        (el.Query("CourseDefined", tags="student:s1"), []),
        (el.Query(tags="student:s1") | el.Query(tags="student:s2"), [3, 4]),
        (el.Query("LetterSent") | el.Query("CourseDefined", tags="course:c2"), [2, 5]),
        (el.Query(tags="course:c1") | el.Query(tags="student:s1"), [1, 3]),
        (el.Query(tags="course:c"), []),
    ],
    ids=str,
)
def test_a_query_shows_any_of_the_types_and_all_of_the_tags(courses, query, shown):
    assert positions(courses.matching(query)) == shown
    assert len(courses.matching(query)) == len(shown)


def test_a_query_narrows_other_cuts_and_is_narrowed_by_them(courses):
    of_courses = el.Query(tags="course:c1") | el.Query(tags="course:c2")

    assert positions(courses.matching(of_courses).until(position=3)) == [1, 2, 3]
    assert positions(courses.only("StudentSubscribed").matching(of_courses)) == [3, 4]
    assert positions(courses.stream("student-s2").matching(of_courses)) == [4]
    assert positions(courses.matching(of_courses).matching(IN_C1)) == [3]
    assert positions(courses.matching(of_courses).until(occurred="2027-01-01")) == [1, 2, 3, 4]


def test_more_than_ten_choices_do_not_get_mixed_up(courses):
    choices = el.Query("Type-0")
    for number in range(1, 12):
        choices |= el.Query("CourseDefined" if number == 10 else f"Type-{number}")

    found = courses.matching(choices).sql("select position from events order by position")

    assert found["position"].tolist() == [1, 2]


def test_projections_sql_and_frames_work_on_what_matches(courses):
    taken = el.Projection("taken", key="data.at", seats=el.count("StudentSubscribed"))

    log = courses.matching(el.Query("StudentSubscribed"))

    assert taken(log)["seats"].to_dict() == {"c1": 1, "c2": 1}
    assert log.events()["type"].tolist() == ["StudentSubscribed"] * 2
    assert log.sql("select count(*) as n from events")["n"].tolist() == [2]
    assert log.streams()["stream"].tolist() == ["student-s1", "student-s2"]


def test_snapshots_never_answer_for_a_query_with_the_state_of_the_whole_log(courses):
    counted = el.Projection("counted", key="'all'", events=el.count())

    fast = el.Snapshots(courses, counted, every=2)

    assert fast(courses.matching(IN_C1))["events"].tolist() == [1]
    assert fast(courses)["events"].tolist() == [5]


def test_a_query_is_read_whole_in_slices_too(courses, monkeypatch):
    monkeypatch.setattr(reading, "SLICE", 2)

    assert positions(courses.matching(el.Query(tags="course:c1") | el.Query("LetterSent"))) == [
        1,
        3,
        5,
    ]


def test_tags_and_types_travel_as_values(courses):
    odd = "it's; drop table events --"
    courses.append("odd-1", el.Event(odd, tags=[odd, '"$el_query_0']))

    assert positions(courses.matching(el.Query(odd, tags=[odd, '"$el_query_0']))) == [6]
    found = courses.matching(el.Query(tags=odd)).sql("select position from events")
    assert found["position"].tolist() == [6]


TAGS = st.sets(st.sampled_from("abc"))
TYPES = st.sampled_from(["Opened", "Moved", "Closed"])
ITEMS = st.lists(st.tuples(st.sets(TYPES), TAGS), min_size=1, max_size=3)


@given(st.lists(st.tuples(TYPES, TAGS), max_size=8), ITEMS)
@examples(8)
def test_a_query_shows_what_a_filter_in_plain_python_keeps(rows, items):
    with el.EventStore() as store:
        for kind, tags in rows:
            store.append("thing-1", el.Event(kind, tags=sorted(tags) or None))
        query, *more = [el.Query(types or None, tags or None) for types, tags in items]
        for other in more:
            query |= other

        shown = positions(store.matching(query))

    assert shown == [
        position
        for position, (kind, carried) in enumerate(rows, start=1)
        if any((not types or kind in types) and tags <= carried for types, tags in items)
    ]


# -- appending under a condition -------------------------------------------------------------------


def test_append_goes_through_while_nothing_matches(courses):
    done = courses.append("student-s3", subscribed("s3", "c2"), condition=el.Condition(IN_C1, 3))

    assert (done.position, done.version) == (6, 1)


def test_append_refuses_where_a_newer_event_matches_and_names_the_first(courses):
    courses.append("student-s4", subscribed("s4", "c1"))

    with pytest.raises(ConditionFailed, match="StudentSubscribed at position 3") as caught:
        courses.append("student-s3", subscribed("s3", "c1"), condition=el.Condition(IN_C1, after=2))

    error = caught.value
    assert isinstance(error, ConcurrencyError)
    assert (error.position, error.type, error.matched_stream) == (
        3,
        "StudentSubscribed",
        "student-s1",
    )
    assert (error.stream, error.expected, error.actual) == ("student-s3", 2, 3)
    assert courses.head == 6


def test_after_zero_demands_that_nothing_ever_matched(courses):
    unique = el.Query("NameTaken", tags="name:mara")
    taken = el.Event("NameTaken", tags=["name:mara"])

    courses.append("name-mara", taken, condition=el.Condition(unique))

    with pytest.raises(ConditionFailed):
        courses.append("name-mara", taken, condition=el.Condition(unique))


def test_an_own_event_that_matches_is_no_hindrance(courses):
    both = [subscribed("s3", "c1"), subscribed("s4", "c1")]

    done = courses.append("course-c1", both, condition=el.Condition(IN_C1, after=5))

    assert done.position == 7


def test_both_the_version_and_the_condition_must_hold(courses):
    holds, fails = el.Condition(IN_C1, after=3), el.Condition(IN_C1, after=2)
    event = subscribed("s1", "c2")

    with pytest.raises(ConcurrencyError, match="at version 1 but you expected 0"):
        courses.append("student-s1", event, expected=0, condition=holds)
    with pytest.raises(ConditionFailed):
        courses.append("student-s1", event, expected=1, condition=fails)
    assert courses.append("student-s1", event, expected=1, condition=holds).version == 2


def test_no_events_only_check_the_condition(courses):
    assert courses.append("student-s3", [], condition=el.Condition(IN_C1, after=3)).position == 5
    with pytest.raises(ConditionFailed):
        courses.append("student-s3", [], condition=el.Condition(IN_C1, after=2))
    assert courses.head == 5


def test_a_repeated_batch_is_a_success_although_its_condition_fails_by_now(courses):
    event, before = subscribed("s3", "c1", event_id="e1"), el.Condition(IN_C1, after=5)
    first = courses.append("student-s3", event, condition=before)

    again = courses.append("student-s3", event, condition=before)

    assert again.duplicate
    assert (again.position, courses.head) == (first.position, 6)
    with pytest.raises(DuplicateEventError):
        courses.append("student-s9", event, condition=before)


def test_a_condition_sees_what_came_by_import_and_by_another_handle(path):
    import pandas as pd

    rows = pd.DataFrame({"stream": ["student-s1"], "type": ["StudentSubscribed"]})
    anybody = el.Condition(el.Query("StudentSubscribed"))

    with el.EventStore(path) as one, el.EventStore(path) as other:
        other.append_frame(rows, stream="stream", type="type")

        with pytest.raises(ConditionFailed):
            one.append("student-s2", subscribed("s2", "c1"), condition=anybody)


def test_a_condition_sees_what_plain_sql_wrote_behind_the_stores_back(courses):
    condition = el.Condition(el.Query("LetterSent"), after=courses.head)
    courses.cursor().execute(
        "insert into events select 6, 1, 2, 'LetterSent', now()::timestamp, now()::timestamp, "
        "'{}'::json::variant, null, null, null, null, null, null, 1"
    )

    with pytest.raises(ConditionFailed, match="position 6"):
        courses.append("letter-2", el.Event("LetterSent"), condition=condition)


def test_a_branch_has_its_own_answer(courses):
    free = courses.branch(drop=[3])

    done = free.append("student-s9", subscribed("s9", "c1"), condition=el.Condition(IN_C1))

    assert done.position == 5
    with pytest.raises(ConditionFailed):
        courses.append("student-s9", subscribed("s9", "c1"), condition=el.Condition(IN_C1))


def test_of_racing_subscribers_with_one_condition_exactly_one_wins():
    with el.EventStore() as store:
        for round in range(8):
            seen = el.Condition(IN_C1, after=store.head)
            results = at_once(
                lambda who=who, seen=seen: store.append(
                    f"student-{who}", subscribed(who, "c1"), condition=seen
                )
                for who in range(6)
            )

            won = [result for result in results if isinstance(result, el.Appended)]
            lost = [result for result in results if isinstance(result, ConditionFailed)]
            assert (len(won), len(lost), len(store)) == (1, 5, round + 1)


def test_racers_whose_conditions_do_not_touch_all_win():
    with el.EventStore() as store:
        results = at_once(
            lambda who=who: store.append(
                f"student-{who}",
                subscribed(who, f"c{who}"),
                condition=el.Condition(el.Query(tags=f"course:c{who}")),
            )
            for who in range(6)
        )

        assert sorted(done.position for done in results) == [1, 2, 3, 4, 5, 6]


# -- what makes no sense ---------------------------------------------------------------------------


@pytest.mark.parametrize("names", [[], "", [""], [7], 7, ["a", None]], ids=repr)
def test_a_query_refuses_what_is_no_name(names):
    with pytest.raises(InvalidQuery, match="types"):
        el.Query(types=names)
    with pytest.raises(InvalidQuery, match="course:c1"):
        el.Query(tags=names)


@pytest.mark.parametrize("after", [-1, True, "7", None, 1.5], ids=repr)
def test_a_condition_refuses_what_is_no_position(after):
    with pytest.raises(InvalidQuery, match=r"store\.head"):
        el.Condition(IN_C1, after=after)


def test_a_condition_beyond_the_store_guards_nothing_and_is_refused(courses):
    with pytest.raises(InvalidQuery, match="last position is 5"):
        courses.append("student-s3", subscribed("s3", "c1"), condition=el.Condition(IN_C1, after=9))


def test_what_is_no_query_or_condition_is_refused_with_an_example(courses):
    with pytest.raises(InvalidQuery, match=r"el\.Query"):
        courses.matching("course:c1")
    with pytest.raises(InvalidQuery, match=r"el\.Query"):
        el.Condition("course:c1")
    with pytest.raises(InvalidQuery, match=r"el\.Condition"):
        courses.append("student-s3", subscribed("s3", "c1"), condition=IN_C1)
    with pytest.raises(TypeError):
        IN_C1 | "course:c1"
    with pytest.raises(InvalidCut):
        courses.matching(IN_C1).until()


# -- how it reads ----------------------------------------------------------------------------------


def test_a_query_reads_as_it_was_written(courses):
    query = el.Query("CourseDefined", tags="course:c1") | el.Query(tags=["b", "a"]) | el.Query()

    assert repr(query).splitlines() == [
        "Query(types=['CourseDefined'], tags=['course:c1'])",
        "| Query(tags=['a', 'b'])",
        "| Query()",
    ]
    assert repr(courses.matching(IN_C1)) == (
        "<Log of 1 events (Query(types=['StudentSubscribed'], tags=['course:c1']))>"
    )


def test_queries_are_values():
    assert el.Query(["B", "A"], tags=["x", "x"]) == el.Query(["A", "B"], tags="x")
    assert el.Query("A") | el.Query("A") == el.Query("A")
    assert len({el.Query("A"), el.Query("A"), el.Query("B")}) == 2
