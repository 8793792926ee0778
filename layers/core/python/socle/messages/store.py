"""The ledger in the profiles table: what was sent to whom, at most once.

    access                                        key                                     call
    to whom an address got it                     L#<key>#<address digest> / L            BatchGetItem
    everything that the gate looks at             P#<id> / A, K, M#<key>; C#… / C         BatchGetItem, 100 keys a call
    claim messages                                P#<id> / M#<key>, K, A; L#…; C#…        TransactWriteItems, at most 100 items
    a message, some messages                      P#<id> / M#<key>                        BatchGetItem
    what became of them                           P#<id> / M#<key>                        BatchExecuteStatement, if it advances
    opened or clicked for the first time          P#<id> / M#<key>                        UpdateItem, if it is
    a person's messages                           P#<id> / begins with M#                 Query

A claim is one transaction. It writes the row of the ledger, the row of the address and the person's counts, and it stands only if
all of this still holds: nobody has claimed the message for any partition of the person, or for the address; the counts are those
that the gate saw; the aggregate has the version that the gate saw (no merge, no erasure, no event in between); the address is not
suppressed, and consent was not withdrawn since it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from socle.aws import Client, attempts, translated
from socle.errors import Conflict, Unavailable
from socle.messages.caps import Counts
from socle.messages.gate import Standing
from socle.messages.items import (
    Item,
    address_item,
    counts_item,
    counts_key,
    counts_of,
    message_item,
    message_key_of,
    message_of,
    standing_key,
    standing_of,
)
from socle.messages.model import FAILED, MARKETING, RANK, Address, Message
from socle.profiles.items import aggregate_of
from socle.profiles.model import Aggregate

ITEMS = 100
"""Of one transaction."""
_BATCH = 100
_STATEMENTS = 25
_LOST = {"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"}
_OVERLOADED = {"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError"}


class Claim(NamedTuple):
    """What one claim writes, and what must hold.

    message   the row as claimed
    before    the attempt before, which must have failed; None: there must be none
    root      the person; parts: its partitions, the message's own among them
    version   of the root's aggregate as the gate saw it
    purpose   MARKETING or TRANSACTIONAL
    granted   when consent was given, epoch ms
    counts    what the root's counts become and the version that they had; None: they are not touched
    """

    message: Message
    before: Message | None
    root: str
    parts: frozenset[str]
    version: int
    purpose: str
    granted: int
    counts: tuple[Counts, int] | None

    @property
    def items(self) -> int:
        """How many items of a transaction it takes."""
        return 3 + len(self.parts) + (self.counts is not None)


class Found(NamedTuple):
    """What the table holds of some people."""

    aggregates: dict[str, Aggregate]
    rows: dict[str, Message]
    counts: dict[str, tuple[int, Counts]]


class Ledger:
    """Reads are strongly consistent. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def look(self, profiles: Iterable[str], key: str) -> Found:
        """The aggregates of these partitions, their rows of a message key, their counts, each by partition where there is one."""
        found = Found({}, {}, {})
        keys = (one for profile in profiles for one in (
            {"PK": {"S": f"P#{profile}"}, "SK": {"S": "A"}}, message_key_of(profile, key), counts_key(profile)))
        for item in self._get(keys):
            profile, kind = item["PK"]["S"][2:], item["SK"]["S"]
            if kind == "A":
                found.aggregates[profile] = aggregate_of(item)
            elif kind == "K":
                found.counts[profile] = counts_of(item)
            else:
                found.rows[profile] = message_of(item)
        return found

    def standings(self, addresses: Iterable[Address]) -> dict[Address, Standing]:
        """What is known of these addresses and of their domains."""
        asked = list(dict.fromkeys(addresses))
        keys = {f"C#{one.channel}#{one.digest}": one for one in asked}
        domains = {f"C#domain#{one.value.rpartition('@')[2]}" for one in asked if one.channel == "email"}
        found = {item["PK"]["S"]: standing_of(item) for item in self._get(
            {"PK": {"S": key}, "SK": {"S": "C"}} for key in [*keys, *sorted(domains)])}
        answer = {}
        for key, one in keys.items():
            standing = found.get(key, Standing())
            domain = found.get(f"C#domain#{one.value.rpartition('@')[2]}") if one.channel == "email" else None
            if domain and domain.suppressed and not standing.suppressed:
                standing = standing._replace(suppressed=f"domain: {domain.suppressed}")
            answer[one] = standing
        return answer

    def owners(self, key: str, digests: Iterable[str]) -> dict[str, str]:
        """Digest of an address → the partition whose message of this key went there, of those that there are."""
        keys = ({"PK": {"S": f"L#{key}#{digest}"}, "SK": {"S": "L"}} for digest in dict.fromkeys(digests))
        return {item["PK"]["S"].rpartition("#")[2]: item["p"]["S"] for item in self._get(keys)}

    def claim(self, claims: Sequence[Claim]) -> None:
        """All of them or none; together at most ITEMS items, no two of one person or address.

        Raises Conflict when something of what must hold does not hold (any more).
        """
        writes = [write for claim in claims for write in self._writes(claim)]
        with translated("a message"):
            self._dynamodb.transact_write_items(TransactItems=writes)

    def get(self, profile: str, key: str) -> Message | None:
        """A row; None when there is none (any more)."""
        return self.load([(profile, key)]).get((profile, key))

    def load(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]:
        """The rows of these (profile, key) that there are."""
        unique = dict.fromkeys(names)
        rows = map(message_of, self._get(message_key_of(*name) for name in unique))
        return {(row.profile, row.key): row for row in rows}

    def advance(self, changes: Iterable[Message]) -> None:
        """Write state and reason of these rows, each if its attempt is the row's and its state ranks higher. Rows that are gone
        stay gone."""
        latest: dict[tuple[str, str], Message] = {}
        for one in changes:
            held = latest.get((one.profile, one.key))
            if held is None or (held.attempt, RANK[held.state]) < (one.attempt, RANK[one.state]):
                latest[one.profile, one.key] = one
        left = [self._advance(one) for one in latest.values()]
        for _ in attempts():
            again = []
            for first in range(0, len(left), _STATEMENTS):
                chunk = left[first:first + _STATEMENTS]
                with translated("the ledger"):
                    answer = self._dynamodb.batch_execute_statement(Statements=chunk)
                for statement, result in zip(chunk, answer["Responses"], strict=True):
                    code = result.get("Error", {}).get("Code")
                    if code in _OVERLOADED or code == "TransactionConflict":
                        again.append(statement)
                    elif code is not None and code not in _LOST:
                        raise RuntimeError(f"the ledger: {code}")
            if not again:
                return
            left = again
        raise Unavailable("throttled", "the ledger is throttled: try again later")

    def first(self, message: Message, what: str, at: int) -> bool:
        """Write that a message was `opened` or `clicked` at `at`; whether it was the first time."""
        name = {"opened": "o", "clicked": "k"}[what]
        try:
            with translated("the ledger"):
                self._dynamodb.update_item(
                    TableName=self._table, Key=message_key_of(message.profile, message.key),
                    UpdateExpression="SET #what = :at",
                    ConditionExpression="attribute_exists(PK) AND attribute_not_exists(#what)",
                    ExpressionAttributeNames={"#what": name}, ExpressionAttributeValues={":at": {"N": str(at)}})
        except Conflict:
            return False
        return True

    def of_profile(self, profiles: Iterable[str], limit: int) -> list[Message]:
        """The newest `limit` messages of a person, of all its partitions, newest first."""
        found: list[Message] = []
        for profile in profiles:
            with translated("the ledger"):
                pages = self._dynamodb.get_paginator("query").paginate(
                    TableName=self._table, ConsistentRead=True, KeyConditionExpression="PK = :profile AND begins_with(SK, :m)",
                    ExpressionAttributeValues={":profile": {"S": f"P#{profile}"}, ":m": {"S": "M#"}})
                found += [message_of(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda one: (one.at, one.tag), reverse=True)[:limit]

    def _writes(self, claim: Claim) -> Iterator[Item]:
        message, root = claim.message, claim.root
        yield {"Put": self._guarded(message_item(message), *_not_claimed(claim.before, message.profile))}
        for part in sorted(claim.parts - {message.profile}):
            # Whatever failed for another partition may be followed by an attempt of this one.
            condition, values = _not_claimed(claim.before, part)
            check = {"TableName": self._table, "Key": message_key_of(part, message.key), "ConditionExpression": condition}
            yield {"ConditionCheck": check | ({"ExpressionAttributeValues": values} if values else {})}
        owners = {f":p{place}": {"S": part} for place, part in enumerate(sorted(claim.parts))}
        yield {"Put": self._guarded(address_item(message), f"attribute_not_exists(PK) OR p IN ({', '.join(owners)})", owners)}
        if claim.counts is not None:
            counts, version = claim.counts
            yield {"Put": self._guarded(counts_item(root, counts, version + 1), *(
                ("v = :was", {":was": {"N": str(version)}}) if version else ("attribute_not_exists(PK)", {})))}
        yield {"ConditionCheck": {
            "TableName": self._table, "Key": {"PK": {"S": f"P#{root}"}, "SK": {"S": "A"}}, "ConditionExpression": "v = :seen",
            "ExpressionAttributeValues": {":seen": {"N": str(claim.version)}}}}
        yield {"ConditionCheck": self._may_be_written_to(claim)}

    def _may_be_written_to(self, claim: Claim) -> Item:
        check: Item = {"TableName": self._table, "Key": standing_key(claim.message.channel, claim.message.address),
                       "ConditionExpression": "attribute_not_exists(s)"}
        if claim.purpose != MARKETING:
            return check
        return {**check, "ConditionExpression": "attribute_not_exists(s) AND (attribute_not_exists(#topic) OR #topic < :granted) "
                                                "AND (attribute_not_exists(#all) OR #all < :granted)",
                "ExpressionAttributeNames": {"#topic": f"w:{claim.message.topic or ' none'}", "#all": "w:"},
                "ExpressionAttributeValues": {":granted": {"N": str(claim.granted)}}}

    def _guarded(self, item: Item, condition: str, values: Mapping[str, Any]) -> Item:
        put: Item = {"TableName": self._table, "Item": item, "ConditionExpression": condition}
        return put | ({"ExpressionAttributeValues": values} if values else {})

    def _advance(self, one: Message) -> Item:
        rank = {"N": str(RANK[one.state])}
        why = [{"S": one.reason}] if one.reason else []
        settings = 'SET "r"=?' + (' SET "why"=?' if why else "")
        return {"Statement": f'UPDATE "{self._table}" {settings} WHERE "PK"=? AND "SK"=? AND "n"=? AND "r"<?',
                "Parameters": [rank, *why, *message_key_of(one.profile, one.key).values(), {"N": str(one.attempt)}, rank]}

    def _get(self, keys: Iterable[Item]) -> Iterator[Item]:
        left = iter(keys)
        while chunk := list(islice(left, _BATCH)):
            for _ in attempts():
                with translated("the ledger"):
                    answer = self._dynamodb.batch_get_item(RequestItems={self._table: {"Keys": chunk, "ConsistentRead": True}})
                yield from answer["Responses"].get(self._table, ())
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the ledger is throttled: try again later")


def _not_claimed(before: Message | None, part: str) -> tuple[str, Mapping[str, Any]]:
    """The condition that a partition's row is not there, or is the attempt that failed."""
    if before is None:
        return "attribute_not_exists(PK)", {}
    return "attribute_not_exists(PK) OR (n <= :attempt AND r = :failed)", {
        ":attempt": {"N": str(before.attempt)}, ":failed": {"N": str(RANK[FAILED])}}
