"""Accounts in the profiles table. This file knows their keys; ProfileStore deletes the membership rows of who is erased.

    access                                  key                                       call
    accounts; whether one is a member       G#<group> / G, G#<group> / P#<profile>    BatchGetItem, 100 a call
    write an account                        G#<group> / G                             PutItem on its version
    put an account on the list              GA#<shard> / <group>                      PutItem
    make a profile a member                 P#<profile> / G#<group>, then
                                            G#<group> / P#<profile>                   PutItem
    members of an account                   G#<group> / begins with P#                Query
    accounts in order                       GA#<shard> / after a group                Query, one a shard
    delete members, take from the list      all of them                               BatchWriteItem, 25 a call
    what its people were given of it        G#<group> / F                             BatchGetItem, PutItem on its version

Attributes of an account: v version · b traits and sources (JSON) · d deleted at (epoch ms) · g whether it is gone.
Of what its people were given: v version · f facts (JSON).
The row under the profile comes first: whoever erases the person finds by it every row that names them.
"""

from __future__ import annotations

import heapq
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from socle.accounts.model import Account, MemberPage, Pushed, Seen, Write
from socle.aws import Client, attempts, translated
from socle.errors import Unavailable

LIST_SHARDS = 16
"""Partitions of the list, so that an import of a million accounts does not write to one."""
_GETS = 100
_DELETES = 25

Key = tuple[str, str]


