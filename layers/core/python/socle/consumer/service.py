"""Apply batches of the stream to profiles: the use case of apply_events.

decode -> place (claim identifiers, merge people) -> per profile: decide, one conditional write -> drain outboxes ->
keep the batch in S3. Everything before the last step can be done again without effect, so a batch that broke off
anywhere is simply delivered again.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from socle.aws import translated
from socle.effects.store import EffectQueue
from socle.errors import Conflict, Rejected, Unavailable, poison_is_rejected
from socle.events.check import MAX_EVENT_BYTES
from socle.events.model import Event, Quarantined, Tick
from socle.events.stream import Decoded, decode
from socle.identity.service import frozen, load_roots, place, read
from socle.lake.raw import batch_name, encode_raw
from socle.lake.store import RawStore
from socle.profiles.codec import encode_aggregate, entry_of
from socle.profiles.decide import HARD_LIMIT, Webhooks, decide
from socle.profiles.model import Aggregate, History, Needs
from socle.profiles.store import ProfileStore

logger = logging.getLogger(__name__)

ROUND_BYTES = 192 * 1024
"""Text of events that one write of a profile takes in; what exceeds it goes into further writes (an item may have 400 KB)."""
DRAIN_AT = 500
"""Effects in an outbox at which it is drained at once: it shares the item with everything else."""
_ATTEMPTS = 25


class Record(NamedTuple):
    """A record of the stream: shard id, sequence number, approximate arrival in epoch ms, and its bytes."""

    shard: str
    sequence: str
    arrival: int
    data: bytes


class Quarantine(Protocol):
    """Where quarantined events are filed."""

    def save(self, name: str, rows: Sequence[Quarantined]) -> None: ...


@dataclass
class Outcome:
    """What a batch came to: events applied, duplicates, events of erased people, those that could not be applied, and
    effects queued."""

    applied: int = 0
    duplicates: int = 0
    erased: int = 0
    poisoned: int = 0
    effects: int = 0


@dataclass
class _Batch:
    """One batch under way: the events by profile as they were applied, and the profiles as they are now."""

    webhooks: Webhooks
    outcome: Outcome = field(default_factory=Outcome)
    groups: dict[str, list[Event]] = field(default_factory=dict)
    touched: dict[str, Aggregate] = field(default_factory=dict)
    poisoned: list[Quarantined] = field(default_factory=list)


class Consumer:
    """Applies batches. Collaborators are passed in; `new_id` draws the id of a new profile."""

    def __init__(self, profiles: ProfileStore, raw: RawStore, quarantine: Quarantine, queue: EffectQueue,
                 webhooks: Callable[[], Webhooks], new_id: Callable[[], str]) -> None:
        self._profiles = profiles
        self._raw = raw
        self._quarantine = quarantine
        self._queue = queue
        self._webhooks = webhooks
        self._new_id = new_id

    def apply(self, records: Sequence[Record]) -> Outcome:
        """Apply a batch: when it returns, everything in it is in profiles, queue and bucket.

        Raises Unavailable when it can't be finished now: deliver the whole batch again.
        """
        batch = _Batch(self._webhooks())
        decoded = [_decode(record, batch.poisoned) for record in records]
        self._apply_events([event for one in decoded for event in one.events], batch)
        self._apply_ticks([tick for one in decoded for tick in one.ticks], batch)
        for profile, aggregate in batch.touched.items():
            if aggregate.outbox:
                batch.touched[profile] = self._drain(aggregate, batch.outcome)
        batch.outcome.poisoned = len(batch.poisoned)
        quarantined = [*batch.poisoned, *(row for one in decoded for row in one.quarantined)]
        name = batch_name(records[0].shard, [record.sequence for record in records])
        if batch.groups:
            self._raw.save(name, records[0].arrival, encode_raw(batch.groups, batch.touched.values()))
        if quarantined:
            with translated("the quarantine"):
                self._quarantine.save(name, quarantined)
        return batch.outcome

    def _apply_events(self, events: Sequence[Event], batch: _Batch) -> None:
        """Place and apply; the events of a profile that another writer changed meanwhile are placed again."""
        for _ in range(_ATTEMPTS):
            if not events:
                return
            try:
                placed = place(self._profiles, events, self._new_id)
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
            members = frozen(placed.aggregates)
            lost: list[Event] = []
            for profile, group in placed.groups.items():
                work = _Work(placed.aggregates[profile], History(dict(members)), batch)
                try:
                    for part in _rounds(group):
                        self._apply_part(work, part)
                except Conflict:
                    lost += [event._replace(unlinked=()) for event in group]
                    continue
                batch.touched[profile] = work.aggregate
                batch.poisoned += work.poisoned
                batch.outcome.applied += work.applied
                batch.outcome.duplicates += work.duplicates
                if work.accepted:
                    batch.groups.setdefault(profile, []).extend(work.accepted)
            events = lost
        raise Unavailable("contended", "other writers kept changing the same profiles: try again later")

    def _apply_part(self, work: _Work, events: Sequence[Event]) -> None:
        """Apply events of one profile. What can't be applied is halved until the culprit is alone, and quarantined."""
        try:
            self._write(work, events)
            work.accepted += events
        except Rejected as error:
            if len(events) == 1:
                work.poisoned.append(_quarantined(events[0], error))
                self._reserve(work, events[0])
                return
            middle = len(events) // 2
            self._apply_part(work, events[:middle])
            self._apply_part(work, events[middle:])

    def _reserve(self, work: _Work, event: Event) -> None:
        """The identifiers of an event that was not applied are claimed all the same: the profile must know, to be erased."""
        unnamed = {identifier for identifier in event.ids if identifier not in event.unlinked} - work.aggregate.owned()
        if unnamed:
            after = work.aggregate.next(reserved=work.aggregate.reserved | unnamed)
            try:
                self._profiles.save(after, encode_aggregate(after))
            except Rejected as error:
                # The item is full to the last byte: the event is kept in quarantine, and nothing else may wait for it.
                logger.warning("an identifier can't be reserved", extra={"code": error.code, "profile": after.id})
                return
            work.aggregate = after

    def _write(self, work: _Work, events: Sequence[Event], tick: int | None = None) -> None:
        """Decide and write, once or, to seal what is too much for one item, several times. Raises Conflict, Rejected."""
        while True:
            with poison_is_rejected():
                decision = decide(work.aggregate, events, work.batch.webhooks, work.history, tick)
            if isinstance(decision, Needs):
                read(self._profiles, work.history, decision)
                continue
            if decision.aggregate is not work.aggregate:
                self._profiles.save(decision.aggregate, decision.data, decision.pages)
                work.history.pages.update({(page.profile, page.lower): page for page in decision.pages})
            work.aggregate = decision.aggregate
            work.applied += len(decision.applied)
            work.duplicates += decision.duplicates
            if len(work.aggregate.outbox) >= DRAIN_AT:
                drained = self._drain(work.aggregate, work.batch.outcome)
                if drained.id != work.aggregate.id or drained.erased is not None:
                    raise Conflict("conflict", "the profile was merged or erased meanwhile")
                work.aggregate = drained
            if len(decision.data) <= HARD_LIMIT:
                return
            events = ()

    def _apply_ticks(self, ticks: Sequence[Tick], batch: _Batch) -> None:
        """Let time pass for profiles that are due. A tick that lost a race is dropped: the profile is still due."""
        aggregates = self._profiles.load(tick.profile for tick in ticks)
        for tick in ticks:
            work = _Work(batch.touched.get(tick.profile) or aggregates[tick.profile], History(), batch)
            if work.aggregate.due != tick.due:
                continue
            try:
                self._write(work, (), tick.due)
            except Conflict:
                continue
            except Rejected as error:
                logger.error("a tick can't be applied", extra={"code": error.code, "profile": tick.profile})
                continue
            batch.touched[tick.profile] = work.aggregate

    def _drain(self, aggregate: Aggregate, outcome: Outcome) -> Aggregate:
        """Queue the stored outbox, then clear what was queued. Whoever loses the race clears what is left.

        Answers the profile as it is then: its survivor, when it was merged meanwhile and its outbox went there.
        """
        sent: set[str] = set()
        for _ in range(_ATTEMPTS):
            effects = [effect for effect in aggregate.outbox if effect.id not in sent]
            self._queue.send(effects)
            outcome.effects += len(effects)
            sent |= {effect.id for effect in effects}
            cleared = aggregate.next(outbox=())
            try:
                self._profiles.save(cleared, encode_aggregate(cleared))
            except Conflict:
                aggregates, roots = load_roots(self._profiles, {aggregate.id})
                aggregate = aggregates[roots[aggregate.id]]
                if not aggregate.outbox:
                    return aggregate
                continue
            return cleared
        raise Unavailable("contended", "other writers kept changing the same profile: try again later")


@dataclass
class _Work:
    """One profile of a batch under way: what was read and written of it, and what became of its events."""

    aggregate: Aggregate
    history: History
    batch: _Batch
    accepted: list[Event] = field(default_factory=list)
    poisoned: list[Quarantined] = field(default_factory=list)
    applied: int = 0
    duplicates: int = 0


def _decode(record: Record, poisoned: list[Quarantined]) -> Decoded:
    try:
        return decode(record.data)
    except Rejected as error:
        raw = base64.b64encode(record.data).decode()
        poisoned.append(Quarantined(0, None, error.code, "", error.message, "", record.arrival, raw))
        return Decoded()


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
