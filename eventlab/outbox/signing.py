"""How a receiver knows that a message is genuine: a signature over its id, its time and its text.

Source: Standard Webhooks 1.0.0, https://www.standardwebhooks.com.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote

from eventlab.errors import InvalidTarget

PREFIX = "whsec_"
LENGTHS = range(24, 65)  # bytes


def headers(event_id: str, seconds: int, body: bytes, key: bytes | None) -> dict[str, str]:
    """Return what goes along with a message: its id, when it was sent, and the signature if there is a key.

    Examples
    --------
    >>> headers("order-1@1", 1772366400, b"{}", None)
    {'webhook-id': 'order-1@1', 'webhook-timestamp': '1772366400'}
    """
    told = {"webhook-id": header_id(event_id), "webhook-timestamp": str(seconds)}
    if key is not None:
        signed = f"{told['webhook-id']}.{seconds}.".encode() + body
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        told["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return told


def header_id(event_id: str) -> str:
    """Return an id as a header carries it: what is no plain character is written as %XX.

    A dot is, too, for dots separate what is signed.

    Examples
    --------
    >>> header_id("order-1@1"), header_id("café 1.0")
    ('order-1@1', 'caf%C3%A9%201%2E0')
    """
    return quote(event_id, safe="@:/#").replace(".", "%2E")


def key_of(secret: str | bytes | None) -> bytes | None:
    """Return the bytes to sign with, or refuse the secret."""
    key = _decoded(secret) if isinstance(secret, str) else secret
    if key is not None and (not isinstance(key, bytes) or len(key) not in LENGTHS):
        raise InvalidTarget.secret()
    return key


def _decoded(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise InvalidTarget.secret() from error
