"""The stores of a replay in dictionaries, and a replay of a world's raw objects into a table of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

from socle.erasures.model import Erasure
from socle.erasures.store import PREFIX as ERASURES
from socle.errors import NotFound, Rejected
from socle.lake.store import PREFIX as RAW
from socle.profiles.service import Profiles
from socle.replay.model import SHARDS, Moved, Note
from socle.replay.rows import Object
from socle.replay.service import Replay, plan, summary
from tests.memory import MemoryProfiles
from tests.people import T0
from tests.world import World


class MemoryBucket:
    """ReplayStore and ErasureStore over one dictionary."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def objects(self, prefix: str) -> Iterator[Object]:
        return iter([Object(key, len(data)) for key, data in sorted(self.data.items()) if key.startswith(prefix)])

    def read(self, key: str) -> bytes:
        if key not in self.data:
            raise Rejected("missing_object", key)
        return self.data[key]

    def save(self, run: str | Erasure, name: str = "", document: Any = None) -> None:
        if isinstance(run, Erasure):
            self.data[f"{ERASURES}{run.profiles[0]}.json"] = json.dumps(run.to_json()).encode()
        else:
            self.data[f"replays/{run}/{name}.json"] = json.dumps(document).encode()

    def load(self, run: str, name: str) -> Any:
        return json.loads(self.read(f"replays/{run}/{name}.json"))


class MemoryNotes:
    """NoteStore beside MemoryProfiles."""

    def __init__(self, profiles: MemoryProfiles) -> None:
        self._profiles = profiles
        self.notes: dict[str, Note] = {}
        self.gone: dict[Moved, None] = {}

    def save(self, note: Note) -> None:
        if note.profile not in self.notes or self.notes[note.profile].version < note.version:
            self.notes[note.profile] = note

    def of(self, shard: int) -> list[Note]:
        return [note for note in self.notes.values() if crc32(note.profile.encode()) % SHARDS == shard]

    def delete(self, note: Note) -> None:
        del self.notes[note.profile]

    def save_moved(self, moved: Moved) -> None:
        self.gone[moved] = None

    def moved(self, shard: int) -> list[Moved]:
        return [moved for moved in self.gone if crc32(moved.source.encode()) % SHARDS == shard]

    def delete_moved(self, moved: Moved) -> None:
        self.gone.pop(moved, None)

    def remember(self, identifiers: Iterable[str], erased: int) -> None:
        for key in identifiers:
            self._profiles.items["X", key] = (max(erased, self._profiles.items.get(("X", key), (0,))[0]),)


class Restored:
    """A table that is filled from what `bucket` holds of a world."""

    def __init__(self, bucket: MemoryBucket) -> None:
        self.bucket = bucket
        self.profiles = MemoryProfiles()
        self.notes = MemoryNotes(self.profiles)
        self.replay = Replay(bucket, self.profiles, self.notes)  # type: ignore[arg-type]
        self._runs = 0

    def run(self, world: World, chance: random.Random | None = None) -> dict[str, Any]:
        """One whole run; with `chance` the objects of each task and the tasks of a pass come in any order, some twice."""
        self.bucket.data |= {f"{RAW}{name}": data for name, data in world.raw.objects.items()}
        self._runs += 1
        run = f"run-{self._runs}"
        numbers = plan(self.bucket, run, T0)  # type: ignore[arg-type]
        for name in ("forget", "apply", "merge"):
            order = list(numbers[name])
            if chance is not None:
                order += chance.sample(order, len(order) // 2)
                chance.shuffle(order)
                for number in numbers[name] if name != "merge" else ():
                    keys = self.bucket.load(run, f"{name}-{number}")
                    chance.shuffle(keys)
                    self.bucket.save(run, f"{name}-{number}", keys)
            for number in order:
                self.replay.do(run, name, number)
        return summary(self.bucket, run)  # type: ignore[arg-type]


def shown(profiles: MemoryProfiles) -> dict[str, Any]:
    """All that a reader can see of a table: every profile with its timeline, and whose every identifier is."""
    reader = Profiles(profiles)  # type: ignore[arg-type]
    seen: dict[str, Any] = {}
    for kind, what in list(profiles.items):
        if what == "A":
            try:
                seen[kind] = reader.read(kind), reader.timeline(kind, 10_000)
            except NotFound:
                continue
        elif kind == "I":
            try:
                seen[what] = reader.find(*eval(what))
            except NotFound:
                continue
    return seen
