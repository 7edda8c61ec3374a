"""Does every table that people have become the same log, exactly, or a sentence that helps?"""

import csv
import datetime as dt
import gzip
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eventlab as el
from eventlab.errors import (
    BadRow,
    DuplicateEventError,
    ImportFailed,
    MissingColumn,
    NoSuchFile,
    ReadOnly,
    StoreError,
    UnreadableFile,
)
from eventlab.importers.files import BUFFERS
from eventlab.store import bulk
from tests.examples import examples

DATA = Path(__file__).parents[1] / "data"

CARDS = """\
card,kind,ts,amount,holder
card-7,CardLoaded,2026-01-05T10:00:00Z,20,Mara
card-8,CardLoaded,2026-01-06T10:00:00+02:00,30,
card-7,CardRedeemed,2026-01-09 08:30,5,
"""


@pytest.fixture
def write(tmp_path):
    """Write a file, zipped where its name says so, and return its path."""

    def write(text, name="cards.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        content = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Temporary files have a folder of their own, empty again behind every test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def read(source, **roles):
    return el.read_table(source, **{"stream": "card", "type": "kind", **roles})


def payloads(log):
    return [event.data for event in log]


def one(payload):
    """The rows of a file with one event, before they are written in a format."""
    return [{"card": "card-7", "kind": "CardLoaded", **payload}]


def json_lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def parquet(path, columns):
    """Write a file with one row of SQL values."""
    with duckdb.connect() as con:
        con.execute(f"copy (select 'card-7' as card, 'CardLoaded' as kind, {columns}) to '{path}'")
    return path


# -- every way in gives the same log ---------------------------------------------------------------


def in_any_form(write, form):
    rows = [
        {key: value for key, value in row.items() if value != ""}
        for row in csv.DictReader(io.StringIO(CARDS))
    ]
    rows = [{**row, "amount": int(row["amount"])} for row in rows]
    if form == "frame":
        return pd.DataFrame(rows)
    if form == "dicts":
        return rows
    if form == ".parquet":
        path = write("", "cards.parquet")
        pd.DataFrame(rows).to_parquet(path)
        return path
    texts = {
        ".csv": CARDS,
        ".tsv": CARDS.replace(",", "\t"),
        ".jsonl": json_lines(rows),
        ".json": json.dumps(rows, indent=2),
    }
    return write(
        texts[form.removesuffix(".gz").replace(".ndjson", ".jsonl")], f"Cards of 2026{form}"
    )


FORMS = [
    ".csv",
    ".csv.gz",
    ".tsv",
    ".tsv.gz",
    ".jsonl",
    ".jsonl.gz",
    ".ndjson",
    ".json",
    ".json.gz",
]


@pytest.mark.parametrize("form", [*FORMS, ".parquet", "frame", "dicts"])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_table_in_any_form_becomes_the_same_log(write, monkeypatch, form, size):
    monkeypatch.setattr(bulk, "SLICE", size)
    source = in_any_form(write, form)

    store = read(source, occurred_at="ts")

    found = store.events(expand=True)
    pd.testing.assert_frame_equal(
        found[
            ["position", "stream", "version", "type", "occurred_at", "amount", "holder", "event_id"]
        ],
        pd.DataFrame(
            {
                "position": [1, 2, 3],
                "stream": ["card-7", "card-8", "card-7"],
                "version": [1, 1, 2],
                "type": ["CardLoaded", "CardLoaded", "CardRedeemed"],
                "occurred_at": pd.to_datetime(
                    ["2026-01-05T10:00:00Z", "2026-01-06T08:00:00Z", "2026-01-09T08:30:00Z"]
                ).as_unit("us"),
                "amount": [20, 30, 5],
                "holder": pd.Series(["Mara", None, None], dtype="str"),
                "event_id": ["card-7@1", "card-8@1", "card-7@2"],
            }
        ),
    )
    assert payloads(store) == [{"amount": 20, "holder": "Mara"}, {"amount": 30}, {"amount": 5}]


@pytest.mark.parametrize("form", [*FORMS, ".parquet", "frame", "dicts"])
def test_columns_named_for_the_envelope_leave_the_payload(write, form):
    store = read(in_any_form(write, form), occurred_at="ts", actor="holder")

    assert payloads(store) == [{"amount": 20}, {"amount": 30}, {"amount": 5}]
    assert [event.actor for event in store] == ["Mara", None, None]


@pytest.mark.parametrize("form", [*FORMS, ".parquet", "frame", "dicts"])
def test_a_wrong_column_name_lists_the_columns_there_are(write, form):
    with pytest.raises(MissingColumn) as refused:
        read(in_any_form(write, form), occurred_at="time")

    assert str(refused.value) == (
        "occurred_at='time' names no column of the table; "
        "its columns are: 'card', 'kind', 'ts', 'amount', 'holder'."
    )


def test_into_fills_a_store_and_returns_it(write, tmp_path):
    with el.EventStore(tmp_path / "cards.duckdb") as store:
        store.append("card-7", el.Event("CardLoaded", {"amount": 1}))

        assert read(write(CARDS), occurred_at="ts", into=store) is store

    with el.EventStore(tmp_path / "cards.duckdb", read_only=True) as store:
        assert [e.version for e in store.stream("card-7")] == [1, 2, 3]


def test_a_real_day_of_flights_has_numbers_where_it_has_numbers():
    store = el.read_table(
        DATA / "flights-2013-01-01.csv", stream="stream", type="type", occurred_at="occurred_at"
    )

    frame = store.events(expand=True)
    assert len(store) == 2515
    assert store.types()[["type", "events"]].to_dict("list") == {
        "type": ["FlightCancelled", "FlightDeparted", "FlightLanded", "FlightScheduled"],
        "events": [4, 838, 831, 842],
    }
    assert frame.departure_delay.sum() == 9678
    assert (
        frame[["flight_number", "distance", "air_time"]].dtypes.map(str).tolist() == ["Int64"] * 3
    )
    assert frame.tail_number.dtype == "str"


def test_the_gift_cards_keep_both_clocks():
    store = el.read_table(
        DATA / "gift-cards.csv",
        stream="stream",
        type="type",
        occurred_at="occurred_at",
        recorded_at="recorded_at",
        actor="actor",
        reason="reason",
    )

    [late] = store.since(position=95).until(position=95)
    assert (late.stream, late.version, late.data) == ("card-7", 9, {"amount": 5})
    assert (str(late.occurred_at)[:10], str(late.recorded_at)[:10]) == ("2026-03-29", "2026-04-09")
    assert (late.actor, late.reason) == ("ben", "coffee and cake")


# -- CSV -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-20", "9223372036854775807"], [1, -20, 9223372036854775807]),
        (["1", "", "3"], [1, None, 3]),
        (["1", '""', "3"], [1, None, 3]),
        (['"1"', '"2"', "3"], [1, 2, 3]),
        (["1", "9223372036854775808", "3"], ["1", "9223372036854775808", "3"]),
        (["007", "8", "9"], ["007", "8", "9"]),
        (["+1", "2", "3"], ["+1", "2", "3"]),
        ([" 1", "2", "3"], [" 1", "2", "3"]),
        (["1_000", "2", "3"], ["1_000", "2", "3"]),
        (["1", "2.50", "3"], [1.0, 2.5, 3.0]),
        (["0.1", "-1e-05", "2E+3"], [0.1, -0.00001, 2000.0]),
        (["0.30000000000000004", "1", "2"], [0.30000000000000004, 1.0, 2.0]),
        (["0.30000000000000001", "1", "2"], ["0.30000000000000001", "1", "2"]),
        (["9007199254740993", "1.5", "2"], ["9007199254740993", "1.5", "2"]),
        (["1e999", "1", "2"], ["1e999", "1", "2"]),
        (["1e-999", "1", "2"], ["1e-999", "1", "2"]),
        (["NaN", "1", "2"], ["NaN", "1", "2"]),
        (["inf", "1.5", "2"], ["inf", "1.5", "2"]),
        ([".5", "1", "2"], [".5", "1", "2"]),
        (['"1,5"', "1", "2"], ["1,5", "1", "2"]),
        (["true", "False", "TRUE"], [True, False, True]),
        (["true", "0", "1"], ["true", "0", "1"]),
        (["1", "x", "2.5"], ["1", "x", "2.5"]),
        (["2026-01-31", "2026-02-01", ""], ["2026-01-31", "2026-02-01", None]),
        (["x", "", '""'], ["x", None, ""]),
        (['""', '""', '""'], ["", "", ""]),
        (["", "", ""], [None, None, None]),
        (['"a ""b"""', '"x\ny"', "ß€😀"], ['a "b"', "x\ny", "ß€😀"]),
        (["'; drop table events; --", "\\N", "NULL"], ["'; drop table events; --", "\\N", "NULL"]),
    ],
    ids=str,
)
def test_a_csv_column_has_a_type_only_if_nothing_is_lost(write, cells, expected):
    rows = [f"card-7,CardLoaded,{cell},end\n" for cell in cells]

    store = read(write("card,kind,x,y\n" + "".join(rows)))

    assert payloads(store) == [
        ({} if value is None else {"x": value}) | {"y": "end"} for value in expected
    ]
    assert [type(p.get("x")) for p in payloads(store)] == [type(value) for value in expected]


