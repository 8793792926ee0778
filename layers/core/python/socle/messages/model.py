"""A message: one thing sent to one person over one channel, as the ledger keeps it; and what it is made from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from socle.events.model import Identifier

EMAIL, SMS, PUSH, WEBHOOK = "email", "sms", "push", "webhook"
CHANNELS = (EMAIL, SMS, PUSH, WEBHOOK)
MARKETING, TRANSACTIONAL = "marketing", "transactional"
"""Purposes. Transactional messages pass caps, quiet hours, holdouts and topics, never a suppression."""

CLAIMED, FAILED, SENT, DELAYED, DELIVERED, BOUNCED, REJECTED, COMPLAINED = (
    "claimed", "failed", "sent", "delayed", "delivered", "bounced", "rejected", "complained")
RANK = {state: rank for rank, state in enumerate(
    (CLAIMED, FAILED, SENT, DELAYED, DELIVERED, BOUNCED, REJECTED, COMPLAINED))}
"""Within one attempt states only advance. FAILED: it surely was not sent; only then may there be another attempt."""
UNKNOWN, CLOSED = "unknown", "closed"
"""How a claim shows whose attempt is over without an answer: `unknown` for a day, in which any event of SES settles it, then
`closed`. Neither is ever tried again."""
ATTEMPT_LASTS = 15 * 60_000
"""Milliseconds after a claim at which its attempt is over: no function lives longer."""
CLOSED_AFTER = 24 * 3_600_000
MOST_ATTEMPTS = 255
"""A link names the attempt of its message by one byte. Who asks for the same again and again is told what became of the last."""


class Address(NamedTuple):
    """Where a message goes. `value` is normalised: e-mail in lower case, a phone number as E.164, a device token, a URL."""

    channel: str
    value: str

    @property
    def digest(self) -> str:
        """32 hex characters by which the address is known where it must not be readable."""
        return hashlib.sha256(f"{self.channel}\0{self.value}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the ledger.

    profile   the partition that it was claimed in: the person at that time
    key       20 hex characters of what it is (message_key): the same for everybody who gets it
    attempt   1, and one more after an attempt that surely failed
    state     see RANK
    at        when the attempt was claimed, epoch ms
    who       an identifier of the person, by which its events find them, wherever the person is by then
    channel, address  of it only the digest
    domain    of an e-mail address, for reports; else ""
    topic     "" without one
    campaign, run, variant   "" for a single message; `campaign` is the name of the definition
    reason    why it failed or bounced
    opened, clicked  when a person first did, epoch ms; 0 = not yet
    """

    profile: str
    key: str
    attempt: int
    state: str
    at: int
    who: Identifier
    channel: str
    address: str
    domain: str = ""
    topic: str = ""
    campaign: str = ""
    run: str = ""
    variant: str = ""
    reason: str = ""
    opened: int = 0
    clicked: int = 0

    @property
    def tag(self) -> str:
        """What travels with it, so that whatever is heard of it finds this row: `<profile>-<key>-<attempt>`.

        SES takes letters, digits, `_` and `-` in the value of a tag, nothing else (API reference of SES v2, MessageTag).
        """
        return f"{self.profile}-{self.key}-{self.attempt}"

    def next(self, **changes: Any) -> Message:
        """This row with changes."""
        return replace(self, **changes)

    def shown(self, now: int) -> str:
        """The state for people: a claim whose attempt is over is `unknown`, then `closed`."""
        if self.state != CLAIMED or now < self.at + ATTEMPT_LASTS:
            return self.state
        return UNKNOWN if now < self.at + CLOSED_AFTER else CLOSED


def message_key(name: str, occurrence: str) -> str:
    """The key of a campaign's or a step's message in one occurrence; neither version nor variant nor person is part of it.

    name  `campaign/<name>`, `journey/<name>/<step>`, `api`; occurrence: what makes the next time another message
    """
    return hashlib.sha256(f"{name}\0{occurrence}".encode()).hexdigest()[:20]


def read_tag(tag: str) -> tuple[str, str, int] | None:
    """(profile, key, attempt) of a message's tag; None for anything else."""
    rest, _, attempt = tag.rpartition("-")
    profile, _, key = rest.rpartition("-")
    if not profile or len(key) != 20 or not attempt.isascii() or not attempt.isdigit():
        return None
    return profile, key, int(attempt)


class File(NamedTuple):
    """What goes with an e-mail: an image that its HTML shows as `cid:<cid>`, or (`cid` "") an attachment.

    name  as the recipient sees it; kind: media type, `image/png`
    """

    name: str
    kind: str
    data: bytes
    cid: str = ""


class Mail(NamedTuple):
    """A rendered e-mail; `html` "" for one of text alone."""

    subject: str
    html: str
    text: str
    files: tuple[File, ...] = ()


class Text(NamedTuple):
    """A rendered SMS."""

    text: str


class Push(NamedTuple):
    """A rendered push notification; `data` goes to the app as it is."""

    title: str
    body: str
    data: dict[str, str]


class Hook(NamedTuple):
    """A rendered webhook: a JSON object."""

    body: dict[str, Any]


Rendered = Mail | Text | Push | Hook


class Sender(NamedTuple):
    """In whose name: the topic's, else the brand's. `name` may be anything that people write, line breaks are refused before."""

    address: str
    name: str = ""
    reply_to: str = ""
