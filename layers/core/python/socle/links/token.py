"""Signed tokens: what Socle's own links carry. Whoever changes a bit of one holds nothing. Pure.

A token is base64url without padding of

    bytes   what
    2       which key: the first bytes of SHA-256 of its line in the secret
    4       until when: seconds since 1970
    1       kind
    1 + n   the message: 0, or 10 bytes of its key and one of its attempt
    1 + n   the profile
    n       what the kind adds: number and target of a click; channel, address, topic; a survey
    16      HMAC-SHA256 over all of the above, truncated (RFC 2104, section 5), with a key that HKDF-SHA256 (RFC 5869) derives
            from the line: the same secret in other places makes other keys

Only the one encoding that `sign` makes is read: base64 that ends in unused bits, has padding or another alphabet is refused,
so a link has one spelling.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from socle.errors import Rejected
from socle.links.model import CLICK, CONFIRM, KINDS, MAX_URL, OPEN, PREFERENCES, SURVEY, UNSUBSCRIBE, Claims
from socle.messages.model import CHANNELS

_INFO = b"socle links"
_HEAD = struct.Struct(">2sIB")
_MAC = 16
_CODES = {kind: code for code, kind in enumerate(KINDS, 1)}
_KINDS = dict(enumerate(KINDS, 1))
_ABOUT_CONSENT = (UNSUBSCRIBE, PREFERENCES, CONFIRM)


class Keys:
    """The keys of a deployment. The secret holds one per line, newest first: the first signs, all of them verify.

    To rotate, put a new line on top; take an old one out when the links that it signed have expired. Raises ValueError for
    a secret without a line of at least 16 characters.
    """

    def __init__(self, secret: str) -> None:
        lines = [line.strip().encode() for line in secret.splitlines() if line.strip()]
        if not lines or min(map(len, lines)) < 16:
            raise ValueError("the secret of links holds one key per line, each of at least 16 characters")
        self._keys = [(hashlib.sha256(line).digest()[:2], _derived(line)) for line in lines]

    @property
    def newest(self) -> tuple[bytes, bytes]:
        """(id, key) that signs."""
        return self._keys[0]

    def named(self, id_: bytes) -> list[bytes]:
        """The keys of that id: one, none, or by a rare chance two."""
        return [key for known, key in self._keys if known == id_]


def sign(keys: Keys, claims: Claims) -> str:
    """The token of `claims`: letters, digits, `-` and `_`.

    Raises Rejected(`link_too_long`) for a target of more than MAX_URL bytes.
    """
    id_, key = keys.newest
    body = _pack(id_, claims)
    return urlsafe_b64encode(body + _mac(key, body)).rstrip(b"=").decode()


def read(keys: Keys, token: str, *kinds: str) -> Claims:
    """What a token says, expired or not. Raises Rejected(`bad_link`, 404) for one that is not ours or of another kind."""
    try:
        data = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise _bad() from None
    body, mac = data[:-_MAC], data[-_MAC:]
    if not any(hmac.compare_digest(_mac(key, body), mac) for key in keys.named(body[:2])):
        raise _bad()
    # Base64 has several spellings of the same bytes, and Python skips what is not of its alphabet.
    if urlsafe_b64encode(data).rstrip(b"=").decode() != token:
        raise _bad()
    try:
        claims = _unpack(body)
    except (LookupError, ValueError, struct.error):
        raise _bad() from None
    if claims.kind not in kinds:
        raise _bad()
    return claims


def verify(keys: Keys, token: str, now: int, *kinds: str) -> Claims:
    """As `read`. Raises also Rejected(`expired_link`, 410) when its time is over; `now` in epoch ms."""
    claims = read(keys, token, *kinds)
    if now >= claims.expires:
        raise Rejected("expired_link", "this link is too old: use the one in a newer message", "token", 410)
    return claims


def _bad() -> Rejected:
    return Rejected("bad_link", "this link is not complete: copy all of it from the message, or click it there", "token", 404)


def _derived(line: bytes) -> bytes:
    """HKDF-SHA256 without a salt, one block long."""
    extracted = hmac.digest(bytes(32), line, "sha256")
    return hmac.digest(extracted, _INFO + b"\x01", "sha256")


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC]


def _pack(id_: bytes, claims: Claims) -> bytes:
    profile = claims.profile.encode()
    message = bytes.fromhex(claims.key) + bytes((claims.attempt,)) if claims.key else b""
    head = _HEAD.pack(id_, claims.expires // 1000, _CODES[claims.kind])
    return b"".join((head, bytes((len(message),)), message, bytes((len(profile),)), profile, _own(claims)))


def _own(claims: Claims) -> bytes:
    if claims.kind == CLICK:
        url = claims.url.encode()
        if len(url) > MAX_URL:
            raise Rejected("link_too_long", f"the target of link {claims.number} has {len(url):,} bytes: at most {MAX_URL:,}",
                           "url")
        return struct.pack(">H", claims.number) + url
    if claims.kind in _ABOUT_CONSENT:
        return bytes((CHANNELS.index(claims.channel),)) + bytes.fromhex(claims.address) + claims.topic.encode()
    return claims.survey.encode()


def _unpack(body: bytes) -> Claims:
    _, seconds, code = _HEAD.unpack_from(body)
    message, rest = _part(body[_HEAD.size:])
    profile, rest = _part(rest)
    claims = Claims(_KINDS[code], profile.decode(), seconds * 1000, message[:-1].hex(), message[-1] if message else 0)
    if claims.kind == OPEN:
        return claims
    if claims.kind == CLICK:
        return claims._replace(number=struct.unpack_from(">H", rest)[0], url=rest[2:].decode())
    if claims.kind == SURVEY:
        return claims._replace(survey=rest.decode())
    return claims._replace(channel=CHANNELS[rest[0]], address=rest[1:17].hex(), topic=rest[17:].decode())


def _part(data: bytes) -> tuple[bytes, bytes]:
    """What a length stands before, and the rest."""
    end = 1 + data[0]
    if len(data) < end:
        raise ValueError("a part is missing")
    return data[1:end], data[end:]
