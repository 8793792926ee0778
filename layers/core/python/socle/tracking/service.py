"""Visits of messages: who came is decided, kept as an event, and put right when a later fact shows that it was a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from socle.events.group import records
from socle.events.model import Event
from socle.events.store import EventStream
from socle.links.model import CLICK, Claims
from socle.messages.model import Message
from socle.messages.store import Ledger
from socle.tracking.automated import MANY_LINKS, SOON, TOO_SOON, at_once, before_anybody, by_people, why_automated
from socle.tracking.events import correction, visit_event
from socle.tracking.model import CLICKED, OPENED, Asked, Visit
from socle.tracking.store import VisitStore

PERSON, MACHINE, NOBODY, TOO_MANY = "person", "machine", "nobody", "too_many"
"""What a visit came to. NOBODY: the message's row is gone, its person was erased, or it is years old. TOO_MANY: not kept."""
_EVENT_BYTES = 2_000


class Counters(Protocol):
    """Of runs of campaigns (socle.campaigns.store)."""

    def add(self, campaign: str, run: str, counts: Mapping[tuple[str, str], int]) -> dict[str, int]: ...


class Tracker:
    """Each method may be repeated: it says the same again. Raises Unavailable in an outage."""

    def __init__(self, ledger: Ledger, visits: VisitStore, stream: EventStream, counters: Counters) -> None:
        self._ledger = ledger
        self._visits = visits
        self._stream = stream
        self._counters = counters

    def visited(self, claims: Claims, asked: Asked, now: int) -> str:
        """Somebody or something fetched the pixel or followed the link of `claims` at `now` (epoch ms)."""
        what = CLICKED if claims.kind == CLICK else OPENED
        message = self._ledger.get(claims.profile, claims.key)
        if message is None or message.attempt != claims.attempt:
            return NOBODY
        why = why_automated(what, asked, message, now)
        visit = Visit(what, claims.number, now, not why)
        others = self._visits.add(message, visit)
        if others is None:
            return TOO_MANY
        burst = at_once(visit, others)
        why = why or (MANY_LINKS if burst else "")
        wrong = [one for one in burst if one.human]
        self._put([visit_event(message, visit, why, asked, claims.url, now),
                   *(correction(message, one, MANY_LINKS, now) for one in wrong)])
        if not why and not getattr(message, what):
            self._first(message, visit)
        self._take_back(message, wrong, [visit, *others])
        return MACHINE if why else PERSON

    def delivered(self, message: Message, at: int, now: int) -> None:
        """A mail was delivered at `at`: visits that were faster than anybody reads were no person's.

        message  its row; only one that says opened or clicked is looked at
        """
        if not any(0 < first < at + TOO_SOON for first in (message.opened, message.clicked)):
            return
        visits = self._visits.of(message)
        wrong = before_anybody(at, visits)
        self._put([correction(message, one, SOON, now) for one in wrong])
        self._take_back(message, wrong, visits)

    def _take_back(self, message: Message, wrong: list[Visit], visits: list[Visit]) -> None:
        """Those in `wrong` were no first ones; of all `visits`, the first by a person is."""
        for one in wrong:
            if self._visits.not_the_first(message, one):
                self._count(message, one.what, -1)
                for other in by_people(one.what, visits, wrong)[:1]:
                    self._first(message, other)

    def _first(self, message: Message, visit: Visit) -> None:
        if self._ledger.first(message, visit.what, visit.at):
            self._count(message, visit.what, 1)

    def _count(self, message: Message, what: str, number: int) -> None:
        if message.campaign and message.run:
            self._counters.add(message.campaign, message.run, {(message.variant, what): number})

    def _put(self, events: list[Event]) -> None:
        self._stream.put(records(events, (), _EVENT_BYTES * len(events)))
