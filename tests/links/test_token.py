"""What a signed token promises: it says what was signed, and nothing else says anything."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from socle.errors import Rejected
from socle.links.model import CLICK, CONFIRM, KINDS, MAX_URL, OPEN, PREFERENCES, SURVEY, UNSUBSCRIBE, Claims
from socle.links.token import Keys, read, sign, verify
from socle.messages.model import Address, message_key

NOW = 1_790_000_000_000
KEYS = Keys("the-newest-key-of-links\nan-older-key-of-links\n")
KEY = message_key("campaign/spring", "1")
DIGEST = Address("email", "ann@example.com").digest
PROFILE = "mfrggzdfmztwq2lknnw"
EXPIRES = NOW + 1_000_000

EACH = {
    OPEN: Claims(OPEN, PROFILE, EXPIRES, KEY, 1),
    CLICK: Claims(CLICK, PROFILE, EXPIRES, KEY, 1, url="https://example.com/a?b=c&é=1", number=3),
    UNSUBSCRIBE: Claims(UNSUBSCRIBE, PROFILE, EXPIRES, KEY, 2, channel="email", address=DIGEST, topic="newsletter"),
    PREFERENCES: Claims(PREFERENCES, PROFILE, EXPIRES, channel="sms", address=DIGEST),
    CONFIRM: Claims(CONFIRM, PROFILE, EXPIRES, channel="email", address=DIGEST, topic="news"),
    SURVEY: Claims(SURVEY, PROFILE, EXPIRES, KEY, 255, survey="nps"),
}


def refused(token: str, *kinds: str, keys: Keys = KEYS) -> str:
    with pytest.raises(Rejected) as found:
        verify(keys, token, NOW, *(kinds or KINDS))
    return found.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_says_what_was_signed_until_it_expires(kind: str) -> None:
    token = sign(KEYS, EACH[kind])
    assert verify(KEYS, token, NOW, kind) == EACH[kind]
    assert verify(KEYS, token, EXPIRES - 1, kind) == EACH[kind]
    with pytest.raises(Rejected) as found:
        verify(KEYS, token, EXPIRES, kind)
    assert (found.value.code, found.value.status) == ("expired_link", 410)
    assert read(KEYS, token, kind) == EACH[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_single_bit_flip_is_refused(kind: str) -> None:
    token = sign(KEYS, EACH[kind])
    tried = 0
    data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            assert refused(urlsafe_b64encode(changed).rstrip(b"=").decode()) == "bad_link"
            tried += 1
    for place in range(len(token)):
        for bit in range(8):
            raw = bytearray(token.encode())
            raw[place] ^= 1 << bit
            assert refused(raw.decode("latin-1")) == "bad_link", (place, bit)
            tried += 1
    assert tried == 8 * (len(data) + len(token))


@pytest.mark.parametrize("kind", KINDS)
def test_only_one_spelling_is_read(kind: str) -> None:
    token = sign(KEYS, EACH[kind])
    others = [token + "=" * count for count in (1, 2, 3)] + [token + end for end in ("A", "AA", "AAAA", "\n", " ", ".", "!")]
    others += [" " + token, token[:10] + "\n" + token[10:], token[:5] + "*" + token[5:], token[:-1], token[1:], "", "A", "é"]
    others += [token.replace("-", "+").replace("_", "/") + ("" if set(token) & set("-_") else "/")]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others += [token[:-1] + letter for letter in alphabet if letter != token[-1]]  # among them other unused bits
    assert {refused(other) for other in others} == {"bad_link"}


def test_a_token_of_one_kind_person_message_or_address_is_none_of_another() -> None:
    several = [*EACH.values()]
    several += [one._replace(profile="mfrggzdfmztwq2lknnx") for one in EACH.values()]
    several += [one._replace(key=message_key("campaign/spring", "2"), attempt=1) for one in EACH.values()]
    several += [EACH[UNSUBSCRIBE]._replace(topic=""), EACH[UNSUBSCRIBE]._replace(attempt=3),
                EACH[UNSUBSCRIBE]._replace(channel="sms"), EACH[UNSUBSCRIBE]._replace(address="0" * 32),
                EACH[CLICK]._replace(number=4), EACH[CLICK]._replace(url="https://example.com/"),
                EACH[OPEN]._replace(profile=PROFILE + "a"), EACH[OPEN]._replace(expires=EXPIRES + 1000)]
    tokens = {sign(KEYS, one): one for one in several}
    assert len(tokens) == len(several)
    for token, one in tokens.items():
        assert read(KEYS, token, one.kind) == one
        assert refused(token, *(kind for kind in KINDS if kind != one.kind)) == "bad_link"


def test_the_parts_of_two_tokens_make_no_third() -> None:
    one, other = (sign(KEYS, EACH[OPEN]._replace(profile=profile)) for profile in (PROFILE, "mfrggzdfmztwq2lknnx"))
    assert {refused(one[:cut] + other[cut:]) for cut in range(1, len(one)) if one[:cut] + other[cut:] not in (one, other)} \
        == {"bad_link"}


def test_links_signed_before_a_rotation_are_read_after_it_and_no_longer_when_their_key_is_gone() -> None:
    before, between, after = Keys("the-first-key-of-links"), Keys("the-second-key-of-links\nthe-first-key-of-links"), \
        Keys("the-second-key-of-links")
    old = sign(before, EACH[CLICK])
    assert verify(between, old, NOW, CLICK) == EACH[CLICK]
    new = sign(between, EACH[CLICK])
    assert new != old
    assert verify(after, new, NOW, CLICK) == EACH[CLICK]
    assert refused(old, keys=after) == "bad_link"
    assert refused(new, keys=before) == "bad_link"


def test_blank_lines_of_the_secret_are_no_keys_and_short_ones_are_refused() -> None:
    assert Keys("\n  the-first-key-of-links  \r\n\n").newest == Keys("the-first-key-of-links").newest
    for secret in ("", "\n", "short", "the-first-key-of-links\nshort"):
        with pytest.raises(ValueError, match="at least 16"):
            Keys(secret)


def test_tokens_are_short() -> None:
    assert {kind: len(sign(KEYS, one._replace(url=""))) for kind, one in EACH.items()} == {
        OPEN: 74, CLICK: 76, UNSUBSCRIBE: 110, PREFERENCES: 82, CONFIRM: 87, SURVEY: 78}


def test_a_target_that_gateways_would_refuse_is_not_signed() -> None:
    longest = EACH[CLICK]._replace(url="https://example.com/" + "a" * (MAX_URL - 20))
    assert verify(KEYS, sign(KEYS, longest), NOW, CLICK) == longest
    with pytest.raises(Rejected) as found:
        sign(KEYS, longest._replace(url=longest.url + "a"))
    assert found.value.code == "link_too_long"


def test_a_signed_body_of_another_shape_is_a_bad_link() -> None:
    """A key that leaked into another use, or an older version's format: refused, not a crash."""
    from socle.links import token as module
    id_, key = KEYS.newest
    for body in (id_, id_ + bytes(4) + b"\x09\x00\x00", id_ + bytes(4) + b"\x01\x0b", id_ + bytes(4) + b"\x02\x00\x01a",
                 id_ + bytes(4) + b"\x03\x00\x01a\x09", id_ + bytes(4) + b"\x06\x00\x01a\xff"):
        assert refused(urlsafe_b64encode(body + module._mac(key, body)).rstrip(b"=").decode()) == "bad_link"
