"""Harbour Café's gift cards: load, redeem, close. Rules that fit in the head."""

from typing import NamedTuple

import eventlab as el


class Load(NamedTuple):
    amount: int


class Redeem(NamedTuple):
    amount: int


class Close(NamedTuple):
    pass


def decide(command, card):
    match command:
        case Load(amount):
            return el.Event("CardLoaded", {"amount": amount})
        case Redeem(amount) if amount > card["balance"]:
            raise ValueError(f"only {card['balance']} left")
        case Redeem(amount):
            return el.Event("CardRedeemed", {"amount": amount})
        case Close() if card["balance"]:
            paid = el.Event("BalancePaidOut", {"amount": card["balance"]})
            return [paid, el.Event("CardClosed")]
        case Close():
            return [el.Event("CardClosed")]


EVOLVE = {
    "CardLoaded": lambda card, event: card | {"balance": card["balance"] + event.data["amount"]},
    "CardRedeemed": lambda card, event: card | {"balance": card["balance"] - event.data["amount"]},
    "BalancePaidOut": lambda card, event: card | {"balance": 0},
    "CardClosed": lambda card, event: card | {"open": False},
}


def rules():
    return el.Decider(
        decide,
        EVOLVE,
        {"balance": 0, "open": True},
        is_terminal=lambda card: not card["open"],
        name="card",
    )
