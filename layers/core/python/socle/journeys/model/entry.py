"""How far somebody is in a journey, as far as their profile must know it: entered, held, over. It is a part of the aggregate.

What happened at each step is not here: that is in a row of its own (socle.journeys.store), and nothing is decided by it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

HOLDOUT, COMPLETED, MERGED, OVER, STOPPED, MOVED = "holdout", "completed", "merged", "over", "stopped", "moved"
FAILED, ERASED = "failed", "erased"
"""Why an entry has ended; exits by name are `exit:<name>`, those of a step its reason.
FAILED is an execution that failed for good (service/broken.py).
ERASED is counted only: no entry is left."""
GRACE = 5 * 60_000
"""Ms: a hold counts what happened up to so long before it began: events arrive late, and who has just ordered gets no offer."""

REQUESTED = "Journey Requested"
"""The event by which the API, schedules and other journeys ask that somebody enters one: `journey`, `key`, `data`, `by`."""

ENTERED, EXITED = "Journey Entered", "Journey Exited"
"""What is told of every entry, as events of the person."""

Moment = tuple[int, str]
"""(effective time of an event in epoch ms, its key): the order in which journeys see events."""


class Hit(NamedTuple):
    """The latest event that would end a hold, or that makes its time begin anew (`way` "")."""

    at: int
    key: str
    way: str


class Hold(NamedTuple):
    """A hold that somebody is in.

    step   of the journey; round: how often they have gone round by then
    since  events after this moment end it
    until  when its time is over, epoch ms
    way    what ended it; "" while nothing has
    """

    step: str
    round: int
    since: Moment
    until: int
    way: str = ""


class Entry(NamedTuple):
    """One time that somebody entered a journey.

    id       20 hex characters (entry_id); the execution is called `<id>`, or `<id>-<n>` when it was moved n times
    version  of the journey's document that it follows
    key      the occasion, such as a cart's id; ""
    at       when, epoch ms: the effective time of the event
    event    key of the triggering event; "" when there was none
    part     profile id under which it entered: its rows lie there, and its execution has it
    seen     the last event that the journey has taken into account: the triggering one, or what ended the last hold
    hits     step and what would end it: "<step>" → the latest; "<step>\\0reset" → the latest of reset_on
    hold     the hold that they are in, or that ended last
    ended    epoch ms; 0 while they are inside
    reason   why it ended
    goal     when they reached the goal, epoch ms; 0 = not yet
    """

    id: str
    journey: str
    version: int
    key: str
    at: int
    event: str
    part: str
    seen: Moment
    hits: Mapping[str, Hit] = MappingProxyType({})
    hold: Hold | None = None
    ended: int = 0
    reason: str = ""
    goal: int = 0

    @property
    def active(self) -> bool:
        """Whether they are inside."""
        return not self.ended

    def to_row(self) -> list[Any]:
        """JSON form in the aggregate; `from_row` reads it."""
        row: list[Any] = [self.id, self.journey, self.version, self.key, self.at, self.event, self.part, self.seen[0] - self.at,
                          self.seen[1], self.ended and self.ended - self.at + 1, self.reason,
                          self.goal and self.goal - self.at + 1,
                          {name: list(hit) for name, hit in self.hits.items()}, self.hold and list(self.hold)]
        while not row[-1]:
            row.pop()
        return row

    @classmethod
    def from_row(cls, row: list[Any]) -> Entry:
        """Inverse of `to_row`."""
        id_, journey, version, key, at, event, part, seen, seen_key, ended, reason, goal, hits, hold = [
            *row, *_DEFAULTS[len(row):]]
        return cls(id_, journey, version, key, at, event, part, (at + seen, seen_key),
                   {name: Hit(*hit) for name, hit in hits.items()},
                   Hold(hold[0], hold[1], (hold[2][0], hold[2][1]), *hold[3:]) if hold else None,
                   at + ended - 1 if ended else 0, reason, at + goal - 1 if goal else 0)


_ENTRY_ID = re.compile("[0-9a-f]{20}")
_DEFAULTS: list[Any] = ["", "", 0, "", 0, "", "", 0, "", 0, "", 0, {}, None]


def is_entry_id(text: str) -> bool:
    """Whether this is the id of an entry; ids of campaigns' runs have a `-`."""
    return _ENTRY_ID.fullmatch(text) is not None


def entry_id(journey: str, part: str, key: str, event: str, at: int) -> str:
    """The id of an entry: the same decision taken again has the same.

    key    the occasion; of journeys that one enters again and again also the event or the time tells them apart
    """
    return hashlib.sha256("\0".join((journey, part, key, event, str(at))).encode("utf-8", "surrogatepass")).hexdigest()[:20]
