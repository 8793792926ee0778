"""`make bench`: what an event costs in CPU, calls and money, beside budget and floor. It judges nothing and fails by no figure.

Prints tables and writes all of it to .cache/bench.json. CPU is this process's, without the network; compare ratios, not machines.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.local import template
from socle.settings import PREFIX, Settings
from tests.benchmarks import compaction, costs, files, report, sending
from tests.benchmarks.cloud import Cloud
from tests.benchmarks.collect import Collected, collect
from tests.benchmarks.consumer import LANES, SEGMENTED, STREAMS, Bench, Cost, Measured
from tests.benchmarks.duplicates import duplicates
from tests.benchmarks.imports import import_times
from tests.benchmarks.local_stack import local_stack
from tests.benchmarks.merging import EVENTS, LATER, Merging, merging
from tests.benchmarks.report import Figure
from tests.benchmarks.segments import segments
from tests.benchmarks.stages import overhead
from tests.benchmarks.traffic import PER_BATCH, PER_PERSON, PER_REQUEST, Traffic

RESULT = Path(__file__).resolve().parents[2] / ".cache/bench.json"
QUEUE = "https://sqs.us-east-1.amazonaws.com/1/effects"
MONTH = 1_000_000
"""Events of the small company whose bill is shown."""
BUDGETS = {"warm": (350, 100)}
CONSUMER_FLOOR = 4.3 + 35 / PER_PERSON
"""µs: decoding and grouping alone, and a third of one item of a boto3 batch write without validation (both measured once)."""


def main() -> None:
    """Measure, print, write."""
    began, sticks = time.monotonic(), [_yardstick()]
    os.environ |= _environment()  # before the handlers are imported, which read it
    cloud = Cloud()
    cloud.install()
    memory = _memory()
    bench = Bench(cloud)
    streams = {}
    for name in STREAMS:
        _progress(f"consumer, {name} people")
        streams[name] = bench.stream(name)
        sticks.append(_yardstick())
    _progress("consumer at low traffic")
    sparse, single = bench.sparse(PER_PERSON, PER_REQUEST), bench.sparse(1, 1)
    _progress("collect_events")
    batch_request, single_request = collect(cloud), collect(cloud, 1, 1)
    _progress("merges")
    merged = merging(cloud)
    _progress("near-duplicates")
    twice = duplicates()
    _progress("imports")
    imports = import_times()
    _progress("a file")
    filed = files.files()
    _progress("segments over the lake")
    recomputed = segments()
    _progress("compaction")
    compacted = compaction.compaction()
    _progress("messages")
    sent = sending.alone()
    _progress("local stack")
    local = local_stack()
    _progress(f"done in {time.monotonic() - began:.0f} s\n")

    priced = {name: _dollars(stream.cost, batch_request, PER_REQUEST, memory) for name, stream in streams.items()}
    priced |= {"warm, 1M a month": _dollars(sparse, batch_request, PER_REQUEST, memory),
               "the same, sent singly": _dollars(single, single_request, 1, memory)}
    figures = [*_consumer(streams), *_collect(batch_request), *_merging(merged), *_money(priced), *_items(streams),
               *(figure for one in twice for figure in one.figures()), *_imports(imports), *files.figures(filed), *recomputed,
               *compaction.figures(compacted), *sending.figures(sent),
               *_local(asdict(local)),
               Figure("yardstick: one event's JSON, there and back", statistics.median(sticks), "µs CPU")]
    print(_page(figures, streams, priced, imports, sparse, single,
                batch_request.units["kinesis payload units"] / PER_REQUEST, memory))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({
        "machine": {"python": platform.python_version(), "processor": platform.machine(), "load": os.getloadavg()},
        "figures": [one._asdict() for one in figures],
        "streams": {name: {**asdict(stream), "sizes": {kind: one._asdict() for kind, one in stream.sizes.items()}}
                    for name, stream in streams.items()},
        "low traffic": {"20 a request": asdict(sparse), "singly": asdict(single)},
        "collect": {"20 a request": asdict(batch_request), "singly": asdict(single_request)},
        "dollars per event": priced, "fixed dollars a month": costs.FIXED,
        "assumed": {"cpu ratio": costs.CPU_RATIO, "waits in ms": costs.WAITS, "memory in MB": memory},
        "merging": asdict(merged), "near-duplicates": [one._asdict() for one in twice],
        "imports in ms": imports, "sending": sent._asdict(),
        "file": asdict(filed) if filed else None, "local": asdict(local)}, indent=1))
    print(f"\nAll of it, and what it was made of, as JSON: {RESULT.relative_to(Path.cwd())}")


def _dollars(apply: Cost, collected: Collected, per_request: int, memory: dict[str, int]) -> dict[str, float]:
    def each(counted: dict[str, float]) -> dict[str, float]:
        return {name: count / per_request for name, count in counted.items()}

    return costs.dollars(apply.units | each(collected.units), 1 / per_request, {
        "collect_events": costs.Use(collected.with_boto3 / 1e3 / per_request, each(collected.calls), 1 / per_request,
                                    collected.log_bytes / per_request, memory["collect_events"]),
        "apply_events": costs.Use(apply.cpu, apply.calls, apply.batches, apply.log_bytes, memory["apply_events"])})


def _consumer(streams: dict[str, Measured]) -> list[Figure]:
    found = []
    for name, one in streams.items():
        first_bar, goal = BUDGETS.get(name, (None, None))
        found += [Figure(f"consumer, {name}", one.with_boto3, "µs CPU/event", first_bar, goal, CONSUMER_FLOOR,
                         "decode and group, and one batched write per profile"),
                  Figure(f"consumer, {name}, without boto3", one.own, "µs CPU/event")]
        if name.endswith(SEGMENTED):
            found.append(Figure(f"live evaluation, {name.removesuffix(SEGMENTED)}", one.own_stages["segments"] / one.evaluations,
                                "µs CPU/evaluation", 30, 5))
    return found


def _collect(one: Collected) -> list[Figure]:
    return [Figure("collect, 20 events", one.with_boto3, "ms CPU/request", 1.5, 0.7, one.with_boto3 - one.own, "boto3's part"),
            Figure("collect, 20 events, without boto3", one.own, "ms CPU/request")]


def _merging(one: Merging) -> list[Figure]:
    return [Figure(f"merge of two with {EVENTS:,} events each", one.merge, "ms CPU", 50),
            Figure(f"unmerge, {2 * LATER} events later", one.unmerge, "ms CPU"),
            Figure("merge, the same", one.merge_units, "write units"),
            Figure("unmerge, the same", one.unmerge_units, "write units")]


def _money(priced: dict[str, dict[str, float]]) -> list[Figure]:
    floor = costs.dollars(
        {"dynamodb write units": 1 / PER_PERSON, "dynamodb read units": 0.5 / PER_PERSON, "s3 puts": 0.001,
         "kinesis KiB in": 1 / PER_PERSON, "kinesis KiB out": 1 / PER_PERSON}, 1 / PER_REQUEST, {})
    return [Figure(f"price, {name}", sum(column.values()) * 1e6, "USD/1M events",
                   *((0.90, 0.50) if name in ("warm", "warm" + SEGMENTED) else (None, None)), sum(floor.values()) * 1e6,
                   "one write, half a read and 1 KB of stream per profile touched; no Lambda")
            for name, column in priced.items()]


def _items(streams: dict[str, Measured]) -> list[Figure]:
    return [Figure(f"aggregate, {name}, p50", one.sizes["aggregate"].p50, "bytes", 1024 if name == "warm" else None)
            for name, one in streams.items()]


def _imports(times: dict[str, dict[str, float]]) -> list[Figure]:
    return [Figure(f"import, {name}", times[name]["ms"], "ms CPU", 400, 250, times["boto3 + first client"]["ms"],
                   "boto3 and its first client") for name in ("collect_events", "apply_events")]


def _local(local: dict[str, float]) -> list[Figure]:
    return [Figure("local stack, 20 events a request", local["batches_per_second"], "requests/s"),
            Figure("local stack, one event a request", local["singles_per_second"], "requests/s"),
            Figure("local stack, sent to visible", local["events_per_second"], "events/s"),
            Figure("local stack, one event visible after", local["visible_ms"], "ms"),
            Figure("local stack, event to membership, p99", local["member_ms"], "ms", 2_000)]


def _page(figures: list[Figure], streams: dict[str, Measured], priced: dict[str, dict[str, float]],
          imports: dict[str, dict[str, float]], sparse: Cost, single: Cost, payload_units: float,
          memory: dict[str, int]) -> str:
    noted = streams["warm"].noted * overhead(time.process_time) * 1e6
    small = sum(priced["warm, 1M a month"].values()) * MONTH + sum(costs.FIXED.values())
    provisioned = payload_units * costs.PAYLOAD_UNIT * 1e6
    fixed = ", ".join(f"{name}: {value:.2f}" for name, value in costs.FIXED.items())
    return f"""\
