"""Write a spring of orders at a small shop by the harbour: `data/shop-orders.csv`.

Orders are placed on the web, paid, packed and sent; some are never paid, cannot be supplied, or come
back. Everything is drawn from a fixed seed. Knows nothing of eventlab. Lessons 07 and 08 use the result.

    python data/make_shop_orders.py
"""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

TARGET = Path(__file__).with_name("shop-orders.csv")
COLUMNS = [
    "stream",
    "type",
    "occurred_at",
    "actor",
    "reason",
    "customer",
    "item",
    "quantity",
    "amount",
]
SEED = 8
ORDERS = 120
OPENING = datetime(2026, 3, 2, 9, tzinfo=UTC)

PRICES = {"postcards": 6, "notebook": 14, "sea chart": 25, "ink": 9, "lantern": 48}
CUSTOMERS = ["Ada", "Bram", "Cleo", "Dario", "Edda", "Farid", "Greta", "Hugo"]
PACKERS = ["ines", "joris"]

NEVER_PAID, OUT_OF_STOCK, COMES_BACK = 0.10, 0.05, 0.08


def main():
    events = shop_orders(Random(SEED))
    write_csv(events, TARGET)
    print(f"{TARGET.name}: {dict(Counter(event['type'] for event in events))}")


def shop_orders(rng):
    """One row per event, in order of time."""
    return sorted(orders(rng), key=lambda event: event["occurred_at"])


def orders(rng):
    """All events of all orders, order by order."""
    placed_at = OPENING
    for number in range(1, ORDERS + 1):
        placed_at += timedelta(minutes=30 + below(rng, 12 * 60))
        yield from one_order(rng, f"order-{number}", placed_at)


def one_order(rng, stream, placed_at):
    item = list(PRICES)[below(rng, len(PRICES))]
    quantity = 1 + below(rng, 3)
    amount = quantity * PRICES[item]
    customer = CUSTOMERS[below(rng, len(CUSTOMERS))]

    def event(type, when, actor, reason=None, **fields):
        return {
            "stream": stream,
            "type": type,
            "occurred_at": when,
            "actor": actor,
            "reason": reason,
            **fields,
        }

    wanted = {"customer": customer, "item": item, "quantity": quantity, "amount": amount}
    yield event("OrderPlaced", placed_at, "web", **wanted)
    if rng.random() < NEVER_PAID:
        yield event("OrderCancelled", placed_at + timedelta(days=3), "web", "not paid")
        return
    paid_at = placed_at + timedelta(minutes=2 + below(rng, 600))
    yield event("OrderPaid", paid_at, "web", amount=amount)
    packer = PACKERS[below(rng, len(PACKERS))]
    packed_at = paid_at + timedelta(minutes=60 + below(rng, 1440))
    if rng.random() < OUT_OF_STOCK:
        yield event("OrderCancelled", packed_at, packer, "out of stock", amount=amount)
        return
    yield event("OrderPacked", packed_at, packer)
    sent_at = packed_at + timedelta(minutes=15 + below(rng, 300))
    yield event("OrderSent", sent_at, "post")
    if rng.random() < COMES_BACK:
        back_at = sent_at + timedelta(minutes=2880 + below(rng, 10000))
        yield event("OrderReturned", back_at, packer, "changed my mind", amount=amount)


def below(rng, n):
    # Of all its draws Python promises only random() to stay the same in later versions.
    return int(n * rng.random())


def write_csv(events, path):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for event in events:
            writer.writerow(event | {"occurred_at": f"{event['occurred_at']:%Y-%m-%dT%H:%M:%SZ}"})


if __name__ == "__main__":
    main()
