"""From units to dollars per event, API to lake. Pure. us-east-1 list prices, without free tiers and without tax.

Lambda's duration is CPU time and waiting. CPU: what was measured here, times CPU_RATIO, on the share of a vCPU that the
memory buys (1,769 MB are one). Waiting: every AWS call of the hot path is waited for, one after the other, WAITS ms each.
Not counted: storage, data transfer, KMS (data keys are cached), the sweep, and what does not depend on events (`FIXED`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

GIB_IN_KIB = 1024 * 1024

PRICES = {
    "dynamodb write units": 0.625e-6,
    "dynamodb read units": 0.125e-6,
    "kinesis KiB in": 0.08 / GIB_IN_KIB,
    "kinesis KiB out": 0.04 / GIB_IN_KIB,
    "s3 puts": 5e-6,
    "sqs requests": 0.4e-6,
}
SERVICES = {
    "API Gateway": (), "Lambda CPU": (), "Lambda waits": (), "Lambda requests": (),
    "Kinesis": ("kinesis KiB in", "kinesis KiB out"),
    "DynamoDB writes": ("dynamodb write units",), "DynamoDB reads": ("dynamodb read units",),
    "S3 PUT": ("s3 puts",), "SQS": ("sqs requests",), "CloudWatch Logs": (),
}  # fmt: skip
API_REQUEST = 1e-6
LAMBDA_GB_SECOND, LAMBDA_REQUEST = 0.0000133334, 0.20e-6
LOG_BYTE = 0.50 / 1024**3
FIXED = {"Kinesis on-demand stream, 730 h at 0.04": 29.20}
"""USD a month whether or not anything happens; infra/README.md lists alarms, key and secret as well (about 4 more)."""
SHARD_MONTH, PAYLOAD_UNIT = 0.015 * 730, 0.014e-6
"""What a provisioned stream would cost instead: by shard and month, and by PUT payload unit of 25 KB."""

GB_MONTH = 0.25
"""What DynamoDB takes for keeping a GB."""

CPU_RATIO = 1.3
"""CPU seconds of an arm64 Lambda vCPU per CPU second here. Assumed, on the cautious side: a Neoverse core is taken to be a
fifth to a third slower at Python than the x86 server core that ran this."""
FULL_VCPU_MB = 1_769
WAITS = {"GetItem": 3, "Query": 4, "PutItem": 5, "BatchGetItem": 8, "BatchExecuteStatement": 12, "TransactWriteItems": 12,
         "PutRecords": 12, "PutObject": 30, "SendMessageBatch": 10}
"""Milliseconds that a call within one region is waited for. Assumed."""
INVOCATION_LOG_BYTES = 330
"""START, END and REPORT of one invocation."""
ACCESS_LOG_BYTES = 330
"""One line of the HTTP API's access log (infra/constructs/ingest.py has its format)."""


class Use(NamedTuple):
    """What one function does per event: CPU seconds here, calls by operation, invocations, bytes of log."""

    cpu: float
    calls: Mapping[str, float]
    invocations: float
    log_bytes: float
    memory_mb: int


def dollars(units: Mapping[str, float], requests: float, functions: Mapping[str, Use]) -> dict[str, float]:
    """USD per event by service, from what was counted per event."""
    found = {service: sum(PRICES[name] * units.get(name, 0) for name in names) for service, names in SERVICES.items()}
    found["API Gateway"] = API_REQUEST * requests
    logged = ACCESS_LOG_BYTES * requests
    for use in functions.values():
        found["Lambda CPU"] += LAMBDA_GB_SECOND * gb_seconds(busy(use), use.memory_mb)
        found["Lambda waits"] += LAMBDA_GB_SECOND * gb_seconds(waiting(use), use.memory_mb)
        found["Lambda requests"] += LAMBDA_REQUEST * use.invocations
        logged += use.log_bytes + INVOCATION_LOG_BYTES * use.invocations
    found["CloudWatch Logs"] = LOG_BYTE * logged
    return found


def busy(use: Use) -> float:
    """Seconds that the function computes on Lambda, half a millisecond of rounding per invocation included."""
    return use.cpu * CPU_RATIO * max(1.0, FULL_VCPU_MB / use.memory_mb) + use.invocations * 0.0005


def waiting(use: Use) -> float:
    """Seconds that the function waits for AWS."""
    return sum(WAITS[operation] * count for operation, count in use.calls.items()) / 1000


def gb_seconds(seconds: float, memory_mb: int) -> float:
    return seconds * memory_mb / 1024
