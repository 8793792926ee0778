"""The catalogue in DynamoDB, in the table of definitions.

    access                              key                          call
    write items, whatever was there     `items#<type>` / `<id>`      BatchWriteItem of 25
    one item                            `items#<type>` / `<id>`      GetItem
    items of a type, by id              `items#<type>`               Query
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from socle.aws import Client, attempts, translated
from socle.errors import Unavailable
from socle.items.model import Item

PAGE_BYTES = 3 * 1024 * 1024
"""Bytes of JSON of one page, roughly: a function may answer 6 MB."""
_BATCH = 25


class ItemStore:
    """The catalogue. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def save(self, items: Iterable[Item]) -> None:
        """Write items; the last of several with the same id counts."""
        unique = {(item.type, item.id): item for item in items}
        rest = iter(unique.values())
        while batch := list(islice(rest, _BATCH)):
            asked = {self._table: [{"PutRequest": {"Item": _write(item)}} for item in batch]}
            for _ in attempts():
                with translated("the catalogue"):
                    asked = self._dynamodb.batch_write_item(RequestItems=asked).get("UnprocessedItems") or {}
                if not asked:
                    break
            else:
                raise Unavailable("throttled", "the catalogue is throttled: try again later")

    def get(self, type_: str, id_: str) -> Item | None:
        """One item."""
        with translated("the catalogue"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_key(type_, id_)).get("Item")
        return _read(type_, item) if item else None

    def page(self, type_: str, limit: int, after: str | None = None) -> tuple[list[Item], bool]:
        """Up to `limit` items of a type whose ids come after `after`, by id, of some PAGE_BYTES; whether there are more."""
        with translated("the catalogue"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, KeyConditionExpression="PK = :pk AND SK > :after",
                ExpressionAttributeValues={":pk": {"S": f"items#{type_}"}, ":after": {"S": after or " "}},
                PaginationConfig={"PageSize": limit + 1})
            found: list[Item] = []
            size = 0
            for item in chain.from_iterable(page["Items"] for page in pages):
                if len(found) == limit or size > PAGE_BYTES:
                    return found, True
                found.append(_read(type_, item))
                size += len(item["fields"]["S"].encode())
        return found, False


def _key(type_: str, id_: str) -> dict[str, Any]:
    return {"PK": {"S": f"items#{type_}"}, "SK": {"S": id_}}


def _write(item: Item) -> dict[str, Any]:
    return {**_key(item.type, item.id), "fields": {"S": json.dumps(item.fields, ensure_ascii=False, separators=(",", ":"))}}


def _read(type_: str, item: Any) -> Item:
    return Item(type_, item["SK"]["S"], json.loads(item["fields"]["S"]))
