"""In-memory stand-ins of the stores: the same contract as the real ones, and call for call what these ask of AWS.

tests/profiles/test_store.py holds them to the contract, tests/faults/test_same_calls.py to the calls. Each call goes
through `Calls`, so that tests/faults can break any of them in the ways in which AWS and networks do.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from socle.effects.model import Effect
from socle.errors import Conflict, Rejected, Unavailable
from socle.events.model import Identifier, Quarantined, Tick
from socle.lake.raw import decode_raw
from socle.profiles.codec import decode_aggregate, decode_entries, encode_aggregate, encode_entries
from socle.profiles.items import DUE_SHARDS, Owner, erased_key
from socle.profiles.model import Aggregate, Page
from socle.profiles.store import PAGES_AGAIN
from socle.quarantine.model import stem_of

R = TypeVar("R")
K = TypeVar("K")
Key = tuple[str, str]

_ATTEMPTS = 5
_ITEM_BYTES = 400 * 1024


class Calls:
    """Where the stand-ins meet AWS: here every call succeeds at once."""

    def make(self, name: str, parts: Collection[K], effect: Callable[..., R], fresh: bool = True) -> tuple[R, Collection[K]]:
        """One call of the API. Answers what `effect(parts)` did, and the parts that AWS left undone (it was throttled).

        name   of the operation, such as "PutItem"
        parts  the keys, statements, actions or messages of the call
        fresh  False for a read that may be stale: its effect takes `lag`, how many writes ago each item is looked at
        """
        return effect(parts), ()


class MemoryProfiles:
    """ProfileStore in dictionaries; what it keeps is the same bytes. `past` holds what each item was before."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.items: dict[Key, tuple] = {}
        self.past: dict[Key, tuple] = {}
        self.calls = calls or Calls()
        self._remembers = calls is not None

    def load(self, profiles: Iterable[str], fresh: bool = True) -> dict[str, Aggregate]:
        wanted = list(dict.fromkeys(profiles))
        found = self._get([(profile, "A") for profile in wanted], fresh)
        return {profile: _aggregate(profile, found.get((profile, "A"))) for profile in wanted}

    def load_pages(self, addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Page]:
        found = self._get([(profile, "E#" + lower) for profile, lower in addresses])
        return {(profile, kind[2:]): Page(profile, kind[2:], version, decode_entries(data))
                for (profile, kind), (version, data) in found.items()}

    def save(self, aggregate: Aggregate, data: bytes, pages: Sequence[Page] = ()) -> None:
        if pages:
            self.save_together([(aggregate, data)], pages)
            return
        self.calls.make("PutItem", [aggregate.id], lambda _: self._save([(aggregate, data)]))

    def save_each(self, writes: Sequence[tuple[Aggregate, bytes]]) -> set[str]:
        return self._execute({aggregate.id: lambda one=(aggregate, data): self._save([one]) for aggregate, data in writes})

    def insert_pages(self, pages: Sequence[Page]) -> set[tuple[str, str]]:
        return self._execute({(page.profile, page.lower): lambda page=page: self._save([], [page]) for page in pages})

    def save_together(self, aggregates: Sequence[tuple[Aggregate, bytes]], pages: Sequence[Page] = ()) -> None:
        self.calls.make("TransactWriteItems", [*aggregates, *pages], lambda _: self._save(aggregates, pages))

    def owners(self, identifiers: Iterable[Identifier], fresh: bool = True) -> dict[Identifier, Owner]:
        keys = {("I", repr(one)): one for one in identifiers}
        return {keys[key]: Owner(*item) for key, item in self._get(list(keys), fresh).items()}

    def claim(self, identifier: Identifier, owner: Owner, stale: str | None = None) -> Owner:
        try:
            self.calls.make("PutItem", [identifier], lambda _: self._claim(identifier, owner, stale))
        except Conflict:
            found = self.owners([identifier]).get(identifier)
            if found is None:
                raise
            return found
        return owner

    def claim_each(self, claims: Mapping[Identifier, Owner]) -> set[Identifier]:
        return self._execute({one: lambda claim=(one, owner): self._claim(*claim) for one, owner in claims.items()})

    def bind(self, aggregate: Aggregate, data: bytes, identifier: Identifier, owner: Owner, stale: str | None = None) -> None:
        def both(_: object) -> None:
            self._may_claim(identifier, stale)
            self._save([(aggregate, data)])
            self._claim(identifier, owner, stale)

        self.calls.make("TransactWriteItems", [aggregate.id, identifier], both)

    def erased(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        keys = {("X", erased_key(one)): one for one in identifiers}
        return {keys[key]: item[0] for key, item in self._get(list(keys)).items()}

    def due(self, now: int, limit: int) -> list[Tick]:
        for shard in range(DUE_SHARDS):
            self.calls.make("Query", [shard], lambda _: None)
        return [Tick(profile, item[4]) for (profile, kind), item in self.items.items()
                if kind == "A" and item[4] is not None and item[4] <= now][:limit]

    def scan(self, segment: int, segments: int) -> Iterator[Aggregate]:
        self.calls.make("Scan", [segment], lambda _: None)
        for (profile, kind), item in list(self.items.items()):
            if kind == "A" and zlib.crc32(profile.encode()) % segments == segment and item[2] is None and item[3] is None:
                aggregate = _aggregate(profile, item)
                if aggregate.snapshot.events:
                    yield aggregate

    def forget(self, aggregate: Aggregate, identifiers: Iterable[Identifier], erased: int) -> None:
        for identifier in sorted(identifiers):
            self.free(identifier, aggregate.id, erased)
        self.delete_pages(aggregate.id)
        tombstone = Aggregate(aggregate.id, aggregate.version + 1, erased=erased, due=erased + PAGES_AGAIN)
        self.save(tombstone, encode_aggregate(tombstone))

    def delete_pages(self, profile: str) -> None:
        keys, _ = self.calls.make("Query", [profile], lambda _: sorted(
            key for key in self.items if key[0] == profile and key[1].startswith(("E#", "G#", "K", "M#"))))
        for some in ([(group, "P#" + profile) for _, group in keys if group.startswith("G#")], keys):
            for start in range(0, len(some), 25):
                self._batches("BatchWriteItem", some[start:start + 25], lambda keys: self._write(dict.fromkeys(keys)))

    def free(self, identifier: Identifier, profile: str, erased: int) -> None:
        row = ("I", repr(identifier))

        def let_go(_: object) -> None:
            if self.items.get(row, ("",))[0] != profile:
                raise Conflict("conflict", "owner")
            self._write({row: None})

        def remember(_: object) -> None:
            tombstone = ("X", erased_key(identifier))
            if self.items.get(tombstone, (-1,))[0] >= erased:
                raise Conflict("conflict", "erased later")
            self._write({tombstone: (erased,)})

        with suppress(Conflict):
            self.calls.make("PutItem", [identifier], remember)
        with suppress(Conflict):
            self.calls.make("DeleteItem", [identifier], let_go)

    def _save(self, aggregates: Sequence[tuple[Aggregate, bytes]], pages: Sequence[Page] = ()) -> None:
        if any(len(data) > _ITEM_BYTES for _, data in aggregates):
            raise Rejected("item_too_large", "400 KB")
        writes: dict[Key, tuple] = {(one.id, "A"): (one.version, data, one.merged_into, one.erased, one.due)
                                    for one, data in aggregates}
        writes |= {(page.profile, "E#" + page.lower): (page.version, encode_entries(page.entries)) for page in pages}
        if any(self.items.get(key, (0,))[0] != item[0] - 1 for key, item in writes.items()):
            raise Conflict("conflict", "version")
        self._write(writes)

    def _may_claim(self, identifier: Identifier, stale: str | None) -> None:
        held = self.items.get(("I", repr(identifier)))
        if held is not None and held[0] != stale:
            raise Conflict("conflict", "claimed")

    def _claim(self, identifier: Identifier, owner: Owner, stale: str | None = None) -> None:
        self._may_claim(identifier, stale)
        self._write({("I", repr(identifier)): tuple(owner)})

    def _write(self, writes: Mapping[Key, tuple | None]) -> None:
        for key, item in writes.items():
            if self._remembers:
                self.past[key] = (*self.past.get(key, ()), self.items.get(key))
            if item is not None:
                self.items[key] = item
            else:
                self.items.pop(key, None)

    def _look(self, keys: Iterable[Key], lag: int = 0) -> dict[Key, tuple]:
        found = {}
        for key in keys:
            versions = (*self.past.get(key, ()), self.items.get(key))
            item = versions[max(0, len(versions) - 1 - lag)] if lag else versions[-1]
            if item is not None:
                found[key] = item
        return found

    def _get(self, keys: Sequence[Key], fresh: bool = True) -> dict[Key, tuple]:
        found: dict[Key, tuple] = {}
        for start in range(0, len(keys), 100):
            for answer in self._batches("BatchGetItem", keys[start:start + 100], self._look, fresh):
                found |= answer
        return found

    def _execute(self, statements: Mapping[K, Callable[[], None]]) -> set[K]:
        def run(these: Iterable[K]) -> set[K]:
            beaten = set()
            for one in these:
                try:
                    statements[one]()
                except Conflict:
                    beaten.add(one)
            return beaten

        beaten: set[K] = set()
        left = list(statements)
        for _ in range(_ATTEMPTS):
            again: list[K] = []
            for start in range(0, len(left), 25):
                answer, undone = self.calls.make("BatchExecuteStatement", left[start:start + 25], run)
                beaten |= answer
                again += undone
            if not again:
                return beaten
            left = again
        raise Unavailable("throttled", "throttled")

    def _batches(self, name: str, parts: Collection[K], effect: Callable[..., R], fresh: bool = True) -> list[R]:
        """What AWS leaves undone is asked for again."""
        answers = []
        for _ in range(_ATTEMPTS):
            answer, parts = self.calls.make(name, parts, effect, fresh)
            answers.append(answer)
            if not parts:
                return answers
        raise Unavailable("throttled", "throttled")


def _aggregate(profile: str, item: tuple[int, bytes, Any, Any, Any] | None) -> Aggregate:
    if item is None:
        return Aggregate(profile)
    version, data, merged_into, erased, due = item
    aggregate = decode_aggregate(profile, version, data)
    aggregate.merged_into, aggregate.erased, aggregate.due = merged_into, erased, due
    return aggregate


class MemoryRaw:
    """RawStore: the first object of a name stays."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self._calls = calls or Calls()

    def save(self, batch: str, arrival: int, data: bytes) -> None:
        self._calls.make("PutObject", [batch], lambda _: self.objects.setdefault(batch, data))

    def rows(self) -> list[dict]:
        return [row for data in self.objects.values() for row in decode_raw(data)]


class MemoryQuarantine:
    """QuarantineStore: the first object of a name stays."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.rows: dict[str, Sequence[Quarantined]] = {}
        self._calls = calls or Calls()

    def save(self, name: str, rows: Sequence[Quarantined]) -> None:
        stem = stem_of(name, min(row.received for row in rows))
        self._calls.make("PutObject", [stem], lambda _: self.rows.setdefault(stem, rows))


class MemoryQueue:
    """EffectQueue: a list of all that was ever sent."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.sent: list[Effect] = []
        self._calls = calls or Calls()

    def send(self, effects: Sequence[Effect], delay: int = 0) -> None:
        for start in range(0, len(effects), 10):
            _, failed = self._calls.make("SendMessageBatch", effects[start:start + 10], self.sent.extend)
            if failed:
                raise Unavailable("queue_failed", "queue")
