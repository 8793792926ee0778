"""moto's DynamoDB with the answers that it gives anyway, in time that grows with the answer and not with the table.

Stock moto sorts the whole table for each query and copies it for each transaction (100,000 items: 0.6 s and 9 s).
`install` keeps an index beside each table and narrows what moto looks at; moto still decides what is in the answer.
Two limits that moto does not hold are held as well: BatchWriteItem takes 25 items, TransactGetItems 100.
"""

from __future__ import annotations

import bisect
import copy
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.dynamodb import models, responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from infra.local import statements
from infra.local.cloud import ACCOUNT, LOCK, REGION
from infra.local.patching import replace

MAX_BATCH_WRITE = 25
MAX_TRANSACT_GET = 100

Key = tuple[DynamoType, DynamoType | None]


class _Count:
    """How often rows were written whose partition is a kind of definitions: whatever is read of them is as it was until then."""

    def __init__(self) -> None:
        self.value = 0

    def up(self) -> None:
        self.value += 1


written = _Count()


class Index:
    """Where the items of one table are: by index name and hash value, and in scan order."""

    def __init__(self) -> None:
        self._items: dict[str, dict[DynamoType, dict[Key, Any]]] = {}
        self._places: dict[Key, list[tuple[str, DynamoType]]] = {}
        self._sorted: tuple[list[Any], list[Any]] | None = None
        self._lowest: dict[str, int | None] = {}

    def note(self, table: Table, key: Key, item: Any | None) -> None:
        """`item` is now what stands under `key`; None when it is gone."""
        self._sorted = None
        self._lowest.clear()
        if "#" not in str(key[0].value):
            written.up()
        for name, value in self._places.pop(key, []):
            del self._items[name][value][key]
        if item is None:
            return
        places = []
        for index in table.all_indexes():
            value = item.attrs.get(index.schema[0]["AttributeName"])
            if value is not None:
                # A copy: an update would change the value in place and lose it as a key.
                place = copy.deepcopy(value)
                self._items.setdefault(index.name, {}).setdefault(place, {})[key] = item
                places.append((index.name, place))
        if places:
            self._places[key] = places

    def under(self, index_name: str, value: DynamoType) -> list[Any]:
        """The items that may answer a query of this index."""
        return list(self._items.get(index_name, {}).get(value, {}).values())

    def lowest(self, index_name: str, sort_key: str) -> int | None:
        """The lowest number among all sort keys of an index; None when it holds nothing."""
        if index_name not in self._lowest:
            self._lowest[index_name] = min((int(item.attrs[sort_key].value)
                                            for items in self._items.get(index_name, {}).values()
                                            for item in items.values()), default=None)
        return self._lowest[index_name]

    def in_order(self, table: Table, everything: Any) -> tuple[list[Any], list[Any]]:
        """All items in scan order with their keys; sorted again only after a write."""
        if self._sorted is None:
            items = everything(table)
            self._sorted = items, [_order(table, item.hash_key, item.range_key) for item in items]
        return self._sorted


def lowest(table_name: str, index_name: str) -> int | None:
    """The lowest number among all sort keys of a table's index, whatever its partition; None when it holds nothing."""
    table = models.dynamodb_backends[ACCOUNT][REGION].tables[table_name]
    sort_key = table.get_index(index_name).schema[1]["AttributeName"]
    with LOCK:
        return _index(table).lowest(index_name, sort_key)


def texts(table_name: str, partition: str) -> list[str]:
    """Of each item of a partition, all of its texts in one."""
    table = models.dynamodb_backends[ACCOUNT][REGION].tables[table_name]
    with LOCK:
        held = table.items.get(DynamoType({"S": partition}), {})
        return [" ".join(str(value.value) for value in item.attrs.values() if value.type == "S") for item in held.values()]


def _order(table: Table, hash_key: Any, range_key: Any) -> Any:
    return (hash_key, range_key) if table.range_key_attr else hash_key


def _index(table: Table) -> Index:
    found: Index | None = table.__dict__.get("local_index")
    if found is None:
        found = Index()
        for key, item in _walk(table):
            found.note(table, key, item)
        table.__dict__["local_index"] = found
    return found


def _walk(table: Table) -> Iterator[tuple[Key, Any]]:
    for hash_key, held in table.items.items():
        if table.range_key_attr:
            for range_key, item in held.items():
                yield (hash_key, range_key), item
        else:
            yield (hash_key, None), held


