"""Somebody for the gate, in one line."""

from __future__ import annotations

from typing import Any

from socle.messages.gate import Person, Standing
from socle.messages.model import CLAIMED, Address, Message, message_key
from socle.messages.rules import Ask, SendingRules
from socle.profiles.model import Aggregate, Register, Snapshot

NOON = 1_780_315_200_000
"""2026-06-01T12:00:00Z, a Monday."""
HOUR = 3_600_000
KEY = message_key("campaign/letter", "r1")
RULES = SendingRules()
ASK = Ask(KEY, "email", "marketing", "news", "letter", "r1")
SMS = ASK._replace(channel="sms")
ADA = Address("email", "ada@example.com")


def consent(state: str = "subscribed", at: int = NOON - 24 * HOUR) -> Register:
    return Register(at, 0, {"state": state, "received": at})


def aggregate(profile: str = "p1", *, email: str | None = "ada@example.com", phone: str | None = "+33612345678",
              topics: dict[tuple[str, str], Register] | None = None, zone: str | None = None, **fields: Any) -> Aggregate:
    """A person who subscribed to `news` by e-mail and SMS a day before NOON."""
    if topics is None:
        topics = {("email", "news"): consent(), ("sms", "news"): consent()}
    identifiers = {"user_id": {profile}} | ({"email": {email}} if email else {}) | ({"phone": {phone}} if phone else {})
    traits = {"timezone": Register(1, 1, zone)} if zone else {}
    snapshot = Snapshot(identifiers, traits, consent=topics, events=1, first_seen=1, last_seen=1)
    return Aggregate(profile, version=fields.pop("version", 1), snapshot=snapshot, **fields)


def person(*rows: Message, counts: dict[str, Any] | None = None, **fields: Any) -> Person:
    one = aggregate(**fields)
    return Person(one.id, one, rows, counts or {}, 1 if counts else 0)


def row(state: str = CLAIMED, *, run: str = "r1", attempt: int = 1, profile: str = "p1", at: int = NOON - HOUR,
        **fields: Any) -> Message:
    return Message(profile, KEY, attempt, state, at, ("user_id", "p1"), "email", ADA.digest, run=run, campaign="letter", **fields)


NOTHING = Standing()
