"""The raw objects in S3, written once, never changed; and the lake, whose files are never changed either.

    access                    key                                                          call
    keep a batch              raw/dt=<day>/<shard>-<first>-<last>-<hash>.ndjson.gz         PutObject, If-None-Match: *
    keep what moves           raw/dt=<day>/unmerge-<profile>-<version>.ndjson.gz           PutObject, If-None-Match: *
    what may be new           raw/… after a day, erasures/…                                ListObjectsV2
    the lake as it is         lake/manifest.json                                           GetObject
    another lake instead      lake/manifest.json                                           PutObject, If-Match or If-None-Match
    its files                 lake/<events, profiles, shadow, hidden, state>/<run>/…       GetObject, PutObject
    papers of a run           lake/runs/<run>/…                                            GetObject, PutObject
    for Athena and others     lake/tables/<table>/symlink.txt                              PutObject
    what nobody needs         lake/…                                                       ListObjectsV2, DeleteObjects
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.events.model import Event
from socle.iso import to_iso
from socle.lake.manifest import Manifest
from socle.lake.raw import encode_moved

PREFIX = "raw/"
LAKE = "lake/"
MANIFEST = f"{LAKE}manifest.json"
_AT_ONCE = 10
"""Objects that are read or written at the same time: as many connections as a client keeps."""
_DELETE = 1_000
"""Keys that one DeleteObjects takes."""


class RawStore:
    """Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def save(self, batch: str, arrival: int, data: bytes) -> None:
        """Keep a batch that arrived at `arrival` (epoch ms); one that is there already stays as it is."""
        with translated("the bucket"):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=f"{PREFIX}dt={to_iso(arrival)[:10]}/{batch}.ndjson.gz", Body=data,
                                    IfNoneMatch="*", ContentType="application/x-ndjson", ContentEncoding="gzip")
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:  # 412: it is there
                    raise

    def save_moved(self, name: str, now: int, moved: Iterable[tuple[str, str, Event]]) -> None:
        """Keep what an unmerge moves, (from, to, event), at `now` (epoch ms)."""
        self.save(name, now, encode_moved(moved, name, now))


class Stored(NamedTuple):
    """An object: its key, its size in bytes, when it was written (epoch ms)."""

    key: str
    size: int
    written: int


class LakeStore:
    """The lake in S3. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def manifest(self) -> Manifest | None:
        """The lake as it is; None before the first compaction."""
        return self.current()[0]

    def current(self) -> tuple[Manifest | None, str | None]:
        """The lake as it is, and the tag by which it may be replaced."""
        with translated("the lake's manifest"):
            try:
                found = self._s3.get_object(Bucket=self.bucket, Key=MANIFEST)
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                return None, None
            return Manifest.from_json(found["Body"].read()), found["ETag"]

    def publish(self, manifest: Manifest, tag: str | None) -> bool:
        """Make this the lake, if nobody replaced the one of `tag` (None: there was none); False if somebody did."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with translated("the lake's manifest"):
            try:
                self._s3.put_object(Bucket=self.bucket, Key=MANIFEST, Body=manifest.to_json().encode(),
                                    ContentType="application/json", **condition)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
                    raise
                return False
        return True

    def objects(self, prefix: str, after: str = "") -> Iterator[Stored]:
        """The objects below a prefix whose keys come after `after`."""
        asked = {"Bucket": self.bucket, "Prefix": prefix, **({"StartAfter": after} if after else {})}
        while True:
            with translated("the bucket"):
                answer = self._s3.list_objects_v2(**asked)
            for found in answer.get("Contents", ()):
                yield Stored(found["Key"], found["Size"], int(found["LastModified"].timestamp() * 1000))
            if "NextContinuationToken" not in answer:
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def read(self, key: str) -> bytes:
        """An object."""
        with translated("the bucket"):
            return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def read_all(self, keys: Collection[str]) -> list[bytes]:
        """Objects, several at a time, in the order of their keys."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self.read, keys))

    def fetch(self, key: str, directory: Path) -> Path:
        """An object as a file below a directory, at the path that is its key; one that is there already is not read again."""
        path = directory / key
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(key))
        return path

    def fetch_all(self, keys: Collection[str], directory: Path) -> list[Path]:
        """Objects as files, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda key: self.fetch(key, directory), keys))

    def put(self, key: str, data: bytes) -> None:
        """Write an object; the same key always gets the same data."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def put_all(self, files: Collection[tuple[str, Path]]) -> None:
        """Write files, (key, path), several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda file: self.put(file[0], file[1].read_bytes()), files):
                pass

    def save(self, run: str, name: str, document: Any) -> None:
        """Keep a paper of a run."""
        self.put(f"{LAKE}runs/{run}/{name}.json", json.dumps(document, separators=(",", ":")).encode())

    def load(self, run: str, name: str) -> Any:
        """A paper of a run."""
        return json.loads(self.read(f"{LAKE}runs/{run}/{name}.json"))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are gone already don't matter."""
        keys = list(keys)
        for start in range(0, len(keys), _DELETE):
            with translated("the bucket"):
                self._s3.delete_objects(Bucket=self.bucket, Delete={
                    "Objects": [{"Key": key} for key in keys[start:start + _DELETE]], "Quiet": True})
