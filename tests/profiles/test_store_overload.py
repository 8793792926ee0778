"""The profiles table when DynamoDB does a part of what it is asked, or refuses a part: nothing is taken for done that is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local import dynamodb
from socle.errors import Conflict, Unavailable
from socle.profiles.codec import encode_aggregate, entry_of
from socle.profiles.model import Aggregate, Page
from socle.profiles.store import Owner, ProfileStore
from tests.people import ANONYMOUS, T0, USER, event
from tests.profiles.test_store import make_table


class Overloaded:
    """A client that does one thing of each batch, for as many calls as `grudging` says; and knows what was asked of reads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.grudging = 0
        self.consistent: list[bool] = []
        self.refusal = "ThrottlingError"
        self.sizes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def _grudges(self) -> bool:
        self.grudging -= 1
        return self.grudging >= 0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        [(table, asked)] = RequestItems.items()
        self.sizes.append(len(asked["Keys"]))
        self.consistent.append(asked.get("ConsistentRead", False))
        if not self._grudges():
            return self._client.batch_get_item(RequestItems=RequestItems)
        first, *rest = asked["Keys"]
        answer = self._client.batch_get_item(RequestItems={table: {**asked, "Keys": [first]}})
        return answer | {"UnprocessedKeys": {table: {**asked, "Keys": rest}} if rest else {}}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        [(table, requests)] = RequestItems.items()
        self.sizes.append(len(requests))
        if not self._grudges():
            return self._client.batch_write_item(RequestItems=RequestItems)
        first, *rest = requests
        answer = self._client.batch_write_item(RequestItems={table: [first]})
        return answer | {"UnprocessedItems": {table: rest} if rest else {}}

    def batch_execute_statement(self, Statements: list[dict[str, Any]]) -> dict[str, Any]:
        self.sizes.append(len(Statements))
        if not self._grudges():
            return self._client.batch_execute_statement(Statements=Statements)
        first, *rest = Statements
        answer = self._client.batch_execute_statement(Statements=[first])
        return {"Responses": [*answer["Responses"], *({"Error": {"Code": self.refusal, "Message": "slow down"}} for _ in rest)]}


@pytest.fixture
def client() -> Iterator[Overloaded]:
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        real = boto3.client("dynamodb")
        make_table(real)
        yield Overloaded(real)


@pytest.fixture
def store(client: Overloaded) -> ProfileStore:
    return ProfileStore(client, "profiles")


def writes(*names: str, version: int = 1) -> list[tuple[Aggregate, bytes]]:
    return [(Aggregate(name, version), encode_aggregate(Aggregate(name, version))) for name in names]


def test_what_was_left_unread_is_read(store: ProfileStore, client: Overloaded) -> None:
    store.save_each(writes("a", "b", "c"))
    client.grudging = 2
    assert [one.version for one in store.load("abc").values()] == [1, 1, 1]
    client.grudging = 99
    with pytest.raises(Unavailable):
        store.load("abcdefgh")


def test_what_was_left_unwritten_is_written_once(store: ProfileStore, client: Overloaded) -> None:
    client.grudging = 2
    assert store.save_each(writes("a", "b", "c")) == set()
    assert [one.version for one in store.load("abc").values()] == [1, 1, 1]
    client.grudging = 1
    assert store.claim_each({USER: Owner("a", 0), ANONYMOUS: Owner("b", 0)}) == set()
    assert {one.profile for one in store.owners([USER, ANONYMOUS]).values()} == {"a", "b"}


def test_what_stays_unwritten_is_an_outage(store: ProfileStore, client: Overloaded) -> None:
    client.grudging = 99
    with pytest.raises(Unavailable):
        store.save_each(writes(*"abcdefgh"))


def test_a_refusal_that_nobody_knows_is_not_taken_for_done(store: ProfileStore, client: Overloaded) -> None:
    client.grudging, client.refusal = 1, "AccessDenied"
    with pytest.raises(RuntimeError, match="AccessDenied"):
        store.save_each(writes("a", "b"))


def test_what_was_left_undeleted_is_deleted(store: ProfileStore, client: Overloaded) -> None:
    pages = [Page("p", lower, 1, (entry_of(event(1)),)) for lower in ("", "1", "2")]
    store.save(Aggregate("p", 1, pages=("", "1", "2"), horizon="3"), encode_aggregate(Aggregate("p")), pages)
    client.grudging = 2
    store.forget(Aggregate("p", 1, pages=("", "1", "2"), horizon="3"), [], T0)
    client.grudging = 0
    assert store.load_pages([("p", ""), ("p", "1"), ("p", "2")]) == {}


def test_calls_hold_what_dynamodb_takes(store: ProfileStore, client: Overloaded) -> None:
    names = [f"p{number}" for number in range(130)]
    store.save_each(writes(*names))
    assert max(client.sizes) == 25
    assert len(store.load(names)) == 130
    assert max(client.sizes) == 100


def test_reads_are_consistent_unless_they_need_not_be(store: ProfileStore, client: Overloaded) -> None:
    """moto knows no old reads; DynamoDB does what the flag says."""
    store.load(["p"])
    store.load_pages([("p", "")])
    store.owners([USER])
    store.erased([USER])
    assert client.consistent == [True] * 4
    store.load(["p"], fresh=False)
    store.owners([USER], fresh=False)
    assert client.consistent[4:] == [False] * 2


def test_a_claim_that_failed_on_a_row_that_is_gone_again_is_to_be_tried_again(store: ProfileStore, client: Overloaded) -> None:
    def lost(**asked: Any) -> None:
        raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")

    client.put_item = lost  # type: ignore[attr-defined]
    with pytest.raises(Conflict):
        store.claim(USER, Owner("p", 0))


def test_all_pages_of_an_erased_profile_are_deleted_however_many_reads_it_takes() -> None:
    class Paged:
        deleted: ClassVar[list[str]] = []

        def query(self, ExclusiveStartKey: Any = None, **asked: Any) -> dict[str, Any]:
            item = {"PK": {"S": "P#p"}, "SK": {"S": f"E#{ExclusiveStartKey or ''}"}}
            return {"Items": [item]} | ({} if ExclusiveStartKey else {"LastEvaluatedKey": "next"})

        def batch_write_item(self, RequestItems: Any) -> dict[str, Any]:
            self.deleted += [one["DeleteRequest"]["Key"]["SK"]["S"] for one in RequestItems["profiles"]]
            return {}

    ProfileStore(Paged(), "profiles").delete_pages("p")
    assert Paged.deleted == ["E#", "E#next"]


def test_profiles_of_all_shards_are_found_when_they_are_due(store: ProfileStore) -> None:
    names = {f"p{number}" for number in range(60)}
    store.save_each([(Aggregate(name, 1, due=T0), encode_aggregate(Aggregate(name))) for name in sorted(names)])
    assert {tick.profile for tick in store.due(T0, 100_000)} == names
