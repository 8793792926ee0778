"""HTTP as clients speak it: keys, routes, compression, limits."""

from __future__ import annotations

import base64
import gzip
import zlib
from functools import partial
from typing import Any

import pytest

from socle.errors import NotFound, Rejected, Unavailable
from socle.events import wire


def post(path: str = "/v1/batch", body: bytes | str = b"{}", **headers: str) -> wire.Request:
    event: dict[str, Any] = {"rawPath": path, "headers": {k.replace("_", "-"): v for k, v in headers.items()}}
    if isinstance(body, bytes):
        event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    else:
        event |= {"body": body, "isBase64Encoded": False}
    return wire.read(event)


def deflate(data: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(data) + raw.flush()


# Without the time, which would give the tests other names in every process.
packed = partial(gzip.compress, mtime=0)
BODY = b'{"batch": []}'


@pytest.mark.parametrize(("body", "headers"), [
    (BODY, {}),
    (BODY, {"content_type": "text/plain"}),
    (BODY, {"content_encoding": "gzip"}),
    (packed(BODY), {"content_encoding": "gzip"}),
    (packed(BODY), {"content_type": "application/x-anything"}),
    (packed(BODY), {"content_encoding": "identity"}),
    (packed(BODY[:5]) + packed(BODY[5:]), {}),
    (packed(BODY) + bytes(500), {"content_encoding": "gzip"}),
    (packed(BODY[:5]) + bytes(3) + packed(BODY[5:]) + bytes(1), {}),
    (zlib.compress(BODY), {"content_encoding": "deflate"}),
    (zlib.compress(BODY, 9), {}),
    (deflate(BODY), {"content_encoding": "Deflate"}),
    (BODY.decode(), {}),
])
def test_a_body_is_read_whatever_its_labels_say(body: bytes | str, headers: dict[str, str]) -> None:
    assert wire.content(post(body=body, **headers)) == BODY


@pytest.mark.parametrize(("body", "headers"), [
    (packed(BODY)[:-9], {}),
    (packed(BODY) + b"\0rest", {}),
    (b"\x1f\x8b not gzip at all", {}),
    (b"\x00\x01", {"content_encoding": "deflate"}),
    (BODY, {"content_encoding": "br"}),
])
def test_a_body_that_cannot_be_decompressed_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Rejected, match=r"compressed|supported") as refusal:
        wire.content(post(body=body, **headers))
    assert (refusal.value.code, refusal.value.status) == ("bad_encoding", 400)


def test_the_limit_of_a_body_counts_what_it_decompresses_to() -> None:
    fits, too_long = (b" " * (wire.MAX_BODY_BYTES + more) for more in (0, 1))
    assert len(wire.content(post(body=packed(fits)))) == wire.MAX_BODY_BYTES
    for body in (too_long, packed(too_long)):
        with pytest.raises(Rejected, match="512000") as refusal:
            wire.content(post(body=body))
        assert refusal.value.code == "body_too_large"


def test_a_decompression_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(b" " * 50_000_000)
    inflated = []
    real = zlib.decompressobj

    class Counting:
        def __init__(self, window: int) -> None:
            self.inner = real(window)

        def decompress(self, data: bytes, limit: int) -> bytes:
            inflated.append(self.inner.decompress(data, limit))
            return inflated[-1]

    monkeypatch.setattr(wire.zlib, "decompressobj", Counting)
    with pytest.raises(Rejected, match="more than"):
        wire.content(post(body=bomb))
    assert sum(map(len, inflated)) == wire.MAX_BODY_BYTES + 1


@pytest.mark.parametrize(("header", "key"), [
    ("Basic " + base64.b64encode(b"k1:").decode(), "k1"),
    ("basic " + base64.b64encode(b"k1:ignored").decode(), "k1"),
    ("Basic " + base64.b64encode(b"k1:").decode().rstrip("="), "k1"),
    ("Basic " + base64.b64encode(b"k1").decode(), "k1"),
    ("Bearer k1", "k1"),
    ("bearer  k1 ", "k1"),
    ("Basic !!!", None),
    ("Basic " + base64.b64encode(b":").decode(), None),
    ("Basic " + base64.b64encode(b"\xff\xfe:").decode(), None),
    ("Digest k1", None),
    ("k1", None),
    ("", None),
])
def test_a_write_key_is_read_from_the_authorization_header(header: str, key: str | None) -> None:
    assert post(authorization=header).write_key == key


@pytest.mark.parametrize(("path", "call"), [
    ("/v1/batch", None), ("/v1/b", None), ("/v1/import", None),
    ("/v1/identify", "identify"), ("/v1/i", "identify"), ("/v1/track", "track"), ("/v1/t", "track"),
    ("/v1/page", "page"), ("/v1/p", "page"), ("/v1/screen", "screen"), ("/v1/s", "screen"),
    ("/v1/group", "group"), ("/v1/g", "group"), ("/v1/alias", "alias"), ("/v1/a", "alias"),
])
def test_each_route_names_its_call(path: str, call: str | None) -> None:
    assert post(path).call == call


@pytest.mark.parametrize("path", ["/v1/engage", "/v1/batch/"])
def test_another_route_says_which_there_are(path: str) -> None:
    with pytest.raises(NotFound, match="batch"):
        post(path)


def test_a_body_of_countless_empty_parts_is_not_unpacked() -> None:
    with pytest.raises(Rejected, match="512000"):
        wire.content(post(body=packed(b"") * 60_000))


def test_a_compressed_body_that_a_gateway_took_for_text_is_not_forgotten() -> None:
    """400 would make the client drop events that only the gateway damaged; 503 makes it keep them."""
    mangled = packed(b'{"batch": []}').decode(errors="replace")
    event = {"rawPath": "/v1/batch", "headers": {"content-encoding": "gzip"}, "body": mangled, "isBase64Encoded": False}
    with pytest.raises(Unavailable):
        wire.read(event)
