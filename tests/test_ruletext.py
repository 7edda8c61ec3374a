"""Two rules have the same text only if they do the same."""

import math
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import eventlab as el
from eventlab.ruletext import rule_text

ROOT = Path(__file__).parents[1]
FEE = 1
TABLE = {"gold": 2, "silver": {1, 3}}


def helper(n):
    return n + FEE


def plain(state, event):
    return math.floor(state)


def naming_a_value(state, event):
    return state + FEE


def naming_a_function(state, event):
    return [helper(n) for n in [state]]


def naming_a_table(state, event):
    return state + TABLE["gold"]


def with_an_attribute_of_that_name(state, event):
    return state.FEE


def recursive(state, event):
    return recursive(state, event) if state else state


def charging(fee):
    return lambda state, event: state - fee


def charging_by_default(charged):
    def charge(state, event, *, fee=charged):
        return state - fee

    return charge


def charge(fee, state, event):
    return state - fee


@dataclass
class Charge:
    fee: int

    def __call__(self, state, event):
        return state - self.fee

    def other(self, state, event):
        return state + self.fee


AMONG_WORDS = lambda state, event: event.type in {"A", "B", "C", "D"}  # noqa: E731
ON_ONE_LINE = [lambda state, event: state + 1, lambda state, event: state + 2]

DIFFERENT = {
    "closed over": (charging(1), charging(2)),
    "a default": (charging_by_default(1), charging_by_default(2)),
    "an argument given": (partial(charge, 1), partial(charge, 2)),
    "an object called": (Charge(1), Charge(2)),
    "a method": (Charge(1).other, Charge(2).other),
    "another method": (Charge(1).other, Charge(1).__call__),
    "lambdas on one line": tuple(ON_ONE_LINE),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_rules_that_differ_in_what_they_see_differ_in_text(one, other):
    assert rule_text(one) != rule_text(other)


SAME = {
    "closed over": lambda: charging(1),
    "a default": lambda: charging_by_default(1),
    "an argument given": lambda: partial(charge, 1),
    "an object called": lambda: Charge(1),
    "a method": lambda: Charge(1).other,
    "recursive": lambda: recursive,
    "built in": lambda: len,
    "a method built in": lambda: str.upper,
    "collections": lambda: partial(charging({"a": [1, (2,)], "of": {"x", "y"}})),
}


@pytest.mark.parametrize("made", SAME.values(), ids=SAME)
def test_the_same_rule_made_twice_has_the_same_text(made):
    assert rule_text(made()) == rule_text(made())
    assert " at 0x" not in rule_text(made())


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (plain, False),
        (with_an_attribute_of_that_name, False),
        (naming_a_value, True),
        (naming_a_function, True),
    ],
)
def test_a_value_of_the_module_counts_where_it_is_used(rule, changes, monkeypatch):
    before = rule_text(rule)

    monkeypatch.setitem(globals(), "FEE", 7)

    assert (rule_text(rule) != before) is changes


def test_a_table_of_the_module_counts_with_all_it_holds(monkeypatch):
    before = rule_text(naming_a_table)

    monkeypatch.setitem(TABLE, "silver", {1, 4})

    assert rule_text(naming_a_table) != before


def test_code_without_a_source_is_told_by_its_instructions():
    def made(text):
        return eval(text, {"__name__": __name__, "math": math})

    one, same, other = map(
        made, ["lambda state, event: 1", "lambda state, event: 1", "lambda state, event: 2"]
    )

    assert rule_text(one) == rule_text(same)
    assert rule_text(one) != rule_text(other)


def test_the_text_is_the_same_in_every_process():
    """Sets are ordered by a seed, and objects lie elsewhere; snapshots in a file outlive both."""
    program = (
        "from eventlab.ruletext import rule_text; from tests.test_ruletext import AMONG_WORDS, SAME;"
        "print([rule_text(made()) for made in SAME.values()], rule_text(AMONG_WORDS))"
    )

    texts = {
        subprocess.check_output(
            [sys.executable, "-c", program], env=os.environ | seed, cwd=ROOT, text=True
        )
        for seed in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    }

    made_here = [rule_text(made()) for made in SAME.values()]
    assert texts == {f"{made_here} {rule_text(AMONG_WORDS)}\n"}


def test_snapshots_of_one_rule_do_not_answer_for_another():
    store = el.EventStore()
    store.append("card-1", [el.Event("CardLoaded", {}) for _ in range(25)])
    folds = [el.Fold(charging(fee), 100, name="card") for fee in (1, 2)]

    states = [el.Snapshots(store, fold, every=10)(store)["state"].tolist() for fold in folds]

    assert states == [[75], [50]]


def test_what_is_done_about_unknown_events_is_part_of_a_fold():
    rule = {"CardLoaded": plain}

    fails, skips = (el.Fold(rule, 0, on_unknown=how) for how in ("fail", "skip"))

    assert fails.definition != skips.definition
