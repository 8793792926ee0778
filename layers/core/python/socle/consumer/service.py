"""Apply batches of the stream to profiles: the use case of apply_events.

decode -> place (claim identifiers, merge people) -> decide per profile -> one conditional write each, 25 a call ->
drain outboxes -> keep the batch in S3. Everything before the last step can be done again without effect, so a batch
that broke off anywhere is simply delivered again.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from socle.aws import translated
from socle.clock import HOUR
from socle.consumer.batch import Batch, Outcome, Record, Rules, Work
from socle.drafts.service import DraftWriter
from socle.effects.store import EffectQueue
from socle.errors import Conflict, Rejected, Unavailable, poison_is_rejected
from socle.events.check import MAX_EVENT_BYTES
from socle.events.model import RECHECK, Event, Quarantined, Tick
from socle.events.stream import Decoded, decode
from socle.identity.service.join import load_roots
from socle.identity.service.place import place
from socle.lake.raw import batch_name, encode_raw
from socle.lake.store import RawStore
from socle.profiles.codec import encode_aggregate, entry_of
from socle.profiles.decide import HARD_LIMIT, decide
from socle.profiles.model import Aggregate, History, Needs
from socle.profiles.store import ProfileStore

logger = logging.getLogger(__name__)

ROUND_BYTES = 192 * 1024
"""Text of events that one write of a profile takes in; what exceeds it goes into further writes (an item may have 400 KB)."""
DRAIN_AT = 500
"""Effects in an outbox at which it is drained at once: it shares the item with everything else."""
_ATTEMPTS = 25


class Quarantine(Protocol):
    """Where quarantined events are filed."""

    def save(self, name: str, rows: Sequence[Quarantined]) -> None: ...


class Consumer:
    """Applies batches. Collaborators are passed in; `new_id` draws the id of a new profile, `clock` says what time it is.
    `rules` may be some time old, unless they were told to `forget` what was read."""

    def __init__(self, profiles: ProfileStore, raw: RawStore, quarantine: Quarantine, queue: EffectQueue,
                 rules: Callable[[], Rules], new_id: Callable[[], str], clock: Callable[[], int],
                 forget: Callable[[], None] = lambda: None) -> None:
        self._profiles = profiles
        self._writer = DraftWriter(profiles)
        self._raw = raw
        self._quarantine = quarantine
        self._queue = queue
        self._rules = rules
        self._forget = forget
        self._new_id = new_id
        self._clock = clock

    def apply(self, records: Sequence[Record]) -> Outcome:
        """Apply a batch: when it returns, everything in it is in profiles, queue and bucket.

        Raises Unavailable when it can't be finished now: deliver the whole batch again.
        """
        batch = Batch(self._rules(), self._clock())
        decoded = [_decode(record, batch.poisoned) for record in records]
        self._apply_events([event for one in decoded for event in one.events], batch)
        self._apply_ticks([tick for one in decoded for tick in one.ticks], batch)
        batch.touched |= self._drain([aggregate for aggregate in batch.touched.values() if aggregate.outbox], batch.outcome)
        batch.outcome.poisoned = len(batch.poisoned)
        quarantined = [*batch.poisoned, *(row for one in decoded for row in one.quarantined)]
        name = batch_name(records[0].shard, [record.sequence for record in records])
        if batch.groups or batch.touched:
            self._raw.save(name, records[0].arrival, encode_raw(batch.groups, batch.touched.values()))
        if quarantined:
            with translated("the quarantine"):
                self._quarantine.save(name, quarantined)
        return batch.outcome

    def _apply_events(self, events: Sequence[Event], batch: Batch) -> None:
        """Place and apply; the events of a profile that another writer changed meanwhile are placed again."""
        for attempt in range(_ATTEMPTS):
            if not events:
                return
            try:
                placed = place(self._profiles, events, self._new_id, fresh=attempt > 0, rules=batch.rules.identifiers)
            except Rejected as error:
                # An identifier of one of them can't be bound: find out of which, and let the others pass.
                if len(events) == 1:
                    batch.poisoned.append(_quarantined(events[0], error))
                    return
                middle = len(events) // 2
                self._apply_events(events[:middle], batch)
                events = events[middle:]
                continue
            batch.outcome.erased += placed.erased
            batch.poisoned += [_quarantined(event, _nobody()) for event in placed.nobodies]
            lost: list[Event] = []
            works: list[Work] = []
            for profile, group in placed.groups.items():
                work = Work(placed.aggregates[profile], History(), batch=batch)
                try:
                    for part in _rounds(group):
                        self._apply_part(work, part)
                    works.append(work)
                except Conflict:
                    lost += group
            beaten = self._writer.write_postponed(works)
            for work in works:
                if work.aggregate.id in beaten:
                    lost += placed.groups[work.aggregate.id]
                else:
                    work.done()
            events = [event._replace(unlinked=()) for event in lost]
        raise Unavailable("contended", "other writers kept changing the same profiles: try again later")

    def _apply_part(self, work: Work, events: Sequence[Event]) -> None:
        """Apply events of one profile. What can't be applied is halved until the culprit is alone, and quarantined."""
        try:
            self._write(work, events)
        except Rejected as error:
            if len(events) == 1:
                work.poisoned.append(_quarantined(events[0], error))
                self._reserve(work, events[0])
                return
            middle = len(events) // 2
            self._apply_part(work, events[:middle])
            self._apply_part(work, events[middle:])

    def _reserve(self, work: Work, event: Event) -> None:
        """The identifiers of an event that was not applied are claimed all the same: the profile must know, to be erased."""
        unnamed = {identifier for identifier in event.ids if identifier not in event.unlinked} - work.aggregate.owned()
        if unnamed or work.aggregate.version == 0:
            try:
                self._writer.write_now(work)
                after = work.aggregate.next(reserved=work.aggregate.reserved | unnamed)
                self._profiles.save(after, encode_aggregate(after))
            except Rejected as error:
                # The item is full to the last byte: the event is kept in quarantine, and nothing else may wait for it.
                logger.warning("an identifier can't be reserved", extra={"code": error.code, "profile": work.aggregate.id})
                return
            work.aggregate = after

    def _write(self, work: Work, events: Sequence[Event], tick: Tick | None = None) -> None:
        """Decide and write, once or, to seal what is too much for one item, several times; the last write is postponed if
        it can share a call with those of other profiles. Raises Conflict, Rejected."""
        while True:
            with poison_is_rejected():
                rules = self._rules_for(work)
                decision = decide(work.aggregate, events, rules.webhooks, work.history, tick, rules=rules.survivorship,
                                  segments=rules.segments, now=work.batch.now, journeys=rules.journeys)
            if isinstance(decision, Needs):
                self._writer.read(work, decision)
                continue
            if decision.broken:
                logger.error("segments can't be evaluated", extra={"segments": decision.broken, "profile": work.aggregate.id})
            self._writer.take(work, decision)
            work.applied += decision.applied
            work.known |= {(event.key, event.revision): (part, event) for part, event in decision.known}
            work.events += len(events)
            if len(work.aggregate.outbox) >= DRAIN_AT:
                self._writer.write_now(work)
                drained = self._drain([work.aggregate], work.batch.outcome)[work.aggregate.id]
                if (drained.id, drained.version) != (work.aggregate.id, work.aggregate.version + 1):
                    # Others wrote it meanwhile: what was read of its pages may no longer be what they hold.
                    raise Conflict("conflict", "the profile changed meanwhile: reload it and try again")
                work.aggregate = drained
            if len(decision.data) <= HARD_LIMIT:
                return
            events, tick = (), None

    def _rules_for(self, work: Work) -> Rules:
        """As they were when the batch began, or as they are now if the person is in a journey that these do not know yet: what
        ends a hold is noted with the event, or never."""
        batch = work.batch
        if not batch.is_anew and batch.rules.journeys.lacks(work.aggregate.journeys):
            self._forget()
            batch.rules, batch.is_anew = self._rules(), True
        return batch.rules

    def _apply_ticks(self, ticks: Sequence[Tick], batch: Batch) -> None:
        """Let time pass for profiles that are due. A tick that lost a race is dropped: the profile is still due. But one that
        brings values is tried again: nobody would bring them a second time."""
        for _ in range(_ATTEMPTS):
            aggregates = self._profiles.load(tick.profile for tick in ticks) if ticks else {}
            lost: list[Tick] = []
            for tick in ticks:
                work = Work(aggregates[tick.profile], History(), batch=batch)
                try:
                    if self._apply_tick(work, tick):
                        batch.touched[tick.profile] = aggregates[tick.profile] = work.aggregate
                except Conflict:
                    lost += [tick] if tick.given is not None else []
                except Rejected as error:
                    logger.error("a tick can't be applied", extra={"code": error.code, "profile": tick.profile})
                    self._put_off(tick, batch.now)
            if not lost:
                return
            ticks = lost
        raise Unavailable("contended", "other writers kept changing the same profiles: try again later")

    def _apply_tick(self, work: Work, tick: Tick) -> bool:
        """Whether the profile was looked at. Raises Conflict, Rejected."""
        if tick.due not in (work.aggregate.due, RECHECK):
            return False
        if work.aggregate.erased is not None:
            if tick.due == work.aggregate.due:
                self._erase_again(work.aggregate)
            return False
        if tick.due == RECHECK and not work.aggregate.snapshot.events:
            return False  # merged away, or never there
        self._write(work, (), tick)
        self._writer.write_now(work)
        return True

    def _put_off(self, tick: Tick, now: int) -> None:
        """Who can't be looked at is due again only in an hour: in each sweep they would stand before those who are due later."""
        aggregate = self._profiles.load([tick.profile])[tick.profile]
        if aggregate.due is not None and aggregate.due == tick.due:
            after = aggregate.next(due=now + HOUR)
            with suppress(Conflict, Rejected):
                self._profiles.save(after, encode_aggregate(after))

    def _erase_again(self, tombstone: Aggregate) -> None:
        """Delete the page that a seal under way may have written after the erasure."""
        self._profiles.delete_pages(tombstone.id)
        after = tombstone.next(due=None)
        self._profiles.save(after, encode_aggregate(after))

    def _drain(self, aggregates: Sequence[Aggregate], outcome: Outcome) -> dict[str, Aggregate]:
        """Queue the stored outboxes, then clear what was queued. Whoever loses the race clears what is left.

        Answers each profile as it is then: its survivor, when it was merged meanwhile and its outbox went there.
        """
        left = {aggregate.id: aggregate for aggregate in aggregates}
        drained: dict[str, Aggregate] = {}
        sent: set[str] = set()
        for _ in range(_ATTEMPTS):
            waiting = {aggregate.id: aggregate for aggregate in left.values() if aggregate.outbox}
            drained |= {profile: aggregate for profile, aggregate in left.items() if not aggregate.outbox}
            if not waiting:
                return drained
            effects = [effect for aggregate in waiting.values() for effect in aggregate.outbox if effect.id not in sent]
            self._queue.send(effects)
            outcome.effects += len(effects)
            sent |= {effect.id for effect in effects}
            cleared = {profile: aggregate.next(outbox=()) for profile, aggregate in waiting.items()}
            beaten = self._profiles.save_each([(aggregate, encode_aggregate(aggregate)) for aggregate in cleared.values()])
            drained |= {profile: cleared[aggregate.id] for profile, aggregate in left.items()
                        if aggregate.id in cleared and aggregate.id not in beaten}
            left = {profile: aggregate for profile, aggregate in left.items() if aggregate.id in beaten}
            fresh, roots = load_roots(self._profiles, set(left))
            left = {profile: fresh[roots[profile]] for profile in left}
        raise Unavailable("contended", "other writers kept changing the same profile: try again later")


def _decode(record: Record, poisoned: list[Quarantined]) -> Decoded:
    try:
        return decode(record.data)
    except Rejected as error:
        raw = base64.b64encode(record.data).decode()
        poisoned.append(Quarantined(0, None, error.code, "", error.message, "", record.arrival, raw))
        return Decoded()


def _nobody() -> Rejected:
    return Rejected("no_identifier", "all of its identifiers are blocked (GET /api/identifiers): send one that names a person")


def _rounds(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    if len(events) * MAX_EVENT_BYTES <= ROUND_BYTES:
        yield events
        return
    part: list[Event] = []
    size = 0
    for event in events:
        if size > ROUND_BYTES:
            yield part
            part, size = [], 0
        part.append(event)
        size += len(entry_of(event).row)
    yield part


def _quarantined(event: Event, error: Rejected) -> Quarantined:
    return Quarantined(0, event.message_id, error.code, error.field or "", error.message, event.source, event.received,
                       json.dumps(event.to_message(), ensure_ascii=False))
