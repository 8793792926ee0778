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

from socle.aws import Client, translated
from socle.errors import Unavailable
from socle.sources.model import KIND, WriteKey


class KeyStore:
    """Reads and writes key rows. Errors as socle.aws translates them."""

    def __init__(self, table: str, client: Client | None = None) -> None:
        self._table = table
        self._client = client or boto3.client("dynamodb", config=Config(
            connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}))

    def find(self, key_hash: str) -> tuple[str, int | None] | None:
        """(source, expires) of a key that may be used, or None. Consistent: a key works from when it was issued.

        Whatever goes wrong is Unavailable: a client that is told to come back loses nothing.
        """
        try:
            item = self._client.get_item(TableName=self._table, Key=_lookup_key(key_hash), ConsistentRead=True).get("Item")
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("keys_unavailable", "write keys can't be checked right now: try again later") from error
        return (item["source"]["S"], _number(item, "expires")) if item else None

    def keys(self, source: str) -> list[WriteKey]:
        """All keys of a source, revoked ones too, oldest first."""
        query: dict[str, Any] = {
            "TableName": self._table, "ConsistentRead": True,
            "KeyConditionExpression": "PK = :source AND begins_with(SK, :key)",
            "ExpressionAttributeValues": {":source": {"S": f"{KIND}#{source}"}, ":key": {"S": "K#"}}}
        found: list[WriteKey] = []
        while True:
            with translated(f"the list of write keys of {source}"):
                page = self._client.query(**query)
            found.extend(_read(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return sorted(found, key=lambda key: (key.created, key.id))
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def add(self, key: WriteKey, usable: bool) -> None:
        """Store a new key. Raises Conflict when its secret or its id is taken."""
        new = {"ConditionExpression": "attribute_not_exists(PK)"}
        puts = [{"Put": {"TableName": self._table, "Item": item, **new}}
                for item in ([_row(key), _lookup(key)] if usable else [_row(key)])]
        with translated(f"write key {key.id}"):
            self._client.transact_write_items(TransactItems=puts)

    def save(self, keys: Sequence[WriteKey], usable: bool) -> None:
        """Store the keys' new state; `usable`: whether they may be used unless they are revoked."""
        for key in keys:
            lookup: dict[str, Any] = {"Delete": {"TableName": self._table, "Key": _lookup_key(key.hash)}}
            if usable and key.revoked is None:
                lookup = {"Put": {"TableName": self._table, "Item": _lookup(key)}}
            row = {"Put": {"TableName": self._table, "Item": _row(key)}}
            with translated(f"write key {key.id}"):
                self._client.transact_write_items(TransactItems=[row, lookup])


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
