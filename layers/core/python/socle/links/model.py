"""What a signed link says: which message and person it belongs to, what it may do, and until when."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLICK, UNSUBSCRIBE, PREFERENCES, CONFIRM, SURVEY = "open", "click", "unsubscribe", "preferences", "confirm", "survey"
KINDS = (OPEN, CLICK, UNSUBSCRIBE, PREFERENCES, CONFIRM, SURVEY)
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

    @property
    def tag(self) -> str:
        """The tag of the message that the link stood in; "" without one."""
        return f"{self.profile}.{self.key}.{self.attempt}" if self.key else ""