def test_each_of_many_columns_has_the_type_of_its_own_cells(write):
    kinds = [("7", 7), ("2.5", 2.5), ("true", True), ("007", "007"), ("", None)]
    cells = [kinds[place % 5] for place in range(250)]
    header = ",".join(f"c{place}" for place in range(250))
    text = f"card,kind,{header}\ncard-7,CardLoaded,{','.join(cell for cell, _ in cells)}\n"

    expected = {f"c{place}": v for place, (_, v) in enumerate(cells) if v is not None}
    assert payloads(read(write(text))) == [expected]
    assert len(read(write(text)).fields()) == 200


def test_a_value_far_down_decides_the_type_of_its_column(write):
    early = "card-7,CardLoaded,1,,2026\n" * 12_000
    late = "card-7,CardLoaded,none,1.5,2026\n"

    store = read(write("card,kind,x,y,z\n" + early + late))

    assert payloads(store.until(position=1)) == [{"x": "1", "z": 2026}]
    assert payloads(store.since(position=12_001)) == [{"x": "none", "y": 1.5, "z": 2026}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_header_tells_what_stands_between_cells(write, delimiter, end):
    lines = ["card:kind:one, two", 'card-7:CardLoaded:"x,;|"', "card-8:CardLoaded:z", ""]
    text = end.join(lines).replace("one, two", "one") if delimiter == "," else end.join(lines)

    store = read(write(text.replace(":", delimiter)))

    name = "one" if delimiter == "," else "one, two"
    assert payloads(store) == [{name: "x,;|"}, {name: "z"}]


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert len(read(write(b"\xef\xbb\xbf" + CARDS.encode()))) == 3


def test_a_header_may_span_lines_and_quote_anything(write):
    header = 'card,kind,"two\nlines","a ""b"" c;--","type",stream,self,"it\'s"\n'

    store = read(write(header + "card-7,CardLoaded,1,2,3,4,5,6\n"))

    assert payloads(store) == [
        {"two\nlines": 1, 'a "b" c;--': 2, "type": 3, "stream": 4, "self": 5, "it's": 6}
    ]


def test_a_column_without_a_name_is_called_by_its_place(write):
    assert payloads(read(write(",card,kind\n0,card-7,CardLoaded\n"))) == [{"column1": 0}]


def test_a_file_with_nothing_but_a_header_has_no_events(write):
    for text in ("card,kind,ts\n", "card,kind,ts"):
        assert len(read(write(text), occurred_at="ts")) == 0


def test_a_name_that_is_a_pattern_names_that_file_only(write):
    write("nothing of this\n", "cards 1.csv")
    path = write(CARDS, "year=2026/cards [1]?*'{}.csv")

    assert payloads(read(path))[1] == {"ts": "2026-01-06T10:00:00+02:00", "amount": 30}


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@examples(8)
@given(rows=st.lists(st.tuples(cells, cells), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_any_quoted_text_comes_back_from_csv(tmp_path_factory, rows, end):
    path = tmp_path_factory.mktemp("csv") / "cards.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=end)
        lines.writerows([["card", "kind", "x", "y"], ["card-7", "CardLoaded", "text", "text"]])
        lines.writerows(["card-7", "CardLoaded", *row] for row in rows)

    assert payloads(read(path))[1:] == [{"x": x, "y": y} for x, y in rows]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["card-7,CardLoaded,1", "card-7,CardLoaded"],
            r"row 2: this does not have 3 cells.* but 2 \(found 'card-7,",
        ),
        (
            ['card-7,CardLoaded,"x\ny"', "card-7,CardLoaded,1,2"],
            "row 2: this does not have 3 cells.* but 4",
        ),
        (
            ["card-7,CardLoaded,1", 'card-7,CardLoaded,"x'],
            "row 2: this has a quote that does not end",
        ),
        (
            ["card-7,CardLoaded,1", 'card-7,CardLoaded,"x"y'],
            "row 2: this has a quote that does not end",
        ),
        (["card-7,CardLoaded,1", ",CardLoaded,1"], "row 2: column 'card' is missing"),
    ],
)
def test_a_malformed_line_is_refused_by_row(write, lines, sentence):
    with pytest.raises(BadRow, match=sentence):
        read(write("\n".join(["card,kind,x", *lines, ""])))


