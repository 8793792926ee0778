"""The table in memory does what moto's does: the same conditions hold, the same items are left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local import statements
from tests.faults.dynamo import Dynamo

KEY = {"PK": {"S": "P#1"}, "SK": {"S": "M#1"}}
ITEM = {**KEY, "r": {"N": "1"}, "n": {"N": "2"}, "p": {"S": "p1"}, "w:": {"N": "10"}}
NAMES = {"#all": "w:", "#topic": "w:news"}
VALUES = {":low": {"N": "1"}, ":high": {"N": "11"}, ":p": {"S": "p1"}, ":q": {"S": "p2"}}
_WRITABLE = ("attribute_not_exists(s) AND (attribute_not_exists(#topic) OR #topic < {0}) "
             "AND (attribute_not_exists(#all) OR #all < {0})")
CONDITIONS = [
    "attribute_not_exists(PK)", "attribute_exists(PK)", "attribute_not_exists(s)", "r = :low", "r < :low", "r <= :low",
    "n = :low",
    "attribute_not_exists(PK) OR p IN (:p, :q)", "attribute_not_exists(PK) OR p IN (:q)",
    "attribute_not_exists(PK) OR (n <= :high AND r = :low)", _WRITABLE.format(":high"), _WRITABLE.format(":low"),
    "attribute_exists(PK) AND attribute_not_exists(#topic)", "NOT (r = :low AND n = :low)", "x = :low", "x < :high"]


@pytest.fixture
def tables() -> Iterator[tuple[Any, Dynamo]]:
    with ExitStack() as stack, mock_aws():
        statements.install(stack)
        real = boto3.client("dynamodb", region_name="us-east-1")
        real.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")], KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}])
        yield real, Dynamo()


def used(condition: str) -> dict[str, Any]:
    """The names and values that a condition has: AWS refuses others."""
    names, values = ({name: value for name, value in every.items() if name in condition.replace("(", " ").replace(
        ")", " ").replace(",", " ").split()} for every in (NAMES, VALUES))
    return {"ConditionExpression": condition} | ({"ExpressionAttributeNames": names} if names else {}) | (
        {"ExpressionAttributeValues": values} if values else {})


def outcome(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("there", [True, False])
def test_the_same_conditions_hold(tables, condition, there):
    found = []
    for table in tables:
        if there:
            table.put_item(TableName="t", Item=ITEM)
        check = {"TableName": "t", "Key": KEY, **used(condition)}
        found.append((
            outcome(lambda table=table, check=check: table.transact_write_items(TransactItems=[{"ConditionCheck": check}])),
            outcome(lambda table=table: table.put_item(TableName="t", Item={**KEY, "new": {"S": "1"}}, **used(condition))),
            table.get_item(TableName="t", Key=KEY).get("Item")))
    assert found[0] == found[1]


def test_the_same_updates_and_statements_leave_the_same_items(tables):
    left = []
    for table in tables:
        table.put_item(TableName="t", Item=ITEM)
        table.update_item(TableName="t", Key=KEY, UpdateExpression="SET s = :p, #topic = :high REMOVE p",
                          ExpressionAttributeNames={"#topic": "w:news"},
                          ExpressionAttributeValues={name: VALUES[name] for name in (":p", ":high")})
        table.update_item(TableName="t", Key=KEY, UpdateExpression="ADD n :low, m :low",
                          ExpressionAttributeValues={":low": VALUES[":low"]})
        codes = []
        for rank, attempt in (("2", "3"), ("2", "3"), ("5", "2"), ("1", "3"), ("5", "3")):
            statement = {"Statement": 'UPDATE "t" SET "r"=? SET "why"=? WHERE "PK"=? AND "SK"=? AND "n"=? AND "r"<?',
                         "Parameters": [{"N": rank}, {"S": rank}, KEY["PK"], KEY["SK"], {"N": attempt}, {"N": rank}]}
            [answer] = table.batch_execute_statement(Statements=[statement])["Responses"]
            codes.append(answer.get("Error", {}).get("Code"))
        left.append((codes, table.get_item(TableName="t", Key=KEY)["Item"]))
    assert left[0] == left[1]
    assert left[0][0] == [None, "ConditionalCheckFailed", "ConditionalCheckFailed", "ConditionalCheckFailed", None]


def test_a_transaction_is_done_whole_or_not_at_all(tables):
    for table in tables:
        table.put_item(TableName="t", Item=ITEM)
        other = {**KEY, "SK": {"S": "K"}, "v": {"N": "1"}}
        code = outcome(lambda table=table, other=other: table.transact_write_items(TransactItems=[
            {"Put": {"TableName": "t", "Item": other}},
            {"ConditionCheck": {"TableName": "t", "Key": KEY, "ConditionExpression": "attribute_not_exists(PK)"}}]))
        assert code == "TransactionCanceledException"
        assert "Item" not in table.get_item(TableName="t", Key={"PK": other["PK"], "SK": other["SK"]})
