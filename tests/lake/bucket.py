"""S3 in a dictionary, as far as the lake asks it, and compactions over it; any call may break."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
from botocore.exceptions import ClientError

from socle.lake.columns import Column
from socle.lake.manifest import local_bucket
from socle.lake.query import open_bucket
from socle.lake.service import Compaction
from socle.lake.store import LakeStore, RawStore

NOON = 1_795_300_000_000


class Crash(Exception):
    """The function ended in the middle of a call."""


class Bucket:
    """`objects`: key → data. `fail` says of the n-th call from now whether it breaks before or after it took effect."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, int] = {}
        self.now = NOON
        self.calls: list[str] = []
        self.fail: tuple[int, str] | None = None
        self.after_each: Callable[[], None] = lambda: None
        self._lock = Lock()

    def _call(self, name: str, effect: Callable[[], Any]) -> Any:
        with self._lock:
            self.calls.append(name)
            kind = self.fail[1] if self.fail and len(self.calls) == self.fail[0] else ""
            if kind == "before":
                raise Crash
            answer = effect()
            self.after_each()
            if kind == "after":
                raise Crash
            return answer

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: Any) -> Any:
        def effect() -> None:
            held = self.objects.get(Key)
            if (IfMatch and (held is None or tag(held) != IfMatch)) or (IfNoneMatch and held is not None):
                raise _refused("PreconditionFailed", 412)
            self.objects[Key] = bytes(Body)
            self.written[Key] = self.now

        return self._call("put", effect)

    def get_object(self, Bucket: str, Key: str) -> Any:
        def effect() -> Any:
            if Key not in self.objects:
                raise _refused("NoSuchKey", 404)
            return {"Body": io.BytesIO(self.objects[Key]), "ETag": tag(self.objects[Key])}

        return self._call("get", effect)

    def list_objects_v2(self, Bucket: str, Prefix: str, StartAfter: str = "") -> Any:
        return self._call("list", lambda: {"Contents": [
            {"Key": key, "Size": len(data), "LastModified": datetime.fromtimestamp(self.written[key] / 1000, UTC)}
            for key, data in sorted(self.objects.items()) if key.startswith(Prefix) and key > StartAfter]})

    def delete_objects(self, Bucket: str, Delete: Any) -> None:
        self._call("delete", lambda: [self.objects.pop(one["Key"], None) for one in Delete["Objects"]])


def _refused(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "S3")


def tag(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()


class Lake:
    """A bucket and compactions of it; `columns` are those in use."""

    def __init__(self, buckets: int = 2) -> None:
        self.s3 = Bucket()
        self.store, self.raw = LakeStore(self.s3, "bucket"), RawStore(self.s3, "bucket")
        self.columns: list[Column] = []
        self.compaction = Compaction(
            self.store, lambda disk: duckdb.connect(config={"threads": 1}), lambda: self.columns, buckets)

    def steps(self, run: str) -> Any:
        """The steps of a run as the workflow takes them, one for each `next`: each can be called as often as one likes."""
        one, now = self.compaction, self.s3.now

        def on_disk(step: Callable[[Path], Any]) -> Any:
            with tempfile.TemporaryDirectory() as disk:
                return step(Path(disk))

        planned = yield lambda: one.plan(run, now)
        if planned["work"]:
            for task in planned["chunks"]:
                yield lambda task=task: on_disk(lambda disk: one.scatter(run, task, disk))
            linked = yield lambda: on_disk(lambda disk: one.link(run, disk))
            for task in linked["departs"]:
                yield lambda task=task: on_disk(lambda disk: one.depart(run, task, disk))
            for task in linked["groups"]:
                yield lambda task=task: on_disk(lambda disk: one.gather(run, task, disk))
        yield lambda: one.publish(run, now)

    def run(self, name: str, until: int | None = None) -> Any:
        """A whole run, or its first steps; answers what the last one did."""
        steps = self.steps(name)
        step, answer = next(steps), None
        for number in range(1_000):
            if until is not None and number == until:
                break
            answer = step()
            try:
                step = steps.send(answer)
            except StopIteration:
                break
        return answer

    def rows(self, query: str = 'SELECT message_id FROM events', columns: Any = ()) -> list[Any]:
        """The answers of all buckets together, sorted."""
        manifest = self.store.manifest()
        found: list[Any] = []
        with tempfile.TemporaryDirectory() as disk, duckdb.connect(config={"threads": 1}) as connection:
            for number, files in (manifest.buckets if manifest else {}).items():
                self.store.fetch_all(files.keys, Path(disk))
                open_bucket(connection, local_bucket(manifest, number, Path(disk)), columns)  # type: ignore[arg-type]
                found += [row[0] if len(row) == 1 else row for row in connection.execute(query).fetchall()]
        return sorted(found)
