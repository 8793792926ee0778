"""What a replay reads and keeps beside profiles: objects and tasks in S3, notes and old erasures in the table it fills.

    access                          key                                           call
    all raw objects, all markers    raw/…, erasures/…                             ListObjectsV2
    one of them                     its key                                       GetObject
    the plan of a run               replays/<run>/plan.json                       PutObject, GetObject
    a task, and what it came to     replays/<run>/<pass>-<number>[-done].json     PutObject, GetObject
    note of a profile               R#<shard> / <profile>                         PutItem if it is newer, DeleteItem
    notes of a shard                R#<shard>                                     Query
    an identifier erased once       X#<hash> / X (socle.profiles.store)           PutItem if it is later
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict, Rejected
from socle.replay.model import SHARDS, Note
from socle.replay.rows import Object


class ReplayStore:
    """The bucket of a replay. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def objects(self, prefix: str) -> Iterator[Object]:
        """Every object under `prefix`, in the order of the keys."""
        asked = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            with translated("the bucket"):
                answer = self._s3.list_objects_v2(**asked)
            yield from (Object(found["Key"], found["Size"]) for found in answer.get("Contents", ()))
            if "NextContinuationToken" not in answer:
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def read(self, key: str) -> bytes:
        """An object. Raises Rejected(`missing_object`)."""
        with translated("the bucket"):
            try:
                return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
        raise Rejected("missing_object", "this object is gone: restore it from the bucket's older versions")

    def save(self, run: str, name: str, document: Any) -> None:
        """Keep a document of a run: its plan, a task, or what became of one."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=f"replays/{run}/{name}.json", Body=json.dumps(document).encode(),
                                ContentType="application/json")

    def load(self, run: str, name: str) -> Any:
        """A document of a run. Raises Rejected(`missing_object`)."""
        return json.loads(self.read(f"replays/{run}/{name}.json"))


class NoteStore:
    """Notes and tombstones in the table that is filled."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def save(self, note: Note) -> None:
        """Keep a note unless a newer one of the same profile is there."""
        self._put({"PK": {"S": f"R#{_shard(note.profile)}"}, "SK": {"S": note.profile}, "v": {"N": str(note.version)},
                   "m": {"L": [{"S": member} for member in note.members]},
                   "q": {"S": json.dumps(sorted(note.reserved))}}, "v")

    def of(self, shard: int) -> Iterator[Note]:
        """The notes of a shard."""
        asked: dict[str, Any] = {"TableName": self._table, "KeyConditionExpression": "PK = :shard", "ConsistentRead": True,
                                 "ExpressionAttributeValues": {":shard": {"S": f"R#{shard}"}}}
        while True:
            with translated("the profiles table"):
                answer = self._dynamodb.query(**asked)
            for item in answer["Items"]:
                yield Note(item["SK"]["S"], int(item["v"]["N"]), tuple(member["S"] for member in item["m"]["L"]),
                           frozenset((kind, value) for kind, value in json.loads(item["q"]["S"])))
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def delete(self, note: Note) -> None:
        """Let go of a note that was obeyed: it may hold identifiers, which nothing else would erase from here."""
        with translated("the profiles table"):
            self._dynamodb.delete_item(TableName=self._table, Key={
                "PK": {"S": f"R#{_shard(note.profile)}"}, "SK": {"S": note.profile}})

    def remember(self, identifiers: Iterable[str], erased: int) -> None:
        """Remember of identifiers, given by their keys, that an owner was erased; a later erasure stays."""
        for key in identifiers:
            self._put({"PK": {"S": key}, "SK": {"S": "X"}, "x": {"N": str(erased)}}, "x")

    def _put(self, item: dict[str, Any], number: str) -> None:
        with suppress(Conflict), translated("the profiles table"):
            self._dynamodb.put_item(TableName=self._table, Item=item,
                                    ConditionExpression=f"attribute_not_exists(PK) OR {number} < :new",
                                    ExpressionAttributeValues={":new": item[number]})


def _shard(profile: str) -> int:
    return zlib.crc32(profile.encode()) % SHARDS
