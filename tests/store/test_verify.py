"""Is every kind of tampering found, by position and kind, whatever raw DuckDB did to the file?"""

import shutil

import duckdb
import pandas as pd
import pytest

import eventlab as el
from eventlab.errors import InvalidDigest, NamelessStream
from eventlab.store.digest import lines

TABLES = ["events", "streams", "seals", "fingerprints"]


@pytest.fixture(scope="module")
def seven_events(tmp_path_factory):
    """Six events in two streams, sealed four and then two; a seventh is not sealed."""
    path = tmp_path_factory.mktemp("store") / "cards.duckdb"
    moments = iter([f"2026-02-0{day}" for day in range(1, 10)])
    with el.EventStore(path, clock=lambda: next(moments)) as store:
        for stream, amount in [("card-7", 20), ("card-8", 30), ("card-7", 5), ("card-8", 6)]:
            store.append(stream, el.Event("CardLoaded", {"amount": amount}, actor="ana"))
        store.seal()
        for stream, amount in [("card-7", 1), ("card-8", 2)]:
            store.append(stream, el.Event("CardLoaded", {"amount": amount}))
        store.seal()
        store.append("card-7", el.Event("CardLoaded", {"amount": 3}))
    return path


@pytest.fixture
def path(path, seven_events):
    """A copy of their file to be tampered with."""
    return shutil.copy(seven_events, path)


def noted(path):
    with el.EventStore(path, read_only=True) as store:
        return store.seals()["digest"].iloc[-1]


def tamper(path, *statements):
    """Do with raw DuckDB what somebody who owns the file can do: no trigger, no key in the way."""
    with duckdb.connect(path) as con:
        con.execute("drop view log")
        for table in TABLES:
            con.execute(f"create table plain as from {table}")
            con.execute(f"drop table {table}")
            con.execute(f"alter table plain rename to {table}")
        for statement in statements:
            con.execute(statement)


def found(path, digest=None):
    with el.EventStore(path, read_only=True) as store:
        frame = store.verify(digest)
    return list(zip(frame["position"], frame["kind"], strict=True))


FORGED = """
insert into events select {} from events where position = {}
"""


def swap(*columns):
    """Exchange columns of the events at positions 1 and 2."""
    chosen = ", ".join(f"{name} = other.{name}" for name in columns)
    return (
        f"update events set {chosen} from (select * from events) other "
        "where events.position in (1, 2) and other.position = 3 - events.position"
    )


CONTENT = ["type", "data", "actor", "occurred_at"]

