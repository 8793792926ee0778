"""A definitions table in moto, one a module."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from socle.definitions.service import Definitions
from socle.definitions.store import DefinitionStore


@pytest.fixture(scope="module")
def store() -> Iterator[DefinitionStore]:
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        yield DefinitionStore(client, "definitions")


@pytest.fixture
def definitions(store: DefinitionStore) -> Definitions:
    return Definitions(store)
