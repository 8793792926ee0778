"""Units are counted as AWS counts them: cases computed by hand."""

from __future__ import annotations

from collections import Counter

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from socle.costs.units import (
    index_units,
    item_bytes,
    kinesis_kib,
    kinesis_payload_units,
    read_units,
    sqs_requests,
    transaction_units,
    value_bytes,
    write_units,
)
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.table import READ, WRITE, ConditionFailed, Table

TABLE = "profiles"


def item(size: int, pk: str = "P#1", version: int = 1, **more: dict[str, str]) -> dict[str, dict[str, object]]:
    """An aggregate's item of `size` bytes in all."""
    plain = {"PK": {"S": pk}, "SK": {"S": "A"}, "v": {"N": str(version)}, "b": {"B": b""}, **more}
    return {**plain, "b": {"B": bytes(size - item_bytes(plain))}}


def table(*items: dict[str, dict[str, object]]) -> Table:
    found = Table(Counter())
    found.items = {(one["PK"]["S"], one["SK"]["S"]): one for one in items}  # type: ignore[misc]
    return found


def test_an_item_weighs_its_names_and_values() -> None:
    # PK 2 + 3, SK 2 + 1, v 1 + 2 (one digit pair and one), b 1 + 100
    assert item_bytes({"PK": {"S": "P#1"}, "SK": {"S": "A"}, "v": {"N": "7"}, "b": {"B": bytes(100)}}) == 112


@pytest.mark.parametrize(("value", "size"), [
    ({"S": "Zoë"}, 4), ({"B": bytes(9)}, 9), ({"N": "0"}, 1), ({"N": "7"}, 2), ({"N": "12"}, 2), ({"N": "123"}, 3),
    ({"N": "1700000000000"}, 2), ({"N": "1790000000001"}, 8), ({"N": "-12"}, 3)])
def test_a_value_weighs_its_utf8_its_bytes_or_its_significant_digits(value: dict[str, object], size: int) -> None:
    assert value_bytes(value) == size


def test_a_write_costs_the_larger_of_both_items_in_whole_kilobytes() -> None:
    assert item_bytes(item(1_024)) == 1_024
    assert write_units(None, item(1_024)) == 1
    assert write_units(None, item(1_025)) == 2
    assert write_units(item(3_000), item(100)) == 3
    assert write_units(item(100), None) == 1


def test_the_sparse_index_costs_what_comes_goes_or_moves() -> None:
    due = {"due": {"N": "5"}, "dueShard": {"S": "3"}}
    later = {"due": {"N": "6"}, "dueShard": {"S": "3"}}
    assert index_units(item(500), item(600)) == 0
    assert index_units(None, item(500, **due)) == 1
    assert index_units(item(500, **due), item(500)) == 1
    assert index_units(item(500, **due), item(2_000, **due)) == 0
    assert index_units(item(500, **due), item(500, **later)) == 2


def test_a_read_costs_four_kilobytes_each_and_half_when_it_may_be_old() -> None:
    assert read_units(item(4_096), consistent=True) == 1
    assert read_units(item(4_097), consistent=True) == 2
    assert read_units(item(4_097), consistent=False) == 1
    assert read_units(None, consistent=False) == 0.5


def test_each_item_of_a_batch_is_rounded_alone_and_a_missing_one_costs_too() -> None:
    store = table(item(100, "P#1"), item(5_000, "P#2"))
    keys = [{"PK": {"S": f"P#{number}"}, "SK": {"S": "A"}} for number in (1, 2, 3)]
    answer = store.BatchGetItem({"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": True}}})
    assert len(answer["Responses"][TABLE]) == 2
    assert store.units[READ] == 1 + 2 + 1


def test_a_transaction_costs_twice() -> None:
    store = table(item(1_500, version=1))
    put = {"Put": {"Item": item(900, version=2), "ConditionExpression": "v = :was",
                   "ExpressionAttributeValues": {":was": {"N": "1"}}}}
    new = {"Put": {"Item": item(900, "P#2"), "ConditionExpression": "attribute_not_exists(PK)"}}
    store.TransactWriteItems({"TransactItems": [put, new]})
    assert store.units[WRITE] == 2 * 2 + 2 * 1


