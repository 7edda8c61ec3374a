"""`Fold`: state as a plain Python function of the state before and the event.

The function is all a beginner has to write, and anything that Python can say it can say. `Projection`
says less and computes it in DuckDB. Lesson 03 writes the same rules both ways.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import inspect
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from tqdm.auto import tqdm

from eventlab import frames
from eventlab.columns import Types, names_of
from eventlab.errors import FoldFailed, InvalidProjection, ProjectionError, UnknownEventType
from eventlab.event import RecordedEvent
from eventlab.timetravel import (
    MOMENT,
    Key,
    TimeTravel,
    require_key_names,
    require_names,
    state_frame,
)

if TYPE_CHECKING:
    from eventlab.store.log import Log

State = Any
Evolve = Callable[[State, RecordedEvent], State]
Keys = Callable[[RecordedEvent], Key | list[Key] | None]


class Fold(TimeTravel):
    """State by a Python function: ``evolve(state, event)`` gives the new state.

    Parameters
    ----------
    evolve : callable, or dict of event type to callable
        Takes the state and a recorded event and returns the state afterwards. Changing the state in place
        is safe, as long as it is returned.
    initial : dict, dataclass, NamedTuple, any other value, or callable
        The state before the first event; a callable is given the key. The fields of the state become the
        columns of the frame; a value without fields is the column ``state``.
    name : str
        What a row is.
    version : int
        To be raised when the meaning of the fields changes.
    key : callable, optional
        Takes a recorded event and returns the key it touches: text or a number, a tuple for a key of
        several parts, a list for several keys, None for no key. By default the stream.
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
        self.name, self.version, self.on_unknown = name, version, _require_choice(name, on_unknown)
        self.key, self.ends_with = key, names_of("ends_with=", ends_with)
        self.key_names = require_key_names(name, key_names, _unnamed(key, key_names))
        self.rule = _require_rule(name, evolve)
        self.initial = initial if callable(initial) else copy.deepcopy(initial)
        self.fields = () if callable(initial) else tuple(_fields(self.initial))
        require_names(name, self.fields, self.key_names)
        self.skipped: Counter[str] = Counter()

    @property
    def definition(self) -> str:
        """The rule as text: how it is set up, and the source of its functions."""
        functions = [
            *(self.rule.values() if isinstance(self.rule, Mapping) else [self.rule]),
            self.key,
            self.initial,
        ]
        return "\n".join(
            [repr(self), *(_source(function) for function in functions if callable(function))]
        )

    def __call__(self, log: Log) -> pd.DataFrame:
        """Return the state at the end of a log: index the key, the fields, ``position``."""
        states: dict[Key, State] = {}
        positions: dict[Key, int] = {}
        for key, event, _ in self.steps(_watched(log, self.name), states):
            positions[key] = event.position
        return self.frame(states, positions)

    def changes(self, log: Log, key: Key | None = None) -> pd.DataFrame:
        """Return one row per event and key it touched, in fold order, for all keys or one."""
        if key is not None:
            self.require_key(key)
        if self.key is None and key is not None:
            log = log.stream(str(key))
        keys, moments, states = [], [], []
        for touched, event, state in self.steps(_watched(log, self.name), {}, only=key):
            keys.append(touched)
            moments.append(_MOMENT(event))
            states.append(None if state is None else _kept(state))
        fields = self._field_columns(states)
        alive = pd.Series([state is not None for state in states], dtype="bool")
        return pd.DataFrame(
            {**self._key_columns(keys), **_moment_columns(moments), **fields, "alive": alive}
        )

    def steps(
        self,
        batches: Iterable[list[RecordedEvent]],
        states: dict[Key, State],
        *,
        only: Key | None = None,
    ) -> Iterator[tuple[Key, RecordedEvent, State | None]]:
        """Yield key, event and the state after it, for each key an event touches; None where its life ends.

        ``states`` holds the living states by key and is kept up to date: folding goes on from there.
        """
        self.skipped = Counter()
        evolve, fresh, keys_of = _evolve(self.rule), _starter(self.initial), _keys_of(self.key)
        ends = frozenset(self.ends_with)
        key: Any = None
        for events in batches:
            try:
                for event in events:
                    for key in keys_of(event):
                        if only is not None and key != only:
                            continue
                        if event.type in ends:
                            states.pop(key, None)
                            yield key, event, None
                            continue
                        state = states.get(key)
                        state = evolve(fresh(key) if state is None else state, event)
                        if state is None:
                            self._skip(event, key)
                            continue
                        states[key] = state
                        yield key, event, state
            except ProjectionError:
                raise
            except Exception as error:
                raise FoldFailed(
                    self.name, event.type, event.position, event.stream, key, _said(error)
                ) from error

    def frame(self, states: Mapping[Key, State], positions: Mapping[Key, int]) -> pd.DataFrame:
        """Return states by key as a state frame."""
        keys = _in_order(states)
        position = pd.Series([positions[key] for key in keys], dtype="int64")
        fields = self._field_columns([states[key] for key in keys])
        rows = pd.DataFrame({**self._key_columns(keys), **fields, "position": position})
        return state_frame(rows, self.key_names, self.key is None)

    def _skip(self, event: RecordedEvent, key: Key) -> None:
        if self.on_unknown == "fail":
            raise UnknownEventType(self.name, event.type, event.position, event.stream, key)
        self.skipped[event.type] += 1

    def _key_columns(self, keys: Sequence[Key]) -> dict[str, pd.Series[Any]]:
        self._require_shape(keys)
        parts = (
            [keys]
            if len(self.key_names) == 1
            else zip(*keys, strict=True)
            if keys
            else [()] * len(self.key_names)
        )
        named = {
            name: frames.column(values) for name, values in zip(self.key_names, parts, strict=True)
        }
        return {
            name: values.astype("str") if self.key is None else values
            for name, values in named.items()
        }

    def _require_shape(self, keys: Sequence[Key]) -> None:
        if self.key is not None:
            for key in keys:
                self.require_key(key)

    def _field_columns(self, states: Sequence[State | None]) -> dict[str, pd.Series[Any]]:
        """Return a column per field: those of the initial state, then others as they appear."""
        rows = [{} if state is None else _fields(state) for state in states]
        names = dict.fromkeys(
            [*self.fields, *(name for names in dict.fromkeys(map(tuple, rows)) for name in names)]
        )
        require_names(self.name, names, self.key_names)
        if rows:
            return {name: frames.column(row.get(name) for row in rows) for name in names}
        return {name: frames.column([value])[:0] for name, value in self._initial_fields().items()}

    def _initial_fields(self) -> dict[str, Any]:
        return {} if callable(self.initial) else _fields(self.initial)

    def __repr__(self) -> str:
        given = [
            repr(self.name),
            f"version={self.version}",
            f"by {', '.join(self.key_names)}",
            f"initial={self.initial!r}",
        ]
        if isinstance(self.rule, Mapping):
            given.append(f"types={list(self.rule)!r}")
        if self.ends_with:
            given.append(f"ends_with={list(self.ends_with)!r}")
        return f"Fold({', '.join(given)}, on_unknown={self.on_unknown!r})"


