"""Appending on a condition: nothing with this tag may be there, or may have come since the writer has read.

There is no index of tags: the store looks through the events behind the position that the writer names. So
what a condition costs is a matter of how far back that lies. By hand it is one statement, INSERT … SELECT …
WHERE NOT EXISTS, into an equal table.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

import eventlab as el
from benchmarks import bare
from benchmarks.measure import Once, Setting, Side, Watch, race, ratio
from benchmarks.report import Row, at_least, memory, ms

APPENDS = 50  # a round
AT_ONCE = 10_000
COURSES, STUDENTS = 5_000, 20_011  # of which the tags speak

INSERT_UNLESS = """
insert into events
select $position, 1, $version, 'StudentSubscribed', $now, $now, $data::json::variant,
       null, null, null, null, null, [$tag], 1
where not exists (
    from events where position > $after and type = 'StudentSubscribed' and list_contains(tags, $tag)
)
"""


def run(setting: Setting) -> list[Row]:
    """Measure conditions over nothing, the last thousand events, and the whole of a log with tags."""
    _ensure(setting)
    events = setting.events // 10
    plain = Side("append", appended)
    return [
        _row(setting, "nothing new", Side("head", partial(conditional, back=0)), plain),
        *(
            _row(
                setting,
                f"{back:,} events to look through",
                Side("condition", partial(conditional, back=back)),
                Side("WHERE NOT EXISTS", partial(inserted, back=back)),
            )
            for back in (1_000, events)
        ),
    ]


def _row(setting: Setting, what: str, side: Side, other: Side) -> Row:
    ours, theirs = race(setting, side, other, rounds=3)
    found = 1 / ratio(ours, theirs)
    return Row(
        f"one durable append on a condition, {what}",
        ms(ours),
        f"{other.name}: {ms(theirs)}",
        f"{found:.2f} of its rate",
        at_least(0.7).verdict(found),
        memory(ours, theirs),
    )


# -- sides -----------------------------------------------------------------------------------------


@contextmanager
def appended(setting: Setting) -> Iterator[Once]:
    """Appends without a condition."""
    with _copied(setting, "plain") as path, el.EventStore(path) as store:

        def append(tag: str, version: int) -> None:
            store.append("student-0", _subscribed(tag))

        yield _new_tags(append)


@contextmanager
def conditional(setting: Setting, back: int) -> Iterator[Once]:
    """Appends that are refused where an event so far back, or since, has the same tag."""
    with _copied(setting, f"condition-{back}") as path, el.EventStore(path) as store:
        head = store.head

        def append(tag: str, version: int) -> None:
            nonlocal head
            condition = el.Condition(_query(tag), after=max(head - back, 0))
            head = store.append("student-0", _subscribed(tag), condition=condition).position

        yield _new_tags(append)


@contextmanager
def inserted(setting: Setting, back: int) -> Iterator[Once]:
    """The same by hand, parsed beforehand as in the other benchmark of appends."""
    with _copied(setting, f"by-hand-{back}") as path, bare.connect(path) as con:
        [begin], [insert], [commit] = map(
            con.extract_statements, ("begin", INSERT_UNLESS, "commit")
        )
        [(head, streamed)] = con.execute(
            "select max(position), max(version) filter (stream_no = 1) from events"
        ).fetchall()

        def append(tag: str, version: int) -> None:
            now = datetime.now()  # noqa: DTZ005
            position = head + version
            values = {"position": position, "version": streamed + version, "data": '{"seat":1}'}
            values |= {"now": now, "tag": tag, "after": max(position - 1 - back, 0)}
            con.execute(begin)
            con.execute(insert, values)
            con.execute(commit)

        yield _new_tags(append)


def _new_tags(append: Callable[[str, int], None]) -> Once:
    """Append on tags that nobody has, so that no condition fails and each looks at all it must."""
    numbers = count(1)

    def once(watch: Watch) -> int:
        for _ in range(APPENDS):
            number = next(numbers)
            with watch:
                append(f"course:new{number}", number)
        return number

    return once


def _query(tag: str) -> el.Query:
    return el.Query("StudentSubscribed", tags=tag)


def _subscribed(*tags: str) -> el.Event:
    return el.Event("StudentSubscribed", {"seat": 1}, tags=tags)


# -- the log ---------------------------------------------------------------------------------------


def _ensure(setting: Setting) -> None:
    """Make the log; tags have no way in by a frame."""
    with el.EventStore(_log(setting)) as store:
        for start in range(0, setting.events // 10, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, setting.events // 10))
            store.append(
                f"student-{start // AT_ONCE}",
                [
                    _subscribed(f"course:{number % COURSES}", f"student:{number % STUDENTS}")
                    for number in numbers
                ],
            )


def _log(setting: Setting) -> Path:
    return setting.folder / "conditions.duckdb"


@contextmanager
def _copied(setting: Setting, name: str) -> Iterator[Path]:
    path = setting.folder / f"conditions-{name}.duckdb"
    shutil.copy(_log(setting), path)
    yield path
    path.unlink()
