"""Quarantined events in S3: one immutable-named object a batch, newest first when listed.

    access                           key                                                   call
    file a batch                     `quarantine/<9999999999999 - ms>-<name>.ndjson.gz`    PutObject, If-None-Match: *
    newest objects                   `quarantine/`                                         ListObjectsV2
    one object                       its key                                               GetObject
    take events out                  its key                                               PutObject or DeleteObject, If-Match

A line is `{"n": place, …the fields of Quarantined}`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from socle.errors import Conflict, Unavailable
from socle.events.model import Quarantined
from socle.quarantine.model import Held, stem_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "quarantine/"
_SUFFIX = ".ndjson.gz"
_ATTEMPTS = 5

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class QuarantineStore:
    """The quarantine of one bucket. Calls to AWS that fail raise botocore's ClientError, unless said otherwise."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def save(self, name: str, rows: Sequence[Quarantined]) -> None:
        """File a batch under a name that is its own: the same batch again writes nothing. No rows, no object.

        name  1 to 200 of A-Z a-z 0-9 _ . -
        Raises Unavailable when a delete of the same object is under way: try again.
        """
        if not rows:
            return
        stem = stem_of(name, rows[0].received)
        held = [Held(stem, place, row) for place, row in enumerate(rows)]
        try:
            self._client.put_object(Bucket=self._bucket, Key=_key(stem), Body=_write(held), IfNoneMatch="*")
        except ClientError as error:
            if _code(error) == "PreconditionFailed":
                return
            if _code(error) == "ConditionalRequestConflict":
                raise Unavailable("quarantine_busy", "the quarantine object is being changed: try again") from error
            raise

    def stems(self, start: str = "") -> Iterator[str]:
        """The objects' names, newest first, from `start` on (that one included)."""
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": PREFIX}
        if start:
            # Listing begins after a key: all keys share their ending, so nothing lies between this and `start`'s.
            request["StartAfter"] = _key(start)[:-1]
        for page in self._client.get_paginator("list_objects_v2").paginate(**request):
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
            try:
                if kept:
                    self._client.put_object(Bucket=self._bucket, Key=_key(stem), Body=_write(kept), IfMatch=etag)
                else:
                    self._client.delete_object(Bucket=self._bucket, Key=_key(stem), IfMatch=etag)
            except ClientError as error:
                if _code(error) not in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
                    raise
                continue
            return len(held) - len(kept)
        raise Conflict("conflict", "others are changing the same part of the quarantine: try again")

    def _load(self, stem: str) -> tuple[list[Held], str]:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=_key(stem))
        except self._client.exceptions.NoSuchKey:
            return [], ""
        lines = gzip.decompress(found["Body"].read()).decode().split("\n")
        return [_read(stem, line) for line in lines], found["ETag"]


def _key(stem: str) -> str:
    return f"{PREFIX}{stem}{_SUFFIX}"


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _write(held: Sequence[Held]) -> bytes:
    return gzip.compress("\n".join(_dumps({"n": one.place, **one.row._asdict()}) for one in held).encode(), mtime=0)


def _read(stem: str, line: str) -> Held:
    fields = json.loads(line)
    return Held(stem, fields.pop("n"), Quarantined(**fields))