def test_text_that_is_not_utf8_is_refused_by_row(write):
    with pytest.raises(BadRow, match=r"row 2: this is not UTF-8.*Save the file as UTF-8"):
        read(write("card,kind,x\ncard-7,CardLoaded,1\ncard-7,CardLoaded,é\n".encode("latin-1")))
    with pytest.raises(UnreadableFile, match="is not UTF-8"):
        read(write("card,kind,é\ncard-7,CardLoaded,1\n".encode("latin-1")))
    with pytest.raises(UnreadableFile, match="is not UTF-8"):
        read(write(CARDS.encode("utf-16")))


@pytest.mark.parametrize("name", ["cards.csv", "cards.jsonl"])
def test_a_line_that_is_too_long_is_refused_by_row(write, monkeypatch, name):
    monkeypatch.setitem(BUFFERS, "max_line_size", "200")
    rows = [*one({"x": 1}), *one({"x": "y" * 300})]
    text = json_lines(rows) if name == "cards.jsonl" else f"card,kind,x\na,B,1\na,B,{'y' * 300}\n"

    with pytest.raises(BadRow, match="row 2: this is longer than"):
        read(write(text, name))


def test_line_ends_of_two_kinds_are_refused(write):
    with pytest.raises(UnreadableFile, match="mixes several kinds of line ends"):
        read(write("card,kind\r\ncard-7,CardLoaded\ncard-7,CardLoaded\r\n"))


