"""Effects: what a decision wants done outside the profile. They wait in the aggregate's outbox until they are queued."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

WEBHOOK = "webhook"
ACCOUNT = "account"
SEGMENT = "segment"
MEMBERS = "members"
ACCOUNTS = "accounts"
CONFIRM = "confirm"
JOURNEY, RESUME, OUT, GOAL = "journey", "resume", "out", "goal"


class Effect(NamedTuple):
    """One thing to do, once per `id`: the same decision taken again names the same effect.

    kind      WEBHOOK; ACCOUNT: the event says something of an account; SEGMENT: somebody entered or left a segment;
              MEMBERS: who belongs to an account changed otherwise; ACCOUNTS: segments look at accounts in another way;
              CONFIRM: somebody is to be asked by mail whether they want a topic; JOURNEY: somebody entered a journey;
              RESUME: what ends their hold has happened; OUT: they left it before its end; GOAL: they reached its goal
    name      name of the webhook, group id of the account, name of the segment, of the topic, of the journey; of ACCOUNTS the
              account after which to go on
    profile   the partition that holds the event; the profile that entered or left; under which the journey was entered
    key       key of the event that it is about; "+" or "-" and when it was entered or left in epoch ms; id of the entry of a
              journey, of RESUME with the step and round of the hold, divided by NUL; else ""
    revision  its revision; the version of the profile that says so; the version of the journey
    """

    kind: str
    name: str
    profile: str
    key: str
    revision: int

    @property
    def id(self) -> str:
        """24 hex characters: SHA-256 of what the effect is about, cut. The partition is no part of it, except for accounts
        and segments: these are about that partition's membership, and two people may have events of one key."""
        about = "\0".join((self.kind, self.name, self.key, str(self.revision), *([] if self.kind == WEBHOOK else [self.profile])))
        return hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def to_row(self) -> list[Any]:
        """JSON form in outbox and queue; `Effect(*row)` reads it."""
        return list(self)
