"""Coupon codes on moto: one for each person and pool, never twice, whatever breaks off."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from socle.coupons.service import Coupons, codes_in
from socle.coupons.store import CouponStore
from socle.definitions.model import Definition
from socle.definitions.store import DefinitionStore
from socle.errors import Unavailable
from socle.templates.model import Unrenderable

NOW = 1_790_000_000_000
"""2026-09-21."""


class Flaky:
    """A client that fails before or after one call of transact_write_items."""

    def __init__(self, client: Any, fail: int, after: bool) -> None:
        self._client, self._left, self._after = client, fail, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self._left -= 1
        if self._left != 0:
            return self._client.transact_write_items(**request)
        if self._after:
            self._client.transact_write_items(**request)
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "TransactWriteItems")


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        yield client


def pool(dynamodb: Any, name: str = "spring", **document: Any) -> Coupons:
    definitions = DefinitionStore(dynamodb, "definitions")
    if definitions.current("coupons", name) is None:
        definitions.save(Definition("coupons", name, 1, {"description": "", "expires": None, **document}, NOW, NOW), None)
    return Coupons(CouponStore(dynamodb, "definitions"), definitions, lambda: NOW)


def test_everybody_gets_a_code_of_their_own_and_keeps_it(dynamodb: Any) -> None:
    coupons = pool(dynamodb)
    coupons.upload("spring", [f"CODE-{number}" for number in range(60)])
    given = [coupons.code("spring", f"p{number}") for number in range(60)]
    assert len(set(given)) == 60
    assert [coupons.code("spring", f"p{number}") for number in range(60)] == given
    assert coupons.counts("spring") == (60, 60)
    with pytest.raises(Unrenderable) as refused:
        coupons.code("spring", "p60")
    assert refused.value.code == "no_coupon"


def test_a_code_that_was_given_is_not_free_again_when_it_is_uploaded_again(dynamodb: Any) -> None:
    coupons = pool(dynamodb)
    assert coupons.upload("spring", ["A", "B"]) == {"added": 2, "known": 0}
    first = coupons.code("spring", "p1")
    assert coupons.upload("spring", ["A", "B", "C"]) == {"added": 1, "known": 2}
    others = {coupons.code("spring", "p2"), coupons.code("spring", "p3")}
    assert others == {"A", "B", "C"} - {first}


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_while_a_code_is_given_loses_none(dynamodb: Any, after: bool) -> None:
    pool(dynamodb).upload("spring", ["A", "B"])
    flaky = Coupons(CouponStore(Flaky(dynamodb, 1, after), "definitions"), DefinitionStore(dynamodb, "definitions"), lambda: NOW)
    with pytest.raises(Unavailable):
        flaky.code("spring", "p1")
    coupons = pool(dynamodb)
    assert {coupons.code("spring", "p1"), coupons.code("spring", "p2")} == {"A", "B"}


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_during_an_upload_is_mended_by_sending_it_again(dynamodb: Any, after: bool) -> None:
    pool(dynamodb)
    codes = [f"CODE-{number}" for number in range(120)]
    flaky = CouponStore(Flaky(dynamodb, 2, after), "definitions")
    with pytest.raises(Unavailable):
        flaky.add("spring", codes)
    coupons = pool(dynamodb)
    coupons.upload("spring", codes)
    assert coupons.counts("spring") == (120, 0)
    assert {coupons.code("spring", f"p{number}") for number in range(120)} == set(codes)


def test_two_who_want_the_same_code_get_two(dynamodb: Any) -> None:
    """Somebody else takes the code between the look and the taking."""
    class Late(CouponStore):
        def _give(self, pool: str, profile: str, digest: str, code: str, at: int) -> None:
            if not taken:
                taken.append(code)
                CouponStore(dynamodb, "definitions")._give(pool, "other", digest, code, at)
            super()._give(pool, profile, digest, code, at)

    taken: list[str] = []
    pool(dynamodb).upload("spring", ["A", "B"])
    mine = Late(dynamodb, "definitions").give("spring", "p1", NOW)
    assert {mine, *taken} == {"A", "B"}
    assert CouponStore(dynamodb, "definitions").given("spring", "other") == taken[0]


def test_one_person_at_two_workers_gets_one_code(dynamodb: Any) -> None:
    """The other one gives another code between the look and the giving."""
    class Late(CouponStore):
        def _give(self, pool: str, profile: str, digest: str, code: str, at: int) -> None:
            if not taken:
                other = next(one for one in store._free(pool, "") if one[1] != code)
                store._give(pool, profile, *other, at)
                taken.append(other[1])
            super()._give(pool, profile, digest, code, at)

    taken: list[str] = []
    store = CouponStore(dynamodb, "definitions")
    pool(dynamodb).upload("spring", ["A", "B", "C"])
    assert Late(dynamodb, "definitions").give("spring", "p1", NOW) == taken[0]
    assert store.counts("spring") == (3, 1)


def test_an_expired_pool_gives_none_out_and_whoever_has_one_keeps_it(dynamodb: Any) -> None:
    coupons = pool(dynamodb, expires="2026-09-21")
    coupons.upload("spring", ["A", "B"])
    assert coupons.code("spring", "p1") in "AB"
    late = Coupons(CouponStore(dynamodb, "definitions"), DefinitionStore(dynamodb, "definitions"), lambda: NOW + 86_400_000)
    assert late.code("spring", "p1") in "AB"
    with pytest.raises(Unrenderable):
        late.code("spring", "p2")


@pytest.mark.parametrize(("text", "codes"), [
    ("A\nB\n", ["A", "B"]), ("\ufeffcode\r\nA\r\n\r\nB", ["A", "B"]), ("name,Code\nx,A\ny,\n", ["A"]),
    ("A,10%\nB,20%", ["A", "B"]), ("", [])])
def test_a_file_of_codes_is_read(text: str, codes: list[str]) -> None:
    assert codes_in(text) == codes
