"""Webhooks, signed as the Standard Webhooks specification says (standardwebhooks.com): HMAC-SHA256 over id, time and body.

A receiver may get a message twice (networks do that), always with the same `webhook-id`, by which it drops the second.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPException
from threading import Thread
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from socle.errors import Rejected, Unavailable

TIMEOUT_SECONDS = 5
"""For connecting, and for each read."""
DEADLINE_SECONDS = 8
"""For the whole call: a host that drips its answer keeps every single read in time."""
PATIENCE_SECONDS = 30
"""For a whole call whose receiver works on many rows before it answers."""
MAX_ANSWER = 1_000_000

T = TypeVar("T")


def signing_secret(master: bytes, name: str) -> str:
    """The secret of one webhook, `whsec_` and base64: derived from the deployment's master secret, so stored nowhere."""
    derived = hmac.new(master, f"webhook/{name}".encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(derived).decode()


def signed_headers(secret: str, message_id: str, now: int, body: bytes) -> dict[str, str]:
    """The headers that let a receiver verify a message; `now` in epoch ms, the header in seconds."""
    seconds = str(now // 1000)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, b".".join((message_id.encode(), seconds.encode(), body)), hashlib.sha256).digest()
    return {"content-type": "application/json", "user-agent": "Socle", "webhook-id": message_id,
            "webhook-timestamp": seconds, "webhook-signature": "v1," + base64.b64encode(signature).decode()}


class Answer(NamedTuple):
    """What a receiver answered; of the body at most MAX_ANSWER bytes."""

    status: int
    body: bytes = b""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST and answer the HTTP status; redirects are not followed. Raises Unavailable when there is no answer.

    Raises Rejected(`private_address`) for a host that is not on the public internet: a webhook must not reach what only
    the function can reach (its own runtime API, a metadata service, a private network).
    """
    return _within(DEADLINE_SECONDS, url, send, url, body, headers)


def exchange(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """As `post`, for who needs the answer itself and gives the receiver PATIENCE_SECONDS to make it."""
    return _within(PATIENCE_SECONDS, url, ask, url, body, headers, PATIENCE_SECONDS)


def _within(seconds: int, url: str, call: Callable[..., T], *given: Any) -> T:
    refuse_private(url)
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call(*given))
        except BaseException as error:  # whatever it is, it is raised where the answer is waited for
            answer.set_exception(error)

    # A thread of its own: in a pool, hosts that drip would take every place, and the calls of all others would wait for one.
    Thread(target=run, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        raise Unavailable("webhook_slow", f"the webhook's host took more than {seconds} s") from error


def send(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST without looking where to."""
    return ask(url, body, headers, TIMEOUT_SECONDS, 0).status


def ask(url: str, body: bytes, headers: dict[str, str], timeout: float, limit: int = MAX_ANSWER) -> Answer:
    """POST without looking where to; `timeout` in seconds for connecting and for each read, `limit` bytes of the answer."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - the scheme was checked
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            return Answer(int(answer.status), answer.read(limit))
    except urllib.error.HTTPError as error:
        return Answer(error.code)
    except (OSError, ValueError, HTTPException) as error:
        raise Unavailable("webhook_unreachable", f"the webhook's host did not answer ({type(error).__name__})") from error


def refuse_private(url: str) -> None:
    """Raise Rejected unless every address of the URL's host is public, and the scheme is https."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Rejected("private_address", "a webhook's URL begins with https:// and names a public host", "url")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise Unavailable("webhook_unreachable", "the webhook's host has no address at the moment") from error
    if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found):
        raise Rejected("private_address", "a webhook's host must have public addresses only", "url")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to a private address after the check: it is an answer like any other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)
