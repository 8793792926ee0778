"""The benchmark measures what it says: its stream, its people, its stages, its prices."""

from __future__ import annotations

import json

import pytest

from socle.consumer.service import Consumer
from socle.profiles.store import ProfileStore
from tests.benchmarks import costs
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.consumer import consumer_of
from tests.benchmarks.population import people, populate
from tests.benchmarks.sizes import sizes
from tests.benchmarks.stages import STAGES, Stages
from tests.benchmarks.traffic import PER_BATCH, PER_PERSON, PER_REQUEST, Traffic


def consumer(cloud: Cloud) -> Consumer:
    return consumer_of(Direct(cloud), Direct(cloud), Direct(cloud))


def test_the_reference_stream_has_events_of_577_bytes_in_requests_of_20() -> None:
    bodies = Traffic(seed=1).requests(people())
    batches = [json.loads(body)["batch"] for body in bodies]
    messages = [len(json.dumps(message, separators=(",", ":")).encode()) for batch in batches for message in batch]
    assert [len(batch) for batch in batches[:-1]] == [PER_REQUEST] * (len(batches) - 1)
    assert len(messages) == PER_BATCH * PER_PERSON
    assert sum(messages) / len(messages) == pytest.approx(577, abs=1)


def test_a_population_has_the_histories_that_were_asked_for() -> None:
    cloud = Cloud()
    populate(cloud, consumer(cloud), Traffic(seed=1), range(1, 4))
    store = ProfileStore(Direct(cloud), "profiles")
    owners = store.owners([("user_id", person) for person in people()])
    aggregates = store.load(owner.profile for owner in owners.values())
    assert len(aggregates) == PER_BATCH
    assert {aggregate.snapshot.events for aggregate in aggregates.values()} == {3, 6, 9}
    copy = aggregates[owners["user_id", people()[-1]].profile]
    assert copy.snapshot.identifiers["user_id"] == {people()[-1]}


def test_an_event_of_a_copied_person_goes_to_that_person() -> None:
    cloud = Cloud()
    traffic = Traffic(seed=1)
    applies = consumer(cloud)
    populate(cloud, applies, traffic, range(2, 3))
    before = sizes(cloud.table.items)
    outcome = applies.apply(traffic.batch(people()))
    assert (outcome.applied, outcome.duplicates) == (PER_BATCH * PER_PERSON, 0)
    assert sizes(cloud.table.items)["aggregate"].items == before["aggregate"].items == PER_BATCH
    assert sizes(cloud.table.items)["identifier"].items == before["identifier"].items


def test_the_stages_add_up_to_the_whole() -> None:
    now = iter(range(1_000_000))
    stages = Stages(lambda: float(next(now)))
    with stages.watching():
        consumer(Cloud()).apply(Traffic(seed=1).batch(people(5)))
    assert {stage for stage, seconds in stages.seconds.items() if seconds} == set(STAGES) - {"load"}  # of new people nothing is
    assert sum(stages.seconds.values()) == next(now) - 1
    before = sum(stages.calls.values())
    consumer(Cloud()).apply(Traffic(seed=1).batch(people(5)))
    assert sum(stages.calls.values()) == before


def test_a_bill_is_the_sum_of_its_services() -> None:
    # 512 MB are 0.29 of a vCPU: 1 ms here is 1.3 ms on arm64 and lasts 4.49 ms, and the call 12 ms more
    use = costs.Use(cpu=0.001, calls={"PutRecords": 1}, invocations=0, log_bytes=0, memory_mb=512)
    assert costs.busy(use) == pytest.approx(0.001 * 1.3 * 1_769 / 512)
    assert costs.waiting(use) == pytest.approx(0.012)
    bill = costs.dollars({"dynamodb write units": 1, "dynamodb read units": 0.5, "kinesis KiB in": 1, "s3 puts": 0.001},
                         requests=0.05, functions={"collect_events": use})
    assert bill["API Gateway"] == pytest.approx(0.05e-6)
    assert bill["DynamoDB writes"] == pytest.approx(0.625e-6)
    assert bill["DynamoDB reads"] == pytest.approx(0.0625e-6)
    assert bill["Kinesis"] == pytest.approx(0.08 / 1024**2)
    assert bill["S3 PUT"] == pytest.approx(0.005e-6)
    assert bill["Lambda waits"] == pytest.approx(0.0000133334 * 0.012 * 0.5)
    assert set(bill) == set(costs.SERVICES)