DAMAGE = {
    "nothing": ([], []),
    "a payload": (
        ["update events set data = '{\"amount\": 99}'::json::variant where position = 2"],
        [(2, "changed")],
    ),
    "a payload's type": (
        ["update events set data = '{\"amount\": 30.0}'::json::variant where position = 2"],
        [(2, "changed")],
    ),
    "when it occurred": (
        ["update events set occurred_at = '2025-01-01' where position = 3"],
        [(3, "changed")],
    ),
    "who did it": (["update events set actor = 'bob' where position = 5"], [(5, "changed")]),
    "missing text for empty text": (
        ["update events set reason = '' where position = 5"],
        [(5, "changed")],
    ),
    "an event deleted": (
        ["delete from events where position = 3"],
        [(3, "missing"), (4, "gap"), (5, "broken version")],
    ),
    "the end of the sealed part deleted": (
        ["delete from events where position >= 6"],
        [(6, "missing")],
    ),
    "all events deleted": (
        ["delete from events"],
        [(position, "missing") for position in range(1, 7)],
    ),
    "a forged event at a taken position": (
        [FORGED.format("* replace (9 as version, 'Forged' as type)", 4)],
        [(4, "broken version"), (4, "foreign"), (4, "foreign"), (6, "broken version")],
    ),
    "an event twice": (
        [FORGED.format("*", 4)],
        [(4, "broken version"), (4, "foreign"), (4, "foreign")],
    ),
    "an event at position 0": (
        [FORGED.format("* replace (0 as position, 1 as version)", 1)],
        [(0, "foreign"), (1, "broken version")],
    ),
    "two events exchanged": (
        ["update events set position = 3 - position where position in (1, 2)"],
        [(1, "swapped"), (2, "clock steps back"), (2, "swapped")],
    ),
    "two contents exchanged": ([swap(*CONTENT)], [(1, "swapped"), (2, "swapped")]),
    "two payloads exchanged": ([swap("data")], [(1, "swapped"), (2, "swapped")]),
    "contents and streams exchanged": (
        [swap("stream_no", "version", *CONTENT)],
        [(1, "swapped"), (2, "swapped")],
    ),
    "two times exchanged": ([swap("occurred_at")], [(1, "changed"), (2, "changed")]),
    "a stream renamed": (
        ["update streams set stream = 'card-9' where stream = 'card-8'"],
        [(2, "changed"), (4, "changed"), (6, "changed")],
    ),
    "a stream's name deleted": (
        ["delete from streams where stream = 'card-8'"],
        [(p, kind) for p in (2, 4, 6) for kind in ("changed", "unknown stream")],
    ),
    "a stream's category": (
        ["update streams set category = 'voucher' where stream = 'card-8'"],
        [(2, "changed")],
    ),
    "a second name for a stream": (
        ["insert into streams values (2, 'card-9', 'card')"],
        [(2, "foreign"), (4, "foreign"), (6, "foreign")],
    ),
    "a clock": (
        ["update events set recorded_at = '2026-01-01' where position = 3"],
        [(3, "changed"), (3, "clock steps back")],
    ),
    "a version": (
        ["update events set version = 7 where position = 4"],
        [(4, "broken version"), (4, "changed"), (6, "broken version")],
    ),
    "an event moved away": (
        ["update events set position = 40 where position = 7"],
        [(40, "gap")],
    ),
    "an unsealed version": (
        ["update events set version = 9 where position = 7"],
        [(7, "broken version")],
    ),
    "a digest": (
        [f"update seals set digest = '{'0' * 64}' where seal = 1"],
        [(4, "damaged seal"), (6, "damaged seal")],
    ),
    "the count in a seal": (["update seals set events = 5 where seal = 2"], [(6, "damaged seal")]),
    "the time of a seal": (
        ["update seals set sealed_at = '2025-01-01' where seal = 2"],
        [(6, "damaged seal")],
    ),
    "the probe of a seal": (["update seals set probe = 1 where seal = 2"], [(5, "changed")]),
    "the first seal deleted": (
        ["delete from seals where seal = 1"],
        [(6, "damaged seal"), (6, "damaged seal")],
    ),
    "the last seal deleted": (["delete from seals where seal = 2"], [(6, "damaged seal")]),
    "all seals deleted": (["delete from seals"], [(6, "damaged seal")]),
    "a fingerprint": (
        ["update fingerprints set fingerprint = 1 where position = 2"],
        [(2, "damaged seal")],
    ),
    "all fingerprints deleted": (
        ["delete from fingerprints"],
        [(1, "damaged seal"), (5, "damaged seal")],
    ),
}


@pytest.mark.parametrize(("statements", "findings"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found_by_position_and_kind(path, statements, findings):
    tamper(path, *statements)

    assert found(path) == findings


def test_findings_say_which_event_stands_there_and_what_is_wrong(path):
    tamper(path, "delete from events where position = 3", swap("data"))

    with el.EventStore(path, read_only=True) as store:
        frame = store.verify("0" * 64)

    pd.testing.assert_frame_equal(
        frame,
        pd.DataFrame(
            {
                "position": [1, 2, 3, 4, 5, 6],
                "kind": ["swapped", "swapped", "missing", "gap", "broken version", "other digest"],
                "stream": pd.Series(
                    ["card-7", "card-8", None, "card-8", "card-7", "card-8"], dtype="str"
                ),
                "version": pd.Series([1, 1, None, 2, 3, 3], dtype="Int64"),
                "detail": [
                    "what seal 1 saw here stands at position 2",
                    "what seal 1 saw here stands at position 1",
                    "seal 1 saw an event here",
                    "positions 3 to 3 are not there",
                    "version 3 follows version 1 of its stream",
                    f"no seal here has the digest {'0' * 64}; the last seal here is {noted(path)}",
                ],
            }
        ),
        check_dtype=False,
    )


def test_no_finding_has_the_same_typed_columns(path):
    with el.EventStore(path, read_only=True) as store:
        frame = store.verify()

    assert frame.dtypes.astype(str).to_dict() == {
        "position": "int64",
        "kind": "str",
        "stream": "str",
        "version": "Int64",
        "detail": "str",
    }
    assert frame.empty


def test_only_a_digest_noted_elsewhere_shows_that_the_end_was_cut_off(path):
    digest = noted(path)
    tamper(
        path,
        "delete from events where position > 4",
        "delete from stream_index where position > 4",
        "delete from fingerprints where position > 4",
        "delete from seals where seal = 2",
    )

    assert found(path) == []
    assert found(path, digest) == [(4, "other digest")]


def test_only_a_digest_noted_elsewhere_shows_that_all_was_sealed_anew(path):
    digest = noted(path)
    tamper(
        path,
        "update events set actor = 'bob' where position = 2",
        "delete from fingerprints",
        "delete from seals",
    )
    with el.EventStore(path) as store:
        store.seal()

    assert found(path) == []
    assert found(path, digest) == [(7, "other digest")]


def test_an_event_changed_together_with_its_fingerprint_still_breaks_the_seal(path):
    tamper(path, "update events set actor = 'bob' where position = 2")
    with el.EventStore(path, read_only=True) as store:
        [part] = lines(store.cursor(), 0, 4)
        forged = int(part.fingerprints[1])
    with duckdb.connect(path) as con:
        con.execute("update fingerprints set fingerprint = ? where position = 2", [forged])

    assert found(path) == [(4, "damaged seal")]


def test_a_digest_noted_long_ago_still_holds_when_the_log_has_grown(path):
    with el.EventStore(path) as store:
        first = store.seals()["digest"].iloc[0]
        store.seal()

        assert store.verify(first.upper()).empty


@pytest.mark.parametrize("digest", ["", "card-7", 7, "f" * 63])
def test_what_is_no_digest_is_refused(store, digest):
    with pytest.raises(InvalidDigest, match="64 hexadecimal digits"):
        store.verify(digest)


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ("set version = 9223372036854775807", [(7, "broken version")]),
        ("set version = -9223372036854775808", [(7, "broken version")]),
        ("set position = 9223372036854775807", [(2**63 - 1, "gap")]),
        ("set position = null", [(0, "missing value")]),
        ("set type = null", [(7, "missing value")]),
        ("set version = null", [(7, "missing value")]),
        ("set stream_no = null", [(7, "broken version"), (7, "missing value")]),
        ("set schema = null, occurred_at = null", [(7, "missing value")]),
        ("set occurred_at = 'infinity'", [(7, "endless time")]),
        ("set recorded_at = '-infinity'", [(7, "clock steps back"), (7, "endless time")]),
    ],
)
def test_what_no_store_writes_is_found_behind_the_last_seal_too(path, statement, findings):
    tamper(path, f"update events {statement} where position = 7")

    assert found(path) == findings


