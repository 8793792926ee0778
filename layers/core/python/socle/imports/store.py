"""Imports in DynamoDB and S3: runs and how far they are; files, pieces, rejects, and what earlier runs of a mapping sent.

    access                                key                                             call
    a run                                 `imports` / `<id>`                              GetItem; PutItem over a version
    the runs, newest first                `imports`                                       Query
    how far a run is                      `imports#<id>` / `split` or `bucket#07`         PutItem, Query
    whose turn it is to use a mapping     `imports#turn` / `<mapping>`                    PutItem if free, DeleteItem if ours
    the file                              uploads/<id>/<name> or imports/<mapping>/…      HeadObject, GetObject by ranges
    mapping of a run, what its split left import-runs/<id>/mapping-….json, split.json     PutObject, GetObject
    pieces of rows, and rejects           import-runs/<id>/rows/…, rejects/…              PutObject, GetObject
    all rejects as one file               import-runs/<id>/rejects.csv                    PutObject in parts
    what was sent of a mapping's bucket   import-state/<mapping>/<bucket>                 GetObject, PutObject if unchanged
    what is being sent of it              import-state/<mapping>/<bucket>.sending         GetObject, PutObject
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, attempts, translated
from socle.errors import Conflict, NotFound, Rejected, Unavailable
from socle.imports.runs import Count, Run

GOOD_FOR = 3_600
"""Seconds for which a link to upload or download is good."""
RANGE = 8 * 1024 * 1024
"""Bytes of a file that are read by one call."""
PART = 8 * 1024 * 1024
"""Bytes of a part of a large object; S3 wants 5 MB at least."""
KEPT_DAYS = 90
_PARTITION, _TURN = "imports", "imports#turn"


class RunStore:
    """The definitions table, where runs are kept. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, id_: str) -> Run:
        """A run. Raises NotFound(`unknown_import`)."""
        with translated("the import"):
            item = self._dynamodb.get_item(TableName=self._table, ConsistentRead=True,
                                           Key={"PK": {"S": _PARTITION}, "SK": {"S": id_}}).get("Item")
        if item is None:
            raise NotFound("unknown_import", "there is no such import: GET /api/imports lists them", "id")
        return Run.from_row(json.loads(item["document"]["S"]))

    def save(self, run: Run) -> None:
        """Write a run over the version before it; version 1 is a new one. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if run.version > 1:
            guard = {"ConditionExpression": "version = :before",
                     "ExpressionAttributeValues": {":before": {"N": str(run.version - 1)}}}
        with translated("the import"):
            self._dynamodb.put_item(TableName=self._table, **guard, Item={
                "PK": {"S": _PARTITION}, "SK": {"S": run.id}, "version": {"N": str(run.version)},
                "document": {"S": json.dumps(run.to_row())}})

    def page(self, limit: int, before: str | None) -> list[Run]:
        """Up to `limit` runs older than the id `before`, newest first."""
        upper = {"S": before} if before else {"S": "~"}
        with translated("the imports"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, ScanIndexForward=False, ConsistentRead=True,
                KeyConditionExpression="PK = :pk AND SK < :before",
                ExpressionAttributeValues={":pk": {"S": _PARTITION}, ":before": upper},
                PaginationConfig={"MaxItems": limit, "PageSize": limit})  # one answer ends at 1 MB
            return [Run.from_row(json.loads(item["document"]["S"])) for page in pages for item in page["Items"]]

    def note(self, id_: str, part: str, count: Count, now: int) -> None:
        """Keep what a part of a run (`split`, `bucket#07`) has come to so far."""
        with translated("the import"):
            self._dynamodb.put_item(TableName=self._table, Item={
                "PK": {"S": f"{_PARTITION}#{id_}"}, "SK": {"S": part}, "document": {"S": json.dumps(count.to_row())},
                "ttl": {"N": str(now // 1_000 + KEPT_DAYS * 86_400)}})

    def notes(self, id_: str) -> dict[str, Count]:
        """Part -> what it has come to so far."""
        with translated("the import"):
            answer = self._dynamodb.query(
                TableName=self._table, KeyConditionExpression="PK = :pk", ConsistentRead=True,
                ExpressionAttributeValues={":pk": {"S": f"{_PARTITION}#{id_}"}})
        return {item["SK"]["S"]: Count.from_row(json.loads(item["document"]["S"])) for item in answer["Items"]}

    def take_turn(self, mapping: str, id_: str, now: int, until: int) -> None:
        """Let a run use a mapping alone, `until` (epoch ms) at the longest. Raises Conflict while another one does."""
        with translated("the mapping"):
            self._dynamodb.put_item(
                TableName=self._table, Item={"PK": {"S": _TURN}, "SK": {"S": mapping}, "run": {"S": id_},
                                             "until": {"N": str(until)}},
                ConditionExpression="attribute_not_exists(PK) OR run = :run OR #until < :now",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":run": {"S": id_}, ":now": {"N": str(now)}})

    def end_turn(self, mapping: str, id_: str) -> None:
        """Let the next run use the mapping."""
        try:
            with translated("the mapping"):
                self._dynamodb.delete_item(
                    TableName=self._table, Key={"PK": {"S": _TURN}, "SK": {"S": mapping}},
                    ConditionExpression="run = :run", ExpressionAttributeValues={":run": {"S": id_}})
        except Conflict:
            pass  # it is another run's, or nobody's


class ImportFiles:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def look(self, key: str) -> tuple[int, str] | None:
        """(bytes, ETag) of an object; None when it is not there."""
        with translated("the file"):
            try:
                found = self._s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise
        return int(found["ContentLength"]), str(found["ETag"])

    def open(self, key: str, size: int, etag: str) -> io.BufferedReader:
        """The object as a file that is read by ranges: little of it is in memory, and any part may be read again.

        Reading raises Rejected(`file_changed`) when there is another content under the key by now.
        """
        return io.BufferedReader(_Ranges(self._s3, self.bucket, key, size, etag), 1 << 20)

    def read(self, key: str) -> bytes | None:
        """An object whole; None when it is not there."""
        found = self.read_version(key)
        return found[0] if found else None

    def read_version(self, key: str) -> tuple[bytes, str] | None:
        """An object whole and its ETag; None when it is not there."""
        with translated("the bucket"):
            try:
                found = self._s3.get_object(Bucket=self.bucket, Key=key)
                return found["Body"].read(), str(found["ETag"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
        return None

    def write(self, key: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def replace(self, key: str, data: bytes, etag: str | None) -> None:
        """Write an object over the version `etag`, None for none. Raises Conflict."""
        guard = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with translated("the bucket"):
            try:
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, **guard)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("PreconditionFailed", "NoSuchKey"):
                    raise
                raise Conflict("conflict", "another run wrote the state of this mapping: reload it") from error

    def write_stream(self, key: str, chunks: Iterable[bytes], kind: str) -> None:
        """Write an object of any size from chunks; it is there whole or not at all."""
        with translated("the bucket"):
            upload: str | None = None
            parts: list[dict[str, Any]] = []
            for part, is_last in _parts(chunks):
                if upload is None and is_last:
                    self._s3.put_object(Bucket=self.bucket, Key=key, Body=part, ContentType=kind)
                    return
                if upload is None:
                    upload = self._s3.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=kind)["UploadId"]
                number = len(parts) + 1
                done = self._s3.upload_part(Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=part)
                parts.append({"PartNumber": number, "ETag": done["ETag"]})
            self._s3.complete_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload,
                                               MultipartUpload={"Parts": parts})

    def upload_link(self, key: str, size: int | None) -> str:
        """A URL that takes a PUT of the file (of exactly `size` bytes, when it is known) for GOOD_FOR seconds."""
        return self._link("put_object", {"Key": key} | ({"ContentLength": size} if size is not None else {}))

    def download_link(self, key: str) -> str:
        """A URL that answers the object for GOOD_FOR seconds."""
        name = key.rpartition("/")[2]
        return self._link("get_object", {"Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'})

    def _link(self, operation: str, asked: dict[str, Any], seconds: int = GOOD_FOR) -> str:
        return str(self._s3.generate_presigned_url(operation, Params={"Bucket": self.bucket, **asked}, ExpiresIn=seconds))


class _Ranges(io.RawIOBase):
    """An object, read by ranges."""

    def __init__(self, s3: Client, bucket: str, key: str, size: int, etag: str) -> None:
        self._s3, self._bucket, self._key, self._size, self._etag = s3, bucket, key, size, etag
        self._place = 0
        self._begin, self._data = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence])
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self._size:
            return 0
        if not self._begin <= self._place < self._begin + len(self._data):
            self._begin, self._data = self._place, self._fetch(self._place)
        offset = self._place - self._begin
        found = memoryview(self._data)[offset:offset + len(buffer)]
        buffer[:len(found)] = found
        self._place += len(found)
        return len(found)

    def _fetch(self, begin: int) -> bytes:
        """One range; a connection that breaks off within it is no reason to begin the file again."""
        last = min(begin + RANGE, self._size) - 1
        for _ in attempts():
            try:
                with translated("the file"):
                    answer = self._s3.get_object(Bucket=self._bucket, Key=self._key, Range=f"bytes={begin}-{last}",
                                                 IfMatch=self._etag)
                    return bytes(answer["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] in ("PreconditionFailed", "NoSuchKey", "412"):
                    raise Rejected("file_changed", "the file was overwritten or deleted meanwhile: start a new import") \
                        from error
                raise
            except Unavailable as error:
                lost = error
        raise lost


def _parts(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The chunks as parts of PART bytes or more; True with the last one, which may be smaller or empty."""
    held = bytearray()
    for chunk in chunks:
        if len(held) >= PART:
            yield bytes(held), False
            held.clear()
        held += chunk
    yield bytes(held), True
