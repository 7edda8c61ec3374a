"""Chains of upcasters: refused when they cannot hold, and what they make of one old event."""

import pytest

import eventlab as el
from eventlab.errors import InvalidUpcaster, UnknownSchema, UpcastFailed
from eventlab.upcasting import Chains, default, drop, rename, rename_type, split


def test_a_chain_goes_step_by_step_to_the_newest_schema():
    chains = Chains(
        [default("CardLoaded", 2, currency="EUR"), rename("CardLoaded", 1, amount="euros")]
    )

    shown = chains.shown(("CardLoaded", 1), '{"amount": 20}', position=1)

    assert shown == [el.Event("CardLoaded", {"euros": 20, "currency": "EUR"}, schema=3)]


def test_a_renamed_type_goes_on_in_the_chain_of_the_other():
    chains = Chains(
        [rename_type("CardTopped", 1, to="CardLoaded"), rename("CardLoaded", 1, amount="euros")]
    )

    shown = chains.shown(("CardTopped", 1), '{"amount": 20}', position=1)

    assert shown == [el.Event("CardLoaded", {"euros": 20}, schema=2)]


def test_each_part_of_a_split_goes_on_by_itself_in_order():
    def parts(data):
        return [el.Event("B", {"n": 1}), el.Event("C", {"n": 2})]

    def doubled(data):
        return [el.Event("C", {"n": data["n"] * 10}), el.Event("C", {"n": data["n"] * 100})]

    chains = Chains([split("A", 1, into=parts), split("B", 1, into=doubled)])

    shown = chains.shown(("A", 1), "{}", position=1)

    assert [(event.type, event.data["n"]) for event in shown] == [("C", 10), ("C", 100), ("C", 2)]


def test_nothing_is_shown_of_what_is_dropped():
    assert Chains([drop("PageViewed", 1)]).shown(("PageViewed", 1), "{}", position=1) == []


def test_a_gap_is_refused():
    with pytest.raises(
        InvalidUpcaster, match=r"'CardLoaded' start from schema 1, 3, and none from 2"
    ):
        Chains([rename("CardLoaded", 1, a="b"), rename("CardLoaded", 3, b="c")])


def test_two_upcasters_of_one_schema_are_refused():
    with pytest.raises(InvalidUpcaster, match=r"two upcasters for 'CardLoaded' schema 1"):
        Chains([rename("CardLoaded", 1, a="b"), drop("CardLoaded", 1)])


def test_a_circle_is_refused():
    with pytest.raises(InvalidUpcaster, match=r"'A' schema 1 → 'B' schema 1 → 'A' schema 1"):
        Chains([rename_type("A", 1, to="B"), rename_type("B", 1, to="A")])


def test_a_schema_behind_the_end_of_a_chain_is_refused():
    with pytest.raises(
        InvalidUpcaster, match=r"makes 'B' schema 5, but the upcasters of 'B' end at schema 2"
    ):
        Chains([rename_type("A", 1, to="B", to_schema=5), rename("B", 1, a="b")])


def test_a_circle_of_functions_is_met_on_the_way():
    chains = Chains(
        [
            el.upcaster("A", schema=1)(lambda data: el.Event("B", data)),
            el.upcaster("B", schema=1)(lambda data: el.Event("A", data)),
        ]
    )

    with pytest.raises(UpcastFailed, match=r"'A' schema 1.*position 7.*came round to 'A' again"):
        chains.shown(("A", 1), "{}", position=7)


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        (5, "returned 5, which is no dict"),
        ("text", "returned 'text', which is no dict"),
        ([{"amount": 1}], "which is no dict, no event, no list of events"),
        ({"amount": {1}}, "payload field 'amount' is a set"),
        (el.Event("CardLoaded", actor="ana", schema=2), "say type, data and schema only"),
    ],
)
def test_what_an_upcaster_returns_is_looked_at(returned, why):
    chains = Chains([el.upcaster("CardLoaded", schema=1)(lambda data: returned)])

    with pytest.raises(UpcastFailed, match=why) as error:
        chains.shown(("CardLoaded", 1), '{"amount": 20}', position=3)

    assert "'CardLoaded' schema 1" in str(error.value)
    assert "position 3" in str(error.value)
    assert '{"amount": 20}' in str(error.value)


def test_a_schema_that_no_chain_knows_is_refused_and_said_to_be_newer():
    chains = Chains([rename("CardLoaded", 2, a="b")])

    with pytest.raises(UnknownSchema, match=r"newer code wrote it"):
        chains.require_known(("CardLoaded", 4), position=9)
    with pytest.raises(UnknownSchema, match=r"upcaster\('CardLoaded', schema=1\)"):
        chains.require_known(("CardLoaded", 1), position=9)
    chains.require_known(("CardLoaded", 3), position=9)
    chains.require_known(("CardSold", 7), position=9)


def test_a_field_is_not_renamed_over_another():
    chains = Chains([rename("CardLoaded", 1, amount="euros")])

    with pytest.raises(UpcastFailed, match=r"has a field 'euros' already"):
        chains.shown(("CardLoaded", 1), '{"amount": 20, "euros": 5}', position=1)


@pytest.mark.parametrize(("type", "schema"), [("", 1), (7, 1), ("A", 0), ("A", True), ("A", "1")])
def test_what_is_no_schema_of_a_type_is_refused(type, schema):
    with pytest.raises(InvalidUpcaster, match=r"names no old shape"):
        el.upcaster(type, schema=schema)


def test_a_plain_function_is_no_upcaster():
    with pytest.raises(InvalidUpcaster, match=r"decorate a function with @el.upcaster"):
        el.EventStore(upcasters=[lambda data: data])


def test_the_definition_tells_functions_apart():
    one, two = rename("A", 1, a="b"), rename("A", 1, a="c")

    assert Chains([one]).definition != Chains([two]).definition
    assert Chains([one]).definition == Chains([rename("A", 1, a="b")]).definition
    assert Chains().definition == ""
