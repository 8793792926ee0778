"""However many draw on a rate, together they do not go faster than it says; whoever is refused slows down all, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from socle.channels.model import NotSent, Quota
from socle.messages.model import EMAIL, SMS
from socle.rates.model import HORIZON, Budget
from socle.rates.pace import GROWS_BACK, ONE_REFUSAL, rate_at, slowed
from socle.rates.service import RATES, SHARE, Pace
from socle.rates.store import RateStore
from tests.examples import examples

NOW = 1_763_800_000_000


class Calls:
    """A client that counts."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.made.append(name)
        return getattr(self._dynamodb, name)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}])
        yield client


def forget(dynamodb: Any) -> None:
    for item in dynamodb.scan(TableName="definitions")["Items"]:
        dynamodb.delete_item(TableName="definitions", Key={"PK": item["PK"], "SK": item["SK"]})


@given(limit=st.sampled_from([0.5, 1.0, 14.0, 200.0, 333.3]),
       steps=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 25), st.integers(0, 4_000)), min_size=2, max_size=25))
@examples(25)
def test_workers_together_never_go_faster_than_the_rate(
        dynamodb: Any, limit: float, steps: list[tuple[int, int, int]]) -> None:
    forget(dynamodb)
    workers = [RateStore(dynamodb, "definitions") for _ in range(4)]
    now, sent = NOW, []
    for worker, count, later in steps:
        wait = workers[worker].take("email", count, limit, now)
        if wait <= HORIZON:
            sent.append((now + wait, count))
        now += later
    sent.sort()
    for first in range(len(sent)):
        total = 0
        for begins, count in sent[first:]:
            assert (begins - sent[first][0]) >= total * 1_000 / limit - 1  # a wait is rounded up by less than a millisecond
            total += count


def test_a_rate_that_nobody_asked_for_lets_a_batch_go_at_once(dynamodb: Any) -> None:
    forget(dynamodb)
    rates = RateStore(dynamodb, "definitions")
    assert [rates.take("email", 20, 10, NOW) for _ in range(3)] == [0, 2_000, 4_000]
    assert rates.take("email", 20, 10, NOW + 60_000) == 0
    assert rates.take("sms", 20, 10, NOW) == 0


def test_a_batch_of_a_busy_rate_costs_one_call(dynamodb: Any) -> None:
    forget(dynamodb)
    calls = Calls(dynamodb)
    rates = RateStore(calls, "definitions")
    rates.take("email", 20, 10, NOW)
    calls.made.clear()
    rates.take("email", 20, 10, NOW)
    assert calls.made == ["update_item"]


def test_who_would_wait_longer_than_a_function_lives_takes_nothing(dynamodb: Any) -> None:
    forget(dynamodb)
    rates = RateStore(dynamodb, "definitions")
    rates.take("email", 1_000, 1, NOW)
    assert [rates.take("email", 20, 1, NOW) for _ in range(3)] == [1_000_000] * 3
    assert rates.take("email", 20, 1, NOW + 200_000) == 800_000


def test_a_refusal_halves_the_rate_for_all_and_it_grows_back(dynamodb: Any) -> None:
    forget(dynamodb)
    one, other = RateStore(dynamodb, "definitions"), RateStore(dynamodb, "definitions")
    assert one.take("email", 10, 10, NOW) == 0
    one.slow_down("email", 10, NOW)
    other.slow_down("email", 10, NOW + 500)
    assert other.take("email", 10, 10, NOW) == 1_000
    assert other.take("email", 10, 10, NOW) == 3_000
    later = NOW + GROWS_BACK
    assert other.take("email", 10, 10, later) == 0
    assert other.take("email", 10, 10, later) == 1_000


@given(refusals=st.lists(st.integers(0, 30_000), max_size=40), limit=st.floats(0.5, 1_000))
def test_a_rate_is_never_above_its_limit_and_never_nothing(refusals: list[int], limit: float) -> None:
    budget, now = Budget(), NOW
    for later in refusals:
        now += later
        before = rate_at(budget, limit, now)
        after = slowed(budget, limit, now)
        if after is not None:
            budget = after
            assert rate_at(budget, limit, now) <= max(before / 2, 0.1) + 1e-9
        assert 0 < rate_at(budget, limit, now) <= limit
    assert rate_at(budget, limit, now + GROWS_BACK) == limit


def test_refusals_of_one_moment_are_one() -> None:
    once = slowed(Budget(), 100, NOW)
    assert once is not None
    assert slowed(once, 100, NOW + ONE_REFUSAL - 1) is None
    assert slowed(once, 100, NOW + ONE_REFUSAL) is not None


class Account:
    """What SES says of it."""

    def __init__(self, quota: Quota | NotSent) -> None:
        self.quota = quota

    def email(self, now: int) -> Quota:
        if isinstance(self.quota, NotSent):
            raise self.quota
        return self.quota


def test_single_messages_do_not_wait_behind_campaigns(dynamodb: Any) -> None:
    forget(dynamodb)
    rates = RateStore(dynamodb, "definitions")
    campaign = Pace(rates, Account(Quota(10)), EMAIL, lambda: NOW, "autumn")
    single = Pace(rates, Account(Quota(10)), EMAIL, lambda: NOW, single=True)
    assert campaign.take(900) == 0
    assert campaign.take(9) == pytest.approx(900 / (10 * SHARE) * 1_000)
    assert single.take(1) == 0
    assert single.take(1) == pytest.approx(1_000, abs=1)


def test_a_campaign_obeys_its_own_throttle_too(dynamodb: Any) -> None:
    forget(dynamodb)
    rates = RateStore(dynamodb, "definitions")
    slow = Pace(rates, Account(Quota(1_000)), EMAIL, lambda: NOW, "autumn", 2.0)
    assert [slow.take(20), slow.take(20)] == [0, 10_000]
    assert Pace(rates, Account(Quota(1_000)), EMAIL, lambda: NOW, "winter").take(20) < 100


def test_other_channels_have_rates_of_their_own(dynamodb: Any) -> None:
    forget(dynamodb)
    sms = Pace(RateStore(dynamodb, "definitions"), Account(NotSent("daily_quota", "", stop=True)), SMS, lambda: NOW)
    sms.take(18)
    assert sms.take(18) == pytest.approx(18 / (RATES[SMS] * SHARE) * 1_000)
    sms.slow_down()
    assert sms.take(1) > 0


def test_a_day_s_quota_that_is_used_up_stops_the_run(dynamodb: Any) -> None:
    with pytest.raises(NotSent) as stopped:
        Pace(RateStore(dynamodb, "definitions"), Account(NotSent("daily_quota", "", stop=True)), EMAIL, lambda: NOW).take(1)
    assert stopped.value.stop
