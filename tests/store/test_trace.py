"""Does a trace show every event of a conversation once, below its cause?"""

import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import InvalidCut


def caused(type, cause=None, *, event_id=None, correlation_id="order-7", actor=None):
    return el.Event(
        type,
        event_id=event_id,
        causation_id=cause,
        correlation_id=correlation_id,
        actor=actor,
        occurred_at="2026-03-01",
    )


def drawn(log):
    return log.trace("order-7")["tree"].tolist()


@pytest.fixture
def order(store):
    """An order that led to a payment and a parcel; a receipt after both; another conversation."""
    store.append("order-7", caused("OrderPlaced", actor="ana"))
    store.append("payment-3", caused("PaymentTaken", "order-7@1", event_id="pay"))
    store.append("order-8", caused("OrderPlaced", correlation_id="order-8"))
    store.append("parcel-5", caused("ParcelSent", "order-7@1"))
    store.append("letter-1", caused("ReceiptSent", "pay"))
    return store


def test_a_trace_is_a_frame_in_tree_order(order):
    pd.testing.assert_frame_equal(
        order.trace("order-7"),
        pd.DataFrame(
            {
                "tree": ["OrderPlaced", "├─ PaymentTaken", "│  └─ ReceiptSent", "└─ ParcelSent"],
                "depth": [0, 1, 2, 1],
                "position": [1, 2, 5, 4],
                "stream": ["order-7", "payment-3", "letter-1", "parcel-5"],
                "type": ["OrderPlaced", "PaymentTaken", "ReceiptSent", "ParcelSent"],
                "event_id": ["order-7@1", "pay", "letter-1@1", "parcel-5@1"],
                "causation_id": pd.Series([None, "order-7@1", "pay", "order-7@1"], dtype="str"),
                "occurred_at": pd.Series(["2026-03-01T00:00Z"] * 4, dtype="datetime64[us, UTC]"),
                "actor": pd.Series(["ana", None, None, None], dtype="str"),
            }
        ),
    )


def test_an_unknown_conversation_gives_the_same_typed_columns(order):
    empty = order.trace("order-9")

    assert empty.empty
    assert empty.dtypes.equals(order.trace("order-7").dtypes)


def test_a_cut_shows_its_part_and_what_lost_its_cause_becomes_a_root(order):
    assert drawn(order.until(position=2)) == ["OrderPlaced", "└─ PaymentTaken"]
    assert drawn(order.since(position=2)) == ["PaymentTaken", "└─ ReceiptSent", "ParcelSent"]


def test_a_cause_in_another_conversation_makes_a_root(order):
    order.append("order-7", caused("OrderCancelled", "order-8@1"))

    assert drawn(order)[-2:] == ["└─ ParcelSent", "OrderCancelled"]


def test_an_effect_recorded_before_its_cause_still_stands_below_it(store):
    store.append("letter-1", caused("ReceiptSent", "pay"))
    store.append("payment-3", caused("PaymentTaken", event_id="pay"))

    assert drawn(store) == ["PaymentTaken", "└─ ReceiptSent"]


def test_an_event_that_causes_itself_is_shown_once_and_marked(store):
    store.append("order-7", caused("OrderPlaced", "order-7@1"))
    store.append("parcel-5", caused("ParcelSent", "order-7@1"))

    assert drawn(store) == ["↺ OrderPlaced", "└─ ParcelSent"]


def test_a_circle_is_shown_once_from_its_first_event(store):
    store.append("order-7", caused("OrderPlaced", "c", event_id="a"))
    store.append("order-7", caused("OrderPaid", "a", event_id="b"))
    store.append("order-7", caused("OrderSent", "b", event_id="c"))
    store.append("letter-1", caused("ReceiptSent", "b"))

    assert drawn(store) == [
        "↺ OrderPlaced",
        "└─ OrderPaid",
        "   ├─ OrderSent",
        "   └─ ReceiptSent",
    ]


def test_what_hangs_on_a_circle_stands_below_it_also_when_recorded_first(store):
    store.append("letter-1", caused("ReceiptSent", "a"))
    store.append("order-7", caused("OrderPlaced", "b", event_id="a"))
    store.append("order-7", caused("OrderPaid", "a", event_id="b"))

    assert drawn(store) == ["↺ OrderPlaced", "├─ ReceiptSent", "└─ OrderPaid"]


def test_a_chain_of_thousands_does_not_exhaust_the_stack(store):
    chain = [caused("Step", f"chain-1@{n}" if n else None) for n in range(3_000)]
    store.append("chain-1", chain)

    assert store.trace("order-7")["depth"].tolist() == list(range(3_000))


def test_what_is_no_correlation_id_is_refused(store):
    with pytest.raises(InvalidCut, match="such as 'order-7'"):
        store.trace(7)
