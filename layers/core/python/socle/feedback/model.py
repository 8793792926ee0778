"""Feedback: what the mail service reports of a mail, and what people answer to an SMS."""

from __future__ import annotations

from typing import NamedTuple

SEND, DELIVERY, BOUNCE, COMPLAINT, REJECT, DELAY, RENDERING_FAILURE, SUBSCRIPTION, OPEN, CLICK = (
    "send", "delivery", "bounce", "complaint", "reject", "deliverydelay", "renderingfailure", "subscription", "open", "click")
KINDS = (SEND, DELIVERY, BOUNCE, COMPLAINT, REJECT, DELAY, RENDERING_FAILURE, SUBSCRIPTION, OPEN, CLICK)
PERMANENT, TRANSIENT, UNDETERMINED = "Permanent", "Transient", "Undetermined"
"""Types of a bounce, as SES names them."""


class Feedback(NamedTuple):
    """One report of SES about one mail.

    kind        one of KINDS
    at          when it happened, epoch ms, by SES's clock
    tag         of our message (Message.tag); "" for a mail that Socle did not send
    addresses   whom it is about, as SES writes them
    type        of a bounce: PERMANENT, TRANSIENT or UNDETERMINED; else ""
    reason      in SES's words: `Permanent/General`, `abuse`, `Bad content`; "" without one
    status, diagnostic   what the recipient's server said: `5.1.1`, `smtp; 550 5.1.1 user unknown`
    topics      of a subscription: lists that were left, "" for all of them
    """

    kind: str
    at: int
    tag: str
    addresses: tuple[str, ...]
    type: str = ""
    reason: str = ""
    status: str = ""
    diagnostic: str = ""
    topics: tuple[str, ...] = ()


class Inbound(NamedTuple):
    """An SMS that came in: `number` as E.164, `at` epoch ms."""

    number: str
    text: str
    at: int


class Arrived(NamedTuple):
    """One message of the queue: its id there, its text, when SNS queued it (epoch ms)."""

    id: str
    body: str
    at: int
