"""Identifiers: how a person is known. An identifier row says whose it is; the profile id itself is random."""

from __future__ import annotations

import re
from typing import NamedTuple

from socle.events.model import Identifier

USER_ID = "user_id"
EMAIL = "email"
PHONE = "phone"
CRM_ID = "crm_id"
LOYALTY_ID = "loyalty_id"
EXTERNAL = "external"
DEVICE_TOKEN = "device_token"  # noqa: S105  a type, not a secret
ANONYMOUS_ID = "anonymous_id"

TYPES = (USER_ID, EMAIL, PHONE, CRM_ID, LOYALTY_ID, EXTERNAL, DEVICE_TOKEN, ANONYMOUS_ID)
"""Most trusted first: the order in which an event looks for its profile. EXTERNAL stands for every other type."""

KIND = re.compile(r"[a-z][a-z0-9_:]{0,39}")
"""How a type may be called."""

_RANKS = {kind: rank for rank, kind in enumerate(TYPES)}

MAX_LENGTH = 256
"""Characters in an identifier's value."""

MAX_IDENTIFIERS = 1_000
MAX_MERGES = 100
"""What one profile holds (the caps that Segment publishes): beyond, an identifier stays unlinked, a person apart."""

IDENTIFIER, MANUAL, NEAR_DUPLICATE = "identifier", "manual", "near_duplicate"


def rank(kind: str) -> int:
    """How much a type of identifier is trusted unless somebody defines otherwise: 0 is the most."""
    return _RANKS.get(kind, _RANKS[EXTERNAL])


class Evidence(NamedTuple):
    """Why two profiles were merged.

    rule        IDENTIFIER (an event named identifiers of both), MANUAL (somebody said so) or NEAR_DUPLICATE (they look alike)
    at          when, epoch ms: of an event, when it was received
    identifier  that of the one merged away which the event named
    event       key of that event, "" when there is none
    detail      what else there is to say: who, or how probable it was
    """

    rule: str
    at: int
    identifier: Identifier | None = None
    event: str = ""
    detail: str = ""