# -- what the hot loop is made of ------------------------------------------------------------------

_MOMENT = operator.attrgetter(*MOMENT)


def _moment_columns(moments: Sequence[tuple[Any, ...]]) -> dict[str, pd.Series[Any]]:
    columns = zip(*moments, strict=True) if moments else [()] * len(MOMENT)
    return {
        name: frames.column(values).astype(dtype)
        for (name, dtype), values in zip(MOMENT.items(), columns, strict=True)
    }


def _evolve(rule: Evolve | Mapping[str, Evolve]) -> Evolve:
    if not isinstance(rule, Mapping):
        return rule
    functions = dict(rule)

    def evolve(state: State, event: RecordedEvent) -> State:
        function = functions.get(event.type)
        return None if function is None else function(state, event)

    return evolve


def _starter(initial: State) -> Callable[[Key], State]:
    """Return what makes a new state for a key, so that no two keys share what one could change."""
    if callable(initial):
        return lambda key: copy.deepcopy(initial(key))
    if type(initial) in _UNCHANGEABLE:
        return lambda key: initial
    if type(initial) is dict and {type(value) for value in initial.values()} <= _UNCHANGEABLE:
        return lambda key: initial.copy()
    return lambda key: copy.deepcopy(initial)


def _keys_of(key: Keys | None) -> Callable[[RecordedEvent], Iterable[Key]]:
    if key is None:
        return lambda event: (event.stream,)

    def keys(event: RecordedEvent) -> Iterable[Key]:
        found = key(event)
        if isinstance(found, list):
            return _in_order({one for one in found if _is_whole(one)})
        return (found,) if _is_whole(found) else ()

    return keys


