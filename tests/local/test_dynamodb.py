"""The quick DynamoDB answers as moto's own does, and keeps what the stores rely on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local import cloud, dynamodb
from socle.profiles import items

TABLE = "t"


def make_table() -> Any:
    client = boto3.client("dynamodb", region_name=cloud.REGION)
    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"},
                              {"AttributeName": "dueShard", "AttributeType": "S"},
                              {"AttributeName": "due", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "due", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "dueShard", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}]}])
    return client


@pytest.fixture
def client() -> Iterator[Any]:
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        cloud.install(stack, lambda: None)
        dynamodb.install(stack)
        yield make_table()


def item(pk: str, sk: str = "A", **more: Any) -> dict[str, Any]:
    return {"PK": {"S": pk}, "SK": {"S": sk}, **more}


def random_call(rng: random.Random) -> tuple[str, dict[str, Any]]:
    key = item(f"P#{rng.randrange(6)}", f"E#{rng.randrange(5)}")
    due = {"dueShard": {"S": str(rng.randrange(3))}, "due": {"N": str(rng.randrange(20))}} if rng.random() < .7 else {}
    names: dict[str, Any] = {"TableName": TABLE}
    condition = {"ConditionExpression": "attribute_not_exists(PK)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    update = {"Key": key, "UpdateExpression": "SET dueShard = :s, due = :d ADD n :one", "ExpressionAttributeValues": {
        ":s": {"S": str(rng.randrange(3))}, ":d": {"N": str(rng.randrange(20))}, ":one": {"N": "1"}}}
    page = rng.choice([{}, {"Limit": rng.randrange(1, 4)}])
    match rng.randrange(10):
        case 0 | 1:
            return "put_item", {**names, "Item": {**key, **due}, **rng.choice([{}, condition])}
        case 2:
            return "delete_item", {**names, "Key": key}
        case 3:
            return "update_item", {**names, **update}
        case 4:
            return "query", {**names, "KeyConditionExpression": "PK = :p", "ScanIndexForward": rng.random() < .5,
                             "ExpressionAttributeValues": {":p": key["PK"]}, **page}
        case 5:
            return "query", {**names, "KeyConditionExpression": "PK = :p AND SK >= :s", "ExpressionAttributeValues": {
                ":p": key["PK"], ":s": key["SK"]}, **page}
        case 6 | 7:
            return "query", {**names, "IndexName": "due", "KeyConditionExpression": "dueShard = :s AND due <= :d",
                             "ExpressionAttributeValues": {":s": {"S": str(rng.randrange(3))},
                                                           ":d": {"N": str(rng.randrange(20))}}, **page}
        case 8:
            return "scan", {**names, **page}
        case _:
            other = item(f"P#{rng.randrange(6)}", f"F#{rng.randrange(5)}")
            return "transact_write_items", {"TransactItems": [
                {"Put": {**names, "Item": {**other, **due}}},
                {"Update": {**names, **update}},
                {"Put": {**names, "Item": item("X", str(rng.randrange(3))), **rng.choice([{}, condition])}}]}


def outcome(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """The whole answer, following pages; of an error all that it tells."""
    try:
        answer = getattr(client, operation)(**parameters)
        pages = [answer]
        while "LastEvaluatedKey" in answer:
            answer = getattr(client, operation)(**parameters, ExclusiveStartKey=answer["LastEvaluatedKey"])
            pages.append(answer)
    except ClientError as error:
        return {key: value for key, value in error.response.items() if key != "ResponseMetadata"}
    return [{key: value for key, value in page.items() if key != "ResponseMetadata"} for page in pages]


def run(calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    client = make_table()
    return [outcome(client, *call) for call in calls]


@pytest.mark.parametrize("seed", range(2))
def test_random_histories_have_the_same_answers_as_on_stock_moto(seed: int) -> None:
    rng = random.Random(seed)
    calls = [random_call(rng) for _ in range(150)]
    with mock_aws():
        expected = run(calls)
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        cloud.install(stack, lambda: None)
        dynamodb.install(stack)
        assert run(calls) == expected


def test_moto_is_as_it_was_afterwards() -> None:
    from moto.dynamodb.models.table import Table

    before = dict(vars(Table))
    with ExitStack() as stack:
        dynamodb.install(stack)
        assert dict(vars(Table)) != before
    assert dict(vars(Table)) == before


def test_a_failed_condition_tells_the_item_that_was_there(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=item("a", v={"N": "1"}))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failure:
        client.put_item(TableName=TABLE, Item=item("a", v={"N": "2"}), ConditionExpression="attribute_not_exists(PK)",
                        ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert failure.value.response["Item"] == item("a", v={"N": "1"})


def test_a_cancelled_transaction_gives_the_reason_of_each_item_and_changes_nothing(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=item("a", v={"N": "1"}))
    with pytest.raises(client.exceptions.TransactionCanceledException) as failure:
        client.transact_write_items(TransactItems=[
            {"Put": {"TableName": TABLE, "Item": item("b")}},
            {"Put": {"TableName": TABLE, "Item": item("a"), "ConditionExpression": "attribute_not_exists(PK)",
                     "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
            {"ConditionCheck": {"TableName": TABLE, "Key": item("c"), "ConditionExpression": "attribute_exists(PK)"}}])
    reasons = failure.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == item("a", v={"N": "1"})
    assert client.get_item(TableName=TABLE, Key=item("b")).get("Item") is None


def test_a_transaction_takes_a_hundred_items_and_not_one_more(client: Any) -> None:
    def puts(count: int) -> list[dict[str, Any]]:
        return [{"Put": {"TableName": TABLE, "Item": item(str(n))}} for n in range(count)]

    client.transact_write_items(TransactItems=puts(100))
    with pytest.raises(ClientError, match="100"):
        client.transact_write_items(TransactItems=puts(101))
    assert client.scan(TableName=TABLE)["Count"] == 100


def test_a_batch_takes_as_many_items_as_on_aws(client: Any) -> None:
    def writes(count: int) -> dict[str, Any]:
        return {TABLE: [{"PutRequest": {"Item": item(str(n))}} for n in range(count)]}

    client.batch_write_item(RequestItems=writes(25))
    with pytest.raises(ClientError, match="Too many items"):
        client.batch_write_item(RequestItems=writes(26))
    keys = [item(str(n)) for n in range(100)]
    found = client.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True}})["Responses"][TABLE]
    assert len(found) == 25
    with pytest.raises(ClientError):
        client.batch_get_item(RequestItems={TABLE: {"Keys": [*keys, item("x")]}})


def test_looking_for_what_is_not_there_leaves_nothing_behind(client: Any) -> None:
    from moto.dynamodb.models import dynamodb_backends

    client.get_item(TableName=TABLE, Key=item("nobody"))
    assert not dynamodb_backends[cloud.ACCOUNT][cloud.REGION].tables[TABLE].items


def test_no_update_is_lost_among_threads(client: Any) -> None:
    def add(_number: int) -> None:
        client.update_item(TableName=TABLE, Key=item("a"), UpdateExpression="ADD n :one",
                           ExpressionAttributeValues={":one": {"N": "1"}})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(120)))
    assert client.get_item(TableName=TABLE, Key=item("a"))["Item"]["n"] == {"N": "120"}


def test_an_object_is_written_once_when_it_must_not_exist(client: Any) -> None:
    s3 = boto3.client("s3", region_name=cloud.REGION)
    s3.create_bucket(Bucket="raw-objects")
    s3.put_object(Bucket="raw-objects", Key="raw/1", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as failure:
        s3.put_object(Bucket="raw-objects", Key="raw/1", Body=b"second", IfNoneMatch="*")
    assert failure.value.response["Error"]["Code"] == "PreconditionFailed"
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket="raw-objects", Key="raw/1")["Body"].read() == b"first"


def insert(item: dict[str, Any]) -> dict[str, Any]:
    return items.insert_statement(TABLE, item)


def test_a_statement_inserts_what_is_not_there_and_leaves_what_is(client: Any) -> None:
    first, second = item("P#1", v={"N": "1"}, b={"B": b"one"}), item("P#1", v={"N": "1"}, b={"B": b"two"})
    answers = client.batch_execute_statement(Statements=[insert(first), insert(second), insert(item("P#2"))])["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in answers] == [None, "DuplicateItem", None]
    assert client.get_item(TableName=TABLE, Key=item("P#1"))["Item"] == first
    assert "Item" in client.get_item(TableName=TABLE, Key=item("P#2"))


def test_a_statement_updates_the_version_that_it_names_and_keeps_other_attributes(client: Any) -> None:
    client.put_item(TableName=TABLE, Item=item("P#1", v={"N": "1"}, b={"B": b"one"}, other={"S": "stays"}))
    writes = [items.write_statement(TABLE, item("P#1", v={"N": str(version)}, b={"B": b"new"}), version) for version in (3, 2, 2)]
    missing = items.write_statement(TABLE, item("P#9", v={"N": "2"}), 2)
    answers = client.batch_execute_statement(Statements=[*writes, missing])["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in answers] == [
        "ConditionalCheckFailed", None, "ConditionalCheckFailed", "ConditionalCheckFailed"]
    assert client.get_item(TableName=TABLE, Key=item("P#1"))["Item"] == item(
        "P#1", v={"N": "2"}, b={"B": b"new"}, other={"S": "stays"})
    assert "Item" not in client.get_item(TableName=TABLE, Key=item("P#9"))


def test_an_item_written_by_a_statement_is_found_by_its_index(client: Any) -> None:
    client.batch_execute_statement(Statements=[insert(item("P#1", v={"N": "1"}, dueShard={"S": "3"}, due={"N": "7"}))])
    found = client.query(TableName=TABLE, IndexName="due", KeyConditionExpression="dueShard = :s",
                         ExpressionAttributeValues={":s": {"S": "3"}})["Items"]
    assert [one["PK"]["S"] for one in found] == ["P#1"]


@pytest.mark.parametrize("statement", ['DELETE FROM "t" WHERE "PK"=?', 'UPDATE "t" SET "v"=? WHERE "PK"=? OR "SK"=?'])
def test_a_statement_that_the_stores_do_not_send_is_refused(client: Any, statement: str) -> None:
    with pytest.raises(ClientError, match="does not know this statement"):
        client.batch_execute_statement(Statements=[{"Statement": statement, "Parameters": [{"S": "x"}] * 3}])


def test_a_batch_takes_25_statements(client: Any) -> None:
    with pytest.raises(ClientError, match="25"):
        client.batch_execute_statement(Statements=[insert(item(f"P#{number}")) for number in range(26)])
