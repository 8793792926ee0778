"""The consumer on the reference stream: CPU per event and by stage, units, calls, and what the items weigh.

Each round starts from the same people, so the rounds see every point of the sealing cycle equally often (their
ages are spread) and nobody grows older meanwhile. The CPU of the made-up cloud is left out.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from socle import clock
from socle.aws import client
from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.effects.store import EffectQueue
from socle.lake.store import RawStore
from socle.profiles.store import ProfileStore
from socle.quarantine.store import QuarantineStore
from socle.segments import live
from tests.benchmarks.active_segments import rules
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.population import new_ids, people, populate
from tests.benchmarks.sizes import Sizes, sizes
from tests.benchmarks.stages import STAGES, Stages
from tests.benchmarks.traffic import PER_BATCH, PER_PERSON, Traffic

SEGMENTED = ", 20 segments"
_TOUCHES = {"cold": range(0), "warm": range(3, 12), "mature": range(149, 186)}
STREAMS = _TOUCHES | {name + SEGMENTED: touches for name, touches in _TOUCHES.items()}
"""Name → how often its people were touched before: never, 3 to 11 times (21 events on average), 149 to 185 times (501)."""
ROUNDS, STAGE_ROUNDS = 7, 3
LANES = 8
"""Batches at work at a time: an on-demand stream starts with 4 shards, and the mapping takes 2 batches of each."""


@dataclass
class Cost:
    """What some batches came to, per event. `cpu` is that of the whole handler, in seconds."""

    cpu: float
    units: dict[str, float]
    calls: dict[str, float]
    batches: float
    log_bytes: float


@dataclass
class Measured:
    """One stream. CPU in µs per event: of Consumer.apply with boto3 and without, each by stage; `cost` has the handler's.

    evaluations  of segments, per event
    noted   calls per event that the runs by stage noted: each costs `stages.overhead`, which is in their figures
    sizes   of the items after one more touch; they hold `events` events
    """

    with_boto3: float
    own: float
    stages: dict[str, float]
    own_stages: dict[str, float]
    noted: float
    evaluations: float
    cost: Cost
    sizes: dict[str, Sizes]
    events: int


class Bench:
    """Runs the consumer against `cloud`, with boto3 and without."""

    def __init__(self, cloud: Cloud) -> None:
        from functions.apply_events import handler  # its settings must be in the environment by now

        self._cloud = cloud
        self._handler = handler
        direct = Direct(cloud)
        self._own = consumer_of(direct, direct, direct)
        self._boto3 = consumer_of(client("dynamodb"), client("s3"), client("sqs"))
        self._consumers = (self._own, self._boto3, handler.consumer)

    def stream(self, name: str) -> Measured:
        """Measure one of STREAMS."""
        traffic = Traffic(seed=len(name.removesuffix(SEGMENTED)))
        self._follow(Rules(segments=rules()) if name.endswith(SEGMENTED) else Rules(), traffic)
        base = self._population(traffic, STREAMS[name])
        batches = [traffic.batch(people()) for _ in range(ROUNDS)]
        events = PER_BATCH * PER_PERSON
        times: dict[str, list[float]] = {"boto3": [], "own": []}
        self._timed(base, self._boto3.apply, batches[0])  # warms up
        costs = []
        for batch in batches:  # in turns, so that a busy moment of the machine meets all of them
            times["boto3"].append(self._timed(base, self._boto3.apply, batch))
            times["own"].append(self._timed(base, self._own.apply, batch))
            costs.append(self._cost(base, [batch], events))
        weights, held = sizes(self._cloud.table.items), self._events()
        with_boto3, own = (statistics.median(times[way]) / events * 1e6 for way in ("boto3", "own"))
        cost = _mean(costs)
        cost.cpu = statistics.median(one.cpu for one in costs)
        stages, noted = self._by_stage(base, self._boto3, batches)
        own_stages, _ = self._by_stage(base, self._own, batches)
        return Measured(with_boto3, own, stages, own_stages, noted, self._evaluations(base, batches[0]), cost, weights, held)

    def sparse(self, per_person: int, per_request: int, requests: int = 60) -> Cost:
        """Warm people at low traffic: every request alone, its records in the lanes that they fall into."""
        traffic = Traffic(seed=per_request)
        self._follow(Rules(), traffic)
        base = self._population(traffic, STREAMS["warm"])
        bodies = traffic.requests(people(requests * per_request // per_person), per_person, per_request)[:requests]
        batches = [lane for body in bodies for lane in _lanes(traffic.records([body]))]
        return self._cost(base, batches, per_request * len(bodies))

    def _follow(self, followed: Rules, traffic: Traffic) -> None:
        """Let all consumers obey these rules, by the time of the traffic."""
        for one in self._consumers:
            one._rules, one._clock = lambda: followed, lambda: traffic.now

    def _evaluations(self, base: dict[Any, Any], batch: Sequence[Record]) -> float:
        with patch.object(live, "evaluate", wraps=live.evaluate) as evaluate:
            self._timed(base, self._own.apply, batch)
        return evaluate.call_count / (PER_BATCH * PER_PERSON)

    def _population(self, traffic: Traffic, touches: range) -> dict[Any, Any]:
        self._cloud.table.items = {}
        if touches:
            populate(self._cloud, self._own, traffic, touches)
        gc.collect()
        gc.freeze()  # a function on Lambda has no such table in its memory to look through
        return self._cloud.table.items

    def _events(self) -> int:
        profiles = [key[2:] for key, sort in self._cloud.table.items if sort == "A"]
        store = ProfileStore(Direct(self._cloud), "profiles")
        return sum(aggregate.snapshot.events for aggregate in store.load(profiles).values())

    def _timed(self, base: dict[Any, Any], run: Callable[..., Any], *given: Any) -> float:
        self._cloud.table.items = dict(base)
        started, elsewhere = time.process_time(), self._cloud.cpu
        run(*given)
        return time.process_time() - started - (self._cloud.cpu - elsewhere)

    def _cost(self, base: dict[Any, Any], batches: Sequence[list[Record]], events: int) -> Cost:
        """Run the batches through the handler of apply_events, each on `base`."""
        logs = io.StringIO()
        deliveries = [_event(batch) for batch in batches]
        self._cloud.reset()
        with contextlib.redirect_stdout(logs):
            cpu = sum(self._timed(base, self._handler.handler, delivery, _CONTEXT) for delivery in deliveries)
        return Cost(cpu / events, _per(self._cloud.units, events), _per(self._cloud.calls, events), len(batches) / events,
                    len(logs.getvalue()) / events)

    def _by_stage(self, base: dict[Any, Any], consumer: Consumer,
                  batches: Sequence[list[Record]]) -> tuple[dict[str, float], float]:
        stages = Stages(lambda: time.process_time() - self._cloud.cpu)
        with stages.watching():
            for batch in batches[:STAGE_ROUNDS]:
                self._timed(base, consumer.apply, batch)
        events = STAGE_ROUNDS * PER_BATCH * PER_PERSON
        return {stage: stages.seconds[stage] / events * 1e6 for stage in STAGES}, sum(stages.calls.values()) / events


_CONTEXT = SimpleNamespace(function_name="apply_events", memory_limit_in_mb=1024, invoked_function_arn="arn", aws_request_id="1")


def consumer_of(dynamodb: Any, s3: Any, sqs: Any) -> Consumer:
    """A consumer with the real stores around these clients; nobody has webhooks."""
    ids = new_ids()
    return Consumer(ProfileStore(dynamodb, "profiles"), RawStore(s3, "bucket"), QuarantineStore(s3, "bucket"),
                    EffectQueue(sqs, "https://sqs.us-east-1.amazonaws.com/1/effects"), Rules, lambda: next(ids), clock.now)


def _per(counted: Counter[str], events: int) -> dict[str, float]:
    return {name: count / events for name, count in counted.items()}


def _mean(costs: Sequence[Cost]) -> Cost:
    """The costs of equally large batches together."""
    def mean(counted: Sequence[dict[str, float]]) -> dict[str, float]:
        return {name: sum(one.get(name, 0) for one in counted) / len(counted) for name in dict.fromkeys(chain(*counted))}

    return Cost(0, mean([one.units for one in costs]), mean([one.calls for one in costs]), costs[0].batches,
                statistics.mean(one.log_bytes for one in costs))


def _lanes(records: Sequence[Record]) -> list[list[Record]]:
    """Records of one request, as they fall apart over shards and parallel batches."""
    lanes: dict[int, list[Record]] = {}
    for record in records:
        lanes.setdefault(zlib.crc32(record.data) % LANES, []).append(record)
    return list(lanes.values())


def _event(records: Sequence[Record]) -> dict[str, Any]:
    """What Lambda's event source mapping hands to the function."""
    return {"Records": [{
        "eventID": f"{record.shard}:{record.sequence}", "eventSource": "aws:kinesis", "eventVersion": "1.0",
        "kinesis": {"sequenceNumber": record.sequence, "partitionKey": "0", "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": record.arrival / 1000, "kinesisSchemaVersion": "1.0"},
    } for record in records]}