class AccountStore:
    """Reads of accounts are strongly consistent, lists are not, unless asked. Raises Conflict, or Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, groups: Iterable[str]) -> dict[str, Account]:
        """The accounts; one that is not stored comes with version 0."""
        found = {group: Account(group) for group in groups}
        for item in self._get([_account_key(group) for group in found]):
            account = _account_of(item)
            found[account.id] = account
        return found

    def load_with_member(self, group: str, profile: str) -> tuple[Account, bool]:
        """The account, and whether the profile has a membership row in it."""
        account, member = Account(group), False
        for item in self._get([_account_key(group), _member_key(group, profile)]):
            if item["SK"]["S"] == "G":
                account = _account_of(item)
            else:
                member = True
        return account, member

    def members_of(self, group: str, profiles: Iterable[str]) -> set[str]:
        """Those of the profiles that have a membership row."""
        return {item["SK"]["S"][2:] for item in self._get([_member_key(group, profile) for profile in profiles])}

    def save(self, account: Account) -> None:
        """Write the next version. Raises Conflict when another writer was first."""
        data = {"t": [[name, *write] for name, write in account.traits.items()],
                "s": {source: list(seen) for source, seen in account.sources.items()}}
        item: dict[str, Any] = {**_key(_account_key(account.id)), "v": {"N": str(account.version)},
                                "b": {"S": json.dumps(data, ensure_ascii=False, separators=(",", ":"))}}
        if account.deleted:
            item |= {"d": {"N": str(account.deleted)}, "g": {"BOOL": account.gone}}
        self._put_next(item, account.version)

    def pushed(self, group: str) -> Pushed:
        """What its people were given last."""
        for item in self._get([_pushed_key(group)]):
            return Pushed(int(item["v"]["N"]), json.loads(item["f"]["S"]))
        return Pushed()

    def save_pushed(self, group: str, pushed: Pushed) -> None:
        """Write the next version. Raises Conflict when another writer was first."""
        self._put_next({**_key(_pushed_key(group)), "v": {"N": str(pushed.version)},
                        "f": {"S": json.dumps(pushed.facts, ensure_ascii=False, separators=(",", ":"))}}, pushed.version)

    def enlist(self, group: str) -> None:
        """Put an account on the list."""
        self._put(_list_key(group))

    def add_member(self, group: str, profile: str) -> None:
        """Make a profile a member."""
        self._put(_reverse_key(group, profile))
        self._put(_member_key(group, profile))

    def members(self, group: str, limit: int, after: str = "", fresh: bool = False) -> MemberPage:
        """Up to `limit` profiles with a membership row, in the order of their ids; unless `fresh`, the last may be missing."""
        found: list[str] = []
        start: dict[str, Any] = {"ExclusiveStartKey": _key(_member_key(group, after))} if after else {}
        while True:
            with translated("the account"):
                answer = self._dynamodb.query(
                    TableName=self._table, ProjectionExpression="SK", Limit=limit + 1 - len(found), ConsistentRead=fresh,
                    KeyConditionExpression="PK = :account AND begins_with(SK, :members)",
                    ExpressionAttributeValues={":account": {"S": f"G#{group}"}, ":members": {"S": "P#"}}, **start)
            found += [item["SK"]["S"][2:] for item in answer["Items"]]
            if len(found) > limit or "LastEvaluatedKey" not in answer:
                return MemberPage(found[:limit], len(found) > limit)
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def listed(self, limit: int, after: str = "") -> list[str]:
        """Up to `limit` group ids after the given one, in order."""
        merged = heapq.merge(*(self._shard(shard, limit, after) for shard in range(LIST_SHARDS)))
        return [group for group, _ in zip(merged, range(limit), strict=False)]

    def delete_members(self, group: str, profiles: Sequence[str]) -> None:
        """Delete the membership rows of these profiles."""
        self._delete([_member_key(group, profile) for profile in profiles])
        self._delete([_reverse_key(group, profile) for profile in profiles])

    def delist(self, group: str) -> None:
        """Take an account from the list."""
        self._delete([_list_key(group)])

    def _shard(self, shard: int, limit: int, after: str) -> Iterator[str]:
        condition, values = "PK = :shard", {":shard": {"S": f"GA#{shard}"}}
        if after:
            condition, values = "PK = :shard AND SK > :after", values | {":after": {"S": after}}
        with translated("the list of accounts"):
            answer = self._dynamodb.query(TableName=self._table, ProjectionExpression="SK", Limit=limit,
                                          KeyConditionExpression=condition, ExpressionAttributeValues=values)
        return iter([item["SK"]["S"] for item in answer["Items"]])

    def _put_next(self, item: dict[str, Any], version: int) -> None:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if version > 1:
            condition = {"ConditionExpression": "v = :was", "ExpressionAttributeValues": {":was": {"N": str(version - 1)}}}
        with translated("the account"):
            self._dynamodb.put_item(TableName=self._table, Item=item, **condition)

    def _put(self, key: Key) -> None:
        with translated("the account"):
            self._dynamodb.put_item(TableName=self._table, Item=_key(key))

    def _get(self, keys: Sequence[Key]) -> Iterator[Mapping[str, Any]]:
        for first in range(0, len(keys), _GETS):
            chunk = [_key(key) for key in keys[first:first + _GETS]]
            for _ in attempts():
                with translated("the accounts"):
                    answer = self._dynamodb.batch_get_item(
                        RequestItems={self._table: {"Keys": chunk, "ConsistentRead": True}})
                yield from answer["Responses"].get(self._table, ())
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")

    def _delete(self, keys: Sequence[Key]) -> None:
        for first in range(0, len(keys), _DELETES):
            requests = [{"DeleteRequest": {"Key": _key(key)}} for key in keys[first:first + _DELETES]]
            for _ in attempts():
                with translated("the account"):
                    answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
                requests = answer.get("UnprocessedItems", {}).get(self._table, [])
                if not requests:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")


def _account_key(group: str) -> Key:
    return f"G#{group}", "G"


def _pushed_key(group: str) -> Key:
    return f"G#{group}", "F"


def _member_key(group: str, profile: str) -> Key:
    return f"G#{group}", f"P#{profile}"


def _reverse_key(group: str, profile: str) -> Key:
    return f"P#{profile}", f"G#{group}"


def _list_key(group: str) -> Key:
    return f"GA#{zlib.crc32(group.encode()) % LIST_SHARDS}", group


def _key(key: Key) -> dict[str, Any]:
    return {"PK": {"S": key[0]}, "SK": {"S": key[1]}}


def _account_of(item: Mapping[str, Any]) -> Account:
    data = json.loads(item["b"]["S"])
    return Account(item["PK"]["S"][2:], int(item["v"]["N"]), {name: Write(*write) for name, *write in data["t"]},
                   {source: Seen(*seen) for source, seen in data["s"].items()},
                   int(item["d"]["N"]) if "d" in item else 0, item["g"]["BOOL"] if "g" in item else False)
