"""In-memory stand-ins of the stores: the same contract as the real ones (tests/profiles/test_store.py holds them to it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from socle.consumer.batch import Record
from socle.consumer.service import Consumer
from socle.effects.model import Effect
from socle.errors import Conflict
from socle.events.model import Event, Identifier, Quarantined, Tick
from socle.events.stream import encode_events
from socle.lake.raw import decode_raw
from socle.profiles.codec import decode_aggregate, decode_entries, encode_aggregate, encode_entries
from socle.profiles.model import Aggregate, Page
from socle.profiles.store import Owner, erased_key


class MemoryProfiles:
    """ProfileStore in dictionaries; what it keeps is the same bytes."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], tuple] = {}

    def load(self, profiles: Iterable[str], fresh: bool = True) -> dict[str, Aggregate]:
        return {profile: self._aggregate(profile) for profile in profiles}

    def _aggregate(self, profile: str) -> Aggregate:
        if (profile, "A") not in self.items:
            return Aggregate(profile)
        version, data, merged_into, erased, due = self.items[profile, "A"]
        aggregate = decode_aggregate(profile, version, data)
        aggregate.merged_into, aggregate.erased, aggregate.due = merged_into, erased, due
        return aggregate

    def load_pages(self, addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Page]:
        found = {}
        for profile, lower in addresses:
            if (profile, "E#" + lower) in self.items:
                version, data = self.items[profile, "E#" + lower]
                found[profile, lower] = Page(profile, lower, version, decode_entries(data))
        return found

    def save(self, aggregate: Aggregate, data: bytes, pages: Sequence[Page] = ()) -> None:
        self.save_together([(aggregate, data)], pages)

    def save_each(self, writes: Sequence[tuple[Aggregate, bytes]]) -> set[str]:
        beaten = set()
        for aggregate, data in writes:
            try:
                self.save_together([(aggregate, data)])
            except Conflict:
                beaten.add(aggregate.id)
        return beaten

    def save_together(self, aggregates: Sequence[tuple[Aggregate, bytes]], pages: Sequence[Page] = ()) -> None:
        writes = {(aggregate.id, "A"): (aggregate.version, data, aggregate.merged_into, aggregate.erased, aggregate.due)
                  for aggregate, data in aggregates}
        writes |= {(page.profile, "E#" + page.lower): (page.version, encode_entries(page.entries)) for page in pages}
        if any(self.items.get(key, (0,))[0] != item[0] - 1 for key, item in writes.items()):
            raise Conflict("conflict", "version")
        self.items |= writes

    def owners(self, identifiers: Iterable[Identifier], fresh: bool = True) -> dict[Identifier, Owner]:
        return {one: Owner(*self.items["I", repr(one)]) for one in identifiers if ("I", repr(one)) in self.items}

    def claim(self, identifier: Identifier, owner: Owner, stale: str | None = None) -> Owner:
        held = self.items.get(("I", repr(identifier)))
        if held is not None and held[0] != stale:
            return Owner(*held)
        self.items["I", repr(identifier)] = tuple(owner)
        return owner

    def claim_each(self, claims: Mapping[Identifier, Owner]) -> set[Identifier]:
        return {identifier for identifier, owner in claims.items() if self.claim(identifier, owner) is not owner}

    def bind(self, aggregate: Aggregate, data: bytes, identifier: Identifier, owner: Owner, stale: str | None = None) -> None:
        held = self.items.get(("I", repr(identifier)))
        if held is not None and held[0] != stale:
            raise Conflict("conflict", "claimed")
        self.save_together([(aggregate, data)])
        self.items["I", repr(identifier)] = tuple(owner)

    def erased(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        return {one: self.items["X", erased_key(one)][0] for one in identifiers if ("X", erased_key(one)) in self.items}

    def due(self, now: int, limit: int) -> list[Tick]:
        return [Tick(profile, item[4]) for (profile, kind), item in self.items.items()
                if kind == "A" and item[4] is not None and item[4] <= now][:limit]

    def forget(self, aggregate: Aggregate, identifiers: Iterable[Identifier], erased: int) -> None:
        for identifier in identifiers:
            self.free(identifier, aggregate.id, erased)
        for lower in aggregate.pages:
            self.items.pop((aggregate.id, "E#" + lower), None)
        tombstone = Aggregate(aggregate.id, aggregate.version + 1, erased=erased)
        self.save(tombstone, encode_aggregate(tombstone))

    def free(self, identifier: Identifier, profile: str, erased: int) -> None:
        self.items["X", erased_key(identifier)] = (erased,)
        if self.items.get(("I", repr(identifier)), ("",))[0] == profile:
            del self.items["I", repr(identifier)]


class MemoryRaw:
    """RawStore: the first object of a name stays."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def save(self, batch: str, arrival: int, data: bytes) -> None:
        self.objects.setdefault(batch, data)

    def rows(self) -> list[dict]:
        return [row for data in self.objects.values() for row in decode_raw(data)]


class MemoryQuarantine:
    def __init__(self) -> None:
        self.rows: dict[str, Sequence[Quarantined]] = {}

    def save(self, name: str, rows: Sequence[Quarantined]) -> None:
        self.rows.setdefault(name, rows)


class MemoryQueue:
    def __init__(self) -> None:
        self.sent: list[Effect] = []

    def send(self, effects: Sequence[Effect]) -> None:
        self.sent += effects


class World:
    """A consumer with in-memory stores around it. `deliver` hands it batches as the stream would."""

    def __init__(self, webhooks: dict[str, list[str]] | None = None) -> None:
        self.profiles, self.raw, self.quarantine, self.queue = (
            MemoryProfiles(), MemoryRaw(), MemoryQuarantine(), MemoryQueue())
        self._ids = iter(range(1_000_000))
        self._sequence = 0
        self.consumer = Consumer(self.profiles, self.raw, self.quarantine, self.queue,  # type: ignore[arg-type]
                                 lambda: webhooks or {}, lambda: f"p{next(self._ids):06d}")

    def record(self, data: bytes) -> Record:
        self._sequence += 1
        return Record("shard-0", f"{self._sequence:020d}", 1_700_000_000_000, data)

    def deliver(self, *events: Event):
        return self.consumer.apply([self.record(encode_events(events))])
