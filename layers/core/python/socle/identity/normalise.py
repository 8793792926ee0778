"""Identifiers as clients send them, brought to the one form that they are looked up by. Pure.

Blocked values are what a client sends when it has no identifier to send: zeroes and dashes, `null`, `anonymous`, an
address that people type to get past a form. They would make one profile of strangers, so they count as absent.
"""

from __future__ import annotations

from typing import Any

from socle.errors import Rejected
from socle.identity.model import MAX_LENGTH
from socle.normalisation import emails, phones

_BLOCKED = frozenset({
    "-1", "null", "undefined", "anonymous", "n/a", "none", "nan", "(null)", "[object object]", "guest", "unknown", "(not set)",
    "test@test.com", "test@example.com", "example@example.com", "email@email.com", "a@a.com", "foo@bar.com",
    "asdf@asdf.com", "none@none.com", "no@email.com", "noemail@noemail.com", "null@null.com", "unknown@unknown.com",
})
_SAME_DIGITS = 7
"""Equal digits at the end by which a number was made up to get past a form: `+33 6 00 00 00 00`, `+91 99999 99999`."""
_MAX_NUMBER = 10**100
_MAX_SENT = 320
"""Characters of an address or a number that is looked at."""


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
    """The address in its one form (socle.normalisation.emails); None for what is not an address: it stays a mere trait."""
    if value.__class__ is not str or not value or len(value) > _MAX_SENT:
        return None
    address = emails.email(value).value
    return None if address in _BLOCKED else address


def phone(value: Any, region: str | None = None) -> str | None:
    """The number as E.164 (`+4930123456`); None for anything else. A national number needs `region`, its country (alpha-2)."""
    if value.__class__ is not str or not value or len(value) > _MAX_SENT:
        return None
    number = phones.phone(value, region).value
    return None if number is None or is_made_up(number) else number


def is_made_up(number: str) -> bool:
    """Whether an E.164 number is what people type who do not want to give theirs."""
    return len(set(number[-_SAME_DIGITS:])) == 1
