"""A recompute of all segments: what it froze at its beginning, what a part of it came to, and its report. Pure."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from socle.iso import to_iso
from socle.lake.manifest import BucketFiles, bucket_files
from socle.segments.nodes import Node

KEPT = 100
"""Sets of definitions that are remembered, the newest: a profile that was evaluated under an older one is not compared."""
AT_A_TIME = 8
"""Buckets of one query: planning it costs as much as running it over one."""
Meanings = Mapping[int, Mapping[str, int]]
"""Number of a set of definitions (segments.rules.set_number) → segment → what it meant then (`meaning`)."""


def meaning(node: Node) -> int:
    """What a segment means, references and all, as one number: CRC-32 of its node."""
    return zlib.crc32(repr(node).encode("utf-8", "surrogatepass"))


def remembered(before: Meanings, number: int, nodes: Mapping[str, Node]) -> dict[int, dict[str, int]]:
    """The meanings with those of the current set, which is the newest."""
    kept = [(one, dict(meanings)) for one, meanings in before.items() if one != number][-KEPT + 1:]
    return dict([*kept, (number, {name: meaning(node) for name, node in sorted(nodes.items())})])


class Frozen(NamedTuple):
    """What all parts of a run go by.

    now          epoch ms at which everybody is evaluated
    number       of the current set of definitions, 0 for none
    definitions  kind → name → document
    meanings     of this set and of earlier ones
    created      segment → epoch ms when it was written first, or again after a deletion, where it is not as it was at first
    lake         version of the lake's manifest; 0 when there is no lake yet
    buckets      number → its files
    bucket_count how many buckets the lake has
    dated        traits whose dates let people enter a journey that was published lately: whoever has one must look when that is
    """

    run: str
    now: int
    number: int
    definitions: Mapping[str, Mapping[str, Any]]
    meanings: Meanings
    created: Mapping[str, int]
    lake: int
    buckets: Mapping[int, BucketFiles]
    bucket_count: int
    dated: Sequence[str] = ()

    @property
    def parts(self) -> list[list[int]]:
        """The buckets, some at a time."""
        numbers = sorted(self.buckets)
        return [numbers[first:first + AT_A_TIME] for first in range(0, len(numbers), AT_A_TIME)]

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {**self._asdict(), "buckets": {str(number): {**files._asdict(), "columns": [list(one) for one in files.columns]}
                                              for number, files in self.buckets.items()}}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Frozen:
        """Inverse of `to_json`, read from JSON."""
        return cls(**{**found, "meanings": meanings_of(found["meanings"]),
                      "buckets": {int(number): bucket_files(files) for number, files in found["buckets"].items()}})


def meanings_of(found: Mapping[str, Mapping[str, int]]) -> dict[int, dict[str, int]]:
    """Meanings as JSON has them."""
    return {int(number): dict(meanings) for number, meanings in found.items()}


class Part(NamedTuple):
    """What some buckets came to.

    profiles  how many
    sizes     segment → members
    ticks     profiles that were told to look again
    drift     segment → profiles whose live membership differs though nothing explains it
    samples   some of those profiles
    """

    profiles: int
    sizes: Mapping[str, int]
    ticks: int
    drift: Mapping[str, int]
    samples: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(self._asdict())


def report(frozen: Frozen, parts: Iterable[Part], finished: int) -> dict[str, Any]:
    """What a run came to: sizes of segments, who was told, drift."""
    parts = list(parts)
    sizes = Counter[str](dict.fromkeys(frozen.meanings.get(frozen.number, {}), 0))
    drift = Counter[str]()
    for part in parts:
        sizes.update(part.sizes)
        drift.update(part.drift)
    return {"run": frozen.run, "at": to_iso(frozen.now), "finished": to_iso(finished), "lake": frozen.lake,
            "definitions": frozen.number, "profiles": sum(part.profiles for part in parts),
            "segments": dict(sorted(sizes.items())), "ticks": sum(part.ticks for part in parts), "drift": sum(drift.values()),
            "drift_by_segment": dict(sorted(drift.items())),
            "drifted": sorted(one for part in parts for one in part.samples)[:20]}
