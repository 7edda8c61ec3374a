from types import SimpleNamespace

from eventlab.widgets.scenes import Line, Reading, Touch, scenes, sorted_keys


def reading(*touches, key=None):
    steps = max((touch.step for touch in touches), default=0)
    return Reading(
        name="cards",
        key_names=["stream"],
        fields=["balance"],
        key=key,
        total=steps,
        numbers=list(range(steps + 1)),
        events=[SimpleNamespace(position=n) for n in range(1, steps + 1)],
        touches=list(touches),
    )


def seen(reading, most_rows=10):
    return [scene for scene, _ in scenes(reading, most_rows)]


A, B, C = ("a",), ("b",), ("c",)


def test_a_line_appears_changes_and_vanishes():
    story = reading(Touch(1, A, (20,)), Touch(2, A, (15,)), Touch(3, A, None))

    assert [scene.lines for scene in seen(story)] == [
        (),
        (Line(A, None, (20,)),),
        (Line(A, (20,), (15,)),),
        (Line(A, (15,), None),),
    ]
    assert [line.sign for scene in seen(story) for line in scene.lines] == ["+", "~", "−"]


def test_what_vanished_is_seen_once_more_and_then_gone():
    story = reading(Touch(1, A, (1,)), Touch(2, A, None), Touch(3, B, (2,)))

    assert [len(scene.lines) for scene in seen(story)] == [0, 1, 1, 1]
    assert seen(story)[3].lines == (Line(B, None, (2,)),)


def test_few_keys_stand_still_in_their_order():
    story = reading(Touch(1, B, (1,)), Touch(2, A, (2,)), Touch(3, B, (3,)))

    assert [[line.key for line in scene.lines] for scene in seen(story)] == [
        [],
        [B],
        [A, B],
        [A, B],
    ]


def test_of_many_keys_those_changed_last_come_first():
    story = reading(Touch(1, A, (1,)), Touch(2, B, (2,)), Touch(3, C, (3,)), Touch(4, A, (4,)))

    found = seen(story, most_rows=2)

    assert [[line.key for line in scene.lines] for scene in found] == [
        [],
        [A],
        [B, A],
        [C, B],
        [A, C],
    ]
    assert [scene.alive for scene in found] == [0, 1, 2, 3, 3]


def test_a_step_over_several_events_compares_with_the_stop_before():
    """Thinned: a appeared and changed in between; b came and went; c was closed and reopened."""
    story = reading(
        Touch(1, C, (7,)),
        *(Touch(2, A, (1,)), Touch(2, A, (2,)), Touch(2, B, (3,)), Touch(2, B, None)),
        *(Touch(2, C, None), Touch(2, C, (7,))),
    )

    assert seen(story)[2].touched == (
        Line(A, None, (2,)),
        Line(C, (7,), (7,)),
    )
    assert [line.sign for line in seen(story)[2].touched] == ["+", ""]


def test_one_key_is_one_line_and_none_before_it_exists():
    story = reading(Touch(1, A, (1,)), Touch(2, A, None), Touch(3, A, (2,)), key=A)

    assert [scene.lines for scene in seen(story)] == [
        (),
        (Line(A, None, (1,)),),
        (Line(A, (1,), None),),
        (Line(A, None, (2,)),),
    ]


def test_what_stood_in_the_empty_past_has_not_changed():
    story = reading(Touch(0, A, (0,)), Touch(1, A, (1,)))

    assert seen(story)[0].lines == (Line(A, (0,), (0,)),)
    assert seen(story)[0].touched == ()


def test_the_whole_state_comes_with_every_scene():
    story = reading(Touch(1, A, (1,)), Touch(2, B, (2,)), Touch(3, A, None))

    assert [dict(state) for _, state in scenes(story, 1)] == [
        {},
        {A: (1,)},
        {A: (1,), B: (2,)},
        {B: (2,)},
    ]


def test_keys_of_several_kinds_have_an_order_too():
    assert sorted_keys([("b",), (2,), ("a",), (1,)]) == [(1,), (2,), ("a",), ("b",)]
