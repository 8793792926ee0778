"""Profiles in DynamoDB. This file and items.py are the only ones that know the keys of the profiles table.

    access                                   key                                  call
    aggregates of many profiles              P#<id> / A                           BatchGetItem, 100 a call
    write one aggregate                      P#<id> / A                           PutItem on its version
    write many aggregates                    P#<id> / A                           BatchExecuteStatement, on their versions
    write new pages before their aggregates  P#<id> / E#<lower>                   BatchExecuteStatement, if they are not there
    aggregates and pages together            P#<id> / A, E#<lower>                TransactWriteItems on their versions
    some pages                               P#<id> / E#<lower>                   BatchGetItem
    all pages of a profile                   P#<id> / begins with E#              Query
    whose an identifier is                   I#<type>#<value> / I                 BatchGetItem
    claim an identifier                      I#<type>#<value> / I                 PutItem if it is nobody's
    claim many identifiers                   I#<type>#<value> / I                 BatchExecuteStatement, if they are nobody's
    bind a user id to its profile            both                                 TransactWriteItems
    erased identifiers                       X#<SHA-256 of type, value> / X       BatchGetItem
    what else is an erased profile's         P#<id> / E#<lower> to M#<message>    Query, keys only
    delete it                                these, G#… / P#<id>, journey-…, L#…  BatchWriteItem, 25 a call
    profiles due                             index `due`: shard, due <= now       Query
    all profiles, in parallel parts          the whole table                      Scan, a segment each
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from socle.aws import Client, attempts, translated
from socle.errors import Conflict, Unavailable
from socle.events.model import Identifier, Tick
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import (
    DUE_SHARDS,
    Owner,
    aggregate_item,
    aggregate_of,
    erased_key,
    identifier_item,
    identifier_key,
    insert_statement,
    other_sides,
    owner_of,
    page_item,
    page_of,
    write_statement,
)
from socle.profiles.model import Aggregate, Page

PAGES_AGAIN = 15 * 60_000
"""Ms after an erasure at which pages are looked for again. A consumer that was sealing writes the page before the
aggregate, which then refuses it: the page may come after the erasure, but not after the longest time that a function has."""
_BATCH = 100
_DELETES = 25
_STATEMENTS = 25
_WAS_FIRST = {"ConditionalCheckFailed", "DuplicateItem", "TransactionConflict"}
_OVERLOADED = {"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError"}

K = TypeVar("K")


class ProfileStore:
    """Reads are strongly consistent, or, unless `fresh`, eventually, at half the price: what was written a moment ago may
    be missing. Writes are conditional and raise Conflict, or Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, profiles: Iterable[str], fresh: bool = True) -> dict[str, Aggregate]:
        """The aggregates; one that is not stored comes as an empty profile of version 0."""
        wanted = list(dict.fromkeys(profiles))
        found = {profile: Aggregate(profile) for profile in wanted}
        for item in self._get(({"PK": {"S": f"P#{profile}"}, "SK": {"S": "A"}} for profile in wanted), fresh):
            aggregate = aggregate_of(item)
            found[aggregate.id] = aggregate
        return found

    def load_pages(self, addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Page]:
        """The pages (profile, lower bound)."""
        keys = ({"PK": {"S": f"P#{profile}"}, "SK": {"S": f"E#{lower}"}} for profile, lower in addresses)
        pages = [page_of(item) for item in self._get(keys)]
        return {(page.profile, page.lower): page for page in pages}

    def save(self, aggregate: Aggregate, data: bytes, pages: Sequence[Page] = ()) -> None:
        """Write the next version of an aggregate, with pages in one transaction.

        Raises Conflict when another writer was first, Rejected(`item_too_large`) beyond 400 KB.
        """
        if pages:
            self.save_together([(aggregate, data)], pages)
            return
        with translated("the profile"):
            self._dynamodb.put_item(**self._put(aggregate_item(aggregate, data), aggregate.version))

    def save_each(self, writes: Sequence[tuple[Aggregate, bytes]]) -> set[str]:
        """Write the next versions of many aggregates, each by itself; answers those of which another writer was first.

        An aggregate whose due time has just ended is written with `save`: a statement adds attributes and removes none.
        """
        statements = {aggregate.id: write_statement(self._table, aggregate_item(aggregate, data), aggregate.version)
                      for aggregate, data in writes}
        return self._execute(statements, "the profiles")

    def insert_pages(self, pages: Sequence[Page]) -> set[tuple[str, str]]:
        """Write pages that no aggregate lists yet, each by itself; answers the addresses that were taken."""
        return self._execute({(page.profile, page.lower): insert_statement(self._table, page_item(page)) for page in pages},
                             "the pages")

    def save_together(self, aggregates: Sequence[tuple[Aggregate, bytes]], pages: Sequence[Page] = ()) -> None:
        """Write aggregates and pages in one transaction, each on its version."""
        puts = [self._put(aggregate_item(aggregate, data), aggregate.version) for aggregate, data in aggregates]
        puts += [self._put(page_item(page), page.version) for page in pages]
        with translated("the profile"):
            self._dynamodb.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def owners(self, identifiers: Iterable[Identifier], fresh: bool = True) -> dict[Identifier, Owner]:
        """Whose the identifiers are; those that are nobody's are left out."""
        keys = {identifier_key(identifier): identifier for identifier in identifiers}
        found: dict[Identifier, Owner] = {}
        for item in self._get(({"PK": {"S": key}, "SK": {"S": "I"}} for key in keys), fresh):
            found[keys[item["PK"]["S"]]] = owner_of(item)
        return found

    def claim(self, identifier: Identifier, owner: Owner, stale: str | None = None) -> Owner:
        """Give an identifier that is nobody's to `owner`; answers whose it is then, who may have been first.

        `stale` names an erased profile that the identifier may still point to: as good as nobody's.
        """
        try:
            with translated("the identifier"):
                self._dynamodb.put_item(**self._claim(identifier, owner, stale))
        except Conflict:
            # Not ReturnValuesOnConditionCheckFailure: after a retry inside botocore the row may well be our own.
            found = self.owners([identifier]).get(identifier)
            if found is None:
                raise
            return found
        return owner

    def claim_each(self, claims: Mapping[Identifier, Owner]) -> set[Identifier]:
        """Give identifiers that are nobody's to their owners, each by itself; answers those that were somebody's.

        After a retry inside botocore these may well be our own.
        """
        return self._execute({identifier: insert_statement(self._table, identifier_item(identifier, owner))
                              for identifier, owner in claims.items()}, "the identifiers")

    def bind(self, aggregate: Aggregate, data: bytes, identifier: Identifier, owner: Owner, stale: str | None = None) -> None:
        """Claim an identifier and write the aggregate that says so, both or neither. Raises Conflict."""
        with translated("the profile"):
            self._dynamodb.transact_write_items(TransactItems=[
                {"Put": self._put(aggregate_item(aggregate, data), aggregate.version)},
                {"Put": self._claim(identifier, owner, stale)}])

    def erased(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        """When those of the identifiers that belonged to erased people were erased, epoch ms."""
        keys = {erased_key(identifier): identifier for identifier in identifiers}
        return {keys[item["PK"]["S"]]: int(item["x"]["N"])
                for item in self._get({"PK": {"S": key}, "SK": {"S": "X"}} for key in keys)}

    def due(self, now: int, limit: int) -> list[Tick]:
        """At most about `limit` profiles whose due time has come, the longest due first within a shard."""
        ticks: list[Tick] = []
        for shard in range(DUE_SHARDS):
            with translated("the due index"):
                answer = self._dynamodb.query(
                    TableName=self._table, IndexName="due", Limit=max(1, limit // DUE_SHARDS),
                    KeyConditionExpression="dueShard = :shard AND due <= :now",
                    ExpressionAttributeValues={":shard": {"S": str(shard)}, ":now": {"N": str(now)}})
            ticks += [Tick(item["PK"]["S"][2:], int(item["due"]["N"])) for item in answer["Items"]]
        return ticks

    def scan(self, segment: int, segments: int) -> Iterator[Aggregate]:
        """Every profile that is somebody's, in one of `segments` parts (0-based); what is written meanwhile may be missing.

        Profiles that were merged away or erased, or that have no event yet, are left out.
        """
        place: dict[str, Any] = {}
        while True:
            with translated("the profiles"):
                answer = self._dynamodb.scan(
                    TableName=self._table, Segment=segment, TotalSegments=segments,
                    FilterExpression="SK = :aggregate AND attribute_not_exists(m) AND attribute_not_exists(x)",
                    ExpressionAttributeValues={":aggregate": {"S": "A"}}, **place)
            for item in answer["Items"]:
                aggregate = aggregate_of(item)
                if aggregate.snapshot.events:
                    yield aggregate
            place = {"ExclusiveStartKey": answer.get("LastEvaluatedKey")}
            if place["ExclusiveStartKey"] is None:
                return

    def forget(self, aggregate: Aggregate, identifiers: Iterable[Identifier], erased: int) -> None:
        """Erase one partition of a person: free its identifiers, delete its pages, leave nothing but a tombstone.

        The tombstone is due once, PAGES_AGAIN later. Every step can be repeated. Raises Conflict when the aggregate was
        written meanwhile.
        """
        for identifier in sorted(identifiers):
            self.free(identifier, aggregate.id, erased)
        self.delete_pages(aggregate.id)
        tombstone = Aggregate(aggregate.id, aggregate.version + 1, erased=erased, due=erased + PAGES_AGAIN)
        self.save(tombstone, encode_aggregate(tombstone))

    def delete_pages(self, profile: str) -> None:
        """Delete all pages of a profile, those too that no aggregate lists, its accounts (G#), what happened to it in journeys
        (J#), its counts for caps (K), the ledger of its messages (M#), and what else speaks of these (`other_sides`)."""
        start: dict[str, Any] = {}
        while True:
            with translated("the profile"):
                answer = self._dynamodb.query(
                    TableName=self._table, ProjectionExpression="PK, SK, a, j", ConsistentRead=True,
                    KeyConditionExpression="PK = :profile AND SK BETWEEN :pages AND :messages",
                    ExpressionAttributeValues={":profile": {"S": f"P#{profile}"}, ":pages": {"S": "E#"},
                                               ":messages": {"S": "M$"}}, **start)
            keys = [{"PK": item["PK"], "SK": item["SK"]} for item in answer["Items"]]
            # The other sides first: whoever breaks off in between finds the profile's side, and by it the other, again.
            others = [key for item in answer["Items"] for key in other_sides(item)]
            for some in (others, keys):
                for first in range(0, len(some), _DELETES):
                    self._delete([{"DeleteRequest": {"Key": key}} for key in some[first:first + _DELETES]])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def free(self, identifier: Identifier, profile: str, erased: int) -> None:
        """Remember that the owner of an identifier was erased, and let go of it if it still is that profile's."""
        with suppress(Conflict), translated("the identifier"):
            # On the time: of two owners who were erased, the later one counts.
            self._dynamodb.put_item(
                TableName=self._table, Item={"PK": {"S": erased_key(identifier)}, "SK": {"S": "X"}, "x": {"N": str(erased)}},
                ConditionExpression="attribute_not_exists(x) OR x < :erased",
                ExpressionAttributeValues={":erased": {"N": str(erased)}})
        with suppress(Conflict), translated("the identifier"):
            # On its owner: somebody new may have claimed it since.
            self._dynamodb.delete_item(
                TableName=self._table, Key={"PK": {"S": identifier_key(identifier)}, "SK": {"S": "I"}},
                ConditionExpression="p = :owner", ExpressionAttributeValues={":owner": {"S": profile}})

    def _delete(self, requests: list[dict[str, Any]]) -> None:
        for _ in attempts():
            with translated("the profile"):
                answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
            requests = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not requests:
                return
        raise Unavailable("throttled", "the profiles table is throttled: try again later")

    def _claim(self, identifier: Identifier, owner: Owner, stale: str | None) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._table, "Item": identifier_item(identifier, owner),
                               "ConditionExpression": "attribute_not_exists(PK)"}
        if stale is not None:
            put["ConditionExpression"] += " OR p = :stale"
            put["ExpressionAttributeValues"] = {":stale": {"S": stale}}
        return put

    def _put(self, item: Mapping[str, Any], version: int) -> dict[str, Any]:
        if version == 1:
            return {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
        return {"TableName": self._table, "Item": item, "ConditionExpression": "v = :was",
                "ExpressionAttributeValues": {":was": {"N": str(version - 1)}}}

    def _execute(self, statements: Mapping[K, dict[str, Any]], what: str) -> set[K]:
        """Run write statements; answers those whose condition did not hold. Statements that met an overload run again."""
        beaten: set[K] = set()
        left = list(statements)
        for _ in attempts():
            again: list[K] = []
            for start in range(0, len(left), _STATEMENTS):
                chunk = left[start:start + _STATEMENTS]
                with translated(what):
                    answer = self._dynamodb.batch_execute_statement(Statements=[statements[one] for one in chunk])
                for one, result in zip(chunk, answer["Responses"], strict=True):
                    code = result.get("Error", {}).get("Code")
                    if code in _WAS_FIRST:
                        beaten.add(one)
                    elif code in _OVERLOADED:
                        again.append(one)
                    elif code is not None:
                        raise RuntimeError(f"{what}: {code}: {result['Error'].get('Message')}")
            if not again:
                return beaten
            left = again
        raise Unavailable("throttled", f"{what} are throttled: try again later")

    def _get(self, keys: Iterable[Mapping[str, Any]], fresh: bool = True) -> Iterator[dict[str, Any]]:
        """BatchGetItem, 100 keys a call; keys that DynamoDB leaves unprocessed are asked for again."""
        left = iter(keys)
        while chunk := list(islice(left, _BATCH)):
            for _ in attempts():
                with translated("the profiles table"):
                    answer = self._dynamodb.batch_get_item(
                        RequestItems={self._table: {"Keys": chunk, "ConsistentRead": fresh}})
                yield from answer["Responses"].get(self._table, ())
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")
