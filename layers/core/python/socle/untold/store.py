"""Rows that no event tells, from the live profiles table to the restored one.

    access                               key                              call
    these rows of a segment              C#… / C, L#… / L, journey-…,     Scan with Segment, TotalSegments, strongly consistent
                                         P#… / K, M#…, J#…
    what is there of them by now         the same, restored table         BatchGetItem, 100 a call
    who is a tombstone there             P#<id> / A, restored table       BatchGetItem, 100 a call
    write rows that are not there        P#… / K, M#…; L#… / L            BatchExecuteStatement (INSERT), 25 a call
    write other rows                     any of them                      UpdateItem, if it is still what was read
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from socle.aws import Client, attempts, translated
from socle.errors import Unavailable
from socle.profiles.items import insert_statement
from socle.untold.rows import MINE, VALUES, Item, Key, key_of

_BATCH = 100
_STATEMENTS = 25
_OVERLOADED = {"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError",
               "TransactionConflict"}


class UntoldRows:
    """The live table, read part by part. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def pages(self, segment: int, segments: int) -> Iterator[list[Item]]:
        """The rows in segment number `segment` of `segments`, as many at a time as are in 1 MB of the table."""
        asked = {"TableName": self._table, "Segment": segment, "TotalSegments": segments, "ConsistentRead": True,
                 "FilterExpression": MINE, "ExpressionAttributeValues": VALUES}
        while True:
            with translated("the live table"):
                answer = self._dynamodb.scan(**asked)
            if answer["Items"]:
                yield [_in_order(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class CopiedRows:
    """The table that is filled. Reads are strongly consistent. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The rows that are there."""
        return {key_of(item): _in_order(item) for item in self._get(keys, {})}

    def erased(self, profiles: Iterable[str]) -> set[str]:
        """Those of the profiles that are tombstones."""
        found = self._get(((f"P#{profile}", "A") for profile in profiles), {"ProjectionExpression": "PK, x"})
        return {item["PK"]["S"][2:] for item in found if "x" in item}

    def insert(self, items: Iterable[Item]) -> set[Key]:
        """Write rows that are not there; answers those that were by now."""
        beaten: set[Key] = set()
        left = list(items)
        for _ in attempts():
            again = []
            for first in range(0, len(left), _STATEMENTS):
                chunk = left[first:first + _STATEMENTS]
                with translated("the restored table"):
                    answer = self._dynamodb.batch_execute_statement(
                        Statements=[insert_statement(self._table, item) for item in chunk])
                for item, result in zip(chunk, answer["Responses"], strict=True):
                    code = result.get("Error", {}).get("Code")
                    if code == "DuplicateItem":
                        beaten.add(key_of(item))
                    elif code in _OVERLOADED:
                        again.append(item)
                    elif code is not None:
                        raise RuntimeError(f"the restored table: {code}: {result['Error'].get('Message')}")
            if not again:
                return beaten
            left = again
        raise Unavailable("throttled", "the restored table is throttled: try again later")

    def change(self, held: Item | None, item: Item) -> None:
        """Make `item` of the row, of which `held` was read (None: nothing). Raises Conflict when it is not that any more."""
        names = {name: f"#n{place}" for place, name in enumerate(sorted({*item, *(held or {})} - {"PK", "SK"}))}
        before = held or {}
        holds = ["attribute_exists(PK)" if held else "attribute_not_exists(PK)"]
        sets, removes, values = [], [], {}
        for name, short in names.items():
            holds.append(f"{short} = :was{short[1:]}" if name in before else f"attribute_not_exists({short})")
            if name in before:
                values[f":was{short[1:]}"] = before[name]
            if name not in item:
                removes.append(short)
            elif item[name] != before.get(name):
                sets.append(f"{short} = :is{short[1:]}")
                values[f":is{short[1:]}"] = item[name]
        parts = [f"{verb} {', '.join(some)}" for verb, some in (("SET", sets), ("REMOVE", removes)) if some]
        if parts:
            with translated("a row of the restored table"):
                self._dynamodb.update_item(
                    TableName=self._table, Key={"PK": item["PK"], "SK": item["SK"]}, UpdateExpression=" ".join(parts),
                    ConditionExpression=" AND ".join(holds), ExpressionAttributeNames={s: n for n, s in names.items()},
                    **({"ExpressionAttributeValues": values} if values else {}))

    def _get(self, keys: Iterable[Key], asked: dict[str, Any]) -> Iterator[Item]:
        wanted = [{"PK": {"S": partition}, "SK": {"S": sort}} for partition, sort in dict.fromkeys(keys)]
        for first in range(0, len(wanted), _BATCH):
            chunk = wanted[first:first + _BATCH]
            for _ in attempts():
                with translated("the restored table"):
                    answer = self._dynamodb.batch_get_item(
                        RequestItems={self._table: {"Keys": chunk, "ConsistentRead": True, **asked}})
                yield from answer["Responses"].get(self._table, ())
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the restored table is throttled: try again later")


def _in_order(item: Item) -> Item:
    """Sets come in any order: so that two rows that say the same are equal."""
    return {name: {"NS": sorted(value["NS"])} if "NS" in value else value for name, value in item.items()}