# -- JSON ------------------------------------------------------------------------------------------


def test_a_json_line_is_kept_to_the_letter(write):
    line = (
        '{"card": "card-7", "kind": "CardLoaded", "n": null, "big": 9223372036854775807, "f": 1.0, '
        '"l": [1, "x", {"a": null}], "a/b~\\"": "\\u00e9\\\\ é", "card ": {"card": 1}, "": 0}'
    )

    [payload] = payloads(read(write(line, "cards.jsonl")))

    expected = json.loads(line)
    del expected["card"], expected["kind"]
    assert json.dumps(payload, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_blank_lines_and_a_byte_order_mark_are_no_rows(write):
    text = b'\xef\xbb\xbf{"card": "card-7", "kind": "A"}\r\n\r\n \t\n{"card": 8, "kind": "B"}'

    assert [(e.stream, e.type) for e in read(write(text, "cards.jsonl"))] == [
        ("card-7", "A"),
        ("8", "B"),
    ]


@pytest.mark.parametrize("name", ["cards.jsonl", "cards.json"])
def test_json_without_an_object_has_no_events(write, name):
    text = "[ ]" if name == "cards.json" else "\n \n"

    assert len(read(write(text, name), occurred_at="ts")) == 0


def test_keys_may_be_called_anything(write):
    keys = {"a/b": "card-7", "c~d": "CardLoaded", '"': "ana", "$.x": "why", "*": "c1"}
    path = write(json_lines([{**keys, "x": 1}]), "cards.jsonl")

    [event] = el.read_table(
        path, stream="a/b", type="c~d", actor='"', reason="$.x", correlation_id="*"
    )

    assert (event.stream, event.type, event.actor) == ("card-7", "CardLoaded", "ana")
    assert (event.reason, event.correlation_id, event.data) == ("why", "c1", {"x": 1})


def test_a_key_that_only_a_late_line_has_is_there(write):
    rows = [*one({}) * 2000, *one({"who": "ana"})]

    store = read(write(json_lines(rows), "cards.jsonl"), actor="who")

    assert store.events().actor.dropna().to_dict() == {2000: "ana"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(cells, inner, max_size=3),
    max_leaves=5,
)


@examples(8)
@given(
    rows=st.lists(st.dictionaries(cells, json_values, max_size=4), min_size=1, max_size=4),
    name=st.sampled_from(["cards.jsonl", "cards.json", None]),
)
def test_any_objects_come_back_from_json_and_from_dicts(tmp_path_factory, rows, name):
    source = [{**row, "card": "card-7", "kind": "CardLoaded"} for row in rows]
    if name:
        path = tmp_path_factory.mktemp("json") / name
        text = json.dumps(source) if name == "cards.json" else json_lines(source)
        path.write_text(text, encoding="utf-8", newline="")

    store = read(path if name else source)

    expected = [{k: v for k, v in row.items() if k not in ("card", "kind")} for row in rows]
    found = [json.dumps(payload, sort_keys=True) for payload in payloads(store)]
    assert found == [json.dumps(payload, sort_keys=True) for payload in expected]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"card": "card-7", "kind": ', r"row 2: this is no JSON object \(found '\{\"card\""),
        ("[1]", r"row 2: this is no JSON object \(found '\[1\]' in .*cards.jsonl"),
        ("5", "row 2: this is no JSON object"),
        ('{"card": "card-7", "kind": "A"}\x01', "row 2: this is no JSON object"),
        (
            '{"card": "card-7", "kind": "A", "x": "\\ud800"}',
            r"row 2: payload field 'x' holds text that is not valid Unicode \('.ud800'\)",
        ),
        (
            '{"card": "card-7", "card": "card-8", "kind": "A"}',
            "row 2: payload field 'card' is given twice",
        ),
        (
            '{"card": "card-7", "kind": "A", "x": {"y": 1, "y": 2}}',
            "row 2: payload field 'x.y' is given twice",
        ),
        ('{"card": "card-7", "kind": "A", "x": 12345678901234567890}', "row 2: .*beyond 64 bits"),
        ('{"card": "card-7", "kind": "A", "x": 1, }', "row 2: this is no standard JSON"),
        ('{"card": "card-7", "kind": "A", "x": [1,]}', "row 2: this is no standard JSON"),
        ('{"card": "card-7", "kind": "A", "x": NaN}', "row 2: payload field 'x' is nan"),
        ('{"card": "card-7", "kind": null}', r"row 2: column 'kind' is missing \(found None\)"),
        ('{"card": "card-7"}', "row 2: column 'kind' is missing"),
    ],
)
def test_a_bad_json_line_is_refused_by_row(write, line, sentence):
    good = json_lines(one({"x": [{"y": 1}, {"y": 2}, "a, ]"]}))

    with pytest.raises(BadRow, match=sentence):
        read(write(f"{good}\n{line}\n{good}", "cards.jsonl"))


