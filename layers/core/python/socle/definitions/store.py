"""Definitions in DynamoDB: the current document and every version of it.

    access                                    key                                     call
    the current document                      `<kind>` / `<name>`                     GetItem, consistent
    all current documents of a kind           `<kind>`                                Query
    one version                               `<kind>#<name>` / `V#<8 digits>`        GetItem
    the versions, newest first                `<kind>#<name>` / begins with `V#`      Query
    write a version                           both rows                               TransactWriteItems
"""

from __future__ import annotations

import json
from typing import Any

from socle.aws import Client, translated
from socle.definitions.model import Definition

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=True).encode


class DefinitionStore:
    """The definitions table. Raises Unavailable in an outage."""

    def __init__(self, client: Client, table: str) -> None:
        self._client = client
        self._table = table

    def current(self, kind: str, name: str) -> Definition | None:
        """The current version, or None when there is none or it was deleted."""
        item = self._get(kind, name)
        return _read(kind, name, item) if item else None

    def version(self, kind: str, name: str, version: int) -> Definition | None:
        """That version, a deletion included, or None."""
        item = self._get(f"{kind}#{name}", _version_key(version))
        return _read(kind, name, item) if item else None

    def versions(self, kind: str, name: str, limit: int, before: int | None = None) -> list[Definition]:
        """Up to `limit` versions below `before`, newest first."""
        upper = _version_key(before - 1) if before is not None else "V#99999999"
        items = self._query(
            ScanIndexForward=False, ConsistentRead=True, PaginationConfig={"MaxItems": limit, "PageSize": limit},
            KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high",
            ExpressionAttributeValues={":pk": {"S": f"{kind}#{name}"}, ":low": {"S": "V#"}, ":high": {"S": upper}})
        return [_read(kind, name, item) for item in items]

    def list_page(self, kind: str, limit: int, after: str | None = None) -> list[Definition]:
        """Up to `limit` current definitions whose names come after `after`, by name."""
        # A name is never empty, and a space sorts before all that a name may hold: "name " is just after "name".
        items = self._query(
            ConsistentRead=True, PaginationConfig={"MaxItems": limit, "PageSize": limit},
            KeyConditionExpression="PK = :pk AND SK > :after",
            ExpressionAttributeValues={":pk": {"S": kind}, ":after": {"S": f"{after or ''} "}})
        return [_read(kind, item["SK"]["S"], item) for item in items]

    def list_current(self, kind: str) -> list[Definition]:
        """All current definitions of a kind, by name: one eventually consistent Query a MB; callers may cache it."""
        items = self._query(KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": {"S": kind}})
        return [_read(kind, item["SK"]["S"], item) for item in items]

    def save(self, definition: Definition, replaces: int | None) -> None:
        """Write a version and make it the current one, both or neither.

        replaces  the version that is current now, None when there is none
        Raises Conflict when that is no longer so.
        """
        current: dict[str, Any]
        guard = _unchanged(replaces)
        key = {"PK": {"S": definition.kind}, "SK": {"S": definition.name}}
        if definition.deleted:
            current = {"Delete": {"TableName": self._table, "Key": key, **guard}}
        else:
            current = {"Put": {"TableName": self._table, "Item": {**key, **_write(definition)}, **guard}}
        version_key = {"PK": {"S": f"{definition.kind}#{definition.name}"},
                       "SK": {"S": _version_key(definition.version)}}
        version: dict[str, Any] = {
            "Put": {"TableName": self._table, "Item": {**version_key, **_write(definition)},
                    "ConditionExpression": "attribute_not_exists(PK)"}}
        with translated(f"{definition.kind}/{definition.name}"):
            self._client.transact_write_items(TransactItems=[current, version])

    def _get(self, partition: str, sort: str) -> dict[str, Any] | None:
        with translated("the definition"):
            answer = self._client.get_item(TableName=self._table, ConsistentRead=True,
                                           Key={"PK": {"S": partition}, "SK": {"S": sort}})
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def _query(self, **request: Any) -> list[dict[str, Any]]:
        with translated("the definitions"):
            pages = self._client.get_paginator("query").paginate(TableName=self._table, **request)
            return [item for page in pages for item in page["Items"]]


class ProposedStore(DefinitionStore):
    """The definitions as they would be: what is saved is seen by whoever reads from here, and written nowhere. What is stored is
    read once."""

    def __init__(self, client: Client, table: str) -> None:
        super().__init__(client, table)
        self._stored: dict[tuple[str, str], Definition | None] = {}
        self._kinds: dict[str, list[Definition]] = {}
        self._proposed: dict[tuple[str, str], Definition] = {}

    def current(self, kind: str, name: str) -> Definition | None:
        found = self._proposed.get((kind, name))
        if found is not None:
            return None if found.deleted else found
        if (kind, name) not in self._stored:
            self._stored[kind, name] = super().current(kind, name)
        return self._stored[kind, name]

    def version(self, kind: str, name: str, version: int) -> Definition | None:
        found = self._proposed.get((kind, name))
        return found if found is not None and found.version == version else super().version(kind, name, version)

    def list_page(self, kind: str, limit: int, after: str | None = None) -> list[Definition]:
        return [one for one in self.list_current(kind) if one.name > (after or "")][:limit]

    def list_current(self, kind: str) -> list[Definition]:
        if kind not in self._kinds:
            self._kinds[kind] = super().list_current(kind)
        found = {one.name: one for one in self._kinds[kind]}
        found |= {name: one for (of, name), one in self._proposed.items() if of == kind}
        return [one for _, one in sorted(found.items()) if not one.deleted]

    def save(self, definition: Definition, replaces: int | None) -> None:
        self._proposed[definition.kind, definition.name] = definition


def _version_key(version: int) -> str:
    return f"V#{version:08}"


def _unchanged(version: int | None) -> dict[str, Any]:
    if version is None:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {"ConditionExpression": "#version = :version", "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":version": {"N": str(version)}}}


def _write(definition: Definition) -> dict[str, Any]:
    item: dict[str, Any] = {
        "version": {"N": str(definition.version)}, "document": {"S": _dumps(definition.document)},
        "created": {"N": str(definition.created)}, "updated": {"N": str(definition.updated)},
    }
    return {**item, "deleted": {"BOOL": True}} if definition.deleted else item


def _read(kind: str, name: str, item: Any) -> Definition:
    return Definition(kind, name, int(item["version"]["N"]), json.loads(item["document"]["S"]),
                      int(item["created"]["N"]), int(item["updated"]["N"]),
                      item.get("deleted", {}).get("BOOL", False))
