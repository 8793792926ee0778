"""Identifiers: how a person is known. An identifier row says whose it is; the profile id itself is random."""

from __future__ import annotations

from socle.events.model import Identifier

USER_ID = "user_id"
EMAIL = "email"
PHONE = "phone"
ANONYMOUS_ID = "anonymous_id"

TYPES = (USER_ID, EMAIL, PHONE, ANONYMOUS_ID)
"""Most trusted first: the order in which an event looks for its profile."""

MAX_LENGTH = 256
"""Characters in an identifier's value."""

MAX_IDENTIFIERS = 1_000
MAX_MERGES = 100
"""What one profile holds (the caps that Segment publishes): beyond, an identifier stays unlinked, a person apart."""

__all__ = ["ANONYMOUS_ID", "EMAIL", "MAX_IDENTIFIERS", "MAX_LENGTH", "MAX_MERGES", "PHONE", "TYPES", "USER_ID", "Identifier"]