@pytest.mark.parametrize("element", ['{"card": }', "5"])
def test_a_bad_element_of_a_json_array_is_refused_by_row(write, element):
    good = json_lines(one({}))

    with pytest.raises(BadRow, match="row 2: this is no JSON object"):
        read(write(f"[{good},\n{element},\n{good}]", "cards.json"))


# -- Parquet ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("0.1::double", 0.1),
        ("true", True),
        ("2.50::decimal(9, 2)", "2.50"),
        ("date '2026-01-31'", "2026-01-31"),
        ("timestamp '2026-01-31 09:30:00'", "2026-01-31T09:30:00"),
        ("timestamptz '2026-01-31 09:30:00+01'", "2026-01-31T08:30:00Z"),
        ("'\\x00\\xFF'::blob", "AP8="),
        ("uuid '00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
        ("timestamp_ns '2026-01-31 09:30:00.000000001'", "2026-01-31T09:30:00.000000001"),
        ("timestamp '0044-03-15 (BC) 12:00:00'", "0044-03-15 (BC) 12:00:00"),
        ("{'a': 12345678901234567890.10::decimal(22, 2)}", {"a": "12345678901234567890.10"}),
        ("[[0.10::decimal(3, 2), null]]", [["0.10", None]]),
        ("[0.10, 2.5]::decimal(3, 2)[2]", ["0.10", "2.50"]),
        ("map {'a': 0.10::decimal(3, 2), 'b': null}", {"a": "0.10", "b": None}),
        ("[{'a': '\\xFF'::blob, 'b': null}]", [{"a": "/w=="}]),
        (
            "{'a': {'b': timestamptz '2026-01-31 09:30:00+01'}}",
            {"a": {"b": "2026-01-31T08:30:00Z"}},
        ),
        ("{'a': date '2026-01-31', 'b': time '09:30'}", {"a": "2026-01-31", "b": "09:30:00"}),
        ("{'a': 1.5::double, 'b': 2::float, 'c': true}", {"a": 1.5, "b": 2.0, "c": True}),
        ("{'it''s \"odd\"': 'so \"odd\"\n'}", {'it\'s "odd"': 'so "odd"\n'}),
        ("{'a': null::struct(b integer), 'c': '{\"d\": null}'::json}", {"c": {"d": None}}),
        ("[1, null]", [1, None]),
        ("{'a': 1, 'b': null, 'c': {'d': null}}", {"a": 1, "c": {}}),
        ("map {'a': 1}", {"a": 1}),
        ("'[1, \"x\"]'::json", [1, "x"]),
        ("'[1, \"x\"]'::json::variant", [1, "x"]),
        ("null::integer", None),
        ("null", None),
        ("'nan'::double", None),
    ],
)
def test_parquet_values_stay_or_become_exact_text(tmp_path, sql, expected):
    path = parquet(tmp_path / "cards.parquet", f"{sql} as x")

    assert payloads(read(path)) == [{} if expected is None else {"x": expected}]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("[1.5, 'nan'::double]", r"row 1: payload field 'x\[1\]' is nan"),
        ("[18446744073709551615::ubigint]", r"row 1: payload field 'x\[0\]' is the integer"),
        ("18446744073709551615::ubigint", "row 1: column 'x' is beyond 64 bits"),
        ("'-inf'::double", "row 1: column 'x' is infinite"),
        ("{'a': {'b': 'nan'::double}}", "row 1: payload field 'x.a.b' is nan"),
        ("[{'a': map {1: 2}}]", r"^'x\[\].a' holds maps with keys of the type INTEGER"),
    ],
)
def test_parquet_values_that_json_has_not_are_refused(tmp_path, sql, sentence):
    with pytest.raises(ImportFailed, match=sentence):
        read(parquet(tmp_path / "cards.parquet", f"{sql} as x"))


