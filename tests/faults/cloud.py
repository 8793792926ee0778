"""A world like tests.memory.World whose stores are the real ones, on moto; and what moto holds, read as a World is read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws

from infra.local import cloud, dynamodb
from socle.aws import CONFIG
from socle.consumer.batch import Rules
from socle.consumer.service import Consumer
from socle.effects.store import EffectQueue, read_effect
from socle.lake.store import PREFIX, RawStore
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate
from socle.profiles.store import Owner, ProfileStore
from socle.quarantine.store import QuarantineStore
from tests.faults.wire import Wire, installed
from tests.faults.workloads import DUE, TESS, TIMER, Workload
from tests.profiles.test_store import make_table

Items = dict[tuple[str, str], tuple]


class Cloud:
    """Clients of moto with a wire between; `world` makes an empty one."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.dynamodb, self.s3, self.sqs = (
            boto3.client(name, config=CONFIG, region_name=cloud.REGION, aws_access_key_id="nobody", aws_secret_access_key="s")
            for name in ("dynamodb", "s3", "sqs"))
        self.s3.create_bucket(Bucket="bucket")
        self._queues = 0
        make_table(self.dynamodb)

    def world(self, load: Workload) -> SimpleNamespace:
        """An empty world with the consumer of a workload; `read` fills in what tests.faults.promises looks at."""
        self._empty()
        store, quarantine = ProfileStore(self.dynamodb, "profiles"), QuarantineStore(self.s3, "bucket")
        ids = iter(range(1_000_000))
        consumer = Consumer(store, RawStore(self.s3, "bucket"), quarantine, EffectQueue(self.sqs, self.url),
                            lambda: Rules(load.hooks), lambda: f"p{next(ids):06d}", lambda: DUE)
        if load.timer:
            due = Aggregate(TIMER, 1, reserved=frozenset([TESS]), due=DUE)
            store.bind(due, encode_aggregate(due), TESS, Owner(TIMER, 0))
        return SimpleNamespace(consumer=consumer, store=store, quarantine=SimpleNamespace(store=quarantine))

    def read(self, world: SimpleNamespace) -> None:
        """Everything that is there, in the forms of tests.memory."""
        scanned = self.dynamodb.scan(TableName="profiles")["Items"]
        world.profiles = SimpleNamespace(items=dict(map(_item, scanned)))
        objects = self._objects(PREFIX)
        world.raw = SimpleNamespace(objects={key: self.s3.get_object(Bucket="bucket", Key=key)["Body"].read() for key in objects})
        held = world.quarantine.store
        world.quarantine.rows = {stem: [one.row for one in held.load(stem)] for stem in held.stems()}
        sent = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            sent += [read_effect(message["Body"]) for message in messages]
        world.queue = SimpleNamespace(sent=sent)

    def _objects(self, prefix: str = "") -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])]

    def _empty(self) -> None:
        for item in self.dynamodb.scan(TableName="profiles", ProjectionExpression="PK, SK")["Items"]:
            self.dynamodb.delete_item(TableName="profiles", Key=item)
        for key in self._objects():
            self.s3.delete_object(Bucket="bucket", Key=key)
        # A queue may be purged once a minute; a new one costs nothing.
        self._queues += 1
        self.url = self.sqs.create_queue(QueueName=f"effects-{self._queues}")["QueueUrl"]


@contextmanager
def on_moto() -> Iterator[Cloud]:
    """moto as the local machine patches it, with a wire."""
    wire = Wire()
    with mock_aws(), ExitStack() as stack:
        cloud.install(stack, lambda: None)
        dynamodb.install(stack)
        with installed(wire):
            yield Cloud(wire)


def _item(item: dict[str, Any]) -> tuple[tuple[str, str], tuple]:
    key, kind = item["PK"]["S"], item["SK"]["S"]
    erased = int(item["x"]["N"]) if "x" in item else None
    if kind == "I":
        _, name, value = key.split("#", 2)
        return ("I", repr((name, value))), (item["p"]["S"], erased or 0, item.get("u", {}).get("S", ""))
    if kind == "X":
        return ("X", key), (erased,)
    version, data = int(item["v"]["N"]), _bytes(item["b"]["B"])
    if kind == "A":
        due = int(item["due"]["N"]) if "due" in item else None
        return (key[2:], "A"), (version, data, item.get("m", {}).get("S"), erased, due)
    return (key[2:], kind), (version, data)


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else base64.b64decode(value)
