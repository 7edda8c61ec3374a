"""Is the checkpoint never past an event that is not done, whatever overtook it?"""

from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.bus.inbox import Inbox
from tests.examples import examples


def inbox_of(events):
    """Return an inbox over a log where every second event has the same stream."""
    store = el.EventStore()
    for number in range(events):
        store.append(f"order-{number % 2}", el.Event("OrderPlaced"))
    return Inbox(store, (), 0, lambda: events)


def test_an_event_that_was_overtaken_holds_the_checkpoint_back():
    inbox = inbox_of(3)
    inbox.first()

    assert inbox.let_another_pass(lambda event: event.stream)
    inbox.done()
    assert (inbox.first().position, inbox.done_to) == (1, 0)

    inbox.done()
    assert (inbox.first().position, inbox.done_to) == (3, 2)


def test_events_done_out_of_turn_hold_nothing_back_but_those_left_do():
    inbox = inbox_of(4)
    first, second, third, _ = inbox.several(4)

    inbox.all_done([first, third])
    assert inbox.done_to == 1
    inbox.all_done([second])

    assert (inbox.done_to, inbox.first().position) == (3, 4)


def test_at_the_end_all_is_done_though_no_event_was_of_the_types_asked_for():
    inbox = inbox_of(3)
    none = Inbox(inbox._log, ("OrderPaid",), 0, lambda: 3)

    assert none.first() is None
    assert none.done_to == 3


@examples(8)
@given(st.lists(st.booleans(), max_size=12))
def test_the_checkpoint_is_just_before_the_first_event_left(overtaking):
    inbox, left = inbox_of(5), {1, 2, 3, 4, 5}
    for overtakes in overtaking:
        event = inbox.first()
        if event is None:
            break
        if overtakes:
            inbox.let_another_pass(lambda event: event.stream)
        else:
            left.remove(event.position)
            inbox.done()
        assert inbox.done_to == min(left, default=6) - 1
