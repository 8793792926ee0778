"""HTTP -> request: an API Gateway HTTP API event (payload format 2.0) in the terms of Segment's tracking API. Pure.

Nothing that a client labels is trusted: gzip is known by its magic bytes, JSON by parsing it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from socle.errors import NotFound, Rejected, Unavailable

MAX_BODY_BYTES = 500 * 1024
"""A request's body after decompression."""

_CALLS: Mapping[str, str | None] = {
    **{name: name for name in ("identify", "track", "page", "screen", "group", "alias")},
    "i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias",
    "batch": None, "b": None, "import": None,
}


class Request(NamedTuple):
    """One call of the tracking API.

    call        type of its one message, or None for a batch
    write_key   from the Authorization header, None when there is none there (the body may hold it)
    body        as sent, still compressed
    encoding    the Content-Encoding header, "" when there is none
    user_agent  the User-Agent header, "" when there is none
    """

    call: str | None
    write_key: str | None
    body: bytes
    encoding: str
    user_agent: str


def read(event: Mapping[str, Any]) -> Request:
    """The call that a POST under /v1/ makes. Raises NotFound(`no_such_call`), Rejected(`bad_body`),
    or Unavailable(`mangled_body`)."""
    name = event["rawPath"].rpartition("/")[2]
    if name not in _CALLS:
        raise NotFound("no_such_call", f"POST to /v1/ and one of {', '.join(_CALLS)}")
    return read_any(event, _CALLS[name])


def read_any(event: Mapping[str, Any], call: str | None = None) -> Request:
    """The request whatever its path. Raises Rejected(`bad_body`) or Unavailable(`mangled_body`)."""
    headers = event.get("headers") or {}
    encoding = headers.get("content-encoding", "").strip().lower()
    body = event.get("body") or ""
    if encoding not in ("", "identity") and not event.get("isBase64Encoded") and "\ufffd" in body:
        # Bytes that a gateway took for text are lost, but the client still has them: it must not forget them.
        raise Unavailable("mangled_body", "the compressed body was damaged on its way: send it again, uncompressed")
    try:
        data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Rejected("bad_body", "the body cannot be read") from error
    return Request(call, _header_key(headers.get("authorization", "")), data,
                   encoding, headers.get("user-agent", ""))


def content(request: Request) -> bytes:
    """The body decompressed (gzip, zlib, raw deflate).

    Never inflates past MAX_BODY_BYTES. Raises Rejected(`body_too_large` or `bad_encoding`).
    """
    data = request.body
    if len(data) > 2 * MAX_BODY_BYTES:  # too many tiny gzip members would cost more time than their content
        raise _too_large()
    if data[:2] == b"\x1f\x8b" or (data[:1] == b"\x78" and int.from_bytes(data[:2]) % 31 == 0):
        data = _inflate(data, zlib.MAX_WBITS | 32)
    elif request.encoding == "deflate" and data.lstrip()[:1] not in (b"{", b"["):
        data = _inflate(data, -zlib.MAX_WBITS)
    elif request.encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Rejected("bad_encoding", f"Content-Encoding {request.encoding[:40]} is not supported: use gzip")
    if len(data) > MAX_BODY_BYTES:
        raise _too_large()
    return data


def _too_large() -> Rejected:
    return Rejected("body_too_large", f"the body has more than {MAX_BODY_BYTES} bytes: send smaller batches")


def _inflate(data: bytes, window: int) -> bytes:
    out = b""
    try:
        while data:
            stream = zlib.decompressobj(window)
            out += stream.decompress(data, MAX_BODY_BYTES + 1 - len(out))
            if len(out) > MAX_BODY_BYTES:
                return out
            if not stream.eof:
                raise Rejected("bad_encoding", "the compressed body is cut off")
            # gzip allows several members, one after the other, and zeros after the last, which fill up a block.
            data = stream.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise Rejected("bad_encoding", f"the compressed body cannot be read: {error}") from error
    return out


def _header_key(header: str) -> str | None:
    """The key of `Basic key:` (the password is ignored) or `Bearer key`."""
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value or None
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4)).decode().partition(":")[0] or None
    except (binascii.Error, UnicodeDecodeError):
        return None
