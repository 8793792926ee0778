"""DynamoDB in a dictionary, which counts the units of each call: the calls of the hot path and no others.

An operation takes the parameters of the boto3 call, B as bytes, and answers what boto3 answers. `units` are write and read
units, `calls` how often each operation was called, `failed` conditions that did not hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from socle.costs.units import Item, index_units, read_units, write_units

WRITE, READ = "dynamodb write units", "dynamodb read units"
_INSERT = re.compile(r"INSERT INTO \"?[\w.-]+\"? VALUE \{(.*)\}")
_UPDATE = re.compile(r"UPDATE \"?[\w.-]+\"? (.*) WHERE (.*)")
_NAME = re.compile(r"['\"]?(\w+)['\"]?\s*[:=]\s*\?")

Key = tuple[str, str]


class ConditionFailed(Exception):
    """The condition of a write did not hold; the write is paid for all the same."""


class Table:
    """All tables as one: the benchmark's have no key in common."""

    def __init__(self, units: Counter[str]) -> None:
        self.items: dict[Key, Item] = {}
        self.units = units
        self.failed = 0

    def GetItem(self, call: Mapping[str, Any]) -> dict[str, Any]:
        item = self.items.get(_key(call["Key"]))
        self.units[READ] += read_units(item, call.get("ConsistentRead", False))  # type: ignore[assignment]
        return {"Item": item} if item else {}

    def BatchGetItem(self, call: Mapping[str, Any]) -> dict[str, Any]:
        ((table, wanted),) = call["RequestItems"].items()
        names = re.findall(r"\w+", wanted.get("ProjectionExpression", ""))
        found = []
        for key in wanted["Keys"]:
            item = self.items.get(_key(key))
            self.units[READ] += read_units(item, wanted.get("ConsistentRead", False))  # type: ignore[assignment]
            if item:
                found.append({name: item[name] for name in names if name in item} if names else item)
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def Query(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is found: the hot path asks for the definitions of webhooks only, and there are none."""
        self.units[READ] += read_units(None, call.get("ConsistentRead", False))  # type: ignore[assignment]
        return {"Items": [], "Count": 0}

    def PutItem(self, call: Mapping[str, Any]) -> dict[str, Any]:
        if not self._write(call["Item"], _holds(call, self.items.get(_key(call["Item"])))):
            raise ConditionFailed
        return {}

    def TransactWriteItems(self, call: Mapping[str, Any]) -> dict[str, Any]:
        puts = [action["Put"] for action in call["TransactItems"]]
        held = all(_holds(put, self.items.get(_key(put["Item"]))) for put in puts)
        for put in puts:
            self._write(put["Item"], held, factor=2)
        if not held:
            raise ConditionFailed
        return {}

    def BatchExecuteStatement(self, call: Mapping[str, Any]) -> dict[str, Any]:
        return {"Responses": [self._execute(one["Statement"], one["Parameters"]) for one in call["Statements"]]}

    def _execute(self, statement: str, parameters: list[Any]) -> dict[str, Any]:
        if insert := _INSERT.fullmatch(statement):
            item = dict(zip(_NAME.findall(insert[1]), parameters, strict=True))
            held = self._write(item, _key(item) not in self.items)
            return {} if held else {"Error": {"Code": "DuplicateItem", "Message": "it is there"}}
        update = _UPDATE.fullmatch(statement)
        if update is None or "REMOVE" in update[1]:
            raise NotImplementedError(statement)
        names, conditions = _NAME.findall(update[1]), _NAME.findall(update[2])
        changes = dict(zip(names, parameters[: len(names)], strict=True))
        wanted = dict(zip(conditions, parameters[len(names) :], strict=True))
        before = self.items.get(_key(wanted))
        held = before is not None and all(before.get(name) == value for name, value in wanted.items())
        self._write({**(before or {}), **changes, "PK": wanted["PK"], "SK": wanted["SK"]}, held)
        return {} if held else {"Error": {"Code": "ConditionalCheckFailed", "Message": "it is another"}}

    def _write(self, item: Item, held: bool, factor: int = 1) -> bool:
        key = _key(item)
        before = self.items.get(key)
        self.units[WRITE] += factor * write_units(before, item)
        self.failed += not held
        if held:
            self.units[WRITE] += index_units(before, item)
            self.items[key] = item
        return held


def _key(item: Mapping[str, Any]) -> Key:
    return item["PK"]["S"], item["SK"]["S"]


def _holds(put: Mapping[str, Any], before: Item | None) -> bool:
    """Whether the condition of a put holds: none, on the version, or that there is nothing."""
    condition = put.get("ConditionExpression")
    if condition is None:
        return True
    if condition == "v = :was":
        return before is not None and before.get("v") == put["ExpressionAttributeValues"][":was"]
    if condition == "attribute_not_exists(PK)":
        return before is None
    raise NotImplementedError(condition)
