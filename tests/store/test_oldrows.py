"""How old rows are told from those of today: by no more than the rows that are stored ask for."""

from eventlab.store.oldrows import is_current_among

SCHEMAS = {"CardLoaded": [1, 2], "CardTopped": [1]}


def test_a_type_of_which_all_rows_are_old_is_told_by_its_name():
    stored = [("CardLoaded", 1), ("CardLoaded", 2), ("CardSold", 1)]

    assert is_current_among(stored, SCHEMAS) == ["events.type <> 'CardLoaded'"]


def test_a_type_with_rows_of_today_is_told_by_its_schema_too():
    stored = [("CardLoaded", 1), ("CardLoaded", 3)]

    assert is_current_among(stored, SCHEMAS) == [
        "(events.type <> 'CardLoaded' or events.schema not between 1 and 2)"
    ]


def test_a_type_without_old_rows_is_not_tested():
    stored = [("CardLoaded", 3), ("CardTopped", 2)]

    assert is_current_among(stored, SCHEMAS) == []


def test_a_type_with_a_quote_in_its_name_is_told_as_well():
    assert is_current_among([("O'Hara", 1)], {"O'Hara": [1]}) == ["events.type <> 'O''Hara'"]
