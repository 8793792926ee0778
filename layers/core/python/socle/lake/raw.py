"""Raw objects: what one batch of the stream held, for ever, as gzip NDJSON. Pure.

Rows are `{"row": "event", "profile": id, …Event.to_json}` for every event of the batch, duplicates included, and
`{"row": "profile", "profile": id, "version", "members": [ids], "reserved": [[type, value]], "snapshot": …}` for every profile
that it touched; `reserved` are identifiers claimed for it that no folded event names, `members` says why each was merged, `apart`
names those with whom it never is; `segments` are {name: since}, by the definitions numbered `evaluated`, until `due`; `given` are
values from elsewhere. An unmerge leaves `{"row": "moved", "from": partition, "moved": epoch ms, "step", …}` for every event that
went elsewhere.
The name is made of the batch's place in the stream, so a batch that is applied again names the same object.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from socle.events.model import Event
from socle.profiles.model import Aggregate, Member
from socle.profiles.view import profile_view

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def batch_name(shard: str, sequences: Sequence[str]) -> str:
    """What makes a batch unique: shard, first, last and hash of its sequence numbers."""
    digest = hashlib.sha256("\n".join(sequences).encode()).hexdigest()[:16]
    return f"{shard}-{sequences[0]}-{sequences[-1]}-{digest}"


def encode_raw(groups: Mapping[str, Iterable[Event]], touched: Iterable[Aggregate]) -> bytes:
    """The object of a batch: its events by profile, then the profiles as the batch left them."""
    lines = [_dumps({"row": "event", "profile": profile, **event.to_json()})
             for profile, events in groups.items() for event in events]
    lines += [_dumps(_profile_row(aggregate)) for aggregate in touched]
    return _packed(lines)


def decode_raw(data: bytes) -> list[dict[str, Any]]:
    """The rows of an object."""
    text = gzip.decompress(data).decode("utf-8", "surrogatepass")
    return [json.loads(line) for line in text.split("\n")] if text else []


def _profile_row(aggregate: Aggregate) -> dict[str, Any]:
    return {"row": "profile", "profile": aggregate.id, "version": aggregate.version,
            "members": {name: _member(one) for name, one in sorted(aggregate.members.items())},
            "apart": sorted(aggregate.apart),
            "reserved": [list(pair) for pair in sorted(aggregate.reserved)],
            "segments": aggregate.segments, "evaluated": aggregate.evaluated, "due": aggregate.due, "given": aggregate.given,
            "snapshot": profile_view(aggregate.id, aggregate.snapshot, aggregate.members)}


def _member(member: Member) -> dict[str, Any]:
    return {"into": member.into, "version": member.version, "evidence": list(member.evidence)}


def encode_moved(moved: Iterable[tuple[str, str, Event]], name: str = "", now: int = 0) -> bytes:
    """The object of an unmerge: (from, to, event) for every event that it moves from one partition to another.

    What is moved twice lies where it was moved last: `now` (epoch ms), and of two at the same time the greater version of the
    profile that was unmerged, the last part of `name`.
    """
    version = name.rpartition("-")[2]
    step = int(version) if version.isdigit() else 0
    lines = [_dumps({"row": "moved", "from": source, "profile": target, "moved": now, "step": step, **event.to_json()})
             for source, target, event in moved]
    return _packed(lines)


def _packed(lines: Sequence[str]) -> bytes:
    return gzip.compress("\n".join(lines).encode("utf-8", "surrogatepass"), compresslevel=4, mtime=0)
