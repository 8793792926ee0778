"""Quarantined events in S3: one immutable-named object a batch, newest first when listed.

    access             key                                                   call
    file a batch       `quarantine/<9999999999999 - ms>-<name>.ndjson.gz`    PutObject, If-None-Match: *
    newest objects     `quarantine/`                                         ListObjectsV2
    one object         its key                                               GetObject
    take events out    its key                                               PutObject or DeleteObject, If-Match

A line is `{"n": place, …the fields of Quarantined}`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict
from socle.events.model import Quarantined
from socle.quarantine.model import Held, stem_of

PREFIX = "quarantine/"
_SUFFIX = ".ndjson.gz"
_ATTEMPTS = 5

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class QuarantineStore:
    """The quarantine of one bucket. Raises Unavailable in an outage."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def save(self, name: str, rows: Sequence[Quarantined]) -> None:
        """File a batch under a name that is its own: the same batch again writes nothing. No rows, no object.

        If all its events were taken out before it is redelivered, they come back: replaying them again is harmless.

        name  1 to 200 of A-Z a-z 0-9 _ . -
        Raises Unavailable also when the same object is being deleted: try again.
        """
        if not rows:
            return
        # Not the first row's time: when the batch comes again, its rows may come in another order.
        stem = stem_of(name, min(row.received for row in rows))
        held = [Held(stem, place, row) for place, row in enumerate(rows)]
        with translated("the quarantine"):
            try:
                self._client.put_object(Bucket=self._bucket, Key=_key(stem), Body=_write(held), IfNoneMatch="*")
            except ClientError as error:
                if not _lost(error):
                    raise

    def stems(self, start: str = "") -> Iterator[str]:
        """The objects' names, newest first, from `start` on (that one included)."""
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": PREFIX}
        if start:
            # Listing begins after a key: all keys share their ending, so nothing lies between this and `start`'s.
            request["StartAfter"] = _key(start)[:-1]
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(**request))
        while page := self._next(pages):
            for entry in page.get("Contents", []):
                if entry["Key"].endswith(_SUFFIX):
                    yield entry["Key"][len(PREFIX):-len(_SUFFIX)]

    def load(self, stem: str) -> list[Held]:
        """What the object holds, in the order of the batch; empty when it is gone."""
        return self._load(stem)[0]

    def remove(self, stem: str, places: Collection[int]) -> int:
        """Take events out of an object, and the object away when it is empty. Answers how many were there.

        Raises Conflict when others keep changing the same object.
        """
        for _ in range(_ATTEMPTS):
            held, etag = self._load(stem)
            kept = [one for one in held if one.place not in places]
            if len(kept) == len(held):
                return 0
            if self._rewrite(stem, kept, etag):
                return len(held) - len(kept)
        raise Conflict("conflict", "others are changing the same part of the quarantine: try again")

    def _rewrite(self, stem: str, kept: Sequence[Held], etag: str) -> bool:
        """False when the object is not what it was when read."""
        with translated("the quarantine"):
            try:
                if kept:
                    self._client.put_object(Bucket=self._bucket, Key=_key(stem), Body=_write(kept), IfMatch=etag)
                else:
                    self._client.delete_object(Bucket=self._bucket, Key=_key(stem), IfMatch=etag)
            except ClientError as error:
                if not _lost(error):
                    raise
                return False
        return True

    def _load(self, stem: str) -> tuple[list[Held], str]:
        with translated("the quarantine"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=_key(stem))
                data = found["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return [], ""
        return [_read(stem, line) for line in gzip.decompress(data).decode().split("\n")], found["ETag"]

    @staticmethod
    def _next(pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with translated("the quarantine"):
            return next(pages, None)


def _key(stem: str) -> str:
    return f"{PREFIX}{stem}{_SUFFIX}"


def _lost(error: ClientError) -> bool:
    """Whether a conditional call found another object than it was to find, or none."""
    return error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "NoSuchKey")


def _write(held: Sequence[Held]) -> bytes:
    return gzip.compress("\n".join(_dumps({"n": one.place, **one.row._asdict()}) for one in held).encode(), mtime=0)


def _read(stem: str, line: str) -> Held:
    fields = json.loads(line)
    return Held(stem, fields.pop("n"), Quarantined(**fields))
