"""Does a digest stand for the whole history, in a chain that cannot be rewritten unseen?"""

import hashlib
import json

import duckdb
import pandas as pd
import pytest
from hypothesis import given

import eventlab as el
from eventlab.errors import ReadOnly
from eventlab.store import schema
from tests.examples import examples
from tests.store.test_payload import PAYLOADS

NOON = 1_772_366_400_000_000  # 2026-03-01 12:00 UTC, in microseconds


def loaded(*amounts):
    return [el.Event("CardLoaded", {"amount": amount}) for amount in amounts]


def sha256(*lines):
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_the_digest_is_the_sha256_of_lines_anyone_can_write(store):
    store.append("card-7", loaded(20))
    store.append("card-8", el.Event("CardLoaded", {"b": 1, "a": 'x"'}, actor="ana", tags=["gift"]))
    probe = store.cursor().execute("select hash('eventlab')").fetchall()[0][0]

    sealed = store.seal()

    assert (sealed.number, sealed.position, sealed.events) == (1, 2, 2)
    assert sealed.digest == sha256(
        json.dumps(["", 0, 1, 2, 2, "2026-03-01T12:00:00", probe]),
        f'[1,"card-7",1,{NOON},"CardLoaded",{NOON},{{"amount":20}},null,null,null,null,null,null,1]',
        f'[2,"card-8",1,{NOON},"CardLoaded",{NOON},{{"a":"x\\"","b":1}},"ana",null,null,null,null,["gift"],1]',
    )


def test_a_later_seal_begins_with_the_digest_of_the_one_before(store):
    store.append("card-7", loaded(20))
    first = store.seal()
    store.append("card-7", loaded(5))
    probe = store.cursor().execute("select hash('eventlab')").fetchall()[0][0]

    second = store.seal()

    assert (second.number, second.position, second.events) == (2, 2, 1)
    assert second.digest == sha256(
        json.dumps([first.digest, 1, 2, 2, 1, "2026-03-01T12:00:00", probe]),
        f'[2,"card-7",2,{NOON},"CardLoaded",{NOON},{{"amount":5}},null,null,null,null,null,null,1]',
    )


def test_nothing_new_gives_the_last_seal_again(store):
    store.append("card-7", loaded(20))

    assert store.seal() == store.seal()
    assert len(store.seals()) == 1


def test_an_empty_store_can_be_sealed(store):
    sealed = store.seal()

    assert (sealed.position, sealed.events, len(sealed.digest)) == (0, 0, 64)
    assert store.verify(sealed).empty


def test_the_repr_shows_the_digest_to_note(store):
    store.append("card-7", loaded(20))

    sealed = store.seal()

    assert repr(sealed) == (
        f"Seal(number=1, position=1, events=1, digest='{sealed.digest}', sealed_at='2026-03-01 12:00:00')"
    )


@pytest.mark.parametrize("rounds", [0, 2])
def test_seals_has_the_same_typed_columns_when_empty(store, rounds):
    digests = []
    for amount in range(rounds):
        store.append("card-7", loaded(amount))
        digests.append(store.seal().digest)

    noon = pd.Series(["2026-03-01T12:00Z"] * rounds, dtype="datetime64[us, UTC]")
    pd.testing.assert_frame_equal(
        store.seals(),
        pd.DataFrame(
            {
                "number": pd.Series(range(1, rounds + 1), dtype="int64"),
                "position": pd.Series(range(1, rounds + 1), dtype="int64"),
                "events": pd.Series([1] * rounds, dtype="int64"),
                "digest": pd.Series(digests, dtype="str"),
                "sealed_at": noon,
            }
        ),
        check_index_type=False,
    )


@pytest.mark.parametrize("table", ["seals", "fingerprints"])
@pytest.mark.parametrize(
    "change", ["update {0} set position = 9", "delete from {0}", "truncate {0}"]
)
def test_seals_refuse_to_change_through_a_plain_connection(path, table, change):
    with el.EventStore(path) as store:
        store.append("card-7", loaded(20))
        store.seal()

    with duckdb.connect(path) as con, pytest.raises(duckdb.Error, match="are immutable"):
        con.execute(change.format(table))


def test_a_store_from_before_there_were_seals_is_sealed_and_verified(path, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(schema, "SEALS", "select 1")
        with el.EventStore(path) as store:
            store.append("card-7", loaded(20))
    with el.EventStore(path, read_only=True) as store:
        assert store.verify().empty
        assert store.seals().empty

    with el.EventStore(path) as store:
        sealed = store.seal()
        assert store.verify(sealed.digest).empty


def test_a_read_only_store_is_verified_but_not_sealed(path):
    with el.EventStore(path) as store:
        store.append("card-7", loaded(20))
        sealed = store.seal()

    with el.EventStore(path, read_only=True) as store:
        assert store.verify(sealed).empty
        with pytest.raises(ReadOnly):
            store.seal()


def test_an_interrupted_seal_leaves_nothing_behind(store, monkeypatch):
    store.append("card-7", loaded(20))

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as at_the_keyboard:
        at_the_keyboard.setattr("eventlab.store.seal._keep_fingerprints", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.seal()

    assert store.seals().empty
    assert store.seal().events == 1
    assert store.verify().empty


def test_slices_do_not_show_in_the_digest(store, monkeypatch):
    store.append("card-7", loaded(*range(10)))
    other = el.EventStore(clock=lambda: "2026-03-01T12:00:00Z")
    other.append("card-7", loaded(*range(10)))

    whole = store.seal()
    monkeypatch.setattr("eventlab.store.digest.SLICE", 3)

    assert other.seal() == whole
    assert other.verify(whole).empty


@examples(4)
@given(first=PAYLOADS, second=PAYLOADS)
def test_sealing_never_raises_a_false_alarm(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("seals") / "cards.duckdb"
    with el.EventStore(path) as store:
        store.append("card-7", el.Event("CardLoaded", first))
        store.seal()
        store.append("card-\0'|7", el.Event("CardLoaded", second, actor='"\n', tags=["[", "🎁"]))
        noted = store.seal()

    for read_only in (False, True):
        with el.EventStore(path, read_only=read_only) as store:
            assert store.verify(noted).empty
            if not read_only:
                store.cursor().execute("checkpoint")
                assert store.verify(noted).empty
