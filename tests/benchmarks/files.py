"""What importing a file costs: 320,705 order lines (Online Retail), on the local machine in a process of its own.

`python -m tests.benchmarks.files FILE` imports it twice and prints JSON. Calls are recorded as the functions make them, and
counted as AWS counts them; a function's CPU is that of its thread, what moto does in AWS's place included, so dollars are an
upper bound. Nothing is measured where the file is not.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from socle.costs.units import kinesis_kib, read_units, value_bytes, write_units
from tests.benchmarks.report import Figure

FILE = Path(__file__).parents[3] / "shared/data/online_retail_to_2011-08.csv.gz"
STEPS = ("split_import", "convert_import", "finish_import", "apply_events")
S3_GET, STATE_TRANSITION = 0.4e-6, 25e-6
"""USD list prices beside those of costs.py: a GET, a transition of a standard workflow."""


@dataclass
class Imported:
    """rows, events · seconds until the workflow had ended, and until all events were applied, of the first import and of the same
    file again · megabytes of memory above those before · CPU seconds by function · USD per million rows · what all
    profiles add up to after both, money in minor units."""

    rows: int
    events: int
    ended: float
    applied: float
    again: float
    megabytes: float
    cpu: dict[str, float]
    dollars: float
    totals: dict[str, int]


def files() -> Imported | None:
    """Import FILE in a process of its own; None when there is none."""
    if not FILE.exists():
        return None
    found = subprocess.run([sys.executable, "-m", __name__, str(FILE)], check=True, capture_output=True, text=True,
                           env={name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SOCLE_"))})
    return Imported(**json.loads(found.stdout.splitlines()[-1]))


def figures(found: Imported | None) -> list[Figure]:
    """As `make bench` shows them."""
    if found is None:
        return []
    return [Figure(f"file of {found.rows:,} rows, until applied", found.applied, "s", 300, 60),
            Figure("the same file again", found.again, "s"),
            Figure("memory of an import above what was there", found.megabytes, "MB", 400),
            *(Figure(f"import, {name}", seconds / found.rows * 1e6, "µs CPU/row") for name, seconds in found.cpu.items()),
            Figure("price of an import", found.dollars, "USD/1M rows", 1)]


class Meter:
    """Units and calls of the functions of an import, recorded where they are made."""

    def __init__(self) -> None:
        self.units: Counter[str] = Counter()
        self.cpu: Counter[str] = Counter()
        self.invocations: Counter[str] = Counter()

    def install(self) -> None:
        """For the rest of the process."""
        import botocore.client

        from infra.local.runtime import Function

        call, invoke = botocore.client.BaseClient._make_api_call, Function.invoke

        def metered_call(client: Any, operation: str, asked: dict[str, Any]) -> Any:
            answer = call(client, operation, asked)
            self.count(client.meta.service_model.service_name, operation, asked, answer)
            return answer

        def metered_invoke(function: Any, *given: Any) -> Any:
            name, began = function.environment["POWERTOOLS_SERVICE_NAME"], time.thread_time()
            try:
                return invoke(function, *given)
            finally:
                self.cpu[name] += time.thread_time() - began
                self.invocations[name] += 1

        botocore.client.BaseClient._make_api_call = metered_call
        Function.invoke = metered_invoke

    def count(self, service: str, operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        """Add the units of a call."""
        units = self.units
        match service, operation:
            case "s3", "PutObject":
                units["s3 puts"] += 1
            case "s3", "GetObject" | "HeadObject":
                units["s3 gets"] += 1
            case "kinesis", "PutRecords":
                kib = sum(kinesis_kib(one["PartitionKey"], one["Data"]) for one in asked["Records"])
                units.update({"kinesis KiB in": kib, "kinesis KiB out": kib})
            case "dynamodb", "PutItem":
                units["dynamodb write units"] += write_units(None, asked["Item"])
            case "dynamodb", "BatchExecuteStatement":
                units["dynamodb write units"] += sum(-(-sum(map(value_bytes, one["Parameters"])) // 1024)
                                                     for one in asked["Statements"])
            case "dynamodb", "BatchGetItem":
                found = [item for items in answer["Responses"].values() for item in items]
                asked_for = sum(len(table["Keys"]) for table in asked["RequestItems"].values())
                units["dynamodb read units"] += sum(read_units(item, True) for item in found) + asked_for - len(found)

    def dollars(self, transitions: int) -> float:
        """USD of all of it."""
        from tests.benchmarks import costs
        from tests.benchmarks.__main__ import _memory

        memory = _memory()
        total = sum(costs.PRICES.get(name, S3_GET) * count for name, count in self.units.items()) + transitions * STATE_TRANSITION
        for name in STEPS:
            seconds = self.cpu[name] * costs.CPU_RATIO * max(1.0, costs.FULL_VCPU_MB / memory[name])
            total += costs.LAMBDA_GB_SECOND * costs.gb_seconds(seconds, memory[name])
            total += costs.LAMBDA_REQUEST * self.invocations[name]
        return total


def measure(file: Path) -> Imported:
    """Import the file twice."""
    from infra.local.machine import local_machine
    from tests.imports.on_machine import ask, upload

    logging.disable(logging.WARNING)
    with local_machine() as machine:
        machine.warm()
        before = _megabytes()
        times, meter, done = [], Meter(), {}
        meter.install()
        for _ in range(2):
            began = time.monotonic()
            id_ = upload(machine, file.read_bytes(), file=file.name, mapping="order-lines")
            ask(machine, "POST", f"/imports/{id_}/start")
            while (found := ask(machine, "GET", f"/imports/{id_}")[1])["state"] == "running":
                time.sleep(1)
            ended = time.monotonic() - began
            machine.drain()
            times.append((ended, time.monotonic() - began))
            if not done:
                done = found
                cpu = {name: meter.cpu[name] for name in STEPS}
                dollars = meter.dollars(8 + 3 * meter.invocations["convert_import"])
        rows = done["counts"]["rows"]
        return Imported(rows, done["counts"]["events"]["new"], times[0][0], times[0][1], times[1][1], _megabytes() - before, cpu,
                        dollars / rows * 1e6, _totals())


def _totals() -> dict[str, int]:
    """What all profiles add up to; money in minor units."""
    import boto3

    from socle.profiles.store import ProfileStore

    client = boto3.client("dynamodb")
    totals: Counter[str] = Counter()
    for table in client.list_tables()["TableNames"]:
        for profile in ProfileStore(client, table).scan(0, 1):
            totals["customers"] += 1
            for orders in profile.snapshot.orders.values():
                totals.update(orders=orders.completed, revenue=orders.revenue, refunds=orders.refunds, refunded=orders.refunded)
    return dict(totals)


def _megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"  # moto's Step Functions mix up local time and UTC
    time.tzset()
    outcome = measure(Path(sys.argv[1]))
    print(json.dumps(asdict(outcome)), flush=True)
    os._exit(0)  # threads of moto's Step Functions must not hold the process
