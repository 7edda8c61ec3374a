"""`Fold`: state as a plain Python function of the state before and the event.

The function is all a beginner has to write, and anything that Python can say it can say. `Projection`
says less and computes it in DuckDB. Lesson 03 writes the same rules both ways.
"""

from __future__ import annotations

import copy
import gc
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.errors import FoldFailed, InvalidProjection, ProjectionError, UnknownEventType
from eventlab.event import RecordedEvent
from eventlab.projections.columns import Types, names_of
from eventlab.projections.states import State, fields_of, kept, starter
from eventlab.ruletext import rule_text
from eventlab.timetravel import (
    ENDED,
    MOMENT,
    Key,
    Part,
    TimeTravel,
    in_order,
    require_key_names,
    require_names,
    require_version,
)
from eventlab.timetravel.marks import Lives
from eventlab.timetravel.panel import carries_on, parts_between

if TYPE_CHECKING:
    from eventlab.store.log import Log

Evolve = Callable[[State, RecordedEvent], State]
Keys = Callable[[RecordedEvent], Key | list[Key] | None]


class Fold(TimeTravel):
    """State by a Python function: ``evolve(state, event)`` gives the new state.

    Parameters
    ----------
    evolve : callable, or dict of event type to callable
        Takes the state and a recorded event and returns the state afterwards. Changing the state in place
        is safe, as long as it is returned. It should look at nothing else: the events of one stream come in
        order, but a log of over a hundred thousand events is folded a few streams at a time.
    initial : dict, dataclass, NamedTuple, any other value, or callable
        The state before the first event; a callable is given the key. The fields of the state become the
        columns of the frame; a value without fields is the column ``state``.
    name : str
        What a row is.
    version : int
        To be raised when the meaning of the fields changes.
    key : callable, optional
        Takes a recorded event and returns the key it touches: text or a number, a tuple for a key of
        several parts, a list for several keys, None (or NaN) for no key. By default the stream.
    key_names : str or sequence of str, optional
        The names of the index: ``stream``, or ``key``; needed where a key has several parts.
    ends_with : str or sequence of str, optional
        Event types that end the key's life: it leaves the state, and starts afresh if it comes back.
        ``evolve`` is not asked about them.
    on_unknown : {"fail", "skip"}
        What to do where ``evolve`` returns None, or the dict has no such type: fail, or leave the state
        as it is and count the event in ``skipped``.

    Attributes
    ----------
    skipped : Counter
        Events skipped by the last call, by type.

    Raises
    ------
    FoldFailed
        When called, if ``evolve`` fails; it names the event, and the original error is its cause.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> done = store.append("card-7", [el.Event("CardLoaded", {"amount": n}) for n in (20, 5)])
    >>> def load(card, event):
    ...     return card | {"balance": card["balance"] + event.data["amount"]}
    >>> card = el.Fold({"CardLoaded": load}, initial={"balance": 0}, name="card")
    >>> card(store)
            balance  position
    stream
    card-7       25         2
    """

    def __init__(
        self,
        evolve: Evolve | Mapping[str, Evolve],
        initial: State | Callable[[Key], State],
        *,
        name: str = "state",
        version: int = 1,
        key: Keys | None = None,
        key_names: Sequence[str] | str | None = None,
        ends_with: Types = (),
        on_unknown: Literal["fail", "skip"] = "fail",
    ) -> None:
        self.name, self.on_unknown = name, _require_choice(name, on_unknown)
        self.version = require_version(name, version)
        self.key, self.ends_with = key, names_of("ends_with=", ends_with)
        self.key_names = require_key_names(name, key_names, _unnamed(key, key_names))
        self.rule = _require_rule(name, evolve)
        self.initial = initial if callable(initial) else copy.deepcopy(initial)
        self.fields = () if callable(initial) else tuple(fields_of(self.initial))
        require_names(name, self.fields, self.key_names)
        self.skipped: Counter[str] = Counter()

    @property
    def definition(self) -> str:
        """The rule as text: how it is set up, the source of its functions, and what these can see."""
        rules = self.rule.values() if isinstance(self.rule, Mapping) else [self.rule]
        functions = filter(callable, [*rules, self.key, self.initial])
        return "\n".join(
            [repr(self), f"on_unknown={self.on_unknown!r}", *map(rule_text, functions)]
        )

    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log: index the key, the fields, ``position``."""
        self.require_log(log)
        states: dict[Key, State] = {}
        with collector_at_rest():
            try:
                positions = self.folded(_watched(log, self.name, self.batches(log)), states)
            except ProjectionError:
                if self.by_stream and log.is_long:
                    self.folded(log.batches(), {})  # in fold order: the first that fails is named
                raise
        return self.frame(states, positions)

    def states(self, log: Log, cuts: Sequence[Any], by: str = "position") -> Iterator[pd.DataFrame]:
        """Yield the state at each of some cuts, given in increasing order: folding once."""
        if not carries_on(log, by):
            yield from super().states(log, cuts, by)
            return
        states: dict[Key, State] = {}
        positions: dict[Key, int] = {}
        for part in parts_between(log, cuts, by):
            positions |= self.folded(self.batches(part), states)
            yield self.frame(states, positions)

    @property
    def by_stream(self) -> bool:
        """Whether the key of an event is simply its stream."""
        return self.key is None

    @property
    def skips(self) -> bool:
        """Whether an event may leave its key untouched."""
        return self.on_unknown == "skip"

    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched, in fold order, for all keys or one."""
        self.require_log(log)
        return self.changes_from({}, log if key is None else self.about(log, key), key)

    def changes_from(
        self, before: dict[Key, State], log: Log, key: Key | None = None
    ) -> pd.DataFrame:
        """Return the same where some states are known from before; these are kept up to date."""
        keys, moments, states = [], [], []
        for touched, event, state in self.steps(
            _watched(log, self.name, log.batches()), before, only=key
        ):
            keys.append(touched)
            moments.append(_MOMENT(event))
            states.append(None if state is None else kept(state))
        fields = self._field_columns(states)
        alive = pd.Series([state is not None for state in states], dtype="bool")
        return pd.DataFrame(
            {**self._key_columns(keys), **_moment_columns(moments), **fields, "alive": alive}
        )

    def onward(self, log: Log, position: int) -> pd.DataFrame:
        """Return the state at a position, then one row per later event and key it touched."""
        if log.cut.by_occurrence:
            return super().onward(log, position)
        states: dict[Key, State] = {}
        before = log.until(position=position)
        with collector_at_rest():
            positions = self.folded(_watched(before, self.name, self.batches(before)), states)
        return self.onward_from(states, positions, log.since(position=position + 1))

    def onward_from(
        self, states: dict[Key, State], positions: Mapping[Key, int], tail: Log
    ) -> pd.DataFrame:
        """Return the same where the states before some events are known; these are kept up to date."""
        before = self.frame(states, positions).reset_index().assign(alive=True)
        return pd.concat([before, self.changes_from(states, tail)], ignore_index=True)

    def course(self, log: Log, field: str, cuts: Sequence[int]) -> Iterator[pd.DataFrame]:
        """Yield what a field became at each event, a part of the log at a time."""
        states: dict[Key, State] = {}
        for part in parts_between(log, cuts, "position"):
            changes = self.changes_from(states, part)
            yield changes.reindex(columns=["position", field, "alive"])

    def marks(self, log: Log, since: int = 0, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Return for each key and field the position of the event that last changed it."""
        lives, names = Lives(), dict.fromkeys(self.fields)
        for key, event, state in self.steps(_watched(log, self.name, log.batches()), {}):
            now = None if state is None else kept(state)
            lives.note(key, event.position, now)
            names |= dict.fromkeys(now or ())
        keys = in_order(lives.marks)
        columns = {name: lives.column(name, keys) for name in [*names, ENDED]}
        return pd.DataFrame({**self._key_columns(keys), **columns}).set_index(list(self.key_names))

    def steps(
        self,
        batches: Iterable[list[RecordedEvent]],
        states: dict[Key, State],
        *,
        only: Key | None = None,
    ) -> Iterator[tuple[Key, RecordedEvent, State | None]]:
        """Yield key, event and the state after it for each key an event touches.

        The state is None where the key's life ends. ``states`` holds the living by key, is kept up to
        date, and is where folding goes on from.
        """
        following, ends = self._following(), frozenset(self.ends_with)
        for events in batches:
            for key, event in self._touches(events, only):
                if event.type in ends:
                    states.pop(key, None)
                    yield key, event, None
                    continue
                state = following(key, states.get(key), event)
                if state is not None:
                    states[key] = state
                    yield key, event, state

    def _following(self) -> Callable[[Key, State | None, RecordedEvent], State | None]:
        """Return what gives the state of a key after an event, or counts the event and gives None."""
        self.skipped = Counter()
        evolve, fresh = _evolve(self.rule), starter(self.initial)

        def following(key: Key, state: State | None, event: RecordedEvent) -> State | None:
            try:
                found = evolve(fresh(key) if state is None else state, event)
            except Exception as error:
                raise self._failed(event, key, error) from error
            if found is None:
                self._skip(event, key)
            return found

        return following

    def batches(self, log: Log) -> Iterator[list[RecordedEvent]]:
        """Yield the events of a log in an order that gives the state at its end."""
        return log.batches(by_stream=self.by_stream)

    def folded(
        self, batches: Iterable[list[RecordedEvent]], states: dict[Key, State]
    ) -> dict[Key, int]:
        """Fold events onto states, and return the position of the last event of each key."""
        if self.by_stream and not self.ends_with:
            return self._folded_in_runs(batches, states)
        return {key: event.position for key, event, _ in self.steps(batches, states)}

    def _folded_in_runs(
        self, batches: Iterable[list[RecordedEvent]], states: dict[Key, State]
    ) -> dict[Key, int]:
        """Return the same where keys are streams that never end: looked up once for all events in a row."""
        following = self._following()
        positions: dict[Key, int] = {}
        stream: Any = None
        state = last = None
        for event in itertools.chain.from_iterable(batches):
            if event.stream is not stream:
                if last is not None:
                    states[stream], positions[stream] = state, last.position
                stream, last = event.stream, None
                state = states.get(stream)
            found = following(stream, state, event)
            if found is not None:
                state, last = found, event
        if last is not None:
            states[stream], positions[stream] = state, last.position
        return positions

    def touched(self, events: list[RecordedEvent]) -> set[Key]:
        """Return the keys that some events touch."""
        return {key for key, _ in self._touches(events, None)}

    def _touches(
        self, events: list[RecordedEvent], only: Key | None
    ) -> Iterable[tuple[Key, RecordedEvent]]:
        """Return each event with each key it touches, of all keys or one."""
        if self.key is None:
            return zip(map(_STREAM, events), events, strict=True)
        return self._touches_by_key(events, _keys_of(self.key), only)

    def _touches_by_key(
        self,
        events: list[RecordedEvent],
        keys_of: Callable[[RecordedEvent], Iterable[Key]],
        only: Key | None,
    ) -> Iterator[tuple[Key, RecordedEvent]]:
        for event in events:
            try:
                keys = keys_of(event)
            except Exception as error:
                raise self._failed(event, None, error) from error
            for key in keys:
                if only is None or key == only:
                    yield key, event

    def _failed(self, event: RecordedEvent, key: Key | None, error: Exception) -> ProjectionError:
        if isinstance(error, ProjectionError):
            return error
        return FoldFailed(self.name, event.type, event.position, event.stream, key, _said(error))

    def frame(self, states: Mapping[Key, State], positions: Mapping[Key, int]) -> pd.DataFrame:
        """Return states by key as a state frame."""
        keys = in_order(states)
        position = pd.Series([positions[key] for key in keys], dtype="int64")
        fields = self._field_columns([states[key] for key in keys])
        rows = pd.DataFrame({**self._key_columns(keys), **fields, "position": position})
        return rows.set_index(list(self.key_names))

    def _skip(self, event: RecordedEvent, key: Key) -> None:
        if self.on_unknown == "fail":
            raise UnknownEventType(self.name, event.type, event.position, event.stream, key)
        self.skipped[event.type] += 1

    def _key_columns(self, keys: Sequence[Key]) -> dict[str, pd.Series[Any]]:
        if self.key is None:
            return {self.key_names[0]: frames.column(keys).astype("str")}
        parts = _by_part([self._parts(key) for key in keys], len(self.key_names))
        return dict(zip(self.key_names, map(frames.column, parts), strict=True))

    def _parts(self, key: Key) -> tuple[Part, ...]:
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(self.key_names):
            raise InvalidProjection.key_parts(self.name, key, self.key_names)
        return parts

    def _field_columns(self, states: Sequence[State | None]) -> dict[str, pd.Series[Any]]:
        """Return a column per field: those of the initial state, then others as they appear."""
        rows = [{} if state is None else fields_of(state) for state in states]
        names = dict.fromkeys(
            [*self.fields, *(name for names in dict.fromkeys(map(tuple, rows)) for name in names)]
        )
        require_names(self.name, names, self.key_names)
        if rows:
            return {name: frames.column(row.get(name) for row in rows) for name in names}
        start = {} if callable(self.initial) else fields_of(self.initial)
        return {name: frames.column([value])[:0] for name, value in start.items()}

    def __repr__(self) -> str:
        types = f", types={list(self.rule)!r}" if isinstance(self.rule, Mapping) else ""
        ends = f", ends_with={list(self.ends_with)!r}" if self.ends_with else ""
        start = _called(self.initial) if callable(self.initial) else repr(self.initial)
        named = f"{self.name!r}, version={self.version}, by {', '.join(self.key_names)}"
        return f"Fold({named}, from {start}{types}{ends})"


# -- what the hot loop is made of ------------------------------------------------------------------

_MOMENT = operator.attrgetter(*MOMENT)
_STREAM = operator.attrgetter("stream")
_BATCHES_A_SWEEP = 100


def _moment_columns(moments: Sequence[tuple[Any, ...]]) -> dict[str, pd.Series[Any]]:
    columns = map(frames.column, _by_part(moments, len(MOMENT)))
    return {
        name: column.astype(dtype)  # type: ignore[call-overload]  # pandas-stubs lists literals
        for (name, dtype), column in zip(MOMENT.items(), columns, strict=True)
    }


def _by_part(rows: Sequence[tuple[Any, ...]], parts: int) -> list[Any]:
    """Return rows as columns, so many also where there is no row."""
    return list(zip(*rows, strict=True)) if rows else [()] * parts


def _evolve(rule: Evolve | Mapping[str, Evolve]) -> Evolve:
    if not isinstance(rule, Mapping):
        return rule
    functions = dict(rule)

    def evolve(state: State, event: RecordedEvent) -> State:
        function = functions.get(event.type)
        return None if function is None else function(state, event)

    return evolve


def _keys_of(key: Keys) -> Callable[[RecordedEvent], Iterable[Key]]:
    def keys(event: RecordedEvent) -> Iterable[Key]:
        found = key(event)
        listed = found if isinstance(found, list | Iterator) else [found]
        whole = {one for one in listed if _is_whole(one)}
        return in_order(whole)

    return keys


def _is_whole(key: Key | None) -> TypeGuard[Key]:
    return all(map(_is_there, key)) if isinstance(key, tuple) else _is_there(key)


def _is_there(part: object) -> bool:
    """Tell whether this is a key, or a part of one: neither None nor what pandas takes for missing."""
    return part is not None and part is not pd.NA and part == part  # NaN and NaT differ


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep Python's cycle collector from walking all events and states again and again.

    It looks once every hundred batches instead, so that rules which leave cycles behind do not fill memory.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _watched(
    log: Log, name: str, batches: Iterator[list[RecordedEvent]]
) -> Iterator[list[RecordedEvent]]:
    """Yield a log's batches, with a progress bar where there are many and it takes seconds."""
    yield from itertools.islice(batches, 1)
    second = next(batches, None)
    if second is None:
        return
    with tqdm(total=len(log), desc=name, unit=" events", delay=2, leave=False) as bar:
        for number, batch in enumerate(itertools.chain([second], batches), start=1):
            yield batch
            bar.update(len(batch))
            if number % _BATCHES_A_SWEEP == 0:
                gc.collect(0)


# -- checks ----------------------------------------------------------------------------------------


def _require_choice(name: str, on_unknown: str) -> str:
    if on_unknown not in ("fail", "skip"):
        raise InvalidProjection.on_unknown(name, on_unknown)
    return on_unknown


def _require_rule(name: str, rule: Any) -> Any:
    functions = rule.values() if isinstance(rule, Mapping) else [rule]
    if not all(map(callable, functions)):
        raise InvalidProjection.not_a_rule(name, rule)
    return dict(rule) if isinstance(rule, Mapping) else rule


def _unnamed(key: Keys | None, key_names: Sequence[str] | str | None) -> list[str | None]:
    """Return the names a key has by itself: the stream has one, the parts of a function's key have none."""
    if key is None:
        return ["stream"]
    return [None] * (len(key_names) if isinstance(key_names, list | tuple) else 1)


def _called(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
