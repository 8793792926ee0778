"""Counts what AWS would bill for the calls of functions on the local machine, from the calls themselves and from the items in the
tables before and after: it knows nothing of campaigns."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import botocore.client
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra.local.runtime import Function
from socle.costs import prices
from socle.costs.units import Item, item_bytes, kinesis_kib, read_units, transaction_units, write_units

REGION = "us-east-1"
_STATEMENT = re.compile(r'(?:UPDATE|INSERT INTO) "?([\w.-]+)"?', re.IGNORECASE)


class Meter:
    """`units` so far, and `calls`, of the functions named."""

    def __init__(self, functions: Collection[str]) -> None:
        self.units: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._functions = functions
        self._here = threading.local()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count every call of boto3 that the functions make within."""
        invoke = Function.invoke

        def invoked(function: Function, *event: Any) -> Any:
            name = function.handler.partition(".")[0]
            before, self._here.counts = getattr(self._here, "counts", False), name in self._functions
            self.units[prices.INVOCATIONS] += name in self._functions
            try:
                return invoke(function, *event)
            finally:
                self._here.counts = before

        with self._calls(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(Function, "invoke", invoked)
            yield

    @contextmanager
    def _calls(self) -> Iterator[None]:
        before = botocore.client.BaseClient._make_api_call

        def call(client: Any, operation: str, asked: Mapping[str, Any]) -> Any:
            # Mails are sent by threads of the function's own.
            if not getattr(self._here, "counts", False) and operation != "SendEmail":
                return before(client, operation, asked)
            items = _touched(operation, asked)
            try:
                answer = before(client, operation, asked)
            except Exception:
                self._count(operation, asked, items, None)
                raise
            self._count(operation, asked, items, answer)
            return answer

        botocore.client.BaseClient._make_api_call = call  # type: ignore[method-assign]
        try:
            yield
        finally:
            botocore.client.BaseClient._make_api_call = before  # type: ignore[method-assign]

    def _count(self, operation: str, asked: Mapping[str, Any], before: dict[Any, Item | None], answer: Any) -> None:
        self.calls[operation] += 1
        after = _touched(operation, asked)
        if operation == "TransactWriteItems":
            self.units[prices.WRITES] += sum(transaction_units(before[key], after[key]) for key in before)
        elif operation in ("PutItem", "UpdateItem", "DeleteItem", "BatchExecuteStatement", "BatchWriteItem"):
            self.units[prices.WRITES] += sum(write_units(before[key], after[key]) for key in before)
        elif operation in ("GetItem", "BatchGetItem"):
            consistent = asked.get("ConsistentRead") or any(
                one.get("ConsistentRead") for one in asked.get("RequestItems", {}).values() if isinstance(one, dict))
            self.units[prices.READS] += sum(read_units(item, bool(consistent)) for item in before.values())
        elif operation == "Query":
            size = sum(item_bytes(item) for item in answer["Items"])
            units = max(1, -(-size // 4_096))
            self.units[prices.READS] += units if asked.get("ConsistentRead") else units / 2
        elif operation == "PutRecords":
            self.units[prices.STREAM_IN] += sum(kinesis_kib(one["PartitionKey"], one["Data"]) for one in asked["Records"])
        elif operation == "SendEmail":
            self.units[prices.MAILS] += 1
        elif operation in ("PutObject", "ListObjectsV2"):
            self.units[prices.PUTS] += 1
        elif operation == "GetObject":
            self.units[prices.GETS] += 1


def _touched(operation: str, asked: Mapping[str, Any]) -> dict[Any, Item | None]:
    """The items of a call as they are now, by table and key."""
    keys: list[tuple[str, Mapping[str, Any]]] = []
    if operation in ("PutItem", "GetItem", "UpdateItem", "DeleteItem"):
        keys = [(asked["TableName"], asked.get("Key") or asked["Item"])]
    elif operation == "TransactWriteItems":
        keys = [(one["TableName"], one.get("Key") or one["Item"]) for action in asked["TransactItems"] for one in action.values()]
    elif operation == "BatchGetItem":
        keys = [(table, key) for table, one in asked["RequestItems"].items() for key in one["Keys"]]
    elif operation == "BatchExecuteStatement":
        keys = [key for one in asked["Statements"] for key in _of_statement(one)]
    return {(table, key["PK"]["S"], key["SK"]["S"]): _item(table, key) for table, key in keys}


def _of_statement(one: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = _STATEMENT.match(one["Statement"])
    assert found, one["Statement"]
    names = re.findall(r"\"(\w+)\"\s*(?:=|<|<=)\s*\?", one["Statement"]) or re.findall(r"'(\w+)': \?", one["Statement"])
    values = dict(zip(names, one["Parameters"], strict=True))
    yield found[1], {"PK": values["PK"], "SK": values["SK"]}


def _item(table: str, key: Mapping[str, Any]) -> Item | None:
    found = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].get_item(table, {"PK": key["PK"], "SK": key["SK"]})
    return None if found is None else {name: value.to_json() for name, value in found.attrs.items()} if hasattr(
        next(iter(found.attrs.values())), "to_json") else found.attrs