def test_what_is_no_parquet_file_is_refused(write, tmp_path):
    with pytest.raises(UnreadableFile, match=r"could not be read \(No magic bytes"):
        read(write("card,kind\ncard-7,CardLoaded\n", "cards.parquet"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"X": pa.array([1]), "x": pa.array([2])}, "columns 'X' and 'x' have the same name to SQL"),
        (
            {"x": pa.array([[{"a": 1, "A": 2}]])},
            "columns 'x.list.element.a' and 'x.list.element.A'",
        ),
        ({"": pa.array([1])}, "column '' has no text as its name"),
        ({"x": pa.array([{"": 1}])}, "column '' has no text as its name"),
        (
            {"x": pa.array([1], pa.decimal256(39, 0))},
            "decimals of 39 digits in 'x', of which only 38",
        ),
        (
            {"x": pa.array([{"a": 1}], pa.struct([("a", pa.decimal256(60, 2))]))},
            "60 digits in 'x.a'",
        ),
    ],
)
def test_what_duckdb_would_rename_or_round_is_refused(tmp_path, values, sentence):
    path = tmp_path / "cards.parquet"
    pq.write_table(pa.table({"card": ["card-7"], "kind": ["CardLoaded"], **values}), path)

    with pytest.raises(ImportFailed, match=sentence):
        read(path)


def test_nanoseconds_with_a_zone_stay_in_a_payload_and_are_no_time_of_an_event(tmp_path):
    path = tmp_path / "cards.parquet"
    times = pa.array([1_000_000_001], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"card": ["card-7"], "kind": ["CardLoaded"], "ts": times}), path)

    assert payloads(read(path)) == [{"ts": "1970-01-01T00:00:01.000000001Z"}]
    with pytest.raises(BadRow, match="row 1: column 'ts' is finer than a microsecond"):
        read(path, occurred_at="ts")


