"""AWS list prices, us-east-1, USD, without free tiers and tax; and from units to dollars by service. Pure.

Source: the services' pricing pages. SMS prices differ by country (socle.channels.sms). Files and images that travel in mails are
0.12 per GB; a mail without any costs nothing beside its message.
"""

from __future__ import annotations

from collections.abc import Mapping

GIB_IN_KIB = 1024 * 1024
GB_SECOND = 0.0000133334
"""Of a Lambda function on arm64."""

READS, WRITES = "dynamodb read units", "dynamodb write units"
STREAM_IN, STREAM_OUT = "kinesis KiB in", "kinesis KiB out"
PUTS, GETS = "s3 puts", "s3 gets"
MAILS, FILES, TEXTS, PUSHES = "ses mails", "ses bytes of files", "sns sms micro-dollars", "sns pushes"
TRANSITIONS, INVOCATIONS, COMPUTE = "step functions transitions", "lambda requests", "lambda GB-seconds"
NOTICES, QUEUE = "sns publishes", "sqs requests"

PRICES: Mapping[str, float] = {
    READS: 0.125e-6, WRITES: 0.625e-6, STREAM_IN: 0.08 / GIB_IN_KIB, STREAM_OUT: 0.04 / GIB_IN_KIB, PUTS: 5e-6, GETS: 0.40e-6,
    MAILS: 0.10e-3, FILES: 0.12e-9, TEXTS: 1e-6, PUSHES: 0.50e-6, TRANSITIONS: 25e-6, INVOCATIONS: 0.20e-6, COMPUTE: GB_SECOND,
    NOTICES: 0.50e-6, QUEUE: 0.40e-6,
}
"""USD of one unit."""
SERVICES: Mapping[str, tuple[str, ...]] = {
    "SES": (MAILS, FILES), "SNS": (TEXTS, PUSHES, NOTICES), "DynamoDB": (READS, WRITES), "Kinesis": (STREAM_IN, STREAM_OUT),
    "S3": (PUTS, GETS), "Step Functions": (TRANSITIONS,), "Lambda": (INVOCATIONS, COMPUTE), "SQS": (QUEUE,),
}


def dollars(units: Mapping[str, float]) -> dict[str, float]:
    """USD by service, of those that cost something. Raises KeyError for a unit without a price."""
    for unit in units:
        PRICES[unit]
    found = {service: sum(PRICES[unit] * units.get(unit, 0) for unit in names) for service, names in SERVICES.items()}
    return {service: usd for service, usd in found.items() if usd}
