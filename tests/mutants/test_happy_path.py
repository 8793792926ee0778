"""What works on a good day, in memory and on the real stores. A mutant must pass all of it: a guard is for other days.

No retries, no duplicates, no crash, nobody else who writes, nothing late, nothing corrected, nothing at a limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from infra.local import dynamodb as local_dynamodb
from socle.accounts.service import AccountWriter
from socle.consumer.batch import Rules
from socle.consumer.service import Consumer
from socle.effects.service import EffectRunner
from socle.effects.store import EffectQueue, read_effect
from socle.events.model import Event, Tick
from socle.events.parse import parse
from socle.events.receive import Origin, receive
from socle.events.stream import encode_events, encode_quarantined
from socle.lake.raw import decode_raw
from socle.lake.store import RawStore
from socle.profiles import seal
from socle.profiles.codec import encode_aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.quarantine.store import QuarantineStore
from tests.accounts.memory import MemoryAccounts
from tests.people import ANONYMOUS, T0, USER, consent, event, identify, order
from tests.profiles.test_store import make_table
from tests.world import World

HOOKS = {"Order Completed": ["crm"]}
CRM = {"url": "https://crm.example.com/hook", "events": ["Order Completed"]}


class InTheCloud(World):
    """A World whose stores are the real ones, in front of moto."""

    def __init__(self, webhooks: dict[str, list[str]], clients: dict[str, Any] | None = None) -> None:
        super().__init__(webhooks)
        found = clients or {service: boto3.client(service) for service in ("dynamodb", "s3", "sqs")}
        self._s3, self._sqs = found["s3"], found["sqs"]
        make_table(found["dynamodb"])
        self._bucket = f"bucket-{len(self._s3.list_buckets()['Buckets'])}"
        self._s3.create_bucket(Bucket=self._bucket)
        self._url = self._sqs.create_queue(QueueName=self._bucket)["QueueUrl"]
        self.profiles = ProfileStore(found["dynamodb"], "profiles")  # type: ignore[assignment]
        self.filed = QuarantineStore(self._s3, self._bucket)
        self.consumer = Consumer(self.profiles, RawStore(self._s3, self._bucket), self.filed,  # type: ignore[arg-type]
                                 EffectQueue(self._sqs, self._url), lambda: Rules(webhooks), self.consumer._new_id,
                                 lambda: T0)

    def raw_rows(self) -> list[dict[str, Any]]:
        keys = [one["Key"] for one in self._s3.list_objects_v2(Bucket=self._bucket, Prefix="raw/").get("Contents", [])]
        return [row for key in keys for row in decode_raw(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())]

    def queued(self) -> list[Any]:
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", [])
        return [read_effect(message["Body"]) for message in found]

    def quarantined(self) -> list[Any]:
        return [held.row for stem in self.filed.stems() for held in self.filed.load(stem)]


class InMemory(World):
    """The same questions to the stand-ins."""

    def raw_rows(self) -> list[dict[str, Any]]:
        return self.raw.rows()

    def queued(self) -> list[Any]:
        return list(self.queue.sent)

    def quarantined(self) -> list[Any]:
        return [row for rows in self.quarantine.rows.values() for row in rows]


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    with mock_aws(), ExitStack() as stack:
        local_dynamodb.install(stack)
        yield made("dynamodb", "s3", "sqs")


@cache
def made(*services: str) -> dict[str, Any]:
    """Clients, made once: moto answers those that were made during another mock, too."""
    return {service: boto3.client(service) for service in services}


@pytest.fixture(params=["memory", "cloud"])
def shop(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield InMemory(HOOKS)
        return
    found = request.getfixturevalue("clients")
    yield InTheCloud(HOOKS, found)
    found["dynamodb"].delete_table(TableName="profiles")


def read(shop: Any, identifier: tuple[str, str] = USER) -> dict[str, Any]:
    profiles = Profiles(shop.profiles)
    return profiles.read(profiles.find(*identifier))


def test_new_and_known_people_have_what_they_did(shop):
    assert shop.deliver(event(1), event(2, ANONYMOUS), identify(3, traits={"plan": "free"})).applied == 3
    assert shop.deliver(event(4), identify(5, traits={"plan": "pro"}), consent(6, "subscribed")).applied == 3
    assert shop.deliver(event(7, ANONYMOUS, name="Product Added")).applied == 1
    known = read(shop)
    assert (known["event_count"], known["traits"], known["consent"][0]["state"]) == (5, {"plan": "pro"}, "subscribed")
    assert read(shop, ANONYMOUS)["events"] == {"Product Viewed": 1, "Product Added": 1}
    assert len([row for row in shop.raw_rows() if row["row"] == "event"]) == 7


def test_a_visitor_who_signs_in_is_one_person_with_the_history_of_both(shop):
    shop.deliver(event(1, ANONYMOUS), event(2, USER))
    shop.deliver(event(3, USER, ANONYMOUS))
    shop.deliver(event(4, ANONYMOUS), event(5, USER))
    assert (read(shop)["event_count"], read(shop)["id"]) == (5, read(shop, ANONYMOUS)["id"])


def test_a_long_history_is_sealed_into_pages_and_shown_whole(shop):
    with patch.multiple(seal, BUDGET=300, PER_PAGE=8, KEPT_BYTES=600, PAGE_BYTES=1_000):
        for start in range(0, 60, 6):
            shop.deliver(*[event(number, properties={"number": number}) for number in range(start, start + 6)])
    profiles = Profiles(shop.profiles)
    profile = profiles.find(*USER)
    assert shop.profiles.load([profile])[profile].pages
    shown = [one["messageId"] for one in profiles.timeline(profile, 100)["items"]]
    assert shown == [f"m-{number}" for number in range(59, -1, -1)]
    assert profiles.read(profile, as_of=T0 + 29_000)["event_count"] == 30


def test_an_order_calls_its_webhook(shop):
    shop.deliver(event(1), order(2, order_id="o", revenue=12.5, currency="EUR"))
    shop.deliver(event(3))
    [effect] = shop.queued()
    got: list[Any] = []
    runner = EffectRunner(shop.profiles, {"crm": CRM}.get, lambda: b"master", lambda *asked: got.append(asked) or 200,
                          AccountWriter(MemoryAccounts()))
    assert runner.run(effect, T0)
    assert json.loads(got[0][1])["event"]["properties"]["revenue"] == 12.5
    assert read(shop)["orders"]["EUR"]["revenue"] == 1_250
    assert shop.profiles.load([effect.profile])[effect.profile].outbox == ()


def test_what_cannot_be_an_event_is_filed_and_the_rest_is_applied(shop):
    body = parse(json.dumps({"batch": [
        {"type": "track", "event": "Product Viewed", "userId": "42", "messageId": "a", "timestamp": "2023-11-14T22:13:20Z"},
        {"type": "dance", "userId": "42", "messageId": "b"}]}).encode(), is_batch=True)
    events, faults = receive(body, Origin("shop", T0 + 1_000))
    shop.consumer.apply([shop.record(encode_events(events)), shop.record(encode_quarantined(faults))])
    assert [row.code for row in shop.quarantined()] == ["bad_type"]
    [shown] = Profiles(shop.profiles).timeline(read(shop)["id"], 10)["items"]
    assert (shown["messageId"], shown["timestamp"]) == ("a", "2023-11-14T22:13:20.000Z")


def test_a_profile_that_is_due_is_found(shop):
    shop.deliver(event(1))
    profile = read(shop)["id"]
    after = shop.profiles.load([profile])[profile].next(due=T0)
    shop.profiles.save(after, encode_aggregate(after))
    assert shop.profiles.due(T0 + 1, 100) == [Tick(profile, T0)]


def test_a_person_is_erased(shop):
    shop.deliver(*[event(number) for number in range(20)])
    profiles = Profiles(shop.profiles)
    profiles.erase(profiles.find(*USER), T0 + 60_000)
    assert shop.profiles.owners([USER]) == {}


def test_events_of_the_stream_are_read_as_they_were_written():
    sent: list[Event] = [event(1, USER, ANONYMOUS), order(2, order_id="o")]
    world = World()
    world.consumer.apply([world.record(encode_events(sent))])
    assert [Event.from_json(row) for row in world.raw.rows() if row["row"] == "event"] == sent
