"""Reading the quarantine, and letting events out of it: replayed under today's rules, or discarded.

A replay puts an event on the stream first and takes it out of quarantine second. A crash in between leaves it in both;
replaying it again is harmless, because an event's key comes from what the client sent and it is applied once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events.check import NOT_UNICODE
from socle.events.model import Event
from socle.events.parse import parse
from socle.events.receive import Origin, receive
from socle.paging import from_cursor, to_cursor
from socle.quarantine.model import Held, not_found, parse_id
from socle.quarantine.store import QuarantineStore

MAX_OBJECTS = 200
"""Objects that one call reads at most, a few ms each."""
MAX_REPLAYED = 1_000
"""Events that one call replays at most."""

_LISTING = "quarantine"
_PAST_LAST = 999_999
"""A place beyond all places of an object."""


class Page(NamedTuple):
    """Events in quarantine, newest batch first, and the cursor of the next page."""

    items: list[Held]
    next: str | None


class Summary(NamedTuple):
    """How many events are held by (source, code) in the newest `objects` objects; `complete`: there are no others."""

    counts: Counter[tuple[str, str]]
    objects: int
    complete: bool


class Failure(NamedTuple):
    """An event that is still at fault under today's rules, and stays in quarantine."""

    held: Held
    fault: Rejected


class Replay(NamedTuple):
    """`next`: cursor to go on with, when there is more than one call replays."""

    replayed: int
    failures: list[Failure]
    next: str | None

    def to_json(self) -> dict[str, Any]:
        """What the API answers."""
        return {"replayed": self.replayed, "still": len(self.failures), "next": self.next,
                "failures": [{"id": held.id, "code": fault.code, "field": fault.field or "", "message": fault.message}
                             for held, fault in self.failures]}


class Quarantine:
    """The quarantine. `publish` puts events on the stream, all of them or raises Unavailable."""

    def __init__(self, store: QuarantineStore, publish: Callable[[Sequence[Event]], None]) -> None:
        self._store = store
        self._publish = publish

    def page(self, limit: int, source: str | None = None, code: str | None = None, cursor: str | None = None) -> Page:
        """Up to `limit` events, those of `source` and with `code` if given. A short page may still have a next."""
        items: list[Held] = []
        for objects, (stem, held) in enumerate(self._objects(cursor)):
            if objects == MAX_OBJECTS:
                return Page(items, _cursor(stem, _PAST_LAST))
            for one in held:
                if _matches(one, source, code):
                    if len(items) == limit:
                        return Page(items, _cursor(stem, one.place + 1))
                    items.append(one)
        return Page(items, None)

    def summary(self) -> Summary:
        """What is held, over the newest MAX_OBJECTS objects."""
        counts: Counter[tuple[str, str]] = Counter()
        objects = 0
        for objects, (_, held) in enumerate(self._objects(None), start=1):
            if objects > MAX_OBJECTS:
                return Summary(counts, MAX_OBJECTS, complete=False)
            counts.update((one.row.source, one.row.code) for one in held)
        return Summary(counts, objects, complete=True)

    def get(self, identifier: str) -> Held:
        """One event. Raises NotFound."""
        stem, place = parse_id(identifier)
        for one in self._store.load(stem):
            if one.place == place:
                return one
        raise not_found(identifier)

    def discard(self, identifier: str) -> None:
        """Throw one event away. Raises NotFound."""
        stem, place = parse_id(identifier)
        if not self._store.remove(stem, [place]):
            raise not_found(identifier)

    def replay(self, identifiers: Iterable[str]) -> Replay:
        """Judge these events again and send on those that pass. Raises NotFound, before anything is sent."""
        by_stem: dict[str, set[int]] = defaultdict(set)
        for identifier in identifiers:
            stem, place = parse_id(identifier)
            by_stem[stem].add(place)
        chosen = []
        for stem, places in by_stem.items():
            held = [one for one in self._store.load(stem) if one.place in places]
            for place in places - {one.place for one in held}:
                raise not_found(f"{stem}.{place}")
            chosen.append((stem, held))
        replayed, failures = 0, []
        for stem, held in chosen:
            passed, failed = self._release(stem, held)
            replayed += passed
            failures.extend(failed)
        return Replay(replayed, failures, None)

    def replay_all(self, source: str | None, code: str | None, cursor: str | None = None) -> Replay:
        """The same for all events of a source, with a code, or both; call again with `next` until there is none."""
        replayed, judged = 0, 0
        failures: list[Failure] = []
        for objects, (stem, held) in enumerate(self._objects(cursor)):
            if judged >= MAX_REPLAYED or objects == MAX_OBJECTS:
                return Replay(replayed, failures, _cursor(stem, _PAST_LAST))
            chosen = [one for one in held if _matches(one, source, code)]
            judged += len(chosen)
            passed, failed = self._release(stem, chosen)
            replayed += passed
            failures.extend(failed)
        return Replay(replayed, failures, None)

    def _objects(self, cursor: str | None) -> Iterator[tuple[str, list[Held]]]:
        """Every object from the cursor on with its events, last place first."""
        start, below = parse_id(from_cursor(_LISTING, cursor)) if cursor else ("", _PAST_LAST)
        for stem in self._store.stems(start):
            held = self._store.load(stem)[::-1]
            yield stem, [one for one in held if stem != start or one.place < below]

    def _release(self, stem: str, held: Sequence[Held]) -> tuple[int, list[Failure]]:
        events: list[Event] = []
        places: list[int] = []
        failures: list[Failure] = []
        for one in held:
            judged = _judge(one)
            if isinstance(judged, Event):
                events.append(judged)
                places.append(one.place)
            else:
                failures.append(Failure(one, judged))
        if events:
            self._publish(events)
            self._store.remove(stem, places)
        return len(events), failures


def _judge(held: Held) -> Event | Rejected:
    """The event that it makes under today's rules, received when it was received; or what is wrong with it."""
    row = held.row
    try:
        body = parse(row.raw.encode(), is_batch=False)
        if row.code == NOT_UNICODE:
            body = body._replace(is_utf8=False)  # the escapes in its text stand for bytes that nobody could read
        events, quarantined = receive(body, Origin(row.source, row.received))
    except Rejected as fault:
        return fault
    if events:
        return events[0]
    still = quarantined[0]
    return Rejected(still.code, still.message, still.field)


def _matches(held: Held, source: str | None, code: str | None) -> bool:
    return (source is None or held.row.source == source) and (code is None or held.row.code == code)


def _cursor(stem: str, below: int) -> str:
    return to_cursor(_LISTING, f"{stem}.{below}")
