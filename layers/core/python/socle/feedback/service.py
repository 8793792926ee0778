"""Feedback is taken in: addresses that may not be written to any more first, then events, the ledger, counts, the guard.

Every step may be repeated, and a report that comes again, or late, changes nothing: what failed is asked for again by its id.
Counts alone may miss what a crash interrupts, or count it twice; they stop campaigns, reports do not use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from socle.campaigns.guard import should_pause
from socle.consent.events import consent_event
from socle.consent.model import SOFT_BOUNCES, UNSUBSCRIBED
from socle.consent.sms import reading
from socle.consent.store import Standings
from socle.errors import Conflict, Rejected, Unavailable
from socle.events.group import records
from socle.events.model import Event
from socle.events.store import EventStream
from socle.feedback.address import written_to
from socle.feedback.model import DELIVERY, SUBSCRIPTION, Arrived, Feedback, Inbound
from socle.feedback.outcome import SOFT_WINDOW, Outcome, events_of, is_given_up, outcome_of
from socle.feedback.read import read
from socle.messages.model import EMAIL, RANK, Address, Message, read_tag
from socle.messages.store import Ledger

_EVENT_BYTES = 2_000
_LIST = "ses_list"


class Counters(Protocol):
    """Of runs of campaigns (socle.campaigns.store)."""

    def add(self, campaign: str, run: str, counts: Mapping[tuple[str, str], int]) -> dict[str, int]: ...


class Runs(Protocol):
    """Runs of campaigns (socle.campaigns.store)."""

    def pause(self, campaign: str, id_: str, reason: str, at: int) -> bool: ...


class Visits(Protocol):
    """Opens and clicks (socle.tracking.service)."""

    def delivered(self, message: Message, at: int, now: int) -> None: ...


class Texts(Protocol):
    """What an SMS may say (socle.consent.service.record)."""

    def stopped(self, phone: str, now: int) -> None: ...
    def started(self, phone: str, now: int) -> None: ...


@dataclass
class Report:
    """What a batch came to: ids of the messages that must come again, those among them that can't be read, kinds that were
    taken in, addresses suppressed, runs stopped (campaign, run, why)."""

    failed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    suppressed: int = 0
    stopped: list[tuple[str, str, str]] = field(default_factory=list)


class _Heard(NamedTuple):
    """A report, with what it means and the row it is about, if there is one."""

    id: str
    feedback: Feedback
    outcome: Outcome
    row: Message | None
    message: Message | None


class FeedbackTaker:
    """Takes in batches of the queue."""

    def __init__(self, ledger: Ledger, standings: Standings, stream: EventStream, counters: Counters, runs: Runs, visits: Visits,
                 texts: Texts) -> None:
        self._ledger = ledger
        self._standings = standings
        self._stream = stream
        self._counters = counters
        self._runs = runs
        self._visits = visits
        self._texts = texts

    def take(self, arrived: Sequence[Arrived], now: int) -> Report:
        """Take in a batch; `now` in epoch ms. Nothing is raised in an outage: what was not done is among the failed."""
        report = Report()
        mails: list[tuple[str, Feedback]] = []
        for one in arrived:
            try:
                found = read(one.body, one.at)
                if isinstance(found, Inbound):
                    self._answered(found)
                    report.kinds.append("sms")
                elif found is not None:
                    mails.append((one.id, found))
            except Unavailable:
                report.failed.append(one.id)
            except Rejected:
                report.failed.append(one.id)
                report.unreadable.append(one.id)
        try:
            heard = self._find(mails)
            self._somebody_is_there(heard)
        except Unavailable:
            report.failed += [id_ for id_, _ in mails]
            return report
        safe = []
        for each in heard:
            try:
                report.suppressed += self._keep_away(each)
                safe.append(each)
            except Unavailable:
                report.failed.append(each.id)
        try:
            self._tell(safe, now)
            self._count(self._advance(safe), report, now)
        except Unavailable:
            report.failed += [one.id for one in safe]
            return report
        report.kinds += [one.feedback.kind for one in safe]
        report.metrics += [one.outcome.metric for one in safe if one.outcome.metric]
        return report

    def _answered(self, sms: Inbound) -> None:
        says = reading(sms.text)
        if says == "stop":
            self._texts.stopped(sms.number, sms.at)
        elif says == "start":
            self._texts.started(sms.number, sms.at)

    def _find(self, mails: Iterable[tuple[str, Feedback]]) -> list[_Heard]:
        mails = list(mails)
        tags = {feedback.tag: read_tag(feedback.tag) for _, feedback in mails}
        rows = self._ledger.load({found[:2] for found in tags.values() if found})
        heard = []
        for id_, feedback in mails:
            found = tags[feedback.tag]
            row = rows.get(found[:2]) if found else None
            # An attempt that the row does not know of yet can't have been reported: somebody made the tag up.
            message = row.next(attempt=found[2]) if row and found and 1 <= found[2] <= row.attempt else None
            heard.append(_Heard(id_, feedback, outcome_of(feedback), row, message))
        return heard

    def _keep_away(self, heard: _Heard) -> int:
        """What must hold before anything else: nothing more to whom it may not go. Also for mails that Socle did not send, and
        for people who were erased; these are not put on the list that staff read."""
        feedback, outcome, suppressed = heard.feedback, heard.outcome, 0
        readable = not feedback.tag or heard.row is not None
        for address in (Address(EMAIL, written_to(one)) for one in feedback.addresses):
            reason = outcome.suppress
            if outcome.soft and is_given_up(self._standings.bounced(address, feedback.at, feedback.at - SOFT_WINDOW)):
                reason = SOFT_BOUNCES
            if reason:
                suppressed += self._standings.suppress(address, reason, feedback.at, "feedback", readable)
            for topic in feedback.topics:
                self._standings.withdraw(address, topic, feedback.at)
        return suppressed

    def _somebody_is_there(self, heard: Iterable[_Heard]) -> None:
        """Where a mail was delivered, soft bounces before it are forgotten."""
        delivered = {Address(EMAIL, written_to(address)): one.feedback.at for one in heard if one.feedback.kind == DELIVERY
                     for address in one.feedback.addresses}
        for address, standing in self._standings.load(delivered).items():
            at = delivered[address]
            if any(time <= at for time in standing.bounced):
                self._standings.bounced(address, at, at + 1)  # and with the others this moment itself

    def _tell(self, heard: Iterable[_Heard], now: int) -> None:
        events: list[Event] = []
        for one in heard:
            if one.row is None or one.message is None:
                continue
            events += events_of(one.feedback, one.outcome, one.row, one.message, now)
            if one.feedback.kind == SUBSCRIPTION:
                events += [consent_event(one.message.who, EMAIL, topic, UNSUBSCRIBED, one.feedback.at, source=_LIST,
                                         message=one.message.tag) for topic in one.feedback.topics]
            if one.feedback.kind == DELIVERY and one.message.attempt == one.row.attempt:
                self._visits.delivered(one.row, one.feedback.at, now)
        self._stream.put(records(events, (), _EVENT_BYTES * len(events)))

    def _advance(self, heard: Iterable[_Heard]) -> list[tuple[Message, str]]:
        """Write the states; (message, metric) of those that are news."""
        after: list[Message] = []
        news: list[tuple[Message, str]] = []
        known: dict[str, int] = {}
        for one in heard:
            if one.row is None or one.message is None:
                continue
            rank = RANK[one.outcome.state]
            if one.message.attempt == one.row.attempt and rank > known.get(one.message.tag, RANK[one.row.state]):
                known[one.message.tag] = rank
                after.append(one.message.next(state=one.outcome.state, reason=one.outcome.reason))
                if one.outcome.metric:
                    news.append((one.message, one.outcome.metric))
        self._ledger.advance(after)
        return news

    def _count(self, news: Iterable[tuple[Message, str]], report: Report, now: int) -> None:
        by_run: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for message, metric in news:
            if message.campaign and message.run:
                counts = by_run.setdefault((message.campaign, message.run), {})
                counts[message.variant, metric] = counts.get((message.variant, metric), 0) + 1
        for (campaign, run), counts in by_run.items():
            why = should_pause(self._counters.add(campaign, run, counts))
            try:
                if why and self._runs.pause(campaign, run, why, now):
                    report.stopped.append((campaign, run, why))
            except Conflict:
                pass  # written to all the time: the next report tries again
