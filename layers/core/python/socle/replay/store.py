"""What a replay reads and keeps beside profiles: objects and tasks in S3, notes and old erasures in the table it fills.

    access                          key                                           call
    all raw objects, all markers    raw/…, erasures/…                             ListObjectsV2
    one of them                     its key                                       GetObject
    the plan of a run               replays/<run>/plan.json                       PutObject, GetObject
    a task, and what it came to     replays/<run>/<pass>-<number>[-done].json     PutObject, GetObject
    note of a profile               R#<shard> / <profile>                         PutItem if it is newer, DeleteItem
    event that went elsewhere       R#<shard> / M#<partition>#<key>#<revision>…   PutItem if it is not there, DeleteItem
    both, of a shard                R#<shard>                                     Query
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
from socle.identity.model import Evidence
from socle.profiles.model import Member
from socle.replay.model import SHARDS, Moved, Note
from socle.replay.rows import Object

_MOVED = "M#"


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
                   "b": {"S": _dumps(note)}}, "v")

    def save_moved(self, moved: Moved) -> None:
        """Keep that an event went elsewhere, or that identifiers of it did."""
        self._put({"PK": {"S": f"R#{_shard(moved.source)}"}, "SK": {"S": _moved_name(moved)}, "v": {"N": "1"},
                   "b": {"S": json.dumps(moved)}}, "v")

    def moved(self, shard: int) -> Iterator[Moved]:
        """The events of a shard that went elsewhere."""
        for item in self._query(shard):
            if item["SK"]["S"].startswith(_MOVED):
                source, key, revision, unlinked, target = json.loads(item["b"]["S"])
                yield Moved(source, key, revision, None if unlinked is None else tuple((kind, value) for kind, value in unlinked),
                            target)

    def delete_moved(self, moved: Moved) -> None:
        """Let go of what was obeyed."""
        self._delete(moved.source, _moved_name(moved))

    def of(self, shard: int) -> Iterator[Note]:
        """The notes of a shard."""
        for item in self._query(shard):
            if not item["SK"]["S"].startswith(_MOVED):
                yield _loads(item["SK"]["S"], int(item["v"]["N"]), item["b"]["S"])

    def delete(self, note: Note) -> None:
        """Let go of a note that was obeyed: it may hold identifiers, which nothing else would erase from here."""
        self._delete(note.profile, note.profile)

    def remember(self, identifiers: Iterable[str], erased: int) -> None:
        """Remember of identifiers, given by their keys, that an owner was erased; a later erasure stays."""
        for key in identifiers:
            self._put({"PK": {"S": key}, "SK": {"S": "X"}, "x": {"N": str(erased)}}, "x")

    def _put(self, item: dict[str, Any], number: str) -> None:
        with suppress(Conflict), translated("the profiles table"):
            self._dynamodb.put_item(TableName=self._table, Item=item,
                                    ConditionExpression=f"attribute_not_exists(PK) OR {number} < :new",
                                    ExpressionAttributeValues={":new": item[number]})

    def _query(self, shard: int) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {"TableName": self._table, "KeyConditionExpression": "PK = :shard", "ConsistentRead": True,
                                 "ExpressionAttributeValues": {":shard": {"S": f"R#{shard}"}}}
        while True:
            with translated("the profiles table"):
                answer = self._dynamodb.query(**asked)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _delete(self, profile: str, name: str) -> None:
        with translated("the profiles table"):
            self._dynamodb.delete_item(TableName=self._table, Key={
                "PK": {"S": f"R#{_shard(profile)}"}, "SK": {"S": name}})


def _moved_name(moved: Moved) -> str:
    stays = "" if moved.unlinked is None else f"#{zlib.crc32(json.dumps(moved.unlinked).encode()):08x}"
    return f"{_MOVED}{moved.source}#{moved.key}#{moved.revision}{stays}"


def _dumps(note: Note) -> str:
    return json.dumps([{name: [*member[:3], *member.evidence] for name, member in note.members.items()},
                       sorted(note.reserved), sorted(note.apart), note.merged, sorted(note.named)])


def _loads(profile: str, version: int, text: str) -> Note:
    members, reserved, apart, merged, named = json.loads(text)
    return Note(profile, version, {
        name: Member(into, ceiling, of, Evidence(rule, at, (one[0], one[1]) if one else None, event, detail))
        for name, (into, ceiling, of, rule, at, one, event, detail) in members.items()},
        frozenset((kind, value) for kind, value in reserved), frozenset(apart), merged,
        frozenset((kind, value) for kind, value in named))


def _shard(profile: str) -> int:
    return zlib.crc32(profile.encode()) % SHARDS