def test_what_is_missing_is_named(path):
    tamper(path, "update events set type = null, schema = null where position = 7")

    with el.EventStore(path, read_only=True) as store:
        assert store.verify()["detail"].tolist() == ["it has no type, schema"]


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("alter data type json", "events.data should be VARIANT and is JSON"),
        ("alter position type varchar", "events.position should be BIGINT and is VARCHAR"),
        ("drop column actor", "events.actor should be VARCHAR and is not there"),
    ],
)
def test_a_table_with_other_columns_is_named_and_nothing_else_asked(path, statement, detail):
    tamper(path, f"alter table events {statement}")

    with el.EventStore(path, read_only=True) as store:
        told = store.verify("0" * 64)
    assert told[["position", "kind", "detail"]].values.tolist() == [[0, "other table", detail]]


@pytest.mark.parametrize(
    ("place", "findings"),
    [
        (-(2**63), [(-(2**63), "damaged seal"), (6, "damaged seal")]),
        (0, [(0, "damaged seal"), (6, "damaged seal")]),
        (2**63 - 1, [(6, "damaged seal"), (7, "foreign")]),
    ],
)
def test_a_seal_moved_to_an_end_of_all_positions_is_found(path, place, findings):
    digest = noted(path)
    tamper(path, f"update seals set position = {place} where seal = 1")

    assert found(path, digest) == findings


@pytest.mark.parametrize("payload", ["[1]", "5", '"text"'])
def test_a_payload_that_is_no_object_is_found(path, payload):
    with duckdb.connect(path) as con:
        con.execute(
            "insert into events select 8, stream_no, 5, type, occurred_at, recorded_at, ?::json::variant, "
            "null, null, null, null, null, null, 0 from events where position = 7",
            [payload],
        )

    with el.EventStore(path, read_only=True) as store:
        found = store.verify()

    assert found[["position", "kind"]].values.tolist() == [
        [8, "broken payload"],
        [8, "broken schema"],
    ]
    assert payload in found["detail"][0]


@pytest.mark.parametrize("few", [True, False])
def test_events_whose_stream_has_lost_its_name_are_never_shown_as_another_s(path, few, monkeypatch):
    if not few:
        monkeypatch.setattr("eventlab.store.knownstreams.FEW", 0)
    tamper(path, "delete from streams where stream = 'card-8'")
    cards = el.Projection("cards", loaded=el.total("amount"))

    with el.EventStore(path, read_only=True) as store:
        for ask in (lambda: list(store), lambda: cards(store)):
            with pytest.raises(NamelessStream, match=r"number 2\b.*verify"):
                ask()
        assert cards(store.stream("card-7"))["loaded"].tolist() == [29]
