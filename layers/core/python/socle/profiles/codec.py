"""Aggregates and pages as bytes: one JSON header line, then one line per event, deflated with a preset dictionary.

Byte 0 is the number of the dictionary. Events stay text until somebody needs them: writing an aggregate back copies
the lines of the old events, and telling a duplicate reads only the keys in the header.

Header of an aggregate, empty parts left out (see Snapshot and Aggregate for meanings):
    k keys of the tail's events · r {index: revision} · n [events, first_seen, last_seen - first_seen] · i identifiers
    t, c traits and context as [[at, tie, {name: value}, rank if any], …] · f first touch · g consents · e counts · o orders
    h order id hashes · s number of the survivorship rules · a accounts as [[group id, at, tie], …] · p pages ·
    z horizon · m members · d kept apart · q reserved identifiers · x outbox · v number of the definitions evaluated ·
    y segments as {name: since - first_seen} · w trackers as [number, [[place, last_seen - last, *rest of the row], …]] ·
    u values given · l journeys as rows of socle.journeys.model.entry
Header of a page: k, r.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from struct import pack, unpack
from typing import Any

from socle.effects.model import Effect
from socle.events.model import Event, key_time
from socle.identity.model import Evidence
from socle.journeys.model.entry import Entry as JourneyEntry
from socle.profiles.dictionary import DICTIONARIES, LATEST
from socle.profiles.model import NO_TRACKERS, Aggregate, Entry, Member, Orders, Register, Snapshot, Trackers

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def entry_of(event: Event) -> Entry:
    """The stored form of an event: its key, its revision, and everything else as one line of JSON."""
    row = [event.at - event.ts, event.received - event.at, event.source, event.type, event.name, event.ids, event.body]
    if event.unlinked:
        row.append(event.unlinked)
    return Entry(event.key, event.revision, _dumps(row))


def event_of(entry: Entry) -> Event:
    """Inverse of `entry_of`."""
    ts, message_id = key_time(entry.key)
    shift, delay, *rest = json.loads(entry.row)
    return Event.from_row([ts, message_id, entry.revision, shift, delay, *rest])


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """The bytes of a page."""
    return _deflate(_keys(entries), entries)


def decode_entries(data: bytes) -> tuple[Entry, ...]:
    """Inverse of `encode_entries`."""
    header, rows = _inflate(data)
    return _entries(header, rows)


def encode_aggregate(aggregate: Aggregate) -> bytes:
    """The bytes of an aggregate; id, version, merged_into, erased and due are attributes of the item itself."""
    snapshot = aggregate.snapshot
    header: dict[str, Any] = {
        "n": [snapshot.events, snapshot.first_seen, snapshot.last_seen - snapshot.first_seen],
        "i": {kind: sorted(values) for kind, values in snapshot.identifiers.items()},
        "t": _pack(snapshot.traits),
        "c": _pack(snapshot.context),
        "f": list(snapshot.first_touch[:3]) if snapshot.first_touch else None,
        "g": [[channel, topic, *register[:3]] for (channel, topic), register in sorted(snapshot.consent.items())],
        "e": snapshot.counts,
        "o": {currency: list(orders) for currency, orders in snapshot.orders.items()},
        "h": _pack_hashes(snapshot.order_ids),
        "s": snapshot.rules,
        "a": [[group, *register[:2]] for group, register in sorted(snapshot.accounts.items())],
        "p": list(aggregate.pages),
        "z": aggregate.horizon,
        "m": {member: [*one[:3], *one.evidence] for member, one in aggregate.members.items()},
        "d": sorted(aggregate.apart),
        "q": sorted(aggregate.reserved),
        "x": [effect.to_row() for effect in aggregate.outbox],
        "v": aggregate.evaluated,
        "y": {name: since - snapshot.first_seen for name, since in sorted(aggregate.segments.items())},
        "w": _pack_trackers(aggregate.trackers, snapshot.last_seen),
        "u": aggregate.given,
        "l": [entry.to_row() for entry in aggregate.journeys],
        **_keys(aggregate.tail),
    }
    return _deflate({name: value for name, value in header.items() if value}, aggregate.tail)


def decode_aggregate(profile: str, version: int, data: bytes) -> Aggregate:
    """Inverse of `encode_aggregate`."""
    header, rows = _inflate(data)
    events, first_seen, span = header.get("n", (0, 0, 0))
    snapshot = Snapshot(
        identifiers={kind: set(values) for kind, values in header.get("i", {}).items()},
        traits=_unpack(header.get("t", ())),
        context=_unpack(header.get("c", ())),
        first_touch=Register(*header["f"]) if "f" in header else None,
        consent={(channel, topic): Register(*register) for channel, topic, *register in header.get("g", ())},
        counts=header.get("e", {}),
        events=events, first_seen=first_seen, last_seen=first_seen + span,
        orders={currency: Orders(*orders) for currency, orders in header.get("o", {}).items()},
        order_ids=_unpack_hashes(header.get("h", "")),
        rules=header.get("s", 0),
        accounts={group: Register(at, tie, None) for group, at, tie in header.get("a", ())},
    )
    return Aggregate(profile, version, snapshot, _entries(header, rows), tuple(header.get("p", ())),
                     header.get("z", ""), {member: _member(*row) for member, row in header.get("m", {}).items()},
                     apart=frozenset(header.get("d", ())),
                     reserved=frozenset((kind, value) for kind, value in header.get("q", ())),
                     outbox=tuple(Effect(*row) for row in header.get("x", ())),
                     segments={name: first_seen + since for name, since in header.get("y", {}).items()},
                     evaluated=header.get("v", 0), trackers=_unpack_trackers(header.get("w"), first_seen + span),
                     given=header.get("u", {}), journeys=tuple(JourneyEntry.from_row(row) for row in header.get("l", ())))


def _member(into: str, ceiling: str, version: int, rule: str, at: int, identifier: list[str] | None, event: str,
            detail: str) -> Member:
    return Member(into, ceiling, version,
                  Evidence(rule, at, (identifier[0], identifier[1]) if identifier else None, event, detail))


def _keys(entries: Sequence[Entry]) -> dict[str, Any]:
    revised = {str(index): entry.revision for index, entry in enumerate(entries) if entry.revision}
    keys: dict[str, Any] = {"k": [entry.key for entry in entries]}
    return keys | {"r": revised} if revised else keys


def _entries(header: dict[str, Any], rows: list[str]) -> tuple[Entry, ...]:
    revised = header.get("r", {})
    return tuple(Entry(key, revised.get(str(index), 0) if revised else 0, row)
                 for index, (key, row) in enumerate(zip(header.get("k", ()), rows, strict=True)))


def _deflate(header: dict[str, Any], entries: Iterable[Entry]) -> bytes:
    lines = [_dumps(header)]
    lines.extend(entry.row for entry in entries)
    press = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, DICTIONARIES[LATEST])
    return bytes((LATEST,)) + press.compress("\n".join(lines).encode("utf-8", "surrogatepass")) + press.flush()


def _inflate(data: bytes) -> tuple[dict[str, Any], list[str]]:
    press = zlib.decompressobj(-15, DICTIONARIES[data[0]])
    header, *rows = press.decompress(data[1:]).decode("utf-8", "surrogatepass").split("\n")
    return json.loads(header), rows


def _pack(registers: dict[str, Register]) -> list[Any]:
    """Registers written by one event share its stamp."""
    stamps: dict[tuple[int, int, int], dict[str, Any]] = {}
    for name, (at, tie, value, rank) in registers.items():
        stamps.setdefault((at, tie, rank), {})[name] = value
    return [[at, tie, values, rank] if rank else [at, tie, values] for (at, tie, rank), values in stamps.items()]


def _unpack(stamps: Iterable[Any]) -> dict[str, Register]:
    found = {}
    for stamp in stamps:  # unpacked by hand: every event reads this
        at, tie, rank = stamp[0], stamp[1], stamp[3] if len(stamp) > 3 else 0
        for name, value in stamp[2].items():
            found[name] = Register(at, tie, value, rank)
    return found


def _pack_trackers(trackers: Trackers, last_seen: int) -> list[Any] | None:
    if not trackers.number:
        return None
    return [trackers.number, [[place, last_seen - row[0], *row[1:]] for place, row in sorted(trackers.rows.items())]]


def _unpack_trackers(packed: list[Any] | None, last_seen: int) -> Trackers:
    if packed is None:
        return NO_TRACKERS
    return Trackers(packed[0], {place: [last_seen - back, *rest] for place, back, *rest in packed[1]})


def _pack_hashes(hashes: set[int]) -> str:
    return b64encode(pack(f">{len(hashes)}I", *sorted(hashes))).decode().rstrip("=")


def _unpack_hashes(text: str) -> set[int]:
    data = b64decode(text + "=" * (-len(text) % 4))
    return set(unpack(f">{len(data) // 4}I", data))
