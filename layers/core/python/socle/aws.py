"""Clients with the house's time-outs, and what botocore's errors mean to the caller: one translation for every store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from socle import clock
from socle.errors import Conflict, Rejected, Unavailable

Client = Any
"""A boto3 client. They are made at run time; the stub packages pin other versions than the ones we need."""

CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=10, parameter_validation=False, user_agent="socle")
"""For functions that work in the background: botocore's own 60 s would outlast a function that could have tried again.

Without checking our parameters twice and without composing a long User-Agent for each call, a call takes a third less CPU
time; what AWS refuses it still refuses, and the tests run against moto, which validates.
"""

_CONFLICTS = {"ConditionalCheckFailedException", "TransactionConflictException", "TransactionInProgressException"}
_OUTAGES = {
    "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "InternalServerError",
    "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "SlowDown", "RequestTimeout",
    "LimitExceededException", "KMSThrottlingException", "KMSInternalException", "ThrottledException",
    "ConditionalRequestConflict", "ExecutionLimitExceeded",
}


def client(service: str) -> Client:
    """A boto3 client of the house's configuration."""
    return boto3.client(service, config=CONFIG)  # type: ignore[call-overload]  # the stubs want a literal


def attempts() -> Iterator[int]:
    """Five attempts at what AWS left undone in an answer of 200, waiting 50, 100, 200 and 400 ms: botocore waits for calls
    that failed, and knows nothing of these."""
    for attempt in range(5):
        if attempt:
            clock.wait(25 << attempt)
        yield attempt


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Within it, botocore's errors become Conflict, Unavailable or Rejected(`item_too_large`); others propagate.

    `what` names the thing that was read or written, for the message.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        text = error.response.get("Error", {}).get("Message", "")
        if code == "TransactionCanceledException":
            cancelled = error.response.get("CancellationReasons", ())
            reasons = {reason.get("Code") for reason in cancelled} - {"None", None}
            text = " ".join([text, *(reason.get("Message") or "" for reason in cancelled)])
            if reasons & {"ConditionalCheckFailed", "TransactionConflict"} or "ConditionalCheckFailed" in text:
                raise Conflict("conflict", f"{what} changed meanwhile: reload it and try again") from error
            if reasons & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
                raise Unavailable("throttled", f"{what} is throttled: try again later") from error
        if code in _CONFLICTS:
            raise Conflict("conflict", f"{what} changed meanwhile: reload it and try again") from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _OUTAGES or status >= 500:
            raise Unavailable("unavailable", f"{what} can't be reached ({code}): try again later") from error
        if code in ("ValidationException", "TransactionCanceledException") and "size" in text.lower():
            raise Rejected("item_too_large", f"{what} would outgrow what DynamoDB keeps in one item (400 KB)") from error
        raise
    except BotoCoreError as error:
        # time-outs, refused connections, endpoints that can't be resolved: nothing that another request could mend
        raise Unavailable("unavailable", f"{what} can't be reached ({type(error).__name__}): try again later") from error
