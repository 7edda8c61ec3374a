"""A Redis stream that holds each event exactly once: an entry's number is made from the event's position.

Redis takes entries in rising order only, so a second delivery is refused by Redis itself. Needs a client
such as the package redis, and asks for nothing that Redis 5 does not have.
"""

from __future__ import annotations

from typing import Any

from eventlab.checks import is_text, is_whole
from eventlab.errors import ForeignTarget, InvalidTarget, MissingClient
from eventlab.outbox.messages import SOURCE, Message, to_line
from eventlab.outbox.standing import Place, parsed, require_of_log, require_same_event
from eventlab.outbox.target import Target

FIELD = "event"


class RedisStream(Target):
    """An entry in a Redis stream for every event, in the order of the log, each exactly once.

    Parameters
    ----------
    client : str or redis.Redis
        An address such as ``"redis://localhost:6379/0"``, or a client you have.
    stream : str
        The stream's key. It belongs to one consumer.
    maxlen : int, optional
        Lets Redis trim the stream to about so many entries.
    source : str
        What the messages say they come from; see `message`.

    Raises
    ------
    InvalidTarget
        When client, stream or maxlen is none.
    MissingClient
        When an address is given and the package redis is not installed.
    ForeignTarget
        To the bus: when the stream holds something else than events of this log.

    Notes
    -----
    The entry of position 17 is ``17-0`` (``17-2`` for the second event that an upcaster made of it); its
    one field, ``event``, is the message as JSON. An event counts as sent when Redis has it, which is not
    yet its disk: where Redis lost entries, ``bus.replay(name, start=…)`` brings those behind its last one.

    Examples
    --------
    >>> import eventlab as el, fakeredis
    >>> from eventlab import outbox
    >>> store, client = el.EventStore(), fakeredis.FakeRedis(decode_responses=True)
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
    >>> bus = el.Bus(store)
    >>> target = bus.consumer("stock")(outbox.redis_stream(client, "orders"))
    >>> bus.deliver()
    {'stock': 1}
    >>> [entry for entry, fields in client.xrange("orders")]
    ['1-0']
    """

    in_log_order = True

    def __init__(
        self, client: Any, stream: str, *, maxlen: int | None = None, source: str = SOURCE
    ) -> None:
        super().__init__(source)
        self._client = _connected(client) if isinstance(client, str) else client
        _require_terms(self._client, stream, maxlen)
        self.stream, self._maxlen, self._is_known = stream, maxlen, False

    def send(self, told: Message) -> None:
        """Add an entry, or see that it is there."""
        # One by one: in a pipeline those behind an entry that Redis has no memory for would overtake it.
        if not self._is_known:
            self._look()
            self._is_known = True
        try:
            self._client.xadd(
                self.stream, {FIELD: to_line(told)}, _entry(told), maxlen=self._maxlen
            )
        except Exception as error:  # each client has a class of its own for it
            if "equal or smaller" not in str(error):
                raise
            self._require_there(told)

    def _look(self) -> None:
        """Refuse a stream that is another's, or ahead of the log."""
        last = self._client.xrevrange(self.stream, count=1)
        if last and self._log is not None:
            require_of_log(self.stream, self._message(*last[0]), self.source, self._log)

    def _require_there(self, told: Message) -> None:
        """Refuse to take for sent what is not there, unless entries were deleted and it may have been."""
        entry = _entry(told)
        for found in self._client.xrange(self.stream, entry, entry):
            require_same_event(self.stream, self._message(*found), told)
            return
        about = self._client.xinfo_stream(self.stream)
        if about.get("entries-added") == about["length"]:
            last = self._client.xrevrange(self.stream, count=1)
            raise ForeignTarget.overtaken(self.stream, told, self._message(*last[0]))

    def _message(self, entry: bytes | str, fields: dict[Any, Any]) -> Message:
        held = fields.get(FIELD) or fields.get(FIELD.encode()) or ""
        found, number = parsed(held), entry.decode() if isinstance(entry, bytes) else entry
        if found is None or _entry(found) != number:
            raise ForeignTarget.no_entry(self.stream, number)
        return found

    def __repr__(self) -> str:
        return f"outbox.redis_stream(…, {self.stream!r})"


def _entry(told: Message) -> str:
    return "-".join(map(str, Place.of(told)))


def _connected(address: str) -> Any:
    try:
        import redis
    except ImportError as error:
        raise MissingClient("redis_stream", "the package redis", "redis") from error
    try:
        return redis.Redis.from_url(address)
    except ValueError:
        raise InvalidTarget.redis("client", address) from None


def _require_terms(client: object, stream: object, maxlen: object) -> None:
    if not callable(getattr(client, "xadd", None)):
        raise InvalidTarget.redis("client", client)
    if not is_text(stream) or not stream:
        raise InvalidTarget.redis("stream", stream)
    if maxlen is not None and not is_whole(maxlen, least=1):
        raise InvalidTarget.redis("maxlen", maxlen)
