"""Send one batch: look, decide, render, claim, send, mark. Every message goes this way, and is attempted at most once per claim.

What may happen between two steps, and what becomes of it:
  * something changes between the look and the claim: the claim is refused, and that person is looked at again
  * the function stops after the claim: the row stays claimed, shows as `unknown`, and is never tried again
  * the channel says no, surely: the row says `failed`; only then may there be another attempt
  * nobody knows whether the channel took it: as if the function had stopped
  * the function stops before the mark or the event: who repeats the batch finds the row, and says the event again
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from socle.channels.model import Ambiguous, NotSent, Taken
from socle.errors import Unavailable
from socle.events.group import Record, records
from socle.messages.address import domain_of
from socle.messages.events import sent_event
from socle.messages.gate import (
    ADDRESS_TAKEN,
    ALREADY_SENT,
    NO_CONTENT,
    NO_PROFILE,
    SENDING_STOPPED,
    THROTTLED,
    Hold,
    Known,
    Person,
    Send,
    Skip,
    Standing,
    decide,
    reach,
)
from socle.messages.model import CLAIMED, FAILED, SENT, Address, Message, Rendered, Sender
from socle.messages.outcome import AGAIN, WAS_FAILED, WAS_HELD, WAS_SENT, WAS_SKIPPED, WAS_UNKNOWN, WOULD_SEND, Outcome, of_row
from socle.messages.rules import Ask, SendingRules
from socle.messages.service.claims import Job, Ready, claimed
from socle.messages.service.people import Ledger, known_by, look
from socle.messages.store import Claim
from socle.messages.units import looked, paid, sent
from socle.profiles.model import Aggregate
from socle.templates.model import Lookups, MessageLinks, Unrenderable

ROUNDS = 6
"""Looks at a batch: those whose claim was refused are looked at again."""


class Content(Protocol):
    """What is sent: a template, compiled."""

    sender: Sender
    url: str
    """Of a webhook, else ""."""

    def render(self, person: Mapping[str, Any], links: MessageLinks, lookups: Lookups) -> Rendered: ...


class Book(Ledger, Protocol):
    """The ledger (socle.messages.store)."""

    def standings(self, addresses: Iterable[Address]) -> dict[Address, Standing]: ...
    def owners(self, key: str, digests: Iterable[str]) -> dict[str, str]: ...
    def claim(self, claims: Sequence[Claim]) -> None: ...
    def advance(self, changes: Iterable[Message]) -> None: ...


class Stream(Protocol):
    """The event stream."""

    def put(self, records: Sequence[Record]) -> None: ...


class Around(NamedTuple):
    """What a message is made and sent with.

    links     message → its links
    view      (aggregate, epoch ms) → what a template sees of the person
    lookups   profile → what it may ask for beside
    measure   (message, address, rendered, content's sender, links) → (SMS segments, bytes)
    deliver   the same → taken; raises NotSent, Ambiguous
    at_once   calls all of these and answers their results in order: threads in a function, one after the other in tests
    """

    links: Callable[[Message], MessageLinks]
    view: Callable[[Aggregate, int], Mapping[str, Any]]
    lookups: Callable[[str], Lookups]
    measure: Callable[[Message, Address, Rendered, Sender, MessageLinks], tuple[int, int]]
    deliver: Callable[[Message, Address, Rendered, Sender, MessageLinks], Taken]
    at_once: Callable[[Sequence[Callable[[], Any]]], list[Any]]


class Sending:
    """Sends batches. `clock` answers epoch ms."""

    def __init__(self, ledger: Book, stream: Stream, around: Around, clock: Callable[[], int]) -> None:
        self._ledger = ledger
        self._stream = stream
        self._around = around
        self._clock = clock

    def send(self, ask: Ask, jobs: Sequence[Job], contents: Mapping[str, Content], rules: SendingRules, *,
             dry: bool = False, stop: Callable[[Aggregate], Skip | None] = lambda root: None) -> list[Outcome]:
        """What became of each job, in their order; `contents` by variant. A `dry` one claims and sends nothing. Whom `stop`
        stops is skipped, unless it was sent before: it is asked with each look, and a claim stands only if nothing changed since.

        Raises Unavailable in an outage: whoever repeats the batch completes it. Raises NotSent(stop) when nothing can be sent at
        all; those who were claimed by then have failed and may be tried again.
        """
        outcomes: dict[Job, Outcome] = {}
        left = list(dict.fromkeys(jobs))
        for number in range(ROUNDS):
            ready = self._decide(ask, left, contents, rules, outcomes, dry, number > 0, stop)
            if not dry:
                self._finish(ask, claimed(self._ledger, ready), contents, outcomes)
            left = [job for job in left if job not in outcomes]
            if not left:
                break
        else:
            raise Unavailable("contended", "these people are being written all the time: try again later")
        known = [one.message for one in outcomes.values() if one.outcome == WAS_SENT and one.message is not None]
        if known:
            # Those too that an earlier call has sent: it may have stopped before it said so. Known since the claim: who is erased
            # after it does not come back by this.
            self._stream.put(records([sent_event(message, message.at) for message in known], [], 0))
        return [outcomes[job] for job in jobs]

    def _decide(self, ask: Ask, jobs: Sequence[Job], contents: Mapping[str, Content], rules: SendingRules,
                outcomes: dict[Job, Outcome], dry: bool, again: bool, stop: Callable[[Aggregate], Skip | None]) -> list[Ready]:
        now = self._clock()
        people = look(self._ledger, [job.profile for job in jobs], ask.key)
        wheres = {job: _where(people[job.profile].root, ask, contents[job.variant]) for job in jobs if job.profile in people}
        standings = self._ledger.standings(address for address in wheres.values() if address is not None)
        owners = self._ledger.owners(ask.key, (one.digest for one in wheres.values() if one is not None)) if again else {}
        ready: list[Ready] = []
        met: set[object] = set()
        domains: set[str] = set()
        for job in jobs:
            person = people.get(job.profile)
            if person is None:
                continue  # it was read while it was merged or unmerged
            where = wheres[job]
            verdict = decide(person, standings.get(where) if where else None, ask, rules, now,
                             where if contents[job.variant].url else None)
            if not isinstance(verdict, Known):
                verdict = stop(person.root) or verdict
            if isinstance(verdict, Send) and owners.get(verdict.address.digest, person.root.id) not in person.root.parts:
                verdict = Skip(ADDRESS_TAKEN)
            if not isinstance(verdict, Send):
                outcomes[job] = _without_sending(job, verdict, now)
                continue
            # Its partitions too: of two who are being merged, one may be read as before and one as after.
            concerned: set[object] = {*person.root.parts, verdict.address}
            if met & concerned:
                if dry:
                    reason = ALREADY_SENT if person.root.id in met else ADDRESS_TAKEN
                    outcomes[job] = Outcome(job.profile, WAS_SKIPPED, job.variant, reason)
                continue  # two of this batch are one person or have one address: the other one first
            made = self._make(ask, job, person, verdict, contents[job.variant], now)
            if isinstance(made, Outcome):
                outcomes[job] = made
                continue
            met |= concerned
            if dry:
                outcomes[job] = self._measured(person, made, contents[job.variant].sender)
            else:
                ready.append(made)
        for job in jobs if dry else ():
            if job in outcomes and job.profile in people:
                outcomes[job] = outcomes[job].taking(looked(people[job.profile], wheres[job], domains))
        return ready

    def _measured(self, person: Person, made: Ready, sender: Sender) -> Outcome:
        try:
            parts, size = self._around.measure(made.message, made.address, made.rendered, sender, made.links)
        except NotSent as error:
            return Outcome(made.job.profile, WAS_FAILED, made.job.variant, error.code, error.message)
        counts = made.claim.counts[0] if made.claim.counts is not None else None
        return Outcome(made.job.profile, WOULD_SEND, made.job.variant, parts=parts, size=size,
                       units=sent(person, made.address, made.message, counts, parts))

    def _make(self, ask: Ask, job: Job, person: Person, verdict: Send, content: Content, now: int) -> Ready | Outcome:
        root, who = person.root, known_by(person.root)
        if who is None:
            return Outcome(job.profile, WAS_SKIPPED, job.variant, NO_PROFILE, "nothing identifies this person")
        message = Message(person.profile, ask.key, verdict.attempt, CLAIMED, now, who, ask.channel, verdict.address.digest,
                          domain_of(verdict.address), ask.topic, ask.campaign, ask.run, job.variant)
        links = self._around.links(message)
        try:
            rendered = content.render(self._around.view(root, now), links, self._around.lookups(root.id))
        except Unrenderable as error:
            return Outcome(job.profile, WAS_SKIPPED, job.variant, NO_CONTENT, f"{error.code}: {error.message}")
        before = max(person.rows, key=lambda row: row.attempt, default=None)
        claim = Claim(message, before, root.id, root.parts, root.version, ask.purpose, verdict.granted,
                      None if verdict.counts is None else (verdict.counts, person.own))
        return Ready(job, message, verdict.address, rendered, links, claim)

    def _finish(self, ask: Ask, claimed: Sequence[Ready], contents: Mapping[str, Content], outcomes: dict[Job, Outcome]) -> None:
        """Send what is claimed, then mark what surely was sent or surely was not."""
        def attempt(one: Ready) -> Taken | NotSent | Ambiguous:
            try:
                return self._around.deliver(one.message, one.address, one.rendered, contents[one.job.variant].sender, one.links)
            except (NotSent, Ambiguous) as error:
                return error

        answers = self._around.at_once([lambda one=one: attempt(one) for one in claimed])  # type: ignore[misc]
        marks: list[Message] = []
        stop: NotSent | None = None
        for one, answer in zip(claimed, answers, strict=True):
            job, message = one.job, one.message
            if isinstance(answer, Taken):
                message = message.next(state=SENT)
                outcomes[job] = Outcome(job.profile, WAS_SENT, job.variant, at=message.at, parts=answer.parts, size=answer.size,
                                        message=message, units=paid(one.address, answer.parts))
            elif isinstance(answer, NotSent):
                reason = SENDING_STOPPED if answer.stop else THROTTLED if answer.again else answer.code
                message = message.next(state=FAILED, reason=reason)
                outcomes[job] = Outcome(job.profile, AGAIN if answer.again and not answer.stop else WAS_FAILED, job.variant,
                                        reason, answer.message, message.at, message=message)
                stop = answer if answer.stop else stop
            else:
                outcomes[job] = Outcome(job.profile, WAS_UNKNOWN, job.variant, answer.code, at=message.at, message=message)
                continue
            marks.append(message)
        if marks:
            self._ledger.advance(marks)
        if stop is not None:
            raise stop


def _where(root: Aggregate, ask: Ask, content: Content) -> Address | None:
    # A webhook is told of each person: one URL is as many addresses. What stands behind # is not sent.
    return Address(ask.channel, f"{content.url}#{root.id}") if content.url else reach(root, ask.channel)


def _without_sending(job: Job, verdict: Hold | Skip | Known, now: int) -> Outcome:
    if isinstance(verdict, Known):
        return of_row(job.profile, verdict.row)
    if isinstance(verdict, Hold):
        return Outcome(job.profile, WAS_HELD, job.variant, verdict.reason, until=verdict.until)
    return Outcome(job.profile, WAS_SKIPPED, job.variant, verdict.reason, verdict.detail)
