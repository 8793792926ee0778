"""What botocore's errors come to, and values that are kept for a while."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from socle.aws import translated
from socle.cached import Cached
from socle.errors import Conflict, Rejected, SocleError, Unavailable


def refusal(code: str, message: str = "", status: int = 400, **more: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(answer, "Call")


def cancelled(*reasons: str) -> ClientError:
    said = {"ValidationError": "Item size to update has exceeded the maximum allowed size"}
    return refusal("TransactionCanceledException", "Transaction cancelled",
                   CancellationReasons=[{"Code": reason, "Message": said.get(reason)} for reason in reasons])


@pytest.mark.parametrize(("error", "meaning"), [
    (refusal("ConditionalCheckFailedException"), Conflict), (refusal("TransactionConflictException"), Conflict),
    (cancelled("None", "ConditionalCheckFailed"), Conflict), (cancelled("TransactionConflict", "None"), Conflict),
    (cancelled("ThrottlingError", "None"), Unavailable), (cancelled("None", "ProvisionedThroughputExceeded"), Unavailable),
    (refusal("ProvisionedThroughputExceededException"), Unavailable), (refusal("SlowDown", status=503), Unavailable),
    (refusal("NobodyKnows", status=500), Unavailable), (refusal("ExecutionLimitExceeded"), Unavailable),
    (EndpointConnectionError(endpoint_url="https://x"), Unavailable),
    (ConnectTimeoutError(endpoint_url="https://x"), Unavailable),
    (refusal("ValidationException", "Item size has exceeded the maximum allowed size"), Rejected),
    (cancelled("None", "ValidationError"), Rejected),
])
def test_an_error_says_what_to_do(error: Exception, meaning: type[SocleError]) -> None:
    with pytest.raises(meaning), translated("the thing"):
        raise error


def test_an_error_that_nobody_expects_stays_as_it_is() -> None:
    for error in (refusal("AccessDeniedException"), refusal("ValidationException", "no such field"), cancelled("AccessDenied")):
        with pytest.raises(ClientError), translated("the thing"):
            raise error


def test_a_value_is_kept_for_a_while_and_then_loaded_again() -> None:
    now, loaded = [0], iter(range(10))
    value = Cached(lambda: next(loaded), 1_000, lambda: now[0])
    assert [value(), value()] == [0, 0]
    now[0] = 999
    assert value() == 0
    now[0] = 1_000
    assert value() == 1
