"""The catalogue on moto: lists are whole, whatever an item weighs, and no answer is larger than a function may give."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from socle.items import store
from socle.items.model import Item
from socle.items.store import ItemStore


@pytest.fixture
def items(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        yield ItemStore(dynamodb, "definitions")


def walked(items: ItemStore, limit: int) -> list[list[str]]:
    pages, after, more = [], None, True
    while more:
        found, more = items.page("products", limit, after)
        pages.append([item.id for item in found])
        after = pages[-1][-1]
    return pages


def test_a_list_of_large_items_is_whole(items):
    """An answer of DynamoDB ends at 1 MB."""
    ids = [f"p{number:02}" for number in range(60)]
    items.save(Item("products", id_, {"text": "x" * 30_000}) for id_ in ids)
    assert walked(items, 100) == [ids]
    assert [len(page) for page in walked(items, 25)] == [25, 25, 10]
    assert walked(items, 60) == [ids]


def test_a_page_ends_before_its_answer_is_too_large(items, monkeypatch):
    monkeypatch.setattr(store, "PAGE_BYTES", 50)
    items.save(Item("products", f"p{number}", {"text": "x" * 30}) for number in range(5))
    assert walked(items, 100) == [["p0", "p1"], ["p2", "p3"], ["p4"]]
