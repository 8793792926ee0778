"""E-mail addresses in one form: trimmed, NFC, lower case, the domain as DNS knows it. Pure, nothing is looked up.

The form of most addresses needs no library: `_PLAIN` describes those for which email-validator changes nothing but case.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from socle.normalisation.model import NOT_AN_EMAIL, Reading

MAX_LENGTH = 254
"""Characters of an address: the longest that SMTP can carry (RFC 3696, erratum 1690)."""

_ATOM = r"[a-z0-9_+-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9]|-(?!-))*(?<!-)"
_PLAIN = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?P<top>[a-z]{{2,24}})")
_NOT_PUBLIC = frozenset(("arpa", "invalid", "local", "localhost", "onion", "test"))


@lru_cache(4096)
def email(text: str) -> Reading:
    """The address, or the flag `not_an_email`. Nothing is cut off: dots and +tags are part of who the mailbox belongs to."""
    text = text.strip().lower()
    plain = _PLAIN.fullmatch(text)
    if (plain and len(text) <= MAX_LENGTH and len(plain["local"]) <= 64 and plain["top"] not in _NOT_PUBLIC
            and all(len(label) <= 63 for label in text.rpartition("@")[2].split("."))):
        return Reading(text)
    return _validated(text) if 0 < len(text) <= MAX_LENGTH else Reading(None, NOT_AN_EMAIL)


def _validated(text: str) -> Reading:
    import email_validator

    try:
        found = email_validator.validate_email(unicodedata.normalize("NFC", text), check_deliverability=False, strict=True)
    except (email_validator.EmailNotValidError, UnicodeError):
        return Reading(None, NOT_AN_EMAIL)
    local = unicodedata.normalize("NFC", found.local_part)
    address = f"{local}@{found.ascii_domain.lower()}"
    return Reading(address) if len(address) <= MAX_LENGTH else Reading(None, NOT_AN_EMAIL)