def test_a_write_whose_condition_fails_is_paid_for_and_changes_nothing() -> None:
    before = item(1_500, version=2)
    store = table(before)
    with pytest.raises(ConditionFailed):
        store.PutItem({"Item": item(100), "ConditionExpression": "attribute_not_exists(PK)"})
    assert store.units[WRITE] == 2
    assert list(store.items.values()) == [before]


def test_statements_cost_what_the_writes_that_they_are_cost() -> None:
    store = table(item(1_500, version=1))
    data = {"B": bytes(600)}
    update = f'UPDATE "{TABLE}" SET "v"=? SET "b"=? WHERE "PK"=? AND "SK"=? AND "v"=?'
    key = [{"S": "P#1"}, {"S": "A"}]
    insert = f"INSERT INTO \"{TABLE}\" VALUE {{'PK': ?, 'SK': ?, 'v': ?, 'b': ?}}"
    answers = store.BatchExecuteStatement({"Statements": [
        {"Statement": update, "Parameters": [{"N": "2"}, data, *key, {"N": "1"}]},  # 2: the old item is the larger
        {"Statement": update, "Parameters": [{"N": "2"}, data, *key, {"N": "1"}]},  # 1: it is version 2 by now
        {"Statement": insert, "Parameters": [{"S": "P#2"}, {"S": "A"}, {"N": "1"}, data]},  # 1
        {"Statement": insert, "Parameters": [*key, {"N": "1"}, {"B": bytes(1_100)}]},  # 2: it is there
    ]})["Responses"]
    assert [one.get("Error", {}).get("Code") for one in answers] == [None, "ConditionalCheckFailed", None, "DuplicateItem"]
    assert store.units[WRITE] == 2 + 1 + 1 + 2
    assert store.items["P#1", "A"]["b"] == data


def test_a_record_is_rounded_up_with_its_key() -> None:
    assert kinesis_kib("k" * 24, bytes(1_000)) == 1
    assert kinesis_kib("k" * 25, bytes(1_000)) == 2
    assert kinesis_payload_units("k", bytes(25 * 1_024)) == 2


def test_a_queue_counts_a_request_for_each_64_kilobytes() -> None:
    assert [sqs_requests(size) for size in (0, 65_536, 65_537)] == [1, 1, 2]


@pytest.mark.parametrize("through_boto3", [True, False])
def test_with_boto3_and_without_the_same_is_stored_and_counted(through_boto3: bool) -> None:
    cloud = Cloud()
    real = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                        config=Config(retries={"total_max_attempts": 1}))
    real.meta.events.register("before-send", cloud._answer)
    client = real if through_boto3 else Direct(cloud)
    client.put_item(TableName=TABLE, Item=item(1_200))
    found = client.batch_get_item(RequestItems={TABLE: {"Keys": [{"PK": {"S": "P#1"}, "SK": {"S": "A"}}]}})
    assert found["Responses"][TABLE] == [item(1_200)]
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.put_item(TableName=TABLE, Item=item(100), ConditionExpression="attribute_not_exists(PK)")
    assert dict(cloud.units) == {WRITE: 4, READ: 0.5}
    assert dict(cloud.calls) == {"PutItem": 2, "BatchGetItem": 1}


@pytest.mark.parametrize(("value", "size"), [
    ({"BOOL": True}, 1), ({"NULL": True}, 1), ({"SS": ["ab", "é"]}, 4), ({"L": [{"S": "ab"}, {"N": "7"}]}, 3 + 3 + 3),
    ({"M": {"a": {"S": "bc"}}}, 3 + 1 + 1 + 2)])
def test_a_collection_weighs_what_is_in_it_and_its_frame(value: dict[str, object], size: int) -> None:
    assert value_bytes(value) == size


def test_what_a_transaction_only_looks_at_is_billed_as_a_write() -> None:
    assert transaction_units(item(1_500), item(1_500)) == 4
    assert transaction_units(None, None) == 2