class _NoTableCopies:
    """Stands in for the copy module inside moto.dynamodb.models: a transaction there copies whole tables."""

    def __init__(self) -> None:
        self.in_transaction = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(copy, name)

    def deepcopy(self, value: Any, memo: Any = None) -> Any:
        if isinstance(value, Table) and getattr(self.in_transaction, "on", False):
            return value
        return copy.deepcopy(value, memo)


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes. The caller serialises AWS calls (infra.local.cloud)."""
    narrowed = threading.local()
    all_items, query, scan = Table.all_items, Table.query, Table.scan
    put_item, delete_item = Table.put_item, Table.delete_item
    update_item, transact = DynamoDBBackend.update_item, DynamoDBBackend.transact_write_items

    @contextmanager
    def only(candidates: Any) -> Iterator[None]:
        narrowed.to = candidates
        try:
            yield
        finally:
            narrowed.to = None

    def fast_all_items(table: Table) -> Any:
        candidates = getattr(narrowed, "to", None)
        return candidates if candidates is not None else all_items(table)

    def fast_query(table: Table, hash_key: Any, *args: Any, **kwargs: Any) -> Any:
        index_name = kwargs.get("index_name", args[6] if len(args) > 6 else None)
        if index_name:
            conditions = kwargs.get("hash_key_conditions") or [(None, hash_key)]
            candidates = _index(table).under(index_name, conditions[0][1])
        else:
            held = table.items.get(hash_key)
            candidates = [] if held is None else list(held.values()) if table.range_key_attr else [held]
        with only(candidates):
            return query(table, hash_key, *args, **kwargs)

    def fast_scan(table: Table, filters: Any, limit: Any, start: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("index_name", args[1] if len(args) > 1 else None):
            return scan(table, filters, limit, start, *args, **kwargs)
        items, keys = _index(table).in_order(table, all_items)
        place = 0
        if start:
            range_key = DynamoType(start[table.range_key_attr]) if table.range_key_attr else None
            place = bisect.bisect_right(keys, _order(table, DynamoType(start[table.hash_key_attr]), range_key))
        with only(items[place:] if place else items):
            return scan(table, filters, limit, None, *args, **kwargs)  # type: ignore[arg-type]

    def get_item(table: Table, hash_key: Any, range_key: Any = None, projection_expression: Any = None) -> Any:
        """Stock get_item leaves an empty entry for each key that it does not find."""
        if table.has_range_key and not range_key:
            raise MockValidationException("Table has a range key, but no range key was passed into get_item")
        found: Any = table.items.get(hash_key)
        if found is not None and range_key:
            found = found.get(range_key)
        return found.project(projection_expression) if projection_expression and found else found

    def noting_put(table: Table, *args: Any, **kwargs: Any) -> Any:
        index = _index(table)
        item = put_item(table, *args, **kwargs)
        index.note(table, (item.hash_key, item.range_key), item)
        return item

    def noting_delete(table: Table, hash_key: Any, range_key: Any) -> Any:
        index = _index(table)
        item = delete_item(table, hash_key, range_key)
        index.note(table, (hash_key, range_key), None)
        return item

    def noting_update(backend: DynamoDBBackend, table_name: str, key: Any, *args: Any, **kwargs: Any) -> Any:
        table = backend.get_table(table_name)
        index = _index(table)
        try:
            return update_item(backend, table_name, key, *args, **kwargs)
        finally:  # an update that fails half-way may have changed the item
            place = backend.get_keys_value(table, key)
            index.note(table, place, table.get_item(*place))

    copies = _NoTableCopies()

    def fast_transact(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        """moto's own checks and writes, with a rollback of the items touched instead of a copy of the tables."""
        before = list(_touched(backend, items))
        shards = {id(table): table.stream_shard for table, _, _ in before if table.stream_shard}
        lengths = {name: len(shard.items) for name, shard in shards.items()}
        copies.in_transaction.on = True
        try:
            transact(backend, items)
        except Exception:  # whatever the reason, nothing of a failed transaction may stay
            for table, key, item in before:
                _restore(table, key, item)
            for name, shard in shards.items():
                del shard.items[lengths[name]:]
            raise
        finally:
            copies.in_transaction.on = False

    def limited_batch_write(handler: Any) -> Any:
        if sum(len(requests) for requests in handler.body["RequestItems"].values()) > MAX_BATCH_WRITE:
            raise MockValidationException("Too many items requested for the BatchWriteItem call")
        return batch_write(handler)

    batch_write = responses.DynamoHandler.batch_write_item
    replace(stack, responses.DynamoHandler, "batch_write_item", limited_batch_write)
    replace(stack, responses, "TRANSACTION_MAX_ITEMS", MAX_TRANSACT_GET)
    replace(stack, models, "copy", copies)
    for name, method in (("all_items", fast_all_items), ("query", fast_query), ("scan", fast_scan),
                         ("get_item", get_item), ("put_item", noting_put), ("delete_item", noting_delete)):
        replace(stack, Table, name, method)
    replace(stack, DynamoDBBackend, "update_item", noting_update)
    replace(stack, DynamoDBBackend, "transact_write_items", fast_transact)
    statements.install(stack)


def _touched(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> Iterator[tuple[Table, Key, Any]]:
    """Table, key and a copy of every item that a transaction names; what names none is left for moto to refuse."""
    for entry in items:
        operation = next(iter(entry.values()))
        table = backend.tables.get(operation.get("TableName", ""))
        if table is None:
            continue
        attributes = operation.get("Key") or operation.get("Item") or {}
        if all(name in attributes for name in table.table_key_attrs):
            key = backend.get_keys_value(table, attributes)
            yield table, key, copy.deepcopy(table.get_item(*key))


def _restore(table: Table, key: Key, item: Any | None) -> None:
    hash_key, range_key = key
    if item is None:
        if range_key is not None:
            table.items.get(hash_key, {}).pop(range_key, None)
        else:
            table.items.pop(hash_key, None)
    elif range_key is not None:
        table.items[hash_key][range_key] = item
    else:
        table.items[hash_key] = item
    _index(table).note(table, key, item)