# -- a column of payloads --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "jsonl", "json text", "struct", "text", "dicts"])
def test_data_names_a_column_of_payloads(write, tmp_path, form):
    payload = {"amount": 20, "tags": [1, 2]}
    text = json.dumps(payload)
    rows = one({"d": text if form == "json text" else payload, "other": 1})
    doubled = text.replace('"', '""')
    sources = {
        "csv": lambda: write(f'card,kind,d,other\ncard-7,CardLoaded,"{doubled}",1\n'),
        "jsonl": lambda: write(json_lines(rows), "cards.jsonl"),
        "json text": lambda: write(json_lines(rows), "cards.jsonl"),
        "struct": lambda: parquet(
            tmp_path / "cards.parquet",
            "{'amount': 20, 'tags': [1, 2], 'gone': null} as d, 1 as other",
        ),
        "text": lambda: parquet(tmp_path / "cards.parquet", f"'{text}' as d, 1 as other"),
        "dicts": lambda: rows,
    }

    assert payloads(read(sources[form](), data="d")) == [payload]


def test_a_missing_payload_is_an_empty_one(write):
    assert payloads(read(write("card,kind,d\ncard-7,CardLoaded,\n"), data="d")) == [{}]
    path = write(json_lines([*one({"d": None}), *one({"d": {}}), *one({})]), "cards.jsonl")
    assert payloads(read(path, data="d")) == [{}, {}, {}]


@pytest.mark.parametrize("payload", [[1], 5, "text", True])
def test_a_payload_that_is_no_object_is_refused(write, payload):
    path = write(json_lines([*one({"d": {}}), *one({"d": payload})]), "cards.jsonl")

    with pytest.raises(BadRow, match="row 2: this is no JSON object"):
        read(path, data="d")


# -- times -----------------------------------------------------------------------------------------


def test_times_without_a_zone_are_utc_and_offsets_are_converted(write):
    times = [
        "2026-01-31",
        "2026-01-31 12:00",
        "2026-01-31T12:00:00+05:30",
        "2026-01-31T12:00:00.123456Z",
    ]
    path = write("card,kind,ts\n" + "".join(f"card-7,CardLoaded,{ts}\n" for ts in times))

    assert [str(event.occurred_at) for event in read(path, occurred_at="ts")] == [
        "2026-01-31 00:00:00",
        "2026-01-31 12:00:00",
        "2026-01-31 06:30:00",
        "2026-01-31 12:00:00.123456",
    ]


@pytest.mark.parametrize("offset", ["+24:00", "-25", "+99:30"])
def test_an_offset_that_no_clock_has_is_no_time(write, offset):
    path = write(f"card,kind,ts\ncard-7,CardLoaded,2026-01-31T12:00:00{offset}\n")

    with pytest.raises(BadRow, match="row 1: column 'ts' is no time"):
        read(path, occurred_at="ts")


def test_time_does_not_depend_on_the_zone_of_the_machine(write, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")

    [event, *_] = read(write(CARDS.replace("10:00:00Z", "10:00:00")), occurred_at="ts")

    assert str(event.occurred_at) == "2026-01-05 10:00:00"


# -- all or nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_bad_row_leaves_the_store_as_it_was(write, tmp_path, monkeypatch, form, size):
    monkeypatch.setattr(bulk, "SLICE", size)
    rows = [*one({"ts": "2026-01-05"}) * 3, *one({"ts": "soon"})]
    path = write("", f"cards.{form}")
    frame = pd.DataFrame(rows)
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "jsonl":
        path.write_text(json_lines(rows))
    else:
        frame.to_parquet(path)

    with el.EventStore(tmp_path / "cards.duckdb") as store:
        store.append("card-7", el.Event("CardLoaded"))
        with pytest.raises(BadRow, match=r"row 4: column 'ts' is no time \(found 'soon'\)"):
            read(path, occurred_at="ts", into=store)

        assert len(store) == 1
        assert store.cursor().execute(
            "select database_name from duckdb_databases() where not internal"
        ).fetchall() == [("cards",)]
        assert store.append("card-7", el.Event("CardLoaded")).version == 2


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_same_file_again_writes_nothing(write, monkeypatch, size):
    monkeypatch.setattr(bulk, "SLICE", size)
    path = write("card,kind,id,x\ncard-7,A,a,1\ncard-8,A,b,2\ncard-7,A,c,3\n")
    longer = write(
        "card,kind,id,x\ncard-7,A,a,1\ncard-8,A,b,2\ncard-7,A,c,3\ncard-7,A,d,4\n", "b.csv"
    )

    store = read(path, event_id="id")
    read(path, event_id="id", into=store)

    assert [e.event_id for e in store] == ["a", "b", "c"]
    with pytest.raises(DuplicateEventError, match="'a' is stored already"):
        read(longer, event_id="id", into=store)
    assert len(store) == 3


def test_an_interrupted_staging_leaves_nothing(write, monkeypatch):
    store = el.EventStore()
    monkeypatch.setattr("eventlab.store.staged_table.wait", interrupt)

    with pytest.raises(KeyboardInterrupt):
        read(write(CARDS + "card-7,CardLoaded,2026-01-05,1,Mara\n" * 200_000), into=store)

    monkeypatch.undo()
    assert len(store) == 0
    assert len(read(write(CARDS), into=store)) == 3


def interrupt(running, timeout):
    raise KeyboardInterrupt


# -- what cannot be read ---------------------------------------------------------------------------


def test_a_missing_file_is_named_with_the_folder_it_was_looked_for_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NoSuchFile, match=r"'nowhere\.csv' does not exist \(seen from '.*'\)"):
        read("nowhere.csv")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(NoSuchFile, match="does not exist"):
        read("x" * 5000 + ".csv")


