"""Rows of memberships in the profiles table: who is in a segment, since when, and how they came and went.

    access                            key                                     call
    somebody moved                    S#<segment>#<shard> / <profile>         UpdateItem, if no later move is there
    an earlier move comes late        S#<segment>#<shard> / <profile>         BatchGetItem, PutItem if nobody else wrote meanwhile
    members, a page                   S#<segment>#<shard> / after a profile   Query, shard after shard
    people's rows in segments         S#<segment>#<shard> / <profile>         BatchGetItem, 100 a call
    delete rows                       S#<segment>#<shard> / <profile>         BatchWriteItem, 25 a call
    all rows of a segment             S#<segment>#<shard>                     Query, keys only
    a preview, by its function        preview_segment                         Invoke

Attributes: v version of the newest move · s since (epoch ms, only of those who are in) · t moves (Move.text), oldest first.
Who has left keeps a row: it says so to moves that come late, and to the timeline.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from socle.aws import Client, attempts, translated
from socle.errors import Conflict, Rejected, Unavailable
from socle.segments.membership import MAX_MOVES, Membership, Move

SHARDS = 16
"""Partitions of one segment, so that a million people who enter at once do not write to one."""
_GETS = 100
_DELETES = 25
_AT_ONCE = 8
_SHARD_AT_ONCE = 5_000
_QUERIES = 48
_SPARE = 250
"""Rows that a page of members looks at beside its members, per query: those of people who have left."""

Key = tuple[str, str]


class MembershipStore:
    """Reads are strongly consistent, pages of members are not. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, segment: str, profile: str, move: Move) -> None:
        """Write a move. In any order and any number of times the row becomes the same. Raises Conflict when others keep
        writing it."""
        try:
            self._append(_key(segment, profile), move)
            return
        except Conflict:
            pass  # a later move is there, this one is, or the row is full
        for _ in attempts():
            before = next(iter(self.load([segment], [profile])), None)
            after = (before or Membership(segment, profile, ())).with_move(move)
            if before is not None and after == before:
                return
            try:
                self._put(after, before)
                return
            except Conflict as error:
                lost = error
        raise lost

    def members(self, segment: str, limit: int, shard: int = 0,
                after: str = "") -> tuple[list[Membership], tuple[int, str] | None]:
        """Up to `limit` members from a place on, (shard, the profile before), and the place after them; None: no more.

        There may be fewer, even none, where many have left.
        """
        found: list[Membership] = []
        for _ in range(_QUERIES):
            start = {"ExclusiveStartKey": _item((f"S#{segment}#{shard}", after))} if after else {}
            with translated("the members"):
                answer = self._dynamodb.query(
                    TableName=self._table, KeyConditionExpression="PK = :shard", FilterExpression="attribute_exists(s)",
                    ExpressionAttributeValues={":shard": {"S": f"S#{segment}#{shard}"}}, Limit=limit + _SPARE, **start)
            found += map(_membership, answer["Items"])
            if len(found) > limit:
                return found[:limit], (shard_of(found[limit - 1].profile), found[limit - 1].profile)
            if "LastEvaluatedKey" in answer:
                after = answer["LastEvaluatedKey"]["SK"]["S"]
            elif shard + 1 == SHARDS:
                return found, None
            else:
                shard, after = shard + 1, ""
        return found, (shard, after)

    def load(self, segments: Iterable[str], profiles: Sequence[str], fresh: bool = True) -> list[Membership]:
        """The rows of these profiles in these segments, those of who has left too; unless `fresh`, the last may be missing."""
        keys = [_key(segment, profile) for segment in segments for profile in profiles]
        found: list[Membership] = []
        for first in range(0, len(keys), _GETS):
            chunk = [_item(key) for key in keys[first:first + _GETS]]
            for _ in attempts():
                with translated("the memberships"):
                    answer = self._dynamodb.batch_get_item(RequestItems={self._table: {"Keys": chunk, "ConsistentRead": fresh}})
                found += map(_membership, answer["Responses"].get(self._table, ()))
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")
        return found

    def forget(self, segments: Iterable[str], profiles: Sequence[str]) -> None:
        """Delete the rows of these profiles in these segments."""
        self._delete([_key(one.segment, one.profile) for one in self.load(segments, profiles)])

    def clear(self, segment: str) -> bool:
        """Delete rows of a segment, at most some 80,000 a call. Whether that were all."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return all(list(pool.map(lambda shard: self._clear(segment, shard), range(SHARDS))))

    def _clear(self, segment: str, shard: int) -> bool:
        deleted = 0
        start: dict[str, Any] = {}
        while deleted < _SHARD_AT_ONCE:
            with translated("the members"):
                answer = self._dynamodb.query(
                    TableName=self._table, KeyConditionExpression="PK = :shard", ProjectionExpression="PK, SK",
                    ExpressionAttributeValues={":shard": {"S": f"S#{segment}#{shard}"}}, ConsistentRead=True, Limit=1_000,
                    **start)
            self._delete([(item["PK"]["S"], item["SK"]["S"]) for item in answer["Items"]])
            deleted += len(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return True
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return False

    def _append(self, key: Key, move: Move) -> None:
        since, end = ("SET s = :at, v = :version", "") if move.entered else ("SET v = :version", " REMOVE s")
        values: dict[str, Any] = {":version": {"N": str(move.version)}, ":none": {"L": []}, ":move": {"L": [{"S": move.text}]},
                                  ":full": {"N": str(MAX_MOVES)}}
        if move.entered:
            values[":at"] = {"N": str(move.at)}
        with translated("the membership"):
            self._dynamodb.update_item(
                TableName=self._table, Key=_item(key), ExpressionAttributeValues=values,
                UpdateExpression=f"{since}, t = list_append(if_not_exists(t, :none), :move){end}",
                ConditionExpression="attribute_not_exists(PK) OR (v < :version AND size(t) < :full)")

    def _put(self, after: Membership, before: Membership | None) -> None:
        item: dict[str, Any] = {**_item(_key(after.segment, after.profile)), "v": {"N": str(after.moves[-1].version)},
                                "t": _moves(after)}
        if after.since is not None:
            item["s"] = {"N": str(after.since)}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if before is not None:
            condition = {"ConditionExpression": "t = :was", "ExpressionAttributeValues": {":was": _moves(before)}}
        with translated("the membership"):
            self._dynamodb.put_item(TableName=self._table, Item=item, **condition)

    def _delete(self, keys: Sequence[Key]) -> None:
        for first in range(0, len(keys), _DELETES):
            requests = [{"DeleteRequest": {"Key": _item(key)}} for key in keys[first:first + _DELETES]]
            for _ in attempts():
                with translated("the memberships"):
                    answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
                requests = answer.get("UnprocessedItems", {}).get(self._table, [])
                if not requests:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")


class PreviewFunction:
    """Asks preview_segment, which has the libraries to read the lake, and waits for it."""

    def __init__(self, functions: Client, name: str) -> None:
        self._functions = functions
        self._name = name

    def preview(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What Previews.preview answers. Raises what it raises, or Unavailable when it broke off."""
        with translated("the preview"):
            answer = self._functions.invoke(FunctionName=self._name, Payload=json.dumps({"document": document}).encode())
            found = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Unavailable("preview_failed", "the preview broke off, perhaps for want of time or memory: ask for less, or "
                              "save the segment and see who enters")
        if "refused" in found:
            raise Rejected(**found["refused"])
        return dict(found["preview"])


def shard_of(profile: str) -> int:
    """The part of a segment that a profile's row is in."""
    return zlib.crc32(profile.encode()) % SHARDS


def _key(segment: str, profile: str) -> Key:
    return f"S#{segment}#{shard_of(profile)}", profile


def _item(key: Key) -> dict[str, Any]:
    return {"PK": {"S": key[0]}, "SK": {"S": key[1]}}


def _moves(membership: Membership) -> dict[str, Any]:
    return {"L": [{"S": move.text} for move in membership.moves]}


def _membership(item: Mapping[str, Any]) -> Membership:
    return Membership(item["PK"]["S"].split("#")[1], item["SK"]["S"], tuple(Move.of(one["S"]) for one in item["t"]["L"]))
