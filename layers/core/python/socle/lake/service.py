"""The use case of compact_lake: raw objects that came since the last run become part of the lake.

plan → scatter (raw objects, a chunk each) → link (who is who) → depart (buckets that rows leave) → gather (buckets anew) →
publish. Each step can be repeated: it reads what never changes and writes the same objects again. The lake changes at one
call, the conditional PutObject of the manifest: before it there is the old lake, from it on the new one, and of two runs at
the same time one wins and the other one changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from socle.clock import DAY
from socle.erasures.store import PREFIX as ERASURES
from socle.iso import to_iso
from socle.lake.buckets import BUCKETS
from socle.lake.columns import Column
from socle.lake.consumed import Consumed
from socle.lake.gather import Inputs, depart, gather
from socle.lake.link import STATE, link
from socle.lake.manifest import KINDS, BucketFiles, Manifest, bucket_files
from socle.lake.manifest import held as columns_held
from socle.lake.query import Connection
from socle.lake.scatter import FEW, scatter
from socle.lake.store import LAKE, LakeStore
from socle.lake.store import PREFIX as RAW
from socle.replay.rows import Object, tasks

MAX_OBJECTS, MAX_BYTES = 5_000, 48 << 20
"""Of one chunk, as stored: about a million events."""
GROUP_BYTES = 128 << 20
"""Of the buckets that one task writes anew, one after the other."""
READ_AGAIN = 8
"""How many times tasks together read a chunk's rows before each bucket's go into a file of their own."""
ROW_BYTES = 150
"""What a new event about takes in a bucket."""
TABLES = ("events", "profiles")
KEPT = DAY
"""How long a file stays that is in neither the lake nor the one before: longer than any query runs."""

Connect = Callable[[Path], Connection]
"""Opens DuckDB with a directory for what memory does not hold; the library is heavy and only handlers know their memory."""


class Compaction:
    """`columns` answers the typed columns in use; `connect` opens DuckDB."""

    def __init__(self, store: LakeStore, connect: Connect, columns: Callable[[], Collection[Column]] = tuple,
                 buckets: int = BUCKETS) -> None:
        self._store = store
        self._connect = connect
        self._columns = columns
        self._buckets = buckets

    def plan(self, run: str, now: int) -> dict[str, Any]:
        """Find out what is new, and keep it as chunks. Answers their numbers, and `work`: whether there is anything to do.

        The first run of a day (UTC) also rewrites the buckets that lack a column in use.
        """
        manifest, tag = self._store.current()
        consumed = self._consumed(manifest)
        raw = [Object(found.key, found.size) for found in self._store.objects(RAW, consumed.after())
               if not consumed.has(found.key.removeprefix(RAW))]
        erasures = [found.key for found in self._store.objects(ERASURES) if found.key not in consumed.erasures]
        erased = sorted({one for data in self._store.read_all(erasures) for one in json.loads(data)["profiles"]})
        wanted = sorted(set(self._columns()))
        daily = manifest is not None and to_iso(manifest.made)[:10] != to_iso(now)[:10]
        lacking = [bucket for bucket, files in (manifest.buckets if manifest else {}).items()
                   if daily and not set(wanted) <= set(files.columns)]
        chunks = [list(keys) for keys in tasks(raw, MAX_OBJECTS, MAX_BYTES)]
        size = sum(found.size for found in raw) + sum(files.size for files in (manifest.buckets if manifest else {}).values())
        for number, keys in enumerate(chunks):
            self._store.save(run, f"chunk-{number}", keys)
        self._store.save(run, "plan", {
            "now": now, "tag": tag, "manifest": manifest.to_json() if manifest else None, "chunks": len(chunks),
            "erasures": erasures, "erased": erased, "columns": wanted, "lacking": lacking,
            "together": len(chunks) * (1 + size // GROUP_BYTES) <= READ_AGAIN})
        return {"chunks": list(range(len(chunks))), "work": bool(chunks or erased or lacking)}

    def scatter(self, run: str, chunk: int, disk: Path) -> None:
        """Type the rows of a chunk's raw objects and sort them into buckets."""
        keys = self._store.load(run, f"chunk-{chunk}")
        files = dict(zip(keys, self._store.fetch_all(keys, disk), strict=True))
        out = disk / "out"
        plan, buckets = self._plan(run)
        with self._connect(disk) as connection:
            came, unreadable = scatter(connection, list(files.values()), out, buckets, None if plan["together"] else FEW)
        bad = set(unreadable)
        parts = [part.name for part in (*came.rows, *came.people)]
        self._put(f"{LAKE}runs/{run}/{chunk}/", [*parts, came.heads], out)
        self._store.save(run, f"scattered-{chunk}", {
            **came._asdict(), "unreadable": [key for key, path in files.items() if path in bad]})

    def link(self, run: str, disk: Path) -> dict[str, Any]:
        """Find out who is who now, and which buckets change. Answers the numbers of the tasks that follow."""
        plan, buckets = self._plan(run)
        manifest = _manifest(plan)
        came = self._scattered(run, plan)
        heads = self._store.fetch_all([f"{LAKE}runs/{run}/{chunk}/{one['heads']}" for chunk, one in came], disk)
        state = {name: self._store.fetch(manifest.state[name], disk) for name in STATE} if manifest else {}
        out = disk / "out"
        out.mkdir()
        with self._connect(disk) as connection:
            linked = link(connection, heads, state, plan["erased"], out, buckets)
        self._put(f"{LAKE}state/{run}/", linked.files.values(), out)
        touched = {*linked.touched, *plan["lacking"]}
        sizes = {bucket: files.size for bucket, files in (manifest.buckets if manifest else {}).items()}
        for _, one in came:
            for _, those, rows in (*one["rows"], *one["people"]):
                touched |= set(those)
                sizes |= {bucket: sizes.get(bucket, 0) + ROW_BYTES * rows // len(those) for bucket in those}
        departs, groups = _groups(linked.sources, sizes), _groups(touched, sizes)
        self._store.save(run, "linked", {"departs": departs, "groups": groups})
        return {"departs": list(range(len(departs))), "groups": list(range(len(groups)))}

    def depart(self, run: str, task: int, disk: Path) -> None:
        """Put rows that leave some buckets where those that they go to find them."""
        gone: list[tuple[int, str]] = []
        plan, buckets = self._plan(run)
        came, out = self._scattered(run, plan), disk / "out"
        out.mkdir()
        with self._connect(disk) as connection:
            for bucket in self._store.load(run, "linked")["departs"][task]:
                inputs = self._inputs(run, plan, came, [bucket], (), disk)
                gone += depart(connection, bucket, inputs, out, buckets).items()
        self._put(f"{LAKE}runs/{run}/moves/", [name for _, name in gone], out)
        self._store.save(run, f"departed-{task}", gone)

    def gather(self, run: str, task: int, disk: Path) -> None:
        """Write some buckets anew."""
        made: dict[int, Any] = {}
        plan, buckets = self._plan(run)
        linked, came, out = self._store.load(run, "linked"), self._scattered(run, plan), disk / "out"
        out.mkdir()
        departed = [one for number in range(len(linked["departs"])) for one in self._store.load(run, f"departed-{number}")]
        with self._connect(disk) as connection:
            these = linked["groups"][task]
            inputs = self._inputs(run, plan, came, these, [name for target, name in departed if target in these], disk)
            for bucket, files in gather(connection, these, inputs, _columns(plan["columns"]), out, buckets).items():
                names = {kind: str(getattr(files, kind)) for kind in KINDS}
                keys = {kind: name and f"{LAKE}{kind}/{run}/{name}" for kind, name in names.items()}
                self._store.put_all([(keys[kind], out / name) for kind, name in names.items() if name])
                made[bucket] = {**files._asdict(), **keys}
        self._store.save(run, f"gathered-{task}", made)

    def publish(self, run: str, now: int) -> dict[str, Any]:
        """Make what the run wrote the lake, unless another run was first; then tidy up. Answers what the run came to."""
        plan, _ = self._plan(run)
        won, events = True, 0
        unreadable: list[str] = []
        if plan["chunks"] or plan["erased"] or plan["lacking"]:
            came = self._scattered(run, plan)
            events = sum(one["events"] for _, one in came)
            unreadable = [key for _, one in came for key in one["unreadable"]]
            won = self._replace(run, plan, set(unreadable), now)
        manifest = self._tables()
        if manifest is not None:
            self._tidy(manifest, now)
        version = manifest.version if manifest else 0
        return {"run": run, "events": events, "unreadable": unreadable, "won": won, "version": version}

    def _replace(self, run: str, plan: Mapping[str, Any], unreadable: Collection[str], now: int) -> bool:
        before = _manifest(plan)
        buckets: dict[int, BucketFiles] = dict(before.buckets) if before else {}
        for task in range(len(self._store.load(run, "linked")["groups"])):
            buckets |= {int(bucket): bucket_files(files) for bucket, files in self._store.load(run, f"gathered-{task}").items()}
        read = [key.removeprefix(RAW) for chunk in range(plan["chunks"]) for key in self._store.load(run, f"chunk-{chunk}")
                if key not in unreadable]
        consumed = self._consumed(before).plus(read, plan["erasures"], plan["now"])
        state = {name: f"{LAKE}state/{run}/{name}.parquet" for name in STATE}
        state["consumed"] = f"{LAKE}state/{run}/consumed.json.gz"
        self._store.put(state["consumed"], consumed.to_bytes())
        manifest = Manifest(before.version + 1 if before else 1, run, now, buckets, self._plan(run)[1], state,
                            tuple(sorted(before.keys)) if before else ())
        if self._store.publish(manifest, plan["tag"]):
            return True
        # An attempt whose answer was lost may have been the one that replaced it.
        current = self._store.manifest()
        return current is not None and current.run == run

    def _tables(self) -> Manifest | None:
        """Tell Athena and others which files the tables are; again if the lake is another one meanwhile."""
        manifest = self._store.manifest()
        while manifest is not None:
            for table in TABLES:
                lines = [f"s3://{self._store.bucket}/{getattr(files, table)}" for files in manifest.buckets.values()]
                self._store.put(f"{LAKE}tables/{table}/symlink.txt", "\n".join(lines).encode())
            latest = self._store.manifest()
            if latest is None or latest.version == manifest.version:
                break
            manifest = latest
        return manifest

    def _tidy(self, manifest: Manifest, now: int) -> None:
        """Delete what no reader can need: files of lakes before the last one, of runs that lost or broke off."""
        needed = manifest.keys | set(manifest.previous)
        self._store.delete(found.key for prefix in (*KINDS, "state", "runs") for found in self._store.objects(f"{LAKE}{prefix}/")
                           if found.key not in needed and found.written < now - KEPT)

    def _plan(self, run: str) -> tuple[dict[str, Any], int]:
        plan = self._store.load(run, "plan")
        manifest = _manifest(plan)
        return plan, manifest.bucket_count if manifest else self._buckets

    def _consumed(self, manifest: Manifest | None) -> Consumed:
        return Consumed.from_bytes(self._store.read(manifest.state["consumed"])) if manifest else Consumed()

    def _scattered(self, run: str, plan: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
        return [(chunk, self._store.load(run, f"scattered-{chunk}")) for chunk in range(plan["chunks"])]

    def _inputs(self, run: str, plan: Mapping[str, Any], came: Iterable[tuple[int, Mapping[str, Any]]], these: Collection[int],
                arriving: Collection[str], disk: Path) -> Inputs:
        manifest = _manifest(plan)
        held = [manifest.buckets[bucket] for bucket in these if bucket in manifest.buckets] if manifest else []
        new = {kind: [f"{LAKE}runs/{run}/{chunk}/{name}" for chunk, one in came for name, those, _ in one[kind]
                      if set(these) & set(those)] for kind in ("rows", "people")}
        fetch = self._store.fetch_all
        old = {kind: fetch([key for files in held if (key := getattr(files, kind))], disk) for kind in KINDS}
        links = {name: self._store.fetch(f"{LAKE}state/{run}/{name}.parquet", disk) for name in (*STATE, "changed")}
        return Inputs(old, fetch(new["rows"], disk), fetch([f"{LAKE}runs/{run}/moves/{name}" for name in arriving], disk),
                      fetch(new["people"], disk), links, columns_held(held))

    def _put(self, prefix: str, names: Iterable[str], directory: Path) -> None:
        self._store.put_all([(prefix + name, directory / name) for name in names])


def _manifest(plan: Mapping[str, Any]) -> Manifest | None:
    return Manifest.from_json(plan["manifest"]) if plan["manifest"] else None


def _columns(found: Iterable[Sequence[str]]) -> list[Column]:
    return [Column(*column) for column in found]


def _groups(buckets: Iterable[int], sizes: Mapping[int, int]) -> list[list[int]]:
    """Buckets in groups, each for one task."""
    groups: list[list[int]] = []
    size = GROUP_BYTES
    for bucket in sorted(buckets):
        if size + sizes.get(bucket, 0) > GROUP_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(bucket)
        size += sizes.get(bucket, 0)
    return groups
