"""Feedback of SES, made and taken in, on moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto import mock_aws

from infra.local import dynamodb
from socle.consent.store import Standings
from socle.feedback.model import Arrived
from socle.feedback.service import FeedbackTaker, Report
from socle.iso import to_iso
from socle.messages.model import SENT, Message
from tests.tracking.world import AT, MESSAGE
from tests.tracking.world import World as Tracked

MAIL = MESSAGE.next(state=SENT)
"""As the worker left it."""


def event(kind: str, after: int = 1_000, message: Message | None = MAIL, to: str = "ann@example.com", **detail: Any) -> str:
    """An event of SES about a mail, `after` ms; of a mail that is not ours when `message` is None."""
    name = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}.get(kind, kind.lower())
    tags = {"ses:configuration-set": ["socle"], **({"socle_message": [message.tag]} if message else {})}
    return json.dumps({
        "eventType": kind,
        "mail": {"timestamp": to_iso(AT + 500), "messageId": "0100", "source": "letters@shop.example", "destination": [to],
                 "tags": tags},
        name: detail if kind in ("Send", "Reject", "Rendering Failure") else {"timestamp": to_iso(AT + after), **detail}})


def bounce(type_: str = "Permanent", subtype: str = "General", after: int = 2_000, **more: Any) -> str:
    to = more.get("to", "ann@example.com")
    recipient = {"emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 user unknown"}
    return event("Bounce", after, bounceType=type_, bounceSubType=subtype, bouncedRecipients=[recipient], **more)


def complaint(after: int = 9_000, **more: Any) -> str:
    to = more.get("to", "ann@example.com")
    return event("Complaint", after, **{"complaintFeedbackType": "abuse", "complaintSubType": None,
                                        "complainedRecipients": [{"emailAddress": to}], **more})


class Runs:
    """Runs that remember why they were stopped."""

    def __init__(self) -> None:
        self.paused: list[tuple[str, str, str]] = []

    def pause(self, campaign: str, id_: str, reason: str, at: int) -> bool:
        if (campaign, id_, reason) in self.paused:
            return False
        self.paused.append((campaign, id_, reason))
        return True


class Texts:
    """What SMS said."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int]] = []

    def stopped(self, phone: str, now: int) -> None:
        self.heard.append(("stop", phone, now))

    def started(self, phone: str, now: int) -> None:
        self.heard.append(("start", phone, now))


class World(Tracked):
    """What takes feedback in, and what it changes."""

    def __init__(self) -> None:
        super().__init__()
        self.standings = Standings(self.dynamodb, "profiles", "definitions")
        self.runs, self.texts = Runs(), Texts()
        self.taker = FeedbackTaker(self.ledger, self.standings, self.stream, self.counters,  # type: ignore[arg-type]
                                   self.runs, self.tracker, self.texts)

    def take(self, *bodies: str, now: int = AT + 60_000) -> Report:
        """One batch."""
        return self.taker.take([Arrived(f"m{number}", body, now - 100) for number, body in enumerate(bodies)], now)

    def standing(self, address: Any) -> Any:
        """What is known of an address."""
        return self.standings.load([address])[address]

    def listed(self) -> list[str]:
        """The suppression list, as staff read it."""
        return [one.address for one in self.standings.page(100)[0]]


@contextmanager
def worlds() -> Iterator[World]:
    """A world on moto."""
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        yield World()
