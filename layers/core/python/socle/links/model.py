"""What a signed link says: which message and person it belongs to, what it may do, and until when."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLICK, UNSUBSCRIBE, PREFERENCES, CONFIRM, SURVEY = "open", "click", "unsubscribe", "preferences", "confirm", "survey"
KINDS = (OPEN, CLICK, UNSUBSCRIBE, PREFERENCES, CONFIRM, SURVEY)
PATHS = {OPEN: "o", CLICK: "c", UNSUBSCRIBE: "unsubscribe", PREFERENCES: "preferences", CONFIRM: "confirm", SURVEY: "surveys"}
"""Kind → first segment of the path of its links; the token is the second."""
DAY = 86_400_000
GOOD_FOR = {OPEN: 180 * DAY, CLICK: 400 * DAY, UNSUBSCRIBE: 400 * DAY, PREFERENCES: 400 * DAY, CONFIRM: 30 * DAY,
            SURVEY: 180 * DAY}
"""Milliseconds after the message for which a link is good. CAN-SPAM asks for 30 days of unsubscribing (16 CFR 316, 15 USC 7704
(a)(3)(A)(ii)); people keep newsletters for a year."""
MAX_URL = 2_048
"""Bytes of the target of a link: with its signature it still fits into what gateways take as one line of a request."""


class Claims(NamedTuple):
    """What the signature of a link holds together.

    kind      one of KINDS: a link of one kind does nothing as another
    profile   the partition that the message was claimed in
    expires   epoch ms, whole seconds
    key, attempt   of the message in the ledger; "" and 0 for a link that belongs to no message
    url, number    of a click: the target, and which link of the message it is, from 1
    channel, address, topic   of a link about consent: `address` is the digest, `topic` "" for the channel as a whole
    survey    name of the survey
    """

    kind: str
    profile: str
    expires: int
    key: str = ""
    attempt: int = 0
    url: str = ""
    number: int = 0
    channel: str = ""
    address: str = ""
    topic: str = ""
    survey: str = ""
