"""Write keys in the definitions table.

    K#<sha256 of key> / K        a key that may be used: {source, expires?, ttl?}   read by: each new key in a container
    sources#<source>  / K#<id>   every key of a source, revoked ones too            read by: list, change

The first row is there exactly while the key is good and its source enabled, so that one read decides a request.
Both rows of a key change in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from socle.errors import Conflict, Unavailable
from socle.sources.model import KIND, WriteKey


class KeyStore:
    """Reads and writes key rows; Unavailable when DynamoDB cannot be asked."""

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._client = client or boto3.client("dynamodb", config=Config(
            connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}))

    def find(self, key_hash: str) -> tuple[str, int | None] | None:
        """(source, expires) of a key that may be used, or None. Consistent: a key works from when it was issued."""
        item = self._call("get_item", Key=_lookup_key(key_hash), ConsistentRead=True).get("Item")
        return (item["source"]["S"], _number(item, "expires")) if item else None

    def keys(self, source: str) -> list[WriteKey]:
        """All keys of a source, revoked ones too, oldest first."""
        query = {"KeyConditionExpression": "PK = :source AND begins_with(SK, :key)", "ConsistentRead": True,
                 "ExpressionAttributeValues": {":source": {"S": f"{KIND}#{source}"}, ":key": {"S": "K#"}}}
        found: list[WriteKey] = []
        page: dict[str, Any] = {}
        while True:
            page = self._call("query", **query,
                              **({"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}))
            found.extend(_read(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return sorted(found, key=lambda key: (key.created, key.id))

    def add(self, key: WriteKey, usable: bool) -> None:
        """Store a new key. Raises Conflict(`key_exists`) when its secret or its id is taken."""
        self._write([key], usable, new=True)

    def save(self, keys: Sequence[WriteKey], usable: bool) -> None:
        """Store the keys' new state, each key's rows together; usable: whether they may be used unless revoked."""
        for key in keys:
            self._write([key], usable, new=False)

    def _write(self, keys: Sequence[WriteKey], usable: bool, new: bool) -> None:
        condition = {"ConditionExpression": "attribute_not_exists(PK)"} if new else {}
        actions: list[dict[str, Any]] = []
        for key in keys:
            actions.append({"Put": {"TableName": self._table, "Item": _row(key), **condition}})
            if usable and key.revoked is None:
                actions.append({"Put": {"TableName": self._table, "Item": _lookup(key), **condition}})
            elif not new:
                actions.append({"Delete": {"TableName": self._table, "Key": _lookup_key(key.hash)}})
        try:
            self._call("transact_write_items", TransactItems=actions)
        except Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "TransactionCanceledException":
                raise Conflict("key_exists", "this write key is in use: issue another one") from error
            raise

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation != "transact_write_items":
            arguments["TableName"] = self._table
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("keys_unavailable", "write keys cannot be read right now: try again") from error
        return answer


def _lookup_key(key_hash: str) -> dict[str, Any]:
    return {"PK": {"S": f"K#{key_hash}"}, "SK": {"S": "K"}}


def _lookup(key: WriteKey) -> dict[str, Any]:
    item = _lookup_key(key.hash) | {"source": {"S": key.source}}
    if key.expires is not None:
        # DynamoDB clears the row away some time after it has expired (TTL, epoch seconds).
        item |= {"expires": {"N": str(key.expires)}, "ttl": {"N": str(-(-key.expires // 1000))}}
    return item


def _row(key: WriteKey) -> dict[str, Any]:
    item: dict[str, Any] = {"PK": {"S": f"{KIND}#{key.source}"}, "SK": {"S": f"K#{key.id}"}, "hash": {"S": key.hash},
                            "hint": {"S": key.hint}, "created": {"N": str(key.created)}}
    for name, value in (("expires", key.expires), ("revoked", key.revoked)):
        if value is not None:
            item[name] = {"N": str(value)}
    return item


def _read(item: dict[str, Any]) -> WriteKey:
    return WriteKey(item["SK"]["S"][2:], item["PK"]["S"].partition("#")[2], item["hash"]["S"], item["hint"]["S"],
                    int(item["created"]["N"]), _number(item, "expires"), _number(item, "revoked"))


def _number(item: dict[str, Any], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
