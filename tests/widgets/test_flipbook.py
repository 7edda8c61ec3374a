from hypothesis import given
from hypothesis import strategies as st

from eventlab.widgets.flipbook import bind, joined


def test_a_fragment_is_stored_once_however_many_steps_show_it():
    frames = [{"state": "<td>20</td>", "line": str(step)} for step in range(3)]

    book = bind(frames)

    assert book.fragments == ["<td>20</td>", "0", "1", "2"]


def test_rows_and_cells_are_shared_between_tables():
    first, second = ("<tr>", "<td>1</td>"), ("<tr>", "<td>2</td>")

    book = bind([{"state": (first,)}, {"state": (first, second)}])

    assert book.fragments == ["<tr>", "<td>1</td>", [0, 1], [2], "<td>2</td>", [0, 4], [2, 5]]
    assert book.frame(1) == {"state": "<tr><td>1</td><tr><td>2</td>"}


def test_a_step_names_only_the_slots_that_changed():
    frames = [{"a": "1", "b": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}]

    book = bind(frames)

    assert book.deltas == [[], [1, 1], []]


def test_keyframes_stand_at_equal_distance():
    book = bind([{"a": str(step)} for step in range(5)], every=2)

    assert book.keyframes == [[0], [2], [4]]
    assert book.deltas == [[], [0, 1], [], [0, 3], []]


@given(
    st.lists(
        st.lists(st.sampled_from(["", "x", "y", ("x", "y")]), min_size=3, max_size=3), min_size=1
    ),
    st.integers(min_value=1, max_value=5),
)
def test_every_step_reads_back_as_it_was_written(contents, every):
    frames = [dict(zip("abc", content, strict=True)) for content in contents]

    book = bind(frames, every)

    assert len(book) == len(frames)
    for step, frame in enumerate(frames):
        assert book.frame(step) == {slot: joined(fragment) for slot, fragment in frame.items()}


def test_packing_the_same_book_twice_gives_the_same_bytes():
    frames = [{"a": str(step)} for step in range(100)]

    assert bind(frames).packed("<p>") == bind(frames).packed("<p>")