def _is_whole(key: Key | None) -> bool:
    return key is not None and not (isinstance(key, tuple) and None in key)


def _in_order(keys: Iterable[Key]) -> list[Key]:
    try:
        return sorted(keys)  # type: ignore[type-var]
    except TypeError:
        return sorted(keys, key=_by_type)


def _by_type(key: Key) -> list[tuple[str, Any]]:
    return [(type(part).__name__, part) for part in (key if isinstance(key, tuple) else (key,))]


def _watched(log: Log, name: str) -> Iterator[list[RecordedEvent]]:
    """Yield a log's batches, with a progress bar where there are many and it takes seconds."""
    batches = log.batches()
    yield from itertools.islice(batches, 1)
    second = next(batches, None)
    if second is None:
        return
    with tqdm(total=len(log), desc=name, unit=" events", delay=2, leave=False) as bar:
        for batch in itertools.chain([second], batches):
            yield batch
            bar.update(len(batch))


# -- states and their fields -----------------------------------------------------------------------

_UNCHANGEABLE = {
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    Decimal,
    dt.datetime,
    dt.date,
    dt.timedelta,
}


def _fields(state: State) -> dict[str, Any]:
    if isinstance(state, dict):
        return state
    if dataclasses.is_dataclass(state):
        return {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    if isinstance(state, tuple) and hasattr(state, "_asdict"):
        return dict(state._asdict())
    return {"state": state}


def _kept(state: State) -> dict[str, Any]:
    """Return the fields of a state as they are now, whatever happens to it later."""
    return {
        name: value if type(value) in _UNCHANGEABLE else copy.deepcopy(value)
        for name, value in _fields(state).items()
    }


# -- checks ----------------------------------------------------------------------------------------


def _require_choice(name: str, on_unknown: str) -> str:
    if on_unknown not in ("fail", "skip"):
        raise InvalidProjection(
            f"on_unknown={on_unknown!r} of fold {name!r} is no choice: say 'fail' or 'skip'."
        )
    return on_unknown


def _require_rule(name: str, rule: Any) -> Any:
    functions = rule.values() if isinstance(rule, Mapping) else [rule]
    if not all(map(callable, functions)):
        raise InvalidProjection(
            f"evolve of fold {name!r} is {rule!r}: give a function of state and event, or a dict of event type to one."
        )
    return dict(rule) if isinstance(rule, Mapping) else rule


def _unnamed(key: Keys | None, key_names: Sequence[str] | str | None) -> list[str | None]:
    """Return the names a key has by itself: the stream has one, the parts of a function's key have none."""
    if key is None:
        return ["stream"]
    return [None] if key_names is None or isinstance(key_names, str) else [None] * len(key_names)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return repr((code.co_code, code.co_consts, code.co_names)) if code else repr(function)