@pytest.mark.parametrize("name", ["cards.xlsx", "cards", "cards.parquet.gz", "cards.csv.zip"])
def test_an_unknown_ending_lists_those_that_are_known(write, name):
    with pytest.raises(
        UnreadableFile, match=r"\.csv, \.tsv, .*\.jsonl, \.ndjson, \.json, .*\.parquet"
    ):
        read(write("x", name))


@pytest.mark.parametrize("name", ["cards.csv", "cards.jsonl", "cards.json", "cards.parquet"])
def test_an_empty_file_is_refused(write, name):
    with pytest.raises(
        UnreadableFile, match=rf"{name}' is empty \(0 bytes\); nothing was imported"
    ):
        read(write("", name))


def test_a_file_without_a_header_is_refused(write):
    with pytest.raises(UnreadableFile, match="has no header"):
        read(write("\n\n"))
    with pytest.raises(UnreadableFile, match="has no header"):
        read(write("", "cards.csv.gz"))


def test_a_folder_and_a_false_zip_are_refused(write, tmp_path):
    with pytest.raises(UnreadableFile, match="is a folder"):
        read(tmp_path)
    (tmp_path / "cards.csv.gz").write_text(CARDS)
    with pytest.raises(UnreadableFile, match=r"could not be read \(Not a gzipped file"):
        read(tmp_path / "cards.csv.gz")


@pytest.mark.parametrize("source", [5, None, {"card": "card-7"}])
def test_what_is_no_table_is_refused(source):
    with pytest.raises(
        ImportFailed, match="give the path of a file, a DataFrame or a list of dicts"
    ):
        read(source)


def test_dicts_have_the_names_that_were_given():
    with pytest.raises(BadRow, match="row 2: this is no JSON object: 5"):
        read([*one({}), 5])
    with pytest.raises(BadRow, match="row 1: payload field 'x' is a tuple"):
        read(one({"x": (1,)}))
    assert len(read([])) == 0


@pytest.mark.parametrize("role", [{}, {"data": "d"}])
def test_what_json_has_no_value_for_becomes_exact_text_in_dicts_too(role):
    payload = {"price": Decimal("2.50"), "on": [dt.date(2026, 1, 31)], "seal": {"raw": b"\xff"}}
    rows = one({"d": payload} if role else payload)

    expected = {"price": "2.50", "on": ["2026-01-31"], "seal": {"raw": "/w=="}}
    assert payloads(read(rows, **role)) == [expected]
    assert payloads(read(pd.DataFrame(rows), **role)) == [expected]


def test_a_stream_called_by_a_truth_value_has_the_same_name_however_it_comes(write):
    rows = [{"card": True, "kind": "CardLoaded"}]
    sources = [rows, pd.DataFrame(rows), write(json_lines(rows), "cards.jsonl")]

    assert [read(source).streams()["stream"].tolist() for source in sources] == [["true"]] * 3


def test_into_is_a_store_that_can_be_written(write, tmp_path):
    el.EventStore(tmp_path / "cards.duckdb").close()

    with pytest.raises(ImportFailed, match=r"into='cards\.duckdb' is a str, not a store"):
        read(write(CARDS), into="cards.duckdb")
    with el.EventStore(tmp_path / "cards.duckdb", read_only=True) as store, pytest.raises(ReadOnly):
        read(write(CARDS), into=store)
    with el.EventStore() as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        read(write(CARDS), into=store)
