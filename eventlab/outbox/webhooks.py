"""A webhook: every event is posted to an address, or given to a function, until it is taken.

After a crash an event is sent again, so the receiver must know its id: it comes in a header as the
idempotency key.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from inspect import iscoroutinefunction
from threading import TIMEOUT_MAX
from typing import Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eventlab.errors import InvalidTarget, NotSent
from eventlab.outbox import signing
from eventlab.outbox.messages import MEDIA_TYPE, SOURCE, Message, to_line
from eventlab.outbox.target import Target

Send = Callable[[Message], Any]


class Webhook(Target):
    """A POST of every event's message to an address, at least once.

    Parameters
    ----------
    to : str or callable
        An address, https or http; or a function that takes a message (a dict) and sends it in a way of its
        own. What such a function raises is a failure, and so is a bad answer that it returns, if that has
        ``raise_for_status`` as those of requests and httpx have.
    secret : str or bytes, optional
        Signs every message, so that the receiver can tell who sent it: bytes, or a text ``whsec_…`` in
        base64. Keep it out of the notebook.
    timeout : float
        Seconds to wait for the receiver each time it is silent.
    headers : mapping, optional
        Further headers, such as ``{"Authorization": "Bearer …"}``.
    source : str
        What the messages say they come from; see `message`.
    clock : callable, optional
        Gives the seconds since 1970 that say when a message was sent.

    Raises
    ------
    InvalidTarget
        When it is no address that may be sent to, no secret, or another term has no meaning.
    NotSent
        To the bus, which tries again: when the receiver answers anything but 200 to 299, or not at all.
        Redirects are not followed: they could lead anywhere.

    Notes
    -----
    The body is the message; ``webhook-id`` is the event's id, the same at every attempt (with ``%XX`` for
    what a header cannot carry), ``webhook-timestamp`` the time of the attempt, ``webhook-signature`` an
    HMAC-SHA256 over both and the body. Source: Standard Webhooks 1.0.0. Waits of days for a receiver that
    is down are the consumer's ``backoff=el.bus.doubling(5, most=86_400)`` and ``retries=``.

    Examples
    --------
    >>> import eventlab as el
    >>> from eventlab import outbox
    >>> store, sent = el.EventStore(), []
    >>> done = store.append("order-1", el.Event("OrderPlaced", {"total": 20}))
    >>> bus = el.Bus(store)
    >>> target = bus.consumer("crm", "OrderPlaced")(outbox.webhook(sent.append))
    >>> bus.deliver()
    {'crm': 1}
    >>> sent[0]["id"], sent[0]["data"]
    ('order-1@1', {'total': 20})
    """

    def __init__(
        self,
        to: str | Send,
        *,
        secret: str | bytes | None = None,
        timeout: float = 15,
        headers: Mapping[str, str] | None = None,
        source: str = SOURCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(source)
        if iscoroutinefunction(to):
            raise InvalidTarget.coroutine(to)
        if callable(to):
            _require_nothing_else(secret=secret, headers=headers)
            self._to, self._name = to, getattr(to, "__qualname__", repr(to))
        else:
            _require_seconds(timeout)
            if not callable(clock):
                raise InvalidTarget.clock(clock)
            post = Post(to, signing.key_of(secret), timeout, _require_headers(headers), clock)
            self._to, self._name = post, repr(post.host)

    def send(self, told: Message) -> None:
        """Post a message."""
        answer = self._to(told)
        if hasattr(answer, "raise_for_status"):
            answer.raise_for_status()

    def __repr__(self) -> str:
        return f"outbox.webhook({self._name})"


class Post:
    """Sends messages to one address."""

    def __init__(
        self,
        address: str,
        key: bytes | None,
        timeout: float,
        headers: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        parts = _require_address(address)
        self.host = f"{parts.scheme}://{parts.netloc}"  # a path may hold a secret
        self._address, self._key, self._timeout = address, key, timeout
        self._headers, self._clock = dict(headers), clock

    def __call__(self, told: Message) -> None:
        """Send a message, or say why it was not taken."""
        try:
            _opener.open(self._request(told), timeout=self._timeout).close()
        except HTTPError as error:
            with error:
                said = error.read(ENOUGH).decode(errors="replace")
            raise NotSent.answered(self.host, error.code, said) from None
        except (OSError, HTTPException) as error:
            raise NotSent.unreachable(self.host, getattr(error, "reason", error)) from None

    def _request(self, told: Message) -> Request:
        body = to_line(told).encode()
        signed = signing.headers(told["id"], int(self._clock()), body, self._key)
        own = {"Content-Type": MEDIA_TYPE, "User-Agent": "eventlab"}
        headers = {**own, **self._headers, **signed}
        return Request(self._address, body, headers, method="POST")  # noqa: S310 (https or http)


class _NoRedirects(HTTPRedirectHandler):
    """Makes a failure of every redirect."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = build_opener(_NoRedirects)

ENOUGH = 200  # bytes of an answer

_ADDRESS = re.compile(r"https?://[^@/?#\s]+([/?#][!-~]*)?\Z", re.IGNORECASE)
_NAME = re.compile(
    r"(?!(content-length|transfer-encoding)\Z)[\w!#$%&'*+.^`|~-]+", re.ASCII | re.IGNORECASE
)
_VALUE = re.compile(r"[ -~]+")


def _require_address(found: object) -> SplitResult:
    try:
        if isinstance(found, str) and _ADDRESS.match(found):
            parts = urlsplit(found)
            parts.port  # noqa: B018 (a bad one raises)
            if (parts.hostname or "").encode("idna"):
                return parts
    except ValueError:
        pass
    raise InvalidTarget.address(found)


def _require_seconds(timeout: float) -> None:
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not (is_number and 0 < timeout <= TIMEOUT_MAX):
        raise InvalidTarget.timeout(timeout)


def _require_headers(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    if headers is not None and not isinstance(headers, Mapping):
        raise InvalidTarget.headers(headers)
    for name, value in (headers or {}).items():
        texts = ((_NAME, name), (_VALUE, value))
        if not all(isinstance(text, str) and form.fullmatch(text) for form, text in texts):
            raise InvalidTarget.header(name)
    return headers or {}


def _require_nothing_else(**options: object) -> None:
    for option, found in options.items():
        if found is not None:
            raise InvalidTarget.only_for_addresses(option)
