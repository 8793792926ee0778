"""Coupon codes in DynamoDB, in the table of definitions. A code is in two rows from its upload on: known for good, and free until
somebody has it.

    access                          key                                           call
    add a code                      `coupons#<pool>` / `C#<code>`, the free row   TransactWriteItems, neither if it is known
    the code of a person            `coupons#<pool>` / `P#<profile>`              GetItem, consistent
    a free code                     `coupons#<pool>#free` / `<digest>`            Query, consistent
    give a code                     its two rows and the person's                 TransactWriteItems
    how many there are              `coupons#<pool>` / begins with `C#`, `P#`     Query, counting

The free rows are in the order of digests, and everybody looks for one from a place of their own on: so two who take codes at the
same time do not want the same one. A code that is given is in the row of the person and marked in its own: it is never free
again, also not when it is uploaded again or the pool is deleted and made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.coupons.model import Counts
from socle.errors import Conflict, Unavailable

_PACK = 50
"""Codes of one transaction, of two rows each."""
_ATTEMPTS = 30
_LOOKED_AT = 4


class CouponStore:
    """The codes. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, pool: str, codes: Sequence[str]) -> int:
        """Add those that the pool does not know; how many these were. Adding the same again is safe, whatever went wrong."""
        left = list(dict.fromkeys(codes))
        return sum(self._add(pool, left[at:at + _PACK]) for at in range(0, len(left), _PACK))

    def given(self, pool: str, profile: str) -> str | None:
        """The person's code, if they have one."""
        with translated("the coupons"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_key(pool, f"P#{profile}"), ConsistentRead=True).get("Item")
        return item["code"]["S"] if item else None

    def give(self, pool: str, profile: str, at: int) -> str | None:
        """The person's code, from now on if not before; None when none is left. Asking again gives the same one.

        at  now, epoch ms
        """
        start = _digest(profile)
        for attempt in range(_ATTEMPTS):
            known = self.given(pool, profile)
            if known is not None:
                return known
            free = self._free(pool, start) or self._free(pool, "")
            if not free:
                return None
            digest, code = free[attempt % len(free)]
            try:
                self._give(pool, profile, digest, code, at)
            except Conflict:
                continue  # somebody took it, or this person got one
            return code
        raise Unavailable("contended", "the last codes of this pool are being taken: try again later")

    def counts(self, pool: str) -> Counts:
        """Codes uploaded and given; reads a MB for some 8,000 codes."""
        return Counts(self._count(pool, "C#"), self._count(pool, "P#"))

    def _add(self, pool: str, codes: list[str]) -> int:
        while codes:
            try:
                with translated("the coupons"):
                    try:
                        self._dynamodb.transact_write_items(TransactItems=[
                            write for code in codes for write in self._known_and_free(pool, code)])
                    except ClientError as error:
                        reasons = error.response.get("CancellationReasons", ())
                        taken = {index // 2 for index, reason in enumerate(reasons)
                                 if reason.get("Code") == "ConditionalCheckFailed"}
                        if not taken:
                            raise
                        codes = [code for index, code in enumerate(codes) if index not in taken]
                        continue
            except Conflict as error:  # the same codes are being uploaded elsewhere at this moment
                raise Unavailable("contended", "these codes are being written: send them again") from error
            return len(codes)
        return 0

    def _known_and_free(self, pool: str, code: str) -> list[dict[str, Any]]:
        return [{"Put": {"TableName": self._table, "Item": _key(pool, f"C#{code}"),
                         "ConditionExpression": "attribute_not_exists(PK)"}},
                {"Put": {"TableName": self._table, "Item": {**_free_key(pool, _digest(code)), "code": {"S": code}}}}]

    def _free(self, pool: str, start: str) -> list[tuple[str, str]]:
        with translated("the coupons"):
            found = self._dynamodb.query(
                TableName=self._table, ConsistentRead=True, Limit=_LOOKED_AT, KeyConditionExpression="PK = :pk AND SK >= :start",
                ExpressionAttributeValues={":pk": {"S": f"coupons#{pool}#free"}, ":start": {"S": start or "0"}})["Items"]
        return [(item["SK"]["S"], item["code"]["S"]) for item in found]

    def _give(self, pool: str, profile: str, digest: str, code: str, at: int) -> None:
        with translated("the coupons"):
            self._dynamodb.transact_write_items(TransactItems=[
                {"Delete": {"TableName": self._table, "Key": _free_key(pool, digest),
                            "ConditionExpression": "attribute_exists(PK)"}},
                {"Put": {"TableName": self._table, "Item": {**_key(pool, f"C#{code}"), "profile": {"S": profile},
                                                            "at": {"N": str(at)}}}},
                {"Put": {"TableName": self._table, "Item": {**_key(pool, f"P#{profile}"), "code": {"S": code},
                                                            "at": {"N": str(at)}},
                         "ConditionExpression": "attribute_not_exists(PK)"}}])

    def _count(self, pool: str, prefix: str) -> int:
        with translated("the coupons"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, Select="COUNT", KeyConditionExpression="PK = :pk AND begins_with(SK, :prefix)",
                ExpressionAttributeValues={":pk": {"S": f"coupons#{pool}"}, ":prefix": {"S": prefix}})
            return sum(page["Count"] for page in pages)


def _key(pool: str, sort: str) -> dict[str, Any]:
    return {"PK": {"S": f"coupons#{pool}"}, "SK": {"S": sort}}


def _free_key(pool: str, digest: str) -> dict[str, Any]:
    return {"PK": {"S": f"coupons#{pool}#free"}, "SK": {"S": digest}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
