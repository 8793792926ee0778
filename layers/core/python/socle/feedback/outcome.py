"""What a report of SES comes to: the message's state, the person's event, a count, an end to mails to the address. Pure.

Bounces: SES reports one when it gives up. Permanent ones suppress at once; others count as soft (Amazon SES developer guide,
"Contents of event data that Amazon SES publishes to Amazon SNS", bounce types), and suppress by policy, unless the content or
its size was at fault, which says nothing about the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from socle.campaigns import guard
from socle.consent.model import COMPLAINT as COMPLAINED_OF
from socle.consent.model import HARD_BOUNCE
from socle.events.model import Event
from socle.feedback.model import (
    BOUNCE,
    COMPLAINT,
    DELAY,
    DELIVERY,
    PERMANENT,
    REJECT,
    RENDERING_FAILURE,
    SEND,
    Feedback,
)
from socle.messages.events import event_name, message_event, sent_event
from socle.messages.model import (
    BOUNCED,
    COMPLAINED,
    DELAYED,
    DELIVERED,
    EMAIL,
    FAILED,
    RANK,
    REJECTED,
    SENT,
    Message,
)

SOFT_BOUNCES = 5
SOFT_SPAN = 3 * 86_400_000
SOFT_WINDOW = 30 * 86_400_000
"""An address is given up after SOFT_BOUNCES soft bounces over SOFT_SPAN or longer, all within SOFT_WINDOW (milliseconds) and
with no delivery in between: a mailbox that is full for a weekend is not."""

_ON_OUR_LIST = "OnAccountSuppressionList"
_NOT_SPAM = "not-spam"
_OF_CONTENT = ("MessageTooLarge", "ContentRejected", "AttachmentRejected")


class Outcome(NamedTuple):
    """What one report means.

    state      of the message
    reason     kept with the state
    action     of the event, as in segments: `delivered`; "" for no event
    metric     what counts in the run; "" for nothing
    suppress   reason of a suppression of the address; "" for none
    soft       a soft bounce, of which several suppress
    """

    state: str
    reason: str = ""
    action: str = ""
    metric: str = ""
    suppress: str = ""
    soft: bool = False


def outcome_of(feedback: Feedback) -> Outcome:
    """What a report means, whoever it is about."""
    kind, reason = feedback.kind, feedback.reason
    if kind == SEND:
        return Outcome(SENT, action="sent")
    if kind == DELIVERY:
        return Outcome(DELIVERED, action="delivered", metric=guard.DELIVERED)
    if kind == DELAY:
        return Outcome(DELAYED, action="delayed")  # no reason: what comes after it would have to take it away
    if kind == BOUNCE:
        hard = feedback.type == PERMANENT
        refused_by_ses = reason.endswith(_ON_OUR_LIST)
        return Outcome(BOUNCED, reason, "bounced", guard.BOUNCED if hard and not refused_by_ses else "",
                       HARD_BOUNCE if hard else "", not hard and not reason.endswith(_OF_CONTENT))
    if kind == COMPLAINT:
        if reason == _ON_OUR_LIST:  # SES did not send it: nobody complained about this one
            return Outcome(REJECTED, reason, "rejected", guard.FAILED, COMPLAINED_OF)
        if reason == _NOT_SPAM:  # somebody took it out of the spam folder
            return Outcome(DELIVERED)
        return Outcome(COMPLAINED, reason or "complaint", "complained", guard.COMPLAINED, COMPLAINED_OF)
    if kind in (REJECT, RENDERING_FAILURE):
        return Outcome(REJECTED, reason or kind, "rejected", guard.FAILED)
    return Outcome(SENT)


def events_of(feedback: Feedback, outcome: Outcome, row: Message, message: Message, now: int) -> list[Event]:
    """The events that a report makes; the same report makes the same, again and in any order.

    row      the ledger's, as it was found
    message  the row, as of the attempt that the report is about
    """
    events = []
    if message.attempt == row.attempt and RANK[row.state] <= RANK[FAILED] and outcome.state != REJECTED:
        # Whoever sent it never learnt that it was sent.
        events.append(sent_event(message, now))
    if outcome.action == "sent":
        return [sent_event(message, now) if message.attempt == row.attempt else _event(feedback, message, "sent", now)]
    if outcome.action:
        hard = {"hard": feedback.type == PERMANENT} if feedback.kind == BOUNCE else {}
        events.append(_event(feedback, message, outcome.action, now, reason=feedback.reason, status=feedback.status,
                             diagnostic=feedback.diagnostic, **hard))
    return events


def is_given_up(times: Sequence[int]) -> bool:
    """Whether soft bounces at these `times` (epoch ms, all within the window) say that nobody is there."""
    return len(times) >= SOFT_BOUNCES and max(times) - min(times) >= SOFT_SPAN


def _event(feedback: Feedback, message: Message, action: str, now: int, **extra: Any) -> Event:
    return message_event(message, event_name(EMAIL, action), feedback.at, f"{message.tag}.{action}", now, **extra)