Reference stream: batches of {PER_BATCH * PER_PERSON} events of 577 B on average, {PER_PERSON} per person touched; warm people
have {_ages("warm")} earlier events, mature ones {_ages("mature")}. Load {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores:
others at work make CPU time dearer; the yardstick says how dear it was.

{report.figures_table(figures)}

Consumer by stage, µs CPU per event with boto3 (without). Noting the calls costs {noted:.1f} µs of it.
{report.consumer_table(streams)}

us-east-1 list prices, API to lake; a second of CPU here is {costs.CPU_RATIO} s on arm64, and AWS calls are waited for (costs.py).
collect_events has {memory["collect_events"]} MB, apply_events {memory["apply_events"]} MB. Events a batch:
{1 / streams["warm"].cost.batches:,.0f} in the first columns. At 1M a month every request is alone, and its records fall into
{LANES} lanes (4 shards, 2 batches each): {1 / sparse.batches:.1f}; sent singly {1 / single.batches:.1f}.
{report.costs_table(priced)}
Beside it, a month: {fixed}. So 1M events a month cost {small:.2f} USD.
A provisioned stream would cost {provisioned:.3f} per 1M events and {costs.SHARD_MONTH:.2f} a shard and month.

Bytes of items as DynamoDB counts them, after one more touch; a month of keeping costs {costs.GB_MONTH} USD per GB.
{report.sizes_table(streams)}

{report.imports_table(imports)}"""


def _ages(stream: str) -> str:
    touches = STREAMS[stream]
    return f"{min(touches) * PER_PERSON} to {max(touches) * PER_PERSON}"


def _yardstick() -> float:
    """µs of CPU for work that no change of ours makes quicker: what tells a slow hour of the machine from slow code."""
    message = Traffic(seed=1).message("user-00000001")
    times = []
    for _ in range(20):
        started = time.process_time()
        for _ in range(200):
            json.loads(json.dumps(message))
        times.append((time.process_time() - started) / 200 * 1e6)
    return statistics.median(times)


def _environment() -> dict[str, str]:
    """What the functions are told about a deployment."""
    def fields(settings: type[Settings]) -> set[str]:
        return set(settings.model_fields).union(*map(fields, settings.__subclasses__()))

    return {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1",
            "POWERTOOLS_METRICS_NAMESPACE": "Socle", "POWERTOOLS_SERVICE_NAME": "bench", "POWERTOOLS_LOG_LEVEL": "WARNING",
            **{PREFIX + name.upper(): QUEUE if name.endswith("_url") else name for name in fields(Settings)},
            f"{PREFIX}PUSH_APPLICATIONS": "{}"}


def _memory() -> dict[str, int]:
    """Function → MB, from the stack's template."""
    resources: dict[str, Any] = template.load()["Resources"]
    return {one["Properties"]["Handler"].partition(".")[0]: one["Properties"]["MemorySize"]
            for one in resources.values() if one["Type"] == "AWS::Lambda::Function" and "MemorySize" in one["Properties"]}


def _progress(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
