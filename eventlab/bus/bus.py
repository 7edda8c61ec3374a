"""The bus: whoever appends an event knows no consumer, and every consumer reads the log at its own pace.

The log is the queue. A consumer is a name, a checkpoint in the store's file, and a handler; a bus gives
the handlers their turns, by hand (`Bus.deliver`) or in the background (`Bus.run`). Lesson 08 uses it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from eventlab.background import Background
from eventlab.bus.consumer import (
    Consumer,
    Handler,
    Key,
    Start,
    by_log,
    by_stream,
    needs_log_order,
    require_name,
)
from eventlab.bus.delivery import Delivery, Reach, Surroundings, Witness
from eventlab.bus.faults import Faults
from eventlab.bus.letters import LetterBox
from eventlab.bus.parallel import ParallelDelivery
from eventlab.bus.retries import Backoff, Timer, doubling
from eventlab.bus.standing import standing
from eventlab.checks import is_whole
from eventlab.errors import (
    BusError,
    ConsumerInUse,
    Crashed,
    InvalidConsumer,
    NotReplayable,
    UnknownConsumer,
)
from eventlab.event import RecordedEvent
from eventlab.store import EventStore, causes, require_store
from eventlab.store.consumer_tables import ConsumerTables, Kept

if TYPE_CHECKING:
    import duckdb

AT_ONCE = 10_000
"""Deliveries in the background, before it looks whether it shall stop."""

Decorator = Callable[[Handler], Handler]


class Bus:
    """Publish and subscribe over a log.

    Producers append facts to the store. Each consumer gets the events of its types in order, at least once,
    from a checkpoint of its own that is kept in the store's file.

    Parameters
    ----------
    store : EventStore
        The log, and the file that checkpoints, dead letters and marks are kept in.
    faults : Faults, optional
        Strikes some deliveries on purpose, for tests and lessons.
    witness : callable, optional
        Is told what happens: ``witness("Handled", "billing", event)``.
    sleep : callable, optional
        Waits some seconds between attempts. A lesson or a test gives one that does not wait.

    Examples
    --------
    >>> import eventlab as el
    >>> store = el.EventStore()
    >>> bus = el.Bus(store)
    >>> @bus.consumer("billing", "OrderPlaced")
    ... def bill(event):
    ...     store.append(
    ...         "invoice-" + event.stream,
    ...         el.Event("InvoiceSent", {"total": event.data["total"]}),
    ...     )
    >>> @bus.consumer("mail", "OrderPlaced", "InvoiceSent")
    ... def write(event):
    ...     print("Dear customer:", event.type)
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
    >>> bus.deliver()
    Dear customer: OrderPlaced
    Dear customer: InvoiceSent
    {'billing': 1, 'mail': 2}
    >>> bus.lag()[["consumer", "checkpoint", "lag", "state"]]
      consumer  checkpoint  lag       state
    0  billing           2    0  up to date
    1     mail           2    0  up to date
    """

    def __init__(
        self,
        store: EventStore,
        *,
        faults: Faults | None = None,
        witness: Witness | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        require_store(store, "Bus(store)")
        self.store = store
        self._tables, self._head = ConsumerTables(store), Reach()
        self._around = Surroundings(store, self._tables, Timer(sleep), faults, witness, self._head)
        self._deliveries: dict[str, Delivery] = {}
        self._turns: deque[Delivery] = deque()
        self._runner: Background | None = None
        self._error: Exception | None = None
        store.watch(self)

    # -- consumers ---------------------------------------------------------------------------------

    def consumer(
        self,
        name: str,
        *types: str,
        start: Start = "beginning",
        retries: int = 3,
        backoff: Backoff | None = None,
        on_failure: str | None = None,
        in_order: bool = True,
        key: Key | None = None,
        workers: int = 1,
        commit_every: int = 1_000,
        idempotent: bool = False,
        reactor: bool = False,
    ) -> Decorator:
        """Decorate a function that handles one event; it stays an ordinary function.

        Parameters
        ----------
        name : str
            What the checkpoint is kept under; who has another name is another consumer.
        types : str
            The event types to get; none means all.
        start : "beginning", "now" or int
            Where a consumer begins that has no checkpoint yet: the number is the first position to get.
        retries : int
            How often to try again when the handler raises.
        backoff : callable, optional
            Seconds to wait after the first, second, third … failure. Left out: 0.1, 0.2, 0.4 … to 30.
            Other consumers go on meanwhile.
        on_failure : "park" or "stop", optional
            What to do then: put the event among the dead letters and go on, or stop this consumer, alone,
            until `retry` is called. Left out: park, but stop where the handler wants the order of the log.
            Where `backoff` or `key` itself fails, it stops in any case.
        in_order : bool
            Whether later events of the same key are parked behind a parked one. Out of order, an address
            could be changed before it was given, so that is the rule; say False where order means nothing.
        key : callable, optional
            From an event to what must stay in order. Left out: its stream.
        workers : int
            How many threads may handle events at once. The order within each key stays.
        commit_every : int
            After how many events the checkpoint is kept. After a crash as many may come again.
        idempotent : bool
            Give the events that the handler appends ids made from the event handled, so that they are
            stored once however often it is delivered. The handler must append the same each time.
        reactor : bool
            Whether it does something to the world. Then it is never replayed; see `reactor`.

        Raises
        ------
        InvalidConsumer
            When a term has no meaning, a new one is to start behind the end of the log, or the name is taken
            by another handler on this bus. Nothing is kept of it then.
        ConsumerBeyondLog
            When its checkpoint lies behind the end of the log.

        Notes
        -----
        A handler may be an object that has more than a call. ``flush()`` is called before a checkpoint is
        kept, so that events may be passed on many at a time; where it raises, they are delivered again from
        the last checkpoint on, after the same waits, and then the consumer stops. ``begin(log)`` is called
        when it is registered, and may refuse. With ``in_log_order = True`` no event overtakes another,
        whatever stream it is of. The targets in `eventlab.outbox` are such objects.
        """

        def register(handler: Handler) -> Handler:
            in_log_order = needs_log_order(handler)
            usual_failure, usual_key = ("stop", by_log) if in_log_order else ("park", by_stream)
            self._register(
                Consumer(
                    name=name,
                    types=types,
                    handler=handler,
                    start=start,
                    retries=retries,
                    backoff=doubling() if backoff is None else backoff,
                    on_failure=usual_failure if on_failure is None else on_failure,
                    in_order=in_order,
                    key=usual_key if key is None else key,
                    workers=workers,
                    commit_every=commit_every,
                    idempotent=idempotent,
                    reactor=reactor,
                )
            )
            return handler

        return register

    def reactor(self, name: str, *types: str, start: Start = "now", **terms: Any) -> Decorator:
        """Decorate a function that does something to the world: writes a letter, takes a payment.

        It starts now, not at the beginning, and is never replayed. The further terms are those of
        `consumer`.
        """
        return self.consumer(name, *types, start=start, reactor=True, **terms)

    def _register(self, consumer: Consumer) -> None:
        before = self._deliveries.get(consumer.name)
        if before and _spoken(before.consumer.handler) != _spoken(consumer.handler):
            raise InvalidConsumer.taken(consumer.name, _spoken(before.consumer.handler))
        self.store.require_writable()
        self._require_ids_of_its_own(consumer)
        made = (ParallelDelivery if consumer.workers > 1 else Delivery)(consumer, self._around)
        with self.store.upkeep(_consumer(consumer.name)):
            consumer.begin(self.store)
            kept, head = self._tables.kept().get(consumer.name), self._look()
            checkpoint = kept.checkpoint if kept else consumer.checkpoint(head)
            self._tables.register(consumer.name, consumer.types, checkpoint)
            made.begin()
        self._deliveries[consumer.name] = made
        self._turns = deque(self._deliveries.values())

    def _require_ids_of_its_own(self, consumer: Consumer) -> None:
        if consumer.idempotent:
            for other, first_name in self._tables.first_names().items():
                if first_name == consumer.name != other:
                    raise InvalidConsumer.first_name_of(first_name, other)

    # -- delivering --------------------------------------------------------------------------------

    def deliver(self, limit: int | None = None) -> dict[str, int]:
        """Deliver until no consumer has anything left, and return how many events each has handled.

        What handlers append meanwhile is delivered too. Consumers take turns, one delivery each.

        Parameters
        ----------
        limit : int, optional
            Try so many deliveries at most, all consumers together; the next call goes on where this one
            left off. A failed attempt is one too, but with several workers, who try an event until it is
            handled or given up: there an event counts once.

        Raises
        ------
        Crashed
            When the bus has `Faults` and one of them is a crash.
        ConsumerForgotten
            When another bus has forgotten or renamed a consumer of this one.
        BusError
            When it is called by a handler, or while the bus runs in the background, or the limit is none.
        """
        if limit is not None:
            _require_number("limit", limit)
        if self._runner and self._runner.is_alive:
            raise BusError.running("deliver()")
        handled = dict.fromkeys(self._deliveries, 0)
        while True:
            tried = self._deliver_now(handled, limit)
            limit = None if limit is None else limit - tried
            patience = self._patience()
            if patience is None or limit == 0:
                return handled
            self._around.timer.sleep(patience)

    def _deliver_now(self, handled: dict[str, int], limit: int | None = None) -> int:
        """Deliver what can be delivered without waiting; count into `handled`, and return the attempts."""
        cause, tried, idle = causes.current(), 0, 0
        if cause:
            raise BusError.within_a_handler(cause.consumer)
        with self._at_work():
            while idle < len(self._turns) and (limit is None or tried < limit):
                delivery = self._turns[0]
                turn = delivery.turn(None if limit is None else limit - tried)
                self._turns.rotate(-1)
                idle = 0 if turn.tried else idle + 1
                tried += turn.tried
                name = delivery.consumer.name
                # A handler may have registered one more meanwhile.
                handled[name] = handled.get(name, 0) + turn.handled
        return tried

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Hold every consumer's lock, and keep the checkpoints at the end, unless a process is to die."""
        with ExitStack() as locks:
            for name in sorted(self._deliveries):
                locks.enter_context(self.store.upkeep(_consumer(name)))
            self._look()
            for delivery in self._turns:
                delivery.begin()
            try:
                yield
            except Crashed:
                raise
            except BaseException:
                self._end()
                raise
            self._end()

    def _end(self) -> None:
        for delivery in self._turns:
            delivery.end()

    def _patience(self) -> float | None:
        """Return how long until the next attempt after a failure is due; None when none is."""
        waiting = [one.due for one in self._turns if one.trouble and not one.stopped]
        return max(0.0, min(waiting) - self._around.timer.now()) if waiting else None

    def appended(self, position: int) -> None:
        """Hear that the log has grown (what `EventStore.watch` calls)."""
        self._head.position = max(self._head.position, position)
        if self._runner:
            self._runner.wake()

    def _look(self) -> int:
        self._head.position = self.store.head
        return self._head.position

    # -- where consumers stand ---------------------------------------------------------------------

    def lag(self) -> pd.DataFrame:
        """Return where every consumer stands, one row each, by name.

        Returns
        -------
        DataFrame
            ``consumer, types`` (a text; empty for all), ``checkpoint``, ``lag`` (how many events of its
            types lie behind the checkpoint), ``parked`` (dead letters), ``state`` and ``error``. The states:
            ``up to date``, ``behind``, ``retrying`` (it waits until the next attempt), ``stopped``,
            ``beyond the log``, and ``not registered``: this bus has no such consumer, but the store has
            its checkpoint. Was it renamed? Then `rename` it; is it gone? Then `forget` it.
        """
        return standing(self.store, self._tables, self._deliveries)

    def dead_letters(self) -> pd.DataFrame:
        """Return the events that were given up, one row each, by consumer and position.

        Returns
        -------
        DataFrame
            ``consumer, position, stream, type, attempts, error, first_failed_at, last_failed_at``. Events
            with no attempts wait behind an earlier one of their key.
        """
        return self._tables.dead_letters()

    def retry(self, consumer: str, position: int | None = None) -> int:
        """Try the dead letters of a consumer once more, in order, and return how many were handled.

        A consumer that has stopped goes on with the next `deliver`.

        Parameters
        ----------
        position : int, optional
            Only this one. Left out: all; of each key up to the first that fails again.
        """
        with self._letters(consumer) as letters:
            return letters.retry(position)

    def discard(self, consumer: str, position: int) -> None:
        """Give up a dead letter for good; what waited behind it is delivered by `retry`."""
        with self._letters(consumer) as letters:
            letters.discard(position)

    @contextmanager
    def _letters(self, name: str) -> Iterator[LetterBox]:
        delivery = self._registered(name)
        with self.store.upkeep(_consumer(name)):
            delivery.resume()
            yield LetterBox(delivery, self._around)

    def replay(self, consumer: str, start: int = 1) -> None:
        """Send a consumer back, so that `deliver` brings it all events from a position on again.

        Dead letters and marks of `once` of those events are forgotten, as they come again; letters of
        earlier ones stay. What its handler filled is the caller's to empty first.

        Raises
        ------
        NotReplayable
            When it is a reactor: what it does to the world would be done twice.
        BusError
            When ``start`` is no position.
        """
        _require_number("start", start)
        delivery = self._registered(consumer)
        if delivery.consumer.reactor:
            raise NotReplayable(consumer)
        with self.store.upkeep(_consumer(consumer)):
            delivery.resume()
            checkpoint = min(max(start - 1, 0), self._kept(consumer).checkpoint)
            self._tables.start_over(consumer, checkpoint)

    def rename(self, old: str, new: str) -> None:
        """Let a consumer under its new name go on where it stood under the old one.

        Events that an idempotent one appends keep ids of the old name, so that none is appended twice.
        """
        left = self._left_behind("rename", old)
        if require_name(new) == old:
            return
        there = self._tables.kept().get(new)
        if there and there.checkpoint > left.checkpoint:
            raise ConsumerInUse.ahead(old, left.checkpoint, new, there.checkpoint)
        with self.store.upkeep(_consumer(new)):
            self._tables.rename(left, new)

    def forget(self, consumer: str) -> None:
        """Delete checkpoint, dead letters and marks of a consumer that is no more."""
        self._left_behind("forget", consumer)
        self._tables.forget(consumer)

    def _left_behind(self, verb: str, name: str) -> Kept:
        self.store.require_writable()
        if require_name(name) in self._deliveries:
            raise ConsumerInUse.registered(verb, name)
        return self._kept(name)

    def _kept(self, name: str) -> Kept:
        kept = self._tables.kept()
        if name not in kept:
            raise UnknownConsumer(name, kept)
        return kept[name]

    def _registered(self, name: str) -> Delivery:
        if require_name(name) not in self._deliveries:
            raise UnknownConsumer(name, self._deliveries)
        return self._deliveries[name]

    # -- for handlers ------------------------------------------------------------------------------

    def once(
        self,
        event: RecordedEvent,
        effect: Callable[[duckdb.DuckDBPyConnection], object],
        what: str = "",
    ) -> bool:
        """Have an effect on the store's own database exactly once, however often the event is delivered.

        The effect gets a connection that is inside a transaction; a mark that it is done commits with it, or
        neither does. Return whether it was done now.

        Parameters
        ----------
        event : RecordedEvent
            The event being handled.
        effect : callable
            ``effect(con)`` runs SQL on tables of its own.
        what : str
            Tells several effects of one handler apart.

        Notes
        -----
        Only what goes through ``con`` is in the transaction. An effect elsewhere, on a web service say, is
        done at least once: after a crash between the call and the commit it is done again, and only the
        other side can tell, by ``event.event_id``. To append events exactly once, use ``idempotent=True``.

        Examples
        --------
        >>> import eventlab as el
        >>> store = el.EventStore()
        >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
        >>> con = store.cursor()
        >>> _ = con.execute("create table invoices (id varchar, total integer)")
        >>> bus = el.Bus(store, faults=el.Faults(seed=2, duplicate=0.9))
        >>> @bus.consumer("billing", "OrderPlaced")
        ... def bill(event):
        ...     row = [event.event_id, event.data["total"]]
        ...     bus.once(event, lambda con: con.execute("insert into invoices values (?, ?)", row))
        >>> bus.deliver()
        {'billing': 1}
        >>> con.execute("select * from invoices").fetchall()
        [('order-1@1', 20)]
        """
        cause = causes.current()
        if cause is None:
            raise BusError.outside_a_handler()
        return self._tables.once(cause.consumer, event.event_id, what, effect)

    # -- in the background -------------------------------------------------------------------------

    def run(self) -> Self:
        """Deliver in a thread of its own from now on: first what has piled up, then whatever is appended.

        Every append of this process wakes it. `stop` ends it, and so does leaving ``with bus.run():`` or
        closing the store.
        """
        if self._runner and self._runner.is_alive:
            raise BusError.running("run()")
        self._error = None
        self._runner = Background(
            self._deliver_all, self._ended, name="eventlab bus", patience=self._left_to_wait
        )
        self._runner.start()
        self.store.before_close(self)
        return self

    def stop(self) -> None:
        """Let the delivery under way finish, keep the checkpoints, and end the thread."""
        if self._runner:
            self._runner.stop()

    def _deliver_all(self, go_on: Callable[[], bool]) -> None:
        while go_on() and self._deliver_now(Counter(), AT_ONCE):
            pass

    def _left_to_wait(self) -> float | None:
        return self._around.timer.left_of(self._patience())

    def _ended(self, error: Exception) -> None:
        self._error = error

    @property
    def error(self) -> BaseException | None:
        """What ended the background thread, if it did not end by `stop`."""
        return self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        consumers = ", ".join(self._deliveries) or "no consumer"
        return f"Bus of {self.store!r}: {consumers}{self._running()}"

    def _running(self) -> str:
        if not self._runner:
            return ""
        if self._runner.is_alive:
            return ", running"
        error = self._error
        return f", ended by {type(error).__name__}: {error}" if error else ", stopped"

    def _repr_html_(self) -> str:
        title = f"Bus{self._running()}"
        return f"<p>{escape(title)}</p>" + self.lag().to_html(index=False)


def _consumer(name: str) -> str:
    """Return the name of a consumer's lock: two threads shall not deliver to it at once."""
    return f"consumer {name}"


def _require_number(role: str, found: object) -> None:
    if not is_whole(found, least=0):
        raise BusError.number(role, found)


def _spoken(handler: Handler) -> str:
    return f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', type(handler).__name__)}"
