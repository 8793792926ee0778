"""Identifiers as clients send them, brought to the one form that they are looked up by. Pure.

Blocked values are what a client sends when it has no identifier to send: zeroes and dashes, `null`, `anonymous`, an
address that people type to get past a form. They would make one profile of strangers, so they count as absent.
"""

from __future__ import annotations

import re
from typing import Any

from socle.errors import Rejected
from socle.identity.model import MAX_LENGTH

_BLOCKED = frozenset({
    "-1", "null", "undefined", "anonymous", "n/a", "none", "nan", "(null)", "[object object]",
    "test@test.com", "test@example.com", "example@example.com", "email@email.com", "a@a.com", "foo@bar.com",
    "asdf@asdf.com", "none@none.com", "no@email.com", "noemail@noemail.com",
})
_MAX_NUMBER = 10**100
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_PUNCTUATION = str.maketrans("", "", " \t().-/\u00a0\u2010\u2011\u2013")


def id_text(value: Any, field: str) -> str | None:
    """A userId, anonymousId or previousId as text; None when absent, empty or blocked.

    Whole numbers become their digits (42, 42.0 → "42"): some clients send database keys as numbers.
    Raises Rejected(`wrong_type` or `id_too_long`) naming `field`.
    """
    if value.__class__ is str:
        text: str = value.strip()
    elif value is None:
        return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise Rejected("wrong_type", f"{field} must be a string or a number", field)
    elif not abs(value) < _MAX_NUMBER:
        raise Rejected("wrong_type", f"{field} is a number beyond 1e100: send the id as a string", field)
    else:
        text = str(int(value)) if value == int(value) else repr(value)
    if len(text) > MAX_LENGTH:
        raise Rejected("id_too_long", f"{field} has {len(text)} characters: send at most {MAX_LENGTH}", field)
    return None if is_blocked(text) else text


def is_blocked(text: str) -> bool:
    """Whether the value identifies nobody (empty included)."""
    return not text.strip("0-") or text.lower() in _BLOCKED


def email(value: Any) -> str | None:
    """The address trimmed and in lower case; None for what is not an address (it stays a mere trait)."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    # 254: the longest address that SMTP can carry (RFC 3696, erratum 1690).
    return text if len(text) <= 254 and _EMAIL.fullmatch(text) and text not in _BLOCKED else None


def phone(value: Any) -> str | None:
    """An international number as E.164 (`+4930123456`); None for anything else: a local number has no country."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    text = value.translate(_PHONE_PUNCTUATION)
    return text if _PHONE.fullmatch(text) else None
