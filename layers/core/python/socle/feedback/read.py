"""The text of a message of the queue -> feedback: events and notifications of SES, with or without SNS's envelope, and SMS. Pure.

Event publishing says `eventType` and carries tags; the older notifications of an identity say `notificationType` and carry
none (Amazon SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS", "Amazon SNS notification
contents"). SES may add fields at any time: what is not asked for is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from socle.errors import Rejected
from socle.feedback.model import (
    BOUNCE,
    COMPLAINT,
    DELAY,
    DELIVERY,
    KINDS,
    REJECT,
    RENDERING_FAILURE,
    SUBSCRIPTION,
    Feedback,
    Inbound,
)
from socle.iso import from_iso

TAG = "socle_message"
"""Name of the tag of a mail that holds Message.tag."""
_CHATTER = ("Successfully validated SNS topic",)
"""How texts begin with which SES tries a topic out."""
_OF_SNS = ("AmazonSnsSubscriptionSucceeded", "SubscriptionConfirmation", "UnsubscribeConfirmation")
_DETAILS = {DELAY: "deliveryDelay", RENDERING_FAILURE: "failure"}
_RECIPIENTS = {BOUNCE: "bouncedRecipients", COMPLAINT: "complainedRecipients", DELAY: "delayedRecipients",
               DELIVERY: "recipients"}


def read(body: str, queued: int) -> Feedback | Inbound | None:
    """What a message says; None for what says nothing of a mail (SES trying the topic out, a kind that is newer than this).

    queued  epoch ms, the time of what brings none of its own
    Raises Rejected(`unreadable`) for anything else.
    """
    if body.startswith(_CHATTER):
        return None
    try:
        data = json.loads(body)
        if "Message" in data and data.get("Type") == "Notification":
            return read(data["Message"], from_iso(data["Timestamp"]) if "Timestamp" in data else queued)
        if "originationNumber" in data:
            return Inbound(_text(data["originationNumber"]), _text(data.get("messageBody")), queued)
        kind = _text(data.get("eventType") or data.get("notificationType") or "")
        if kind in _OF_SNS or data.get("Type") in _OF_SNS:
            return None
        if not kind:
            raise _unreadable()
        kind = kind.replace(" ", "").lower()
        return _feedback(kind, data) if kind in KINDS else None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise _unreadable() from error


def _unreadable() -> Rejected:
    return Rejected("unreadable", "this is no event of SES and no SMS: see who else publishes to the topic")


def _feedback(kind: str, data: Mapping[str, Any]) -> Feedback:
    mail, detail = data["mail"], data.get(_DETAILS.get(kind, kind)) or {}
    tags = mail.get("tags") or {}
    tag = _text((tags.get(TAG) or [""])[0])
    listed = [{"emailAddress": one} if isinstance(one, str) else one for one in detail.get(_RECIPIENTS.get(kind, "")) or ()]
    destination = [_text(one) for one in mail.get("destination") or ()]
    # A mail that was forwarded bounces at an address that nobody wrote to: with one recipient, it is about that one.
    about = destination if len(destination) == 1 or not listed else [_text(one["emailAddress"]) for one in listed]
    server = listed[0] if listed else {}
    return Feedback(
        kind, from_iso(_text(detail.get("timestamp") or mail["timestamp"])), tag, tuple(about),
        type=_text(detail.get("bounceType") or ""), reason=_reason(kind, detail), status=_text(server.get("status") or ""),
        diagnostic=_text(server.get("diagnosticCode") or ""), topics=tuple(_left(detail)) if kind == SUBSCRIPTION else ())


def _reason(kind: str, detail: Mapping[str, Any]) -> str:
    if kind == BOUNCE:
        return f"{_text(detail['bounceType'])}/{_text(detail.get('bounceSubType') or 'Undetermined')}"
    named = {COMPLAINT: ("complaintSubType", "complaintFeedbackType"), REJECT: ("reason",), DELAY: ("delayType",),
             RENDERING_FAILURE: ("errorMessage",)}
    return next((_text(detail[name]) for name in named.get(kind, ()) if detail.get(name)), "")


def _left(detail: Mapping[str, Any]) -> Iterable[str]:
    """The topics that somebody left by the list of SES."""
    after = detail.get("newTopicPreferences") or {}
    if after.get("unsubscribeAll"):
        return [""]
    return [_text(one["topicName"]) for one in after.get("topicSubscriptionStatus") or ()
            if one.get("subscriptionStatus") == "OptOut"]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value

