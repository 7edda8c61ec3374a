"""What is read on a thread meanwhile: its answer is at hand behind the block, and so is its failure."""

from threading import Event, current_thread, main_thread

import pytest

from eventlab.store.ahead import meanwhile


def test_both_sides_are_at_work_at_the_same_time():
    here, there = Event(), Event()

    def read():
        there.set()
        return here.wait(10), current_thread() is main_thread()

    with meanwhile(read) as found:
        assert there.wait(10)
        here.set()

    assert found.result() == (True, False)


def test_a_failure_there_is_raised_where_the_answer_is_asked_for():
    with meanwhile(lambda: 1 / 0) as found:
        pass

    with pytest.raises(ZeroDivisionError):
        found.result()


def test_a_failure_here_leaves_no_thread_at_work():
    done = Event()

    def read():
        done.wait(0.05)
        done.set()

    with pytest.raises(KeyError), meanwhile(read):
        raise KeyError

    assert done.is_set()
